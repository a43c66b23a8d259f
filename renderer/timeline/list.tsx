// Decides how the list moves: wheel, touch, keys and its scrollbar change the anchored place. Rows around it are put into the
// document, measured there, and laid on the canvas before anything is painted; while the same rows stay in the document,
// only the canvas moves and React does nothing.
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
  type Ref,
} from 'react'
import { flushSync } from 'react-dom'
import type { NodeId, Row } from '../../shared/types'
import type { Standing } from '../resting'
import { locale, text } from '../text'
import { dayLabel, dayOf } from '../ui/time'
import {
  TOP,
  endPlace,
  isTop,
  movedPosition,
  moveBy,
  reveal,
  settle,
  stack,
  type Geometry,
  type Place,
} from './anchored-list'
import { CANVAS_PX, dayShift, pegAt, shiftOf, topsOf, type Peg } from './canvas'
import { ListEdge, binsIn } from './list-edge'
import { EntryRow, RowPlaceholder } from './row'
import type { RowActions } from './row-actions'
import { useGoTo } from './use-go-to'
import { useHistogram } from './use-histogram'
import { calm, useMotion } from './use-motion'
import { useResume } from './use-resume'
import { useViewportSize } from './use-viewport-size'
import type { ViewSession } from './view-session'
import { oldestFirst, timeIn } from './view-spec'

/** Rows are made this far outside of the viewport, so that the keyboard and a screen reader find neighbours. */
const OVERSCAN_PX = 300
const FOOTER_PX = 32
/** Height of the sticky day and of a day's header in its row. */
const DAY_PX = 38
/** How far the tools of an entry reach above it (timeline.css). */
const TOOLS_PX = 18
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

export interface ListHandle {
  step: (by: 1 | -1) => void
  page: (by: 1 | -1) => void
  newest: () => void
  oldest: () => void
  /** Scrolls to a node and selects it. False: this view does not contain it. */
  show: (id: NodeId) => Promise<boolean>
  /** Scrolls to the first entry of a moment or before it. */
  goTo: (time: number) => void
  /** The entry at the upper edge; null: the newest is, and is to stay there. */
  reading: () => Standing['reading']
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
  /** Where to begin; null: at the newest. */
  reading: Standing['reading']
}

