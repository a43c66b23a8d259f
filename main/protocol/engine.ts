// The peer as a state machine: (event, now) → effects. It decides what is verified, stored, acknowledged, forwarded,
// pulled and refused; it never touches a socket, a disk, a clock or a random source. The driver carries the effects out
// in order and feeds back what the store said. The same engine runs in the product, in tests and in simulations.
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import { READ_NODES_MIN, REREAD_TIMES, costOf, type Account } from './budgets'
import { CatchUp } from './catch-up'
import { equalBytes } from './codec'
import { Comparing } from './comparing'
import { Conduct, type KeptOut } from './conduct'
import type { Crypto, Sign } from './crypto'
import { Cuts } from './cuts'
import { Droppers } from './droppers'
import { Forwarding, REPAIR_YOUNGER_MS, type Announcement, type Arrival } from './forwarding'
import { haveOf, isHere, noteStored, type HaveVector, type Head } from './have'
import { Landing } from './landing'
import type { Ring, Tree } from './heirs'
import { LinkState } from './links'
import { isCurrentDevice, type MemberList } from './membership'
import { PROTOCOL_VERSION, decodeFrame, markOf, type Late, type Message } from './messages'
import { CLOCK_AHEAD_MS } from './limits'
import { decodeNode, type TimelineNode } from './node'
import { Places } from './places'
import { Pulled, type PulledRun } from './pulled'
import { Receipts, type Proven } from './receipts'
import type { Rings } from './rings'
import type { RunDone } from './runs'
import { Shares } from './shares'
import { membershipCode, signatureHolds, verifyNode, type VerifyCode } from './verify'

/** Nodes waiting for an epoch or for the clock, and their bytes. Beyond it the oldest is dropped; it comes again. */
const HELD_MAX = 4096
const HELD_BYTES_MAX = 16_777_216
/** A held node that nothing released by then is dropped: five times the clock tolerance. */
const HELD_MS = 25 * 60_000
/** Of these, and of their bytes, so many may be one link's: else one could push out what others wait for. */
const HELD_PER_LINK_MAX = 1024
const HELD_BYTES_PER_LINK_MAX = 4_194_304
/** Runs of one timeline above gaps. Catching up makes a few; a device that writes only every other node would make millions. */
const FLOATING_RUNS_MAX = 1024
/** Ways over which one node is noted to have come before it was stored: two trees, and a repair of each. */
const WAYS_MAX = 8
/** Then list records are asked for again. */
const EPOCHS_ANSWER_MS = 2000
/** Held nodes are looked at again this often. */
const RELEASE_EVERY_MS = 1000
/** Rule F7: BRIEF from this many nodes a second on, measured over RATE_MS. */
const BRIEF_FROM_PER_S = 30
const RATE_MS = 5000
/** Rule M7: whoever was not heard of for this long is not counted on; two and a half rounds of an idle circle. */
const ALIVE_MS = 150_000
/** Links that have been up for this long make us somebody whom the trees should reach (rule R6). */
const SETTLED_MS = 30_000

/** How a node reached us; `own`: written here. */
export interface Origin {
  from: DeviceKey | null
  how: 'own' | 'tree' | 'sync'
  tree: Tree | null
}
/** What the store did with one node of a batch. */
export type StoreOutcome =
  /** `head`: the device's new gapless height and head when this node closed a gap, else null (it floats). */
  | { type: 'stored'; head: Head | null }
  | { type: 'duplicate' }
  | { type: 'refused'; code: 'BACKLINK_MISMATCH' | 'TIMESTAMP_NOT_LATER' | 'SIGNATURE_INVALID' }
  /** Another node of the device with this seq is stored (rule N6); the pair was kept as proof. */
  | { type: 'equivocation' }
export interface StoreItem {
  node: TimelineNode
  origin: Origin
  arrival: Arrival | null
  /** Over which other ways it came before it was stored: the other tree with the same payload, or somebody else's copy. */
  also?: { from: DeviceKey; arrival: Arrival }[]
  /** The answer to a question that brought it. */
  run?: Asked
  /**
   * Rule N9. Absent: its own signature was checked. 'run': its author signed it by a head above it in the same run. 'above':
   * its own signature does not hold, so it is stored only below a stored node that names it.
   */
  chain?: 'run' | 'above'
}

/** An answer to a pull, until everything of it is stored or refused. */
export interface Asked {
  left: number
  settle(): void
}

