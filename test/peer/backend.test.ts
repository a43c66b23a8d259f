// The backend of a folder that runs without network: its phases from the first start on, and what a person may do in
// each. Keys, files and database are the real ones; where time matters, the clock is the test's.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { assemble, type Running } from '../../main/assemble'
import { fileVault } from '../../main/identity/vault'
import { Backend } from '../../main/peer/backend'
import type { NetworkPort, Parts } from '../../main/peer/ports'
import { openTimelineStore } from '../../main/store/timeline-store'
import type { ErrorCode } from '../../shared/errors'
import type { Handlers, Result } from '../../shared/ipc-contract'
import type { MemberKey, NodeId } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { crypto, makeCircle, write, writeTimeline } from '../support/people'
import { circleFile, clockAt, identityOf, memoryFiles, partsOf, type Clock } from './parts'

const refusedAs = (code: ErrorCode, details: object = {}) => expect.objectContaining({ code, details }) as Error
const withCode = (code: ErrorCode) => expect.objectContaining({ code }) as Error
/** A refusal, whether it is thrown at once or later. */
const call = async <T>(work: () => T | Promise<T>): Promise<T> => work()

describe('a folder from the first start on', () => {
  let dir: string
  let running: Running
  const open = async () => {
    running = await assemble({ dir, vault: fileVault, vaultOf: () => fileVault, online: false })
    return running.backend.handlers
  }
  const reopen = async () => {
    await running.close()
    return open()
  }
  const state = async (): Promise<Result<'state.get'>> => running.backend.handlers['state.get']({})
  const phase = async () => (await state()).phase
  beforeEach(async () => {
    dir = tempFolder()
    await open()
  })
  afterEach(() => running.close())

  const confirmed = async (handlers: Handlers, name = 'Ann') => {
    const { words } = await handlers['identity.create']({ name })
    const now = await phase()
    if (now.phase !== 'confirm-words') throw new Error(now.phase)
    await handlers['identity.confirm']({ words: now.ask.map((position) => words[position - 1]!) })
    return words
  }

  test('leads from welcome over the words to a circle, across restarts in every phase', async () => {
    let handlers = running.backend.handlers
    expect(await phase()).toEqual({ phase: 'welcome' })
    await expect(call(() => handlers['circle.create']({ name: 'Lab', approval: 'auto', jump: 0 }))).rejects.toThrow(
      withCode('IDENTITY_MISSING'),
    )
    const { words } = await handlers['identity.create']({ name: '  Ann ' })
    expect(words).toHaveLength(24)
    handlers = await reopen()
    const asks = await phase()
    expect(asks).toMatchObject({ phase: 'confirm-words', name: 'Ann' })
    const { ask } = asks as { ask: number[] }
    expect(new Set(ask).size).toBe(3)
    expect(ask).toEqual([...ask].sort((a, b) => a - b))
    for (const position of ask) expect(position).toSatisfy((p: number) => p >= 1 && p <= 24)
    expect(await handlers['identity.words']({})).toEqual({ words })
    await handlers['identity.confirm']({ words: ask.map((position) => ` ${words[position - 1]!.toUpperCase()} `) })
    expect(await phase()).toEqual({ phase: 'no-circle', name: 'Ann', restored: false })
    await expect(
      call(() => handlers['identity.words']({})),
      'shown no more',
    ).rejects.toThrow(withCode('FORBIDDEN'))
    handlers = await reopen()
    expect(await phase()).toMatchObject({ phase: 'no-circle' })
    await expect(call(() => handlers['entry.post']({ text: 'Hi' }))).rejects.toThrow(withCode('CIRCLE_MISSING'))
    await handlers['circle.create']({ name: 'Lab', approval: 'ask', jump: 0 })
    handlers = await reopen()
    expect(await phase()).toEqual({ phase: 'circle', name: 'Ann' })
    expect((await state()).circle).toMatchObject({ name: 'Lab', approval: 'ask', epoch: 0, admin: true })
    await expect(call(() => handlers['circle.create']({ name: 'Two', approval: 'auto', jump: 0 }))).rejects.toThrow(
      withCode('CIRCLE_EXISTS'),
    )
    await expect(call(() => handlers['identity.discard']({}))).rejects.toThrow(withCode('CIRCLE_EXISTS'))
    expect((await state()).circle?.name).toBe('Lab')
  })

  test('[WORDS_MISMATCH] names the first position that is wrong, and nothing is confirmed', async () => {
    const { handlers } = running.backend
    const { words } = await handlers['identity.create']({ name: 'Ann' })
    const { ask } = (await phase()) as { ask: number[] }
    const right = ask.map((position) => words[position - 1]!)
    for (const [given, wrong] of [
      [['zoo', right[1]!, right[2]!], 0],
      [[right[0]!, 'nonsense', 'zoo'], 1],
      [[right[0]!, right[1]!], 2],
      [[], 0],
    ] as const)
      await expect(call(() => handlers['identity.confirm']({ words: [...given] }))).rejects.toThrow(
        refusedAs('WORDS_MISMATCH', { position: ask[wrong] }),
      )
    expect(await phase()).toMatchObject({ phase: 'confirm-words', ask })
  })

  test.each([
    ['nothing', ''],
    ['white space', ' \t '],
    ['65 characters', 'x'.repeat(65)],
    ['a line break', 'Ann\nBen'],
    ['a line separator', 'Ann\u2028Ben'],
    ['an escape', 'Ann\u001b[31m'],
    ['a zero byte', 'Ann\u0000'],
    ['a bidi override', 'Ann\u202eBen'],
    ['a zero-width space', 'A\u200bnn'],
    ['half a surrogate pair', 'Ann\ud83d'],
  ])('[NAME_INVALID] %s is no name, for a member or for a circle', async (_what, name) => {
    const { handlers } = running.backend
    await expect(call(() => handlers['identity.create']({ name }))).rejects.toThrow(withCode('NAME_INVALID'))
    expect(await phase()).toEqual({ phase: 'welcome' })
    await confirmed(handlers)
    await expect(call(() => handlers['circle.create']({ name, approval: 'auto', jump: 0 }))).rejects.toThrow(
      withCode('NAME_INVALID'),
    )
    expect(await phase()).toMatchObject({ phase: 'no-circle' })
  })

  test('names are kept trimmed and composed, whatever their script', async () => {
    const { handlers } = running.backend
    for (const [given, kept] of [
      [' Zoe\u0308 ', 'Zoë'],
      ['😀'.repeat(64), '😀'.repeat(64)],
      ['👩‍🔬', '👩‍🔬'],
      ['李小龍', '李小龍'],
    ] as const) {
      await handlers['identity.create']({ name: given })
      expect(await phase()).toMatchObject({ phase: 'confirm-words', name: kept })
    }
  })

  test('[IDENTITY_EXISTS] until its words are confirmed an identity can be made anew, then no more', async () => {
    const { handlers } = running.backend
    const { words: first } = await handlers['identity.create']({ name: 'Ann' })
    const words = await confirmed(handlers, 'Anna')
    expect(words).not.toEqual(first)
    const { me } = await state()
    await expect(call(() => handlers['identity.create']({ name: 'Eve' }))).rejects.toThrow(withCode('IDENTITY_EXISTS'))
    await expect(call(() => handlers['identity.restore']({ name: 'Eve', words: first.join(' ') }))).rejects.toThrow(
      withCode('IDENTITY_EXISTS'),
    )
    expect((await state()).me).toEqual(me)
    await handlers['identity.discard']({})
    expect(await phase()).toEqual({ phase: 'welcome' })
    await handlers['identity.restore']({ name: 'Anna', words: words.join(' ') })
    expect(await phase()).toEqual({ phase: 'no-circle', name: 'Anna', restored: true })
    const again = await state()
    expect(again.me?.member, 'the same member').toBe(me?.member)
    expect(again.me?.device, 'on a new device').not.toBe(me?.device)
  })

  test('wrong words restore nobody, and what is there stays', async () => {
    const { handlers } = running.backend
    const { words } = await handlers['identity.create']({ name: 'Ann' })
    for (const [given, code] of [
      [words.slice(1).join(' '), 'WORDS_COUNT'],
      [[...words.slice(1), 'nonsense'].join(' '), 'WORD_UNKNOWN'],
    ] as const)
      await expect(call(() => handlers['identity.restore']({ name: 'Ann', words: given }))).rejects.toThrow(
        withCode(code),
      )
    expect(await handlers['identity.words']({})).toEqual({ words })
  })

  test('draft, settings and addresses by hand are there again after a restart', async () => {
    let handlers = running.backend.handlers
    await confirmed(handlers)
    await handlers['circle.create']({ name: 'Lab', approval: 'auto', jump: 0 })
    expect(await handlers['draft.get']({})).toEqual({ text: '' })
    await handlers['draft.set']({ text: 'half a thought\nwith “quotes”' })
    await handlers['settings.set']({ theme: 'dark', internet: false })
    await handlers['settings.set']({ density: 'compact' })
    await handlers['network.addAddress']({ address: '192.168.1.20:4000' })
    await handlers['network.addAddress']({ address: '192.168.1.20:4000' })
    await handlers['network.addAddress']({ address: 'name.local:1' })
    await handlers['network.removeAddress']({ address: 'name.local:1' })
    await expect(call(() => handlers['network.addAddress']({ address: 'nowhere' }))).rejects.toThrow(
      withCode('ADDRESS_INVALID'),
    )
    handlers = await reopen()
    expect(await handlers['draft.get']({})).toEqual({ text: 'half a thought\nwith “quotes”' })
    expect((await state()).settings).toMatchObject({ theme: 'dark', density: 'compact', internet: false, lan: true })
    expect((await handlers['network.get']({})).manualAddresses).toEqual(['192.168.1.20:4000'])
  })

  test('without network nobody can be joined, and nothing is left of the attempt', async () => {
    const { handlers } = running.backend
    await confirmed(handlers)
    const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
    await expect(call(() => handlers['circle.join']({ link: words }))).rejects.toThrow(withCode('NO_INTERFACE'))
    expect(await phase()).toMatchObject({ phase: 'no-circle' })
    expect((await state()).alerts).toEqual([])
  })
})

