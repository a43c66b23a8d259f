// `twofold simulate`: one circle on a virtual network, measured, beside the designs that others would pick. What runs is the
// engine, driver and outbox that ship; only clock, wire and disk are virtual.
import { decodeNode, type TimelineNode } from '../protocol/node'
import type { Machine } from '../peer/driver'
import type { Effect, Event } from '../protocol/engine'
import type { Jump } from '../protocol/heirs'
import { DEVICES_MAX } from '../protocol/limits'
import { encodeMessage, type Message } from '../protocol/messages'
import { nodesOfRun } from '../protocol/runs'
import type { DeviceKey, NodeId } from '../../shared/types'
import { authorToAll, emptySample, fullMesh, pushToTwo, summarize, type Sample, type Spread } from './baselines'
import { NEW_YEAR, rememberingCrypto, simulatedCircle, type Keys } from './circle'
import { Dropper } from './dropper'
import { latencyBetween, mixed, seededRandom } from './random'
import { QuietDisk } from './store'
import { World, type Peer } from './world'

export interface SimulateOptions {
  peers: number
  /** Nodes a second in the whole circle, by random authors. */
  rate: number
  /** How many. */
  nodes: number
  mode: 'auto' | 'full' | 'brief'
  jump: Jump
  /** Mean one-way latency, ms. */
  latencyMs: number
  /** Per cent of the peers: never there and known to be; gone without a word when the writing begins; hand nothing on. */
  offline: number
  crash: number
  drop: number
  /** The network is parted in two halves for so many seconds, in which the nodes are written. 0: never. */
  splitS: number
  /** Per cent of frames that are lost, doubled (half of that), and may overtake each other. */
  loss: number
  /** Per cent of the peers that know a list that is one epoch old. */
  stale: number
  /** Peers whose checkpoints are made (rule C2); off by default above RECEIPTS_UP_TO. */
  receipts: boolean
  seed: number
}
export const PEERS_MAX = DEVICES_MAX
/** Above that many peers a round of checkpoints takes longer than a simulation. */
export const RECEIPTS_UP_TO = 2000

export interface TwofoldFigures extends Spread {
  mode: string
  /** Announcements a node and peer. */
  announcements: number
  /** Peer-seconds apart from the nodes: digests, checkpoints, hellos. Bytes a second and peer. */
  upkeepBytesPerS: number
  /** Frames a second and peer while nodes are written, all purposes. */
  framesPerS: number
  retried: number
  takenOver: number
  pulled: number
  late: number
  /** ms after a split healed until everybody held everything; null: no split, or never. */
  healedMs: number | null
  /** Droppers among the peers, and of them those that most honest peers have demoted; honest ones that anybody has. */
  droppers: { all: number; demoted: number; honest: number }
  receipts: { share: number | null; checksPerS: number; bytesPerS: number }
  refused: Record<string, number>
  /** Virtual seconds that were simulated. */
  seconds: number
}
export interface SimulateResult {
  options: SimulateOptions
  twofold: TwofoldFigures
  fullMesh: Spread
  authorToAll: Spread
  push2: Spread
}

/** Links come up, digests are compared and round trips measured before anything is written. */
const WARM_UP_MS = 8000
/** Links of a circle come up within this, spread evenly. */
const LINKING_MS = 2000
/** After the last node, repair has so long to bring everything everywhere. */
const REPAIR_MAX_MS = 90_000
/** Bytes that make an encoded node about 300 B long, as an ordinary short post is. */
const TEXT_BYTES = 160
/** What main/net adds to a frame: length prefix, and libsodium's secretstream. IP, UDP and UDX headers come on top. */
const FRAME_OVERHEAD_BYTES = 3 + 17
/** Nodes of the naive designs: few, since their cost grows with the square of the peers. */
const BASELINE_PAIRS_MAX = 2e8

const FORWARDING: ReadonlySet<Message['type']> = new Set(['node', 'part', 'announce', 'ack', 'pull', 'run'])