export type Event =
  | { type: 'link-up'; device: DeviceKey }
  | { type: 'link-down'; device: DeviceKey }
  | { type: 'frame'; from: DeviceKey; bytes: Uint8Array }
  /** Whether the signature of each holds. */
  | { type: 'verified'; items: readonly StoreItem[]; holds: readonly boolean[] }
  | { type: 'stored'; items: readonly StoreItem[]; outcomes: readonly StoreOutcome[] }
  /** Nodes were read for a device that pulls. */
  | { type: 'served'; to: DeviceKey; nodes: number }
  /** Something of a device was refused outside the engine: by the list, the notice board or the network. */
  | { type: 'offence'; from: DeviceKey; code: ErrorCode }
  /** A person lets a device in again. */
  | { type: 'readmit'; device: DeviceKey }
  /** The store could not take the batch (disk full): nothing of it happened, nothing is acknowledged. */
  | { type: 'store-failed'; items: readonly StoreItem[] }
  /** What became of a long answer to a pull; or the store could not take it, as above. */
  | { type: 'run-stored'; run: PulledRun; result: RunDone }
  | { type: 'run-failed'; run: PulledRun }
  /** What the store holds, where it may have committed something of which nobody was told. */
  | { type: 'reread'; have: HaveVector }
  /** `have`: how far the timelines of newly removed devices reach after they were cut off. */
  | { type: 'list-changed'; list: MemberList; have?: HaveVector }
  /** A device that is not linked can (or can no longer) be dialled: its beacon was heard. Null: anybody, over the internet. */
  | { type: 'reachable'; device: DeviceKey | null; reachable: boolean }
  | { type: 'tick' }

export type Effect =
  | { type: 'send'; to: DeviceKey; message: Message }
  /** Check the signatures, then feed `verified` back. Everything cheaper was looked at before. */
  | { type: 'verify'; items: StoreItem[] }
  /** Commit in one transaction, then feed `stored` or `store-failed` back. Nothing of it is said to anybody before. */
  | { type: 'store'; items: StoreItem[] }
  /**
   * Judge a long answer to a pull (runs.ts) and, if there is nothing unusual in it, commit it in one transaction; then feed
   * `run-stored` or `run-failed` back.
   */
  | { type: 'store-run'; run: PulledRun }
  /** Much is about to come. */
  | { type: 'much-missing' }
  /** A list that came meanwhile ends timelines before what was stored: the store is to follow it. */
  | { type: 'cut-off' }
  /** Read the newest nodes of a range and answer with `run`. */
  | { type: 'read-run'; to: DeviceKey; device: DeviceKey; from: number; toSeq: number }
  | { type: 'read-epochs'; to: DeviceKey; after: number }
  /** Judge and keep list records in order; `list-changed` follows if any was accepted. */
  | { type: 'epochs'; from: DeviceKey; records: Uint8Array[] }
  | { type: 'dial'; device: DeviceKey }
  | { type: 'refused'; from: DeviceKey; code: VerifyCode | ErrorCode; id: NodeId | null }
  | { type: 'cut'; device: DeviceKey; code: ErrorCode }
  /** Who is kept out is another than before. */
  | { type: 'kept-out' }
  /** A peer holds exactly what we hold. */
  | { type: 'in-step'; with: DeviceKey }
  /** Somebody knows of nodes of our own device that we do not have (rule N7). */
  | { type: 'own-timeline-ahead'; height: number }
  /** A peer is known to hold our own timeline up to here. */
  | { type: 'own-held'; by: DeviceKey; seq: number; id: NodeId | null }
  /** `lastSeen`, `receipts` or `droppers` know more than before (rules C3, M7, R6). */
  | { type: 'receipts' }
  /** What concerns the list and is not on it: kept, judged and passed on by the notice board. */
  | { type: 'aside'; from: DeviceKey; message: AsideMessage }

/** `have` is dealt with here; the board looks at it too, for heads that differ (rule N6). */
export type AsideMessage = Extract<
  Message,
  {
    type:
      | 'notices-have'
      | 'notices'
      | 'secret-want'
      | 'secret'
      | 'run-mark'
      | 'alive-want'
      | 'alive'
      | 'branch-want'
      | 'branch'
      | 'have'
  }
>

/** What one frame brings in. */
interface Incoming {
  /** Their signatures are still to be checked. */
  unverified: StoreItem[]
  /** Rule N9: by their signature, or by the chain. */
  believed: StoreItem[]
}

interface Held {
  item: StoreItem
  since: number
  code: 'EPOCH_UNKNOWN' | 'TIMESTAMP_AHEAD'
}

export interface EngineOptions {
  crypto: Crypto
  /** Signs checkpoints with the device's key. */
  sign: Sign
  me: DeviceKey
  list: MemberList
  rings: Rings
  have: HaveVector
  /** Checkpoints that were proven before (rule C3). */
  proven?: readonly Proven[]
  /** Who was kept out before. */
  keptOut?: readonly KeptOut[]
  /** App version, told in hello. */
  app: string
  /** 32 random bits at a time, seeded in simulations; chooses digest partners and delays. */
  random(): number
  /** A device that is not on the list and may read all the same: let in, while the admins agree (rule M4). */
  mayRead?(device: DeviceKey): boolean
  /** Rule F7; a circle's own rate decides unless a measurement wants one or the other. */
  mode?: 'auto' | 'full' | 'brief'
  /** Rule C2. False: no checkpoints (very large simulations). */
  receipts?: boolean
}

