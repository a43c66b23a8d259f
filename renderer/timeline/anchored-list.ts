// Decides where the rows of a list stand when only one row's place is certain. Browsers cannot lay out a million rows
// (Chromium stops at 33,554,432 px), so the list has no total height: its place is (anchor row, offset in px), the rows
// around the anchor are stacked from measured or estimated heights, and everything else follows from positions.

/** `offset`: px from the viewport's top down to the anchor row's top; ≤ 0 once settled, unless the list is short. */
export interface Place {
  anchor: number
  offset: number
}

export interface Geometry {
  total: number
  viewportPx: number
  /** Empty space kept below the last row. */
  footerPx: number
  /** Measured height of the row at a position, else its estimate; always > 0. */
  heightOf: (position: number) => number
}

export const TOP: Place = { anchor: 0, offset: 0 }

const raiseAnchor = (anchor: number, offset: number, geometry: Geometry): Place => {
  while (offset > 0 && anchor > 0) {
    anchor -= 1
    offset -= geometry.heightOf(anchor)
  }
  return anchor === 0 && offset > 0 ? TOP : { anchor, offset }
}

/** The same place, with the first visible row as its anchor, and inside the list's two ends. */
export function settle(place: Place, geometry: Geometry): Place {
  const { total, viewportPx, footerPx, heightOf } = geometry
  if (total === 0) return TOP
  let { anchor, offset } =
    place.anchor >= total
      ? { anchor: total - 1, offset: 0 }
      : { anchor: Math.max(0, place.anchor), offset: place.offset }
  ;({ anchor, offset } = raiseAnchor(anchor, offset, geometry))
  while (anchor < total - 1 && -offset >= heightOf(anchor)) {
    offset += heightOf(anchor)
    anchor += 1
  }
  let bottom = offset + footerPx
  for (let position = anchor; position < total && bottom < viewportPx; position += 1) bottom += heightOf(position)
  return bottom >= viewportPx ? { anchor, offset } : raiseAnchor(anchor, offset + viewportPx - bottom, geometry)
}

/** Scrolls by `px`; positive goes down the list, to older rows. */
export const moveBy = (place: Place, px: number, geometry: Geometry): Place =>
  settle({ anchor: place.anchor, offset: place.offset - px }, geometry)

export const isTop = (place: Place): boolean => place.anchor === 0 && place.offset >= 0

/** Where the row that stood at `position` stands after rows appeared at `inserted` (ascending, counted afterwards). */
export function shiftPosition(position: number, inserted: readonly number[]): number {
  let shifted = position
  for (const at of inserted) {
    if (at > shifted) break
    shifted += 1
  }
  return shifted
}

/** Where a row stands after a change; null: it is one of those that are gone. */
export function movedPosition(
  position: number,
  { inserted, removed }: { inserted: readonly number[]; removed: readonly number[] },
): number | null {
  let gone = 0
  for (const at of removed) {
    if (at === position) return null
    if (at > position) break
    gone += 1
  }
  return shiftPosition(position - gone, inserted)
}

/** What must be in the document: rows [first, last] and the top of `first`, in px from the viewport's top. */
export interface Stack {
  first: number
  last: number
  topPx: number
}

export function stack(place: Place, geometry: Geometry, overscanPx: number): Stack {
  const { total, viewportPx, heightOf } = geometry
  let first = Math.min(place.anchor, Math.max(0, total - 1))
  let topPx = place.offset
  while (first > 0 && topPx > -overscanPx) {
    first -= 1
    topPx -= heightOf(first)
  }
  let last = place.anchor
  let bottom = place.offset + (total > 0 ? heightOf(last) : 0)
  while (last < total - 1 && bottom < viewportPx + overscanPx) {
    last += 1
    bottom += heightOf(last)
  }
  return { first, last: total === 0 ? -1 : last, topPx }
}

/** A place as one number: the anchor's position and how much of it is scrolled away. */
const depth = (place: Place, geometry: Geometry): number =>
  geometry.total === 0 ? 0 : place.anchor + Math.max(0, -place.offset) / geometry.heightOf(place.anchor)

export const endPlace = (geometry: Geometry): Place => settle({ anchor: geometry.total - 1, offset: 0 }, geometry)

/** 0 at the newest row, 1 when the last row stands at the viewport's bottom. */
export function fractionOf(place: Place, geometry: Geometry): number {
  const end = depth(endPlace(geometry), geometry)
  return end <= 0 ? 0 : Math.min(1, depth(place, geometry) / end)
}

export function placeAt(fraction: number, geometry: Geometry): Place {
  const end = depth(endPlace(geometry), geometry)
  const at = Math.min(1, Math.max(0, fraction)) * end
  const anchor = Math.floor(at)
  if (geometry.total === 0) return TOP
  return settle({ anchor, offset: (anchor - at) * geometry.heightOf(Math.min(anchor, geometry.total - 1)) }, geometry)
}

/** The least movement after which the row at `position` is in view, `marginPx` away from the edges. */
export function reveal(place: Place, position: number, geometry: Geometry, marginPx = 0): Place {
  const { viewportPx, heightOf } = geometry
  if (position <= place.anchor) {
    const visible = position === place.anchor && place.offset >= marginPx
    return visible ? place : settle({ anchor: position, offset: marginPx }, geometry)
  }
  let top = place.offset
  // Beyond a viewport's worth of rows the exact distance no longer matters.
  for (let at = place.anchor; at < position; at += 1) {
    top += heightOf(at)
    if (top > viewportPx) break
  }
  const height = heightOf(position)
  if (top >= marginPx && top + height <= viewportPx) return place
  const offset = height + marginPx > viewportPx ? marginPx : viewportPx - height
  return top < marginPx
    ? settle({ anchor: position, offset: marginPx }, geometry)
    : settle({ anchor: position, offset }, geometry)
}

/** Thumb of the list's own scrollbar, in px of its track. */
export function thumb(place: Place, visibleRows: number, geometry: Geometry, trackPx: number, sizeMinPx: number) {
  const share = geometry.total === 0 ? 1 : Math.min(1, visibleRows / geometry.total)
  const sizePx = Math.min(trackPx, Math.max(sizeMinPx, share * trackPx))
  return { sizePx, topPx: fractionOf(place, geometry) * (trackPx - sizePx) }
}