/** What the simulation sees of all peers. */
class Watch {
  readonly samples = new Map<NodeId, Sample>()
  readonly written = new Map<NodeId, number>()
  readonly nodes: TimelineNode[] = []
  readonly refused: Record<string, number> = {}
  forwardingBytes = 0
  upkeepBytes = 0
  checkpointBytes = 0
  frames = 0
  counting = false

  constructor(
    readonly n: number,
    readonly indexOf: ReadonlyMap<DeviceKey, number>,
  ) {}

  handled(peer: Peer, event: Event): void {
    if (event.type === 'stored')
      event.items.forEach(({ node, origin }, i) => {
        if (event.outcomes[i]!.type === 'stored') this.stored(peer, node, origin.from)
      })
    else if (event.type === 'run-stored' && event.result.type === 'stored')
      for (const node of nodesOfRun(peer.world.crypto, event.run)) this.stored(peer, node, event.run.from)
  }
  private stored(peer: Peer, { id }: TimelineNode, by: DeviceKey | null): void {
    const sample = this.samples.get(id)
    if (!sample) return
    sample.arrivals[peer.index] = peer.world.clock.at - this.written.get(id)!
    const from = by === null ? undefined : this.indexOf.get(by)
    sample.hops[peer.index] = from === undefined ? 0 : sample.hops[from]! + 1
  }

  sent(peer: Peer, pending: Set<DeviceKey>, to: DeviceKey, message: Message, id: NodeId | null): void {
    const forwarding = FORWARDING.has(message.type)
    if (forwarding) pending.add(to)
    if (message.type === 'node') {
      const sample = this.samples.get(id!)
      const receiver = this.indexOf.get(to)
      if (sample) sample.sends[peer.index]!++
      if (sample && receiver !== undefined) sample.received[receiver]!++
    }
    if (!this.counting) return
    const bytes = encodeMessage(message).length
    if (forwarding) this.forwardingBytes += bytes
    else this.upkeepBytes += bytes
    if (message.type === 'checkpoints') this.checkpointBytes += bytes
  }
}

/** Between engine and driver: counts. */
class Observed implements Machine {
  private readonly pending = new Set<DeviceKey>()
  constructor(
    private readonly machine: Machine,
    private readonly peer: Peer,
    private readonly watch: Watch,
  ) {}

  get list() {
    return this.machine.list
  }
  wakeAt(): number {
    return this.machine.wakeAt()
  }
  handle(event: Event, now: number): Effect[] {
    this.watch.handled(this.peer, event)
    const effects = this.machine.handle(event, now)
    for (const effect of effects)
      if (effect.type === 'send') {
        const { to, message } = effect
        const id = message.type === 'node' ? this.idOf(message.bytes) : null
        this.watch.sent(this.peer, this.pending, to, message, id)
      }
    return effects
  }

  private idOf(bytes: Uint8Array): NodeId | null {
    const decoded = decodeNode(this.peer.world.crypto, bytes)
    return decoded.ok ? decoded.node.id : null
  }

  /** A frame went out. */
  traffic(way: 'sent' | 'received', device: DeviceKey): void {
    if (way !== 'sent') return
    const forwarding = this.pending.delete(device)
    if (!this.watch.counting) return
    this.watch.frames++
    if (forwarding) this.watch.forwardingBytes += FRAME_OVERHEAD_BYTES
    else this.watch.upkeepBytes += FRAME_OVERHEAD_BYTES
  }
}

/** So many of the peers, by chance, and never the first, which writes whatever happens. */
function some(n: number, percent: number, seed: number, among: (i: number) => boolean): Set<number> {
  const order = Array.from({ length: n }, (_unused, i) => i)
    .filter((i) => i > 0 && among(i))
    .sort((a, b) => mixed(seed, a, 1) - mixed(seed, b, 1) || a - b)
  return new Set(order.slice(0, Math.round((n * percent) / 100)))
}

