// Carrying nodes down the two heir trees (rules F3–F8, R1, R2): to whom our parts go, what is still unacknowledged, who is
// tried next, and which tree has not brought what it should. Only this file counts copies; the rest of the engine never
// sends a node.
import type { DeviceKey, NodeId } from '../../shared/types'
import type { Crypto } from './crypto'
import {
  TREES,
  areNeighbours,
  chain,
  heirOf,
  nodeSeed,
  partsOf,
  relative,
  type NodeSeed,
  type Reach,
  type Ring,
  type Segment,
  type Tree,
} from './heirs'
import { SEGMENTS_PER_TREE_MAX } from './limits'
import type { LinkState } from './links'
import { Bounded } from './bounded'
import { markOf, type Late, type Message } from './messages'
import type { TimelineNode } from './node'
import type { PlaceKey, Places } from './places'
import type { Range } from './timeline'

/** The segment that came with a node or an announcement. */
export interface Arrival extends Segment {
  tree: Tree
  /** The node travels in BRIEF mode (rule F7). */
  brief: boolean
}
export type Announcement = Extract<Message, { type: 'announce' }>

// Rule R1: a hand-over without an acknowledgement after clamp(3 × SRTT, 0.2 s, 1.5 s) goes to the next candidate. An
// acknowledgement may wait ACK_RIDE_MS for a frame to ride on.
const ACK_MIN_MS = 200
const ACK_MAX_MS = 1500
const ACK_SRTT_FACTOR = 3
export const ACK_RIDE_MS = 50
/** Rule R1: silent for this long with something unacknowledged counts as offline. */
const SILENT_MS = 5000
/**
 * Rule R2: how long the other tree's copy may take before our part of it is handed on without it. Where the machines are
 * busy and the copies usually lie further apart, several times as long as usual: more copies would make it worse.
 */
const OTHER_TREE_MS = 500
const OTHER_TREE_MAX_MS = 6000
const OTHER_TREE_FACTOR = 4
const OTHER_TREE_ALPHA = 1 / 8
/** So much later a tree that has not brought a node is reported (rule R6): retries and take-overs above us had their time. */
const LATE_MS = 2500
/** From this patience on the circle is busier than it can be. */
const BUSY_MS = 3000
/** Deadlines that are met so much too late were missed by ourselves: nothing that came meanwhile has been looked at. */
const BLOCKED_MS = 100
/**
 * Everything that waits is looked through at each wake-up. So many looks a millisecond are a hundredth of a core: with more
 * waiting than that, the next wake-up is not sooner. 10,000 hand-overs are then up to 50 ms late, of at least 200.
 */
const LOOKS_PER_MS = 200
/** Rule R2: what is older than this is left to anti-entropy. */
export const REPAIR_YOUNGER_MS = 8000
/** A device that could not be dialled is not tried again as an heir for this long. */
const UNREACHABLE_MS = 30_000
/** Nodes kept whole, for a segment that comes after its payload: it is on the same link, so soon. 16 MiB at most. */
const WHOLE_MAX = 256
/** Recently handled nodes, for dropping duplicates before any work: at 30 nodes/s more than two minutes. */
const RECENT_MAX = 4096
/**
 * Hand-overs without an acknowledgement, and nodes of which something has not come: at 1,000 nodes a second that is all
 * there can be before they are overdue. The oldest is dropped; anti-entropy does without.
 */
const HAND_OVERS_MAX = 32_768
const AWAITED_MAX = 16_384
/** Reports that wait for a checkpoint; the oldest is dropped. */
const LATE_WAITING_MAX = 256
/** Announcements whose node is not here; the oldest is dropped, and anti-entropy finds the node. */
const ANNOUNCED_MAX = 4096

interface Route {
  ring: Ring
  seed: NodeSeed
  /** Our own position relative to the author. */
  holder: number
}
interface Recent {
  /** Only for the last WHOLE_MAX. */
  node: TimelineNode | null
  /** Null: not a ring that we know or are on. */
  route: Route | null
  /** Segments handed on, by tree. */
  handed: [Segment[], Segment[]]
  /** Devices that got the payload over the link that we have with them. */
  carried: Set<DeviceKey> | null
}
interface HandOver {
  node: TimelineNode
  part: Segment
  tree: Tree
  brief: boolean
  to: DeviceKey
  tried: Set<DeviceKey>
  sentAt: number
  deadline: number
}
/** What of a node has not come yet. */
interface Awaited {
  node: TimelineNode
  brief: boolean
  missing: [boolean, boolean]
  since: number
  takeOverAt: number
  reportAt: number
}
export interface ForwardCounters {
  /** Payload copies sent and received over the trees, and announcements sent. */
  sent: number
  received: number
  announced: number
  /** Payloads received of what was here already. */
  duplicates: number
  /** Nodes that went through here live: written here, or first received over a tree. */
  nodes: number
  /** Hand-overs that went to another candidate (rule R1), and parts taken over (rule R2). */
  retried: number
  takenOver: number
  /** Trees that never brought a node (rule R6). */
  late: number
}

