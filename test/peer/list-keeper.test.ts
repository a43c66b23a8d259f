// The member list on this device: what is read, what is taken, what is made, and that a disk that refuses changes nothing.
import { expect, test } from 'vitest'
import { ListKeeper } from '../../main/peer/list-keeper'
import { fromHex, toHex } from '../../main/protocol/codec'
import {
  certifyEpoch,
  decodeEpoch,
  epochMessage,
  proposeEpoch,
  secretHash,
  type EpochRecord,
  type MemberList,
} from '../../main/protocol/membership'
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
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
import { circleFile, clockAt, identityOf, memoryFiles } from './parts'

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

function keeperOf(person: Person, known = records.length, device: Device = person.device, now = clockAt()) {
  const files = memoryFiles(circleFile(lists[known]!, records.slice(0, known)))
  const told = { adopted: 0 }
  const keeper = new ListKeeper(
    { secrets, files, now: () => now.ms },
    identityOf(person, device),
    files.circle!,
    () => told.adopted++,
  )
  return { keeper, files, told }
}
const reopened = (files: ReturnType<typeof memoryFiles>, person: Person, device = person.device) =>
  new ListKeeper({ secrets, files, now: () => 0 }, identityOf(person, device), files.circle!, () => undefined)

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
  expect(
    () => new ListKeeper({ secrets, files: memoryFiles(file), now: () => 0 }, identityOf(ann), file, () => undefined),
  ).toThrow(refusedAs(code))
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
    ['a record that no admin signed', [forged.bytes], 'EPOCH_UNCERTIFIED', 1],
    ['a record of another circle', [recordOf(follow(found(ben), alien), [], [ben.device]).bytes], 'CIRCLE_OTHER', 1],
  ] as const) {
    const { keeper, files, told } = keeperOf(ben, 1)
    expect(keeper.accept(given), what).toBe(code)
    expect(keeper.list, what).toEqual(lists[epoch])
    expect(told.adopted, what).toBe(epoch - 1)
    expect(reopened(files, ben).list.epoch, what).toBe(epoch)
  }
})

test('[M2] an admin certifies and keeps a change; others are refused, and so is a change that does not fit', () => {
  const { keeper, files, told } = keeperOf(ann)
  keeper.commit([admitMember(keeper.list, dora)])
  expect(keeper.list.members.get(dora.member)).toMatchObject({ name: 'Dora', role: 'member', addedIn: 4 })
  expect([told.adopted, reopened(files, dora).current]).toEqual([1, true])
  expect(() => keeper.commit([admitMember(keeper.list, dora)])).toThrow(refusedAs('EPOCH_CHANGE_INVALID'))
  expect(() =>
    keeper.commit([{ ...admitMember(keeper.list, makePerson('Eve')), certificate: new Uint8Array(64) } as never]),
  ).toThrow(refusedAs('CERTIFICATE_INVALID'))
  const bens = keeperOf(ben)
  expect(() => bens.keeper.commit([admitMember(bens.keeper.list, dora)])).toThrow(refusedAs('NOT_ADMIN'))
  expect([keeper.list.epoch, bens.keeper.list.epoch]).toEqual([4, 3])
})

test('[M3] with two admins nobody decides alone, and the other is named', () => {
  const { keeper } = keeperOf(ann)
  keeper.commit([{ type: 'set-role', member: ben.member, role: 'admin' }])
  let refused: unknown
  try {
    keeper.commit([admitMember(keeper.list, dora)])
  } catch (error) {
    refused = error
  }
  expect(refused).toBeInstanceOf(TwofoldError)
  expect(refused).toMatchObject({ code: 'ADMINS_NEEDED', details: { waitingFor: 'Ben' } })
  expect(keeper.list.epoch).toBe(4)
})

