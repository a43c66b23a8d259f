// Several admins and one list (rules M2 to M5): who has to agree, what waits and for whom, and that whatever goes down and
// comes back, in whatever halves the circle falls, all end up with the same records.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secrets } from '../../main/identity/secrets'
import type { Want } from '../../main/peer/ports'
import { decodeEpoch, secretHash } from '../../main/protocol/epoch-record'
import { voters } from '../../main/protocol/membership'
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import {
  admitDevice,
  admitMember,
  change,
  crypto,
  follow,
  found,
  makeDevice,
  makePerson,
  recordOf,
  seedOf,
  type Person,
} from '../support/people'
import { Table, type Seat } from './council'

const [ann, ben, cem, dora, eve] = ['Ann', 'Ben', 'Cem', 'Dora', 'Eve'].map(makePerson) as [
  Person,
  Person,
  Person,
  Person,
  Person,
]
const refusedAs = (code: ErrorCode) => expect.objectContaining({ code }) as Error

/** Ann's circle with Ben, Cem and Dora, the first so many of them admins. */
function circleOf(admins: number) {
  const founded = found(ann)
  const records = [
    recordOf(
      founded,
      [ben, cem, dora].map((p) => admitMember(founded, p)),
      [ann.device],
    ),
  ]
  let list = follow(founded, records[0]!)
  for (const person of [ben, cem, dora].slice(0, admins - 1)) {
    const by = voters(list).map((key) => [ann, ben, cem, dora].find((p) => p.device.key === key)!.device)
    const record = recordOf(list, [{ type: 'set-role', member: person.member, role: 'admin' }], by)
    records.push(record)
    list = follow(list, record)
  }
  const table = new Table(founded, records)
  const seats = [ann, ben, cem, dora].map((p) => table.seat(p)) as [Seat, Seat, Seat, Seat]
  return { table, seats, list, records }
}

let asked = 0
const promote = (person: Person): Want => ({ type: 'set-role', member: person.member, role: 'admin', askedAt: ++asked })
const demote = (person: Person): Want => ({ type: 'set-role', member: person.member, role: 'member', askedAt: ++asked })
const remove = (person: Person): Want => ({ type: 'remove-member', member: person.member, askedAt: ++asked })
const namesFor = (seat: Seat) => seat.proposals.waitingFor().map((m) => seat.keeper.memberName(m))
const epochs = (seats: Seat[]) => seats.map((s) => s.keeper.list.epoch)
const sameRecords = (seats: Seat[]) => {
  // By id: certificates of one record may hold the votes of different majorities.
  const shortest = Math.min(...epochs(seats))
  for (const seat of seats)
    expect(seat.keeper.list.epochIds.slice(0, shortest + 1)).toEqual(
      seats[0]!.keeper.list.epochIds.slice(0, shortest + 1),
    )
}

describe('who has to agree', () => {
  test('[M3] a lone admin is a majority of one: it is done when it returns', () => {
    const { seats } = circleOf(1)
    const [anns] = seats
    anns.proposals.ask([promote(ben)])
    expect(anns.keeper.list.epoch).toBe(2)
    expect(anns.proposals.wants()).toEqual([])
    expect(namesFor(anns)).toEqual([])
  })

  test('[M3] who is no admin, and what does not fit, is refused and remembered by nobody', () => {
    const { seats } = circleOf(1)
    const [anns, bens] = seats
    expect(() => bens.proposals.ask([promote(cem)])).toThrow(refusedAs('NOT_ADMIN'))
    expect(() => anns.proposals.ask([demote(ann)])).toThrow(refusedAs('EPOCH_CHANGE_INVALID'))
    expect(() => anns.proposals.ask([remove(eve)])).toThrow(refusedAs('EPOCH_CHANGE_INVALID'))
    expect([anns, bens].map((s) => s.files.circle!.wants)).toEqual([[], []])
  })

  test('[M3] with two admins both agree; alone, one is told for whom it waits, also after a restart', () => {
    const { table, seats } = circleOf(2)
    const [anns, bens] = seats
    anns.proposals.ask([promote(cem)])
    expect(epochs([anns])).toEqual([2])
    expect(namesFor(anns)).toEqual(['Ben'])
    anns.stop()
    anns.start()
    expect(anns.proposals.wants()).toHaveLength(1)
    expect(namesFor(anns)).toEqual(['Ben'])
    table.group([anns, bens])
    expect(epochs([anns, bens])).toEqual([3, 3])
    expect(anns.files.circle!.wants).toEqual([])
    sameRecords(seats)
  })

  test('[M3] admins who are never online together agree through a member who is', () => {
    const { table, seats } = circleOf(2)
    const [anns, bens, cems] = seats
    bens.stop()
    anns.proposals.ask([promote(dora)])
    table.group([anns, cems])
    anns.stop()
    bens.start()
    table.group([bens, cems])
    // Ann's device is the first voter: her first bid needs no promises, so Ben's vote decides.
    expect(epochs([bens, cems])).toEqual([3, 3])
    anns.start()
    table.group([anns, cems])
    expect(anns.keeper.list.epoch).toBe(3)
  })

  test('[M3] a bid by another admin than the first takes promises too, carried the same way', () => {
    const { table, seats } = circleOf(2)
    const [anns, bens, cems] = seats
    anns.stop()
    bens.proposals.ask([promote(dora)])
    for (let i = 0; i < 2; i++) {
      table.group([bens, cems])
      bens.stop()
      anns.start()
      table.group([anns, cems])
      anns.stop()
      bens.start()
    }
    table.group([bens, cems])
    expect(epochs([bens, cems])).toEqual([3, 3])
  })
})