interface Ports {
  me: DeviceKey
  places: Places
  crypto: Crypto
  links: ReadonlyMap<DeviceKey, LinkState>
  ring(epoch: number): Ring | null
  /** The ring by which links are kept. */
  currentRing(): Ring | null
  /** Still on the latest list: a later removal is honoured in an old epoch's ring too (rule F9). */
  mayReceive(device: DeviceKey): boolean
  /** Heard of lately by anybody (rule M7). */
  alive(device: DeviceKey): boolean
  /** Only a last resort (rule R6). */
  demoted(device: DeviceKey): boolean
  /** A node came live: droppers are judged by it. */
  sampled(node: TimelineNode, ring: Ring, seed: NodeSeed): void
  send(to: DeviceKey, message: Message): void
  dial(device: DeviceKey): void
}

export class Forwarding {
  readonly counters: ForwardCounters = {
    sent: 0,
    received: 0,
    announced: 0,
    duplicates: 0,
    nodes: 0,
    retried: 0,
    takenOver: 0,
    late: 0,
  }
  private readonly recent = new Bounded<NodeId, Recent>(RECENT_MAX)
  private readonly recentAt = new Bounded<PlaceKey, Recent>(RECENT_MAX)
  /** The last WHOLE_MAX, in a ring. */
  private readonly whole: Recent[] = []
  private wholeNext = 0
  private readonly handOvers = new Map<string, HandOver>()
  private readonly awaited = new Map<NodeId, Awaited>()
  /** Announced, not here: the segments to hand on once it is. */
  private readonly announced = new Bounded<PlaceKey, Segment>(ANNOUNCED_MAX)
  private readonly lateWaiting: Late[] = []
  private readonly reachable = new Set<DeviceKey>()
  private everybodyReachable = false
  private readonly failedAt = new Map<DeviceKey, number>()
  /** Did not acknowledge in time, and has not been heard since: only a last resort. */
  private readonly suspectedAt = new Map<DeviceKey, number>()
  private wake = Infinity
  /** How far the two copies of a node usually lie apart, ms. */
  private usuallyApartMs = 0

  constructor(private readonly ports: Ports) {}

  /** How long what is on its way may take before it is missed. */
  get patienceMs(): number {
    return Math.min(OTHER_TREE_MAX_MS, Math.max(OTHER_TREE_MS, OTHER_TREE_FACTOR * this.usuallyApartMs))
  }

  /** Verified and stored a moment ago: a copy needs no work but its segment. */
  isKnown(id: NodeId): boolean {
    return this.recent.has(id)
  }

  /** A node is stored. */
  learned(node: TimelineNode): void {
    if (this.recent.has(node.id)) return
    const recent: Recent = { node, route: this.routeOf(node), handed: [[], []], carried: null }
    this.recent.add(node.id, recent)
    const place = this.ports.places.key(node.device, node.seq)
    if (!this.recentAt.has(place)) this.recentAt.add(place, recent)
    const gone = this.whole[this.wholeNext]
    if (gone) gone.node = null
    this.whole[this.wholeNext] = recent
    this.wholeNext = (this.wholeNext + 1) % WHOLE_MAX
  }

  /** A node that was stored a moment ago, or null. */
  lately(id: NodeId): TimelineNode | null {
    return this.recent.get(id)?.node ?? null
  }

  setReachable(device: DeviceKey, reachable: boolean): void {
    if (reachable) this.reachable.add(device)
    else this.reachable.delete(device)
    this.failedAt.delete(device)
  }
  setEverybodyReachable(reachable: boolean): void {
    this.everybodyReachable = reachable
    this.failedAt.clear()
  }

