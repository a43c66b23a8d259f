// Views that narrow: search by words and facets, threads, bookmarks, both orders; what folding makes of rows; and the trees
// that are kept beside their nodes.
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { TIMELINE_FILE } from '../../main/store/timeline-store'
import type { Filter, NodeId, Order, Scope } from '../../shared/types'
import { ann, ben, cem, circleViews } from '../support/circle-views'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, type Person } from '../support/people'

const DAY = 86_400_000
const everyone: Scope = { type: 'everyone' }
let world: ReturnType<typeof circleViews>
beforeEach(() => {
  vi.useFakeTimers({ now: NEW_YEAR + 30 * DAY })
  world = circleViews()
})
afterEach(() => {
  world.close()
  vi.useRealTimers()
})
const post = (who: Person, text: string, at?: number) => world.say(who, { kind: 'post', text }, at)
const texts = (filter: Filter, scope: Scope = everyone, order: Order = 'written') => {
  world.index()
  const opened = world.views.open(scope, order, filter)
  world.views.close(opened.viewId)
  return opened.rows.map((row) => row.text)
}
const at = (viewId: number, time: number) =>
  (JSON.parse(world.views.atText(viewId, time, 1)) as { position: number }).position
const rowOf = (id: NodeId) => world.rows.row(world.store.byId(id)!)

describe('rows say what holds now', () => {
  test('[N3] reactions, edits and retractions are part of their entry, and no rows of their own', () => {
    const { viewId } = world.views.open(everyone)
    const tea = post(ann, 'Tea at four')
    world.say(ben, { kind: 'reaction', target: tea.id, text: '👍' })
    world.say(ann, { kind: 'edit', target: tea.id, text: 'Tea at **five**' })
    vi.advanceTimersByTime(100)
    const { rows, total } = world.views.window(viewId, 0, 10)
    expect(total).toBe(1)
    expect(rows[0]).toMatchObject({
      text: 'Tea at **five**',
      edited: { times: 1 },
      reactions: [{ text: '👍', count: 1, mine: false, names: [ben.name] }],
      own: true,
    })
    expect(rows[0]!.tree.blocks).toMatchObject([{ children: [{ text: 'Tea at ' }, { t: 'strong' }] }])
    expect(world.told.at(-1)).toMatchObject({ inserted: [0], touched: true, total: 1 })
    world.say(ann, { kind: 'retract', target: tea.id })
    expect(rowOf(tea.id)).toMatchObject({ text: '', own: false, retracted: {}, tree: { blocks: [], heightPx: 0 } })
    expect(rowOf(tea.id)).not.toHaveProperty('edited')
    expect(world.rows.versions(world.store.byId(tea.id)!)).toEqual([])
  })

  test('[N3] a change that arrives before its entry counts as soon as the entry is here', () => {
    const tea = world.made(ann, { kind: 'post', text: 'Tea' })
    world.say(ben, { kind: 'reaction', target: tea.id, text: '🎉' })
    const edit = world.made(ann, { kind: 'edit', target: tea.id, text: 'Coffee' })
    world.arrive(edit)
    expect(world.store.total(null)).toBe(0)
    world.index()
    world.arrive(tea)
    expect(rowOf(tea.id)).toMatchObject({ text: 'Coffee', reactions: [{ text: '🎉' }] })
    expect(texts({ text: 'coffee' })).toEqual(['Coffee'])
    expect(texts({ text: 'tea' })).toEqual([])
  })

  test('[N3] the history of an entry: what was written first, then each edit', () => {
    const tea = post(ann, 'a')
    world.say(ann, { kind: 'edit', target: tea.id, text: 'b' })
    world.say(ann, { kind: 'edit', target: tea.id, text: 'c' })
    expect(world.rows.versions(world.store.byId(tea.id)!).map((version) => version.text)).toEqual(['a', 'b', 'c'])
  })

  test('[N3] an answer quotes what holds of the entry that it answers', () => {
    const tea = post(ann, 'Tea')
    const answer = world.say(ben, { kind: 'reply', target: tea.id, text: 'Yes' })
    world.say(ann, { kind: 'edit', target: tea.id, text: 'Coffee' })
    expect(rowOf(answer.id).target).toMatchObject({ excerpt: 'Coffee', memberName: ann.name })
    world.say(ann, { kind: 'retract', target: tea.id })
    expect(rowOf(answer.id).target).toMatchObject({ excerpt: '' })
    expect(rowOf(tea.id).replies).toBe(1)
  })

  test('what came since a member was last looked at is new, for as long as the view is open', () => {
    post(ben, 'old')
    world.store.markSeen([ben.member])
    post(ben, 'new')
    post(ann, 'mine')
    const { viewId, rows } = world.views.open(everyone)
    const unread = (all: typeof rows) => all.filter((row) => row.unread).map((row) => row.text)
    expect(unread(rows)).toEqual(['new'])
    world.store.markSeen([ben.member])
    expect(unread(world.views.window(viewId, 0, 9).rows)).toEqual(['new'])
    expect(unread(world.views.open(everyone).rows)).toEqual([])
  })
})

