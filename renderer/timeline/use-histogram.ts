// Decides when the scrubber's bars are made anew.
import { useEffect, useState } from 'react'
import type { Histogram } from '../../shared/types'
import type { ViewSession } from './view-session'

/** The bars are made anew at most this often. */
const HISTOGRAM_EVERY_MS = 1000
/** With fewer bins there is no room for a scrubber. */
const BINS_MIN = 10

/**
 * How much there is when; undefined: not known yet; null: nothing to scrub through. Asked for again when the view changes,
 * not more than once a second.
 */
export function useHistogram(session: ViewSession, bins: number, wanted: boolean): Histogram | null | undefined {
  const [histogram, setHistogram] = useState<Histogram | null | undefined>(wanted ? undefined : null)
  useEffect(() => {
    if (!wanted || bins < BINS_MIN) {
      // No bins at all: the list does not know its size yet.
      setHistogram(wanted && bins === 0 ? undefined : null)
      return
    }
    let timer: ReturnType<typeof setTimeout> | null = null
    let over = false
    const ask = () => {
      session.histogram(bins).then(
        (answer) => {
          if (!over && answer) setHistogram(answer.newest > answer.oldest ? answer : null)
        },
        () => undefined,
      )
    }
    ask()
    const off = session.listen((heard) => {
      if (!heard || (!heard.change.inserted.length && !heard.change.removed.length && heard.outcome !== 'lost')) return
      timer ??= setTimeout(() => {
        timer = null
        ask()
      }, HISTOGRAM_EVERY_MS)
    })
    return () => {
      over = true
      off()
      if (timer) clearTimeout(timer)
    }
  }, [session, bins, wanted])
  return histogram
}
