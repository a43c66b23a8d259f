// Views by window over the real store: what a client makes of the positions it is told must be the timeline itself.
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Rows } from '../../main/peer/rows'
import { Views } from '../../main/peer/views'
import type { TimelineNode } from '../../main/protocol/node'
import { excerpt } from '../../main/render/text'
import { RENDER_VERSION, renderMarkdown } from '../../main/render/markdown'
import { markTree } from '../../main/render/marks'
import { openTimelineStore } from '../../main/store/timeline-store'
import type { MemberKey, NodeId, Scope, ViewChange } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'

const { people, list } = makeCircle(3)
const [ann, ben, cem] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
const memberOf = (device: string): MemberKey => people.find((p) => p.device.key === device)!.member
const everyone: Scope = { type: 'everyone' }
/** Timelines that overlap in time and meet in single milliseconds, over some days. */
const timelines = people.map(({ device }, i) =>
  writeTimeline(list.circle, device, 12, { epoch: 1, startMs: NEW_YEAR + i * 3_600_000, stepMs: 7_200_000 - i * 1000 }),
)
const pool = timelines.flat()
const bySeq = new Map(timelines.map((nodes) => [nodes[0]!.device, nodes]))

const stores: { close(): void }[] = []
beforeEach(() => {
  vi.useFakeTimers({ now: NEW_YEAR + 30 * 86_400_000 })
})
afterEach(() => {
  vi.useRealTimers()
  for (const store of stores.splice(0)) store.close()
})

function setUp() {
  const store = openTimelineStore(tempFolder(), crypto)
  stores.push(store)
  for (const { device, member } of people) store.knowDevice(device.key, member)
  const rows = new Rows({
    parts: {
      secrets: { crypto },
      render: renderMarkdown,
      renderVersion: RENDER_VERSION,
      mark: markTree,
      excerpt,
      differences: () => [],
    },
    store,
    list: () => list,
    me: ann.device.key,
    member: ann.member,
    ownHeld: () => 0,
  })
  const told: (ViewChange & { at: number })[] = []
  const views = new Views(
    store,
    rows,
    ann.member,
    (node) => memberOf(node.device),
    (change) => told.push({ ...change, at: Date.now() }),
    () => Date.now(),
  )
  const arrive = (...nodes: TimelineNode[]) => {
    const outcomes = store.append(
      nodes.map((node) => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null })),
      memberOf,
      Date.now(),
    )
    expect(outcomes.map((outcome) => outcome.type)).toEqual(nodes.map(() => 'stored'))
    views.stored(nodes)
  }
  return { store, views, told, arrive }
}
/** Rule N8, written plainly: newest first. */
const inOrder = (nodes: readonly TimelineNode[]): NodeId[] =>
  [...nodes].sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1)).map((node) => node.id)

test('[N8] a client that follows the positions it is told has the timeline, however entries arrive', () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(pool, { minLength: 1 }),
      fc.array(fc.record({ take: fc.integer({ min: 1, max: 6 }), waitMs: fc.constantFrom(0, 1, 60, 150) }), {
        minLength: 40,
        maxLength: 40,
      }),
      (nodes, steps) => {
        const { views, told, arrive, store } = setUp()
        const scopes: Scope[] = [everyone, { type: 'mine' }, { type: 'member', member: ben.member }]
        const clients = scopes.map((scope) => {
          const { viewId, version, total, rows } = views.open(scope)
          expect({ version, total, rows }).toEqual({ version: 1, total: 0, rows: [] })
          return { scope, viewId, version, ids: [] as (NodeId | null)[] }
        })
        const here: TimelineNode[] = []
        const follow = () => {
          for (const change of told.splice(0)) {
            const client = clients.find((c) => c.viewId === change.viewId)!
            expect(change.version).toBe(++client.version)
            expect(change.inserted).toEqual([...change.inserted].sort((a, b) => a - b))
            for (const at of change.inserted) client.ids.splice(at, 0, null)
            expect(client.ids).toHaveLength(change.total)
          }
        }
        for (const { take, waitMs } of steps) {
          const batch = nodes.slice(here.length, here.length + take)
          if (!batch.length) break
          here.push(...batch)
          arrive(...batch)
          vi.advanceTimersByTime(waitMs)
          follow()
        }
        vi.advanceTimersByTime(100)
        follow()
        for (const client of clients) {
          const wanted = inOrder(
            here.filter(
              ({ device }) =>
                client.scope.type === 'everyone' ||
                memberOf(device) === (client.scope.type === 'mine' ? ann.member : ben.member),
            ),
          )
          const window = views.window(client.viewId, 0, 100)
          expect(window).toMatchObject({ version: client.version, total: wanted.length })
          expect(window.rows.map((row) => row.id)).toEqual(wanted)
          expect(client.ids).toHaveLength(wanted.length)
          wanted.forEach((id, at) => expect(views.position(client.viewId, id)).toBe(at))
        }
        expect(store.total(null)).toBe(here.length)
      },
    ),
    { numRuns: 15 },
  )
})