describe('search', () => {
  test('words in any order, beginnings, phrases, words that must not occur', () => {
    post(ann, 'the kettle is on')
    post(ben, 'kettles and pots')
    post(cem, 'on the stove: is it the *kettle*?')
    expect(texts({ text: 'kettle ' })).toHaveLength(2)
    expect(texts({ text: 'kett' })).toHaveLength(3)
    expect(texts({ text: 'on kettle' })).toHaveLength(2)
    expect(texts({ text: '"kettle is" on' })).toEqual(['the kettle is on'])
    expect(texts({ text: 'kettle -stove' })).toEqual(['the kettle is on'])
    expect(texts({ text: '-kettle' })).toEqual(['kettles and pots'])
    expect(texts({ text: '   ' })).toHaveLength(3)
  })

  test('accents, case, other scripts, and addresses', () => {
    post(ann, 'Über den Dächern: Café')
    post(ben, '東京でお茶を飲む')
    post(cem, 'מה נשמע? see https://example.org/Some-Path')
    for (const text of ['uber', 'DACHERN', 'cafe', '"den dächern"'])
      expect(texts({ text })).toEqual(['Über den Dächern: Café'])
    for (const text of ['茶', 'お茶', '東京']) expect(texts({ text })).toEqual(['東京でお茶を飲む'])
    expect(texts({ text: '京東' })).toEqual([])
    expect(texts({ text: 'נשמע example.org some-path' })).toHaveLength(1)
  })

  test('newest first by when it was written, whatever came first; the hits are marked', () => {
    post(ben, 'tea two', NEW_YEAR + 2 * DAY)
    post(ann, 'tea one', NEW_YEAR + DAY)
    post(cem, 'tea three', NEW_YEAR + 3 * DAY)
    expect(texts({ text: 'tea' })).toEqual(['tea three', 'tea two', 'tea one'])
    const { rows } = world.views.open(everyone, 'written', { text: 'thr' })
    expect(rows[0]!.tree.blocks).toEqual([
      {
        t: 'paragraph',
        children: [
          { t: 'text', text: 'tea ' },
          { t: 'mark', text: 'thr' },
          { t: 'text', text: 'ee' },
        ],
      },
    ])
  })

  test('by author, kind, span of time, what it holds, tags and people', () => {
    const first = post(ann, 'tea https://example.org', NEW_YEAR + DAY)
    world.say(ben, { kind: 'reply', target: first.id, text: 'tea `now` #Garden' }, NEW_YEAR + 2 * DAY)
    post(ben, `tea for [@Ann](twofold://member/${ann.member})`, NEW_YEAR + 3 * DAY)
    const seconds = (filter: Filter, scope?: Scope) => texts(filter, scope).map((text) => text!.split(' ')[1])
    expect(seconds({ members: [ben.member] })).toEqual(['for', '`now`'])
    expect(seconds({ members: [ben.member, ann.member], text: 'tea' })).toHaveLength(3)
    expect(seconds({ text: 'tea' }, { type: 'mine' })).toEqual(['https://example.org'])
    expect(seconds({ text: 'tea' }, { type: 'member', member: ben.member })).toEqual(['for', '`now`'])
    expect(seconds({ members: [ann.member] }, { type: 'member', member: ben.member })).toEqual([])
    expect(seconds({ members: ['ee'.repeat(32) as never] })).toEqual([])
    expect(seconds({ kinds: ['reply'] })).toEqual(['`now`'])
    expect(seconds({ has: ['link'] })).toEqual(['https://example.org'])
    expect(seconds({ has: ['link', 'code'] })).toEqual([])
    expect(seconds({ has: ['code'] })).toEqual(['`now`'])
    expect(seconds({ text: '#garden' })).toEqual(['`now`'])
    expect(seconds({ text: '#gar' })).toEqual(['`now`'])
    expect(seconds({ mentions: ann.member })).toEqual(['for'])
    expect(seconds({ from: NEW_YEAR + 2 * DAY, to: NEW_YEAR + 2 * DAY })).toEqual(['`now`'])
    expect(seconds({ from: NEW_YEAR + 2 * DAY })).toEqual(['for', '`now`'])
    expect(seconds({ to: NEW_YEAR + 2 * DAY - 1 })).toEqual(['https://example.org'])
  })

  test('an edited entry is found by what it says now, a withdrawn one not at all', () => {
    const tea = post(ann, 'tea')
    world.index()
    world.say(ann, { kind: 'edit', target: tea.id, text: 'coffee' })
    expect(texts({ text: 'tea' })).toEqual([])
    expect(texts({ text: 'coffee' })).toEqual(['coffee'])
    world.say(ann, { kind: 'retract', target: tea.id })
    expect(texts({ text: 'coffee' })).toEqual([])
    expect(texts({ members: [ann.member] })).toEqual([])
  })

  test('[M5] what a removed device wrote behind its cut-off is not found; what it had edited says what it said', () => {
    const tea = post(ben, 'tea')
    world.say(ben, { kind: 'edit', target: tea.id, text: 'coffee' })
    post(ben, 'coffee, late')
    world.index()
    world.store.cutOff(ben.device.key, 1)
    expect(texts({ text: 'coffee' })).toEqual([])
    expect(texts({ text: 'tea' })).toEqual(['tea'])
    expect(rowOf(tea.id)).toMatchObject({ text: 'tea' })
  })

  test('an open search follows: what is indexed later appears, what no longer matches goes', () => {
    const tea = post(ann, 'tea one')
    world.index()
    const { viewId } = world.views.open(everyone, 'written', { text: 'tea' })
    vi.advanceTimersByTime(2000)
    world.told.length = 0
    post(ben, 'tea two')
    expect(world.views.open(everyone, 'written', { text: 'x' }).notIndexed).toBe(1)
    world.index()
    vi.advanceTimersByTime(2000)
    expect(world.told.filter((change) => change.viewId === viewId)).toMatchObject([
      { inserted: [0], removed: [], total: 2 },
    ])
    world.told.length = 0
    world.say(ann, { kind: 'edit', target: tea.id, text: 'coffee' })
    world.index()
    vi.advanceTimersByTime(2000)
    const changes = world.told.filter((change) => change.viewId === viewId)
    expect(changes.at(-1)).toMatchObject({ total: 1 })
    expect(changes.flatMap((change) => change.removed)).toEqual([1])
    expect(world.views.window(viewId, 0, 9).rows.map((row) => row.text)).toEqual(['tea two'])
  })

  test('no text that a person can type is a fault', () => {
    post(ann, 'tea')
    world.index()
    const nasty = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc
        .array(
          fc.constantFrom(
            '"',
            '*',
            '-',
            '(',
            ')',
            'AND',
            'NEAR',
            'OR',
            ':',
            '^',
            '+',
            '{',
            'body:',
            '#',
            'tea',
            ' ',
            '\0',
            '--',
          ),
          { maxLength: 8 },
        )
        .map((all) => all.join('')),
    )
    fc.assert(
      fc.property(nasty, (text) => {
        const { viewId, total } = world.views.open(everyone, 'written', { text })
        world.views.close(viewId)
        expect(total).toBeLessThanOrEqual(1)
      }),
      { numRuns: 500 },
    )
  })

  test('what is found is what a plain search finds, however entries are written, edited and withdrawn', () => {
    const words = ['tea', 'milk', 'sugar', 'spoon']
    const step = fc.record({
      who: fc.constantFrom(ann, ben, cem),
      kind: fc.constantFrom('post', 'post', 'edit', 'retract', 'index', 'late'),
      of: fc.nat(),
      text: fc.subarray(words, { minLength: 1 }).map((some) => some.join(' ')),
      dayAt: fc.nat(20),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const here = circleViews()
        const model: { id: NodeId; who: Person; text: string; at: number }[] = []
        const later: ReturnType<typeof here.made>[] = []
        for (const { who, kind, of, text, dayAt } of steps) {
          const entry = model.length ? model[of % model.length]! : null
          if (kind === 'index') here.index()
          else if (kind === 'post' || kind === 'late' || !entry) {
            const node = here.made(who, { kind: 'post', text }, NEW_YEAR + dayAt * DAY)
            model.push({ id: node.id, who, text, at: node.timestamp })
            if (kind === 'late') later.push(node)
            else here.arrive(node)
          } else {
            here.say(who, kind === 'edit' ? { kind, target: entry.id, text } : { kind: 'retract', target: entry.id })
            if (who !== entry.who) continue
            if (kind === 'edit' && entry.text !== '') entry.text = text
            else entry.text = ''
          }
        }
        if (later.length) here.arrive(...later)
        here.index()
        const sorted = [...model].sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1))
        for (const word of words) {
          const wanted = sorted.filter((entry) => entry.text.split(' ').includes(word)).map((entry) => entry.id)
          const { rows, viewId } = here.views.open(everyone, 'written', { text: `${word} ` })
          here.views.close(viewId)
          expect(rows.map((row) => row.id)).toEqual(wanted)
        }
        const all = here.views.open(everyone)
        expect(all.rows.map((row) => row.id)).toEqual(sorted.map((entry) => entry.id))
        expect(all.rows.map((row) => row.text)).toEqual(sorted.map((entry) => entry.text))
        here.close()
      }),
      { numRuns: 40 },
    )
  })
})