/** Runs one simulation. Throws RangeError for options that make no sense together. */
export function simulate(
  keys: Keys,
  options: SimulateOptions,
  progress: (text: string) => void = () => {},
): SimulateResult {
  const { peers: n, seed, latencyMs } = options
  const crypto = rememberingCrypto(keys.crypto)
  const circle = simulatedCircle({ ...keys, crypto }, n, seed, options.jump)
  progress(`${n} peers, ${circle.records.length} epochs`)
  const offline = some(n, options.offline, seed ^ 1, () => true)
  const crashed = some(n, options.crash, seed ^ 2, (i) => !offline.has(i))
  const droppers = some(n, options.drop, seed ^ 3, (i) => !offline.has(i) && !crashed.has(i))
  const stale = some(n, options.stale, seed ^ 4, (i) => !offline.has(i))
  const indexOf = new Map(circle.people.map(({ device }, i) => [device.key, i]))
  const watch = new Watch(n, indexOf)
  const shared = new Map<NodeId, TimelineNode>()
  const latency = (a: number, b: number) => latencyBetween(seed, a, b, latencyMs)
  const world = new World({
    crypto,
    circle,
    startAt: NEW_YEAR + 86_400_000,
    seed,
    network: {
      latencyMs: latency,
      loss: 0,
      duplication: 0,
      reordering: false,
    },
    redial: true,
    disk: () => new QuietDisk(shared),
  })
  const peers: Peer[] = []
  const observers: Observed[] = []
  for (let i = 0; i < n; i++) {
    if (offline.has(i)) continue
    const peer = world.peer(i, new QuietDisk(shared), {
      mode: options.mode,
      receipts: options.receipts,
      machine: (engine, self) => {
        const machine = droppers.has(i) ? new Dropper(engine, self.key, crypto) : engine
        return (observers[i] = new Observed(machine, self, watch))
      },
      hooks: {
        traffic: (way, device) => observers[i]!.traffic(way, device),
        refused: (code) => (watch.refused[code] = (watch.refused[code] ?? 0) + 1),
      },
    })
    if (stale.has(i)) peer.knows(circle.records.slice(0, -1).map((record) => record.bytes))
    peers.push(peer)
  }
  const random = seededRandom(seed ^ 0x1b87_3593)
  for (const peer of peers) world.clock.after(random() * LINKING_MS, () => peer.start())
  world.run(WARM_UP_MS)
  progress('linked')
  const lossy = { ...world.network, loss: options.loss / 100, duplication: options.loss / 200, reordering: true }
  if (options.loss) world.network = lossy

  // ---- what goes wrong, and the writing
  const half = (peer: Peer) => (mixed(seed ^ 5, peer.index, 0) & 1) as 0 | 1
  if (options.splitS) world.split(half)
  const writers = peers.filter((p) => !crashed.has(p.index) && !droppers.has(p.index))
  if (!writers.length) throw new RangeError('nobody is left to write')
  for (const i of crashed) peers.find((p) => p.index === i)!.crash()
  watch.counting = true
  const began = world.clock.at
  const authors: number[] = []
  let at = 0
  for (let i = 0; i < options.nodes; i++) {
    world.clock.after(at, () => {
      const writer = writers[Math.floor(random() * writers.length)]!
      authors.push(writer.index)
      post(watch, writer, i)
    })
    // Poisson arrivals.
    at += (-Math.log(1 - random()) * 1000) / options.rate
  }
  world.run(at)
  const writtenMs = Math.max(1, world.clock.at - began)
  const framesPerS = (watch.frames * 1000) / writtenMs / peers.length
  progress(`${options.nodes} nodes written in ${(writtenMs / 1000).toFixed(1)} s`)
  let healedMs: number | null = null
  const online = peers.filter((p) => p.running)
  const everywhere = () => online.every((p) => watch.nodes.every((node) => p.holds(node)))
  if (options.splitS) {
    world.run(Math.max(0, options.splitS * 1000 - writtenMs))
    world.split(null)
  }
  // Checked now and then: the clock goes on, and the times that count are those of the arrivals.
  const STEP_MS = 100
  const healing = world.clock.at
  while (!everywhere() && world.clock.at - healing < REPAIR_MAX_MS) world.run(STEP_MS)
  if (options.splitS && everywhere()) healedMs = world.clock.at - healing
  progress('repaired')
  // The last checkpoints of what was written, so that 'held by' and droppers are told as a person would see them.
  if (options.receipts) world.run(Math.min(20_000, REPAIR_MAX_MS))
  watch.counting = false
  const seconds = (world.clock.at - began) / 1000

  // ---- figures
  const on = Array.from({ length: n }, (_unused, i) => online.some((p) => p.index === i))
  const samples = watch.nodes.map((node) => watch.samples.get(node.id)!)
  const sum = (of: (peer: Peer) => number) => online.reduce((total, p) => total + of(p), 0)
  const perPeer = samples.length * online.length
  const spread = summarize(samples, on, watch.forwardingBytes / perPeer, sum((p) => world.linksOf(p)) / online.length)
  const honest = online.filter((p) => !droppers.has(p.index))
  const demotedBy = (i: number) =>
    honest.filter((p) => p.engine.droppers.isDemoted(circle.people[i]!.device.key)).length
  const twofold: TwofoldFigures = {
    mode: options.mode,
    ...spread,
    announcements: sum((p) => p.engine.forwarding.counters.announced) / perPeer,
    upkeepBytesPerS: watch.upkeepBytes / seconds / online.length,
    framesPerS,
    retried: sum((p) => p.engine.forwarding.counters.retried),
    takenOver: sum((p) => p.engine.forwarding.counters.takenOver),
    pulled: sum((p) => p.engine.catchUp.pulled),
    late: sum((p) => p.engine.forwarding.counters.late),
    healedMs,
    droppers: {
      all: droppers.size,
      demoted: [...droppers].filter((i) => demotedBy(i) * 2 > honest.length).length,
      honest: honest.filter((p) => demotedBy(p.index) > 0).length,
    },
    receipts: {
      share: options.receipts ? heldShare(online, watch.nodes) : null,
      checksPerS:
        sum((p) => p.engine.receipts.counters.checked) / online.length / ((world.clock.at - began + WARM_UP_MS) / 1000),
      bytesPerS: watch.checkpointBytes / seconds / online.length,
    },
    refused: watch.refused,
    seconds,
  }
  const most = Math.max(1, Math.floor(BASELINE_PAIRS_MAX / (n * n)))
  const mesh = { n, seed, authors: authors.slice(0, most), online: on, latency, bytes: payloadBytes(watch.nodes[0]!) }
  progress('measured')
  return { options, twofold, fullMesh: fullMesh(mesh), authorToAll: authorToAll(mesh), push2: pushToTwo(mesh) }
}

/** A payload in a frame of its own. */
const payloadBytes = (node: TimelineNode): number =>
  encodeMessage({ type: 'node', tree: 0, brief: false, lo: 0, len: 1, bytes: node.bytes }).length + FRAME_OVERHEAD_BYTES

function post(watch: Watch, writer: Peer, i: number): void {
  const filler = 'Twofold carries this entry. '.repeat(8)
  const node = writer.compose(`${filler.slice(0, TEXT_BYTES - 10)} ${String(i).padStart(9, '0')}`)
  watch.nodes.push(node)
  watch.written.set(node.id, writer.world.clock.at)
  watch.samples.set(node.id, emptySample(watch.n))
  writer.append(node)
}

/** Mean share of the online peers that one of them can name as holders of a node. */
function heldShare(online: readonly Peer[], nodes: readonly TimelineNode[]): number {
  let share = 0
  for (const peer of online)
    for (const node of nodes) {
      const others = peer.engine.receipts.holders(node.device, node.seq).filter((d) => d !== peer.key)
      share += (others.length + 1) / online.length
    }
  return share / Math.max(1, online.length * nodes.length)
}
