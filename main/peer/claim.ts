// Whether this device may write yet (rule N7). Its folder may be a copy, or an old backup put back: then the same key is
// alive elsewhere, or the circle knows entries of it that are not here. After a start, nothing is signed before that could
// show: somebody who is online has told what he has of our timeline, and has had time to hear from the other one. Nobody
// online means that nobody can tell; then the device writes, as a lone laptop must.
import type { DeviceKey } from '../../shared/types'
import type { LinkState } from '../protocol/links'

/** A device that is cut off by its twin dials again within a second or two; then its members know of both. */
const TWIN_SHOWS_MS = 4000
/** Without any link by then, there is nobody to ask. Links on a LAN take less than two seconds. */
const NOBODY_MS = 4000

/** A link whose other end may know of a twin. `openedAt`: ms since 1970 UTC. */
export type AskedLink = Pick<LinkState, 'compared' | 'heights'> & { openedAt: number }

export class Claim {
  private settled = false
  private waiting: (() => void)[] = []
  // A wall clock that is set back must not make anybody wait for it to catch up: time here never runs backwards.
  private lastNow = -Infinity
  private setBackMs = 0
  /** When links were opened, in that time, by when they say so. */
  private readonly opened = new Map<number, number>()

  /** `askedFrom`: when others could first be asked, ms since 1970 UTC; null: there is no network, so nobody to ask. */
  constructor(private askedFrom: number | null) {}

  /** The network stands, or cannot: from here on whoever is there has had time to answer. */
  begin(at: number): void {
    if (this.askedFrom === Infinity) this.askedFrom = at + this.setBackMs
  }

  get held(): boolean {
    return !this.settled
  }

  /** Looks again. `height`: of our own timeline. */
  look(now: number, me: DeviceKey, height: number, alone: boolean, links: Iterable<AskedLink>): void {
    if (this.settled) return
    const open = [...links]
    this.setBackMs += Math.max(0, this.lastNow - now)
    this.lastNow = now
    const steady = now + this.setBackMs
    const ageOf = ({ openedAt }: AskedLink): number => {
      if (!this.opened.has(openedAt)) this.opened.set(openedAt, steady - Math.max(0, now - openedAt))
      return steady - this.opened.get(openedAt)!
    }
    const asked = open.some((link) => {
      const ageMs = ageOf(link)
      return link.compared && ageMs >= TWIN_SHOWS_MS && (link.heights.get(me) ?? 0) <= height
    })
    const nobody = this.askedFrom === null || alone || (!open.length && steady - this.askedFrom >= NOBODY_MS)
    if (!asked && !nobody) return
    this.settled = true
    for (const go of this.waiting.splice(0)) go()
  }

  /** Fulfilled when the device may write. */
  ready(): Promise<void> {
    return this.settled ? Promise.resolve() : new Promise((resolve) => this.waiting.push(resolve))
  }
}
