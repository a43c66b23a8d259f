// Rule N9: an answer to a pull is believed by its chain and one signature. Whatever a peer changes in an answer, only bytes
// that the author signed get in; what was believed by the chain is checked later, and shown for what it is.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Machine } from '../../main/peer/driver'
import { checkProofFile, proofFile } from '../../main/peer/proof'
import type { StorePort } from '../../main/peer/ports'
import { chainAbove, checkSome } from '../../main/peer/signatures'
import { toHex } from '../../main/protocol/codec'
import { WHOLE } from '../../main/protocol/cuts'
import type { Engine } from '../../main/protocol/engine'
import type { Message } from '../../main/protocol/messages'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { signatureHolds } from '../../main/protocol/verify'
import { packNodes } from '../../main/protocol/packed'
import { openTimelineStore } from '../../main/store/timeline-store'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'
import type { PeerSetup } from '../../main/simulator/world'
import { World, type Peer, type Rogue } from './world'

const circle = makeCircle(3)
const [author, liar] = circle.people.map(({ device }) => device)
const COUNT = 300
const timeline = writeTimeline(circle.list.circle, author!, COUNT, { epoch: 1 })
/** What is signed of a node; the rest is the signature. */
const unsigned = (bytes: Uint8Array) => toHex(bytes.subarray(0, bytes.length - 64))
const signedByAuthor = new Set(timeline.map(({ bytes }) => unsigned(bytes)))

type Corrupt = (run: Uint8Array[]) => Uint8Array[]

/** Somebody whose program is not ours serves all of the timeline, each answer through `corrupt`. */
function served(
  corrupt: Corrupt,
  disk?: ReturnType<typeof openTimelineStore>,
  setup: PeerSetup = {},
): { world: World; late: Peer; rogue: Rogue } {
  const world = new World(circle)
  const late = world.peer(2, disk as never, setup)
  late.start()
  const rogue = world.rogue(liar!, late)
  const tell = () =>
    rogue.say({
      type: 'have',
      question: false,
      cut: WHOLE,
      entries: [{ device: author!.key, height: COUNT, head: timeline.at(-1)!.id }],
    })
  let answered = 0
  for (let round = 0; round < 40 && !rogue.closed; round++) {
    tell()
    world.run(20)
    const pulls = rogue.heard.filter((m): m is Extract<Message, { type: 'pull' }> => m.type === 'pull')
    for (const { ranges } of pulls.slice(answered))
      for (const range of ranges)
        rogue.say({
          type: 'run',
          ...range,
          nodes: packNodes(corrupt(timeline.slice(range.from - 1, range.to).map((node) => new Uint8Array(node.bytes)))),
        })
    answered = pulls.length
    world.run(20)
  }
  return { world, late, rogue }
}
/** What somebody may do to an answer. */
const place = fc.nat(10_000)
const change: fc.Arbitrary<Corrupt> = fc.oneof(
  fc.tuple(place, place, fc.integer({ min: 1, max: 255 })).map(([node, byte, by]): Corrupt => (run) => {
    const bytes = run[node % run.length]!
    bytes[byte % bytes.length]! ^= by
    return run
  }),
  place.map(
    (node): Corrupt =>
      (run) =>
        run.toSpliced(node % run.length, 1),
  ),
  fc.tuple(place, place).map(([a, b]): Corrupt => (run) => {
    const [i, j] = [a % run.length, b % run.length]
    ;[run[i], run[j]] = [run[j]!, run[i]!]
    return run
  }),
  // A text put in by somebody else, the chain above it made to fit as far as he can: he has no key to sign its head.
  place.map((at): Corrupt => (run) => {
    let below: TimelineNode | null = null
    return run.map((bytes, i) => {
      const original = timeline.find((node) => toHex(node.bytes) === toHex(bytes))
      if (!original || i < at % run.length) return bytes
      below = makeNode(
        crypto,
        {
          ...original,
          ...(i === at % run.length && { body: new Uint8Array([1, 70]) }),
          ...(below && original.seq > 1 && { backlink: below.id }),
        },
        () => original.signature,
      )
      return below.bytes
    })
  }),
  fc.uint8Array({ maxLength: 400 }).map((bytes): Corrupt => (run) => [...run.slice(0, -1), bytes]),
)

const everythingIsSigned = (late: Peer) => {
  for (const { bytes } of late.stored) expect(signedByAuthor.has(unsigned(bytes))).toBe(true)
}