test('[M5] a removal gives a new secret to all who stay, and to nobody else', () => {
  const { keeper, files } = keeperOf(ann)
  const [before] = keeper.secrets
  keeper.remove(ben.member, (device) => (device === ben.device.key ? 7 : 0))
  expect(keeper.list.devices.get(ben.device.key)).toMatchObject({ removedIn: 4, cutoffSeq: 7 })
  expect(keeper.list.devices.get(benTablet.key)).toMatchObject({ removedIn: 4, cutoffSeq: 0 })
  const [after, ...older] = keeper.secrets
  expect(after).not.toEqual(before)
  expect(older).toEqual([before])
  expect(files.circle!.secrets[0]).toBe(toHex(after!))

  const record = keeper.epochBytes[3]!
  const { rotation } = decodeEpoch(crypto, record)!
  expect(rotation!.hash).toEqual(secretHash(crypto, after!))
  expect(rotation!.boxes.map(({ device }) => device).sort()).toEqual([ann.device.key, cem.device.key].sort())
  for (const { keys } of [ben.device, benTablet])
    for (const { box } of rotation!.boxes) expect(secrets.openSealed(keys, box)).toBeNull()

  const cems = keeperOf(cem)
  expect(cems.keeper.accept([record])).toBeNull()
  expect(cems.keeper.secrets).toEqual([after, before])
  for (const device of [ben.device, benTablet]) {
    const bens = keeperOf(ben, 3, device)
    expect(bens.keeper.accept([record])).toBeNull()
    expect([bens.keeper.current, bens.keeper.secrets]).toEqual([false, [before]])
  }
})

test('[M5] a box that does not hold the announced secret is not believed', () => {
  const list = lists[3]!
  const wrong = {
    hash: secretHash(crypto, seedOf('the real one')),
    boxes: [{ device: ben.device.key, box: secrets.sealTo(ben.device.keys.publicKey, seedOf('another')) }],
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
    keeper.commit([admitMember(keeper.list, guest)])
    keeper.remove(guest.member, () => 0)
    seen.unshift(keeper.secrets[0]!)
  }
  expect(keeper.secrets).toEqual(seen.slice(0, 8))
  expect(new Set(seen.map(toHex)).size).toBe(11)
})

test('[M5] who cannot be removed, and who cannot remove', () => {
  const { keeper } = keeperOf(ann)
  const top = () => 0
  expect(() => keeper.remove('ab'.repeat(32) as MemberKey, top)).toThrow(refusedAs('MEMBER_UNKNOWN'))
  expect(() => keeper.remove(ann.member, top)).toThrow(refusedAs('MEMBER_IS_FOUNDER'))
  expect(() => keeperOf(ben).keeper.remove(cem.member, top)).toThrow(refusedAs('NOT_ADMIN'))
  keeper.remove(cem.member, top)
  expect(() => keeper.remove(cem.member, top), 'twice').toThrow(refusedAs('MEMBER_UNKNOWN'))
  expect(keeper.list.epoch).toBe(4)
})

test('[M2] a disk that is full leaves list, secrets and file as they were, and the same goes through later', () => {
  for (const act of [
    (keeper: ListKeeper) => keeper.commit([admitMember(keeper.list, dora)]),
    (keeper: ListKeeper) => keeper.remove(ben.member, () => 3),
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
  // Boxes make a record large without more members: 80 bytes and a key for each of as many devices.
  const list = keeper.list
  const boxes = Array.from({ length: 3000 }, (_unused, i) => ({
    device: toHex(seedOf(`box ${i}`)) as DeviceKey,
    box: new Uint8Array(80),
  }))
  const proposed = proposeEpoch(crypto, list, [admitMember(list, dora)], list.timestamp + 1, {
    hash: seedOf('hash'),
    boxes,
  })
  if (!proposed.ok) throw new Error(proposed.code)
  const { proposal } = proposed
  const big = certifyEpoch(proposal, [
    { signer: ann.device.key, signature: ann.device.sign(epochMessage(list.circle, proposal.id)) },
  ])
  const next = follow(list, big)
  const second = recordOf(next, [admitMember(next, makePerson('Eve'))], [ann.device], { hash: seedOf('hash'), boxes })
  expect(keeper.accept([big.bytes, second.bytes])).toBeNull()
  expect(big.bytes.length + second.bytes.length).toBeGreaterThan(600_000)
  expect(keeper.recordsAfter(3), 'one that is large travels alone').toEqual([big.bytes])
  expect(keeper.recordsAfter(4)).toEqual([second.bytes])
})
