// Who is kept out, for what and for how long; and that honest peers never are.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { wording, type ErrorCode } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import { BUDGETS, Budgets, costOf, type Account } from '../../main/protocol/budgets'
import { Conduct, POINTS_MAX } from '../../main/protocol/conduct'
import { NEW_YEAR } from '../support/people'

const MALLORY = 'ab'.repeat(32) as DeviceKey
const BOB = 'cd'.repeat(32) as DeviceKey
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Bad signatures until it is kept out; how many it took. */
function misbehave(conduct: Conduct, at: number): number {
  for (let times = 1; times < 1000; times++) if (conduct.refused(MALLORY, 'SIGNATURE_INVALID', true, at)) return times
  throw new Error('never kept out')
}

describe('points', () => {
  test('[H2] twenty false signatures within a minute keep their sender out, and nobody else', () => {
    const conduct = new Conduct()
    expect(misbehave(conduct, NEW_YEAR)).toBe(20)
    expect(conduct.keptOut(MALLORY, NEW_YEAR)).toEqual({
      device: MALLORY,
      misdeed: 'forgery',
      since: NEW_YEAR,
      until: NEW_YEAR + 10 * MINUTE,
      times: 1,
    })
    expect(conduct.keptOut(BOB, NEW_YEAR)).toBeNull()
  })

  test('[H2] points fade: the same offences spread over a day keep nobody out', () => {
    const conduct = new Conduct()
    for (let i = 0; i < 1000; i++)
      expect(conduct.refused(MALLORY, 'SIGNATURE_INVALID', true, NEW_YEAR + i * MINUTE)).toBe(false)
  })

  test('[H2] what most points were for is what a person is told', () => {
    const conduct = new Conduct()
    for (let i = 0; i < 10; i++) conduct.refused(MALLORY, 'SIGNATURE_INVALID', true, NEW_YEAR)
    let out = false
    while (!out) out = conduct.exceeded(MALLORY, 'reads', NEW_YEAR)
    expect(conduct.keptOut(MALLORY, NEW_YEAR)?.misdeed).toBe('forgery')
    conduct.lift(MALLORY)
    for (let i = 0; i < 9; i++) conduct.refused(MALLORY, 'SIGNATURE_INVALID', true, NEW_YEAR)
    out = false
    while (!out) out = conduct.exceeded(MALLORY, 'reads', NEW_YEAR)
    expect(conduct.keptOut(MALLORY, NEW_YEAR)?.misdeed).toBe('asking')
  })

  test.each<ErrorCode>([
    'DEVICE_NOT_IN_EPOCH',
    'DEVICE_REMOVED',
    'DEVICE_FROZEN',
    'SEGMENT_INVALID',
    'BACKLINK_MISMATCH',
    'TIMESTAMP_NOT_LATER',
    'TIMESTAMP_AHEAD',
    'EPOCH_UNKNOWN',
    'EPOCH_NOT_NEXT',
    'EPOCH_REPLAYED',
    'EQUIVOCATION',
    'NOT_ADMIN',
    'INVITE_REVOKED',
  ])('[H2] %s of somebody else’s making is not held against whoever passes it on, however often', (code) => {
    const conduct = new Conduct()
    for (let i = 0; i < 10_000; i++) expect(conduct.refused(BOB, code, false, NEW_YEAR)).toBe(false)
  })

  test('[N6] a device that goes on writing behind its own fork is kept out, whoever else passes it on is not', () => {
    const conduct = new Conduct()
    let out = false
    for (let i = 0; i < POINTS_MAX; i++) out ||= conduct.refused(MALLORY, 'DEVICE_FROZEN', true, NEW_YEAR)
    expect(out).toBe(true)
  })
})