describe('a circle in two halves', () => {
  test('[M3] the minority cannot agree and says for whom it waits; the majority goes on; after healing there is one list', () => {
    const { table, seats } = circleOf(3)
    const [anns, bens, cems, doras] = seats
    table.group([anns], [bens, cems, doras])
    anns.proposals.ask([promote(dora)])
    table.pass(20_000)
    expect(anns.keeper.list.epoch).toBe(3)
    expect(namesFor(anns).sort()).toEqual(['Ben', 'Cem'])
    bens.proposals.ask([remove(dora)])
    table.pass(3000)
    expect(epochs([bens, cems])).toEqual([4, 4])
    expect(anns.keeper.list.epoch).toBe(3)
    table.group([anns, bens, cems])
    table.pass(20_000)
    expect(epochs([anns, bens, cems])).toEqual([4, 4, 4])
    sameRecords([anns, bens, cems])
    // What Ann wanted does not fit the list any more: nobody waits for it.
    expect(anns.proposals.wants()).toEqual([])
    expect(anns.files.circle!.wants).toEqual([])
  })

  test('[M3] two who want different things at once both get them, one after the other', () => {
    const { table, seats } = circleOf(3)
    const [anns, bens, cems] = seats
    anns.proposals.ask([promote(dora)])
    bens.proposals.ask([demote(cem)])
    table.group(seats)
    table.pass(60_000)
    sameRecords(seats)
    expect(new Set(epochs(seats))).toEqual(new Set([5]))
    const { members } = cems.keeper.list
    expect([members.get(cem.member)!.role, members.get(dora.member)!.role]).toEqual(['member', 'admin'])
  })

  test('[M3] who is an admin no more asks for nothing any more', () => {
    const { table, seats } = circleOf(3)
    const [anns, bens, cems] = seats
    cems.proposals.ask([promote(dora)])
    expect(cems.proposals.wants()).toHaveLength(1)
    table.group([anns, bens])
    anns.proposals.ask([demote(cem)])
    table.settle()
    table.group(seats)
    table.pass(10_000)
    sameRecords(seats)
    expect(cems.keeper.list.members.get(dora.member)!.role).toBe('member')
    expect([cems.proposals.wants(), cems.files.circle!.wants]).toEqual([[], []])
  })

  test('[M3] any wants, halves and restarts: nobody ever has two records for one number, and all end up with one list', () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant('ask' as const), who: fc.nat(2), about: fc.nat(3), up: fc.boolean() }),
      fc.record({ what: fc.constant('split' as const), at: fc.nat(14) }),
      fc.record({ what: fc.constant('restart' as const), who: fc.nat(3) }),
      fc.record({ what: fc.constant('pass' as const), ms: fc.nat(5000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const { table, seats } = circleOf(3)
        const people = [ann, ben, cem, dora]
        for (const s of steps) {
          if (s.what === 'ask') {
            try {
              seats[s.who]!.proposals.ask([s.up ? promote(people[s.about]!) : demote(people[s.about]!)])
            } catch (error) {
              if (!(error instanceof TwofoldError)) throw error
            }
          } else if (s.what === 'split') {
            const half = seats.filter((_seat, i) => (s.at >> i) & 1)
            table.group(
              half,
              seats.filter((seat) => !half.includes(seat)),
            )
          } else if (s.what === 'restart') {
            seats[s.who]!.stop()
            seats[s.who]!.start()
          } else table.pass(s.ms)
          table.settle()
          sameRecords(seats)
        }
        table.group(seats)
        table.pass(90_000)
        sameRecords(seats)
        expect(new Set(epochs(seats)).size).toBe(1)
      }),
      { numRuns: 40 },
    )
  }, 60_000)
})

describe('a disk that is full', () => {
  test('[M3] nothing is said that was not written, and the same goes through later', () => {
    const { table, seats } = circleOf(2)
    const [anns, bens] = seats
    table.group([anns, bens])
    bens.files.failWith = new TwofoldError('DISK_FULL')
    anns.proposals.ask([promote(cem)])
    expect(() => table.settle()).toThrow(refusedAs('DISK_FULL'))
    expect(bens.board.all('agreement').filter((n) => n.signer === ben.device.key)).toEqual([])
    bens.files.failWith = null
    bens.stop()
    bens.start()
    table.group([anns, bens])
    expect(epochs([anns, bens])).toEqual([3, 3])
  })
  test('[M3] a want that could not be written is wanted by nobody', () => {
    const { seats } = circleOf(1)
    const [anns] = seats
    anns.files.failWith = new TwofoldError('DISK_FULL')
    expect(() => anns.proposals.ask([promote(ben)])).toThrow(refusedAs('DISK_FULL'))
    anns.files.failWith = null
    expect(anns.proposals.wants()).toEqual([])
    expect(anns.keeper.list.epoch).toBe(1)
    anns.proposals.ask([promote(ben)])
    expect(anns.keeper.list.epoch).toBe(2)
  })
})