describe('a circle of three, seen by its founder', () => {
  const { people, list, records } = makeCircle(3)
  const [ann, ben, cem] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
  const opened: Backend[] = []
  afterEach(async () => {
    for (const backend of opened.splice(0)) await backend.close()
  })
  const open = async (dir: string, clock: Clock, over: Partial<Parts> = {}) => {
    const backend = new Backend(
      partsOf(dir, clock, {
        identity: {
          open: () => identityOf(ann),
          create: () => identityOf(ann),
          adopt: () => identityOf(ann),
          confirm() {},
          discard() {},
          renew: () => identityOf(ann),
        },
        files: memoryFiles(circleFile(list, records)),
        ...over,
      }),
    )
    opened.push(backend)
    await backend.start()
    return backend
  }
  const setUp = async () => {
    const clock = clockAt()
    const backend = await open(tempFolder(), clock)
    return { clock, handlers: backend.handlers, backend }
  }

  test('[N4] time rises along a timeline even where the clock stands still or falls back a little', async () => {
    const { clock, handlers } = await setUp()
    const start = clock.ms
    const times: number[] = []
    for (const ms of [start, start, start, start - 60_000, start + 10]) {
      clock.ms = ms
      times.push((await handlers['entry.post']({ text: 'tick' }))!.timestamp)
    }
    expect(times).toEqual([start, start + 1, start + 2, start + 3, start + 10])
    expect(await handlers['store.verify']({})).toEqual({ checked: 5, bad: [] })
  })

  test('[CLOCK_BEHIND] a clock more than five minutes behind the last own entry writes nothing', async () => {
    const { clock, handlers } = await setUp()
    const { timestamp } = (await handlers['entry.post']({ text: 'now' }))!
    clock.ms = timestamp - 5 * 60_000 - 1
    await expect(call(() => handlers['entry.post']({ text: 'then' }))).rejects.toThrow(
      refusedAs('CLOCK_BEHIND', { behind: '5 minutes' }),
    )
    clock.ms = timestamp - 5 * 60_000
    expect((await handlers['entry.post']({ text: 'then' }))!.seq).toBe(2)
  })

  test('[N1] what can be posted: something, of at most 65,276 bytes, and as an answer only to what is here', async () => {
    const { handlers } = await setUp()
    for (const text of ['', ' \n\t '])
      await expect(call(() => handlers['entry.post']({ text }))).rejects.toThrow(withCode('TEXT_EMPTY'))
    const max = 65_276
    const longest = (await handlers['entry.post']({ text: 'x'.repeat(max) }))!
    expect(longest).toMatchObject({ seq: 1, mine: true, waiting: true, proof: 'linked', kind: 'post' })
    for (const text of ['x'.repeat(max + 1), '€'.repeat(Math.ceil(max / 3) + 1)])
      await expect(call(() => handlers['entry.post']({ text }))).rejects.toThrow(withCode('TEXT_TOO_LONG'))
    await expect(call(() => handlers['entry.post']({ text: 'x'.repeat(max + 1) }))).rejects.toThrow(
      refusedAs('TEXT_TOO_LONG', { max, bytes: max + 1 }),
    )
    await expect(
      call(() => handlers['entry.post']({ text: 'to whom?', replyTo: 'ab'.repeat(32) as NodeId })),
    ).rejects.toThrow(withCode('ENTRY_UNKNOWN'))
    const reply = await handlers['entry.post']({ text: 'x'.repeat(max), replyTo: longest.id })
    expect(reply).toMatchObject({ seq: 2, kind: 'reply', target: { id: longest.id } })
    expect((await handlers['entry.post']({ text: '  indented, with a tail \n\n' }))!.text).toBe(
      '  indented, with a tail',
    )
  })

  test('[M7] entries of others count as unread until they were looked at, also across a restart', async () => {
    const dir = tempFolder()
    const clock = clockAt()
    const store = openTimelineStore(dir, crypto)
    for (const { device, member } of people) store.knowDevice(device.key, member)
    const theirs = [
      ...writeTimeline(list.circle, ben.device, 3, { epoch: 1 }),
      ...writeTimeline(list.circle, cem.device, 2, { epoch: 1 }),
    ]
    store.append(
      theirs.map((node) => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null })),
      (device) => people.find((p) => p.device.key === device)!.member,
      clock.ms,
    )
    store.close()
    let backend = await open(dir, clock)
    const unread = async () => {
      const { members } = await backend.handlers['members.list']({})
      return [ann, ben, cem].map(({ member }) => members.find((m) => m.key === member)!.unread)
    }
    expect(await unread()).toEqual([0, 3, 2])
    await backend.handlers['member.seen']({ scope: { type: 'member', member: ben.member } })
    expect(await unread()).toEqual([0, 0, 2])
    await backend.close()
    backend = await open(dir, clock)
    expect(await unread()).toEqual([0, 0, 2])
    await backend.handlers['member.seen']({ scope: { type: 'mine' } })
    expect(await unread()).toEqual([0, 0, 2])
    await backend.handlers['member.seen']({ scope: { type: 'everyone' } })
    expect(await unread()).toEqual([0, 0, 0])
  })

  // Once, own entries counted as unread after a restart.
  test('[M7] own entries are never unread, not after a restart either', async () => {
    const dir = tempFolder()
    const clock = clockAt()
    let backend = await open(dir, clock)
    await backend.handlers['entry.post']({ text: 'mine' })
    const own = async () => (await backend.handlers['members.list']({})).members.find((m) => m.me)!.unread
    const before = await own()
    await backend.close()
    backend = await open(dir, clock)
    expect([before, await own()]).toEqual([0, 0])
  })

  test('[N4] an entry that the disk holds and the rules do not is found by checking again', async () => {
    const dir = tempFolder()
    const clock = clockAt()
    const store = openTimelineStore(dir, crypto)
    for (const { device, member } of people) store.knowDevice(device.key, member)
    const forged = write({
      circle: list.circle,
      device: { ...ben.device, sign: cem.device.sign },
      seq: 1,
      timestamp: 1,
      epoch: 1,
    })
    store.append(
      [{ node: forged, origin: { from: null, how: 'sync', tree: null }, arrival: null }],
      () => ben.member,
      clock.ms,
    )
    store.close()
    const { handlers } = await open(dir, clock)
    await handlers['entry.post']({ text: 'sound' })
    expect(await handlers['store.verify']({})).toEqual({
      checked: 2,
      bad: [{ id: forged.id, code: 'NODE_CHANGED' }],
    })
  })

  test('[M5] a removal takes effect at once, and unknown entries and views are refused', async () => {
    const { handlers } = await setUp()
    await handlers['member.remove']({ member: ben.member })
    const { members, changes } = await handlers['members.list']({})
    expect(members.find((m) => m.key === ben.member)).toMatchObject({ removed: true })
    expect(changes[0]).toMatchObject({ epoch: 2, agreedBy: [ann.name] })
    await expect(call(() => handlers['member.remove']({ member: 'ab'.repeat(32) as MemberKey }))).rejects.toThrow(
      withCode('MEMBER_UNKNOWN'),
    )
    for (const work of [
      () => handlers['entry.inspect']({ id: 'ab'.repeat(32) as NodeId }),
      () => handlers['entry.proof']({ id: 'ab'.repeat(32) as NodeId, holders: false }),
    ])
      await expect(call<unknown>(work)).rejects.toThrow(withCode('ENTRY_UNKNOWN'))
    await expect(call(() => handlers['view.window']({ viewId: 1, start: 0, count: 1 }))).rejects.toThrow(
      withCode('VIEW_UNKNOWN'),
    )
  })
})

// Once, a network that could not start left the phase at 'joining', with nothing searching.
test('[M4] a network that cannot be started leaves no joining behind', async () => {
  const { people } = makeCircle(1)
  const files = memoryFiles()
  const failing = {
    on: () => undefined,
    start: () => Promise.reject(new Error('EADDRINUSE')),
    stop: () => Promise.resolve(),
    status: () => ({ internet: false, interfaces: [] }),
  } as unknown as NetworkPort
  const backend = new Backend(
    partsOf(tempFolder(), clockAt(), {
      files,
      identity: {
        open: () => identityOf(people[0]!),
        create: () => identityOf(people[0]!),
        adopt: () => identityOf(people[0]!),
        confirm() {},
        renew: () => identityOf(people[0]!),
        discard() {},
      },
      network: () => failing,
    }),
  )
  await backend.start()
  const words = 'legal winner thank year wave sausage worth useful legal winner thank yellow'
  const refused = await call(() => backend.handlers['circle.join']({ link: words })).catch(
    (error: Error) => error.message,
  )
  const { phase } = backend.state()
  const kept = files.readJoining()
  await backend.close()
  expect({ refused, phase: phase.phase, kept }).toEqual({ refused: 'EADDRINUSE', phase: 'no-circle', kept: null })
})
