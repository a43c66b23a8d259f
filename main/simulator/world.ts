// A circle in virtual time: the engine, driver and outbox that ship, over a network that delays, loses, doubles, reorders
// and splits by a seed, and disks that outlive their peers. Of main/peer only the wiring of circle.ts is written again here.
import type { DeviceKey } from '../../shared/types'
import { decideDial, newDialRecord, type DialRecord } from '../net/dial'
import { Driver, type DriverHooks, type Machine } from '../peer/driver'
import type { Link, StorePort } from '../peer/ports'
import type { Crypto, Sign } from '../protocol/crypto'
import { Cuts, WHOLE } from '../protocol/cuts'
import { Engine, type EngineOptions } from '../protocol/engine'
import type { HaveVector } from '../protocol/have'
import { areNeighbours, neighboursOf } from '../protocol/heirs'
import { encodeContent } from '../protocol/kinds'
import { decodeEpoch, type EpochRecord } from '../protocol/epoch-record'
import { acceptEpoch } from '../protocol/epochs'
import { foundedList, isCurrentDevice, type MemberList } from '../protocol/membership'
import { makeNode, type TimelineNode } from '../protocol/node'
import type { Proven } from '../protocol/receipts'
import { Rings } from '../protocol/rings'
import { syncItem } from '../protocol/store-item'
import { Clock } from './clock'
import { seededRandom } from './random'

/** A link delivers in order, as main/net's do, unless told otherwise. */
export interface NetworkModel {
  /** One-way latency of each frame: uniform between the two, or what the function says of two peers. */
  latencyMs: [least: number, most: number] | ((from: number, to: number) => number)
  /** Probabilities per frame. */
  loss: number
  duplication: number
  /** Frames may overtake each other. */
  reordering: boolean
}
export const CALM: NetworkModel = { latencyMs: [1, 20], loss: 0, duplication: 0, reordering: false }

export interface SimulatedDevice {
  key: DeviceKey
  sign: Sign
}
export interface SimulatedCircle {
  list: MemberList
  records: readonly EpochRecord[]
  people: readonly { device: SimulatedDevice }[]
}
export type Disk = Pick<StorePort, 'append' | 'packedRun' | 'acknowledge' | 'have' | 'height' | 'at' | 'cutOff'>

/** A link notices that the other end is gone: main/net's keep-alive and what UDX retries take about this long. */
const LINK_DEAD_MS = 10_000
/** Round trips of a new link: Noise's handshake, and the greeting of main/net. */
const HANDSHAKE_TRIPS = 2
/** A dial that nobody answers on a LAN (main/net). */
const DIAL_FAILS_MS = 4000

export interface PeerSetup extends Pick<EngineOptions, 'mode' | 'receipts'> {
  /** Puts something between engine and driver: a measurement, or a peer that does not do as it should. */
  machine?: (engine: Engine, peer: Peer) => Machine
  hooks?: Partial<DriverHooks>
  /** A link is up at this end. */
  linked?: (device: DeviceKey) => void
}

export class Peer {
  engine!: Engine
  driver!: Driver
  list: MemberList
  records: readonly EpochRecord[]
  running = false
  private crashed = false
  private starts = 0
  /** Its clock is wrong by this much. */
  clockMs = 0
  /** Checkpoints outlive the process like the disk. */
  private proven: readonly Proven[] = []

  constructor(
    readonly world: World,
    readonly index: number,
    readonly device: SimulatedDevice,
    readonly disk: Disk,
    readonly setup: PeerSetup,
  ) {
    this.list = world.circle.list
    this.records = world.circle.records
  }

  get key(): DeviceKey {
    return this.device.key
  }
  now(): number {
    return this.world.clock.at + this.clockMs
  }

  /** Begins with the list that these records make. */
  knows(records: readonly Uint8Array[]): this {
    this.list = foundedList(this.world.circle.list.genesis)
    this.records = []
    for (const bytes of records) this.accept(bytes)
    return this
  }

