// The peer as a state machine: (event, now) → effects. It decides what is verified, stored, acknowledged, forwarded,
// pulled and refused; it never touches a socket, a disk, a clock or a random source. The driver carries the effects out
// in order and feeds back what the store said. The same engine runs in the product, in tests and in simulations.
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import { CatchUp } from './catch-up'
import type { Crypto } from './crypto'
import { Forwarding, type Arrival } from './forwarding'
import { digestOf, entriesOf, haveOf, isHere, noteStored, type HaveVector } from './have'
import { equalBytes } from './codec'
import { makeRing, type Ring, type Tree } from './heirs'
import { devicesAt, isCurrentDevice, type MemberList } from './membership'
import { PROTOCOL_VERSION, decodeFrame, type HaveEntry, type Message } from './messages'
import { CLOCK_AHEAD_MS } from './limits'
import { decodeNode, type TimelineNode } from './node'
import { verifyNode, type VerifyCode } from './verify'

/** Nodes waiting for an epoch or for the clock, and their bytes. Beyond it the oldest is dropped; it comes again. */
const HELD_MAX = 4096
const HELD_BYTES_MAX = 16_777_216
/** A held node that nothing released by then is dropped: five times the clock tolerance. */
const HELD_MS = 25 * 60_000
/** Refused nodes after which a link is cut: an honest peer's bugs stay below, a flood costs its sender (rule F8). */
const REFUSALS_PER_LINK_MAX = 64
const BLAMELESS: ReadonlySet<string> = new Set<VerifyCode | ErrorCode>([
  'BACKLINK_MISMATCH',
  'TIMESTAMP_NOT_LATER',
  'DEVICE_REMOVED',
  'DEVICE_FROZEN',
  'DEVICE_NOT_IN_EPOCH',
  'SEGMENT_INVALID',
])
/** Then list records are asked for again. */
const EPOCHS_ANSWER_MS = 2000
/** Rule R4. */
const DIGEST_EVERY_MS = 2000
const DIGEST_NEIGHBOURS = 2
/** Rule M7: presence is passed on this often; a person does not need it faster. */
const PRESENCE_EVERY_MS = 10_000
const PRESENCE_OLDEST_MS = 120_000
/** Rings kept for routing (rule F9). */
const RINGS_MAX = 8

/** How a node reached us; `own`: written here. */
export interface Origin {
  from: DeviceKey | null
  how: 'own' | 'tree' | 'sync'
  tree: Tree | null
}
/** What the store did with one node of a batch. */
export type StoreOutcome =
  /** `head`: the device's new gapless height and head when this node closed a gap, else null (it floats). */
  | { type: 'stored'; head: { height: number; id: NodeId } | null }
  | { type: 'duplicate' }
  | { type: 'refused'; code: 'BACKLINK_MISMATCH' | 'TIMESTAMP_NOT_LATER' }
  /** Another node of the device with this seq is stored (rule N6); the pair was kept as proof. */
  | { type: 'equivocation' }
export interface StoreItem {
  node: TimelineNode
  origin: Origin
  arrival: Arrival | null
  /** The other tree's segment, when it came with the same payload. */
  also?: Arrival
}

export type Event =
  | { type: 'link-up'; device: DeviceKey }
  | { type: 'link-down'; device: DeviceKey }
  | { type: 'frame'; from: DeviceKey; bytes: Uint8Array }
  | { type: 'stored'; items: readonly StoreItem[]; outcomes: readonly StoreOutcome[] }
  /** The store could not take the batch (disk full): nothing of it happened, nothing is acknowledged. */
  | { type: 'store-failed'; items: readonly StoreItem[] }
  /** `have`: how far the timelines of newly removed devices reach after they were cut off. */
  | { type: 'list-changed'; list: MemberList; have?: HaveVector }
  /** A device that is not linked can (or can no longer) be dialled: its beacon was heard, or the internet is up. */
  | { type: 'reachable'; device: DeviceKey; reachable: boolean }
  | { type: 'tick' }

