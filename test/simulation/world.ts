// A circle in virtual time: real engines under the product's real driver, a network that delays, loses, doubles and
// reorders by a seed, and stores that outlive their peers. Only the wiring of main/peer/circle.ts is written again here.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import { Driver, type DriverHooks } from '../../main/peer/driver'
import type { Link, StorePort } from '../../main/peer/ports'
import { concat, toHex } from '../../main/protocol/codec'
import { digestOf, type HaveVector } from '../../main/protocol/have'
import { Engine, type StoreItem, type StoreOutcome } from '../../main/protocol/engine'
import { fingersOf } from '../../main/protocol/heirs'
import {
  acceptEpoch,
  decodeEpoch,
  devicesAt,
  foundedList,
  isCurrentDevice,
  type EpochRecord,
  type MemberList,
} from '../../main/protocol/membership'
import { decodeFrame, encodeMessage, type Message } from '../../main/protocol/messages'
import type { TimelineNode } from '../../main/protocol/node'
import { MemoryStore } from '../support/memory-store'
import { NEW_YEAR, crypto, write, type Circle, type Device } from '../support/people'
import { Clock, seededRandom } from './clock'

/** A link delivers in order, as main/net's do, unless told otherwise. */
export interface NetworkModel {
  latencyMs: [least: number, most: number]
  /** Probabilities per frame. */
  loss: number
  duplication: number
  /** Frames may overtake each other. */
  reordering: boolean
}
const CALM: NetworkModel = { latencyMs: [1, 20], loss: 0, duplication: 0, reordering: false }

type PeerStore = Pick<StorePort, 'append' | 'readRun' | 'acknowledge' | 'have' | 'height' | 'at' | 'cutOff'>

/** The model store with a disk that can be full. */
export class SimulatedStore extends MemoryStore {
  full = false
  readonly acks: { id: NodeId; by: DeviceKey }[] = []
  override append(items: readonly StoreItem[]): StoreOutcome[] {
    if (this.full) throw new TwofoldError('DISK_FULL')
    return super.append(items)
  }
  acknowledge(id: NodeId, by: DeviceKey): void {
    this.acks.push({ id, by })
  }
}

export class Peer {
  engine!: Engine
  driver!: Driver
  list: MemberList
  records: EpochRecord[] = []
  running = false
  /** Wrong by this much. */
  clockMs = 0
  /** What was refused, by code; node messages that arrived, by node id; nodes in the order of storing. */
  readonly refused = new Map<string, number>()
  readonly copies = new Map<NodeId, number>()
  /** Segments that came without their payload. */
  parts = 0
  readonly stored: TimelineNode[] = []
  readonly ownAhead: number[] = []
  readonly pulls: { from: number; to: number; device: DeviceKey }[] = []
  inStep = 0

  constructor(
    readonly world: World,
    readonly device: Device,
    readonly store: PeerStore,
  ) {
    this.list = foundedList(world.circle.list.genesis)
    for (const record of world.circle.records) this.accept(record.bytes)
  }

  get key(): DeviceKey {
    return this.device.key
  }
  now(): number {
    return this.world.clock.now + this.clockMs
  }

  private accept(bytes: Uint8Array): boolean {
    const record = decodeEpoch(crypto, bytes)
    if (!record || record.number <= this.list.epoch) return record !== null
    const next = acceptEpoch(crypto, this.list, record)
    if (!next.ok) return false
    this.list = next.list
    this.records.push(record)
    return true
  }

  /** As Circle.onEpochs and Circle.adopt. */
  adopt(records: readonly Uint8Array[]): void {
    const before = this.list.epoch
    for (const bytes of records) if (!this.accept(bytes)) break
    if (this.list.epoch !== before) this.driver.handle({ type: 'list-changed', list: this.list, have: this.cutOff() })
  }
  private cutOff(): HaveVector {
    const changed: HaveVector = new Map()
    for (const { key, cutoffSeq } of this.list.devices.values()) {
      const known = this.engine.have.get(key)
      if (cutoffSeq === undefined || (known?.floating.at(-1)?.to ?? known?.height ?? 0) <= cutoffSeq) continue
      const left = this.store.cutOff(key, cutoffSeq)
      if (left) changed.set(key, left)
    }
    return changed
  }

  start(): void {
    const { world } = this
    this.engine = new Engine({
      crypto,
      me: this.key,
      list: this.list,
      have: this.store.have(),
      app: 'test',
      random: () => Math.floor(world.random() * 4_294_967_296),
    })
    const hooks: DriverHooks = {
      stored: (nodes) => this.stored.push(...nodes),
      epochsArrived: (_from, records) => this.adopt(records),
      epochsWanted: (after) => this.records.slice(after).map((r) => r.bytes),
      inStep: () => this.inStep++,
      ownTimelineAhead: (height) => this.ownAhead.push(height),
      ownHeld: () => {},
      refused: (code) => this.refused.set(code, (this.refused.get(code) ?? 0) + 1),
      storeTrouble: () => {},
      changed: () => {},
      aside: () => {},
      forked: () => {},
    }
    this.driver = new Driver({ now: () => this.now(), log: () => {} }, this.engine, this.store as StorePort, hooks)
    this.running = true
    world.clock.after(0, () => this.driver.start())
  }