describe('other views', () => {
  test('a thread is the entry that began it and every answer below, oldest first, from wherever it is opened', () => {
    const root = post(ann, 'root')
    const a = world.say(ben, { kind: 'reply', target: root.id, text: 'a' })
    post(cem, 'elsewhere')
    const b = world.say(cem, { kind: 'reply', target: a.id, text: 'b' })
    const texts = (entry: NodeId) => world.views.open({ type: 'thread', entry }).rows.map((row) => row.text)
    for (const entry of [root.id, a.id, b.id]) expect(texts(entry)).toEqual(['root', 'a', 'b'])
    expect([root, a, b].map(({ id }) => rowOf(id).replies)).toEqual([1, 1, 0])
    const { viewId } = world.views.open({ type: 'thread', entry: root.id })
    vi.advanceTimersByTime(2000)
    world.told.length = 0
    world.say(ann, { kind: 'reply', target: b.id, text: 'c' })
    vi.advanceTimersByTime(2000)
    expect(world.told.filter((change) => change.viewId === viewId)).toMatchObject([{ inserted: [3], total: 4 }])
  })

  test('[ENTRY_UNKNOWN] a thread of an entry that is not here', () => {
    expect(() => world.views.open({ type: 'thread', entry: 'ab'.repeat(32) as NodeId })).toThrow(
      expect.objectContaining({ code: 'ENTRY_UNKNOWN' }) as Error,
    )
  })

  test('bookmarks are kept here, appear and go while one looks, and can be searched', () => {
    const [a, b] = [post(ann, 'tea a'), post(ben, 'milk b')]
    world.index()
    const mark = (id: NodeId, at: number | null) => {
      world.store.bookmark(world.store.byId(id)!.row, at)
      world.views.relist()
      vi.advanceTimersByTime(2000)
    }
    const { viewId, total } = world.views.open({ type: 'bookmarks' })
    expect(total).toBe(0)
    mark(a.id, 5)
    mark(b.id, 4)
    expect(world.views.window(viewId, 0, 9).rows.map((row) => [row.text, row.bookmarked])).toEqual([
      ['milk b', true],
      ['tea a', true],
    ])
    expect(texts({ text: 'tea' }, { type: 'bookmarks' })).toEqual(['tea a'])
    mark(a.id, null)
    expect(world.told.filter((change) => change.viewId === viewId).at(-1)).toMatchObject({ removed: [1], total: 1 })
  })

  test('by arrival: what reached this device last comes first', () => {
    const late = world.made(ben, { kind: 'post', text: 'written first' }, NEW_YEAR + DAY)
    vi.setSystemTime(NEW_YEAR + 40 * DAY)
    post(ann, 'written later', NEW_YEAR + 2 * DAY)
    const { viewId, rows } = world.views.open(everyone, 'reached')
    expect(rows.map((row) => row.text)).toEqual(['written later'])
    vi.setSystemTime(NEW_YEAR + 41 * DAY)
    world.arrive(late)
    vi.advanceTimersByTime(200)
    expect(world.told.filter((change) => change.viewId === viewId)).toMatchObject([{ inserted: [0], total: 2 }])
    expect(world.views.window(viewId, 0, 9).rows.map((row) => row.text)).toEqual(['written first', 'written later'])
    expect(world.views.position(viewId, late.id)).toBe(0)
    expect(at(viewId, NEW_YEAR + 40 * DAY + DAY / 2)).toBe(1)
  })

  test('where a moment is, and how many there are when', () => {
    for (let day = 0; day < 10; day++)
      for (let i = 0; i <= day; i++) post(ann, `${day} ${i}`, NEW_YEAR + day * DAY + i * 1000)
    const { viewId, total } = world.views.open(everyone)
    expect(at(viewId, NEW_YEAR + 100 * DAY)).toBe(0)
    expect(at(viewId, NEW_YEAR + 9 * DAY - 1)).toBe(10)
    expect(at(viewId, NEW_YEAR - 1)).toBe(total)
    const histogram = world.views.histogram(viewId, 9)
    expect(histogram.bins.reduce((sum, n) => sum + n, 0)).toBe(total)
    expect(histogram.newest).toBeGreaterThan(histogram.oldest)
    world.index()
    const found = world.views.open(everyone, 'written', { text: '3' })
    expect(world.views.histogram(found.viewId, 5).bins.reduce((sum, n) => sum + n, 0)).toBe(found.total)
    expect(world.views.histogram(world.views.open({ type: 'bookmarks' }).viewId, 3)).toEqual({
      newest: 0,
      oldest: 0,
      bins: [0, 0, 0],
      total: 0,
    })
  })
})