export class Engine {
  readonly links = new Map<DeviceKey, LinkState>()
  readonly have: HaveVector
  readonly forwarding: Forwarding
  readonly catchUp: CatchUp
  readonly receipts: Receipts
  readonly droppers: Droppers
  readonly conduct: Conduct
  private readonly comparing: Comparing
  private readonly pulled: Pulled
  private readonly cuts: Cuts
  private currentList: MemberList
  private readonly crypto: Crypto
  private readonly me: DeviceKey
  private readonly places = new Places()
  /** What is being verified or stored. */
  readonly landing = new Landing(this.places)
  private readonly held = new Map<NodeId, Held>()
  private readonly heldBytes = new Shares<DeviceKey | null>()
  private releaseAt = Infinity
  private readonly seen = new Map<DeviceKey, number>()
  /** When the first of the present links came up. */
  private linkedSince = Infinity
  private storedAt = 0
  /** Nodes stored live in this and the last window of RATE_MS. */
  private rate = { from: 0, count: 0, before: 0 }
  /** The clock, as last told, and by how much it was set back since the start. ms. */
  private wall = 0
  private behind = 0
  private effects: Effect[] = []

  constructor(private readonly options: EngineOptions) {
    const { crypto, me, have, random } = options
    this.crypto = crypto
    this.me = me
    this.currentList = options.list
    this.have = have
    this.cuts = new Cuts(crypto, have)
    const { cuts, links } = this
    const send = (to: DeviceKey, message: Message) => this.send(to, message)
    const ring = (epoch: number) => this.ring(epoch)
    this.conduct = new Conduct(options.keptOut)
    this.droppers = new Droppers((device) => this.receipts.provenAt(device))
    this.forwarding = new Forwarding({
      me,
      places: this.places,
      crypto,
      links,
      ring,
      currentRing: () => this.ring(this.currentList.epoch),
      mayReceive: (device) => isCurrentDevice(this.currentList, device) && !this.isKeptOut(device),
      alive: (device) => options.receipts === false || this.wall - (this.lastSeen(device) ?? 0) <= ALIVE_MS,
      demoted: (device) => this.droppers.isDemoted(device),
      sampled: (node, itsRing, seed) =>
        this.droppers.sampled(`${node.epoch}.${seed.author}.${node.seq}`, itsRing, seed, this.wall),
      send,
      dial: (device) => this.effects.push({ type: 'dial', device }),
    })
    this.catchUp = new CatchUp({
      have,
      links,
      send,
      landing: this.landing,
      patienceMs: () => this.forwarding.patienceMs,
      ceiling: (device) => this.ceiling(device),
      much: () => this.effects.push({ type: 'much-missing' }),
    })
    this.pulled = new Pulled({
      me,
      crypto,
      have,
      cuts,
      landing: this.landing,
      catchUp: this.catchUp,
      forwarding: this.forwarding,
      links,
      list: () => this.currentList,
      wall: () => this.wall,
      isYoung: this.isYoung,
      isAhead: this.isAhead,
      addsRun: (place) => this.addsRun(place),
      charge: (device, account, amount, now) => this.conduct.charge(device, account, amount, now),
      refuse: (link, code, id, author) => this.refuse(link, code, id, author),
      turnedDown: (link, item, code, now) => this.turnedDown(link, item, code, now),
      effect: (effect) => this.effects.push(effect),
      stored: (items, outcomes, now) => this.stored(items, outcomes, now),
      repaired: (behind, now) => {
        this.storedAt = now
        this.followed(true, behind, now)
      },
    })
    this.comparing = new Comparing({
      cuts,
      links,
      epoch: () => this.currentList.epoch,
      clock: () => this.wall,
      storedAt: () => this.storedAt,
      known: (device) => this.currentList.devices.has(device),
      send,
      random,
      inStep: (link, cut) => this.inStep(link, cut),
      told: (link) => this.haveTold(link),
    })
    this.receipts = new Receipts({
      me,
      crypto,
      sign: options.sign,
      cuts,
      list: () => this.currentList,
      ring,
      reach: () => this.forwarding.reach(this.steady()),
      send,
      random,
      takeLate: (max) => this.forwarding.takeLate(max),
      lateHeard: (device, late, now) => this.lateHeard(device, late, now),
    })
    for (const proven of options.proven ?? []) this.receipts.proven.set(proven.checkpoint.device, proven)
  }

  private ceiling(device: DeviceKey): number {
    const record = this.currentList.devices.get(device)
    return record ? (record.cutoffSeq ?? Infinity) : 0
  }

  get list(): MemberList {
    return this.currentList
  }

  /** How many entries of a device wait for this clock (rule N4). */
  aheadOf(device: DeviceKey): number {
    let count = 0
    for (const { item, code } of this.held.values())
      if (code === 'TIMESTAMP_AHEAD' && item.node.device === device) count++
    return count
  }
  /** No link is kept with it, for what it did. */
  isKeptOut(device: DeviceKey): boolean {
    return this.conduct.keptOut(device, this.wall) !== null
  }

  /** When a device was last linked to us, or heard of through its checkpoints; ms since 1970 UTC. */
  lastSeen(device: DeviceKey): number | null {
    return Math.max(this.seen.get(device) ?? 0, this.receipts.heardAt(device)) || null
  }

  /** The ring of an epoch, or null when it is not known. */
  ring(epoch: number): Ring | null {
    return this.options.rings.of(this.currentList, epoch)
  }

