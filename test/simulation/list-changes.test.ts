// The member list under load, with several admins (rules M3, M5, F9): changes asked for by two at once, crashes, a lossy network,
// and a network that is parted with admins on both sides. Everybody runs the list, notice board, agreement, engine and
// driver that ship. Times are virtual, and one seed gives one result.
import { expect, test, vi } from 'vitest'
import { simulateChanges, type ChangesOptions } from '../../main/simulator/list-changes'
import { simulationKeys as keys } from '../support/people'

vi.setConfig({ testTimeout: 60_000 })

const run = (over: Partial<ChangesOptions>) =>
  simulateChanges(keys, {
    peers: 14,
    admins: 5,
    changes: 8,
    rate: 5,
    splitS: 0,
    latencyMs: 80,
    loss: 0,
    seed: 1,
    ...over,
  })

/** What must be, whatever happened. */
const sound = { doubleCertificates: 0, lists: 1, lost: 0, open: 0 }

test.each([
  [2, 11],
  [3, 12],
  [5, 13],
  [7, 14],
])(
  '[M3] %i admins change the list while entries are written, and crash: one list, nothing open, nothing lost',
  (admins, seed) => {
    const result = run({ admins, seed })
    expect(result).toMatchObject(sound)
    expect(result.epochs).toBeGreaterThan(4)
    expect(result.agreed).toBeGreaterThan(6)
    expect(result.nodes).toBeGreaterThan(100)
    // Nobody waits for a list: an entry that is written as the list changes is as quick as any other.
    expect(result.reachedCloseMs.count).toBeGreaterThan(20)
    expect(result.reachedCloseMs.p50).toBeLessThan(1.5 * result.reachedMs.p50)
    expect(result.reachedCloseMs.max).toBeLessThan(8000)
  },
)

test.each([21, 22])(
  '[M3] the same where a tenth of all frames is lost, some come twice and all may overtake (seed %i)',
  (seed) => {
    const result = run({ loss: 10, seed })
    expect(result).toMatchObject(sound)
    expect(result.epochs).toBeGreaterThan(4)
  },
)

test.each([
  [3, 31],
  [4, 32],
  [5, 33],
  [6, 34],
])(
  '[M3] parted with %i admins: the smaller side says for whom it waits, the larger goes on; healed, there is one list',
  (admins, seed) => {
    const result = run({ admins, seed, splitS: 24 })
    expect(result).toMatchObject(sound)
    const { minority } = result
    expect(minority).toMatchObject({ agreed: false })
    expect(minority!.admins).toBeGreaterThan(0)
    expect(minority!.admins * 2).toBeLessThan(minority!.of + 1)
    // Enough of those whom it names would make a majority with it.
    const needed = Math.floor(minority!.of / 2) + 1
    expect(minority!.waitsFor.length + minority!.admins).toBeGreaterThanOrEqual(needed)
    expect(result.agreedDuringSplit).toBeGreaterThan(0)
    expect(result.healedMs).toBeLessThan(15_000)
  },
)

test('[M3] one seed, one result, to the byte', () => {
  const options = { changes: 4, seed: 41, loss: 5 }
  expect(JSON.stringify(run(options))).toBe(JSON.stringify(run(options)))
})