export type Effect =
  | { type: 'send'; to: DeviceKey; message: Message }
  /** Commit in one transaction, then feed `stored` back before the next effect. */
  | { type: 'store'; items: StoreItem[] }
  /** Read the newest nodes of a range and answer with `run`. */
  | { type: 'read-run'; to: DeviceKey; device: DeviceKey; from: number; toSeq: number }
  | { type: 'read-epochs'; to: DeviceKey; after: number }
  /** Judge and keep list records in order; `list-changed` follows if any was accepted. */
  | { type: 'epochs'; from: DeviceKey; records: Uint8Array[] }
  | { type: 'dial'; device: DeviceKey }
  | { type: 'refused'; from: DeviceKey; code: VerifyCode | ErrorCode; id: NodeId | null }
  | { type: 'cut'; device: DeviceKey; code: ErrorCode }
  /** A peer holds exactly what we hold. */
  | { type: 'in-step'; with: DeviceKey }
  /** Somebody knows of nodes of our own device that we do not have (rule N7). */
  | { type: 'own-timeline-ahead'; height: number }
  /** A peer is known to hold our own timeline up to here. */
  | { type: 'own-held'; by: DeviceKey; seq: number; id: NodeId | null }
  /** `lastSeen` knows more than before (rule M7). */
  | { type: 'presence' }
  /** What concerns the list and is not on it: kept, judged and passed on by the notice board. */
  | { type: 'aside'; from: DeviceKey; message: AsideMessage }

export interface LinkState {
  device: DeviceKey
  /** Smoothed round trip in ms (RFC 6298's alpha of 1/8); null until measured. */
  srttMs: number | null
  refusals: number
  /** Its latest have-vector, as far as told. */
  have: Map<DeviceKey, HaveEntry>
  epoch: number
  digestSentAt: number | null
  lastHeardAt: number
  /** Which list records were asked of it last. */
  asked: { after: number; at: number } | null
  /** It has told what it has since the link came up. */
  compared: boolean
  /** Was cut for what it sent; nothing more of it is looked at. */
  cut: boolean
}

/** `have` is dealt with here; the board looks at it too, for heads that differ (rule N6). */
export type AsideMessage = Extract<
  Message,
  { type: 'notices-have' | 'notices' | 'secret-want' | 'secret' | 'twin' | 'branch-want' | 'branch' | 'have' }
>

interface Held {
  item: StoreItem
  since: number
  code: 'EPOCH_UNKNOWN' | 'TIMESTAMP_AHEAD'
}

export interface EngineOptions {
  crypto: Crypto
  me: DeviceKey
  list: MemberList
  have: HaveVector
  /** App version, told in hello. */
  app: string
  /** 32 random bits at a time, seeded in simulations; chooses digest partners. */
  random(): number
  /** A device that is not on the list and may read all the same: let in, while the admins agree (rule M4). */
  mayRead?(device: DeviceKey): boolean
}

export class Engine {
  readonly links = new Map<DeviceKey, LinkState>()
  readonly have: HaveVector
  readonly forwarding: Forwarding
  readonly catchUp: CatchUp
  private currentList: MemberList
  private readonly crypto: Crypto
  private readonly me: DeviceKey
  private readonly rings = new Map<number, Ring>()
  private readonly held = new Map<NodeId, Held>()
  private heldBytes = 0
  private readonly seen = new Map<DeviceKey, number>()
  private lastDigestAt = 0
  private lastPresenceAt = 0
  private effects: Effect[] = []

  constructor(private readonly options: EngineOptions) {
    this.crypto = options.crypto
    this.me = options.me
    this.currentList = options.list
    this.have = options.have
    const send = (to: DeviceKey, message: Message) => this.send(to, message)
    this.forwarding = new Forwarding({
      me: this.me,
      crypto: this.crypto,
      links: this.links,
      ring: (epoch) => this.ring(epoch),
      mayReceive: (device) => isCurrentDevice(this.currentList, device),
      send,
      dial: (device) => this.effects.push({ type: 'dial', device }),
    })
    this.catchUp = new CatchUp({
      have: this.have,
      links: this.links,
      send,
      ceiling: (device) => this.ceiling(device),
    })
  }

  private ceiling(device: DeviceKey): number {
    const record = this.currentList.devices.get(device)
    return record ? (record.cutoffSeq ?? Infinity) : 0
  }

  get list(): MemberList {
    return this.currentList
  }

  /** When each device was last linked to us or to somebody who told us; ms since 1970 UTC. */
  lastSeen(device: DeviceKey): number | null {
    return this.seen.get(device) ?? null
  }

  /** The ring of an epoch, or null when it is not known. */
  ring(epoch: number): Ring | null {
    const list = this.currentList
    const id = list.epochIds[epoch]
    if (id === undefined) return null
    let ring = this.rings.get(epoch)
    if (!ring) {
      ring = makeRing(this.crypto, id, devicesAt(list, epoch))
      this.rings.set(epoch, ring)
      if (this.rings.size > RINGS_MAX) this.rings.delete(this.rings.keys().next().value!)
    }
    return ring
  }

  /** Something is expected from this device: an acknowledgement or an answer. */
  awaits(device: DeviceKey): boolean {
    return this.forwarding.awaits(device) || this.catchUp.awaits(device)
  }

