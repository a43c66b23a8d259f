import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { TOP, moveBy, placeAt, type Geometry, type Place } from '../../renderer/timeline/anchored-list'
import { CANVAS_PX, dayShift, pegAt, shiftOf, topsOf, type Peg } from '../../renderer/timeline/canvas'

const geometry: Geometry = {
  total: 1_000_000,
  viewportPx: 800,
  footerPx: 0,
  heightOf: (position) => 60 + ((position * 37) % 90),
}
const between = (a: Place, b: Place): number => {
  let px = 0
  for (let at = a.anchor; at < b.anchor; at += 1) px += geometry.heightOf(at)
  return px
}

describe('the canvas under the rows', () => {
  test('a row lies still while one scrolls: only the canvas moves, by exactly what was scrolled', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -900, max: 900 }), { maxLength: 60 }), (steps) => {
        let place = placeAt(0.5, geometry)
        const from = place
        let peg: Peg = pegAt(null, place, geometry)
        const start = { peg, shift: shiftOf(place, peg, 1) }
        for (const px of steps) {
          place = moveBy(place, px, geometry)
          peg = pegAt(peg, place, geometry)
        }
        const walked = from.anchor <= place.anchor ? between(from, place) : -between(place, from)
        expect(peg).toEqual({ position: place.anchor, topPx: start.peg.topPx + walked })
        expect(start.shift - shiftOf(place, peg, 1)).toBe(steps.reduce((sum, px) => sum + px, 0))
      }),
    )
  })
  test('nobody scrolls off its end: it is begun anew in time', () => {
    let place = TOP
    let peg: Peg | null = null
    for (let frame = 0; frame < 3000; frame += 1) {
      place = moveBy(place, 900, geometry)
      peg = pegAt(peg, place, geometry)
      expect(peg.position).toBe(place.anchor)
      expect(peg.topPx).toBeGreaterThan(10_000)
      expect(peg.topPx).toBeLessThan(CANVAS_PX - 10_000)
    }
  })
  test('a jump walks nowhere', () => {
    let asked = 0
    const counted: Geometry = { ...geometry, heightOf: (at) => ((asked += 1), geometry.heightOf(at)) }
    const far = { anchor: 800_000, offset: 0 }
    expect(pegAt({ position: 3, topPx: 500_000 }, far, counted)).toEqual({ position: 800_000, topPx: CANVAS_PX / 2 })
    expect(asked).toBe(0)
  })
  test('a list that became shorter begins anew', () => {
    expect(pegAt({ position: 70, topPx: 1 }, TOP, { ...geometry, total: 10 }).topPx).toBe(CANVAS_PX / 2)
  })
  test('letters stand on whole pixels of the screen', () => {
    expect(shiftOf({ anchor: 0, offset: -10.3 }, { position: 0, topPx: 100 }, 1)).toBe(-110)
    expect(shiftOf({ anchor: 0, offset: -10.3 }, { position: 0, topPx: 100 }, 2)).toBe(-110.5)
  })
  test('rows lie one below the other, whichever of them is the peg', () => {
    for (const peg of [100, 105, 109]) {
      const tops = topsOf({ position: peg, topPx: 5000 }, 100, 109, geometry.heightOf)
      expect([...tops.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => 100 + i))
      expect(tops.get(peg)).toBe(5000)
      for (let at = 100; at < 109; at += 1) expect(tops.get(at + 1)).toBe(tops.get(at)! + geometry.heightOf(at))
    }
  })
  test('the day at the edge gives way to the next one as it comes, and not before', () => {
    const day = (offset: number) => dayShift({ anchor: 0, offset }, 9, geometry, (at) => at === 1, 38)
    // The first row is 60 px high.
    expect([0, -22, -23, -50, -59].map(day)).toEqual([0, 0, -1, -28, -37])
  })
})