  /** Whose answer is overdue, and in how many ms somebody else is asked; null: nobody's. */
  overdue(wall: number): { peer: DeviceKey; againInMs: number } | null {
    const now = wall + this.behind
    const overdue = this.catchUp.overdue(now)
    return overdue && { peer: overdue.peer, againInMs: Math.max(0, overdue.againAt - now) }
  }

  /** Something is expected from this device: an acknowledgement or an answer. */
  awaits(device: DeviceKey): boolean {
    return this.forwarding.awaits(device) || this.catchUp.awaits(device)
  }

  /** When the next tick is due; ms since 1970 UTC. */
  wakeAt(): number {
    const deadline = Math.min(this.forwarding.wakeAt(), this.catchUp.wakeAt(), this.comparing.wakeAt(), this.releaseAt)
    return Math.min(deadline - this.behind, this.options.receipts === false ? Infinity : this.receipts.wakeAt())
  }

  /** One step. The effects are to be carried out in order. */
  handle(event: Event, wall: number): Effect[] {
    this.effects = []
    this.behind += Math.max(0, this.wall - wall)
    this.wall = wall
    const now = this.steady()
    switch (event.type) {
      case 'link-up':
        this.linkUp(event.device, now)
        break
      case 'link-down':
        this.linkDown(event.device, now)
        break
      case 'frame':
        this.frame(event.from, event.bytes, now)
        break
      case 'verified':
        this.verified(event.items, event.holds, now)
        break
      case 'stored':
        this.stored(event.items, event.outcomes, now)
        break
      case 'served':
        this.conduct.charge(event.to, 'reads', Math.max(event.nodes, READ_NODES_MIN), now)
        break
      case 'offence':
        this.offence(event.from, event.code, false)
        break
      case 'readmit':
        if (this.conduct.lift(event.device)) this.effects.push({ type: 'kept-out' })
        break
      case 'store-failed':
        this.landed(event.items)
        this.catchUp.storeFailed(now)
        break
      case 'run-stored': {
        const items = this.pulled.done(event.run, event.result, now)
        if (items.length) this.effects.push({ type: 'store', items })
        else this.catchUp.pump(now)
        break
      }
      case 'run-failed':
        this.pulled.failed(event.run)
        this.catchUp.storeFailed(now)
        break
      case 'reread':
        this.take(event.have)
        this.catchUp.stir()
        this.catchUp.pump(now)
        break
      case 'list-changed':
        this.listChanged(event.list, event.have ?? new Map(), now)
        break
      case 'reachable':
        if (event.device === null) this.forwarding.setEverybodyReachable(event.reachable)
        else this.forwarding.setReachable(event.device, event.reachable)
        break
      case 'tick':
        this.tick(now)
        break
    }
    return this.effects
  }

  /** Time that never goes back, for deadlines: a clock that was set back would else make them wait for as long. */
  private steady(): number {
    return this.wall + this.behind
  }

  private send(to: DeviceKey, message: Message): void {
    this.effects.push({ type: 'send', to, message })
  }

  // -------------------------------------------------------------- links

  private linkUp(device: DeviceKey, now: number): void {
    const link = new LinkState(device, now)
    this.links.set(device, link)
    this.linkedSince = Math.min(this.linkedSince, now)
    this.seen.set(device, this.wall)
    this.forwarding.linkUp(device)
    this.sendHello(device)
    this.comparing.begin(link, now)
  }

  private linkDown(device: DeviceKey, now: number): void {
    this.links.delete(device)
    if (!this.links.size) this.linkedSince = Infinity
    this.seen.set(device, this.wall)
    this.catchUp.linkDown(device, now)
    this.forwarding.linkDown(device, now)
  }

  private sendHello(to: DeviceKey): void {
    const { epoch, epochIds } = this.currentList
    this.send(to, { type: 'hello', version: PROTOCOL_VERSION, epoch, epochId: epochIds[epoch]!, app: this.options.app })
  }

  // -------------------------------------------------------------- frames

  private cut(device: DeviceKey, code: ErrorCode): void {
    const link = this.links.get(device)
    if (link) link.cut = true
    this.effects.push({ type: 'cut', device, code })
  }

  private frame(from: DeviceKey, bytes: Uint8Array, now: number): void {
    const link = this.links.get(from)
    if (!link || link.cut) return
    if (!this.affords(link, 'frames', 1, now) || !this.affords(link, 'bytes', bytes.length, now)) return
    const messages = decodeFrame(bytes)
    if (!messages) {
      this.refuse(link, 'FRAME_MALFORMED', null)
      this.cut(from, 'FRAME_MALFORMED')
      return
    }
    if (!this.affords(link, 'messages', messages.length, now)) return
    link.lastHeardAt = now
    this.seen.set(from, this.wall)
    const items: Incoming = { unverified: [], believed: [] }
    for (const message of messages) if (!link.cut) this.message(link, message, items, now)
    if (items.unverified.length) this.effects.push({ type: 'verify', items: items.unverified })
    if (items.believed.length) this.effects.push({ type: 'store', items: items.believed })
    this.catchUp.pump(now)
  }

