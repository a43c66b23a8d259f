// One hostile member among honest ones on machines of limited speed: each way of making others work for nothing. Honest
// posts reach everybody in at most twice the time, nothing grows, and the member is kept out by those that it wronged.
import { afterAll, describe, expect, test } from 'vitest'
import type { DeviceKey, Misdeed, NodeId } from '../../shared/types'
import { concat } from '../../main/protocol/codec'
import { FRAME_MESSAGES_MAX } from '../../main/protocol/limits'
import { encodeMessage, type Message } from '../../main/protocol/messages'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { mixed } from '../../main/simulator/random'
import type { Peer, PeerSetup } from '../../main/simulator/world'
import type { Machine } from '../../main/peer/driver'
import type { Engine } from '../../main/protocol/engine'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'
import { SlowWorld } from './machine'

const PEERS = 12
const HOSTILE = 5
const circle = makeCircle(PEERS, 'Hostile')
const history = writeTimeline(circle.list.circle, circle.people[0]!.device, 300, { epoch: 1 })
const START = NEW_YEAR + 86_400_000
const ATTACK_MS = 10_000
const WARM_UP_MS = 6000
const COOL_DOWN_MS = 5000
/** Of one attack, on a machine that does other things too. */
const TIMEOUT_MS = 60_000
/** Honest posts, one each so often, from different devices. */
const POST_EVERY_MS = 400
const SPAM_EVERY_MS = 20

const noise = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_unused, i) => mixed(seed, i, length) & 255)
const frameOf = (messages: readonly Message[]): Uint8Array => concat(...messages.map(encodeMessage))
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_unused, i) => make(i))
const handOver = (bytes: Uint8Array): Message => ({ type: 'node', tree: 0, brief: false, lo: 1, len: PEERS - 1, bytes })
const mallory = circle.people[HOSTILE]!.device
/** Well formed in everything but its signature, and never twice the same. */
const forged = (i: number): TimelineNode =>
  makeNode(
    crypto,
    {
      circle: circle.list.circle,
      device: circle.people[i % PEERS]!.device.key,
      seq: 1000 + i,
      backlink: 'ab'.repeat(32) as NodeId,
      timestamp: START + i,
      epoch: 1,
      kind: 1,
      body: Uint8Array.of(2, 65, i & 127),
    },
    () => noise(i, 64),
  )
const whole = { from: 1, to: 2 ** 52 }
const rangesOf = (n: number) => times(n, () => ({ device: history[0]!.device, ...whole }))