describe('a run', () => {
  test('[N9] is believed by its chain: one signature each is checked before it is stored, and all of it is there', () => {
    let checks = 0
    const counted = {
      ...crypto,
      verify: (...args: Parameters<typeof crypto.verify>) => (checks++, crypto.verify(...args)),
    }
    const store = openTimelineStore(tempFolder(), crypto)
    for (const { device, member } of circle.people) store.knowDevice(device.key, member)
    const { late } = served((run) => run, store)
    expect(late.stored).toHaveLength(COUNT)
    expect(store.believedCount()).toBeGreaterThan(200)
    // Later, and never for nothing: each once.
    while (checkSome(counted, store, NEW_YEAR)) expect(checks).toBeLessThanOrEqual(COUNT)
    expect(checks).toBeGreaterThan(200)
    expect(store.believedCount()).toBe(0)
    expect(store.missigned()).toEqual([])
    store.close()
  })

  test('[N9] whatever is changed in it, nothing gets in that its author has not signed', () => {
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.array(fc.boolean(), { minLength: 1 }),
        (changes, when) => {
          let n = 0
          const { world, late } = served((run) =>
            when[n++ % when.length] ? changes.reduce((r, c) => (r.length ? c(r) : r), run) : run,
          )
          everythingIsSigned(late)
          // And somebody honest brings the rest.
          const holder = world.peer(0).already(timeline)
          holder.start()
          world.link(holder, late)
          world.until('all is there', () => late.engine.have.get(author!.key)?.height === COUNT, 60_000)
          everythingIsSigned(late)
        },
      ),
      { numRuns: 60 },
    )
  }, 60_000)

  test('[N9] judged in one piece it comes to what it comes to node by node', () => {
    const nodeByNode = (engine: Engine): Machine => ({
      list: engine.list,
      wakeAt: () => engine.wakeAt(),
      handle(event, now) {
        return engine
          .handle(event, now)
          .flatMap((effect) =>
            effect.type === 'store-run'
              ? this.handle({ type: 'run-stored', run: effect.run, result: { type: 'unusual' } }, now)
              : [effect],
          )
      },
    })
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 2 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
        (changes, when) => {
          const [whole, each] = [{}, { machine: nodeByNode }].map((setup) => {
            let n = 0
            const { late, rogue } = served(
              (run) => (when[n++ % when.length] ? changes.reduce((r, c) => (r.length ? c(r) : r), run) : run),
              undefined,
              setup,
            )
            const stored = late.stored.map(({ id }) => id).sort()
            return { stored, refused: [...late.refused], have: [...late.engine.have], closed: rogue.closed }
          })
          expect(whole).toEqual(each)
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  test('[N9] with a head that is not signed it is refused, unless what is stored above names it', () => {
    const store = openTimelineStore(tempFolder(), crypto)
    const memberOf = () => circle.people[0]!.member
    const item = (node: TimelineNode, chain?: 'above') => ({
      node,
      origin: { from: liar!.key, how: 'sync' as const, tree: null },
      arrival: null,
      ...(chain && { chain }),
    })
    const [one, two, three] = timeline as [TimelineNode, TimelineNode, TimelineNode]
    expect(store.append([item(two, 'above'), item(one, 'above')], memberOf, NEW_YEAR)).toEqual([
      { type: 'refused', code: 'SIGNATURE_INVALID' },
      { type: 'refused', code: 'SIGNATURE_INVALID' },
    ])
    expect(store.have().size).toBe(0)
    store.append([item(three)], memberOf, NEW_YEAR)
    expect(store.append([item(two, 'above'), item(one, 'above')], memberOf, NEW_YEAR).map((o) => o.type)).toEqual([
      'stored',
      'stored',
    ])
    expect(store.byId(one.id)!.signature).toBe('by-chain')
    expect(store.byId(three.id)!.signature).toBe('checked')
    store.close()
  })
})

describe('a signature that does not hold inside a run', () => {
  const BAD = 150
  const spoiled: Corrupt = (run) => {
    for (const bytes of run) if (unsigned(bytes) === unsigned(timeline[BAD - 1]!.bytes)) bytes[bytes.length - 1]! ^= 1
    return run
  }
  const stored = () => {
    const dir = tempFolder()
    const store = openTimelineStore(dir, crypto)
    for (const { device, member } of circle.people) store.knowDevice(device.key, member)
    const { late, rogue } = served(spoiled, store)
    expect(late.stored).toHaveLength(COUNT)
    expect(rogue.closed).toBeNull()
    return { dir, store }
  }

  test('[N9] is found when there is time, after a restart too; the entry stays, and is shown for what it is', () => {
    const { dir, store } = stored()
    // The first bites are made by a run that ends in between.
    checkSome(crypto, store, NEW_YEAR)
    store.close()
    const again = openTimelineStore(dir, crypto)
    while (checkSome(crypto, again, NEW_YEAR));
    expect(again.missigned()).toEqual([{ device: author!.key, seq: BAD, found: NEW_YEAR }])
    const { node, signature } = again.byId(timeline[BAD - 1]!.id)!
    expect(signature).toBe('bad')
    expect(signatureHolds(crypto, node)).toBe(false)
    expect(unsigned(node.bytes)).toBe(unsigned(timeline[BAD - 1]!.bytes))
    again.close()
  })

  test('[N9] does not hide who wrote it: the proof brings the chain up to a signature that holds, and any change breaks it', () => {
    const { store } = stored()
    const { node } = store.byId(timeline[BAD - 1]!.id)!
    const chain = chainAbove(crypto, store as unknown as StorePort, node)!
    expect(chain.map(({ seq }) => seq)).toEqual([BAD + 1])
    const { content } = proofFile(
      node,
      circle.list,
      circle.records.map(({ bytes }) => bytes),
      'Alice',
      [],
      chain,
    )
    const now = NEW_YEAR + 86_400_000
    expect(checkProofFile(crypto, content, now).steps.find(({ id }) => id === 'signature')?.sentence).toMatch(
      /by the chain up to entry 151/,
    )
    const file = JSON.parse(content) as { node: string; chain: string[] }
    const refused = (change: Partial<typeof file>) =>
      expect(() => checkProofFile(crypto, JSON.stringify({ ...file, ...change }), now)).toThrow(
        expect.objectContaining({ code: 'PROOF_FALSE' }),
      )
    refused({ chain: [] })
    refused({ chain: [toHex(timeline[BAD + 1]!.bytes)] })
    refused({ node: toHex(timeline[BAD - 2]!.bytes.with(100, 1)) })
    refused({ node: toHex(node.bytes.with(70, node.bytes[70]! ^ 1)) })
    // The head's own signature has to hold.
    refused({ chain: [toHex(timeline[BAD]!.bytes.with(-1, timeline[BAD]!.bytes.at(-1)! ^ 1))] })
    store.close()
  })
})
