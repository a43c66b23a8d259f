// Decides where rows lie while the list moves. They lie still on a canvas that is higher than anybody scrolls in one go, and
// the canvas moves: what is painted of a row stays painted, and only rows that come into sight cost anything. Browsers lay
// out at most 33,554,432 px, so the canvas is no longer than one needs, and is begun anew at its middle when its end nears.
import type { Geometry, Place } from './anchored-list'

/** A row and where its top lies on the canvas; everything else follows from heights. */
export interface Peg {
  position: number
  topPx: number
}

/** Small enough that a float still tells a sixteenth of a px apart; a hand needs many seconds of its fastest for the half. */
export const CANVAS_PX = 2 ** 20
/** Nearer to an end than this the canvas is begun anew: more than the tallest screen and one entry. */
const EDGE_PX = 2 ** 17
/** A row farther away than this stands nowhere near what is painted: begin anew. */
const WALK_MAX = 500

const MIDDLE_PX = CANVAS_PX / 2

/** The anchor of a place as the peg: where it lies already, or on a canvas begun anew. */
export function pegAt(before: Peg | null, { anchor }: Place, { total, heightOf }: Geometry): Peg {
  const anew = { position: anchor, topPx: MIDDLE_PX }
  if (!before || before.position >= total || Math.abs(before.position - anchor) > WALK_MAX) return anew
  let { topPx } = before
  for (let at = before.position; at < anchor; at += 1) topPx += heightOf(at)
  for (let at = before.position; at > anchor; at -= 1) topPx -= heightOf(at - 1)
  return topPx < EDGE_PX || topPx > CANVAS_PX - EDGE_PX ? anew : { position: anchor, topPx }
}

/** How far the canvas is moved, px, so that the place stands where it should: whole device pixels, so that letters stay sharp. */
export const shiftOf = ({ offset }: Place, { topPx }: Peg, pixelRatio: number): number =>
  Math.round((offset - topPx) * pixelRatio) / pixelRatio

/** Where the rows [first, last] lie on the canvas, px, by position. */
export function topsOf(peg: Peg, first: number, last: number, heightOf: Geometry['heightOf']): Map<number, number> {
  const tops = new Map<number, number>()
  let { topPx } = peg
  for (let at = peg.position; at <= last; at += 1) {
    tops.set(at, topPx)
    topPx += heightOf(at)
  }
  ;({ topPx } = peg)
  for (let at = peg.position - 1; at >= first; at -= 1) {
    topPx -= heightOf(at)
    tops.set(at, topPx)
  }
  return tops
}

/** How far the day at the upper edge is pushed up by the next day's header, as on paper: px, 0 or less. */
export function dayShift(
  { anchor, offset }: Place,
  last: number,
  { heightOf }: Geometry,
  beginsDay: (position: number) => boolean,
  dayPx: number,
): number {
  let nextPx = offset
  let shift = 0
  for (let at = anchor; at <= last && nextPx < dayPx; at += 1) {
    if (at > anchor && beginsDay(at)) shift = Math.min(0, nextPx - dayPx)
    nextPx += heightOf(at)
  }
  return shift
}