  private message(link: LinkState, m: Message, items: Incoming, now: number): void {
    const from = link.device
    const cost = costOf(m)
    if (cost && !this.affords(link, ...cost, now)) return
    switch (m.type) {
      case 'hello': {
        if (m.version !== PROTOCOL_VERSION) {
          this.cut(from, 'PROTOCOL_VERSION')
          return
        }
        link.epoch = m.epoch
        const mine = this.currentList
        if (m.epoch > mine.epoch) this.wantEpochs(link, now)
        else if (m.epochId !== mine.epochIds[m.epoch]) this.cut(from, 'EPOCH_NOT_NEXT')
        return
      }
      case 'node':
        this.nodeArrived(link, m, items, now)
        return
      case 'part': {
        const { id, tree, lo, len } = m
        const arrival: Arrival = { tree, brief: false, lo, len }
        const item = this.landing.item(id) ?? this.held.get(id)?.item
        if (item) {
          this.cameToo(item, from, arrival)
          return
        }
        const node = this.forwarding.lately(id)
        // Refused, or long forgotten: the sender hears nothing and tries somebody else.
        if (!node) return
        this.acknowledge(from, tree, id)
        this.handOn(link, node, arrival, now)
        return
      }
      case 'announce':
        this.announced(link, m, now)
        return
      case 'ack': {
        const acked = this.forwarding.acknowledged(link, m.tree, m.mark, now)
        if (acked?.node.device === this.me)
          this.effects.push({ type: 'own-held', by: from, seq: acked.node.seq, id: acked.node.id })
        return
      }
      case 'digest':
        // A hello may be lost with its link; lists are compared like everything else.
        if (m.epoch > this.currentList.epoch) this.wantEpochs(link, now)
        else if (m.epoch < this.currentList.epoch) this.sendHello(from)
        this.comparing.digest(link, m)
        return
      case 'same':
        this.comparing.same(link, m, now)
        return
      case 'have':
        this.comparing.have(link, m, now)
        this.effects.push({ type: 'aside', from, message: m })
        return
      case 'pull':
        for (const r of m.ranges)
          if (this.currentList.devices.has(r.device) && this.mayRead(link, now))
            this.effects.push({ type: 'read-run', to: from, device: r.device, from: r.from, toSeq: r.to })
        return
      case 'run':
        items.believed.push(...this.pulled.arrived(link, m, now))
        return
      case 'epochs-want':
        this.effects.push({ type: 'read-epochs', to: from, after: m.after })
        return
      case 'epochs':
        this.effects.push({ type: 'epochs', from, records: m.records })
        return
      case 'checkpoints':
        if (!this.receipts.arrived(m, this.wall)) this.refuse(link, 'CHECKPOINT_INVALID', null)
        this.effects.push({ type: 'receipts' })
        return
      case 'notices-have':
      case 'notices':
      case 'secret-want':
      case 'secret':
      case 'run-mark':
      case 'alive-want':
      case 'alive':
      case 'branch-want':
      case 'branch':
        this.effects.push({ type: 'aside', from, message: m })
        return
    }
  }

  /** Asks for the records behind ours, once until they come or the answer is overdue. */
  private wantEpochs(link: LinkState, now: number): void {
    const after = this.currentList.epoch
    if (link.asked?.after === after && now - link.asked.at < EPOCHS_ANSWER_MS) return
    link.asked = { after, at: now }
    this.send(link.device, { type: 'epochs-want', after })
  }

  private inStep(link: LinkState, cut: number): void {
    link.compared = true
    link.heights.clear()
    const own = this.cuts.at(cut)?.entries.find((e) => e.device === this.me)
    if (own) this.effects.push({ type: 'own-held', by: link.device, seq: own.height, id: null })
    this.effects.push({ type: 'in-step', with: link.device })
  }

  private haveTold(link: LinkState): void {
    link.compared = true
    this.catchUp.stir()
    const own = link.heights.get(this.me)
    // A claim alone stops nobody from writing: what is claimed is pulled, and our own signature under it is what counts.
    if (own !== undefined && own <= haveOf(this.have, this.me).height)
      this.effects.push({ type: 'own-held', by: link.device, seq: own, id: null })
  }

  private lateHeard(device: DeviceKey, late: readonly Late[], now: number): void {
    for (const l of late) this.droppers.late(`${l.epoch}.${l.author}.${l.seq}`, l.tree, device, now)
  }

  // -------------------------------------------------------------- nodes

  /** `author`: of the node, where it is known. */
  private refuse(
    link: LinkState,
    code: VerifyCode | ErrorCode,
    id: NodeId | null,
    author: DeviceKey | null = null,
  ): void {
    this.effects.push({ type: 'refused', from: link.device, code, id })
    this.offence(link.device, code, author === link.device)
  }

  /** What was refused weighs on whoever sent it; `own`: it was of its own making. */
  private offence(from: DeviceKey, code: ErrorCode, own: boolean): void {
    if (this.conduct.refused(from, code, own, this.wall)) this.keepOut(from)
  }

