// The have-vector as it was at a cut (rules R4, C2): of every timeline only what was written up to a stated time. Peers
// compare cuts that lie a little in the past, so what is still on its way down the trees does not look like a difference.
import type { DeviceKey, NodeId } from '../../shared/types'
import { DecodeError, Writer, concat, decodeWhole, toHex } from './codec'
import { labelledHash, type Crypto } from './crypto'
import type { Head, HaveVector } from './have'
import type { HaveEntry } from './messages'
import type { TimelineNode } from './node'

/** Everything, whenever it was written. */
export const WHOLE = 0
/** Cuts that lie further back than this may not be known any more; whole vectors are compared then. */
export const KEPT_MS = 120_000
/** Places kept of one timeline, whatever their age. */
const PLACES_MAX = 4096

const CACHE_MAX = 64

export interface Place {
  seq: number
  id: NodeId
  timestamp: number
  /** What it adds to the encoding of a vector, once it was asked for. */
  encoded?: Uint8Array
}
interface Timeline {
  /** Gapless run that ends with the head. The first may be the only one known of what lies below it. */
  linked: Place[]
  /** Places above a gap, by seq; of those that no cut tells apart only the newest, whose seq is `newestOld`. */
  floating: Map<number, Place>
  newestOld: number | null
}
/** A vector that was asked for, and its digest: entries ascending by device. */
export interface Cut {
  entries: readonly HaveEntry[]
  digest: Uint8Array
  /** The same, as text. */
  key: string
}

/** The one encoding of a vector: entries ascending by device. */
export function encodeEntries(entries: readonly HaveEntry[]): Uint8Array {
  const writer = new Writer()
  for (const e of entries) writer.hex(e.device, 32).uint(e.height).hex(e.head, 32)
  return writer.finish()
}
const digestOf = (crypto: Crypto, encoded: Uint8Array): Uint8Array => labelledHash(crypto, 'have', encoded)

/** A vector from untrusted bytes, with its digest; null when it is not in that encoding. */
export function decodeEntries(crypto: Crypto, bytes: Uint8Array): { entries: HaveEntry[]; digest: Uint8Array } | null {
  const entries: HaveEntry[] = []
  const whole = decodeWhole(bytes, (r) => {
    while (r.left) {
      const entry = { device: r.hex(32) as DeviceKey, height: r.uint(), head: r.hex(32) as NodeId }
      if (entry.height < 1 || (entries.length && entries.at(-1)!.device >= entry.device))
        throw new DecodeError('vector')
      entries.push(entry)
    }
    return entries
  })
  return whole && { entries, digest: digestOf(crypto, bytes) }
}

export class Cuts {
  private readonly timelines = new Map<DeviceKey, Timeline>()
  private devices: DeviceKey[] = []
  /** Cuts that were computed since anything was stored. */
  private readonly cache = new Map<number, Cut | null>()

  constructor(
    private readonly crypto: Crypto,
    have: HaveVector,
  ) {
    for (const device of have.keys()) this.reset(device, have)
  }

  private timeline(device: DeviceKey): Timeline {
    let timeline = this.timelines.get(device)
    if (!timeline) {
      this.timelines.set(device, (timeline = { linked: [], floating: new Map(), newestOld: null }))
      this.devices = [...this.timelines.keys()].sort()
    }
    return timeline
  }

  /** Takes a timeline anew from the have-vector: at start, and after it was cut off. */
  reset(device: DeviceKey, have: HaveVector): void {
    this.cache.clear()
    const timeline = this.timeline(device)
    const known = have.get(device)
    timeline.floating.clear()
    timeline.newestOld = null
    timeline.linked =
      known?.head === undefined ? [] : [{ seq: known.height, id: known.head, timestamp: known.headTime! }]
  }

  /** Notes one stored node, and the head that it led to, if it closed a gap. */
  noteStored({ device, seq, id, timestamp }: TimelineNode, head: Head | null, now: number): void {
    this.noteRun(device, [{ seq, id, timestamp }], head, now)
  }