export function TimelineList({
  ref,
  session,
  name,
  selected,
  picked,
  now,
  actions,
  onTop,
  onReady,
  reading,
}: ListProps) {
  const id = useId()
  const viewport = useRef<HTMLDivElement>(null)
  const inner = useRef<HTMLDivElement>(null)
  const stickyDay = useRef<HTMLDivElement>(null)
  const [, repaint] = useReducer((turn: number) => turn + 1, 0)
  const size = useViewportSize(viewport, ESTIMATE_WIDTH_PX, repaint)
  const place = useRef<Place>(TOP)
  const heights = useRef(new Map<NodeId, number>())
  const peg = useRef<Peg | null>(null)
  /** Where each row was laid, px; kept beside React, which has nothing to do when the canvas moves. */
  const laid = useRef(new WeakMap<Element, number>())
  /** What the document holds as it stands. */
  const painted = useRef({ first: 0, last: -1, anchor: 0, rows: [] as (Row | undefined)[] })
  const upwards = useRef(false)
  const focusWanted = useRef<NodeId | null>(null)
  /** Rows arrived while the reader was at the top: slide to them as soon as they are measured. */
  const slideWanted = useRef(false)
  /** The reader wants the newest: true until they scroll away from the top, also while rows still slide in. */
  const following = useRef(reading === null)
  /** The list itself is moving, to rows that arrived; nobody scrolled. */
  const sliding = useRef(false)
  /** Who the reader reads: positions can become worthless, an id cannot. */
  const anchorId = useRef<NodeId | null>(null)
  const [newer, setNewer] = useState(0)

  const beginsDay = (position: number): boolean => {
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
    const estimated = ROW_FRAME_PX + row.tree.heightPx * scale + (beginsDay(position) ? DAY_PX : 0)
    return heights.current.get(row.id) ?? Math.ceil(estimated)
  }
  const geometry: Geometry = { total: session.total, viewportPx: size.heightPx, footerPx: FOOTER_PX, heightOf }
  // Handlers outlive the render that made them; they always measure with the latest geometry.
  const latest = useRef(geometry)
  latest.current = geometry
  const startsDay = useRef(beginsDay)
  startsDay.current = beginsDay

  /** Puts the rows that are in the document where they belong, and moves the canvas. */
  const lay = useCallback(() => {
    const body = inner.current
    if (!body) return
    const { heightOf } = latest.current
    peg.current = pegAt(peg.current, place.current, latest.current)
    const tops = topsOf(peg.current, painted.current.first, painted.current.last, heightOf)
    for (const slot of body.children) {
      if (!(slot instanceof HTMLElement)) continue
      const top = tops.get(Number(slot.dataset['position']))
      if (top === undefined || laid.current.get(slot) === top) continue
      slot.style.top = `${top}px`
      laid.current.set(slot, top)
    }
    body.style.transform = `translateY(${shiftOf(place.current, peg.current, globalThis.devicePixelRatio)}px)`
    if (!stickyDay.current) return
    const pushedPx = dayShift(place.current, painted.current.last, latest.current, startsDay.current, DAY_PX)
    stickyDay.current.style.transform = `translateY(${pushedPx}px)`
  }, [])
  const moveTo = useCallback(
    (next: Place) => {
      const was = place.current
      if (next.anchor === was.anchor && next.offset === was.offset) return false
      upwards.current = next.anchor < was.anchor || (next.anchor === was.anchor && next.offset > was.offset)
      place.current = next
      const wasFollowing = following.current
      if (!sliding.current) following.current = isTop(next)
      const { first, last } = stack(next, latest.current, OVERSCAN_PX)
      const here = painted.current
      if (next.anchor === here.anchor && first >= here.first && last <= here.last && following.current === wasFollowing)
        lay()
      // In this frame: React's own time is after the next paint.
      else flushSync(repaint)
      return true
    },
    [repaint, lay],
  )
  const scrollNow = useCallback((px: number) => moveTo(moveBy(place.current, px, latest.current)), [moveTo])
  const motion = useMotion({
    viewport,
    heightPx: useCallback(() => latest.current.viewportPx, []),
    move: scrollNow,
    taken: useCallback(() => {
      sliding.current = false
    }, []),
  })
  const { halt, glide: scrollSoon } = motion
  const jump = useCallback(
    (next: Place) => {
      halt()
      slideWanted.current = false
      moveTo(next)
    },
    [halt, moveTo],
  )

  const resuming = useResume({
    session,
    reading,
    ready: size.heightPx > 0,
    jump: useCallback((next: (from: Place) => Place) => jump(settle(next(place.current), latest.current)), [jump]),
    done: useCallback(() => {
      following.current = isTop(place.current)
    }, []),
  })

  // ---- the backend's changes
  useEffect(
    () =>
      session.listen((heard) => {
        if (!heard) {
          // A page that was asked for ahead changes nothing that is painted.
          const { first, rows } = painted.current
          if (!rows.length || rows.some((row, at) => row !== session.at(first + at))) repaint()
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

  // ---- measuring and laying, before every paint
  const { first, last } = stack(place.current, geometry, OVERSCAN_PX)
  const slots = Array.from({ length: last - first + 1 }, (_, at) => ({
    position: first + at,
    row: session.at(first + at),
  }))
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- every paint is measured first; it ends when nothing differs
  useLayoutEffect(() => {
    const body = inner.current
    if (!body || size.heightPx === 0) return
    painted.current = { first, last, anchor: place.current.anchor, rows: slots.map(({ row }) => row) }
    for (const slot of body.children) {
      if (!(slot instanceof HTMLElement) || slot.dataset['id'] === undefined) continue
      const rowId = slot.dataset['id'] as NodeId
      // Whole px, so that every row begins on one.
      const measured = Math.ceil(slot.getBoundingClientRect().height)
      const position = Number(slot.dataset['position'])
      const assumed = latest.current.heightOf(position)
      // A row that comes in from above keeps its lower edge, one that is read keeps its upper edge.
      if (measured !== assumed && position === place.current.anchor && upwards.current)
        place.current = { ...place.current, offset: place.current.offset + assumed - measured }
      if (heights.current.get(rowId) !== measured) heights.current.set(rowId, measured)
    }
    if (heights.current.size > HEIGHTS_MAX) {
      for (const key of [...heights.current.keys()].slice(0, HEIGHTS_MAX / 4)) heights.current.delete(key)
    }
    place.current = settle(place.current, latest.current)
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
    lay()
    const needed = stack(place.current, latest.current, 0)
    const { first: from, last: to, anchor: at } = painted.current
    if (needed.first < from || needed.last > to || place.current.anchor !== at) repaint()
  })
  useEffect(() => {
    anchorId.current = session.at(place.current.anchor)?.id ?? anchorId.current
    if (size.heightPx > 0) session.show(first, Math.max(0, last))
  })
  const top = following.current
  useEffect(() => {
    if (!resuming) onTop(top)
    if (top) setNewer(0)
  }, [top, onTop, resuming])
  useEffect(() => {
    const wanted = focusWanted.current
    if (wanted === null) return
    const slot = inner.current?.querySelector(`[data-id="${wanted}"] article`)
    if (!(slot instanceof HTMLElement)) return
    focusWanted.current = null
    slot.focus({ preventScroll: true })
  })

  useEffect(() => onReady(), [onReady])

  // ---- keyboard and calls from outside
  const pagePx = Math.max(80, size.heightPx - DAY_PX - 40)
  const select = (position: number) => {
    const row = session.at(position)
    if (!row) return
    focusWanted.current = row.id
    jump(reveal(place.current, position, latest.current, DAY_PX + TOOLS_PX))
    actions.select(row)
  }
  const goTo = useGoTo(session, (position) =>
    jump(settle({ anchor: Math.min(position, Math.max(0, session.total - 1)), offset: 0 }, latest.current)),
  )
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
    reading: () => {
      const row = session.at(place.current.anchor)
      return following.current || !row ? null : { id: row.id, offset: place.current.offset }
    },
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
      const found = await session.rowAt(position)
      focusWanted.current = found.id
      actions.select(found)
      return true
    },
  }))

  // ---- painting
  const anchorRow = session.at(place.current.anchor)
  const dayShown = anchorRow ? dayLabel(timeIn(session.spec, anchorRow), now, locale) : null
  const histogram = useHistogram(session, binsIn(size.heightPx), !oldestFirst(session.spec))
  return (
    <div className="list" data-scrubber={histogram !== null || undefined} data-resuming={resuming || undefined}>
      <div
        ref={viewport}
        id={id}
        className="list-viewport"
        onPointerDown={motion.touch.down}
        onPointerMove={motion.touch.move}
        onPointerUp={motion.touch.up}
        onPointerCancel={motion.touch.up}
        data-timeline
      >
        <div
          ref={inner}
          className="list-inner"
          role="feed"
          aria-label={text.timeline.list(name)}
          aria-busy={!session.opened}
          style={{ height: CANVAS_PX }}
        >
          {slots.map(({ row, position }) =>
            row ? (
              <EntryRow
                key={row.id}
                row={row}
                position={position}
                total={session.total}
                selected={row.id === selected}
                picked={picked.has(row.id)}
                day={beginsDay(position) ? dayLabel(timeIn(session.spec, row), now, locale) : null}
                now={now}
                actions={actions}
              />
            ) : (
              <RowPlaceholder key={`at ${position}`} position={position} heightPx={UNKNOWN_ROW_PX} />
            ),
          )}
        </div>
      </div>
      {dayShown !== null && (
        <div ref={stickyDay} className="day day-sticky" aria-hidden>
          <span>{dayShown}</span>
        </div>
      )}
      <ListEdge
        controls={id}
        heightPx={size.heightPx}
        pagePx={pagePx}
        place={place.current}
        geometry={geometry}
        rowPx={averageHeight(first, last, heightOf)}
        histogram={histogram}
        time={anchorRow && timeIn(session.spec, anchorRow)}
        labelOf={(time) => dayLabel(time, now, locale)}
        onTime={goTo}
        onPlace={(next) => jump(next(latest.current))}
        onScroll={scrollSoon}
      />
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

const averageHeight = (first: number, last: number, heightOf: (position: number) => number): number => {
  if (last < first) return UNKNOWN_ROW_PX
  let sum = 0
  for (let position = first; position <= last; position += 1) sum += heightOf(position)
  return sum / (last - first + 1)
}
