// Who takes nodes and does not hand them on (rules R6, F10). A device that missed one tree's copy says so in its signed
// checkpoint; who should have handed it over is known from the route. If that one was there, had the node and did not
// miss it himself, the edge between the two is broken, and both ends are charged: which of them lies cannot be seen from
// one edge. But a dropper breaks edges to many, and an accuser without cause accuses many, so either stands out, while
// an honest neighbour of theirs has trouble with one or two. Everybody sees the same reports and comes to the same end.
import type { DeviceKey } from '../../shared/types'
import { Bounded } from './bounded'
import { chain, partsOf, relative, type NodeSeed, type Ring, type Tree } from './heirs'

/** Latest nodes on which devices are judged. */
const SAMPLE_MAX = 512
const COUNTERPARTS_MIN = 4
/** Least share of broken edges, by the lower end of Wilson's 95 % interval: of those that a device should serve … */
const DROPS_MIN = 0.1
/** … and of those that it says it was not served by. Honest devices below several droppers come to some of it. */
const ACCUSES_MIN = 0.25
const WILSON_Z = 1.96
/** How long the accused has at least to say that it missed the node too: a round of checkpoints. */
const HEARING_MS = 5000
/** Nothing heard of the accused for this long: it was off, and is not judged. */
const HEARING_MAX_MS = 130_000
/** Younger nodes are no evidence for anybody yet: who missed them has not said so. */
const REPORTED_MS = 15_000
/** Judging walks the sample (a few ms), so charges are collected: so often, and so many devices at once. */
const JUDGE_EVERY_MS = 1000
const JUDGED_AT_ONCE_MAX = 4
/** Hearings that are open; the oldest is dropped. */
const HEARINGS_MAX = 4096
/** First demotion; each further one of the same device lasts twice as long, up to a day. */
const DEMOTED_MS = 5 * 60_000
const DEMOTED_MAX_MS = 24 * 3_600_000

export interface Demotion {
  /** drops: does not hand on; accuses: says of too many that they did not. */
  reason: 'drops' | 'accuses'
  /** Broken of all judged hand-overs, and with how many different devices. */
  broken: number
  of: number
  counterparts: number
  /** ms since 1970 UTC: since when, and when it is tried again. */
  since: number
  until: number
}
interface Sampled {
  /** ms since 1970 UTC. */
  at: number
  ring: Ring
  seed: NodeSeed
  late: [Set<DeviceKey> | null, Set<DeviceKey> | null]
  charges: { parent: DeviceKey; child: DeviceKey }[]
}
interface Hearing {
  place: string
  tree: Tree
  parent: DeviceKey
  child: DeviceKey
  since: number
}
interface Record {
  /** Broken edges by counterpart, as the one who should hand over and as the one who complains. */
  drops: Map<DeviceKey, number>
  accuses: Map<DeviceKey, number>
}

/** Lower end of Wilson's score interval (Wilson 1927) for `k` of `n`. */
export function wilsonLow(k: number, n: number, z: number = WILSON_Z): number {
  if (n === 0) return 0
  const p = k / n
  const z2 = z * z
  return (p + z2 / (2 * n) - z * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n))) / (1 + z2 / n)
}

export class Droppers {
  /** Who is a leaf for now, and why. */
  readonly demoted = new Map<DeviceKey, Demotion>()
  private readonly sample = new Bounded<string, Sampled>(SAMPLE_MAX)
  private readonly records = new Map<DeviceKey, Record>()
  private readonly times = new Map<DeviceKey, number>()
  private hearings: Hearing[] = []
  /** Charged since they were last judged. */
  private readonly charged = { drops: new Set<DeviceKey>(), accuses: new Set<DeviceKey>() }
  private judgedAt = 0

  /** `heardOf`: when a device last showed by a checkpoint that it holds what we hold; ms since 1970 UTC, or 0. */
  constructor(private readonly heardOf: (device: DeviceKey) => number) {}

  isDemoted(device: DeviceKey): boolean {
    return this.demoted.has(device)
  }

  /** A node that travelled the trees. */
  sampled(place: string, ring: Ring, seed: NodeSeed, at: number): void {
    if (this.sample.has(place)) return
    const gone = this.sample.add(place, { at, ring, seed, late: [null, null], charges: [] })
    for (const { parent, child } of gone?.[1].charges ?? []) {
      this.forget(this.records.get(parent)?.drops, child)
      this.forget(this.records.get(child)?.accuses, parent)
    }
  }
  private forget(counts: Map<DeviceKey, number> | undefined, device: DeviceKey): void {
    const left = (counts?.get(device) ?? 0) - 1
    if (left > 0) counts!.set(device, left)
    else counts?.delete(device)
  }