  /**
   * The same for nodes that follow each other. `places`, ascending: of those that no cut tells apart the newest is enough, and
   * then all that are newer.
   */
  noteRun(device: DeviceKey, places: readonly Place[], head: Head | null, now: number): void {
    this.cache.clear()
    const timeline = this.timeline(device)
    if (head) this.link(timeline, places, head, now)
    else for (const place of places) this.float(timeline, place, now)
  }

  private float(timeline: Timeline, place: Place, now: number): void {
    const { linked, floating } = timeline
    if (place.seq <= (linked.at(-1)?.seq ?? 0) || floating.size >= PLACES_MAX) return
    if (place.timestamp >= now - KEPT_MS) floating.set(place.seq, place)
    else if (place.seq > (timeline.newestOld ?? 0)) {
      // Of what is too old to be told apart by a cut only the newest counts: it stands for all that lies below.
      if (timeline.newestOld !== null) floating.delete(timeline.newestOld)
      timeline.newestOld = place.seq
      floating.set(place.seq, place)
    }
  }

  private link(timeline: Timeline, places: readonly Place[], head: Head, now: number): void {
    const { linked, floating } = timeline
    // The store's answers may come in another order than its commits.
    if (head.height <= (linked.at(-1)?.seq ?? 0)) return
    const first = places[0]!
    if (first.seq > (linked.at(-1)?.seq ?? 0) + 1) linked.splice(0, linked.length)
    linked.push(...places)
    const top = places.at(-1)!.seq
    if (head.height > top) {
      const above: Place[] = []
      let seq = head.height
      for (let next = floating.get(seq); next && seq > top; next = floating.get(--seq)) above.push(next)
      // What lay above the gap was stored before this run, or too long ago: only the head is known.
      if (seq > top) linked.splice(0, linked.length)
      linked.push(...above.reverse())
      if (linked.at(-1)?.seq !== head.height) linked.push({ seq: head.height, id: head.id, timestamp: head.timestamp })
    }
    for (const seq of floating.keys()) if (seq <= head.height) floating.delete(seq)
    if (timeline.newestOld !== null && timeline.newestOld <= head.height) timeline.newestOld = null
    // The first place stays as long as the second is not old enough to stand for what lies below.
    let old = 0
    while (old + 1 < linked.length && (linked[old + 1]!.timestamp < now - KEPT_MS || linked.length - old > PLACES_MAX))
      old++
    if (old > 64 || old + 1 === linked.length) linked.splice(0, old)
  }

  /** Latest timestamp of what is here without a gap; 0: nothing is. */
  newest(): number {
    let newest = 0
    for (const { linked } of this.timelines.values()) newest = Math.max(newest, linked.at(-1)?.timestamp ?? 0)
    return newest
  }

  /** What is here without a gap and was written up to `cut` (ms since 1970 UTC, or WHOLE). Null: too long ago to tell. */
  at(cut: number): Cut | null {
    let known = this.cache.get(cut)
    if (this.cache.size > CACHE_MAX) this.cache.clear()
    if (known === undefined) this.cache.set(cut, (known = this.compute(cut)))
    return known
  }

  private compute(cut: number): Cut | null {
    const entries: HaveEntry[] = []
    const encoded: Uint8Array[] = []
    for (const device of this.devices) {
      const { linked } = this.timelines.get(device)!
      let i = linked.length - 1
      if (cut !== WHOLE) while (i >= 0 && linked[i]!.timestamp > cut) i--
      if (i < 0 && linked.length && linked[0]!.seq > 1) return null
      const place = linked[i]
      if (!place) continue
      const entry = { device, height: place.seq, head: place.id }
      entries.push(entry)
      encoded.push((place.encoded ??= encodeEntries([entry])))
    }
    const digest = digestOf(this.crypto, concat(...encoded))
    return { entries, digest, key: toHex(digest) }
  }
}
