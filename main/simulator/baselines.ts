// The designs that Twofold is held against, on the same latencies: everybody to everybody, the author to all, and two
// random targets. They lose nothing here and pay for no acknowledgement, so every figure is to their advantage.
import { seededRandom } from './random'

export interface Spread {
  /** Payload sends per node and peer. */
  sends: { mean: number; max: number }
  /** Payloads received of what was there already, per node and peer. */
  duplicates: number
  bytesPerPeer: number
  hops: { mean: number; max: number }
  /** ms from writing until so many per cent of the online peers have it, mean over the nodes; null: never. */
  t50Ms: number | null
  t99Ms: number | null
  t100Ms: number | null
  /** Links per peer. */
  links: number
  /** Most loaded peer's sends by the mean. */
  imbalance: number
  /** Share of online peers that have it in the end. */
  coverage: number
}

/** What one node's spread came to; index: peer. Infinity: never. */
export interface Sample {
  arrivals: Float64Array
  hops: Uint16Array
  sends: Uint16Array
  received: Uint16Array
}
export const emptySample = (n: number): Sample => ({
  arrivals: new Float64Array(n).fill(Infinity),
  hops: new Uint16Array(n),
  sends: new Uint16Array(n),
  received: new Uint16Array(n),
})

const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / Math.max(1, values.length)

/** Time at which a share of the online peers has it; null: never. */
function timeOf(sorted: Float64Array, share: number): number | null {
  const at = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
  return Number.isFinite(at) ? at : null
}
const meanTime = (times: (number | null)[]): number | null =>
  times.some((t) => t === null) ? null : mean(times as number[])

/** Folds samples into the figures of a table. `online`: who counts. */
export function summarize(
  samples: readonly Sample[],
  online: readonly boolean[],
  bytesPerPeer: number,
  links: number,
): Spread {
  const who = online.flatMap((on, i) => (on ? [i] : []))
  const n = who.length
  const load = new Float64Array(online.length)
  const t50: (number | null)[] = []
  const t99: (number | null)[] = []
  const t100: (number | null)[] = []
  let most = 0
  let duplicates = 0
  let here = 0
  let hops = 0
  let hopsMax = 0
  for (const sample of samples) {
    const arrivals = Float64Array.from(who, (i) => sample.arrivals[i]!).sort()
    t50.push(timeOf(arrivals, 0.5))
    t99.push(timeOf(arrivals, 0.99))
    t100.push(timeOf(arrivals, 1))
    for (let i = 0; i < online.length; i++) {
      load[i]! += sample.sends[i]!
      most = Math.max(most, sample.sends[i]!)
    }
    for (const i of who) {
      duplicates += Math.max(0, sample.received[i]! - 1)
      if (!Number.isFinite(sample.arrivals[i]!)) continue
      here++
      hops += sample.hops[i]!
      hopsMax = Math.max(hopsMax, sample.hops[i]!)
    }
  }
  const total = load.reduce((sum, v) => sum + v, 0)
  const per = samples.length * n
  return {
    sends: { mean: total / per, max: most },
    duplicates: duplicates / per,
    bytesPerPeer,
    hops: { mean: hops / Math.max(1, here), max: hopsMax },
    t50Ms: meanTime(t50),
    t99Ms: meanTime(t99),
    t100Ms: meanTime(t100),
    links,
    imbalance: total === 0 ? 0 : Math.max(...load) / (total / n),
    coverage: here / per,
  }
}

interface Mesh {
  n: number
  seed: number
  authors: readonly number[]
  online: readonly boolean[]
  latency(a: number, b: number): number
  /** One payload in a frame of its own. */
  bytes: number
}

/** Everybody sends a node on to everybody from whom it has not come yet. */
export function fullMesh({ n, authors, online, latency, bytes }: Mesh): Spread {
  const samples = authors.map((author) => {
    const sample = emptySample(n)
    const { arrivals, hops, sends, received } = sample
    const open = new Set(online.flatMap((on, i) => (on ? [i] : [])))
    const count = open.size
    arrivals[author] = 0
    // Dijkstra over all pairs: the first copy takes the quickest way.
    while (open.size) {
      let next = -1
      for (const i of open) if (next < 0 || arrivals[i]! < arrivals[next]!) next = i
      open.delete(next)
      sends[next] = next === author ? count - 1 : Math.max(0, count - 2)
      for (const i of open) {
        const at = arrivals[next]! + latency(next, i)
        if (at >= arrivals[i]!) continue
        arrivals[i] = at
        hops[i] = hops[next]! + 1
      }
    }
    for (let i = 0; i < n; i++) if (online[i]) received[i] = i === author ? 0 : Math.max(1, count - 2)
    return sample
  })
  return withBytes(samples, online, bytes, online.filter(Boolean).length - 1)
}

/** The author alone sends, to each. */
export function authorToAll({ n, authors, online, latency, bytes }: Mesh): Spread {
  const samples = authors.map((author) => {
    const sample = emptySample(n)
    sample.arrivals[author] = 0
    for (let i = 0; i < n; i++) {
      if (i === author || !online[i]) continue
      sample.arrivals[i] = latency(author, i)
      sample.hops[i] = 1
      sample.received[i] = 1
      sample.sends[author]!++
    }
    return sample
  })
  return withBytes(samples, online, bytes, online.filter(Boolean).length - 1)
}

/** Whoever gets a node for the first time sends it to two others by chance. */
export function pushToTwo({ n, seed, authors, online, latency, bytes }: Mesh): Spread {
  const random = seededRandom(seed ^ 0x2545_f491)
  const who = online.flatMap((on, i) => (on ? [i] : []))
  const samples = authors.map((author) => {
    const sample = emptySample(n)
    const { arrivals, hops, sends, received } = sample
    arrivals[author] = 0
    const open = new Map<number, number>([[author, 0]])
    while (open.size) {
      let next = -1
      for (const i of open.keys()) if (next < 0 || arrivals[i]! < arrivals[next]!) next = i
      open.delete(next)
      const targets = new Set<number>()
      while (targets.size < Math.min(2, who.length - 1)) {
        const to = who[Math.floor(random() * who.length)]!
        if (to !== next) targets.add(to)
      }
      for (const to of targets) {
        sends[next]!++
        received[to]!++
        const at = arrivals[next]! + latency(next, to)
        // Who has handed it on already is not asked again.
        if (at >= arrivals[to]! || (Number.isFinite(arrivals[to]!) && !open.has(to))) continue
        arrivals[to] = at
        hops[to] = hops[next]! + 1
        open.set(to, at)
      }
    }
    return sample
  })
  return withBytes(samples, online, bytes, who.length - 1)
}

function withBytes(samples: Sample[], online: readonly boolean[], bytes: number, links: number): Spread {
  const spread = summarize(samples, online, 0, links)
  return { ...spread, bytesPerPeer: spread.sends.mean * bytes }
}
