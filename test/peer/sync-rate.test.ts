// How fast a first sync is said to go.
import { expect, test } from 'vitest'
import { SyncRate } from '../../main/peer/sync-rate'

test('[R4] the rate is the mean of the last whole seconds, and 0 once nothing came for as long', () => {
  const rate = new SyncRate()
  expect(rate.perSecond(1000)).toBe(0)
  rate.note(300, 10_100)
  rate.note(100, 10_900)
  expect(rate.perSecond(10_950)).toBe(400)
  rate.note(200, 11_500)
  expect(rate.perSecond(12_000)).toBe(300)
  rate.note(9000, 12_100)
  // The second that is not over yet would make it look slower than it is.
  expect(rate.perSecond(12_200)).toBe(300)
  expect(rate.perSecond(13_000)).toBe(3200)
  expect(rate.perSecond(60_000)).toBe(0)
})
