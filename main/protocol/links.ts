// What is known of one link: how fast it is and what the peer at its other end has told.
import type { DeviceKey } from '../../shared/types'

/** RFC 6298's alpha. */
const SRTT_ALPHA = 1 / 8

export class LinkState {
  /** Smoothed round trip in ms; null until measured. */
  srttMs: number | null = null
  /** Heights that it has told and that were news; empty while both hold the same. */
  readonly heights = new Map<DeviceKey, number>()
  /** Number of its latest list. */
  epoch = 0
  lastHeardAt: number
  /** The digest that it was sent last, and its cut. */
  digestSent: { at: number; cut: number; digest: Uint8Array } | null = null
  /** Which list records were asked of it last. */
  asked: { after: number; at: number } | null = null
  /** It has told what it has since the link came up. */
  compared = false
  /** Was cut for what it sent; nothing more of it is looked at. */
  cut = false

  constructor(
    readonly device: DeviceKey,
    readonly upSince: number,
  ) {
    this.lastHeardAt = upSince
  }

  measured(sampleMs: number): void {
    this.srttMs = this.srttMs === null ? sampleMs : this.srttMs + (sampleMs - this.srttMs) * SRTT_ALPHA
  }
}