  /** False: it is more than this peer's share, so it is not done. */
  private affords(link: LinkState, account: Account, amount: number, now: number, more = 0): boolean {
    const { device } = link
    if (this.conduct.affords(device, account, amount, now, more)) return true
    this.effects.push({ type: 'refused', from: device, code: 'BUDGET_EXCEEDED', id: null })
    if (this.conduct.exceeded(device, account, this.wall)) this.keepOut(device)
    return false
  }

  private keepOut(device: DeviceKey): void {
    this.cut(device, 'PEER_KEPT_OUT')
    this.effects.push({ type: 'kept-out' })
  }

  private nodeArrived(link: LinkState, m: Extract<Message, { type: 'node' }>, items: Incoming, now: number): void {
    const decoded = decodeNode(this.crypto, m.bytes)
    if (!decoded.ok) {
      this.refuse(link, decoded.code, null)
      return
    }
    this.forwarding.counters.received++
    const { node } = decoded
    const arrival: Arrival = { tree: m.tree, brief: m.brief, lo: m.lo, len: m.len }
    const known = this.forwarding.isKnown(node.id)
    // An id says nothing of the signature: only the very same bytes are one node whose check is under way.
    const landing = this.landing.item(node.id)
    const onItsWay = landing && equalBytes(landing.node.signature, node.signature) ? landing : null
    if (known || onItsWay) {
      if (!this.affords(link, 'repeats', 1, now)) return
      // Known: not verified again (rule F8), but this tree's part may still be ours to hand on.
      this.forwarding.counters.duplicates++
      if (onItsWay) {
        this.cameToo(onItsWay, link.device, arrival)
        return
      }
      this.acknowledge(link.device, m.tree, node.id)
      this.handOn(link, node, arrival, now)
      return
    }
    // Stored long ago, or another node for its place: only the store can tell, and only after the signature.
    if (isHere(this.have, node.device, node.seq) && !this.affords(link, 'stale', 1, now)) return
    // Comes again when the gaps below are filled.
    if (this.addsRun(node)) return
    const item: StoreItem = { node, origin: { from: link.device, how: 'tree', tree: m.tree }, arrival }
    const code = membershipCode(node, this.currentList)
    if (code) {
      // An honest peer has told of the list before it hands on what was written under it.
      if (code === 'EPOCH_UNKNOWN' && node.epoch > link.epoch && !this.affords(link, 'stale', 1, now)) return
      this.turnedDown(link, item, code, now)
      return
    }
    items.unverified.push(item)
    this.landing.add([item])
  }

  /** It was handed over once more before it was stored. A tree brings it to us over few ways; the rest is ignored. */
  private cameToo(item: StoreItem, from: DeviceKey, arrival: Arrival): void {
    item.also ??= []
    if (item.also.length < WAYS_MAX) item.also.push({ from, arrival })
  }

  /** Held where it is no fault of the node (true), else refused. */
  private turnedDown(link: LinkState | null, item: StoreItem, code: VerifyCode, now: number): boolean {
    const { node, origin, arrival } = item
    if (code !== 'EPOCH_UNKNOWN' && code !== 'TIMESTAMP_AHEAD') {
      if (link) this.refuse(link, code, node.id)
      return false
    }
    this.hold({ item, since: now, code })
    if (code === 'TIMESTAMP_AHEAD') this.catchUp.dated(node.device, node.seq, now)
    if (!link) return true
    if (code === 'EPOCH_UNKNOWN') this.wantEpochs(link, now)
    if (arrival) this.acknowledge(link.device, arrival.tree, node.id)
    if (code === 'TIMESTAMP_AHEAD' && origin.from !== null)
      this.effects.push({ type: 'refused', from: origin.from, code, id: node.id })
    return true
  }

  private isAhead = (node: TimelineNode): boolean => node.timestamp > this.wall + CLOCK_AHEAD_MS

  /** Signatures were looked at: what holds goes to the store. */
  private verified(items: readonly StoreItem[], holds: readonly boolean[], now: number): void {
    const believed: StoreItem[] = []
    const done: StoreItem[] = []
    items.forEach((item, i) => {
      const { node, origin } = item
      const link = origin.from === null ? null : (this.links.get(origin.from) ?? null)
      // The list may be another one than when it came.
      const code = !holds[i]!
        ? 'SIGNATURE_INVALID'
        : (membershipCode(node, this.currentList) ?? (this.isAhead(node) ? 'TIMESTAMP_AHEAD' : null))
      if (code === null) {
        believed.push(item)
        return
      }
      done.push(item)
      if (!this.turnedDown(link, item, code, now) && origin.how === 'sync' && link)
        this.catchUp.unserved(link.device, node.device)
    })
    this.landed(done)
    if (believed.length) this.effects.push({ type: 'store', items: believed })
    else this.catchUp.pump(now)
  }

  /** No longer on its way: stored, refused, held, or given back by a disk that is full. */
  private landed(items: readonly StoreItem[]): void {
    this.landing.remove(items)
    for (const { run } of items) if (run && --run.left === 0) run.settle()
  }

