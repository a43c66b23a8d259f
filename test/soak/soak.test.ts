// Part of a day in virtual time (the whole of it: `npm run soak`): nobody drifts apart, and nobody remembers ever more.
import { expect, test } from 'vitest'
import { census } from './census'
import { soak } from './virtual'

const TIMEOUT_MS = 120_000

test(
  '[R5] hours of coming and going, crashes, splits, loss, drifting clocks and list changes: equal heads, nothing left open, nothing grown',
  () => {
    const report = soak({ peers: 6, hours: 3, seed: 5 })
    expect(report.written).toBeGreaterThan(100)
    expect(report.faults).toBeGreaterThan(5)
    expect(report.listChanges).toBe(2)
    expect(report.apart).toEqual([0, 0, 0, 0])
    expect(report.unsettled).toEqual({})
    expect(report.grown).toEqual([])
  },
  TIMEOUT_MS,
)

test('[R5] the census finds what is kept anywhere in a peer, by the name of the field', () => {
  const peer = { parts: new Map([[1, 1]]), inner: { queue: [1, 2], deep: new Map([['a', new Set([1, 2, 3])]]) } }
  expect(census({ peer })).toEqual({ 'peer.inner.queue': 2, 'peer.inner.deep': 1, 'peer.inner.deep[]': 3 })
})
