// All chance of a simulation, from its seed. Two runs of one seed are the same to the byte.

/** Uniform in [0, 1), 32 bits at a time: xorshift32 (Marsaglia 2003). */
export function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}

/** 32 bits that a seed and two numbers give, whatever was asked before. */
export function mixed(seed: number, a: number, b: number): number {
  let h = Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(a + 0x7f4a_7c15, 0xc2b2_ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b_3c6d) ^ Math.imul(b + 0x1656_67b1, 0x297a_2d39)
  h = Math.imul(h ^ (h >>> 13), 0x85eb_ca6b)
  return (h ^ (h >>> 16)) >>> 0
}

/** Spread of latencies: the standard deviation of their logarithm. */
const SIGMA = 0.7

/** One-way latency in ms between two peers, the same in both directions: lognormal with this mean. */
export function latencyBetween(seed: number, a: number, b: number, meanMs: number): number {
  const low = Math.min(a, b)
  const high = Math.max(a, b)
  const u = (mixed(seed, low, high) + 1) / 4_294_967_297
  const v = mixed(seed ^ 0x5bd1_e995, low, high) / 4_294_967_296
  const normal = Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
  return meanMs * Math.exp(SIGMA * normal - (SIGMA * SIGMA) / 2)
}
