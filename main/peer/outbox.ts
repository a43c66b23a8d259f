// Combining (rule C1): per link a leading-edge queue. A message goes out at once if no node went over the link for 50 ms;
// else it waits until 50 ms are over or 64 KiB are together, and travels in one frame with whatever else waits.
// Acknowledgements wait that long for something to ride on. A person's bandwidth caps are kept here, where every byte passes. A device that
// is being dialled has its messages kept for as long as a hand-over waits (rule R1), then dropped: others get the part.
import type { DeviceKey } from '../../shared/types'
import { concat } from '../protocol/codec'
import { ACK_RIDE_MS } from '../protocol/forwarding'
import { FRAME_BYTES_TARGET, FRAME_BYTES_MAX, FRAME_MESSAGES_MAX } from '../protocol/limits'
import { encodeMessage, type Message } from '../protocol/messages'
import type { Link, Time } from './ports'

const COMBINE_MS = 50
/** Messages to a device that is being dialled are dropped after this long: the hand-over's own deadline. */
const DIAL_MS = 1500
/** Waiting messages of one device that is being dialled. */
const WAITING_MAX = 256
/** What a cap lets through at once, at least: a full frame. */
const BURST_BYTES_MIN = FRAME_BYTES_TARGET

const URGENT: ReadonlySet<Message['type']> = new Set(['node', 'part', 'announce', 'run'])

/** Bytes a second; null: no cap. */
export interface Caps {
  total: number | null
  perPeer: number | null
}

/** Token bucket: a second's worth may go at once, then as much as comes in. May go into debt by one frame. */
class Bucket {
  private tokens: number
  private filledAt: number
  constructor(
    readonly rate: number,
    now: number,
  ) {
    this.tokens = Math.max(rate, BURST_BYTES_MIN)
    this.filledAt = now
  }
  /** Milliseconds until something may be sent; 0: now. */
  waitMs(now: number): number {
    const most = Math.max(this.rate, BURST_BYTES_MIN)
    this.tokens = Math.min(most, this.tokens + (Math.max(0, now - this.filledAt) * this.rate) / 1000)
    this.filledAt = now
    return this.tokens > 0 ? 0 : Math.ceil((-this.tokens / this.rate) * 1000) + 1
  }
  take(bytes: number): void {
    this.tokens -= bytes
  }
}

interface Queue {
  link: Link
  parts: Uint8Array[]
  bytes: number
  /** Something in `parts` travels a tree: small talk alone must not make the next node wait. */
  urgent: boolean
  urgentSentAt: number
  /** When the waiting frame goes, and how to call that off. */
  dueAt: number
  cancel: (() => void) | null
  bucket: Bucket | null
}

export class Outbox {
  private readonly queues = new Map<DeviceKey, Queue>()
  private readonly waiting = new Map<DeviceKey, { message: Message; until: number }[]>()
  private forgetting: (() => void) | null = null
  private caps: Caps = { total: null, perPeer: null }
  private bucket: Bucket | null = null

  /** `sent`: a frame of so many bytes went out; `drained`: what a cap held back is gone. */
  constructor(
    private readonly time: Time,
    private readonly sent: (device: DeviceKey, bytes: number) => void,
    private readonly drained: (device: DeviceKey) => void,
  ) {}

  setCaps(caps: Caps): void {
    this.caps = caps
    const now = this.time.now()
    this.bucket = caps.total === null ? null : new Bucket(caps.total, now)
    for (const queue of this.queues.values())
      queue.bucket = caps.perPeer === null ? null : new Bucket(caps.perPeer, now)
  }

  up(link: Link): void {
    const now = this.time.now()
    const bucket = this.caps.perPeer === null ? null : new Bucket(this.caps.perPeer, now)
    this.queues.set(link.remote, {
      link,
      parts: [],
      bytes: 0,
      urgent: false,
      urgentSentAt: 0,
      dueAt: Infinity,
      cancel: null,
      bucket,
    })
    const waited = this.waiting.get(link.remote) ?? []
    this.waiting.delete(link.remote)
    for (const { message, until } of waited) if (until > now) this.send(link.remote, message)
  }

