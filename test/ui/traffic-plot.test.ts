import { expect, test } from 'vitest'
import { areaPath, scaleFor, secondAt, sumOfLast, whole } from '../../renderer/network/traffic-plot'

test('the running second is left out', () => {
  expect(whole([5, 6, 7])).toEqual([5, 6])
  expect(sumOfLast([5, 6, 7], 60)).toBe(11)
  expect(sumOfLast([5, 6, 7, 8], 2)).toBe(13)
})
test('the scale ends at 1, 2 or 5 times a power of ten, and never below a kilobyte', () => {
  expect(scaleFor([0, 3], [])).toBe(1_000)
  expect(scaleFor([1_001], [0])).toBe(2_000)
  expect(scaleFor([0], [2_000])).toBe(2_000)
  expect(scaleFor([48_000], [51_000])).toBe(100_000)
})
test('the area steps up for what came and down for what went, and never leaves its half', () => {
  expect(areaPath([0, 500, 9_999], 1_000, 30, 50, 40, 1)).toBe(
    'M0 50.0L0.0 50.0L10.0 50.0L10.0 30.0L20.0 30.0L20.0 10.0L30.0 10.0L30.0 50.0Z',
  )
  expect(areaPath([1_000], 1_000, 30, 50, 40, -1)).toBe('M0 50.0L0.0 90.0L30.0 90.0L30.0 50.0Z')
})
test('a pointer means a second inside the picture, also at its edges', () => {
  expect([-3, 0, 50, 99.9, 100, 200].map((x) => secondAt(x, 100, 10))).toEqual([0, 0, 5, 9, 9, 9])
})
