// Decides what stands at the list's right edge: a scrubber where there is time to scrub through, else a scrollbar.
import type { Histogram } from '../../shared/types'
import { TOP, endPlace, fractionOf, placeAt, thumb, type Geometry, type Place } from './anchored-list'
import { Scrollbar } from './scrollbar'
import { Scrubber } from './scrubber'
import { LINE_PX } from './use-motion'

const THUMB_MIN_PX = 36
/** Both keep a little distance from the list's ends. */
const SCRUBBER_MARGINS_PX = 16
const SCROLLBAR_MARGINS_PX = 8
/** The scrubber's bars are this high. */
const BIN_PX = 4

const scrubberPx = (heightPx: number): number => Math.max(0, heightPx - SCRUBBER_MARGINS_PX)
/** How many bars a scrubber has beside a list of this height. */
export const binsIn = (heightPx: number): number => Math.floor(scrubberPx(heightPx) / BIN_PX)

interface ListEdgeProps {
  controls: string
  heightPx: number
  /** What a page of the keyboard moves. */
  pagePx: number
  place: Place
  geometry: Geometry
  /** The height of the rows around, on the average. */
  rowPx: number
  /** Undefined: not known yet; its place is kept, so that rows are laid out once. */
  histogram: Histogram | null | undefined
  /** Of the row that is read. */
  time: number | undefined
  labelOf: (time: number) => string
  onTime: (time: number) => void
  onPlace: (to: (geometry: Geometry) => Place) => void
  onScroll: (px: number) => void
}

export function ListEdge(props: ListEdgeProps) {
  const { controls, heightPx, pagePx, place, geometry, rowPx, histogram, time, labelOf, onTime, onPlace, onScroll } =
    props
  if (histogram === undefined) return null
  if (histogram)
    return (
      <Scrubber
        controls={controls}
        trackPx={scrubberPx(heightPx)}
        histogram={histogram}
        time={time ?? histogram.newest}
        labelOf={labelOf}
        onTime={onTime}
        onEnd={(end) => onPlace(end === 'newest' ? () => TOP : endPlace)}
      />
    )
  const trackPx = Math.max(0, heightPx - SCROLLBAR_MARGINS_PX)
  const stepPx = { 'row-up': -LINE_PX * 2, 'row-down': LINE_PX * 2, 'page-up': -pagePx, 'page-down': pagePx }
  return (
    <Scrollbar
      controls={controls}
      trackPx={trackPx}
      thumb={thumb(place, heightPx / Math.max(1, rowPx), geometry, trackPx, THUMB_MIN_PX)}
      fraction={fractionOf(place, geometry)}
      label={time === undefined ? null : labelOf(time)}
      onFraction={(to) => onPlace((now) => placeAt(to, now))}
      onStep={(step) => {
        if (step === 'start') onPlace(() => TOP)
        else if (step === 'end') onPlace(endPlace)
        else onScroll(stepPx[step])
      }}
    />
  )
}
