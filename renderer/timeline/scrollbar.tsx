// Decides the list's own scrollbar: its thumb follows positions, not pixels, so that it is exact at a million rows.
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { text } from '../text'

interface ScrollbarProps {
  controls: string
  trackPx: number
  thumb: { sizePx: number; topPx: number }
  fraction: number
  /** The day under the thumb while it is dragged. */
  label: string | null
  onFraction: (fraction: number) => void
  onStep: (step: 'row-up' | 'row-down' | 'page-up' | 'page-down' | 'start' | 'end') => void
}

const steps: Readonly<Record<string, Parameters<ScrollbarProps['onStep']>[0]>> = {
  ArrowUp: 'row-up',
  ArrowDown: 'row-down',
  PageUp: 'page-up',
  PageDown: 'page-down',
  Home: 'start',
  End: 'end',
}

export function Scrollbar({ controls, trackPx, thumb, fraction, label, onFraction, onStep }: ScrollbarProps) {
  const track = useRef<HTMLDivElement>(null)
  /** Where in the thumb it was taken, px from its top; null while it is not dragged. */
  const grip = useRef<number | null>(null)
  const [dragged, setDragged] = useState(false)
  const room = trackPx - thumb.sizePx

  const follow = (event: PointerEvent) => {
    if (grip.current === null || !track.current || room <= 0) return
    onFraction((event.clientY - track.current.getBoundingClientRect().top - grip.current) / room)
  }
  const take = (event: PointerEvent) => {
    if (event.button !== 0 || !track.current) return
    const y = event.clientY - track.current.getBoundingClientRect().top
    const onThumb = y >= thumb.topPx && y <= thumb.topPx + thumb.sizePx
    grip.current = onThumb ? y - thumb.topPx : thumb.sizePx / 2
    event.currentTarget.setPointerCapture(event.pointerId)
    setDragged(true)
    if (!onThumb) follow(event)
  }
  const letGo = () => {
    grip.current = null
    setDragged(false)
  }
  const press = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    onStep(step)
  }
  return (
    <div
      ref={track}
      className="scrollbar"
      role="scrollbar"
      aria-label={text.timeline.scrollbar}
      aria-controls={controls}
      aria-orientation="vertical"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(fraction * 100)}
      aria-valuetext={label ?? undefined}
      tabIndex={0}
      hidden={room <= 0}
      data-dragged={dragged || undefined}
      onPointerDown={take}
      onPointerMove={follow}
      onPointerUp={letGo}
      onPointerCancel={letGo}
      onKeyDown={press}
    >
      <div className="scrollbar-thumb" style={{ height: thumb.sizePx, transform: `translateY(${thumb.topPx}px)` }}>
        {dragged && label !== null && <span className="scrollbar-label">{label}</span>}
      </div>
    </div>
  )
}