  private accept(bytes: Uint8Array): boolean {
    const { crypto } = this.world
    const record = decodeEpoch(crypto, bytes)
    if (!record || record.number <= this.list.epoch) return record !== null
    const next = acceptEpoch(crypto, this.list, record)
    if (!next.ok) return false
    this.list = next.list
    this.records = [...this.records, record]
    return true
  }

  /** As Circle.onEpochs and Circle.onListChanged. */
  adopt(records: readonly Uint8Array[]): void {
    const before = this.list.epoch
    for (const bytes of records) if (!this.accept(bytes)) break
    if (this.list.epoch === before) return
    this.driver.handle({ type: 'list-changed', list: this.list, have: this.cutOff() })
    this.world.wantLinks(this)
  }
  private cutOff(): HaveVector {
    const changed: HaveVector = new Map()
    for (const { key, cutoffSeq } of this.list.devices.values()) {
      if (cutoffSeq === undefined) continue
      const known = this.engine.have.get(key)
      if ((known?.floating.at(-1)?.to ?? known?.height ?? 0) <= cutoffSeq) continue
      const left = this.disk.cutOff(key, cutoffSeq)
      if (left) changed.set(key, left)
    }
    return changed
  }

  start(): void {
    const { world, setup } = this
    const { machine, hooks: more, linked: _linked, ...how } = setup
    // Timers of an earlier process died with it.
    const start = ++this.starts
    this.engine = new Engine({
      crypto: world.crypto,
      sign: this.device.sign,
      me: this.key,
      list: this.list,
      rings: world.rings,
      have: this.disk.have(),
      proven: this.proven,
      app: 'simulation',
      random: () => Math.floor(world.random() * 4_294_967_296),
      ...how,
    })
    const hooks: DriverHooks = {
      stored: () => {},
      storedRun: () => {},
      epochsArrived: (_from, records) => this.adopt(records),
      epochsWanted: (after) => this.records.slice(after).map((r) => r.bytes),
      inStep: () => {},
      ownTimelineAhead: () => {},
      ownHeld: () => {},
      receipts: () => {},
      traffic: () => {},
      refused: () => {},
      storeTrouble: () => {},
      changed: () => {},
      aside: () => {},
      forked: () => {},
      keptOut: () => {},
      behindCutOff: () => this.driver.handle({ type: 'list-changed', list: this.list, have: this.cutOff() }),
      ...more,
    }
    const parts = {
      secrets: { crypto: world.crypto },
      now: () => this.now(),
      after: (ms: number, run: () => void) =>
        world.clock.after(ms, () => this.running && this.starts === start && run()),
      log: () => {},
    }
    const between = machine?.(this.engine, this) ?? this.engine
    this.driver = new Driver(parts, between, this.disk as StorePort, hooks)
    this.driver.use({ dial: (device: DeviceKey) => world.dial(this, device) } as never)
    if (this.crashed) world.unlinkAll(this.key)
    this.crashed = false
    this.running = true
    if (world.redial) this.driver.handle({ type: 'reachable', device: null, reachable: true })
    world.clock.after(0, () => this.driver.start())
    world.wantLinks(this)
  }

  linkUp(end: Link): void {
    this.driver.linkUp(end)
    this.setup.linked?.(end.remote)
  }

  /** The process ends and the system closes its sockets; the disk stays. */
  stop(): void {
    this.proven = [...this.engine.receipts.proven.values()]
    this.world.unlinkAll(this.key)
    this.driver.stop()
    this.running = false
  }
  /** The machine is gone without a word: the others notice by themselves. */
  crash(): void {
    this.proven = [...this.engine.receipts.proven.values()]
    this.running = false
    this.crashed = true
    this.world.silence(this.key)
  }