  /** `device` says that one tree of a node never brought it. */
  late(place: string, tree: Tree, device: DeviceKey, now: number): void {
    const node = this.sample.get(place)
    if (!node || node.late[tree]?.has(device)) return
    ;(node.late[tree] ??= new Set()).add(device)
    const path = chain(node.ring, node.seed, device, tree)?.path
    const parent = path?.at(-2)
    if (parent === undefined) return
    this.hearings.push({ place, tree, parent, child: device, since: now })
    if (this.hearings.length > HEARINGS_MAX) this.hearings.shift()
  }

  tick(now: number): void {
    for (const [device, { until }] of this.demoted) if (now >= until) this.demoted.delete(device)
    this.hear(now)
    if (now - this.judgedAt < JUDGE_EVERY_MS) return
    this.judgedAt = now
    for (const reason of ['drops', 'accuses'] as const)
      for (const device of [...this.charged[reason]].slice(0, JUDGED_AT_ONCE_MAX)) {
        this.charged[reason].delete(device)
        this.judge(device, reason, now)
      }
  }

  private hear(now: number): void {
    if (!this.hearings.length) return
    this.hearings = this.hearings.filter((hearing) => {
      if (now - hearing.since < HEARING_MS) return true
      const node = this.sample.get(hearing.place)
      // It missed the node as well: the edge above it is the broken one.
      if (!node || node.late[hearing.tree]?.has(hearing.parent)) return false
      if (this.heardOf(hearing.parent) < hearing.since) return now - hearing.since < HEARING_MAX_MS
      this.charge(node, hearing)
      return false
    })
  }

  private record(device: DeviceKey): Record {
    let record = this.records.get(device)
    if (!record) this.records.set(device, (record = { drops: new Map(), accuses: new Map() }))
    return record
  }

  private charge(node: Sampled, { parent, child }: Hearing): void {
    const { drops } = this.record(parent)
    const { accuses } = this.record(child)
    node.charges.push({ parent, child })
    drops.set(child, (drops.get(child) ?? 0) + 1)
    accuses.set(parent, (accuses.get(parent) ?? 0) + 1)
    this.charged.drops.add(parent)
    this.charged.accuses.add(child)
  }

  private judge(device: DeviceKey, reason: Demotion['reason'], now: number): void {
    const counts = this.record(device)[reason]
    const least = reason === 'drops' ? DROPS_MIN : ACCUSES_MIN
    if (counts.size < COUNTERPARTS_MIN || this.demoted.has(device)) return
    const broken = [...counts.values()].reduce((sum, n) => sum + n, 0)
    // Early reports count from the start, so there are never fewer edges than broken ones.
    const of = Math.max(broken, this.edgesOf(device, reason, now))
    if (wilsonLow(broken, of) <= least) return
    const times = this.times.get(device) ?? 0
    this.times.set(device, times + 1)
    const until = now + Math.min(DEMOTED_MAX_MS, DEMOTED_MS * 2 ** times)
    this.demoted.set(device, { reason, broken, of, counterparts: counts.size, since: now, until })
    // A fresh start for when it is tried again.
    for (const node of this.sample.values())
      node.charges = node.charges.filter((c) => (reason === 'drops' ? c.parent : c.child) !== device)
    const record = this.record(device)
    for (const counterpart of counts.keys()) {
      const other = this.records.get(counterpart)
      if (reason === 'drops') other?.accuses.delete(device)
      else other?.drops.delete(device)
    }
    record[reason].clear()
  }

  /** Hand-overs of the sample in which a device takes part: those that it makes, or those that it gets. */
  private edgesOf(device: DeviceKey, reason: Demotion['reason'], now: number): number {
    let edges = 0
    for (const { at, ring, seed } of this.sample.values()) {
      const x = relative(ring, seed, device)
      if (now - at < REPORTED_MS || x === null || (x === 0 && reason === 'accuses')) continue
      if (reason === 'accuses') edges += 2
      else
        for (const tree of [0, 1] as const) {
          const mine = chain(ring, seed, device, tree)
          if (mine) edges += partsOf(mine.segment, x).length
        }
    }
    return edges
  }
}