interface Attack {
  name: string
  misdeed: Misdeed
  /** What it sends on every link, every SPAM_EVERY_MS. */
  spam(round: number): Uint8Array[]
}
const attacks: Attack[] = [
  { name: 'random bytes', misdeed: 'garbage', spam: (round) => [noise(round, 2000)] },
  {
    name: 'nodes with false signatures, 200 a frame',
    misdeed: 'forgery',
    spam: (round) => [frameOf(times(200, (i) => handOver(forged(round * 200 + i).bytes)))],
  },
  {
    name: 'nodes of another encoding',
    misdeed: 'garbage',
    spam: (round) => [frameOf(times(100, (i) => handOver(Uint8Array.of(1, ...noise(round + i, 200)))))],
  },
  {
    name: 'old entries again and again',
    misdeed: 'flood',
    spam: () => [frameOf(history.map(({ bytes }) => handOver(bytes)))],
  },
  {
    name: 'the newest entry again and again',
    misdeed: 'flood',
    spam: () => [frameOf(times(1000, () => handOver(history.at(-1)!.bytes)))],
  },
  {
    name: 'endless pulls of huge ranges',
    misdeed: 'asking',
    spam: () => [frameOf(times(8, () => ({ type: 'pull', ranges: rangesOf(256) })))],
  },
  {
    name: 'the same four ranges, for ever',
    misdeed: 'asking',
    spam: () => times(4, () => frameOf([{ type: 'pull', ranges: rangesOf(4) }])),
  },
  {
    name: 'list records, branches, boards and secrets asked for without end',
    misdeed: 'asking',
    spam: () => [
      frameOf(
        times(
          50,
          (i): Message =>
            [
              { type: 'epochs-want' as const, after: 0 },
              { type: 'branch-want' as const, device: history[0]!.device, to: 300 },
              { type: 'notices-have' as const, ids: [] },
              { type: 'secret-want' as const },
            ][i % 4]!,
        ),
      ),
    ],
  },
  {
    name: 'digests of cuts that nobody asked about',
    misdeed: 'flood',
    spam: (round) => [
      frameOf(times(50, (i) => ({ type: 'digest', epoch: 1, cut: START - round * 50 - i, digest: noise(i, 32) }))),
    ],
  },
  {
    name: 'vectors with heights that do not exist',
    misdeed: 'flood',
    spam: (round) => [
      frameOf(
        times(20, () => ({
          type: 'have',
          question: true,
          cut: 0,
          entries: circle.people.map(({ device }) => ({
            device: device.key,
            height: 2 ** 50 + round,
            head: 'cd'.repeat(32) as NodeId,
          })),
        })),
      ),
    ],
  },
  {
    name: 'checkpoints with false signatures',
    misdeed: 'forgery',
    spam: (round) => [
      frameOf([
        {
          type: 'checkpoints',
          epoch: 1,
          at: (Math.floor(START / 5000) + round) * 5000,
          digest: noise(round, 32),
          entries: times(20, (i) => ({ signer: i, lo: 0, len: PEERS, late: [], signature: noise(i, 64) })),
        },
      ]),
    ],
  },
  {
    name: 'its own checkpoints between rounds',
    misdeed: 'forgery',
    spam: (round) => [
      frameOf([
        {
          type: 'checkpoints',
          epoch: 1,
          at: START + round,
          digest: noise(round, 32),
          entries: [{ signer: 0, lo: 0, len: PEERS, late: [], signature: noise(round, 64) }],
        },
      ]),
    ],
  },
  {
    name: 'notices without end',
    misdeed: 'flood',
    spam: (round) => [frameOf([{ type: 'notices', notices: times(1000, (i) => noise(round + i, 100)) }])],
  },
  {
    name: 'list records without end',
    misdeed: 'flood',
    spam: () => [frameOf([{ type: 'epochs', records: times(600, () => circle.records[0]!.bytes.slice(0, 300)) }])],
  },
  {
    name: 'tiny frames, hundreds at once',
    misdeed: 'flood',
    spam: () => times(300, () => frameOf([{ type: 'ack', tree: 0, mark: 'ab'.repeat(8) }])),
  },
  {
    name: 'frames of as many messages as fit',
    misdeed: 'flood',
    spam: () => [frameOf(times(FRAME_MESSAGES_MAX, () => ({ type: 'ack', tree: 0, mark: 'ab'.repeat(8) })))],
  },
  {
    name: 'announcements of entries that do not exist',
    misdeed: 'flood',
    spam: (round) => [
      frameOf(
        times(200, (i) => ({
          type: 'announce',
          epoch: 1,
          author: i % PEERS,
          seq: 2000 + round * 200 + i,
          mark: 'ab'.repeat(8),
          lo: 0,
          len: PEERS,
        })),
      ),
    ],
  },
  {
    name: 'nodes of lists that do not exist yet',
    misdeed: 'flood',
    spam: (round) => [
      frameOf(
        times(50, (i) => handOver(makeNode(crypto, { ...forged(round * 50 + i), epoch: 9 }, () => noise(i, 64)).bytes)),
      ),
    ],
  },
]

/** Takes everything and never says that it has: neither acknowledgements nor anything that it should hand on leave it. */
const silent = (engine: Engine): Machine => ({
  get list() {
    return engine.list
  },
  wakeAt: () => engine.wakeAt(),
  handle: (event, now) =>
    engine
      .handle(event, now)
      .filter((effect) => effect.type !== 'send' || !['ack', 'node', 'part', 'announce'].includes(effect.message.type)),
})

