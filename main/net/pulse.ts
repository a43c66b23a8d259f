// Keeps links alive and notices dead ones. All links in one go, and only the side that dialled says something: a beat costs
// one waking and one packet a link, where a timer a link on both sides costs four wakings. What counts as a sign of life is any
// packet, the acknowledgement of our own included; so both sides notice a death, and each by itself.
import type { DeviceKey } from '../../shared/types'
import { KEEP_ALIVE_MS, SILENT_BEATS_MAX, SLEPT_MS, TICK_MS } from './limits'

/** What a beat needs of a link. */
export interface Alive {
  readonly remote: DeviceKey
  readonly initiator: boolean
  /** Packets that ever came, of any kind. */
  readonly packetsIn: number
  /** Has the other side acknowledge something. */
  probe(): void
  cut(code: string): void
}

export class Pulse {
  /** How many packets a link had got at the last beat, and for how many beats it has got none. */
  readonly #heard = new WeakMap<Alive, { packets: number; silentBeats: number }>()
  #beatAt = 0

  /** To be called every few seconds at least; beats when it is time. */
  tick(links: Iterable<Alive>, now: number): void {
    const sinceMs = now - this.#beatAt
    // A clock that was set back begins anew.
    if (sinceMs >= 0 && sinceMs < KEEP_ALIVE_MS - TICK_MS / 2) return
    this.#beatAt = now
    // This machine slept, or was too busy to read what came: that says nothing about the others.
    const late = sinceMs < 0 || sinceMs >= SLEPT_MS
    for (const link of [...links]) this.#beat(link, late)
  }

  #beat(link: Alive, late: boolean): void {
    const before = this.#heard.get(link)
    const silent = before?.packets === link.packetsIn && !late
    const silentBeats = silent ? before.silentBeats + 1 : 0
    if (silentBeats >= SILENT_BEATS_MAX) {
      link.cut('LOST')
      return
    }
    this.#heard.set(link, { packets: link.packetsIn, silentBeats })
    if (link.initiator) link.probe()
  }
}
