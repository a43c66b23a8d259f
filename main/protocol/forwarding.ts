// Carrying nodes down the two heir trees (rules F3–F8, R1, R2): to whom our parts go, what is still unacknowledged, and
// who is tried next. Only this file counts copies; the rest of the engine never sends a node.
import type { DeviceKey, NodeId } from '../../shared/types'
import type { Crypto } from './crypto'
import type { LinkState } from './engine'
import {
  TREES,
  chain,
  heirOf,
  nodeSeed,
  partsOf,
  relative,
  type NodeSeed,
  type Ring,
  type Segment,
  type Tree,
} from './heirs'
import { SEGMENTS_PER_TREE_MAX } from './limits'
import type { Message } from './messages'
import type { TimelineNode } from './node'

/** The segment that came with a node. */
export interface Arrival extends Segment {
  tree: Tree
}

// Rule R1: a hand-over without an acknowledgement after clamp(3 × SRTT, 0.2 s, 1.5 s) goes to the next candidate.
const ACK_MIN_MS = 200
const ACK_MAX_MS = 1500
const ACK_SRTT_FACTOR = 3
/** Rule R1: silent for this long with something unacknowledged counts as offline. */
const SILENT_MS = 5000
/** Rule R2: how long the other tree's copy may take before our part of it is handed on without it. */
const OTHER_TREE_MS = 500
/** Rule R2: what is older than this is left to anti-entropy. */
const REPAIR_YOUNGER_MS = 8000
/** A device that could not be dialled is not tried again as an heir for this long. */
const UNREACHABLE_MS = 30_000
/** Nodes kept whole, for a segment that comes after its payload: it is on the same link, so soon. 16 MiB at most. */
const WHOLE_MAX = 256
/** Recently handled nodes, for dropping duplicates before any work: at 30 nodes/s more than two minutes. */
const RECENT_MAX = 4096

interface Recent {
  /** Segments handed on, by tree. */
  handed: [Segment[], Segment[]]
  /** Devices that got the payload over the link that we have with them. */
  carried: Set<DeviceKey>
}
interface HandOver {
  node: TimelineNode
  part: Segment
  tree: Tree
  to: DeviceKey
  /** Our own position relative to the author. */
  holder: number
  tried: Set<DeviceKey>
  sentAt: number
  deadline: number
}
interface AwaitedTree {
  node: TimelineNode
  tree: Tree
  at: number
}
export interface ForwardCounters {
  /** Payload copies sent and received over the trees. */
  sent: number
  received: number
  /** Nodes that went through here live: written here, or first received over a tree. */
  nodes: number
  /** Hand-overs that went to another candidate (rule R1), and parts taken over (rule R2). */
  retried: number
  takenOver: number
}

interface Ports {
  me: DeviceKey
  crypto: Crypto
  links: ReadonlyMap<DeviceKey, LinkState>
  ring(epoch: number): Ring | null
  /** Still on the latest list: a later removal is honoured in an old epoch's ring too (rule F9). */
  mayReceive(device: DeviceKey): boolean
  send(to: DeviceKey, message: Message): void
  dial(device: DeviceKey): void
}

export class Forwarding {
  readonly counters: ForwardCounters = { sent: 0, received: 0, nodes: 0, retried: 0, takenOver: 0 }
  private readonly recent = new Map<NodeId, Recent>()
  private readonly whole = new Map<NodeId, TimelineNode>()
  private readonly handOvers = new Map<string, HandOver>()
  private readonly awaited = new Map<NodeId, AwaitedTree>()
  private readonly reachable = new Set<DeviceKey>()
  private readonly failedAt = new Map<DeviceKey, number>()

  constructor(private readonly ports: Ports) {}

  /** Verified and stored a moment ago: a copy needs no work but its segment. */
  isKnown(id: NodeId): boolean {
    return this.recent.has(id)
  }

  learned(node: TimelineNode): void {
    if (this.recent.has(node.id)) return
    this.recent.set(node.id, { handed: [[], []], carried: new Set() })
    if (this.recent.size > RECENT_MAX) this.recent.delete(this.recent.keys().next().value!)
    this.whole.set(node.id, node)
    if (this.whole.size > WHOLE_MAX) this.whole.delete(this.whole.keys().next().value!)
  }

  /** A node that was stored a moment ago, or null. */
  lately(id: NodeId): TimelineNode | null {
    return this.whole.get(id) ?? null
  }

  setReachable(device: DeviceKey, reachable: boolean): void {
    if (reachable) this.reachable.add(device)
    else this.reachable.delete(device)
    this.failedAt.delete(device)
  }

  linkDown(device: DeviceKey, now: number): void {
    for (const { carried } of this.recent.values()) carried.delete(device)
    for (const handOver of this.handOvers.values()) if (handOver.to === device) handOver.deadline = now
  }

  /** Ring and seed of a node; null: its epoch is not known here, or its author is not on that ring. */
  private routeOf(node: TimelineNode): { ring: Ring; seed: NodeSeed } | null {
    const ring = this.ports.ring(node.epoch)
    const seed = ring && nodeSeed(this.ports.crypto, ring, node.device, node.seq)
    return seed && { ring, seed }
  }

  /** A new own node: down both trees (rule F7, FULL). */
  begin(node: TimelineNode, now: number): void {
    const ring = this.ports.ring(node.epoch)
    if (!ring) return
    for (const tree of TREES) this.handOn(node, { tree, lo: 0, len: ring.n }, now, true)
  }