describe('removals', () => {
  test('[M5] fix the last entry of each device and give a new secret to all who stay, and to nobody else', () => {
    const { table, seats } = circleOf(1)
    const [anns, bens, cems] = seats
    const [before] = anns.keeper.secrets
    anns.tops.set(ben.device.key, 7)
    table.group(seats)
    anns.proposals.ask([remove(ben)])
    table.settle()
    expect(cems.keeper.list.devices.get(ben.device.key)).toMatchObject({ removedIn: 2, cutoffSeq: 7 })
    const [after, ...older] = anns.keeper.secrets
    expect(after).not.toEqual(before)
    expect(older).toEqual([before])
    expect(cems.keeper.secrets).toEqual([after, before])
    const { rotation } = decodeEpoch(crypto, anns.keeper.epochBytes[1]!)!
    expect(rotation!.hash).toEqual(secretHash(crypto, after!))
    for (const { box } of rotation!.boxes) expect(secrets.openSealed(ben.device.keys, box)).toBeNull()
    expect([bens.keeper.current, bens.keeper.secrets]).toEqual([false, [before]])
  })

  test('[M5] a lost device is taken off by its member’s wish, and its member stays', () => {
    const phone = makeDevice('Ben’s phone')
    const { list, records } = circleOf(1)
    const more = recordOf(list, [admitDevice(list, ben, phone)], [ann.device])
    const table = new Table(found(ann), [...records, more])
    const [anns, bens, phones] = [table.seat(ann), table.seat(ben), table.seat(ben, phone)]
    table.group([anns, bens, phones])
    phones.board.post({ type: 'drop', device: ben.device.key })
    table.settle()
    for (const seat of [anns, phones]) {
      expect(seat.keeper.list.devices.get(ben.device.key)?.removedIn).toBe(3)
      expect(seat.keeper.current).toBe(true)
    }
    expect(bens.keeper.current).toBe(false)
    // Nobody has a device of somebody else taken off.
    const doras = table.seat(dora)
    table.group([anns, doras])
    doras.board.post({ type: 'drop', device: cem.device.key })
    table.settle()
    expect(anns.refused).toContain('NOT_ADMIN')
    expect(anns.keeper.list.devices.get(cem.device.key)?.removedIn).toBeUndefined()
  })

  test('[M5] whoever wants to leave is taken off the list by the admins, without being asked why', () => {
    const { table, seats } = circleOf(2)
    const [anns, bens, cems, doras] = seats
    table.group([cems, doras])
    doras.board.post({ type: 'leave' })
    table.settle()
    expect(cems.keeper.list.epoch).toBe(2)
    table.group([anns, bens, cems])
    table.pass(10_000)
    expect(anns.keeper.list.members.get(dora.member)?.removedIn).toBe(3)
    expect(namesFor(bens)).toEqual([])
  })

  test('[M5] a secret that was changed before a newcomer was on the list is learned from others, and only the right one', () => {
    const { table, list, records } = circleOf(1)
    const anns = table.seats[0]!
    anns.proposals.ask([remove(dora)])
    const after = anns.keeper.list
    const joined = recordOf(after, [admitMember(after, eve)], [ann.device])
    anns.keeper.accept([joined.bytes])
    const eves = new Table(found(ann), [...records, decodeEpoch(crypto, anns.keeper.epochBytes[1]!)!, joined]).seat(eve)
    expect(list.epoch).toBe(1)
    expect(eves.keeper.lacksSecret()).toBe(true)
    expect(eves.keeper.learnSecret(seedOf('another'))).toBe(false)
    expect(eves.keeper.learnSecret(anns.keeper.secrets[0]!)).toBe(true)
    expect([eves.keeper.lacksSecret(), eves.keeper.secrets[0]]).toEqual([false, anns.keeper.secrets[0]])
  })
})

test('[M6] of two members with one name the later one is shown with the beginning of his key', () => {
  const founded = found(ann)
  const other = { ...makePerson('Other'), name: 'ANN' }
  const record = recordOf(founded, [admitMember(founded, other)], [ann.device])
  const seat = new Table(founded, [record]).seat(ann)
  expect(seat.keeper.memberName(ann.member)).toBe('Ann')
  expect(seat.keeper.memberName(other.member)).toBe(`ANN (${other.member.slice(0, 4)})`)
  expect(change(founded, [admitMember(founded, other)], ann).epoch).toBe(1)
})