  /** The next own node, not yet stored: as Circle.write. */
  compose(text = ''): TimelineNode {
    const seq = this.disk.height(this.key) + 1
    const head = seq > 1 ? this.disk.at(this.key, seq - 1)! : null
    return makeNode(
      this.world.crypto,
      {
        circle: this.list.circle,
        device: this.key,
        seq,
        ...(head && { backlink: head.id }),
        timestamp: Math.max(this.now(), (head?.timestamp ?? 0) + 1),
        epoch: this.list.epoch,
        ...encodeContent({ kind: 'post', text: text || `entry ${seq}` }),
      },
      this.device.sign,
    )
  }
  append(node: TimelineNode): void {
    this.driver.append([{ node, origin: { from: null, how: 'own', tree: null }, arrival: null }])
  }
  post(text = ''): TimelineNode {
    const node = this.compose(text)
    this.world.turn(() => this.append(node))
    return node
  }

  /** Puts what was written before the world began onto the disk. */
  already(nodes: readonly TimelineNode[]): this {
    const items = nodes.map((node) => syncItem(node))
    this.disk.append(items, (device) => this.list.devices.get(device)!.member, this.world.clock.at)
    return this
  }

  /** Digest of everything here. */
  digest(): string {
    return new Cuts(this.world.crypto, this.engine.have).at(WHOLE)!.key
  }
  holds(node: TimelineNode): boolean {
    return this.disk.at(node.device, node.seq)?.id === node.id
  }
}

interface Wire {
  key: string
  a: Peer
  b: Peer
  up: boolean
  /** One end is gone without a word. */
  dead: boolean
  /** Latest arrival at each end, to keep the order. */
  latest: [number, number]
  ends: [Link, Link]
  /** Redialling. */
  record: DialRecord | null
}

export interface WorldOptions {
  crypto: Crypto
  circle: SimulatedCircle
  startAt: number
  seed?: number
  network?: NetworkModel
  /** Lost links are dialled again by main/net's own decision, and heirs on demand. */
  redial?: boolean
  disk: (index: number) => Disk
  setup?: PeerSetup
}

export class World {
  readonly clock: Clock
  readonly random: () => number
  readonly crypto: Crypto
  readonly circle: SimulatedCircle
  readonly rings: Rings
  readonly redial: boolean
  readonly peers = new Map<DeviceKey, Peer>()
  network: NetworkModel
  framesSent = 0
  private readonly wires = new Map<string, Wire>()
  /** Which side of a split a peer is on. */
  private sideOf: ((peer: Peer) => number) | null = null

  constructor(readonly options: WorldOptions) {
    this.clock = new Clock(options.startAt)
    this.random = seededRandom(options.seed ?? 1)
    this.crypto = options.crypto
    this.circle = options.circle
    this.rings = new Rings(options.crypto)
    this.network = options.network ?? CALM
    this.redial = options.redial ?? false
  }

  peer(i: number, disk = this.options.disk(i), setup = this.options.setup ?? {}): Peer {
    const peer = new Peer(this, i, this.circle.people[i]!.device, disk, setup)
    this.peers.set(peer.key, peer)
    return peer
  }

  // -------------------------------------------------------------- links

  linkAll(may: (a: Peer, b: Peer) => boolean = () => true): void {
    for (const a of this.peers.values())
      for (const key of this.wantedBy(a)) {
        const b = this.peers.get(key)
        if (b && a.running && b.running && this.admits(a, b) && may(a, b)) this.link(a, b)
      }
  }

  private wantedBy(peer: Peer): DeviceKey[] {
    const ring = this.rings.of(peer.list, peer.list.epoch)
    return ring ? neighboursOf(ring, peer.key) : []
  }
  private admits(a: Peer, b: Peer): boolean {
    return this.lets(a, b) && this.lets(b, a)
  }
  private lets(a: Peer, b: Peer): boolean {
    return isCurrentDevice(a.list, b.key) && !a.engine?.isKeptOut(b.key)
  }
  private wants(a: Peer, b: Peer): boolean {
    const ring = this.rings.of(a.list, a.list.epoch)
    return ring !== null && areNeighbours(ring, a.key, b.key)
  }