  /** One run too many above the gaps of a timeline. */
  private addsRun({ device, seq }: Pick<TimelineNode, 'device' | 'seq'>): boolean {
    const { floating, height } = haveOf(this.have, device)
    if (floating.length < FLOATING_RUNS_MAX || seq === height + 1) return false
    return !floating.some(({ from, to }) => from - 1 <= seq && seq <= to + 1)
  }

  /** What is read is charged when it is done, so an account may be overdrawn by what waits, and by no more. */
  private mayRead(link: LinkState, now: number): boolean {
    // What is here is counted only for the few who have used up what everybody may.
    if (link.cut || this.conduct.affords(link.device, 'reads', 0, now)) return !link.cut
    return this.affords(link, 'reads', 0, now, REREAD_TIMES * this.nodesHere())
  }

  private nodesHere(): number {
    let total = 0
    for (const { height, floating } of this.have.values())
      total += height + floating.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    return total
  }

  private isYoung = (node: TimelineNode): boolean => Math.abs(this.wall - node.timestamp) <= REPAIR_YOUNGER_MS

  /** Rule F7, BRIEF: the sender has a node, and tree B's segment of it is ours to announce. */
  private announced(link: LinkState, m: Announcement, now: number): void {
    const author = this.ring(m.epoch)?.order[m.author]
    if (author === undefined) {
      // Another list than ours: whoever announced it tries somebody else, and the list is asked for.
      if (m.epoch > this.currentList.epoch) this.wantEpochs(link, now)
      return
    }
    this.send(link.device, { type: 'ack', tree: 1, mark: m.mark })
    const here = isHere(this.have, author, m.seq)
    if (!this.forwarding.heard(m, author, here, now)) this.refuse(link, 'SEGMENT_INVALID', null)
    if (!here && !this.landing.holds(author, m.seq)) this.catchUp.expect(link.device, author, m.seq, now)
  }

  private acknowledge(to: DeviceKey, tree: Tree, id: NodeId): void {
    this.send(to, { type: 'ack', tree, mark: markOf(id) })
  }

  private handOn(link: LinkState | null, node: TimelineNode, arrival: Arrival, now: number): void {
    if (!this.forwarding.handOn(node, arrival, now) && link) this.refuse(link, 'SEGMENT_INVALID', node.id)
  }

  private stored(items: readonly StoreItem[], outcomes: readonly StoreOutcome[], now: number): void {
    let repaired = false
    let behind = false
    this.landed(items)
    this.noteAll(items, outcomes, now)
    items.forEach((item, i) => {
      const { node, origin, arrival, also = [] } = item
      const outcome = outcomes[i]!
      const link = origin.from === null ? null : (this.links.get(origin.from) ?? null)
      if (arrival && link) this.acknowledge(link.device, arrival.tree, node.id)
      for (const { from, arrival: other } of also) if (this.links.has(from)) this.acknowledge(from, other.tree, node.id)
      const handOnToo = () => {
        for (const { from, arrival: other } of also) this.handOn(this.links.get(from) ?? null, node, other, now)
      }
      switch (outcome.type) {
        case 'stored':
          if (node.device === this.me && origin.from !== null)
            this.effects.push({ type: 'own-timeline-ahead', height: node.seq })
          if (origin.how === 'own') {
            this.forwarding.learned(node)
            this.count(now)
            this.forwarding.begin(node, this.isBrief(), now)
          } else if (arrival) {
            this.forwarding.learned(node)
            this.count(now)
            this.forwarding.first(node, arrival, now)
            this.handOn(link, node, arrival, now)
            handOnToo()
            // Rule R3: a gap below is asked of whoever sent the later node.
            if (!outcome.head && link) this.catchUp.expect(link.device, node.device, node.seq - 1, now)
          } else {
            repaired = true
            // Nothing is handed on alone before its own signature was checked (rule N9).
            const alone = !item.chain || (also.length > 0 && signatureHolds(this.crypto, node))
            const young = alone && this.isYoung(node)
            if (young || (alone && also.length)) this.forwarding.learned(node)
            this.forwarding.repaired(node, young, now - this.linkedSince >= SETTLED_MS, now)
            if (alone) handOnToo()
          }
          behind ||= membershipCode(node, this.currentList) !== null
          break
        case 'duplicate':
          this.forwarding.learned(node)
          if (arrival) this.handOn(link, node, arrival, now)
          handOnToo()
          break
        case 'refused':
          if (link) this.refuse(link, outcome.code, node.id, node.device)
          if (link && origin.how === 'sync') this.catchUp.unserved(link.device, node.device)
          break
        case 'equivocation':
          if (link) this.effects.push({ type: 'refused', from: link.device, code: 'EQUIVOCATION', id: node.id })
          break
      }
    })
    this.followed(repaired, behind, now)
  }

  /** What follows from anything that was stored, or was here already. */
  private followed(repaired: boolean, behind: boolean, now: number): void {
    if (behind) this.effects.push({ type: 'cut-off' })
    if (this.storedAt === now) this.comparing.news(now)
    if (repaired) this.comparing.repaired(now)
    this.catchUp.pump(now)
    this.receipts.stored(this.wall)
  }

