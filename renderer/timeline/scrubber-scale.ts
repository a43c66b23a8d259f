// Where a moment stands on the scrubber: the track is even in time, the newest on top, and bars say how much was written
// when. Pure, so that what is pressed and what is painted agree.
import type { Histogram } from '../../shared/types'

export const yOf = (time: number, { newest, oldest }: Histogram, trackPx: number): number =>
  newest <= oldest ? 0 : Math.min(1, Math.max(0, (newest - time) / (newest - oldest))) * trackPx

export const timeAt = (y: number, { newest, oldest }: Histogram, trackPx: number): number =>
  Math.round(newest - Math.min(1, Math.max(0, trackPx <= 0 ? 0 : y / trackPx)) * (newest - oldest))

/** How long the bar of each bin is, 0 to 1. Roots, so that a quiet month beside a busy one is still seen. */
export function barsOf({ bins }: Histogram): number[] {
  const most = Math.max(1, ...bins)
  return bins.map((n) => (n === 0 ? 0 : Math.max(0.06, Math.sqrt(n / most))))
}

export interface Tick {
  time: number
  unit: 'year' | 'month' | 'day'
}
/** Beginnings of years, else of months, else of days, at least `apartPx` from each other; local time, newest first. */
export function ticksOf(histogram: Histogram, trackPx: number, apartPx: number): Tick[] {
  const { newest, oldest } = histogram
  if (newest <= oldest || trackPx < apartPx) return []
  const step = {
    year: (d: Date) => new Date(d.getFullYear() - 1, 0, 1),
    month: (d: Date) => new Date(d.getFullYear(), d.getMonth() - 1, 1),
    day: (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate() - 1),
  }
  const top = new Date(newest)
  const first = {
    year: new Date(top.getFullYear(), 0, 1),
    month: new Date(top.getFullYear(), top.getMonth(), 1),
    day: new Date(top.getFullYear(), top.getMonth(), top.getDate()),
  }
  const DAY_MS = 86_400_000
  const pxPerDay = (trackPx * DAY_MS) / (newest - oldest)
  const unit = pxPerDay >= apartPx ? 'day' : pxPerDay * 30 >= apartPx / 2 ? 'month' : 'year'
  const ticks: Tick[] = []
  let lastY = -Infinity
  for (let at = first[unit]; at.getTime() > oldest; at = step[unit](at)) {
    const time = at.getTime()
    const y = yOf(time, histogram, trackPx)
    if (time > newest || y < 12 || y - lastY < apartPx || y > trackPx - 12) continue
    ticks.push({ time, unit: unit === 'month' && at.getMonth() === 0 ? 'year' : unit })
    lastY = y
  }
  return ticks
}
