// Decides how the list moves: wheel, touch, keys and its scrollbar change the anchored place; rows around it are put into
// the document, measured there, and the place is corrected before anything is painted.
import { ArrowUp } from 'lucide-react'
import {
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useLayoutEffect,
  useReducer,
  useRef,
  useState,
  type PointerEvent,
  type Ref,
} from 'react'
import type { Histogram, NodeId, Row } from '../../shared/types'
import { locale, text } from '../text'
import { dayLabel, dayOf } from '../ui/time'
import {
  TOP,
  endPlace,
  fractionOf,
  isTop,
  movedPosition,
  moveBy,
  placeAt,
  reveal,
  settle,
  stack,
  thumb,
  type Geometry,
  type Place,
} from './anchored-list'
import { EntryRow, RowPlaceholder } from './row'
import type { RowActions } from './row-actions'
import { Scrollbar } from './scrollbar'
import { Scrubber } from './scrubber'
import type { ViewSession } from './view-session'
import { oldestFirst, timeIn } from './view-spec'

/** Rows are made and measured this far outside of the viewport, so that none is first seen unmeasured. */
const OVERSCAN_PX = 700
const FOOTER_PX = 32
const THUMB_MIN_PX = 36
/** Height of the sticky day and of a day's header in its row. */
const DAY_PX = 38
/** A row that is not known yet: the usual height of a two-line entry. */
const UNKNOWN_ROW_PX = 92
/** A row's own share besides its text: padding and the line with name and time. */
const ROW_FRAME_PX = 54
/** The width at which the backend estimates heights. */
const ESTIMATE_WIDTH_PX = 640
/** Measured heights kept; 64 bytes each. */
const HEIGHTS_MAX = 20_000
/** More arrivals than this at once are shown without sliding in. */
const SLIDE_ROWS_MAX = 5
/** Time constant of a wheel step's glide; a notch feels done after three of them. */
const GLIDE_MS = 45
/** Wheel deltas below this come from a touchpad, which glides by itself. */
const NOTCH_PX = 60
const LINE_PX = 40
/** The scrubber's bars are this high, and made anew at most this often. */
const BIN_PX = 4
const HISTOGRAM_EVERY_MS = 1000

export interface ListHandle {
  step: (by: 1 | -1) => void
  page: (by: 1 | -1) => void
  newest: () => void
  oldest: () => void
  /** Scrolls to a node and selects it. False: this view does not contain it. */
  show: (id: NodeId) => Promise<boolean>
  /** Scrolls to the first entry of a moment or before it. */
  goTo: (time: number) => void
  /** Rows between two positions that are known here, both included. */
  between: (from: NodeId, to: NodeId) => Row[]
}

interface ListProps {
  ref: Ref<ListHandle>
  session: ViewSession
  name: string
  selected: NodeId | null
  picked: { has: (id: NodeId) => boolean }
  now: number
  actions: RowActions
  onTop: (top: boolean) => void
  onReady: () => void
}

const calm = () => globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches

export function TimelineList({ ref, session, name, selected, picked, now, actions, onTop, onReady }: ListProps) {
  const id = useId()
  const viewport = useRef<HTMLDivElement>(null)
  const inner = useRef<HTMLDivElement>(null)
  const [, repaint] = useReducer((turn: number) => turn + 1, 0)
  const [size, setSize] = useState({ widthPx: ESTIMATE_WIDTH_PX, heightPx: 0 })
  const place = useRef<Place>(TOP)
  const heights = useRef(new Map<NodeId, number>())
  const glide = useRef({ frame: 0, leftPx: 0, at: 0 })
  const upwards = useRef(false)
  const focusWanted = useRef<NodeId | null>(null)
  /** Rows arrived while the reader was at the top: slide to them as soon as they are measured. */
  const slideWanted = useRef(false)
  /** The reader wants the newest: true until they scroll away from the top, also while rows still slide in. */
  const following = useRef(true)
  /** The list itself is moving, to rows that arrived; nobody scrolled. */
  const sliding = useRef(false)
  /** Who the reader reads: positions can become worthless, an id cannot. */
  const anchorId = useRef<NodeId | null>(null)
  const [newer, setNewer] = useState(0)

  const startsDay = (position: number): boolean => {
    const row = session.at(position)
    if (!row) return false
    if (position === 0) return true
    const above = session.at(position - 1)
    return above !== undefined && dayOf(timeIn(session.spec, above)) !== dayOf(timeIn(session.spec, row))
  }
  const heightOf = (position: number): number => {
    const row = session.at(position)
    if (!row) return UNKNOWN_ROW_PX
    const scale = Math.max(1, ESTIMATE_WIDTH_PX / Math.max(200, size.widthPx - 100))
    return heights.current.get(row.id) ?? ROW_FRAME_PX + row.tree.heightPx * scale + (startsDay(position) ? DAY_PX : 0)
  }
  const geometry: Geometry = { total: session.total, viewportPx: size.heightPx, footerPx: FOOTER_PX, heightOf }
  // Handlers outlive the render that made them; they always measure with the latest geometry.
  const latest = useRef(geometry)
  latest.current = geometry

  const moveTo = useCallback(
    (next: Place) => {
      const was = place.current
      if (next.anchor === was.anchor && next.offset === was.offset) return false
      upwards.current = next.anchor < was.anchor || (next.anchor === was.anchor && next.offset > was.offset)
      place.current = next
      if (!sliding.current) following.current = isTop(next)
      repaint()
      return true
    },
    [repaint],
  )
  const halt = useCallback(() => {
    sliding.current = false
    cancelAnimationFrame(glide.current.frame)
    glide.current = { frame: 0, leftPx: 0, at: 0 }
  }, [])
  const scrollNow = useCallback((px: number) => moveTo(moveBy(place.current, px, latest.current)), [moveTo])
  const scrollSoon = useCallback(
    (px: number) => {
      if (calm()) {
        scrollNow(px)
        return
      }
      const motion = glide.current
      motion.leftPx = Math.sign(px) === Math.sign(motion.leftPx) ? motion.leftPx + px : px
      if (motion.frame !== 0) return
      motion.at = performance.now()
      const step = (time: number) => {
        const share = 1 - Math.exp(-Math.max(4, time - motion.at) / GLIDE_MS)
        motion.at = time
        const part = Math.abs(motion.leftPx) < 1 ? motion.leftPx : motion.leftPx * share
        motion.leftPx -= part
        const moved = scrollNow(part)
        motion.frame = moved && motion.leftPx !== 0 ? requestAnimationFrame(step) : 0
        if (motion.frame === 0) {
          motion.leftPx = 0
          sliding.current = false
        }
      }
      motion.frame = requestAnimationFrame(step)
    },
    [scrollNow],
  )
  const jump = useCallback(
    (next: Place) => {
      halt()
      slideWanted.current = false
      moveTo(next)
    },
    [halt, moveTo],
  )

  // ---- the backend's changes
  useEffect(
    () =>
      session.listen((heard) => {
        if (!heard) {
          repaint()
          return
        }
        const { inserted, removed } = heard.change
        const atTop = following.current
        if (heard.outcome === 'lost') {
          // Positions mean nothing any more: keep the reader where the backend says that their row is now.
          const { offset } = place.current
          const wanted = anchorId.current
          place.current = atTop ? TOP : settle(place.current, { ...latest.current, total: session.total })
          if (!atTop && wanted !== null) {
            session.position(wanted).then(
              (position) => position !== undefined && jump(settle({ anchor: position, offset }, latest.current)),
              () => undefined,
            )
          }
        } else if (inserted.length > 0 || removed.length > 0) {
          const was = place.current.anchor
          // When the row that is read goes, the next one takes its place.
          const anchor =
            movedPosition(was, heard.change) ?? Math.max(0, (movedPosition(was + 1, heard.change) ?? was) - 1)
          const above = inserted.filter((at) => at < anchor).length
          if (!atTop) {
            place.current = { ...place.current, anchor }
            if (!oldestFirst(session.spec)) setNewer((amount) => amount + above)
          } else if (above > 0 && above <= SLIDE_ROWS_MAX && !calm() && document.visibilityState === 'visible') {
            place.current = { ...place.current, anchor }
            slideWanted.current = true
          } else {
            halt()
            place.current = TOP
          }
        }
        repaint()
      }),
    [session, repaint, jump, halt],
  )

  // ---- measuring, before every paint
  const around = stack(place.current, geometry, OVERSCAN_PX)
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- every paint is measured first; it ends when nothing differs
  useLayoutEffect(() => {
    const body = inner.current
    if (!body || size.heightPx === 0) return
    let changed = false
    for (const slot of body.children) {
      if (!(slot instanceof HTMLElement) || slot.dataset['id'] === undefined) continue
      const rowId = slot.dataset['id'] as NodeId
      const measured = slot.getBoundingClientRect().height
      const position = Number(slot.dataset['position'])
      const assumed = latest.current.heightOf(position)
      if (Math.abs(measured - assumed) < 0.5) {
        if (!heights.current.has(rowId)) heights.current.set(rowId, measured)
        continue
      }
      // A row that comes in from above keeps its lower edge, one that is read keeps its upper edge.
      if (position === place.current.anchor && upwards.current) {
        place.current = { ...place.current, offset: place.current.offset + assumed - measured }
      }
      heights.current.set(rowId, measured)
      changed = true
    }
    if (heights.current.size > HEIGHTS_MAX) {
      for (const key of [...heights.current.keys()].slice(0, HEIGHTS_MAX / 4)) heights.current.delete(key)
    }
    const settled = settle(place.current, latest.current)
    if (settled.anchor !== place.current.anchor || Math.abs(settled.offset - place.current.offset) > 0.01) {
      place.current = settled
      changed = true
    }
    if (slideWanted.current) {
      const { anchor, offset } = place.current
      let abovePx = -offset
      let known = true
      for (let position = 0; position < anchor; position += 1) {
        const row = session.at(position)
        known &&= row !== undefined && heights.current.has(row.id)
        abovePx += latest.current.heightOf(position)
      }
      if (known) {
        slideWanted.current = false
        if (abovePx > 0) {
          sliding.current = true
          scrollSoon(-abovePx)
        }
      }
    }
    if (changed) repaint()
  })
  const { first, last } = around
  useEffect(() => {
    anchorId.current = session.at(place.current.anchor)?.id ?? anchorId.current
    if (size.heightPx > 0) session.show(Math.max(0, first), Math.max(0, last))
  })
  const top = following.current
  useEffect(() => {
    onTop(top)
    if (top) setNewer(0)
  }, [top, onTop])
  useEffect(() => {
    const wanted = focusWanted.current
    if (wanted === null) return
    const slot = inner.current?.querySelector(`[data-id="${wanted}"] article`)
    if (!(slot instanceof HTMLElement)) return
    focusWanted.current = null
    slot.focus({ preventScroll: true })
  })

  useEffect(() => onReady(), [onReady])

  // ---- size
  useEffect(() => {
    const port = viewport.current
    const body = inner.current
    if (!port || !body) return
    const observer = new ResizeObserver(() => {
      setSize((was) =>
        was.widthPx === port.clientWidth && was.heightPx === port.clientHeight
          ? was
          : { widthPx: port.clientWidth, heightPx: port.clientHeight },
      )
      repaint()
    })
    observer.observe(port)
    observer.observe(body)
    return () => observer.disconnect()
  }, [repaint])
  useEffect(() => halt, [halt])

  // ---- wheel and stray native scrolling
  useEffect(() => {
    const port = viewport.current
    if (!port) return
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return
      event.preventDefault()
      sliding.current = false
      const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? latest.current.viewportPx : 1
      const px = event.deltaY * unit
      if (Math.abs(px) < NOTCH_PX) {
        halt()
        scrollNow(px)
      } else scrollSoon(px)
    }
    // Focus moving into a row outside of the viewport and find-in-page scroll natively: the anchor takes that over.
    const stray = () => {
      const px = port.scrollTop
      if (px === 0) return
      port.scrollTop = 0
      scrollNow(px)
    }
    port.addEventListener('wheel', wheel, { passive: false })
    port.addEventListener('scroll', stray)
    return () => {
      port.removeEventListener('wheel', wheel)
      port.removeEventListener('scroll', stray)
    }
  }, [halt, scrollNow, scrollSoon])

  // ---- touch
  const touch = useRef<{ y: number; at: number; speed: number } | null>(null)
  const touchDown = (event: PointerEvent) => {
    if (event.pointerType !== 'touch') return
    halt()
    touch.current = { y: event.clientY, at: event.timeStamp, speed: 0 }
  }
  const touchMove = (event: PointerEvent) => {
    const finger = touch.current
    if (!finger) return
    const px = finger.y - event.clientY
    const ms = Math.max(1, event.timeStamp - finger.at)
    touch.current = { y: event.clientY, at: event.timeStamp, speed: px / ms }
    scrollNow(px)
  }
  const touchUp = () => {
    // A finger's speed decays over a third of a second; the glide covers that distance.
    if (touch.current && Math.abs(touch.current.speed) > 0.2) scrollSoon(touch.current.speed * 320)
    touch.current = null
  }

  // ---- keyboard and calls from outside
  const pagePx = Math.max(80, size.heightPx - DAY_PX - 40)
  const select = (position: number) => {
    const row = session.at(position)
    if (!row) return
    focusWanted.current = row.id
    jump(reveal(place.current, position, latest.current, DAY_PX))
    actions.select(row)
  }
  /** The moment that is wanted last; asked for one at a time, so that dragging never piles up. */
  const wantedTime = useRef<number | null>(null)
  const asking = useRef(false)
  const goTo = (time: number) => {
    wantedTime.current = time
    if (asking.current) return
    asking.current = true
    const next = async (): Promise<void> => {
      for (let at = wantedTime.current; at !== null; at = wantedTime.current) {
        wantedTime.current = null
        const position = await session.positionAt(at)
        if (position !== undefined)
          jump(settle({ anchor: Math.min(position, Math.max(0, session.total - 1)), offset: 0 }, latest.current))
      }
    }
    void next()
      .catch(() => undefined)
      .finally(() => {
        asking.current = false
      })
  }
  useImperativeHandle(ref, () => ({
    step: (by) => {
      const at = selected === null ? undefined : session.positionHere(selected)
      if (at === undefined) select(place.current.anchor)
      else select(Math.min(session.total - 1, Math.max(0, at + by)))
    },
    page: (by) => scrollSoon(by * pagePx),
    newest: () => {
      jump(TOP)
      setNewer(0)
    },
    oldest: () => jump(endPlace(latest.current)),
    goTo,
    between: (from, to) => {
      const [a, b] = [session.positionHere(from), session.positionHere(to)]
      if (a === undefined || b === undefined) return []
      const rows: Row[] = []
      for (let position = Math.min(a, b); position <= Math.max(a, b); position += 1) {
        const row = session.at(position)
        if (row) rows.push(row)
      }
      return rows
    },
    show: async (nodeId) => {
      const position = await session.position(nodeId)
      if (position === undefined) return false
      jump(settle({ anchor: position, offset: Math.min(160, size.heightPx / 4) }, latest.current))
      const found = session.at(position) ?? (await rowAt(session, position))
      if (found) {
        focusWanted.current = found.id
        actions.select(found)
      }
      return true
    },
  }))

  // ---- painting
  const slots = []
  for (let position = Math.max(0, first); position <= last; position += 1) {
    const row = session.at(position)
    slots.push(
      row ? (
        <EntryRow
          key={row.id}
          row={row}
          position={position}
          total={session.total}
          selected={row.id === selected}
          picked={picked.has(row.id)}
          day={startsDay(position) ? dayLabel(timeIn(session.spec, row), now, locale) : null}
          now={now}
          actions={actions}
        />
      ) : (
        <RowPlaceholder key={`at ${position}`} position={position} heightPx={UNKNOWN_ROW_PX} />
      ),
    )
  }
  const anchorRow = session.at(place.current.anchor)
  const dayShown = anchorRow ? dayLabel(timeIn(session.spec, anchorRow), now, locale) : null
  const trackPx = Math.max(0, size.heightPx - 16)
  const histogram = useHistogram(session, Math.max(1, Math.floor(trackPx / BIN_PX)), !oldestFirst(session.spec))
  // The sticky day gives way to the next day's header, as on paper.
  let nextDayPx = place.current.offset
  let pushedPx = 0
  for (let position = place.current.anchor; position <= last && nextDayPx < DAY_PX; position += 1) {
    if (position > place.current.anchor && startsDay(position)) pushedPx = Math.min(0, nextDayPx - DAY_PX)
    nextDayPx += heightOf(position)
  }
  const visible = size.heightPx / Math.max(1, averageHeight(first, last, heightOf))
  const fraction = fractionOf(place.current, geometry)
  return (
    <div className="list" data-scrubber={histogram !== null || undefined}>
      <div
        ref={viewport}
        id={id}
        className="list-viewport"
        onPointerDown={touchDown}
        onPointerMove={touchMove}
        onPointerUp={touchUp}
        onPointerCancel={touchUp}
        data-timeline
      >
        <div
          ref={inner}
          className="list-inner"
          role="feed"
          aria-label={text.timeline.list(name)}
          aria-busy={!session.opened}
          style={{ transform: `translateY(${around.topPx}px)` }}
        >
          {slots}
        </div>
      </div>
      {dayShown !== null && (
        <div className="day day-sticky" style={{ transform: `translateY(${pushedPx}px)` }} aria-hidden>
          <span>{dayShown}</span>
        </div>
      )}
      {histogram ? (
        <Scrubber
          controls={id}
          trackPx={trackPx}
          histogram={histogram}
          time={anchorRow ? timeIn(session.spec, anchorRow) : histogram.newest}
          labelOf={(time) => dayLabel(time, now, locale)}
          onTime={goTo}
          onEnd={(end) => jump(end === 'newest' ? TOP : endPlace(latest.current))}
        />
      ) : (
        <Scrollbar
          controls={id}
          trackPx={Math.max(0, size.heightPx - 8)}
          thumb={thumb(place.current, visible, geometry, Math.max(0, size.heightPx - 8), THUMB_MIN_PX)}
          fraction={fraction}
          label={dayShown}
          onFraction={(to) => jump(placeAt(to, latest.current))}
          onStep={(step) => {
            if (step === 'start') jump(TOP)
            else if (step === 'end') jump(endPlace(latest.current))
            else
              scrollSoon(
                step.endsWith('up')
                  ? step === 'row-up'
                    ? -LINE_PX * 2
                    : -pagePx
                  : step === 'row-down'
                    ? LINE_PX * 2
                    : pagePx,
              )
          }}
        />
      )}
      {newer > 0 && !top && (
        <button
          type="button"
          className="newer"
          aria-label={text.timeline.newerLabel(newer)}
          onClick={() => {
            jump(TOP)
            setNewer(0)
          }}
        >
          <ArrowUp size={15} aria-hidden />
          {text.timeline.newer(newer)}
        </button>
      )}
      <span className="unseen" role="status">
        {newer > 0 && !top ? text.timeline.announce(newer) : ''}
      </span>
    </div>
  )
}

/** How much there is when; null: nothing to scrub through. Asked for again when the view changes, not more than once a second. */
function useHistogram(session: ViewSession, bins: number, wanted: boolean): Histogram | null {
  const [histogram, setHistogram] = useState<Histogram | null>(null)
  useEffect(() => {
    if (!wanted || bins < 10) {
      setHistogram(null)
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

const averageHeight = (first: number, last: number, heightOf: (position: number) => number): number => {
  if (last < first) return UNKNOWN_ROW_PX
  let sum = 0
  for (let position = first; position <= last; position += 1) sum += heightOf(position)
  return sum / (last - first + 1)
}

/** The row at a position that the list has just moved to, as soon as its page is here. */
const rowAt = (session: ViewSession, position: number): Promise<Row | undefined> =>
  new Promise((resolve) => {
    const off = session.listen(() => {
      const row = session.at(position)
      if (!row) return
      off()
      resolve(row)
    })
  })
