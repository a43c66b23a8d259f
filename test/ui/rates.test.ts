import { expect, test } from 'vitest'
import { addSample, ratesOf, type Sample } from '../../renderer/network/rates'

test('traffic is what the counters rose by in each second', () => {
  const samples = [
    { at: 0, bytesIn: 0, bytesOut: 100 },
    { at: 2_000, bytesIn: 4_000, bytesOut: 100 },
  ]
  expect(ratesOf(samples)).toEqual([{ inPerSecond: 2_000, outPerSecond: 0 }])
})
test('a link that goes away takes its bytes with it: that is no negative traffic', () => {
  const samples = [
    { at: 0, bytesIn: 9_000, bytesOut: 9_000 },
    { at: 1_000, bytesIn: 10, bytesOut: 20 },
  ]
  expect(ratesOf(samples)).toEqual([{ inPerSecond: 0, outPerSecond: 0 }])
})
test('a minute is kept, however long somebody looks', () => {
  let samples: Sample[] = []
  for (let at = 0; at < 500; at += 1) samples = addSample(samples, { at: at * 1_000, bytesIn: at, bytesOut: at })
  expect(ratesOf(samples)).toHaveLength(60)
})