  /** Hands on our parts of a segment. False: the segment is not one that we can hold (rule F8). */
  handOn(node: TimelineNode, arrival: Arrival, now: number, own = false): boolean {
    const recent = this.recent.get(node.id)
    const route = this.routeOf(node)
    if (!recent || !route) return true
    const { ring, seed } = route
    const holder = relative(ring, seed, this.ports.me)
    // Admitted after the node's epoch: we are on nobody's ring for it, and hand nothing on.
    if (holder === null) return true
    const { lo, len, tree } = arrival
    if (lo + len > ring.n || holder < lo || holder >= lo + len || (holder === 0) !== own) return false
    if (this.awaited.get(node.id)?.tree === tree) this.awaited.delete(node.id)
    const handed = recent.handed[tree]
    if (handed.some((s) => s.lo === lo && s.len === len)) return true
    // Repair may bring more than are worth handing on: the rest is dropped, and nobody is to blame.
    if (handed.length >= SEGMENTS_PER_TREE_MAX) return true
    handed.push({ lo, len })
    for (const part of partsOf({ lo, len }, holder))
      this.handOver(ring, seed, { node, part, tree, holder, tried: new Set() }, now)
    if (recent.handed[0].length + recent.handed[1].length === 1) this.counters.nodes++
    return true
  }

  /** After the first copy: expect the other tree's (rule R2). */
  awaitOther(node: TimelineNode, came: Tree, now: number): void {
    this.awaited.set(node.id, { node, tree: came === 0 ? 1 : 0, at: now + OTHER_TREE_MS })
  }

  private usable(device: DeviceKey, tried: ReadonlySet<DeviceKey>, now: number): boolean {
    if (device === this.ports.me || tried.has(device) || !this.ports.mayReceive(device)) return false
    if (this.ports.links.has(device)) return now - (this.failedAt.get(device) ?? -Infinity) >= SILENT_MS
    return this.reachable.has(device) && now - (this.failedAt.get(device) ?? -Infinity) >= UNREACHABLE_MS
  }

  private handOver(
    ring: Ring,
    seed: NodeSeed,
    what: Omit<HandOver, 'to' | 'sentAt' | 'deadline'>,
    now: number,
  ): boolean {
    const { node, part, tree, tried } = what
    const to = heirOf(ring, seed, what.holder, part, tree, { usable: (device) => this.usable(device, tried, now) })
    if (to === null) return false
    const link = this.ports.links.get(to)
    if (!link) this.ports.dial(to)
    const wait =
      link?.srttMs == null ? ACK_MAX_MS : Math.min(ACK_MAX_MS, Math.max(ACK_MIN_MS, ACK_SRTT_FACTOR * link.srttMs))
    this.handOvers.set(`${node.id}${tree}${to}`, { ...what, to, sentAt: now, deadline: now + wait })
    const carried = this.recent.get(node.id)?.carried
    // In a small circle both trees often lead to the same neighbour: one payload does for both.
    if (link && carried?.has(to)) this.ports.send(to, { type: 'part', tree, ...part, id: node.id })
    else {
      if (link) carried?.add(to)
      this.counters.sent++
      this.ports.send(to, { type: 'node', tree, ...part, bytes: node.bytes })
    }
    return true
  }

  awaits(device: DeviceKey): boolean {
    return [...this.handOvers.values()].some((handOver) => handOver.to === device)
  }

  /** Something waits for a deadline. */
  busy(): boolean {
    return this.handOvers.size > 0 || this.awaited.size > 0
  }

  /** An acknowledgement came. The hand-over that it settles, or null. */
  acknowledged(from: DeviceKey, tree: Tree, id: NodeId, now: number): { node: TimelineNode } | null {
    const key = `${id}${tree}${from}`
    const handOver = this.handOvers.get(key)
    this.failedAt.delete(from)
    if (!handOver) return null
    this.handOvers.delete(key)
    const link = this.ports.links.get(from)
    if (link) this.measured(link, now - handOver.sentAt)
    return handOver
  }

  measured(link: LinkState, sampleMs: number): void {
    link.srttMs = link.srttMs === null ? sampleMs : link.srttMs + (sampleMs - link.srttMs) / 8
  }

  tick(now: number): void {
    for (const [key, handOver] of this.handOvers) {
      if (now < handOver.deadline) continue
      this.handOvers.delete(key)
      const { node, to, tried } = handOver
      const link = this.ports.links.get(to)
      if (!link || now - link.lastHeardAt >= SILENT_MS) this.failedAt.set(to, now)
      const route = this.routeOf(node)
      if (!route) continue
      tried.add(to)
      if (this.handOver(route.ring, route.seed, handOver, now)) this.counters.retried++
    }
    for (const [id, { node, tree, at }] of this.awaited) {
      if (now < at) continue
      this.awaited.delete(id)
      if (now - at > REPAIR_YOUNGER_MS) continue
      const route = this.routeOf(node)
      const mine = route && chain(route.ring, route.seed, this.ports.me, tree)
      // A leaf of that tree has nothing to hand on.
      if (!mine || mine.segment.len <= 1) continue
      this.counters.takenOver++
      this.handOn(node, { tree, ...mine.segment }, now)
    }
  }
}
