// The admins' agreement under a hundred thousand random schedules, and the faults that the same schedules must find.
import { expect, test } from 'vitest'
import { simulateAgreement, simulateEveryCrash } from '../../main/simulator/agreement'
import { Agreement, type Ballot, type Statement } from '../../main/protocol/agreement'
import type { EpochId } from '../../shared/types'

test('[M3] 100,000 schedules with 1 to 7 admins: never two records for one number, and a majority always gets on', () => {
  const run = simulateAgreement({ admins: 0, schedules: 100_000, seed: 1 })
  expect(run).toMatchObject({ schedules: 100_000, doubleCertificates: 0, stalled: 0 })
  expect(run.committed).toBeGreaterThan(150_000)
  expect(run.maxRounds).toBeLessThan(20)
}, 240_000)

test('[M3] a crash before each single effect of a schedule, one after the other, and back from the disk', () => {
  const run = simulateEveryCrash({ admins: 0, schedules: 140, seed: 5 })
  expect(run.schedules, 'one run for every effect').toBeGreaterThan(5000)
  expect(run).toMatchObject({ doubleCertificates: 0, stalled: 0 })
  // The same crashes find a disk that keeps nothing.
  const forgetful = simulateEveryCrash({ admins: 3, schedules: 150, seed: 6, keepsWrites: false })
  expect(forgetful.doubleCertificates).toBeGreaterThan(0)
}, 60_000)

test('[M3] a voter that answers before it has written is found', () => {
  expect(
    simulateAgreement({ admins: 3, schedules: 20_000, seed: 2, keepsWrites: false }).doubleCertificates,
  ).toBeGreaterThan(0)
}, 60_000)

test('[M3] a voter that accepts a ballot below its promise is found', () => {
  class AcceptsLower extends Agreement {
    protected override mayAccept = (): boolean => true
  }
  const run = simulateAgreement({ admins: 3, schedules: 20_000, seed: 3, make: (o) => new AcceptsLower(o) })
  expect(run.doubleCertificates).toBeGreaterThan(0)
}, 60_000)

test('[M3] a vote that counts twice when it arrives twice is found', () => {
  class CountsTwice extends Agreement {
    private readonly heard: {
      ballot: Ballot
      id: EpochId
      vote: { signer: Statement['from']; signature: Uint8Array }
    }[] = []
    protected override accepted(statement: Extract<Statement, { type: 'accept' }>): void {
      const { from: signer, ballot, id, signature } = statement
      this.heard.push({ ballot, id, vote: { signer, signature } })
      super.accepted(statement)
    }
    protected override votesFor(ballot: Ballot, id: EpochId) {
      return this.heard
        .filter((h) => h.id === id && h.ballot.round === ballot.round && h.ballot.by === ballot.by)
        .map((h) => h.vote)
    }
  }
  const run = simulateAgreement({ admins: 3, schedules: 20_000, seed: 4, make: (o) => new CountsTwice(o) })
  expect(run.doubleCertificates).toBeGreaterThan(0)
}, 60_000)
