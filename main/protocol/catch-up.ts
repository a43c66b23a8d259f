// Getting what is missing (rules R3, R4): which ranges are asked of whom, newest first, several peers at once, bounded,
// and resumed from what is there after any interruption. It never sends a node; it only asks.
import type { DeviceKey } from '../../shared/types'
import { haveOf, missingUpTo, type HaveVector } from './have'
import type { Landing } from './landing'
import type { LinkState } from './links'
import type { Message } from './messages'
import type { Range } from './timeline'

/**
 * Nodes asked for at once: few of a timeline of which little was asked for, so that every timeline's newest come soon, but
 * enough that one signature stands for all of them (rule N9); then as many as were asked for above, up to about 150 KiB of
 * ordinary nodes.
 */
const CHUNK_NODES_MIN = 24
const CHUNK_NODES_MAX = 512
/**
 * Open questions to one peer, and nodes that they ask for: enough to keep a link busy over 100 ms, few enough to switch when
 * it stalls. Many are small ones, in the beginning.
 */
const OPEN_PER_PEER = 32
const OPEN_NODES_PER_PEER = 4 * CHUNK_NODES_MAX
/** From so many missing nodes on it pays to store them beside the main loop. */
const MUCH_NODES = 512
/** A question without an answer is asked of somebody else after this long. */
const ANSWER_MS = 8000
/** From then on an answer is overdue: that is told to whoever waits. */
const OVERDUE_MS = 3000
/** How long a range is left alone that starts with a node dated ahead. */
const AHEAD_PAUSE_MS = 60_000
/** After the store failed (full disk), nothing is pulled for this long. */
const STORE_FAILED_PAUSE_MS = 10_000

/** Announced places that are waited for; the oldest is dropped, and anti-entropy finds it. */
const EXPECTED_MAX = 4096

/** A place that a peer has, and that should come by itself. */
interface Expected {
  peer: DeviceKey
  device: DeviceKey
  seq: number
  due: number
}
interface Open extends Question {
  peer: DeviceKey
  since: number
  /** Its answer came and is being verified or stored. */
  answered: boolean
}
interface Question extends Range {
  device: DeviceKey
}
/** What one peer may be asked besides. */
interface Room {
  questions: number
  nodes: number
}
interface Gap extends Range {
  /** Nodes above it that are here or asked for, up to the highest that the peer has. */
  depth: number
}
/** A peer that may be asked for more. */
interface Free {
  link: LinkState
  room: Room
  gaps: Map<DeviceKey, Gap>
  ranges: Question[]
}
const NONE: readonly Open[] = []

function note(asked: Map<DeviceKey, Open[]>, open: Open): void {
  const others = asked.get(open.device)
  if (others) others.push(open)
  else asked.set(open.device, [open])
}

interface Ports {
  have: HaveVector
  /** What is on its way in is not asked for. */
  landing: Pick<Landing, 'holds' | 'full'>
  links: ReadonlyMap<DeviceKey, LinkState>
  send(to: DeviceKey, message: Message): void
  /** Rules R2, R3: how long what was announced, or lies below a node that came, may take to come down its own tree. */
  patienceMs(): number
  /** Highest seq that may be stored of a device: its cut-off if it was removed, 0 if it was never on the list (rule M5). */
  ceiling(device: DeviceKey): number
  /** Much is missing and has been asked for. */
  much(): void
}

export class CatchUp {
  private readonly open: Open[] = []
  /** That much is missing was told. */
  private toldMuch = false
  private readonly expected = new Set<Expected>()
  private pausedUntil = 0
  /** Something has changed since nothing was found to ask for. */
  private stirred = true
  private wake = Infinity
  /** Pulled ranges, for the counters of a screen. */
  pulled = 0
  /** Nodes from this seq on are dated ahead of our clock: asking again at once would bring the same (rule N4). */
  private readonly ahead = new Map<DeviceKey, { from: number; until: number }>()
  /** The peer that answered last. */
  lastFrom: DeviceKey | null = null

  constructor(private readonly ports: Ports) {}

  /** Nodes known to exist and not here. */
  missing(): number {
    let total = 0
    for (const [device, top] of this.tops())
      for (const r of missingUpTo(this.ports.have, device, top)) total += r.to - r.from + 1
    return total
  }

  /** The question that has waited longest, if its answer is overdue: of whom, and when somebody else is asked. */
  overdue(now: number): { peer: DeviceKey; againAt: number } | null {
    const waiting = this.open.filter((o) => !o.answered && now - o.since >= OVERDUE_MS)
    const first = waiting.sort((a, b) => a.since - b.since)[0]
    return first ? { peer: first.peer, againAt: first.since + ANSWER_MS } : null
  }