  linkUp(device: DeviceKey): void {
    this.failedAt.delete(device)
    this.suspectedAt.delete(device)
  }
  linkDown(device: DeviceKey, now: number): void {
    for (const { carried } of this.recent.values()) carried?.delete(device)
    for (const handOver of this.handOvers.values()) if (handOver.to === device) handOver.deadline = now
    this.wake = Math.min(this.wake, now)
  }

  /** Null: its epoch is not known here, or it or we are not on that ring (admitted later). */
  private routeOf(node: TimelineNode): Route | null {
    const ring = this.ports.ring(node.epoch)
    const seed = ring && nodeSeed(this.ports.crypto, ring, node.device, node.seq)
    const holder = seed && relative(ring, seed, this.ports.me)
    return seed && holder !== null ? { ring, seed, holder } : null
  }

  /** A new own node: down both trees (rule F7). */
  begin(node: TimelineNode, brief: boolean, now: number): void {
    const route = this.recent.get(node.id)?.route
    if (!route) return
    this.ports.sampled(node, route.ring, route.seed)
    for (const tree of TREES) this.spread(node, { tree, brief, lo: 0, len: route.ring.n }, now)
  }

  /** Hands on our parts of a segment. False: the segment is not one that we can hold (rule F8). */
  handOn(node: TimelineNode, arrival: Arrival, now: number): boolean {
    const route = this.recent.get(node.id)?.route
    if (!route) return true
    const { lo, len, tree } = arrival
    const { holder, ring } = route
    if (lo + len > ring.n || holder < lo || holder >= lo + len || holder === 0) return false
    const awaited = this.awaited.get(node.id)
    if (awaited?.missing[tree]) {
      awaited.missing[tree] = false
      this.usuallyApartMs += (now - awaited.since - this.usuallyApartMs) * OTHER_TREE_ALPHA
      if (!awaited.missing.includes(true)) this.awaited.delete(node.id)
    }
    this.spread(node, arrival, now)
    return true
  }

  private spread(node: TimelineNode, { tree, brief, lo, len }: Arrival, now: number): void {
    const { handed, route } = this.recent.get(node.id)!
    if (handed[tree].some((s) => s.lo === lo && s.len === len)) return
    // Repair may bring more than are worth handing on: the rest is dropped, and nobody is to blame.
    if (handed[tree].length >= SEGMENTS_PER_TREE_MAX) return
    handed[tree].push({ lo, len })
    for (const part of partsOf({ lo, len }, route!.holder))
      this.handOver(route!, { node, part, tree, brief, tried: new Set() }, now)
    if (handed[0].length + handed[1].length === 1) this.counters.nodes++
  }

  /** A first copy came over `tree`: expect the other one, unless it was announced before (rule R2). */
  first(node: TimelineNode, { tree, brief }: Arrival, now: number): void {
    const route = this.recent.get(node.id)?.route
    if (!route) return
    this.ports.sampled(node, route.ring, route.seed)
    this.await(node, brief, tree === 0 ? [false, true] : [true, false], now)
    this.announcedBefore(node, now)
  }

  /**
   * A node came by a pull: whoever was repaired forwards its parts while the node is `young` (rule R2). `settled`: the trees
   * should have brought it.
   */
  repaired(node: TimelineNode, young: boolean, settled: boolean, now: number): void {
    const route = this.recent.get(node.id)?.route
    if (!route || route.holder === 0 || !young) {
      this.announced.delete(this.ports.places.key(node.device, node.seq))
      return
    }
    this.ports.sampled(node, route.ring, route.seed)
    if (settled) this.await(node, true, [true, true], now)
    this.announcedBefore(node, now)
    this.takeOver(node, true, [true, !this.recent.get(node.id)!.handed[1].length], now)
  }

  /** Nodes came by a pull that are too old to be handed on. */
  passed(device: DeviceKey, { from, to }: Range): void {
    if (!this.announced.size) return
    for (let seq = from; seq <= to; seq++) this.announced.delete(this.ports.places.key(device, seq))
  }

  private await(node: TimelineNode, brief: boolean, missing: [boolean, boolean], now: number): void {
    const takeOverAt = now + this.patienceMs
    this.awaited.set(node.id, { node, brief, missing, since: now, takeOverAt, reportAt: takeOverAt + LATE_MS })
    if (this.awaited.size > AWAITED_MAX) this.awaited.delete(this.awaited.keys().next().value!)
    this.wake = Math.min(this.wake, takeOverAt)
  }

