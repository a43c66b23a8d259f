// A day in the life of a circle, in virtual time: people come and go, machines crash, clocks drift and are set, the list
// changes, the network loses frames and parts, and there is much to say at some hours and nothing at others. After each
// part of it everybody is left alone for a while; then all heads are equal and nobody remembers more than before.
import { certifyEpoch, epochMessage, type EpochRecord } from '../../main/protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from '../../main/protocol/epochs'
import { deviceMessage, type MemberList } from '../../main/protocol/membership'
import { NEW_YEAR, rememberingCrypto } from '../../main/simulator/circle'
import { seededRandom } from '../../main/simulator/random'
import { QuietDisk } from '../../main/simulator/store'
import { World, type Peer } from '../../main/simulator/world'
import { crypto as real, makeCircle, makeDevice } from '../support/people'
import { census, most, type Census } from './census'

export interface SoakOptions {
  peers: number
  hours: number
  seed: number
}
export interface SoakReport {
  /** Virtual hours, entries written, list changes, and how often a peer was stopped, crashed or was parted from others. */
  hours: number
  written: number
  listChanges: number
  faults: number
  /** Peers whose heads are not everybody's, after the quiet at the end of each part. */
  apart: number[]
  /** What is still unsettled at the end (acknowledgements, questions, held nodes), by name; it must be nothing. */
  unsettled: Census
  /** Collections that are larger at the end than after the first part, by more than they may: name, then, now. */
  grown: { name: string; before: number; after: number }[]
  /** The largest collections at the end. */
  largest: [name: string, size: number][]
}

const PARTS = 4
const QUIET_MS = 20 * 60_000
const STEP_MS = 60_000
/** What must be empty when nobody has said anything for a while. */
const UNSETTLED = [
  'engine.forwarding.handOvers',
  'engine.forwarding.awaited',
  'engine.catchUp.open',
  'engine.catchUp.expected',
  'engine.held',
  'engine.landing.byId',
  'driver.reads[]',
  'driver.outbox.waiting',
]
/** A cache that was not full after the first part may fill; what is written more, some tables follow. */
const GROWTH_FACTOR_MAX = 1.25
const GROWTH_MAX = 80
/**
 * Memories with a bound of their own that go on filling for longer than a part lasts (forwarding.ts, droppers.ts), and
 * what lies in each of their entries. Of a timeline cuts.ts keeps 64 places beyond those of the last two minutes.
 */
const BOUNDED: readonly { name: string; most: number; inEach: number }[] = [
  { name: 'engine.forwarding.recent', most: 4096, inEach: 4 },
  { name: 'engine.forwarding.places', most: 4096, inEach: 0 },
  { name: 'engine.forwarding.announced', most: 4096, inEach: 0 },
  { name: 'engine.forwarding.whole', most: 256, inEach: 0 },
  { name: 'engine.droppers.sample', most: 512, inEach: 8 },
  { name: 'engine.cuts.timelines', most: 64, inEach: 128 },
]
const boundOf = (path: string): number => {
  const of = BOUNDED.find(({ name }) => path.startsWith(name))
  return of ? of.most * (path === of.name ? 1 : of.inEach) : 0
}

/** A circle whose list grows by a device now and then; the records come out one by one. */
function growing(n: number, changes: number) {
  const circle = makeCircle(n, 'Soak')
  let list: MemberList = circle.list
  const records: EpochRecord[] = [...circle.records]
  const founder = circle.people[0]!
  for (let i = 0; i < changes; i++) {
    const person = circle.people[1 + (i % (n - 1))]!
    const device = makeDevice(`soak ${i}`)
    const certificate = person.sign(deviceMessage(list.circle, person.member, device.key))
    const proposed = proposeEpoch(
      real,
      list,
      [{ type: 'admit-device', member: person.member, device: device.key, certificate }],
      list.timestamp + 1000,
    )
    if (!proposed.ok) throw new Error(proposed.code)
    const { unsigned: _unsigned, ...proposal } = proposed.proposal
    const ballot = { round: 0, by: founder.device.key }
    const signature = founder.device.sign(epochMessage(list.circle, proposal.id, ballot))
    const record = certifyEpoch(proposal, ballot, [{ signer: founder.device.key, signature }])
    const next = acceptEpoch(real, list, record)
    if (!next.ok) throw new Error(next.code)
    list = next.list
    records.push(record)
  }
  return { circle: { ...circle, list, records }, first: circle.records.length }
}

