// The scrubber's scale: where a moment stands, what is pressed, which dates are named; and which views are the same.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readKey } from '../../renderer/commands/keys'
import { movedPosition } from '../../renderer/timeline/anchored-list'
import { barsOf, ticksOf, timeAt, yOf } from '../../renderer/timeline/scrubber-scale'
import { isFiltered, specKey } from '../../renderer/timeline/view-spec'

const DAY = 86_400_000
const start = new Date(2024, 0, 1).getTime()
const scale = (days: number, bins: number[] = [1]) => ({ oldest: start, newest: start + days * DAY, bins, total: 1 })

test('what is pressed is what is painted there, to the pixel', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4000 }),
      fc.integer({ min: 50, max: 2000 }),
      fc.nat(1000),
      (days, trackPx, share) => {
        const y = (share / 1000) * trackPx
        expect(Math.abs(yOf(timeAt(y, scale(days), trackPx), scale(days), trackPx) - y)).toBeLessThan(0.01)
      },
    ),
  )
})
test('beyond its ends the track gives its ends; an empty one gives its only moment', () => {
  expect(timeAt(-50, scale(10), 100)).toBe(start + 10 * DAY)
  expect(timeAt(500, scale(10), 100)).toBe(start)
  expect(yOf(start - DAY, scale(10), 100)).toBe(100)
  expect(timeAt(30, { oldest: 7, newest: 7, bins: [], total: 0 }, 100)).toBe(7)
})
test('a quiet time beside a busy one is still seen, an empty one is not painted', () => {
  const [busy, quiet, none] = barsOf(scale(3, [10_000, 1, 0]))
  expect(busy).toBe(1)
  expect(quiet).toBeGreaterThan(0)
  expect(none).toBe(0)
})
test.each<[number, string]>([
  [9, 'day'],
  [400, 'month'],
  [6000, 'year'],
])('%i days are named by the %s, apart from each other and within the track', (days, unit) => {
  const histogram = scale(days)
  const ticks = ticksOf(histogram, 600, 46)
  expect(ticks.length).toBeGreaterThan(2)
  expect(ticks.some((tick) => tick.unit === unit)).toBe(true)
  const places = ticks.map((tick) => yOf(tick.time, histogram, 600))
  for (const [i, y] of places.entries()) {
    expect(y).toBeGreaterThanOrEqual(0)
    expect(y).toBeLessThanOrEqual(600)
    if (i > 0) expect(y - places[i - 1]!).toBeGreaterThanOrEqual(46)
  }
})
test('where a row stands after rows went and came; one that went stands nowhere', () => {
  expect(movedPosition(5, { removed: [1, 3], inserted: [0, 4] })).toBe(5)
  expect(movedPosition(3, { removed: [1, 3], inserted: [] })).toBeNull()
  expect(movedPosition(0, { removed: [5], inserted: [0] })).toBe(1)
})
test('views that show the same have one key, whatever empty parts their filters carry', () => {
  const everyone = { scope: { type: 'everyone' } } as const
  expect(specKey({ ...everyone, order: 'written', filter: { text: '', has: [], from: undefined } })).toBe(
    specKey(everyone),
  )
  expect(specKey({ ...everyone, order: 'reached' })).not.toBe(specKey(everyone))
  expect(specKey({ ...everyone, filter: { text: 'a', from: 1 } })).toBe(
    specKey({ ...everyone, filter: { from: 1, text: 'a' } }),
  )
  expect(isFiltered({ ...everyone, filter: { text: undefined } })).toBe(false)
  expect(isFiltered({ ...everyone, filter: { kinds: ['reply'] } })).toBe(true)
})
test('the search opens by / and by the system’s own key, also while somebody types', () => {
  const press = (key: string, ctrlKey = false) => ({ key, ctrlKey, metaKey: false, altKey: false })
  expect(readKey(press('/'), false, false).action).toBe('search')
  expect(readKey(press('/'), false, true).action).toBeNull()
  expect(readKey(press('f', true), false, true).action).toBe('search')
})
