// Bytes a second, per link and in all, for the last five minutes. Counted as frames pass; nothing ticks for it.
import type { DeviceKey } from '../../shared/types'

export const METER_SECONDS = 300

/** Bytes by second in a ring: a slot is cleared when its second comes round again. */
class Track {
  private readonly bytes = new Float64Array(METER_SECONDS)
  private last = 0

  /** `second`: since 1970 UTC; a clock set back counts in the latest one. */
  add(second: number, bytes: number): void {
    this.forward(second)
    this.bytes[this.last % METER_SECONDS]! += bytes
  }
  /** Oldest first, up to and with `second`. */
  upTo(second: number): number[] {
    this.forward(second)
    return Array.from({ length: METER_SECONDS }, (_unused, i) => this.bytes[(this.last + 1 + i) % METER_SECONDS]!)
  }
  private forward(second: number): void {
    if (second - this.last >= METER_SECONDS) this.bytes.fill(0)
    else for (let s = this.last + 1; s <= second; s++) this.bytes[s % METER_SECONDS] = 0
    this.last = Math.max(this.last, second)
  }
}

export interface Traffic {
  sent: number[]
  received: number[]
}

class Tracks {
  readonly sent = new Track()
  readonly received = new Track()
  upTo(second: number): Traffic {
    return { sent: this.sent.upTo(second), received: this.received.upTo(second) }
  }
}

export class Meter {
  private readonly all = new Tracks()
  private readonly links = new Map<DeviceKey, Tracks>()

  constructor(private readonly now: () => number) {}

  private second(): number {
    return Math.floor(this.now() / 1000)
  }
  count(way: keyof Traffic, device: DeviceKey, bytes: number): void {
    let link = this.links.get(device)
    if (!link) this.links.set(device, (link = new Tracks()))
    const second = this.second()
    link[way].add(second, bytes)
    this.all[way].add(second, bytes)
  }
  /** A link is gone; what it carried stays in the sum. */
  forget(device: DeviceKey): void {
    this.links.delete(device)
  }
  total(): Traffic {
    return this.all.upTo(this.second())
  }
  of(device: DeviceKey): Traffic {
    const second = this.second()
    return (this.links.get(device) ?? new Tracks()).upTo(second)
  }
}