describe('render trees', () => {
  test('[N3] of a text that was edited or withdrawn no tree is kept', () => {
    const dir = tempFolder()
    const here = circleViews(dir)
    const code = (word: string) => `\`\`\`ts\nconst ${word} = 1\n\`\`\``
    const node = here.say(ann, { kind: 'post', text: code('first') })
    here.index()
    const kept = () => {
      const db = new Database(join(dir, TIMELINE_FILE), { readonly: true })
      const trees = db.prepare<[], { tree: string }>('SELECT tree FROM trees').all()
      db.close()
      return trees.map(({ tree }) => /const (\w+)/.exec(tree)?.[1])
    }
    expect(kept()).toEqual(['first'])
    here.say(ann, { kind: 'edit', target: node.id, text: code('second') })
    here.index()
    expect(kept()).toEqual(['second'])
    here.say(ann, { kind: 'retract', target: node.id })
    here.index()
    expect(kept()).toEqual([])
    here.close()
  })

  test('are made once, kept beside the node, and made again by another version of the renderer', () => {
    const dir = tempFolder()
    const first = circleViews(dir)
    const node = first.say(ann, { kind: 'post', text: '**bold**\n\n```ts\nconst a = 1\n```' })
    first.say(ben, { kind: 'post', text: 'plain' })
    expect(first.calls.render, 'never on the way in').toBe(0)
    first.index()
    expect(first.calls.render).toBe(1)
    first.close()
    const again = circleViews(dir)
    expect(again.views.open(everyone).rows.map((row) => row.tree.blocks.length)).toEqual([1, 2])
    expect(again.calls.render, 'the short text alone').toBe(1)
    again.close()
    const newer = circleViews(dir, 99)
    expect(newer.rows.row(newer.store.byId(node.id)!).tree.version).toBe(99)
    newer.index()
    newer.close()
    const db = new Database(join(dir, TIMELINE_FILE))
    expect(db.prepare('SELECT version FROM trees').all()).toEqual([{ version: 99 }])
    db.close()
  })
})
