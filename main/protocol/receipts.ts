// Who holds what (rules C2, C3): every few seconds a device signs the digest of its have-vector at a cut that all of them
// share. Whoever holds the same at that cut knows from one signature that the other holds and has verified all of it,
// however much was written. Checkpoints go down one heir tree each, those of many devices in one message.
import type { CircleId, DeviceKey } from '../../shared/types'
import { Writer, fromHex, toHex } from './codec'
import { signedMessage, type Crypto, type Sign } from './crypto'
import type { Cut, Cuts } from './cuts'
import { heirs, nodeSeed, relative, type Reach, type Ring, type Segment } from './heirs'
import { CHECKPOINTS_MAX, LATE_MAX } from './limits'
import { isCurrentDevice, type MemberList } from './membership'
import { writeLate, type CheckpointEntry, type HaveEntry, type Late, type Message } from './messages'

/** Rule C2: 5 s up to 128 devices, then as much more as there are more devices, so that a peer's cost stays the same. */
const ROUND_MS = 5000
const ROUND_MS_PER_DEVICE = 30
const ROUND_DEVICES = 128
/** How long ago the cut of a new checkpoint lies: what was written by then has arrived. */
const LAG_MS = 2000
/** A device that has nothing new to say says so this often: others see that it is there (rule M7). */
const REPEAT_MS = 60_000
const REPEAT_ROUNDS = 12
/** Checkpoints to be passed on wait this long for others that go the same way. */
const COLLECT_MS = 300
/** The same while nothing was stored for QUIET_MS: they bring nothing new, and peers rest. */
const COLLECT_QUIET_MS = 1500
const QUIET_MS = 60_000
/** After something was stored, checkpoints that did not match are tried again this much later, all at once. */
const AGAIN_MS = 1000
/** Checkpoints dated further ahead are refused, so that a wrong clock cannot silence its device for long. */
const AHEAD_MS = 15 * 60_000

export interface Checkpoint {
  device: DeviceKey
  /** The cut: ms since 1970 UTC. */
  at: number
  /** Of the have-vector at the cut. */
  digest: Uint8Array
  late: readonly Late[]
  signature: Uint8Array
}
/** A checkpoint whose digest was ours too, with the vector that it stands for. */
export interface Proven {
  checkpoint: Checkpoint
  entries: readonly HaveEntry[]
}

const bodyOf = (at: number, digest: Uint8Array, late: readonly Late[]): Uint8Array => {
  const writer = new Writer().uint(at).fixed(digest, 32)
  writeLate(writer, late)
  return writer.finish()
}
/** What a device signs. */
export const checkpointMessage = (circle: CircleId, c: Omit<Checkpoint, 'signature'>): Uint8Array =>
  signedMessage('checkpoint', fromHex(circle), fromHex(c.device), bodyOf(c.at, c.digest, c.late))
export const checkpointHolds = (crypto: Crypto, circle: CircleId, c: Checkpoint): boolean =>
  crypto.verify(c.signature, checkpointMessage(circle, c), fromHex(c.device))

export const roundMs = (devices: number): number =>
  devices <= ROUND_DEVICES ? ROUND_MS : Math.max(ROUND_MS, ROUND_MS_PER_DEVICE * devices)

interface Ports {
  me: DeviceKey
  crypto: Crypto
  sign: Sign
  cuts: Cuts
  list(): MemberList
  ring(epoch: number): Ring | null
  reach(): Reach
  send(to: DeviceKey, message: Message): void
  random(): number
  /** What this device reports with its next checkpoint; it is not told again. */
  takeLate(max: number): Late[]
  lateHeard(device: DeviceKey, late: readonly Late[], now: number): void
}

export interface ReceiptCounters {
  sent: number
  checked: number
}

export class Receipts {
  readonly counters: ReceiptCounters = { sent: 0, checked: 0 }
  /** The latest checkpoint of each device that was ours too. */
  readonly proven = new Map<DeviceKey, Proven>()
  /** The latest of each device that has not matched yet. */
  private readonly open = new Map<DeviceKey, Checkpoint>()
  private readonly heard = new Map<DeviceKey, { at: number; provenAt: number; now: number }>()
  private readonly outgoing = new Map<DeviceKey, Map<string, Extract<Message, { type: 'checkpoints' }>>>()
  private collectUntil = Infinity
  private againAt = Infinity
  private storedAt = -Infinity
  private nextAt = -Infinity
  private round = 0
  private last: { key: string; sentAt: number } | null = null