  // -------------------------------------------------------------- announcements

  /** An announcement came: handed on now, or once its node is here. False: the segment is not one that we can hold. */
  heard({ seq, lo, len }: Announcement, author: DeviceKey, here: boolean, now: number): boolean {
    const key = this.ports.places.key(author, seq)
    const node = this.recentAt.get(key)?.node
    if (node) return this.handOn(node, { tree: 1, brief: true, lo, len }, now)
    if (here) return true
    if (this.announced.has(key)) this.announced.set(key, { lo, len })
    else this.announced.add(key, { lo, len })
    return true
  }

  private announcedBefore(node: TimelineNode, now: number): void {
    if (!this.announced.size) return
    const key = this.ports.places.key(node.device, node.seq)
    const known = this.announced.get(key)
    if (!known) return
    this.announced.delete(key)
    this.handOn(node, { tree: 1, brief: true, ...known }, now)
  }

  // -------------------------------------------------------------- handing over

  private usable(device: DeviceKey, tried: ReadonlySet<DeviceKey> | null, now: number): boolean {
    const { ports } = this
    if (device === ports.me || tried?.has(device) || !ports.mayReceive(device)) return false
    const failedMs = now - (this.failedAt.get(device) ?? -Infinity)
    if (ports.links.has(device)) return failedMs >= SILENT_MS
    // A neighbour without a link is off: its link is dialled all the time. Others are dialled when they are needed.
    const ring = ports.currentRing()
    if (ring && areNeighbours(ring, ports.me, device)) return false
    if (failedMs < UNREACHABLE_MS) return false
    return this.reachable.has(device) || this.everybodyReachable
  }
  private weak(device: DeviceKey): boolean {
    const { ports } = this
    if (ports.demoted(device)) return true
    if (!ports.links.has(device) && !this.reachable.has(device) && !ports.alive(device)) return true
    const since = this.suspectedAt.get(device)
    if (since === undefined) return false
    if ((ports.links.get(device)?.lastHeardAt ?? 0) <= since) return true
    this.suspectedAt.delete(device)
    return false
  }
  /** Who can be handed something, and who only as a last resort (rule F6). */
  reach(now: number, tried: ReadonlySet<DeviceKey> | null = null): Reach {
    return { usable: (device) => this.usable(device, tried, now), weak: (device) => this.weak(device) }
  }

  private handOver(route: Route, what: Omit<HandOver, 'to' | 'sentAt' | 'deadline'>, now: number): boolean {
    const { node, part, tree, brief, tried } = what
    const to = heirOf(route.ring, route.seed, route.holder, part, tree, this.reach(now, tried))
    if (to === null) return false
    const link = this.ports.links.get(to)
    if (!link) this.ports.dial(to)
    const wait =
      link?.srttMs == null
        ? ACK_MAX_MS
        : Math.min(ACK_MAX_MS, Math.max(ACK_MIN_MS, ACK_SRTT_FACTOR * link.srttMs + ACK_RIDE_MS))
    const deadline = now + wait
    this.handOvers.set(`${markOf(node.id)}${tree}${to}`, { ...what, to, sentAt: now, deadline })
    if (this.handOvers.size > HAND_OVERS_MAX) this.handOvers.delete(this.handOvers.keys().next().value!)
    this.wake = Math.min(this.wake, deadline)
    const recent = this.recent.get(node.id)
    if (brief && tree === 1) {
      const { epoch, seq } = node
      this.counters.announced++
      this.ports.send(to, { type: 'announce', epoch, author: route.seed.author, seq, mark: markOf(node.id), ...part })
    } else if (link && recent?.carried?.has(to)) {
      // In a small circle both trees often lead to the same neighbour: one payload does for both.
      this.ports.send(to, { type: 'part', tree, ...part, id: node.id })
    } else {
      if (link && recent) (recent.carried ??= new Set()).add(to)
      this.counters.sent++
      this.ports.send(to, { type: 'node', tree, brief, ...part, bytes: node.bytes })
    }
    return true
  }

  awaits(device: DeviceKey): boolean {
    return [...this.handOvers.values()].some((handOver) => handOver.to === device)
  }

