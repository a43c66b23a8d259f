// Anti-entropy (rule R4): every two seconds the digest of what is here is compared with two neighbours by chance. The cut
// lies two seconds back, so nodes on their way make no difference; equal costs 32 bytes each way, else the vectors follow
// and catch-up.ts asks for what is missing.
import type { DeviceKey } from '../../shared/types'
import { equalBytes } from './codec'
import { WHOLE, type Cuts } from './cuts'
import type { LinkState } from './links'
import type { Message } from './messages'

const EVERY_MS = 2000
/**
 * Where nothing has come for a while the rounds grow apart, to a tenth of that while and at most to this. Whoever has stored
 * something lately asks at the full pace, also those who have not; so what is missing somewhere still shows within seconds.
 */
const EVERY_MS_MAX = 30_000
const QUIET_SHARE = 10
const NEIGHBOURS = 2
const LAG_MS = 2000
/** After a repair; often enough that a healed circle is equal within seconds, seldom enough that a long one costs little. */
const AGAIN_MS = 250
/** Every so often all is compared, however young: an author whose clock is ahead would else stay behind every cut. */
const WHOLE_EVERY = 8

interface Ports {
  cuts: Cuts
  links: ReadonlyMap<DeviceKey, LinkState>
  /** Number of our list. */
  epoch(): number
  /** The clock; deadlines here and elsewhere are in a time that never goes back. ms since 1970 UTC. */
  clock(): number
  /** When a node was last stored, in that time. */
  storedAt(): number
  /** A device on the list, now or before. */
  known(device: DeviceKey): boolean
  send(to: DeviceKey, message: Message): void
  random(): number
  /** A peer holds what we hold at a cut, or (`have`) tells what it holds. */
  inStep(link: LinkState, cut: number): void
  told(link: LinkState): void
}

export class Comparing {
  private nextAt = 0
  private lastAt = 0
  private rounds = 0
  /** When a node was last stored, a link came up, or somebody held something else than we do. */
  private newsAt = 0

  constructor(private readonly ports: Ports) {}

  wakeAt(): number {
    return this.ports.links.size ? this.nextAt : Infinity
  }

  tick(now: number): void {
    const { links, random } = this.ports
    if (now < this.nextAt || !links.size) return
    this.nextAt = now + Math.min(EVERY_MS_MAX, Math.max(EVERY_MS, (now - this.newsAt) / QUIET_SHARE))
    this.lastAt = now
    this.rounds++
    const candidates = [...links.values()]
    for (let i = 0; i < NEIGHBOURS && candidates.length; i++)
      this.ask(candidates.splice(random() % candidates.length, 1)[0]!, this.cutAt(now), now)
  }

  /** What was repaired here may be missing next door: two neighbours are asked soon, not at the next round. */
  repaired(now: number): void {
    this.nextAt = Math.min(this.nextAt, Math.max(now + AGAIN_MS, this.lastAt + AGAIN_MS))
  }

  /** Sends the digest of everything: a link has just come up. */
  begin(link: LinkState, now: number): void {
    this.news(now)
    this.ask(link, WHOLE, now)
  }

  /** Back to the full pace: a node was stored, or others hold something else. */
  news(now: number): void {
    this.newsAt = now
    this.nextAt = Math.min(this.nextAt, Math.max(now, this.lastAt + EVERY_MS))
  }

  /** Where nothing has come for a while everything is compared; its newest node marks the cut, so younger ones do no harm. */
  private cutAt(now: number): number {
    if (this.rounds % WHOLE_EVERY === 0) return WHOLE
    const lagged = this.ports.clock() - LAG_MS
    return this.ports.storedAt() <= now - LAG_MS ? Math.max(lagged, this.ports.cuts.newest()) : lagged
  }

  private ask(link: LinkState, cut: number, now: number): void {
    const mine = this.ports.cuts.at(cut)
    // Too long ago to tell cannot be a cut of our own making, unless the clock was set; everything is compared then.
    const { digest } = mine ?? this.ports.cuts.at(WHOLE)!
    link.digestSent = { at: now, cut: mine ? cut : WHOLE, digest }
    this.ports.send(link.device, { type: 'digest', epoch: this.ports.epoch(), cut: link.digestSent.cut, digest })
  }

  digest(link: LinkState, m: Extract<Message, { type: 'digest' }>): void {
    const { cuts, send } = this.ports
    const mine = cuts.at(m.cut)
    if (mine && equalBytes(mine.digest, m.digest)) {
      send(link.device, { type: 'same', digest: mine.digest })
      this.ports.inStep(link, m.cut)
      return
    }
    const cut = mine ? m.cut : WHOLE
    send(link.device, { type: 'have', question: true, cut, entries: [...cuts.at(cut)!.entries] })
  }

  same(link: LinkState, m: Extract<Message, { type: 'same' }>, now: number): void {
    const sent = link.digestSent
    if (!sent || !equalBytes(sent.digest, m.digest)) return
    link.digestSent = null
    link.measured(now - sent.at)
    this.ports.inStep(link, sent.cut)
  }

  have(link: LinkState, m: Extract<Message, { type: 'have' }>, now: number): void {
    this.news(now)
    if (m.question && link.digestSent) link.measured(now - link.digestSent.at)
    if (m.question) link.digestSent = null
    link.heights.clear()
    for (const e of m.entries) if (this.ports.known(e.device)) link.heights.set(e.device, e.height)
    this.ports.told(link)
    if (!m.question) return
    const mine = this.ports.cuts.at(m.cut)
    const cut = mine ? m.cut : WHOLE
    const { entries } = mine ?? this.ports.cuts.at(WHOLE)!
    if (entries.some((e) => (link.heights.get(e.device) ?? 0) < e.height))
      this.ports.send(link.device, { type: 'have', question: false, cut, entries: [...entries] })
  }
}