export function soak({ peers: n, hours, seed }: SoakOptions, progress: (text: string) => void = () => {}): SoakReport {
  const changes = Math.max(2, Math.round(hours / 2))
  const { circle, first } = growing(n, changes)
  const random = seededRandom(seed)
  const world = new World({
    crypto: rememberingCrypto(real),
    circle,
    startAt: NEW_YEAR + 86_400_000,
    seed,
    redial: true,
    network: { latencyMs: [2, 60], loss: 0, duplication: 0, reordering: false },
    disk: () => new QuietDisk(),
  })
  const known = circle.records.slice(0, first).map(({ bytes }) => bytes)
  const peers = Array.from({ length: n }, (_unused, i) => world.peer(i).knows(known))
  for (const peer of peers) peer.start()
  const report: SoakReport = {
    hours,
    written: 0,
    listChanges: 0,
    faults: 0,
    apart: [],
    unsettled: {},
    grown: [],
    largest: [],
  }
  const countOf = (peer: Peer) => census({ engine: peer.engine, driver: peer.driver })
  let afterFirst: Census = {}
  const partMs = (hours * 3_600_000) / PARTS
  for (let part = 0; part < PARTS; part++) {
    const busyUntil = world.clock.at + partMs - QUIET_MS
    while (world.clock.at < busyUntil) step(world, peers, random, report)
    calm(world, peers)
    // The list grows while all are there: who was off learns of it in the next part.
    while (report.listChanges < Math.round((changes * (part + 1)) / PARTS)) {
      peers[0]!.adopt([circle.records[first + report.listChanges]!.bytes])
      report.listChanges++
    }
    world.run(QUIET_MS)
    const heads = peers.map((peer) => peer.digest())
    report.apart.push(heads.filter((digest) => digest !== heads[0]).length)
    const counted = most(peers.map(countOf))
    if (part === 0) afterFirst = counted
    progress(
      `part ${part + 1} of ${PARTS}: ${report.written} entries, ${report.faults} faults, ${report.apart.at(-1)} apart`,
    )
    if (part < PARTS - 1) continue
    for (const name of UNSETTLED) if (counted[name]) report.unsettled[name] = counted[name]
    for (const [name, after] of Object.entries(counted)) {
      const before = afterFirst[name] ?? 0
      if (after > Math.max(GROWTH_FACTOR_MAX * before, before + GROWTH_MAX, boundOf(name)))
        report.grown.push({ name, before, after })
    }
    report.largest = Object.entries(counted)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 12)
  }
  return report
}

/** Everybody is there, in one network, with a clock that is right. */
function calm(world: World, peers: readonly Peer[]): void {
  world.split(null)
  world.network = { ...world.network, loss: 0, duplication: 0 }
  for (const peer of peers) {
    peer.clockMs = 0
    if (!peer.running) peer.start()
  }
}

/** A minute of it. */
function step(world: World, peers: readonly Peer[], random: () => number, report: SoakReport): void {
  const pick = () => peers[Math.floor(random() * peers.length)]!
  const chance = (perHour: number) => random() < (perHour * STEP_MS) / 3_600_000
  const hour = (world.clock.at / 3_600_000) % 24
  // From a few entries an hour at night to several a second at the busiest.
  const rate = 0.002 + (random() < 0.02 ? 4 : 0.15) * Math.max(0, Math.sin((hour / 24) * 2 * Math.PI)) ** 2
  if (chance(6)) {
    const peer = pick()
    report.faults++
    if (!peer.running) peer.start()
    else if (random() < 0.5) peer.stop()
    else peer.crash()
  }
  for (const peer of peers) {
    peer.clockMs += Math.round((random() - 0.5) * 40)
    if (!peer.running && random() < 0.1) peer.start()
  }
  if (chance(1)) {
    report.faults++
    pick().clockMs = Math.round((random() - 0.5) * 120_000)
  }
  if (chance(0.5)) {
    report.faults++
    const half = new Set(peers.filter(() => random() < 0.5).map((peer) => peer.key))
    world.split((peer) => Number(half.has(peer.key)))
  } else if (chance(20)) world.split(null)
  if (chance(2)) world.network = { ...world.network, loss: random() < 0.5 ? 0 : 0.05, duplication: 0.02 }
  for (let at = -Math.log(1 - random()) / rate; at * 1000 < STEP_MS; at += -Math.log(1 - random()) / rate)
    world.clock.after(at * 1000, () => {
      const peer = pick()
      if (!peer.running) return
      peer.append(peer.compose('Something that was worth saying at this hour.'))
      report.written++
    })
  world.run(STEP_MS)
}