  constructor(private readonly ports: Ports) {}

  /** When a device was last heard of through any checkpoint of its own; ms since 1970 UTC, by our clock; 0: never. */
  heardAt(device: DeviceKey): number {
    return this.heard.get(device)?.now ?? 0
  }
  /** When it last showed that it holds what we hold. */
  provenAt(device: DeviceKey): number {
    return this.heard.get(device)?.provenAt ?? 0
  }

  /** Who is known to hold a node, by the latest proven checkpoint of each. */
  holders(author: DeviceKey, seq: number): DeviceKey[] {
    const holders: DeviceKey[] = []
    for (const [device, { entries }] of this.proven)
      if ((entryOf(entries, author)?.height ?? 0) >= seq) holders.push(device)
    return holders
  }

  private get interval(): number {
    return roundMs(this.ports.ring(this.ports.list().epoch)?.n ?? 1)
  }

  wakeAt(): number {
    return Math.min(this.nextAt, this.collectUntil, this.againAt)
  }

  tick(now: number): void {
    if (now >= this.nextAt) this.sign(now)
    if (now >= this.collectUntil) this.flush()
    if (now < this.againAt) return
    this.againAt = Infinity
    for (const checkpoint of [...this.open.values()]) this.prove(checkpoint, now)
  }

  private sign(now: number): void {
    const { interval } = this
    const at = this.cutAt(now)
    this.nextAt = this.roundAfter(now)
    const list = this.ports.list()
    const ring = this.ports.ring(list.epoch)
    const cut = this.ports.cuts.at(at)
    if (at <= this.round || !cut || !ring || ring.n < 2 || !isCurrentDevice(list, this.ports.me)) return
    this.round = at
    const late = this.ports.takeLate(LATE_MAX)
    const repeat = Math.max(REPEAT_MS, REPEAT_ROUNDS * interval)
    if (!late.length && this.last?.key === cut.key && now - this.last.sentAt < repeat) {
      // Rounds in which nothing can be new are slept through.
      if (this.quiet(now)) this.nextAt = Math.max(this.nextAt, this.last.sentAt + repeat)
      return
    }
    this.last = { key: cut.key, sentAt: now }
    const unsigned = { device: this.ports.me, at, digest: cut.digest, late }
    const signature = this.ports.sign(checkpointMessage(list.circle, unsigned))
    // What we say of others is weighed like anybody's.
    if (late.length) this.ports.lateHeard(this.ports.me, late, now)
    this.passOn(list.epoch, ring, { ...unsigned, signature }, { lo: 0, len: ring.n }, now)
  }

  private cutAt(now: number): number {
    return Math.floor((now - LAG_MS) / this.interval) * this.interval
  }
  /** The next cut is ours to sign once it lies back far enough; a random delay keeps a circle from speaking all at once. */
  private roundAfter(now: number): number {
    const { interval } = this
    return this.cutAt(now) + interval + LAG_MS + (this.ports.random() % Math.ceil(interval / 2))
  }
  private quiet(now: number): boolean {
    return now - this.storedAt >= QUIET_MS
  }

  /** Checkpoints came over a link. False: something in them is not as it must be. */
  arrived(message: Extract<Message, { type: 'checkpoints' }>, now: number): boolean {
    const ring = this.ports.ring(message.epoch)
    // Another list than ours: who signed cannot be told, and the next round comes soon.
    if (!ring || message.at > now + AHEAD_MS) return true
    // Between rounds nobody signs: else one device could make the whole circle check a thousand a second.
    if (message.at % roundMs(ring.n) !== 0) return false
    for (const entry of message.entries) if (!this.one(ring, message, entry, now)) return false
    return true
  }

