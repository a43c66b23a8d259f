// The member list on this device: what is read, what is taken, what is made, and that a disk that refuses changes nothing.
import { expect, test } from 'vitest'
import { ListKeeper } from '../../main/peer/list-keeper'
import { fromHex, toHex } from '../../main/protocol/codec'
import { secretHash, type EpochRecord } from '../../main/protocol/epoch-record'
import type { MemberList } from '../../main/protocol/membership'
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import {
  admitDevice,
  admitMember,
  crypto,
  follow,
  found,
  makeDevice,
  makePerson,
  recordOf,
  seedOf,
  type Device,
  type Person,
} from '../support/people'
import { secrets } from '../../main/identity/secrets'
import { circleFile, identityOf, memoryFiles } from './parts'

const [ann, ben, cem, dora] = ['Ann', 'Ben', 'Cem', 'Dora'].map(makePerson) as [Person, Person, Person, Person]
const founded = found(ann)
/** Records 1 … 3: Ben, Cem, and a second device of Ben's. */
const benTablet = makeDevice('Ben, tablet')
const lists: MemberList[] = [founded]
const records: EpochRecord[] = []
for (const change of [
  (list: MemberList) => admitMember(list, ben),
  (list: MemberList) => admitMember(list, cem),
  (list: MemberList) => admitDevice(list, ben, benTablet),
]) {
  const list = lists.at(-1)!
  const record = recordOf(list, [change(list)], [ann.device])
  records.push(record)
  lists.push(follow(list, record))
}
const bytes = records.map((record) => record.bytes)
const refusedAs = (code: ErrorCode) => expect.objectContaining({ code }) as Error

function keeperOf(person: Person, known = records.length, device: Device = person.device) {
  const files = memoryFiles(circleFile(lists[known]!, records.slice(0, known)))
  const told = { adopted: 0 }
  const keeper = new ListKeeper({ secrets, files }, identityOf(person, device), files.circle!, () => told.adopted++)
  return { keeper, files, told }
}
const reopened = (files: ReturnType<typeof memoryFiles>, person: Person, device = person.device) =>
  new ListKeeper({ secrets, files }, identityOf(person, device), files.circle!, () => undefined)

test('[M2] the list that is read from the file is the one that its records make', () => {
  const { keeper, told } = keeperOf(ben)
  expect(keeper.list).toEqual(lists[3])
  expect(keeper.epochBytes).toEqual(bytes)
  expect([keeper.current, keeper.admin, keeperOf(ann).keeper.admin]).toEqual([true, false, true])
  expect(keeper.memberOf(benTablet.key)).toBe(ben.member)
  expect(keeper.nameOf(benTablet.key)).toBe('Ben')
  expect(keeper.nameOf('ab'.repeat(32) as DeviceKey), 'a device of nobody').toBe('abababab')
  expect(keeperOf(dora).keeper.current, 'a device that is not on the list').toBe(false)
  expect(told.adopted).toBe(0)
})

const flip = (hex: string, at: number) => {
  const changed = fromHex(hex)
  changed[at]! ^= 1
  return toHex(changed)
}
const whole = circleFile(lists[3]!, records)
test.each<[string, ErrorCode, typeof whole]>([
  ['a founding record with a changed byte', 'GENESIS_INVALID', { ...whole, genesis: flip(whole.genesis, 5) }],
  ['a founding record that is cut', 'GENESIS_INVALID', { ...whole, genesis: whole.genesis.slice(0, -2) }],
  ['no founding record', 'GENESIS_INVALID', { ...whole, genesis: '' }],
  ['a record with a changed name', 'EPOCH_UNCERTIFIED', { ...whole, epochs: [flip(whole.epochs[0]!, 120)] }],
  [
    'a record with a changed signature',
    'EPOCH_UNCERTIFIED',
    { ...whole, epochs: [flip(whole.epochs[0]!, bytes[0]!.length - 1)] },
  ],
  ['records in another order', 'EPOCH_UNCERTIFIED', { ...whole, epochs: whole.epochs.toReversed() }],
  ['a missing record', 'EPOCH_UNCERTIFIED', { ...whole, epochs: whole.epochs.slice(1) }],
  ['a record twice', 'EPOCH_UNCERTIFIED', { ...whole, epochs: [...whole.epochs, whole.epochs[2]!] }],
  ['garbage for a record', 'EPOCH_UNCERTIFIED', { ...whole, epochs: ['00ff'] }],
  ['the records of another circle', 'EPOCH_UNCERTIFIED', { ...whole, genesis: toHex(found(ben).genesis.bytes) }],
])('[M1] a file with %s is refused as %s', (_what, code, file) => {
  expect(() => new ListKeeper({ secrets, files: memoryFiles(file) }, identityOf(ann), file, () => undefined)).toThrow(
    refusedAs(code),
  )
})

test('[M2] records that follow are taken in order, are on the disk before anybody is told, and known ones are passed over', () => {
  const { keeper, files, told } = keeperOf(ben, 0)
  expect(keeper.accept(bytes.slice(0, 1))).toBeNull()
  expect(keeper.accept(bytes)).toBeNull()
  expect(keeper.list).toEqual(lists[3])
  expect(told.adopted, 'once for each batch that brings something').toBe(2)
  expect(keeper.accept(bytes)).toBeNull()
  expect(keeper.accept([])).toBeNull()
  expect(told.adopted).toBe(2)
  expect(reopened(files, ben).list).toEqual(lists[3])
})

