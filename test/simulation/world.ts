// The simulator's world as tests want it: everything that a peer did is kept, and members whose programs are not ours.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import type { Machine } from '../../main/peer/driver'
import type { Link } from '../../main/peer/ports'
import { concat, toHex } from '../../main/protocol/codec'
import type { Effect, Engine, Event, StoreItem, StoreOutcome } from '../../main/protocol/engine'
import { decodeFrame, encodeMessage, type Message } from '../../main/protocol/messages'
import type { TimelineNode } from '../../main/protocol/node'
import { nodesOfRun } from '../../main/protocol/runs'
import { MemoryStore } from '../../main/simulator/store'
import {
  CALM,
  Peer as SimulatedPeer,
  World as SimulatedWorld,
  type Disk,
  type NetworkModel,
  type PeerSetup,
} from '../../main/simulator/world'
import { NEW_YEAR, crypto, type Circle, type Device } from '../support/people'

export type { NetworkModel }

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

/** What a peer was told and did. */
class Witness implements Machine {
  constructor(
    private readonly engine: Engine,
    private readonly peer: Peer,
  ) {}
  get list() {
    return this.engine.list
  }
  wakeAt(): number {
    return this.engine.wakeAt()
  }
  handle(event: Event, now: number): Effect[] {
    if (event.type === 'frame') for (const m of decodeFrame(event.bytes) ?? []) this.arrived(m)
    const effects = this.engine.handle(event, now)
    for (const effect of effects)
      if (effect.type === 'send' && effect.message.type === 'pull') this.peer.pulls.push(...effect.message.ranges)
    return effects
  }
  private arrived(m: Message): void {
    if (m.type === 'part') this.peer.parts++
    if (m.type === 'announce') this.peer.announcements++
    if (m.type !== 'node') return
    const id = toHex(crypto.hash(m.bytes.subarray(0, m.bytes.length - 64))) as NodeId
    this.peer.copies.set(id, (this.peer.copies.get(id) ?? 0) + 1)
  }
}

export class Peer extends SimulatedPeer {
  /** Something is unacknowledged, asked for or expected. */
  get busy(): boolean {
    return Math.min(this.engine.forwarding.wakeAt(), this.engine.catchUp.wakeAt()) < Infinity
  }
  /** What was refused, by code; node messages that arrived, by node id; nodes in the order of storing. */
  readonly refused = new Map<string, number>()
  readonly copies = new Map<NodeId, number>()
  /** Segments that came without their payload, and announcements. */
  parts = 0
  announcements = 0
  readonly stored: TimelineNode[] = []
  readonly ownAhead: number[] = []
  /** Ranges that it asked for. */
  readonly pulls: { from: number; to: number; device: DeviceKey }[] = []
  inStep = 0

  constructor(
    override readonly world: World,
    index: number,
    override readonly device: Device,
    readonly store: Disk,
    setup: PeerSetup,
  ) {
    super(world, index, device, store, {
      machine: (engine) => new Witness(engine, this),
      hooks: {
        stored: (nodes) => this.stored.push(...nodes),
        storedRun: (run) => this.stored.push(...nodesOfRun(crypto, run)),
        inStep: () => this.inStep++,
        ownTimelineAhead: (height) => this.ownAhead.push(height),
        refused: (code) => this.refused.set(code, (this.refused.get(code) ?? 0) + 1),
      },
      ...setup,
    })
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

export class World extends SimulatedWorld {
  declare readonly peers: Map<DeviceKey, Peer>
  declare readonly circle: Circle
  private readonly rogues = new Map<DeviceKey, { rogue: Rogue; link: Link }>()

  constructor(circle: Circle, seed = 1, network: NetworkModel = CALM, setup: PeerSetup = {}) {
    super({
      crypto,
      circle,
      startAt: NEW_YEAR + 86_400_000,
      seed,
      network,
      disk: () => new SimulatedStore(),
      setup,
    })
  }

  override peer(i: number, disk: Disk = new SimulatedStore(), setup = this.options.setup ?? {}): Peer {
    const peer = new Peer(this, i, this.circle.people[i]!.device, disk, setup)
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

  rogue(device: Device, to: Peer): Rogue {
    const rogue = new Rogue(this, device, to)
    const link: Link = {
      remote: device.key,
      path: 'loopback',
      address: { host: '127.0.0.1', port: 1 },
      openedAt: this.clock.at,
      remoteRun: 1,
      stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
      send: (frame) => {
        rogue.heard.push(...(decodeFrame(frame) ?? []))
        return true
      },
      pause: () => {},
      resume: () => {},
      close: (code) => {
        rogue.closed = code
        this.clock.after(0, () => to.driver.linkDown(link))
      },
    }
    this.rogues.set(device.key, { rogue, link })
    this.turn(() => to.driver.linkUp(link))
    return rogue
  }
  deliverFrom(device: DeviceKey, to: Peer, frame: Uint8Array): void {
    const known = this.rogues.get(device)
    if (known && !known.rogue.closed) to.driver.frame(known.link, frame)
  }

  /** Runs until `done`, or fails when that takes more than `limitMs` of virtual time. The ms it took. */
  until(what: string, done: () => boolean, limitMs = 60_000): number {
    const took = this.runUntil(done, limitMs)
    if (took === null) throw new Error(`after ${limitMs} ms of virtual time, still not: ${what}`)
    return took
  }
}
