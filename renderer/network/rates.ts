// Decides how traffic over the last minute is worked out from the byte counters of the links.

export interface Sample {
  at: number
  bytesIn: number
  bytesOut: number
}
export interface Rate {
  inPerSecond: number
  outPerSecond: number
}

/** A minute at one sample a second, and one more to take the first difference from. */
const SAMPLES_MAX = 61

export const addSample = (samples: readonly Sample[], next: Sample): Sample[] => [...samples, next].slice(-SAMPLES_MAX)

/** Rates between neighbours. A counter that falls belongs to a link that went away: that step counts as nothing. */
export function ratesOf(samples: readonly Sample[]): Rate[] {
  return samples.slice(1).map((sample, index) => {
    const before = samples[index] ?? sample
    const seconds = Math.max(0.001, (sample.at - before.at) / 1000)
    return {
      inPerSecond: Math.max(0, sample.bytesIn - before.bytesIn) / seconds,
      outPerSecond: Math.max(0, sample.bytesOut - before.bytesOut) / seconds,
    }
  })
}