test('[M2] what does not follow is refused with its code, and what held before it is kept', () => {
  const start = lists[1]!
  const forged = recordOf(start, [admitMember(start, dora)], [ben.device])
  const alien = recordOf(found(ben), [admitMember(found(ben), cem)], [ben.device])
  const fork = recordOf(follow(start, recordOf(start, [admitMember(start, dora)], [ann.device])), [], [ann.device])
  for (const [what, given, code, epoch] of [
    ['a gap', [bytes[2]!], 'EPOCH_NOT_NEXT', 1],
    ['a gap behind one that follows', [bytes[1]!, fork.bytes], 'EPOCH_NOT_NEXT', 2],
    ['garbage', [Uint8Array.of(1, 2, 3)], 'EPOCH_MALFORMED', 1],
    ['garbage behind one that follows', [bytes[1]!, new Uint8Array(0), bytes[2]!], 'EPOCH_MALFORMED', 2],
    ['a record that no admin signed', [forged.bytes], 'EPOCH_SIGNER_NO_ADMIN', 1],
    ['a record of another circle', [recordOf(follow(found(ben), alien), [], [ben.device]).bytes], 'CIRCLE_OTHER', 1],
  ] as const) {
    const { keeper, files, told } = keeperOf(ben, 1)
    expect(keeper.accept(given), what).toBe(code)
    expect(keeper.list, what).toEqual(lists[epoch])
    expect(told.adopted, what).toBe(epoch - 1)
    expect(reopened(files, ben).list.epoch, what).toBe(epoch)
  }
})

test('[M5] a box that does not hold the announced secret is not believed', () => {
  const list = lists[3]!
  const wrong = {
    hash: secretHash(crypto, seedOf('the real one')),
    boxes: [ann.device, ben.device, benTablet, cem.device].map((d) => ({
      device: d.key,
      box: secrets.sealTo(d.keys.publicKey, seedOf('another')),
    })),
  }
  const record = recordOf(list, [admitMember(list, dora)], [ann.device], wrong)
  const { keeper } = keeperOf(ben)
  expect(keeper.accept([record.bytes])).toBeNull()
  expect(keeper.list.epoch).toBe(4)
  expect(keeper.secrets).toEqual([seedOf('circle secret')])
})

test('[M5] eight secrets are kept, the newest first', () => {
  const { keeper } = keeperOf(ann, 0)
  const seen = [keeper.secrets[0]!]
  for (let i = 0; i < 10; i++) {
    const guest = makePerson(`Guest ${i}`)
    const admitted = recordOf(keeper.list, [admitMember(keeper.list, guest)], [ann.device])
    const list = follow(keeper.list, admitted)
    const secret = seedOf(`secret ${i}`)
    const rotation = {
      hash: secretHash(crypto, secret),
      boxes: [{ device: ann.device.key, box: secrets.sealTo(ann.device.keys.publicKey, secret) }],
    }
    const out = { device: guest.device.key, seq: 0 }
    const removed = recordOf(
      list,
      [{ type: 'remove-member', member: guest.member, cutoffs: [out] }],
      [ann.device],
      rotation,
    )
    expect(keeper.accept([admitted.bytes, removed.bytes])).toBeNull()
    seen.unshift(secret)
  }
  expect(keeper.secrets).toEqual(seen.slice(0, 8))
})

test('[M2] a disk that is full leaves list, secrets and file as they were, and the same goes through later', () => {
  for (const act of [
    (keeper: ListKeeper) =>
      void keeper.accept([recordOf(lists[3]!, [admitMember(lists[3]!, dora)], [ann.device]).bytes]),
    (keeper: ListKeeper) => keeper.save({ mustCatchUp: true }),
  ]) {
    const { keeper, files, told } = keeperOf(ann)
    const before = { list: keeper.list, epochs: keeper.epochBytes, file: keeper.file, disk: files.circle }
    files.failWith = new TwofoldError('DISK_FULL')
    expect(() => act(keeper)).toThrow(refusedAs('DISK_FULL'))
    expect({ list: keeper.list, epochs: keeper.epochBytes, file: keeper.file, disk: files.circle }).toEqual(before)
    expect(told.adopted).toBe(0)
    files.failWith = null
    act(keeper)
    expect(keeper.file).not.toEqual(before.file)
    expect(files.circle).toEqual(keeper.file)
  }
})

test('[M2] records are handed on in pieces that fit a frame', () => {
  const { keeper } = keeperOf(ann)
  expect(keeper.recordsAfter(0)).toEqual(bytes)
  expect(keeper.recordsAfter(2)).toEqual([bytes[2]])
  expect(keeper.recordsAfter(3)).toEqual([])
  // Names are the longest part of a record without a rotation: as many newcomers as one record may hold, twice and more.
  const crowd = (label: string) =>
    Array.from({ length: 256 }, (_unused, i) => ({
      ...makePerson(`${label} ${i}`),
      name: `${'𝄞'.repeat(48)} ${label} ${i}`,
    }))
  const large: EpochRecord[] = []
  let list = keeper.list
  for (let i = 0; i < 9; i++) {
    const record = recordOf(
      list,
      crowd(`crowd ${i}`).map((p) => admitMember(list, p)),
      [ann.device],
    )
    large.push(record)
    list = follow(list, record)
  }
  const sizes = large.map((r) => r.bytes.length)
  expect(keeper.accept(large.map((r) => r.bytes))).toBeNull()
  let at = 3
  const batches: number[] = []
  for (let batch = keeper.recordsAfter(at); batch.length; batch = keeper.recordsAfter(at)) {
    expect(batch).toEqual(large.slice(at - 3, at - 3 + batch.length).map((r) => r.bytes))
    batches.push(batch.reduce((sum, b) => sum + b.length, 0))
    at += batch.length
  }
  expect(at).toBe(12)
  expect(Math.max(...batches)).toBeLessThanOrEqual(600_000)
  expect(batches.reduce((a, b) => a + b, 0)).toBe(sizes.reduce((a, b) => a + b, 0))
  expect(batches.length).toBeGreaterThan(1)
}, 30_000)