  awaits(device: DeviceKey): boolean {
    return this.open.some((o) => o.peer === device && !o.answered)
  }

  /** Highest seq of each device that a linked peer says it can serve. */
  private tops(): Map<DeviceKey, number> {
    const tops = new Map<DeviceKey, number>()
    for (const link of this.ports.links.values())
      for (const [device, height] of link.heights) {
        const top = Math.min(height, this.ports.ceiling(device))
        if (top > (tops.get(device) ?? 0)) tops.set(device, top)
      }
    return tops
  }

  /** A peer has this place, and it is not here (rules R2, R3): it is asked for unless it comes by itself soon. */
  expect(peer: DeviceKey, device: DeviceKey, seq: number, now: number): void {
    const expected = { peer, device, seq, due: now + this.ports.patienceMs() }
    this.expected.add(expected)
    if (this.expected.size > EXPECTED_MAX) this.expected.delete(this.expected.values().next().value!)
    this.wake = Math.min(this.wake, expected.due)
  }

  /** A peer told what it has, or something else that may let us ask for more. */
  stir(): void {
    this.stirred = true
  }

  wakeAt(): number {
    return this.wake
  }

  linkDown(peer: DeviceKey, now: number): void {
    for (let i = this.open.length - 1; i >= 0; i--)
      if (this.open[i]!.peer === peer && !this.open[i]!.answered) this.open.splice(i, 1)
    for (const expected of this.expected) if (expected.peer === peer) this.expected.delete(expected)
    this.stirred = true
    this.pump(now)
  }

  storeFailed(now: number): void {
    this.pausedUntil = now + STORE_FAILED_PAUSE_MS
    this.wake = Math.min(this.wake, this.pausedUntil)
    this.stirred = true
  }

  /** A node of this place is held until the clock gets there; its range is asked for again later. */
  dated(device: DeviceKey, seq: number, now: number): void {
    this.ahead.set(device, { from: Math.min(seq, this.ahead.get(device)?.from ?? seq), until: now + AHEAD_PAUSE_MS })
    this.wake = Math.min(this.wake, now + AHEAD_PAUSE_MS)
  }

  /** A peer did not serve what it said it has: its word on this device is forgotten until it tells anew. */
  unserved(peer: DeviceKey, device: DeviceKey): void {
    this.ports.links.get(peer)?.heights.delete(device)
  }

  /**
   * The question that a run answers is not put again until what it brought is stored or refused: then the function returned
   * is to be called. Null: nobody asked, so the run is ignored.
   */
  answered(peer: DeviceKey, run: Extract<Message, { type: 'run' }>): (() => void) | null {
    const open = this.open.find(
      (o) => !o.answered && o.peer === peer && o.device === run.device && o.from === run.from && o.to === run.to,
    )
    if (!open) return null
    open.answered = true
    this.stirred = true
    this.lastFrom = peer
    if (!run.nodes.count) this.unserved(peer, run.device)
    return () => {
      const at = this.open.indexOf(open)
      if (at >= 0) this.open.splice(at, 1)
      this.stirred = true
    }
  }

  /** Asks for as much as may be open at once, newest first. */
  pump(now: number): void {
    // With as much on its way as memory may hold, the next question waits for the disk.
    if (!this.stirred || now < this.pausedUntil || this.ports.landing.full) return
    this.stirred = false
    const asked = new Map<DeviceKey, Open[]>()
    for (const open of this.open) note(asked, open)
    const free: Free[] = []
    for (const link of this.ports.links.values()) {
      const room = this.roomOf(link)
      if (room) free.push({ link, room, gaps: this.gapsOf(link, asked), ranges: [] })
    }
    const asking = [...free]
    while (free.length) {
      // The peer with the most room asks next, so that several serve side by side; each is asked only for what it can serve.
      free.sort((a, b) => b.room.nodes - a.room.nodes || (a.link.srttMs ?? 1000) - (b.link.srttMs ?? 1000))
      const one = free[0]!
      const want = this.nextFor(one, asked)
      if (want) {
        const open: Open = { ...want, peer: one.link.device, since: now, answered: false }
        this.open.push(open)
        note(asked, open)
        this.pulled++
        one.ranges.push(want)
        one.room.questions--
        one.room.nodes -= want.to - want.from + 1
      }
      if (!want || one.room.questions <= 0 || one.room.nodes <= 0) free.shift()
    }
    const told = asking.filter(({ ranges }) => ranges.length)
    for (const { link, ranges } of told) this.ports.send(link.device, { type: 'pull', ranges })
    if (told.length) this.asked(now)
    else if (!this.open.length) this.toldMuch = false
  }