  /** An acknowledgement came. The hand-over that it settles, or null. */
  acknowledged(link: LinkState, tree: Tree, mark: string, now: number): { node: TimelineNode } | null {
    const key = `${mark}${tree}${link.device}`
    const handOver = this.handOvers.get(key)
    this.failedAt.delete(link.device)
    if (!handOver) return null
    this.handOvers.delete(key)
    // Anything faster than a ride is told by the acknowledgement itself; a slower one may have waited for it.
    const sample = now - handOver.sentAt
    link.measured(link.srttMs === null ? sample : Math.min(sample, Math.max(link.srttMs, sample - ACK_RIDE_MS)))
    return handOver
  }

  // -------------------------------------------------------------- time

  /** When something is due. */
  wakeAt(): number {
    return this.wake
  }

  /** The reports for the next checkpoint. */
  takeLate(max: number): Late[] {
    return this.lateWaiting.splice(0, max)
  }

  tick(now: number): void {
    if (now < this.wake) return
    const late = now - this.wake
    this.wake = Infinity
    if (late > BLOCKED_MS) this.postpone(late)
    for (const [key, handOver] of this.handOvers) {
      if (now >= handOver.deadline) this.overdue(key, handOver, now)
      else this.wake = Math.min(this.wake, handOver.deadline)
    }
    for (const [id, awaited] of this.awaited) {
      if (now >= awaited.takeOverAt) {
        awaited.takeOverAt = Infinity
        this.takeOver(awaited.node, awaited.brief, awaited.missing, now)
      }
      if (now >= awaited.reportAt) {
        this.awaited.delete(id)
        this.report(awaited)
      } else this.wake = Math.min(this.wake, awaited.takeOverAt, awaited.reportAt)
    }
    const looks = this.handOvers.size + this.awaited.size
    this.wake = Math.max(this.wake, now + Math.floor(looks / LOOKS_PER_MS))
  }

  /** This process did nothing for a while (a full machine, a sleeping one): what it waits for may lie in its sockets. */
  private postpone(ms: number): void {
    for (const handOver of this.handOvers.values()) handOver.deadline += ms
    for (const awaited of this.awaited.values()) {
      awaited.takeOverAt += ms
      awaited.reportAt += ms
    }
  }

  /** What else is on its way to it need not wait for its own deadline. */
  private suspect(device: DeviceKey, now: number): void {
    this.suspectedAt.set(device, now)
    for (const handOver of this.handOvers.values())
      if (handOver.to === device) handOver.deadline = Math.min(handOver.deadline, handOver.sentAt + ACK_MIN_MS)
  }

  private overdue(key: string, handOver: HandOver, now: number): void {
    const { node, to, tried } = handOver
    const link = this.ports.links.get(to)
    // It is there, and slow: another copy by another way would make it slower.
    const waitedMs = now - handOver.sentAt
    if (link && link.lastHeardAt > handOver.sentAt && waitedMs < SILENT_MS) {
      handOver.deadline = Math.min(handOver.sentAt + SILENT_MS, now + Math.max(ACK_MIN_MS, waitedMs))
      this.wake = Math.min(this.wake, handOver.deadline)
      return
    }
    this.handOvers.delete(key)
    if (!link || now - link.lastHeardAt >= SILENT_MS) this.failedAt.set(to, now)
    else if (link.lastHeardAt <= handOver.sentAt) this.suspect(to, now)
    const route = this.recent.get(node.id)?.route
    if (!route) return
    tried.add(to)
    if (this.handOver(route, handOver, now)) this.counters.retried++
  }

  /** Hands on our own part of each tree that has not brought a node. */
  private takeOver(node: TimelineNode, brief: boolean, missing: [boolean, boolean], now: number): void {
    const route = this.recent.get(node.id)?.route
    if (!route) return
    for (const tree of TREES) {
      const mine = missing[tree] && chain(route.ring, route.seed, this.ports.me, tree)
      // A leaf of that tree has nothing to hand on.
      if (!mine || mine.segment.len <= 1) continue
      this.counters.takenOver++
      this.spread(node, { tree, brief, ...mine.segment }, now)
    }
  }

  private report({ node, missing }: Awaited): void {
    const route = this.recent.get(node.id)?.route
    // Where everything is slow, nobody is to blame.
    if (!route || this.patienceMs >= BUSY_MS) return
    for (const tree of TREES) {
      if (!missing[tree]) continue
      this.counters.late++
      this.lateWaiting.push({ epoch: node.epoch, author: route.seed.author, seq: node.seq, tree })
      if (this.lateWaiting.length > LATE_WAITING_MAX) this.lateWaiting.shift()
    }
  }
}