test('[N8] each told change puts exactly the new entries at the told positions', () => {
  const { views, told, arrive } = setUp()
  const { viewId } = views.open(everyone)
  const batches = [pool.slice(0, 12), pool.slice(24), pool.slice(12, 20), pool.slice(20, 24)]
  let before: NodeId[] = []
  for (const batch of batches) {
    arrive(...batch)
    vi.advanceTimersByTime(100)
    const { inserted } = told.at(-1)!
    const after = views.window(viewId, 0, 500).rows.map((row) => row.id)
    expect(inserted.map((at) => after[at])).toEqual(inOrder(batch))
    expect(after.filter((_id, at) => !inserted.includes(at))).toEqual(before)
    before = after
  }
})

test('an entry after a quiet time is told at once; a stream of them at most ten times a second, and none is missed', () => {
  const { views, told, arrive } = setUp()
  const { viewId } = views.open(everyone)
  const mine = bySeq.get(ben.device.key)!
  arrive(mine[0]!)
  vi.advanceTimersByTime(0)
  expect(told).toMatchObject([{ viewId, version: 2, total: 1, inserted: [0], at: Date.now() }])
  for (const node of mine.slice(1)) {
    vi.advanceTimersByTime(30)
    arrive(node)
  }
  vi.advanceTimersByTime(100)
  const steps = told.slice(1).map((change, i) => change.at - told[i]!.at)
  for (const step of steps) expect(step).toBeGreaterThanOrEqual(100)
  expect(told.length).toBeLessThanOrEqual(5)
  expect(told.flatMap((change) => change.inserted)).toHaveLength(mine.length)
  expect(told.at(-1)!.total).toBe(mine.length)
})

test('rows that only look different are told without positions, to every view', () => {
  const { views, told } = setUp()
  const a = views.open(everyone).viewId
  const b = views.open({ type: 'member', member: cem.member }).viewId
  views.touched()
  vi.advanceTimersByTime(0)
  expect(told).toMatchObject([
    { viewId: a, version: 2, total: 0, inserted: [] },
    { viewId: b, version: 2, total: 0, inserted: [] },
  ])
})

test('an entry that arrives late is inserted where it was written, and says so', () => {
  const { views, told, arrive } = setUp()
  const { viewId } = views.open(everyone)
  const mine = bySeq.get(ben.device.key)!
  arrive(mine[0]!, mine[2]!)
  vi.advanceTimersByTime(100)
  expect(views.window(viewId, 0, 10).rows.map((row) => row.proof)).toEqual(['floating', 'linked'])
  arrive(mine[1]!)
  vi.advanceTimersByTime(100)
  expect(told.at(-1)).toMatchObject({ total: 3, inserted: [1] })
  expect(views.window(viewId, 0, 10).rows.map(({ id, proof, late }) => ({ id, proof, late }))).toEqual(
    [mine[2]!, mine[1]!, mine[0]!].map(({ id }) => ({ id, proof: 'linked', late: true })),
  )
})

test('a view is told of its own scope alone, and knows no position for what lies outside', () => {
  const { views, told, arrive } = setUp()
  const mine = views.open({ type: 'mine' }).viewId
  const bens = views.open({ type: 'member', member: ben.member }).viewId
  const [node] = bySeq.get(ben.device.key)!
  arrive(node!)
  vi.advanceTimersByTime(0)
  expect(told.map((change) => change.viewId)).toEqual([bens])
  expect(views.position(bens, node!.id)).toBe(0)
  expect(views.position(mine, node!.id)).toBe(-1)
  expect(views.position(bens, 'ab'.repeat(32) as NodeId)).toBe(-1)
})

test('a window asked for between storing and telling belongs to the next version, which is told first', () => {
  const { views, told, arrive } = setUp()
  const { viewId } = views.open(everyone)
  arrive(bySeq.get(ben.device.key)![0]!)
  expect(views.window(viewId, 0, 10)).toMatchObject({ version: 2, total: 1 })
  expect(told).toMatchObject([{ viewId, version: 2, total: 1, inserted: [0] }])
  vi.advanceTimersByTime(1000)
  expect(told, 'told once').toHaveLength(1)
})

test('[VIEW_UNKNOWN] a closed view is unknown; the oldest of seventeen is closed', () => {
  const { views, told, arrive } = setUp()
  const unknown = expect.objectContaining({ code: 'VIEW_UNKNOWN' }) as unknown
  const first = views.open(everyone).viewId
  const others = Array.from({ length: 16 }, () => views.open(everyone).viewId)
  expect(() => views.window(first, 0, 10)).toThrow(unknown as Error)
  views.close(others[0]!)
  expect(() => views.window(others[0]!, 0, 10)).toThrow(unknown as Error)
  expect(() => views.position(others[0]!, pool[0]!.id)).toThrow(unknown as Error)
  arrive(pool[0]!)
  vi.advanceTimersByTime(0)
  expect(told.map((change) => change.viewId)).toEqual(others.slice(1))
  views.stop()
  arrive(pool[1]!)
  vi.advanceTimersByTime(1000)
  expect(told, 'nothing after the end').toHaveLength(15)
})

// Once, a position was told for a node that a removal had put aside within the same tenth of a second.
test('[M5] what was put aside before it was told is not told', () => {
  const { store, views, told, arrive } = setUp()
  const { viewId } = views.open(everyone)
  const mine = bySeq.get(ben.device.key)!
  arrive(mine[0]!, mine[1]!)
  store.cutOff(ben.device.key, 1)
  views.touched()
  vi.advanceTimersByTime(100)
  expect(told).toMatchObject([{ viewId, version: 2, total: 1, inserted: [0] }])
})