  /** Follows in the have-vector what was stored: a run above a gap at once, everything else node by node. */
  private noteAll(items: readonly StoreItem[], outcomes: readonly StoreOutcome[], now: number): void {
    for (let i = 0; i < items.length; i++) {
      const { node } = items[i]!
      const outcome = outcomes[i]!
      if (outcome.type !== 'stored') continue
      this.storedAt = now
      this.cuts.noteStored(node, outcome.head, this.wall)
      if (outcome.head) {
        noteStored(this.have, node.device, { from: node.seq, to: node.seq }, outcome.head)
        continue
      }
      let to = node.seq
      for (let next = i + 1; next < items.length; next++) {
        const { node: above } = items[next]!
        const then = outcomes[next]!
        if (above.device !== node.device || above.seq !== to + 1 || then.type !== 'stored' || then.head) break
        this.cuts.noteStored(above, null, this.wall)
        to++
        i = next
      }
      noteStored(this.have, node.device, { from: node.seq, to }, null)
    }
  }

  private count(now: number): void {
    const { rate } = this
    if (now - rate.from >= RATE_MS)
      this.rate = { from: now, count: 0, before: now - rate.from >= 2 * RATE_MS ? 0 : rate.count }
    this.rate.count++
  }
  /** Rule F7: the author decides, by the rate that it sees. */
  private isBrief(): boolean {
    const { mode = 'auto' } = this.options
    if (mode !== 'auto') return mode === 'brief'
    return Math.max(this.rate.count, this.rate.before) >= (BRIEF_FROM_PER_S * RATE_MS) / 1000
  }

  // -------------------------------------------------------------- list, time

  private listChanged(list: MemberList, have: HaveVector, now: number): void {
    this.currentList = list
    this.take(have)
    for (const [device, link] of this.links) {
      if (isCurrentDevice(list, device) || this.options.mayRead?.(device)) {
        this.sendHello(device)
        if (link.epoch > list.epoch) this.wantEpochs(link, now)
        continue
      }
      // Whoever was removed is told by the record itself, then cut off.
      this.effects.push({ type: 'read-epochs', to: device, after: link.epoch })
      this.cut(device, 'REMOVED_FROM_CIRCLE')
    }
    this.release(now)
  }

  private take(have: HaveVector): void {
    for (const [device, known] of have) {
      this.have.set(device, known)
      this.cuts.reset(device, this.have)
    }
  }

  private hold(held: Held): void {
    const { node, origin } = held.item
    this.letGo(node.id)
    this.held.set(node.id, held)
    this.heldBytes.add(origin.from, node.bytes.length)
    this.releaseAt = Math.min(this.releaseAt, held.since + RELEASE_EVERY_MS)
    const { heldBytes } = this
    const tooMany = () =>
      heldBytes.count(origin.from) > HELD_PER_LINK_MAX || heldBytes.of(origin.from) > HELD_BYTES_PER_LINK_MAX
    for (const [id, { item }] of this.held) {
      if (!tooMany()) break
      if (item.origin.from === origin.from) this.letGo(id)
    }
    while (this.held.size > HELD_MAX || heldBytes.total > HELD_BYTES_MAX) this.letGo(this.held.keys().next().value!)
  }

  private letGo(id: NodeId): void {
    const held = this.held.get(id)
    if (!held) return
    this.heldBytes.remove(held.item.origin.from, held.item.node.bytes.length)
    this.held.delete(id)
  }

  /** What a held node waits for has come. */
  private due({ code, item, since }: Held, now: number): boolean {
    if (now - since >= HELD_MS) return true
    return code === 'EPOCH_UNKNOWN'
      ? item.node.epoch <= this.currentList.epoch
      : item.node.timestamp <= this.wall + CLOCK_AHEAD_MS
  }

  /** Tries held nodes again. */
  private release(now: number): void {
    const items: StoreItem[] = []
    for (const [id, held] of this.held) {
      if (!this.due(held, now)) continue
      const again = verifyNode(this.crypto, held.item.node, this.currentList, this.wall)
      if ((again === 'EPOCH_UNKNOWN' || again === 'TIMESTAMP_AHEAD') && now - held.since < HELD_MS) {
        held.code = again
        continue
      }
      this.letGo(id)
      if (again === null) items.push(held.item)
      else if (held.item.origin.from !== null)
        this.effects.push({ type: 'refused', from: held.item.origin.from, code: again, id })
    }
    this.releaseAt = this.held.size ? now + RELEASE_EVERY_MS : Infinity
    if (!items.length) return
    this.landing.add(items)
    this.effects.push({ type: 'store', items })
  }

  private tick(now: number): void {
    if (now >= this.releaseAt) this.release(now)
    this.conduct.tick(this.wall, now)
    this.forwarding.tick(now)
    this.catchUp.tick(now)
    this.comparing.tick(now)
    if (this.options.receipts !== false) this.receipts.tick(this.wall)
    const before = this.droppers.demoted.size
    this.droppers.tick(this.wall)
    if (this.droppers.demoted.size !== before) this.effects.push({ type: 'receipts' })
  }
}
