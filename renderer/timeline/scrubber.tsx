// Decides the scrubber beside the list: a track that is even in time, bars for how much was written when, and a handle at
// the entry that is read. Dragging, pressing, the wheel and the keys all go to a moment; the backend says where it is.
import { memo, useEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import type { Histogram } from '../../shared/types'
import { locale, text } from '../text'
import { tickLabel } from '../ui/time'
import { barsOf, ticksOf, timeAt, yOf } from './scrubber-scale'

const DAY_MS = 86_400_000
const MONTH_MS = 30 * DAY_MS
const TICK_APART_PX = 46
const BAR_PX = 22

interface ScrubberProps {
  controls: string
  trackPx: number
  histogram: Histogram
  /** The time of the row that is read. */
  time: number
  labelOf: (time: number) => string
  onTime: (time: number) => void
  onEnd: (end: 'newest' | 'oldest') => void
}

export function Scrubber({ controls, trackPx, histogram, time, labelOf, onTime, onEnd }: ScrubberProps) {
  const track = useRef<HTMLDivElement>(null)
  const [dragY, setDragY] = useState<number | null>(null)
  const [hoverY, setHoverY] = useState<number | null>(null)
  const frame = useRef(0)
  const wanted = useRef(0)
  useEffect(() => () => cancelAnimationFrame(frame.current), [])

  const yIn = (event: PointerEvent): number =>
    Math.min(trackPx, Math.max(0, event.clientY - (track.current?.getBoundingClientRect().top ?? 0)))
  /** Once a frame: the pointer tells more often than anything can be shown. */
  const follow = (y: number) => {
    setDragY(y)
    wanted.current = y
    if (frame.current !== 0) return
    frame.current = requestAnimationFrame(() => {
      frame.current = 0
      if (wanted.current <= 0) onEnd('newest')
      else if (wanted.current >= trackPx) onEnd('oldest')
      else onTime(timeAt(wanted.current, histogram, trackPx))
    })
  }
  const take = (event: PointerEvent) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    follow(yIn(event))
  }
  const press = (event: KeyboardEvent) => {
    const by = { ArrowUp: DAY_MS, ArrowDown: -DAY_MS, PageUp: MONTH_MS, PageDown: -MONTH_MS }[event.key]
    if (by === undefined && event.key !== 'Home' && event.key !== 'End') return
    event.preventDefault()
    event.stopPropagation()
    if (event.key === 'Home' || (by !== undefined && time + by >= histogram.newest)) onEnd('newest')
    else if (event.key === 'End' || (by !== undefined && time + by <= histogram.oldest)) onEnd('oldest')
    else if (by !== undefined) onTime(time + by)
  }
  const handleY = dragY ?? yOf(time, histogram, trackPx)
  const labelY = dragY ?? hoverY
  return (
    <div
      ref={track}
      className="scrubber"
      role="slider"
      aria-label={text.timeline.scrubber}
      aria-controls={controls}
      aria-orientation="vertical"
      aria-valuemin={histogram.oldest}
      aria-valuemax={histogram.newest}
      aria-valuenow={Math.min(histogram.newest, Math.max(histogram.oldest, time))}
      aria-valuetext={labelOf(time)}
      tabIndex={0}
      data-dragged={dragY !== null || undefined}
      onPointerDown={take}
      onPointerMove={(event) => {
        const y = yIn(event)
        setHoverY(y)
        if (dragY !== null) follow(y)
      }}
      onPointerUp={() => setDragY(null)}
      onPointerCancel={() => setDragY(null)}
      onPointerLeave={() => setHoverY(null)}
      onKeyDown={press}
    >
      <Scale histogram={histogram} trackPx={trackPx} />
      <span className="scrubber-handle" style={{ transform: `translateY(${handleY}px)` }} aria-hidden />
      {labelY !== null && (
        <span className="scrubber-label" style={{ transform: `translateY(${labelY}px)` }} aria-hidden>
          {labelOf(timeAt(labelY, histogram, trackPx))}
        </span>
      )}
    </div>
  )
}

/** Bars and names; they stay as they are while one scrolls. */
const Scale = memo(function Scale({ histogram, trackPx }: { histogram: Histogram; trackPx: number }) {
  const binPx = trackPx / histogram.bins.length
  return (
    <>
      <svg className="scrubber-bars" width={BAR_PX} height={trackPx} aria-hidden>
        {barsOf(histogram).map((bar, i) =>
          bar === 0 ? null : (
            // Bins are places, and a place is its own identity.
            <rect key={i} x={BAR_PX * (1 - bar)} y={i * binPx} width={BAR_PX * bar} height={Math.max(1, binPx - 0.6)} />
          ),
        )}
      </svg>
      {ticksOf(histogram, trackPx, TICK_APART_PX).map(({ time: at, unit }) => (
        <span
          key={at}
          className="scrubber-tick"
          data-unit={unit}
          style={{ top: yOf(at, histogram, trackPx) }}
          aria-hidden
        >
          {tickLabel(at, unit, locale)}
        </span>
      ))}
    </>
  )
})