  private asked(now: number): void {
    this.wake = Math.min(this.wake, now + ANSWER_MS)
    if (this.toldMuch || this.missing() < MUCH_NODES) return
    this.toldMuch = true
    this.ports.much()
  }

  /** Null: enough is asked of it already. Half of what may be is asked for at once, so that answers travel together. */
  private roomOf(link: LinkState): Room | null {
    if (!link.heights.size) return null
    const room: Room = { questions: OPEN_PER_PEER, nodes: OPEN_NODES_PER_PEER }
    for (const { peer, answered, from, to } of this.open) {
      if (answered || peer !== link.device) continue
      room.questions--
      room.nodes -= to - from + 1
    }
    return room.questions >= OPEN_PER_PEER / 2 && room.nodes >= OPEN_NODES_PER_PEER / 2 ? room : null
  }

  /** The newest gap of each timeline that a peer can fill. */
  private gapsOf(link: LinkState, asked: ReadonlyMap<DeviceKey, Open[]>): Map<DeviceKey, Gap> {
    const gaps = new Map<DeviceKey, Gap>()
    for (const [device, height] of link.heights) {
      const top = this.top(device, height)
      const gap = this.newestGap(device, top, asked.get(device) ?? NONE)
      if (gap) gaps.set(device, { ...gap, depth: top - gap.to })
    }
    return gaps
  }

  /** What to ask of one peer: the newest missing run of the timeline that was asked for least from its top. */
  private nextFor({ link, gaps }: Free, asked: ReadonlyMap<DeviceKey, Open[]>): Question | null {
    for (;;) {
      let best: DeviceKey | null = null
      let gap: Gap | null = null
      for (const [device, one] of gaps)
        if (!gap || one.depth < gap.depth || (one.depth === gap.depth && device < best!)) [best, gap] = [device, one]
      if (best === null || !gap) return null
      // Others may have been asked for it since.
      const top = this.top(best, link.heights.get(best)!)
      const left = this.newestGap(best, top, asked.get(best) ?? NONE)
      if (!left) {
        gaps.delete(best)
        continue
      }
      const depth = top - left.to
      if (depth > gap.depth) {
        gaps.set(best, { ...left, depth })
        continue
      }
      const all = left.to - left.from + 1
      const count = Math.min(CHUNK_NODES_MAX, Math.max(CHUNK_NODES_MIN, depth))
      // A small rest goes along: alone it would cost a signature each.
      const along = all > count && all - count < CHUNK_NODES_MIN && all <= CHUNK_NODES_MAX
      return { device: best, from: along ? left.from : Math.max(left.from, left.to - count + 1), to: left.to }
    }
  }

  /** Highest seq worth asking for, of what a peer says it has. */
  private top(device: DeviceKey, told: number): number {
    return Math.min(told, this.ports.ceiling(device), (this.ahead.get(device)?.from ?? Infinity) - 1)
  }

  /** The newest seqs that are neither here nor asked for. */
  private newestGap(device: DeviceKey, top: number, asked: readonly Open[]): Range | null {
    if (top <= haveOf(this.ports.have, device).height) return null
    const descending = asked.length > 1 ? [...asked].sort((a, b) => b.to - a.to) : asked
    for (const gap of missingUpTo(this.ports.have, device, top).toReversed()) {
      let { to } = gap
      for (const o of descending) if (o.from <= to && to <= o.to) to = o.from - 1
      while (to >= gap.from && this.ports.landing.holds(device, to)) to--
      if (to >= gap.from) {
        const below = asked
          .filter((o) => o.to < to && o.to >= gap.from)
          .reduce((max, o) => Math.max(max, o.to), gap.from - 1)
        return { from: below + 1, to }
      }
    }
    return null
  }

  tick(now: number): void {
    if (now < this.wake) return
    this.wake = this.pausedUntil > now ? this.pausedUntil : Infinity
    for (const [device, { until }] of this.ahead) {
      if (now >= until) this.ahead.delete(device)
      else this.wake = Math.min(this.wake, until)
    }
    for (let i = this.open.length - 1; i >= 0; i--) {
      const o = this.open[i]!
      if (o.answered) continue
      if (now - o.since < ANSWER_MS) {
        this.wake = Math.min(this.wake, o.since + ANSWER_MS)
        continue
      }
      this.open.splice(i, 1)
      this.unserved(o.peer, o.device)
    }
    for (const expected of this.expected) {
      const { peer, device, seq, due } = expected
      if (now < due) {
        this.wake = Math.min(this.wake, due)
        continue
      }
      this.expected.delete(expected)
      const link = this.ports.links.get(peer)
      if (link && missingUpTo(this.ports.have, device, seq).length)
        link.heights.set(device, Math.max(seq, link.heights.get(device) ?? 0))
    }
    this.stirred = true
    this.pump(now)
  }
}
