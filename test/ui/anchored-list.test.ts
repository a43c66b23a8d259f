import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  TOP,
  endPlace,
  fractionOf,
  isTop,
  moveBy,
  placeAt,
  reveal,
  settle,
  shiftPosition,
  stack,
  thumb,
  type Geometry,
} from '../../renderer/timeline/anchored-list'

const even = (total: number, viewportPx = 600, rowPx = 100): Geometry => ({
  total,
  viewportPx,
  footerPx: 0,
  heightOf: () => rowPx,
})
const uneven = (heights: number[], viewportPx: number): Geometry => ({
  total: heights.length,
  viewportPx,
  footerPx: 0,
  heightOf: (position) => heights[position] ?? 1,
})

describe('scrolling by an anchor', () => {
  test('a reader who scrolls down passes rows and keeps the part that is cut off', () => {
    expect(moveBy(TOP, 250, even(1000))).toEqual({ anchor: 2, offset: -50 })
  })
  test('nobody scrolls above the newest entry', () => {
    expect(moveBy({ anchor: 1, offset: -20 }, -5000, even(1000))).toEqual(TOP)
  })
  test('the oldest entry stops at the bottom edge', () => {
    expect(moveBy(TOP, 1e7, even(1000))).toEqual({ anchor: 994, offset: 0 })
  })
  test('a short list stays at the top', () => {
    expect(moveBy(TOP, 500, even(3))).toEqual(TOP)
  })
  test('an empty list has a place too', () => {
    expect(settle({ anchor: 7, offset: -3 }, even(0))).toEqual(TOP)
    expect(stack(TOP, even(0), 300)).toEqual({ first: 0, last: -1, topPx: 0 })
  })
  test('scrolling there and back ends where it began, whatever the heights', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 20, max: 900 }), { minLength: 60, maxLength: 200 }),
        fc.integer({ min: 0, max: 3000 }),
        (heights, px) => {
          const geometry = uneven(heights, 500)
          const from = settle({ anchor: 4, offset: -10 }, geometry)
          const there = moveBy(from, px, geometry)
          if (JSON.stringify(there) === JSON.stringify(endPlace(geometry))) return
          expect(moveBy(there, -px, geometry)).toEqual(from)
        },
      ),
    )
  })
  test('a settled place always fills the viewport and never hides its anchor', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: -5, max: 100 }),
        fc.integer({ min: -4000, max: 4000 }),
        (heights, anchor, offset) => {
          const geometry = uneven(heights, 500)
          const place = settle({ anchor, offset }, geometry)
          expect(place.anchor).toBeGreaterThanOrEqual(0)
          expect(place.anchor).toBeLessThan(heights.length)
          expect(place.offset).toBeLessThanOrEqual(0)
          const below = heights.slice(place.anchor).reduce((sum, height) => sum + height, place.offset)
          const all = heights.reduce((sum, height) => sum + height, 0)
          expect(below).toBeGreaterThanOrEqual(Math.min(500, all))
        },
      ),
    )
  })
})

describe('new entries while somebody reads', () => {
  test('a reader in the middle keeps the very row they were reading', () => {
    expect(shiftPosition(40, [0, 1, 2])).toBe(43)
  })
  test('entries that land below the reader move nothing', () => {
    expect(shiftPosition(40, [41, 90])).toBe(40)
  })
  test('a late entry that lands exactly at the reader pushes the row down', () => {
    expect(shiftPosition(40, [40])).toBe(41)
  })
  test('positions are counted after the change: it agrees with inserting into a real list', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 39 }),
        (wanted, position) => {
          const inserted = wanted.sort((a, b) => a - b)
          const list: string[] = Array.from({ length: 40 }, (_, index) => `old ${index}`)
          const placed: number[] = []
          for (const at of inserted) {
            if (at > list.length) continue
            list.splice(at, 0, 'new')
            placed.push(at)
          }
          expect(list[shiftPosition(position, placed)]).toBe(`old ${position}`)
        },
      ),
    )
  })
})

describe('what stands in the document', () => {
  test('the number of rows does not depend on how long the list is', () => {
    const rows = (total: number) => {
      const { first, last } = stack(placeAt(0.5, even(total)), even(total), 300)
      return last - first + 1
    }
    expect(rows(1_000_000)).toBe(rows(1_000))
  })
  test('rows above the viewport are stacked upwards from the anchor', () => {
    expect(stack({ anchor: 10, offset: -30 }, even(100), 150)).toEqual({ first: 8, last: 17, topPx: -230 })
  })
})

describe('the scrollbar', () => {
  test('position and fraction are each other’s inverse at a million rows', () => {
    const geometry = even(1_000_000)
    for (const fraction of [0, 0.001, 0.25, 0.5, 0.999, 1]) {
      expect(fractionOf(placeAt(fraction, geometry), geometry)).toBeCloseTo(fraction, 9)
    }
  })
  test('its ends are the newest and the oldest entry', () => {
    expect(isTop(placeAt(0, even(1_000_000)))).toBe(true)
    expect(placeAt(1, even(1_000_000))).toEqual({ anchor: 999_994, offset: 0 })
  })
  test('its thumb can always be grabbed and never leaves the track', () => {
    const { sizePx, topPx } = thumb(placeAt(1, even(1_000_000)), 6, even(1_000_000), 500, 32)
    expect(sizePx).toBe(32)
    expect(topPx + sizePx).toBeCloseTo(500)
  })
})

describe('following the selection', () => {
  test('a row in view moves nothing', () => {
    expect(reveal(TOP, 3, even(100))).toEqual(TOP)
  })
  test('the next row below the edge comes up to the edge', () => {
    expect(reveal(TOP, 6, even(100))).toEqual({ anchor: 1, offset: 0 })
  })
  test('a row above comes to the top edge', () => {
    expect(reveal({ anchor: 50, offset: -40 }, 49, even(100))).toEqual({ anchor: 49, offset: 0 })
  })
  test('a row taller than the window shows its beginning', () => {
    const geometry = uneven([100, 100, 2000, 100, 100], 600)
    expect(reveal(TOP, 2, geometry)).toEqual({ anchor: 2, offset: 0 })
  })
  test('a far jump lands on the row', () => {
    const { anchor, offset } = reveal(TOP, 500_000, even(1_000_000))
    expect(anchor).toBe(499_995)
    expect(offset).toBe(0)
  })
})