  private one(
    ring: Ring,
    { epoch, at, digest }: Extract<Message, { type: 'checkpoints' }>,
    { signer, lo, len, late, signature }: CheckpointEntry,
    now: number,
  ): boolean {
    const list = this.ports.list()
    const device = ring.order[signer]
    if (device === undefined) return false
    const before = this.heard.get(device)
    if (device === this.ports.me || !isCurrentDevice(list, device) || at <= (before?.at ?? 0)) return true
    const checkpoint: Checkpoint = { device, at, digest, late, signature }
    this.counters.checked++
    if (!checkpointHolds(this.ports.crypto, list.circle, checkpoint)) return false
    this.heard.set(device, { at, provenAt: before?.provenAt ?? 0, now })
    if (!this.prove(checkpoint, now)) this.open.set(device, checkpoint)
    this.ports.lateHeard(device, late, now)
    this.passOn(epoch, ring, checkpoint, { lo, len }, now)
    return true
  }

  private prove(checkpoint: Checkpoint, now: number): boolean {
    const cut = this.ports.cuts.at(checkpoint.at)
    if (!cut || cut.key !== toHex(checkpoint.digest)) return false
    this.proven.set(checkpoint.device, { checkpoint, entries: this.shared(cut) })
    this.open.delete(checkpoint.device)
    const heard = this.heard.get(checkpoint.device)
    if (heard) heard.provenAt = now
    return true
  }
  /** Equal vectors are kept once. */
  private shared({ entries }: Cut): readonly HaveEntry[] {
    for (const known of this.proven.values())
      if (known.entries.length === entries.length && known.entries.every((e, i) => e.head === entries[i]!.head))
        return known.entries
    return entries
  }

  /** Something was stored here: what did not match before may match soon. */
  stored(now: number): void {
    if (this.quiet(now)) this.nextAt = Math.min(this.nextAt, this.roundAfter(now))
    this.storedAt = now
    if (this.open.size && this.againAt === Infinity) this.againAt = now + AGAIN_MS
  }

  private passOn(epoch: number, ring: Ring, checkpoint: Checkpoint, segment: Segment, now: number): void {
    // As if rounds were a timeline: stripes alternate, so who is a leaf in one round is not in the next.
    const round = Math.floor(checkpoint.at / roundMs(ring.n))
    const seed = nodeSeed(this.ports.crypto, ring, checkpoint.device, round, 0)
    const holder = seed && relative(ring, seed, this.ports.me)
    if (!seed || holder === null || holder < segment.lo || holder >= segment.lo + segment.len) return
    if (segment.lo + segment.len > ring.n) return
    const { at, digest, late, signature } = checkpoint
    const signer = ring.position.get(checkpoint.device)!
    for (const { to, lo, len } of heirs(ring, seed, holder, segment, 0, this.ports.reach())) {
      let groups = this.outgoing.get(to)
      if (!groups) this.outgoing.set(to, (groups = new Map()))
      const key = `${epoch} ${at} ${toHex(digest)}`
      let group = groups.get(key)
      if (!group) groups.set(key, (group = { type: 'checkpoints', epoch, at, digest, entries: [] }))
      if (group.entries.length < CHECKPOINTS_MAX) group.entries.push({ signer, lo, len, late: [...late], signature })
      this.collectUntil = Math.min(this.collectUntil, now + (this.quiet(now) ? COLLECT_QUIET_MS : COLLECT_MS))
    }
  }

  private flush(): void {
    this.collectUntil = Infinity
    for (const [to, groups] of this.outgoing)
      for (const message of groups.values()) {
        this.counters.sent += message.entries.length
        this.ports.send(to, message)
      }
    this.outgoing.clear()
  }

  /** A device left the list. */
  forget(device: DeviceKey): void {
    this.proven.delete(device)
    this.open.delete(device)
    this.heard.delete(device)
  }
}

/** The entry of one device in a vector. */
export const entryOf = (entries: readonly HaveEntry[], device: DeviceKey): HaveEntry | undefined => {
  // Ascending by device: halving finds it.
  let low = 0
  let high = entries.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const entry = entries[middle]!
    if (entry.device === device) return entry
    if (entry.device < device) low = middle + 1
    else high = middle - 1
  }
  return undefined
}