  /** Something waits for a deadline within a second: tick often. */
  busy(): boolean {
    return this.forwarding.busy() || this.catchUp.busy()
  }

  /** One step. The effects are to be carried out in order. */
  handle(event: Event, now: number): Effect[] {
    this.effects = []
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
      case 'stored':
        this.stored(event.items, event.outcomes, now)
        break
      case 'store-failed':
        this.catchUp.storeFailed(now)
        break
      case 'list-changed':
        this.listChanged(event.list, event.have ?? new Map(), now)
        break
      case 'reachable':
        this.forwarding.setReachable(event.device, event.reachable)
        break
      case 'tick':
        this.tick(now)
        break
    }
    return this.effects
  }

  private send(to: DeviceKey, message: Message): void {
    this.effects.push({ type: 'send', to, message })
  }

  // -------------------------------------------------------------- links

  private linkUp(device: DeviceKey, now: number): void {
    this.links.set(device, {
      device,
      srttMs: null,
      refusals: 0,
      have: new Map(),
      epoch: 0,
      digestSentAt: null,
      lastHeardAt: now,
      asked: null,
      compared: false,
      cut: false,
    })
    this.seen.set(device, now)
    this.sendHello(device)
    this.sendDigest(device, now)
  }

  private linkDown(device: DeviceKey, now: number): void {
    this.links.delete(device)
    this.seen.set(device, now)
    this.catchUp.linkDown(device, now)
    this.forwarding.linkDown(device, now)
  }

  private sendHello(to: DeviceKey): void {
    const { epoch, epochIds } = this.currentList
    this.send(to, { type: 'hello', version: PROTOCOL_VERSION, epoch, epochId: epochIds[epoch]!, app: this.options.app })
  }

  private sendDigest(to: DeviceKey, now: number): void {
    const link = this.links.get(to)
    if (!link) return
    link.digestSentAt = now
    this.send(to, { type: 'digest', digest: digestOf(this.crypto, this.have) })
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
    const messages = decodeFrame(bytes)
    if (!messages) {
      this.effects.push({ type: 'refused', from, code: 'FRAME_MALFORMED', id: null })
      this.cut(from, 'FRAME_MALFORMED')
      return
    }
    link.lastHeardAt = now
    this.seen.set(from, now)
    const items: StoreItem[] = []
    for (const message of messages) if (!link.cut) this.message(link, message, items, now)
    // What is on its way into the store is neither here nor missing: more is asked for when the store has answered.
    if (items.length) this.effects.push({ type: 'store', items })
    else this.catchUp.pump(now)
  }

  private message(link: LinkState, m: Message, items: StoreItem[], now: number): void {
    const from = link.device
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
        const item = items.find((i) => i.node.id === id) ?? this.held.get(id)?.item
        if (item) {
          item.also = { tree, lo, len }
          return
        }
        const node = this.forwarding.lately(id)
        // Refused, or long forgotten: the sender hears nothing and tries somebody else.
        if (!node) return
        this.send(from, { type: 'ack', tree, id })
        this.handOn(link, node, { tree, lo, len }, now)
        return
      }
      case 'ack': {
        const acked = this.forwarding.acknowledged(from, m.tree, m.id, now)
        if (acked?.node.device === this.me)
          this.effects.push({ type: 'own-held', by: from, seq: acked.node.seq, id: acked.node.id })
        return
      }
      case 'digest': {
        const mine = digestOf(this.crypto, this.have)
        if (equalBytes(mine, m.digest)) {
          this.send(from, { type: 'same', digest: mine })
          this.inStep(link)
        } else this.send(from, { type: 'have', question: true, entries: entriesOf(this.have) })
        return
      }
      case 'same':
        if (link.digestSentAt !== null) {
          this.forwarding.measured(link, now - link.digestSentAt)
          link.digestSentAt = null
        }
        if (equalBytes(m.digest, digestOf(this.crypto, this.have))) this.inStep(link)
        return
      case 'have':
        this.haveTold(link, m.entries, m.question)
        this.effects.push({ type: 'aside', from, message: m })
        return
      case 'pull':
        for (const r of m.ranges)
          if (this.currentList.devices.has(r.device))
            this.effects.push({ type: 'read-run', to: from, device: r.device, from: r.from, toSeq: r.to })
        return
      case 'run':
        this.runArrived(link, m, items, now)
        return
      case 'epochs-want':
        this.effects.push({ type: 'read-epochs', to: from, after: m.after })
        return
      case 'epochs':
        this.effects.push({ type: 'epochs', from, records: m.records })
        return
      case 'presence': {
        const entries = m.entries.filter((e) => e.device !== this.me && this.currentList.devices.has(e.device))
        for (const e of entries) this.seen.set(e.device, Math.max(this.seen.get(e.device) ?? 0, now - e.agoS * 1000))
        this.effects.push({ type: 'presence' })
        return
      }
      case 'notices-have':
      case 'notices':
      case 'secret-want':
      case 'secret':
      case 'twin':
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

  private inStep(link: LinkState): void {
    link.compared = true
    for (const entry of entriesOf(this.have)) link.have.set(entry.device, entry)
    this.tellOwnHeld(link)
    this.effects.push({ type: 'in-step', with: link.device })
  }

  private tellOwnHeld(link: LinkState): void {
    const mine = link.have.get(this.me)
    if (mine) this.effects.push({ type: 'own-held', by: link.device, seq: mine.height, id: null })
  }

  private haveTold(link: LinkState, entries: readonly HaveEntry[], question: boolean): void {
    link.compared = true
    link.have.clear()
    for (const e of entries) if (this.currentList.devices.has(e.device)) link.have.set(e.device, e)
    const own = link.have.get(this.me)
    // A claim alone stops nobody from writing: what is claimed is pulled, and our own signature under it is what counts.
    if (!own || own.height <= haveOf(this.have, this.me).height) this.tellOwnHeld(link)
    const theyLack = entriesOf(this.have).some((e) => (link.have.get(e.device)?.height ?? 0) < e.height)
    if (question && theyLack) this.send(link.device, { type: 'have', question: false, entries: entriesOf(this.have) })
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
    // What an honest peer may still hand on (another's fork, a removal not heard of yet) costs it nothing, unless it is its own.
    if (!BLAMELESS.has(code) || author === link.device) link.refusals++
    if (link.refusals === REFUSALS_PER_LINK_MAX) this.cut(link.device, 'FRAME_MALFORMED')
  }

  private nodeArrived(link: LinkState, m: Extract<Message, { type: 'node' }>, items: StoreItem[], now: number): void {
    const decoded = decodeNode(this.crypto, m.bytes)
    if (!decoded.ok) {
      this.refuse(link, decoded.code, null)
      return
    }
    this.forwarding.counters.received++
    const { node } = decoded
    const arrival: Arrival = { tree: m.tree, lo: m.lo, len: m.len }
    if (this.forwarding.isKnown(node.id)) {
      // Known: not verified again (rule F8), but this tree's part may still be ours to hand on.
      this.send(link.device, { type: 'ack', tree: m.tree, id: node.id })
      this.handOn(link, node, arrival, now)
      return
    }
    this.judge(link, { node, origin: { from: link.device, how: 'tree', tree: m.tree }, arrival }, items, now)
  }

  /** Verifies one new node; what is believed joins the batch for the store. */
  private judge(link: LinkState, item: StoreItem, items: StoreItem[], now: number): boolean {
    const { node } = item
    const code = verifyNode(this.crypto, node, this.currentList, now)
    if (code === null) {
      items.push(item)
      return true
    }
    if (code === 'EPOCH_UNKNOWN' || code === 'TIMESTAMP_AHEAD') {
      this.hold({ item, since: now, code })
      if (code === 'TIMESTAMP_AHEAD') this.catchUp.dated(node.device, node.seq, now)
      if (code === 'EPOCH_UNKNOWN') this.wantEpochs(link, now)
      if (item.arrival) this.send(link.device, { type: 'ack', tree: item.arrival.tree, id: node.id })
      if (code === 'TIMESTAMP_AHEAD') this.effects.push({ type: 'refused', from: link.device, code, id: node.id })
      return true
    }
    this.refuse(link, code, node.id)
    return false
  }

  private runArrived(link: LinkState, m: Extract<Message, { type: 'run' }>, items: StoreItem[], now: number): void {
    if (!this.catchUp.answered(link.device, m)) return
    const batch: StoreItem[] = []
    let expected = m.to
    for (let i = m.nodes.length - 1; i >= 0; i--, expected--) {
      const decoded = decodeNode(this.crypto, m.nodes[i]!)
      if (!decoded.ok) {
        this.refuse(link, decoded.code, null)
        break
      }
      const { node } = decoded
      if (node.device !== m.device || node.seq !== expected || node.seq < m.from) {
        this.refuse(link, 'FRAME_MALFORMED', node.id)
        break
      }
      if (isHere(this.have, node.device, node.seq)) continue
      if (
        !this.judge(link, { node, origin: { from: link.device, how: 'sync', tree: null }, arrival: null }, batch, now)
      )
        break
    }
    // A run that stops at a bad node tells that this peer cannot serve the rest.
    if (expected >= m.from && m.nodes.length > m.to - expected) this.catchUp.unserved(link.device, m.device)
    items.push(...batch)
  }

  private handOn(link: LinkState | null, node: TimelineNode, arrival: Arrival, now: number): void {
    if (!this.forwarding.handOn(node, arrival, now) && link) this.refuse(link, 'SEGMENT_INVALID', node.id)
  }

  private stored(items: readonly StoreItem[], outcomes: readonly StoreOutcome[], now: number): void {
    items.forEach((item, i) => {
      const { node, origin, arrival, also } = item
      const outcome = outcomes[i]!
      const link = origin.from === null ? null : (this.links.get(origin.from) ?? null)
      if (arrival && link) this.send(link.device, { type: 'ack', tree: arrival.tree, id: node.id })
      if (also && link) this.send(link.device, { type: 'ack', tree: also.tree, id: node.id })
      switch (outcome.type) {
        case 'stored':
          noteStored(this.have, node.device, node.seq, outcome.head)
          this.forwarding.learned(node)
          if (node.device === this.me && origin.from !== null)
            this.effects.push({ type: 'own-timeline-ahead', height: node.seq })
          if (origin.how === 'own') this.forwarding.begin(node, now)
          else if (arrival) {
            this.handOn(link, node, arrival, now)
            if (also) this.handOn(link, node, also, now)
            else this.forwarding.awaitOther(node, arrival.tree, now)
            // Rule R3: a gap below is asked of whoever sent the later node.
            if (!outcome.head && link) this.catchUp.heardOf(link, node)
          }
          break
        case 'duplicate':
          this.forwarding.learned(node)
          if (arrival) this.handOn(link, node, arrival, now)
          if (also) this.handOn(link, node, also, now)
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
    this.catchUp.pump(now)
  }

  // -------------------------------------------------------------- list, time

  private listChanged(list: MemberList, have: HaveVector, now: number): void {
    this.currentList = list
    for (const [device, known] of have) this.have.set(device, known)
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

  private hold(held: Held): void {
    const { node } = held.item
    if (!this.held.has(node.id)) this.heldBytes += node.bytes.length
    this.held.set(node.id, held)
    while (this.held.size > HELD_MAX || this.heldBytes > HELD_BYTES_MAX) this.letGo(this.held.keys().next().value!)
  }

  private letGo(id: NodeId): void {
    this.heldBytes -= this.held.get(id)?.item.node.bytes.length ?? 0
    this.held.delete(id)
  }

  /** What a held node waits for has come. */
  private due({ code, item, since }: Held, now: number): boolean {
    if (now - since >= HELD_MS) return true
    return code === 'EPOCH_UNKNOWN'
      ? item.node.epoch <= this.currentList.epoch
      : item.node.timestamp <= now + CLOCK_AHEAD_MS
  }

  /** Tries held nodes again. */
  private release(now: number): void {
    const items: StoreItem[] = []
    for (const [id, held] of this.held) {
      if (!this.due(held, now)) continue
      const again = verifyNode(this.crypto, held.item.node, this.currentList, now)
      if ((again === 'EPOCH_UNKNOWN' || again === 'TIMESTAMP_AHEAD') && now - held.since < HELD_MS) {
        held.code = again
        continue
      }
      this.letGo(id)
      if (again === null) items.push(held.item)
      else if (held.item.origin.from !== null)
        this.effects.push({ type: 'refused', from: held.item.origin.from, code: again, id })
    }
    if (items.length) this.effects.push({ type: 'store', items })
  }

  private tick(now: number): void {
    this.release(now)
    this.forwarding.tick(now)
    this.catchUp.tick(now)
    if (now - this.lastDigestAt >= DIGEST_EVERY_MS && this.links.size) {
      this.lastDigestAt = now
      const candidates = [...this.links.keys()].sort()
      for (let i = 0; i < DIGEST_NEIGHBOURS && candidates.length; i++)
        this.sendDigest(candidates.splice(this.options.random() % candidates.length, 1)[0]!, now)
    }
    if (now - this.lastPresenceAt >= PRESENCE_EVERY_MS && this.links.size) {
      this.lastPresenceAt = now
      const entries = [...this.seen]
        .map(([device, at]) => ({ device, agoS: Math.round((this.links.has(device) ? 0 : now - at) / 1000) }))
        .filter((e) => e.agoS * 1000 <= PRESENCE_OLDEST_MS && e.agoS >= 0)
      if (entries.length) for (const to of this.links.keys()) this.send(to, { type: 'presence', entries })
    }
  }
}
