import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ringPoint } from '../../renderer/inspector/route-layout'
import { chordTo, deviceNear, mapSize, overlap, placeNames } from '../../renderer/network/ring-layout'

const devices = fc.integer({ min: 1, max: 300 })
const width = fc.integer({ min: 280, max: 3000 })

describe('the map of the ring', () => {
  test('fits its place at every size: dots apart, ring inside', () => {
    fc.assert(
      fc.property(devices, width, (count, across) => {
        const { height, radius, dot, spacing } = mapSize(count, across)
        expect(2 * radius).toBeLessThan(across)
        expect(2 * radius).toBeLessThan(height)
        if (count > 1 && spacing > 4.25) expect(2 * dot).toBeLessThan(spacing)
      }),
    )
  })
  test('no two names touch, and the first wanted always stands there', () => {
    fc.assert(
      fc.property(
        devices,
        width,
        fc.array(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1 }),
        (n, w, given) => {
          const wanted = Array.from({ length: n }, (_unused, index) => ({ index, name: given[index % given.length]! }))
          const names = placeNames(wanted, n, mapSize(n, w))
          expect(names[0]!.index).toBe(0)
          for (const [i, a] of names.entries())
            for (const b of names.slice(i + 1)) expect(overlap(a, b), `${a.index} and ${b.index}`).toBe(false)
        },
      ),
      { numRuns: 40 },
    )
  })
  test('a circle of a dozen bears every name', () => {
    const wanted = Array.from({ length: 12 }, (_unused, index) => ({ index, name: `Member ${index}` }))
    expect(placeNames(wanted, 12, mapSize(12, 700))).toHaveLength(12)
  })
  test('a long name is cut to the room beside its dot', () => {
    const [name] = placeNames([{ index: 3, name: 'Bartholomew of the seven oaks' }], 12, mapSize(12, 500))
    expect(name!.text).toBe('Bartholomew o…')
  })
  test('a pointer on a device means that device, whatever the size of the circle', () => {
    fc.assert(
      fc.property(devices, fc.nat(299), fc.double({ min: 0.9, max: 1.2, noNaN: true }), (count, index, away) => {
        const { radius } = mapSize(count, 800)
        const { x, y } = ringPoint(index % count, count, radius * away)
        expect(deviceNear(x, y, count, radius)).toBe(index % count)
      }),
    )
  })
  test('a pointer in the middle, or far from any device, means nobody', () => {
    expect(deviceNear(0, 10, 12, 200)).toBeNull()
    expect(deviceNear(200, 0, 2, 200)).toBeNull()
    expect(deviceNear(0, -200, 0, 200)).toBeNull()
  })
  test('a link leads from the top to the device', () => {
    expect(chordTo(2, 4, 100)).toMatch(/^M0\.0 -100\.0Q.* 0\.0 100\.0$/)
  })
})