  down(device: DeviceKey): void {
    this.queues.get(device)?.cancel?.()
    this.queues.delete(device)
  }

  send(to: DeviceKey, message: Message): void {
    const now = this.time.now()
    const queue = this.queues.get(to)
    if (!queue) {
      const list = (this.waiting.get(to) ?? []).filter((w) => w.until > now)
      if (list.length < WAITING_MAX) list.push({ message, until: now + DIAL_MS })
      this.waiting.set(to, list)
      this.forgetting ??= this.time.after(DIAL_MS + 1, () => this.forget())
      return
    }
    const part = encodeMessage(message)
    if (queue.bytes + part.length > FRAME_BYTES_MAX || queue.parts.length === FRAME_MESSAGES_MAX) this.emit(queue)
    queue.parts.push(part)
    queue.bytes += part.length
    queue.urgent ||= URGENT.has(message.type)
    if (queue.bytes >= FRAME_BYTES_TARGET) {
      this.flush(queue)
      return
    }
    // Everything that one event brings is sent together, so even the leading edge waits for the current turn to end.
    // A clock that was set back makes nothing wait longer.
    const edge = Math.min(now + COMBINE_MS, Math.max(now, queue.urgentSentAt + COMBINE_MS))
    this.schedule(queue, message.type === 'ack' ? Math.max(edge, now + ACK_RIDE_MS) : edge)
  }

  /** Whoever could not be dialled in time gets nothing of what waited. */
  private forget(): void {
    this.forgetting = null
    const now = this.time.now()
    for (const [device, list] of this.waiting) {
      const left = list.filter(({ until }) => until > now && until <= now + DIAL_MS)
      if (left.length) this.waiting.set(device, left)
      else this.waiting.delete(device)
    }
    if (this.waiting.size) this.forgetting = this.time.after(DIAL_MS + 1, () => this.forget())
  }

  private schedule(queue: Queue, at: number): void {
    if (queue.dueAt <= at) return
    queue.cancel?.()
    queue.dueAt = at
    queue.cancel = this.time.after(Math.max(0, at - this.time.now()), () => {
      queue.cancel = null
      if (this.flush(queue)) this.drained(queue.link.remote)
    })
  }

  /** Sends what waits, unless a cap forbids. False: something still waits, or the link is congested. */
  private flush(queue: Queue): boolean {
    if (!queue.parts.length) return true
    const now = this.time.now()
    const wait = Math.max(this.bucket?.waitMs(now) ?? 0, queue.bucket?.waitMs(now) ?? 0)
    if (wait === 0) return this.emit(queue)
    queue.cancel?.()
    queue.dueAt = Infinity
    this.schedule(queue, now + wait)
    return false
  }

  private emit(queue: Queue): boolean {
    queue.cancel?.()
    queue.cancel = null
    queue.dueAt = Infinity
    if (!queue.parts.length) return true
    const frame = queue.parts.length === 1 ? queue.parts[0]! : concat(...queue.parts)
    queue.parts = []
    queue.bytes = 0
    if (queue.urgent) queue.urgentSentAt = this.time.now()
    queue.urgent = false
    this.bucket?.take(frame.length)
    queue.bucket?.take(frame.length)
    this.sent(queue.link.remote, frame.length)
    return queue.link.send(frame)
  }

  /** Sends what waits for one device. False: its link is congested or capped, so bulk answers wait for `drained`. */
  flushed(device: DeviceKey): boolean {
    const queue = this.queues.get(device)
    return !queue || this.flush(queue)
  }

  /** Sends what waits, before a link is closed on purpose. */
  flushAll(): void {
    for (const queue of this.queues.values()) this.emit(queue)
  }
}