/** Runs the circle, with or without the attack. */
function run(attack: Attack | null, machine?: PeerSetup['machine']) {
  const world = new SlowWorld({
    crypto,
    circle,
    startAt: START,
    seed: 11,
    redial: true,
    network: { latencyMs: [5, 30], loss: 0, duplication: 0, reordering: false },
  })
  const peers = times(PEERS, (i) =>
    world.peer(i, undefined, i === HOSTILE && machine ? { machine } : {}).already(history),
  )
  for (const peer of peers) peer.start()
  world.run(WARM_UP_MS)
  const bad = peers[HOSTILE]!
  const honest = peers.filter((peer) => peer !== bad)
  const victims = bad.driver.allLinks().map(({ remote }) => remote)
  const began = world.clock.at
  for (let at = 0, round = 0; attack && at < ATTACK_MS; at += SPAM_EVERY_MS, round++)
    world.clock.after(at, () => {
      const frames = bad.driver.allLinks().length ? attack.spam(round) : []
      for (const link of bad.driver.allLinks()) for (const frame of frames) link.send(frame)
    })
  const posted: { node: TimelineNode; at: number; doneMs: number | null }[] = []
  for (let at = 0, i = 0; at < ATTACK_MS; at += POST_EVERY_MS, i++)
    world.clock.after(at, () => {
      const writer = honest[mixed(3, i, 0) % honest.length]!
      const node = writer.compose()
      posted.push({ node, at: world.clock.at, doneMs: null })
      writer.append(node)
    })
  while (world.clock.at - began < ATTACK_MS + COOL_DOWN_MS) {
    world.run(5)
    for (const post of posted)
      if (post.doneMs === null && honest.every((peer) => peer.holds(post.node))) post.doneMs = world.clock.at - post.at
  }
  return { world, bad, honest, victims, posted }
}
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const delays = (posted: ReturnType<typeof run>['posted']): number[] => {
  const done = posted.map(({ doneMs }) => doneMs)
  expect(done, 'every honest post reached every honest peer').not.toContain(null)
  return done as number[]
}
const keptOutBy = (honest: readonly Peer[], device: DeviceKey) =>
  honest.flatMap((peer) => peer.engine.conduct.keptOut(device, peer.now()) ?? [])

describe('[H3] one hostile member', () => {
  const lines: string[] = []
  afterAll(() => console.log(lines.join('\n')))
  const calm = run(null)
  const usual = meanOf(delays(calm.posted))

  test('without it, nobody is kept out by anybody', () => {
    for (const peer of calm.honest) expect(peer.engine.conduct.kept).toEqual([])
    expect(usual).toBeGreaterThan(20)
  })

  test.each(attacks)(
    '$name: honest posts take at most twice as long, and it is kept out for what it did',
    (attack) => {
      const { world, bad, honest, victims, posted } = run(attack)
      const ratio = meanOf(delays(posted)) / usual
      lines.push(`${attack.name.padEnd(64)} ${ratio.toFixed(2)} times the usual delay`)
      expect(ratio, `${attack.name}: ${ratio.toFixed(2)} times the usual`).toBeLessThanOrEqual(2)
      const out = keptOutBy(honest, bad.key)
      // Everybody who had a link with it.
      expect(out.length).toBeGreaterThanOrEqual(victims.length)
      for (const one of out) expect(one.misdeed).toBe(attack.misdeed)
      expect(world.linksOf(bad)).toBe(0)
      for (const peer of honest) {
        expect(peer.engine.conduct.allKeptOut(peer.now()).filter(({ device }) => device !== bad.key)).toEqual([])
        // One window for each of its links at most, however much is sent.
        expect(world.waitedMost(peer)).toBeLessThan(4 * 1_048_576)
      }
      expect(bad.list.devices.get(mallory.key)?.removedIn, 'it stays on the list').toBeUndefined()
    },
    TIMEOUT_MS,
  )

  test('never acknowledging and handing nothing on: honest posts take at most twice as long; it stays, and is asked last', () => {
    const { bad, honest, posted } = run(null, silent)
    const ratio = meanOf(delays(posted)) / usual
    lines.push(`${'nothing acknowledged, nothing handed on'.padEnd(64)} ${ratio.toFixed(2)} times the usual delay`)
    expect(ratio).toBeLessThanOrEqual(2)
    // It breaks no rule that one peer could hold against it.
    for (const peer of honest) expect(peer.engine.conduct.allKeptOut(peer.now())).toEqual([])
    const heldBack = honest.reduce((sum, { engine }) => sum + engine.forwarding.counters.retried, 0)
    expect(heldBack, 'somebody waited for it and went on with others').toBeGreaterThan(0)
    expect(bad.running).toBe(true)
  })
})
