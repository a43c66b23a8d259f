// Combining (rule C1): per link a leading-edge queue. A message goes out at once if the link was idle for 50 ms; else it
// waits until 50 ms are over or 64 KiB are together, and travels in one frame with whatever else waits. A device that is
// being dialled has its messages kept for as long as a hand-over waits (rule R1), then dropped: others get the part.
import type { DeviceKey } from '../../shared/types'
import { concat } from '../protocol/codec'
import { FRAME_BYTES_TARGET, FRAME_BYTES_MAX, FRAME_MESSAGES_MAX } from '../protocol/limits'
import { encodeMessage, type Message } from '../protocol/messages'
import type { Link } from './ports'

const COMBINE_MS = 50
/** Messages to a device that is being dialled are dropped after this long: the hand-over's own deadline. */
const DIAL_MS = 1500
/** Waiting messages of one device that is being dialled. */
const WAITING_MAX = 256

interface Queue {
  parts: Uint8Array[]
  bytes: number
  lastSentAt: number
  timer: NodeJS.Timeout | null
}

export class Outbox {
  private readonly links = new Map<DeviceKey, { link: Link; queue: Queue }>()
  private readonly waiting = new Map<DeviceKey, { message: Message; until: number }[]>()

  constructor(private readonly now: () => number) {}

  up(link: Link): void {
    this.links.set(link.remote, { link, queue: { parts: [], bytes: 0, lastSentAt: 0, timer: null } })
    const waited = this.waiting.get(link.remote) ?? []
    this.waiting.delete(link.remote)
    for (const { message, until } of waited) if (until > this.now()) this.send(link.remote, message)
  }

  down(device: DeviceKey): void {
    const entry = this.links.get(device)
    if (entry?.queue.timer) clearTimeout(entry.queue.timer)
    this.links.delete(device)
  }

  send(to: DeviceKey, message: Message): void {
    const entry = this.links.get(to)
    if (!entry) {
      const list = (this.waiting.get(to) ?? []).filter((w) => w.until > this.now())
      if (list.length < WAITING_MAX) list.push({ message, until: this.now() + DIAL_MS })
      this.waiting.set(to, list)
      return
    }
    const { link, queue } = entry
    const part = encodeMessage(message)
    if (queue.bytes + part.length > FRAME_BYTES_MAX || queue.parts.length === FRAME_MESSAGES_MAX)
      this.flush(link, queue)
    queue.parts.push(part)
    queue.bytes += part.length
    if (queue.bytes >= FRAME_BYTES_TARGET) {
      this.flush(link, queue)
      return
    }
    if (queue.timer) return
    // Everything that one event brings is sent together, so even the leading edge waits for the current turn to end.
    const idle = this.now() - queue.lastSentAt >= COMBINE_MS
    queue.timer = setTimeout(() => this.flush(link, queue), idle ? 0 : COMBINE_MS)
  }

  private flush(link: Link, queue: Queue): boolean {
    if (queue.timer) clearTimeout(queue.timer)
    queue.timer = null
    if (!queue.parts.length) return true
    const frame = concat(...queue.parts)
    queue.parts = []
    queue.bytes = 0
    queue.lastSentAt = this.now()
    return link.send(frame)
  }

  /** Sends what waits for one device. False: its link is congested, so bulk answers wait for it to drain. */
  flushed(device: DeviceKey): boolean {
    const entry = this.links.get(device)
    return !entry || this.flush(entry.link, entry.queue)
  }

  /** Sends what waits, before a link is closed on purpose. */
  flushAll(): void {
    for (const { link, queue } of this.links.values()) this.flush(link, queue)
  }
}