  private keyOf(a: DeviceKey, b: DeviceKey): string {
    return a < b ? a + b : b + a
  }
  linked(a: Peer, b: Peer): boolean {
    return this.wires.get(this.keyOf(a.key, b.key))?.up ?? false
  }
  linksOf(peer: Peer): number {
    return peer.engine.links.size
  }

  private wireOf(a: Peer, b: Peer): Wire {
    const key = this.keyOf(a.key, b.key)
    let wire = this.wires.get(key)
    if (!wire) {
      const made: Wire = {
        key,
        a,
        b,
        up: false,
        dead: false,
        latest: [0, 0],
        ends: [] as never,
        record: null,
      }
      made.ends = [this.end(made, a, b, 1), this.end(made, b, a, 0)]
      this.wires.set(key, (wire = made))
    }
    return wire
  }

  link(a: Peer, b: Peer): void {
    const wire = this.wireOf(a, b)
    if (wire.up) return
    wire.up = true
    wire.dead = false
    wire.latest = [0, 0]
    wire.record = null
    this.clock.after(0, () => {
      if (!wire.up) return
      if (wire.a.running) wire.a.linkUp(wire.ends[0])
      if (wire.up && wire.b.running) wire.b.linkUp(wire.ends[1])
    })
  }

  /** The end that `from` holds. `at`: index of the receiver. */
  private end(wire: Wire, from: Peer, to: Peer, at: 0 | 1): Link {
    return {
      remote: to.key,
      path: 'loopback',
      address: { host: '127.0.0.1', port: 1 },
      openedAt: this.clock.at,
      remoteRun: 1,
      stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
      send: (frame) => {
        this.carry(wire, from, to, at, frame)
        return true
      },
      pause: () => {},
      resume: () => {},
      close: () => {
        if (wire.up) this.clock.after(this.delay(from, to), () => this.down(wire))
      },
    }
  }

  private delay(from: Peer, to: Peer): number {
    const { latencyMs } = this.network
    if (typeof latencyMs === 'function') return latencyMs(from.index, to.index)
    return latencyMs[0] + this.random() * (latencyMs[1] - latencyMs[0])
  }

  private carry(wire: Wire, from: Peer, to: Peer, at: 0 | 1, frame: Uint8Array): void {
    this.framesSent++
    const { loss, duplication, reordering } = this.network
    if (loss > 0 && this.random() < loss) return
    if (wire.dead || !this.together(from, to)) return
    const times = duplication > 0 && this.random() < duplication ? 2 : 1
    for (let i = 0; i < times; i++) {
      let arrival = this.clock.at + this.delay(from, to)
      if (!reordering) wire.latest[at] = arrival = Math.max(arrival, wire.latest[at])
      this.clock.after(arrival - this.clock.at, () => {
        if (wire.up && to.running && from !== to) this.arrive(to, wire.ends[at], frame)
      })
    }
  }

  /** A frame is there. A test puts a machine of limited speed in between. */
  protected arrive(to: Peer, link: Link, frame: Uint8Array): void {
    to.driver.frame(link, frame)
  }

  /** Both ends go down. */
  private down(wire: Wire): void {
    if (!wire.up) return
    wire.up = false
    if (wire.a.running) wire.a.driver.linkDown(wire.ends[0])
    if (wire.b.running) wire.b.driver.linkDown(wire.ends[1])
    this.dialLater(wire)
  }

  // -------------------------------------------------------------- dialling

  /** A peer is there, or its list has changed: the links that it wants are dialled. */
  wantLinks(peer: Peer): void {
    if (!this.redial) return
    for (const key of this.wantedBy(peer)) {
      const other = this.peers.get(key)
      if (other && other !== peer) this.dialLater(this.wireOf(peer, other))
    }
  }

