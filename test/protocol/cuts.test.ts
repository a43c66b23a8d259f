// Rules R4, C2: what was here at a cut, whatever the order in which it came.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cuts, WHOLE, decodeEntries, encodeEntries } from '../../main/protocol/cuts'
import type { HaveVector } from '../../main/protocol/have'
import { MemoryStore } from '../../main/simulator/store'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'

const circle = makeCircle(3)
const STEP_MS = 1000
const timelines = circle.people.map(({ device }, i) =>
  writeTimeline(circle.list.circle, device, 12, { epoch: 1, startMs: NEW_YEAR + i * 300, stepMs: STEP_MS }),
)
const nodes = timelines.flat()

/** Nodes in an order, stored one by one; what the cuts say of each moment must be what the disk has. */
function stored(order: readonly number[]) {
  const disk = new MemoryStore()
  const cuts = new Cuts(crypto, new Map() as HaveVector)
  for (const i of order) {
    const node = nodes[i % nodes.length]!
    const [outcome] = disk.append([{ node, origin: { from: null, how: 'sync', tree: null }, arrival: null }])
    if (outcome!.type === 'stored') cuts.noteStored(node, outcome!.head, NEW_YEAR + 60_000)
  }
  return { disk, cuts }
}
/** By definition: of each timeline the gapless nodes that were written up to the cut. */
function expected(disk: MemoryStore, cut: number) {
  return circle.people
    .map(({ device }) => device.key)
    .sort()
    .flatMap((device) => {
      let height = 0
      while (height < disk.height(device) && (cut === WHOLE || disk.at(device, height + 1)!.timestamp <= cut)) height++
      return height ? [{ device, height, head: disk.at(device, height)!.id }] : []
    })
}

test('[R4] a cut holds of each timeline what is here without a gap and was written by then, in whatever order it came', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(nodes.length - 1), { maxLength: 80 }),
      fc.array(fc.integer({ min: -500, max: 14_000 }), { minLength: 1, maxLength: 6 }),
      (order, offsets) => {
        const { disk, cuts } = stored(order)
        for (const cut of [WHOLE, ...offsets.map((ms) => NEW_YEAR + ms)])
          expect(cuts.at(cut)!.entries).toEqual(expected(disk, cut))
      },
    ),
  )
})

test('[R4] equal cuts have equal digests, different ones different', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(nodes.length - 1), { maxLength: 60 }), fc.nat(), (order, seed) => {
      const a = stored(order).cuts.at(WHOLE)!
      const shuffled = [...order].sort((x, y) => ((x * 7919 + seed) % 101) - ((y * 7919 + seed) % 101))
      const b = stored(shuffled).cuts.at(WHOLE)!
      expect(a.key === b.key).toBe(JSON.stringify(a.entries) === JSON.stringify(b.entries))
      const decoded = decodeEntries(crypto, encodeEntries(a.entries))!
      expect(decoded.entries).toEqual(a.entries)
      expect(decoded.digest).toEqual(a.digest)
    }),
  )
})

test('[R4] after a start only the heads are known: a cut before one of them cannot be told', () => {
  const { disk } = stored(nodes.map((_node, i) => i))
  const cuts = new Cuts(crypto, disk.have())
  expect(cuts.at(WHOLE)!.entries).toEqual(expected(disk, WHOLE))
  expect(cuts.at(NEW_YEAR + 60_000)!.entries).toEqual(expected(disk, WHOLE))
  expect(cuts.at(NEW_YEAR + 5000)).toBeNull()
  expect(cuts.newest()).toBe(Math.max(...nodes.map((node) => node.timestamp)))
})

test('[R4] a vector out of order, twice the same device, or at height 0 is refused', () => {
  const entries = expected(stored(nodes.map((_node, i) => i)).disk, WHOLE)
  for (const bad of [[...entries].reverse(), [entries[0]!, entries[0]!], [{ ...entries[0]!, height: 0 }]])
    expect(decodeEntries(crypto, encodeEntries(bad))).toBeNull()
  expect(decodeEntries(crypto, encodeEntries(entries).slice(1))).toBeNull()
})