describe('how long', () => {
  test('[H3] each time lasts twice as long, up to a day, and a week of peace makes the next the first again', () => {
    const conduct = new Conduct()
    let at = NEW_YEAR
    const lasted: number[] = []
    for (let i = 0; i < 10; i++) {
      misbehave(conduct, at)
      const { since, until } = conduct.keptOut(MALLORY, at)!
      lasted.push((until - since) / MINUTE)
      at = until
      expect(conduct.keptOut(MALLORY, at)).toBeNull()
    }
    expect(lasted).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440])
    at += 7 * DAY + 1
    conduct.tick(at, at)
    misbehave(conduct, at)
    expect(conduct.keptOut(MALLORY, at)).toMatchObject({ times: 1, until: at + 10 * MINUTE })
  })

  test('[H3] a restart is no pardon; a person’s is', () => {
    const conduct = new Conduct()
    misbehave(conduct, NEW_YEAR)
    const later = new Conduct(conduct.kept)
    expect(later.keptOut(MALLORY, NEW_YEAR + MINUTE)).toEqual(conduct.keptOut(MALLORY, NEW_YEAR + MINUTE))
    misbehave(later, NEW_YEAR + 11 * MINUTE)
    expect(later.keptOut(MALLORY, NEW_YEAR + 11 * MINUTE)?.times).toBe(2)
    expect(later.lift(MALLORY)).toBe(true)
    expect(later.keptOut(MALLORY, NEW_YEAR + 11 * MINUTE)).toBeNull()
    expect(later.lift(MALLORY)).toBe(false)
    misbehave(later, NEW_YEAR + 12 * MINUTE)
    expect(later.keptOut(MALLORY, NEW_YEAR + 12 * MINUTE)?.times).toBe(1)
  })

  test('[H3] a clock that was set back by years does not keep anybody out for years', () => {
    const conduct = new Conduct()
    misbehave(conduct, NEW_YEAR)
    expect(conduct.keptOut(MALLORY, NEW_YEAR - 300 * DAY)).toBeNull()
  })
})

describe('budgets', () => {
  const accounts = Object.keys(BUDGETS) as Account[]

  test.each(accounts)(
    '[H1] %s: the burst passes untouched, the next does not, and it comes back at its rate',
    (account) => {
      const { burst, perSecond } = BUDGETS[account]
      const budgets = new Budgets()
      expect(budgets.spend(account, burst, 0)).toBe(true)
      expect(budgets.spend(account, 1, 0)).toBe(false)
      expect(budgets.spend(account, 1, Math.ceil(1000 / perSecond))).toBe(true)
      expect(budgets.spend(account, burst, Math.ceil((1000 * burst) / perSecond) + 5000)).toBe(true)
    },
  )

  test('[H1] however it is spent, no more passes than burst and rate allow', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...accounts),
        fc.array(fc.tuple(fc.nat(5000), fc.double({ min: 0, max: 2, noNaN: true })), { maxLength: 60 }),
        (account, steps) => {
          const { burst, perSecond } = BUDGETS[account]
          const budgets = new Budgets()
          let now = 0
          let passed = 0
          for (const [waitMs, share] of steps) {
            now += waitMs
            const amount = Math.floor(share * burst)
            if (budgets.spend(account, amount, now)) passed += amount
          }
          expect(passed).toBeLessThanOrEqual(burst + (now * perSecond) / 1000 + 1e-6)
        },
      ),
      { seed: 7, numRuns: 300 },
    )
  })

  test('[H1] what is beyond a budget a hundred times keeps its sender out, by what the account is for', () => {
    const conduct = new Conduct()
    let excess = 0
    let out = false
    while (!out)
      if (!conduct.affords(MALLORY, 'questions', 1, NEW_YEAR)) {
        excess++
        out = conduct.exceeded(MALLORY, 'questions', NEW_YEAR)
      }
    expect(excess).toBe(POINTS_MAX)
    expect(conduct.keptOut(MALLORY, NEW_YEAR)?.misdeed).toBe('asking')
  })

  test('[H1] a new link brings no new budget, and what is like new is forgotten', () => {
    const conduct = new Conduct()
    while (conduct.affords(MALLORY, 'questions', 1, NEW_YEAR));
    expect(conduct.affords(MALLORY, 'questions', 1, NEW_YEAR)).toBe(false)
    expect(conduct.size).toBe(1)
    conduct.tick(NEW_YEAR + HOUR, NEW_YEAR + HOUR)
    expect(conduct.size).toBe(0)
  })

  test('[H1] every message that costs more than its bytes is on an account', () => {
    expect(costOf({ type: 'epochs-want', after: 0 })).toEqual(['questions', 1])
    expect(costOf({ type: 'notices', notices: [new Uint8Array(1), new Uint8Array(2)] })).toEqual(['notices', 2])
    expect(costOf({ type: 'epochs', records: [new Uint8Array(1)] })).toEqual(['records', 1])
    expect(costOf({ type: 'have', question: true, cut: 0, entries: [] })).toEqual(['comparing', 1])
    expect(costOf({ type: 'same', digest: new Uint8Array(32) })).toBeNull()
  })
})

test('[H2] everything that weighs has a sentence', () => {
  for (const code of ['BUDGET_EXCEEDED', 'READS_NOTHING', 'PEER_KEPT_OUT'] as const)
    expect(wording[code].length).toBeGreaterThan(20)
})