  /** The process ends; the store stays. */
  stop(): void {
    this.world.unlinkAll(this.key)
    this.running = false
    this.driver.stop()
  }

  /** As Circle.write. */
  post(text = ''): TimelineNode {
    const seq = this.store.height(this.key) + 1
    const head = seq > 1 ? this.store.at(this.key, seq - 1)! : null
    const node = write({
      circle: this.list.circle,
      device: this.device,
      seq,
      ...(head && { backlink: head.id }),
      timestamp: Math.max(this.now(), (head?.timestamp ?? 0) + 1),
      epoch: this.list.epoch,
      text: text || `entry ${seq}`,
    })
    this.world.turn(() => this.driver.append([{ node, origin: { from: null, how: 'own', tree: null }, arrival: null }]))
    return node
  }

  /** Puts what was written before the world began into the store. */
  already(nodes: readonly TimelineNode[]): this {
    const items = nodes.map((node): StoreItem => ({
      node,
      origin: { from: null, how: 'sync', tree: null },
      arrival: null,
    }))
    this.store.append(items, (device) => this.list.devices.get(device)!.member, this.world.clock.now)
    return this
  }

  digest(): string {
    return toHex(digestOf(crypto, this.engine.have))
  }
  holds(node: TimelineNode): boolean {
    return this.store.at(node.device, node.seq)?.id === node.id
  }
}

/** A member whose program is not ours: it says what a test tells it to. */
export class Rogue {
  readonly heard: Message[] = []
  closed: string | null = null
  constructor(
    private readonly world: World,
    readonly device: Device,
    readonly to: Peer,
  ) {}
  say(...messages: Message[]): void {
    this.raw(concat(...messages.map(encodeMessage)))
  }
  raw(frame: Uint8Array): void {
    this.world.turn(() => this.world.deliverFrom(this.device.key, this.to, frame))
  }
}

interface Wire {
  a: DeviceKey
  b: DeviceKey
  up: boolean
  /** Latest arrival per receiver, to keep the order. */
  latest: Map<DeviceKey, number>
  ends: Map<DeviceKey, Link>
}

export class World {
  readonly clock = new Clock(NEW_YEAR + 86_400_000)
  readonly random: () => number
  readonly peers = new Map<DeviceKey, Peer>()
  private readonly rogues = new Map<DeviceKey, Rogue>()
  private readonly wires = new Map<string, Wire>()
  framesSent = 0

  constructor(
    readonly circle: Circle,
    seed = 1,
    public network: NetworkModel = CALM,
  ) {
    this.random = seededRandom(seed)
  }

  peer(i: number, store: PeerStore = new SimulatedStore()): Peer {
    const peer = new Peer(this, this.circle.people[i]!.device, store)
    this.peers.set(peer.key, peer)
    return peer
  }

  /** All of the circle, started and linked as main/peer/circle.ts links them: everybody, or in a large circle fingers. */
  everybody(n = this.circle.people.length): Peer[] {
    const peers = Array.from({ length: n }, (_unused, i) => this.peer(i))
    for (const peer of peers) peer.start()
    this.linkAll()
    return peers
  }

  linkAll(may: (a: Peer, b: Peer) => boolean = () => true): void {
    for (const a of this.peers.values())
      for (const b of this.peers.values())
        if (a.running && b.running && a.key < b.key && this.wanted(a, b) && may(a, b)) this.link(a, b)
  }

  private wanted(a: Peer, b: Peer): boolean {
    if (!isCurrentDevice(a.list, b.key) || !isCurrentDevice(b.list, a.key)) return false
    const all = devicesAt(a.list)
    if (all.length <= 17) return true
    return (
      fingersOf(a.engine.ring(a.list.epoch)!, a.key).includes(b.key) ||
      fingersOf(b.engine.ring(b.list.epoch)!, b.key).includes(a.key)
    )
  }

  private wireOf(a: DeviceKey, b: DeviceKey): string {
    return a < b ? a + b : b + a
  }
  linked(a: Peer, b: Peer): boolean {
    return this.wires.get(this.wireOf(a.key, b.key))?.up ?? false
  }

