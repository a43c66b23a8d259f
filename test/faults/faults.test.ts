// A budgeted share of the fault rounds, on every run, and each seed that ever failed, by name. Thousands of them are run by
// command: npm run faults -- --kind KIND --rounds N --seed S. What needs root is skipped elsewhere with a message, never under CI.
import { describe, expect, test } from 'vitest'
import { kinds } from './kinds'
import { runRound, type Kind } from './rounds'

/** Rounds of each kind, chosen so that all of them together take about a minute. */
const SHARE: Readonly<Record<keyof typeof kinds, number>> = {
  writing: 2,
  damaging: 10,
  'full-disk': 5,
  'read-only': 2,
  migrating: 1,
  salvaging: 1,
  'backing-up': 1,
  importing: 1,
  compacting: 1,
  syncing: 1,
  'bulk-syncing': 1,
  clock: 1,
  suspending: 1,
  losing: 1,
}
/** Far from the seeds that are run first by hand. */
const FIRST_SEED = 10_000

async function expectSound(kind: Kind, seed: number): Promise<void> {
  const { failure } = await runRound(kind, seed)
  expect(failure, `seed ${seed}: ${failure?.notes.join('; ')}`).toBeNull()
}

describe.each(Object.entries(SHARE) as [keyof typeof kinds, number][])('%s', (name, rounds) => {
  const kind: Kind = kinds[name]
  const why = kind.impossible?.() ?? null
  if (why) console.warn(`faults.test.ts: ${name}: ${why}; CI must provide it`)
  test.skipIf(why !== null && !process.env.CI)(`[N5] ${kind.about}: nothing acknowledged is lost`, async () => {
    for (let i = 0; i < rounds; i++) await expectSound(kind, FIRST_SEED + i)
  })
})

describe('seeds that failed once', () => {
  test.each<[string, keyof typeof kinds, number]>([
    ['bits that flipped in a text and in a signature, which no check of SQLite’s sees', 'damaging', 13],
    ['bits that flipped in four texts', 'damaging', 20],
    ['the search’s index, found unreadable when it is opened', 'damaging', 139],
    ['a page of zeros that is met while reading', 'damaging', 21],
    ['damage met within one reading of several, which undid the note of it', 'damaging', 633],
    ['a page of zeros over the counts, which showed a timeline without its entries', 'damaging', 40_033],
    ['a clock that is set back by an hour while a device waits to write', 'clock', 3],
  ])('[N5] %s', (_what, name, seed) => expectSound(kinds[name], seed))
})