  /** By main/net's own decision; the bigger key dials. */
  private dialLater(wire: Wire): void {
    const [eager, polite] = wire.a.key > wire.b.key ? [wire.a, wire.b] : [wire.b, wire.a]
    if (!this.redial || wire.up || !eager.running) return
    if (!this.wants(eager, polite) && !(polite.running && this.wants(polite, eager))) return
    const nowMs = this.clock.at
    const record = (wire.record ??= newDialRecord(nowMs, this.random))
    const decision = decideDial(record, { nowMs, busy: false, route: 'lan', heardAtMs: 0, eager: true })
    if (decision.act === 'none') return
    const wait = decision.act === 'wait' ? decision.untilMs - nowMs : 0
    this.clock.after(wait, () => {
      if (wire.record !== record || wire.up || !eager.running) return
      if (polite.running && this.together(eager, polite) && this.admits(eager, polite)) {
        this.clock.after(2 * HANDSHAKE_TRIPS * this.delay(eager, polite), () => {
          if (wire.record === record && eager.running && polite.running) this.link(eager, polite)
        })
        return
      }
      this.clock.after(DIAL_FAILS_MS, () => {
        record.attempts++
        record.endedAtMs = this.clock.at
        if (wire.record === record) this.dialLater(wire)
      })
    })
  }

  /** A link that a hand-over asks for. */
  dial(peer: Peer, device: DeviceKey): void {
    const other = this.peers.get(device)
    if (!this.redial || !other?.running || !this.together(peer, other) || !this.admits(peer, other)) return
    this.clock.after(2 * HANDSHAKE_TRIPS * this.delay(peer, other), () => {
      if (peer.running && other.running) this.link(peer, other)
    })
  }

  // -------------------------------------------------------------- faults

  private together(a: Peer, b: Peer): boolean {
    return this.sideOf === null || this.sideOf(a) === this.sideOf(b)
  }
  /** Parts the network: nothing passes between sides, and links across die. Null: whole again. */
  split(sideOf: ((peer: Peer) => number) | null): void {
    this.sideOf = sideOf
    if (!sideOf) return
    for (const wire of this.wires.values()) {
      if (!wire.up || this.together(wire.a, wire.b)) continue
      this.clock.after(LINK_DEAD_MS, () => {
        if (!this.together(wire.a, wire.b)) this.down(wire)
      })
    }
  }

  /** A machine is gone: nothing of it passes, and links with it die. */
  silence(device: DeviceKey): void {
    for (const wire of this.wires.values()) {
      if (!wire.up || (wire.a.key !== device && wire.b.key !== device)) continue
      wire.dead = true
      this.clock.after(LINK_DEAD_MS, () => {
        if (wire.dead) this.down(wire)
      })
    }
  }

  unlink(a: Peer, b: Peer): void {
    const wire = this.wires.get(this.keyOf(a.key, b.key))
    if (wire) this.turn(() => this.down(wire))
  }
  unlinkAll(device: DeviceKey): void {
    for (const wire of this.wires.values())
      if (wire.a.key === device || wire.b.key === device) this.turn(() => this.down(wire))
  }

  // -------------------------------------------------------------- time

  /** Does something now, with everything that follows at once. */
  turn(work: () => void): void {
    this.clock.after(0, work)
    this.clock.runTo(this.clock.at)
  }
  run(ms: number): void {
    this.clock.runTo(this.clock.at + ms)
  }
  /** Runs until `done`; the ms it took, or null when that is more than `limitMs` of virtual time. */
  runUntil(done: () => boolean, limitMs: number): number | null {
    const start = this.clock.at
    if (!done()) this.clock.runTo(start + limitMs, done)
    return done() ? this.clock.at - start : null
  }

  /** Every running peer holds every one of these nodes. */
  allHold(nodes: readonly TimelineNode[]): boolean {
    return [...this.peers.values()].every((peer) => !peer.running || nodes.every((node) => peer.holds(node)))
  }
  inStep(): boolean {
    return new Set([...this.peers.values()].filter((p) => p.running).map((p) => p.digest())).size <= 1
  }
}