  link(a: Peer, b: Peer): void {
    const key = this.wireOf(a.key, b.key)
    if (this.wires.get(key)?.up) return
    const wire: Wire = { a: a.key, b: b.key, up: true, latest: new Map(), ends: new Map() }
    this.wires.set(key, wire)
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const)
      wire.ends.set(
        from.key,
        this.end(
          to.key,
          (frame) => this.carry(wire, from.key, to.key, frame),
          () => this.close(wire),
        ),
      )
    for (const peer of [a, b])
      this.clock.after(0, () => {
        if (wire.up && peer.running) peer.driver.linkUp(wire.ends.get(peer.key)!)
      })
  }

  private end(remote: DeviceKey, send: (frame: Uint8Array) => void, close: (code: string) => void): Link {
    return {
      remote,
      path: 'loopback',
      address: { host: '127.0.0.1', port: 1 },
      openedAt: this.clock.now,
      remoteRun: 1,
      stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
      send: (frame) => {
        send(frame.slice())
        return true
      },
      close,
    }
  }

  private carry(wire: Wire, from: DeviceKey, to: DeviceKey, frame: Uint8Array): void {
    this.framesSent++
    const { latencyMs, loss, duplication, reordering } = this.network
    if (this.random() < loss) return
    const times = this.random() < duplication ? 2 : 1
    for (let i = 0; i < times; i++) {
      let at = this.clock.now + latencyMs[0] + this.random() * (latencyMs[1] - latencyMs[0])
      if (!reordering) {
        at = Math.max(at, wire.latest.get(to) ?? 0)
        wire.latest.set(to, at)
      }
      this.clock.after(at - this.clock.now, () => {
        const peer = this.peers.get(to)
        if (wire.up && peer?.running) this.arrive(peer, wire.ends.get(to)!, from, frame)
      })
    }
  }

  private arrive(peer: Peer, link: Link, from: DeviceKey, frame: Uint8Array): void {
    for (const m of decodeFrame(frame) ?? []) {
      if (m.type === 'node') this.noteCopy(peer, m.bytes)
      if (m.type === 'part') peer.parts++
      if (m.type === 'pull') this.peers.get(from)?.pulls.push(...m.ranges)
    }
    peer.driver.frame(link, frame)
  }
  private noteCopy(peer: Peer, bytes: Uint8Array): void {
    const id = toHex(crypto.hash(bytes.subarray(0, bytes.length - 64))) as NodeId
    peer.copies.set(id, (peer.copies.get(id) ?? 0) + 1)
  }

  /** Both ends go down; a closed link lets out what was sent before. */
  private close(wire: Wire): void {
    if (!wire.up) return
    this.clock.after(this.network.latencyMs[1], () => this.down(wire))
  }
  private down(wire: Wire): void {
    if (!wire.up) return
    wire.up = false
    for (const [device, link] of wire.ends) {
      const peer = this.peers.get(device)
      if (peer?.running) peer.driver.linkDown(link)
    }
  }
  unlink(a: Peer, b: Peer): void {
    const wire = this.wires.get(this.wireOf(a.key, b.key))
    if (wire) this.turn(() => this.down(wire))
  }
  unlinkAll(device: DeviceKey): void {
    for (const wire of this.wires.values()) if (wire.a === device || wire.b === device) this.turn(() => this.down(wire))
  }

  private readonly rogueLinks = new Map<DeviceKey, Link>()
  rogue(device: Device, to: Peer): Rogue {
    const rogue = new Rogue(this, device, to)
    this.rogues.set(device.key, rogue)
    const link = this.end(
      device.key,
      (frame) => rogue.heard.push(...(decodeFrame(frame) ?? [])),
      (code) => {
        rogue.closed = code
        this.clock.after(0, () => to.driver.linkDown(link))
      },
    )
    this.rogueLinks.set(device.key, link)
    this.turn(() => to.driver.linkUp(link))
    return rogue
  }
  deliverFrom(device: DeviceKey, to: Peer, frame: Uint8Array): void {
    const link = this.rogueLinks.get(device)
    if (link && !this.rogues.get(device)!.closed) to.driver.frame(link, frame)
  }

  /** Does something now, with the product's timers on the virtual clock. */
  turn(work: () => void): void {
    this.clock.after(0, work)
    this.clock.runTo(this.clock.now)
  }
  run(ms: number): void {
    this.clock.runTo(this.clock.now + ms)
  }
  /** Runs until `done`, or fails when that takes more than `limitMs` of virtual time. The ms it took. */
  until(what: string, done: () => boolean, limitMs = 60_000): number {
    const start = this.clock.now
    if (!done()) this.clock.runTo(start + limitMs, done)
    if (!done()) throw new Error(`after ${limitMs} ms of virtual time, still not: ${what}`)
    return this.clock.now - start
  }

  /** Every running peer holds every one of these nodes. */
  allHold(nodes: readonly TimelineNode[]): boolean {
    return [...this.peers.values()].every((peer) => !peer.running || nodes.every((node) => peer.holds(node)))
  }
  inStep(): boolean {
    return new Set([...this.peers.values()].filter((p) => p.running).map((p) => p.digest())).size <= 1
  }
}
