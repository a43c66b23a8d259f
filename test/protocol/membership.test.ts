// Rules M1, M2, M5: one list that everybody agrees on, told as stories of Alice (the founder), Bob and Carol.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openSealed, sealTo } from '../../main/identity/sodium'
import { equalBytes, fromHex, toHex } from '../../main/protocol/codec'
import { signedMessage } from '../../main/protocol/crypto'
import {
  certifyEpoch,
  decodeEpoch,
  epochMessage,
  secretHash,
  SEALED_SECRET_BYTES,
  type EpochRecord,
} from '../../main/protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from '../../main/protocol/epochs'
import { decodeGenesis } from '../../main/protocol/genesis'
import {
  adminOf,
  admins,
  applyChanges,
  currentMember,
  deviceMessage,
  devicesAt,
  foundedList,
  isCurrentDevice,
  majority,
  voters,
  type Change,
  type MemberList,
} from '../../main/protocol/membership'
import type { CircleId, DeviceKey, EpochId, MemberKey } from '../../shared/types'
import {
  admitDevice,
  admitMember,
  change,
  crypto,
  follow,
  found,
  foundingRecord,
  makeDevice,
  makePerson,
  recordOf,
  seedOf,
  type Device,
  type Person,
} from '../support/people'

const alice = makePerson('Alice')
const bob = makePerson('Bob')
const carol = makePerson('Carol')
const dave = makePerson('Dave')
const mallory = makePerson('Mallory')

const founded = found(alice)
const three = change(founded, [admitMember(founded, bob), admitMember(founded, carol)], alice)
const role = (person: Person, to: 'admin' | 'member'): Change => ({ type: 'set-role', member: person.member, role: to })
const without = (person: Person, ...cutoffs: [DeviceKey, number][]): Change => ({
  type: 'remove-member',
  member: person.member,
  cutoffs: cutoffs.map(([device, seq]) => ({ device, seq })),
})
const codeOf = (list: MemberList, record: EpochRecord) => {
  const result = acceptEpoch(crypto, list, record)
  return result.ok ? null : result.code
}
const tryChanges = (list: MemberList, ...changes: Change[]) => {
  const result = proposeEpoch(crypto, list, changes, list.timestamp + 1)
  return result.ok ? null : result.code
}
const names = (list: MemberList) =>
  [...list.members.values()]
    .filter((m) => m.removedIn === undefined)
    .map((m) => m.name)
    .sort()

describe('founding', () => {
  const genesis = foundingRecord(alice)

  test('[M1] the record decodes to what was written, and makes a list of one', () => {
    expect(decodeGenesis(crypto, genesis.bytes)).toEqual(genesis)
    expect(names(founded)).toEqual(['Alice'])
    expect(devicesAt(founded)).toEqual([alice.device.key])
    expect(founded.epochIds).toEqual([genesis.id])
  })

  test('[M1] every changed bit is refused', () => {
    for (let bit = 0; bit < genesis.bytes.length * 8; bit++) {
      const bytes = genesis.bytes.slice()
      bytes[bit >> 3]! ^= 1 << (bit & 7)
      expect(decodeGenesis(crypto, bytes), `bit ${bit}`).toBeNull()
    }
  })

  test('[M1] signed by anybody but the founder, or for another purpose, it is refused', () => {
    const hash = fromHex(genesis.id)
    const unsigned = genesis.bytes.slice(0, -64)
    const signedBy = (signature: Uint8Array) => decodeGenesis(crypto, Uint8Array.from([...unsigned, ...signature]))
    expect(signedBy(alice.sign(signedMessage('genesis', hash)))).toEqual(genesis)
    expect(signedBy(mallory.sign(signedMessage('genesis', hash)))).toBeNull()
    expect(signedBy(alice.device.sign(signedMessage('genesis', hash)))).toBeNull()
    expect(signedBy(alice.sign(signedMessage('epoch', hash)))).toBeNull()
  })

  test('[M1] equal words are not equal circles', () => {
    expect(foundingRecord(alice, 'Lab').id).not.toBe(foundingRecord(alice, 'Club').id)
  })
})

describe('Alice lets Bob and Carol in', () => {
  test('[M2] everybody who applies the record has the same list', () => {
    const record = recordOf(founded, [admitMember(founded, bob), admitMember(founded, carol)], [alice.device])
    const decoded = decodeEpoch(crypto, record.bytes)
    expect(decoded).toEqual(record)
    expect(follow(founded, decoded!)).toEqual(
      follow(foundedList(decodeGenesis(crypto, founded.genesis.bytes)!), record),
    )
    expect(names(three)).toEqual(['Alice', 'Bob', 'Carol'])
    expect(three.epoch).toBe(1)
    expect(devicesAt(three)).toEqual([alice, bob, carol].map((p) => p.device.key).sort())
    expect(devicesAt(three, 0)).toEqual([alice.device.key])
  })

  test('[M2] the list before stays as it was', () => {
    expect(names(founded)).toEqual(['Alice'])
    expect(founded.epoch).toBe(0)
  })

  test('[M2] what nobody may do: admit twice, admit a known device, take a name that is none', () => {
    expect(tryChanges(three, admitMember(three, bob))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(founded, admitMember(founded, bob), admitMember(founded, bob))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(three, admitMember(three, dave, bob.device))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(three, admitDevice(three, bob, bob.device))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(three, admitDevice(three, dave, makeDevice('Dave 2')))).toBe('EPOCH_CHANGE_INVALID')
    for (const name of ['', ' Dave', 'Da\nve', 'D'.repeat(65)]) {
      const admit = { ...admitMember(three, dave), name } as Change
      expect(tryChanges(three, admit), name).toBe('EPOCH_CHANGE_INVALID')
    }
  })

  test('[M2] a device that its member did not certify for this circle is not admitted', () => {
    const other = found(alice, 'Club')
    const forged = [
      mallory.sign(deviceMessage(three.circle, dave.member, dave.device.key)),
      dave.sign(deviceMessage(other.circle, dave.member, dave.device.key)),
      dave.sign(deviceMessage(three.circle, dave.member, mallory.device.key)),
      dave.device.sign(deviceMessage(three.circle, dave.member, dave.device.key)),
      new Uint8Array(64),
    ]
    for (const certificate of forged) {
      expect(tryChanges(three, { ...admitMember(three, dave), certificate } as Change)).toBe('CERTIFICATE_INVALID')
      expect(
        tryChanges(three, { type: 'admit-device', member: bob.member, device: dave.device.key, certificate }),
      ).toBe('CERTIFICATE_INVALID')
    }
    expect(tryChanges(three, admitMember(three, dave))).toBeNull()
  })
})

describe('a record that is refused', () => {
  const next = recordOf(three, [admitMember(three, dave)], [alice.device])
  const signed = (...signers: Person[]) =>
    recordOf(
      three,
      [admitMember(three, dave)],
      signers.map((s) => s.device),
    )
  /** The same record with its unsigned part changed, and signed by Alice all the same. */
  const forged = (fields: Partial<EpochRecord>) => {
    const bare = certifyEpoch({ ...next, ...fields }, next.ballot, [])
    const { id } = decodeEpoch(crypto, bare.bytes)!
    return certifyEpoch({ ...next, ...fields, id }, next.ballot, [
      { signer: alice.device.key, signature: alice.device.sign(epochMessage(three.circle, id, next.ballot)) },
    ])
  }

  test('[M2] the record as it should be is accepted', () => {
    expect(codeOf(three, next)).toBeNull()
    expect(codeOf(three, forged({}))).toBeNull()
  })

  test.each<[string, EpochRecord, string]>([
    ['without a signature', signed(), 'EPOCH_MINORITY'],
    ['signed by a member who is no admin', signed(bob), 'EPOCH_SIGNER_NO_ADMIN'],
    ['signed by an admin and by one who is not', signed(alice, bob), 'EPOCH_SIGNER_NO_ADMIN'],
    ['signed by a stranger', signed(mallory), 'EPOCH_FORGED'],
    ['signed by the newcomer himself', signed(dave), 'EPOCH_FORGED'],
    [
      'with a signature that is not one',
      certifyEpoch(next, next.ballot, [{ signer: alice.device.key, signature: new Uint8Array(64) }]),
      'EPOCH_FORGED',
    ],
    [
      'with a signature for another circle',
      certifyEpoch(next, next.ballot, [
        {
          signer: alice.device.key,
          signature: alice.device.sign(epochMessage('ab'.repeat(32) as CircleId, next.id, next.ballot)),
        },
      ]),
      'EPOCH_FORGED',
    ],
    [
      'with a vote of another ballot',
      certifyEpoch(next, { ...next.ballot, round: 1 }, next.signatures),
      'EPOCH_FORGED',
    ],
    [
      'with a signature for another purpose',
      certifyEpoch(next, next.ballot, [
        {
          signer: alice.device.key,
          signature: alice.device.sign(signedMessage('node', fromHex(three.circle), fromHex(next.id))),
        },
      ]),
      'EPOCH_FORGED',
    ],
    ['of another circle', forged({ circle: 'ab'.repeat(32) as CircleId }), 'CIRCLE_OTHER'],
    ['with a number left out', forged({ number: 3 }), 'EPOCH_NOT_NEXT'],
    ['with a number again', forged({ number: 1 }), 'EPOCH_REPLAYED'],
    ['on another predecessor', forged({ previous: 'ab'.repeat(32) as EpochId }), 'EPOCH_NOT_NEXT'],
    ['no later than the one before', forged({ timestamp: three.timestamp }), 'EPOCH_CHANGE_INVALID'],
    ['with the hash of another list', forged({ listHash: seedOf('another list') }), 'EPOCH_CHANGE_INVALID'],
    ['that changes nothing', forged({ changes: [] }), 'EPOCH_CHANGE_INVALID'],
    ['with one change twice', forged({ changes: [...next.changes, ...next.changes] }), 'EPOCH_CHANGE_INVALID'],
    [
      'with a change that its hash does not know',
      forged({ changes: [admitMember(three, mallory)] }),
      'EPOCH_CHANGE_INVALID',
    ],
  ])('[M2] %s', (_how, record, code) => {
    expect(codeOf(three, record)).toBe(code)
    // And as it comes over the wire.
    const decoded = decodeEpoch(crypto, record.bytes)
    if (decoded) expect(codeOf(three, decoded)).toBe(code)
  })

  test('[M2] the same admin’s signature twice does not even decode', () => {
    const [signature] = next.signatures
    expect(decodeEpoch(crypto, certifyEpoch(next, next.ballot, [signature!, signature!]).bytes)).toBeNull()
  })

  test('[M2] every changed byte of a certified record is refused', () => {
    for (let at = 0; at < next.bytes.length; at++) {
      const bytes = next.bytes.slice()
      bytes[at]! ^= 0x11
      const decoded = decodeEpoch(crypto, bytes)
      expect(decoded === null || codeOf(three, decoded) !== null, `byte ${at}`).toBe(true)
    }
    expect(codeOf(three, decodeEpoch(crypto, next.bytes)!)).toBeNull()
  })

  test('[M2] records in any order but the right one are refused, and in the right one accepted', () => {
    const four = follow(three, next)
    const after = recordOf(four, [role(dave, 'admin')], [alice.device])
    expect(codeOf(three, after)).toBe('EPOCH_NOT_NEXT')
    expect(codeOf(four, next)).toBe('EPOCH_REPLAYED')
    expect(codeOf(four, after)).toBeNull()
  })

  test('[M2] of two certified records for one number only the one on our own chain goes on', () => {
    const a = recordOf(three, [admitMember(three, dave)], [alice.device])
    const b = recordOf(three, [role(bob, 'admin')], [alice.device])
    const onA = follow(three, a)
    expect(codeOf(onA, b)).toBe('EPOCH_REPLAYED')
    expect(codeOf(onA, recordOf(follow(three, b), [admitMember(three, dave)], [alice.device, bob.device]))).toBe(
      'EPOCH_NOT_NEXT',
    )
  })
})

describe('Bob’s second device', () => {
  const phone = makeDevice('Bob’s phone')
  const both = change(three, [admitDevice(three, bob, phone)], alice)

  test('[M2] belongs to Bob from its epoch on', () => {
    expect(both.devices.get(phone.key)).toEqual({ key: phone.key, member: bob.member, addedIn: 2 })
    expect(devicesAt(both, 1)).not.toContain(phone.key)
    expect(devicesAt(both, 2)).toContain(phone.key)
  })

  test('[M5] is removed alone: Bob and his first stay', () => {
    const lost = change(both, [{ type: 'remove-device', device: phone.key, seq: 7 }], alice)
    expect(lost.devices.get(phone.key)).toMatchObject({ removedIn: 3, cutoffSeq: 7 })
    expect(isCurrentDevice(lost, bob.device.key)).toBe(true)
    expect(currentMember(lost, bob.member)?.name).toBe('Bob')
    expect(tryChanges(lost, { type: 'remove-device', device: phone.key, seq: 9 })).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(lost, admitDevice(lost, bob, phone))).toBe('DEVICE_COMES_BACK')
  })
})

describe('Bob is removed', () => {
  const phone = makeDevice('Bob’s phone')
  const both = change(three, [admitDevice(three, bob, phone)], alice)
  const secret = seedOf('new secret')
  const staying = devicesAt(both).filter((d) => d !== bob.device.key && d !== phone.key)
  const rotation = {
    hash: secretHash(crypto, secret),
    boxes: staying.map((device) => ({ device, box: sealTo(fromHex(device), secret) })),
  }
  const record = recordOf(both, [without(bob, [bob.device.key, 12], [phone.key, 0])], [alice.device], rotation)
  const two = follow(both, record)

  test('[M5] with a cut-off for each of his devices, from this epoch on', () => {
    expect(names(two)).toEqual(['Alice', 'Carol'])
    expect(devicesAt(two)).toEqual([alice, carol].map((p) => p.device.key).sort())
    expect(two.devices.get(bob.device.key)).toMatchObject({ removedIn: 3, cutoffSeq: 12 })
    expect(two.devices.get(phone.key)).toMatchObject({ removedIn: 3, cutoffSeq: 0 })
    expect(devicesAt(two, 2)).toContain(bob.device.key)
  })

  test('[M5] every cut-off must be there, once, and for his devices alone', () => {
    for (const bad of [
      without(bob, [bob.device.key, 12]),
      without(bob, [bob.device.key, 12], [bob.device.key, 12]),
      without(bob, [bob.device.key, 12], [carol.device.key, 1]),
      without(bob, [bob.device.key, 12], [phone.key, 0], [carol.device.key, 1]),
      without(bob),
    ])
      expect(tryChanges(both, bad)).toBe('EPOCH_CHANGE_INVALID')
  })

  test('[M5] those who stay open the new secret, and Bob does not', () => {
    const { rotation: carried } = decodeEpoch(crypto, record.bytes)!
    expect(carried!.boxes.every((b) => b.box.length === SEALED_SECRET_BYTES)).toBe(true)
    const boxOf = (device: DeviceKey) => carried!.boxes.find((b) => b.device === device)?.box
    for (const person of [alice, carol]) {
      const opened = openSealed(person.device.keys, boxOf(person.device.key)!)
      expect(toHex(opened!)).toBe(toHex(secret))
      expect(equalBytes(secretHash(crypto, opened!), carried!.hash)).toBe(true)
    }
    expect(boxOf(bob.device.key)).toBeUndefined()
    expect(carried!.boxes.map((b) => openSealed(bob.device.keys, b.box))).toEqual([null, null])
  })

  test('[M5] no record brings his device back, neither an old one nor a new one', () => {
    const old = recordOf(founded, [admitMember(founded, bob), admitMember(founded, carol)], [alice.device])
    expect(codeOf(two, old)).toBe('EPOCH_REPLAYED')
    expect(tryChanges(two, admitMember(two, bob))).toBe('DEVICE_COMES_BACK')
    expect(tryChanges(two, admitDevice(two, bob, phone))).toBe('DEVICE_COMES_BACK')
    expect(tryChanges(two, admitDevice(two, carol, bob.device))).toBe('DEVICE_COMES_BACK')
  })

  test('[M5] he may come back as a newcomer, with a new device and no rights of before', () => {
    const laptop = makeDevice('Bob’s new laptop')
    const back = change(two, [admitMember(two, bob, laptop)], alice)
    expect(currentMember(back, bob.member)).toMatchObject({ role: 'member', founder: false })
    expect(isCurrentDevice(back, laptop.key)).toBe(true)
    expect(isCurrentDevice(back, bob.device.key)).toBe(false)
    expect(back.devices.get(bob.device.key)?.cutoffSeq).toBe(12)
  })

  test('[M5] who is not there cannot be removed, nor can the founder', () => {
    expect(tryChanges(two, without(bob))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(two, without(mallory))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(two, without(alice, [alice.device.key, 5]))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(two, { type: 'remove-device', device: mallory.device.key, seq: 0 })).toBe('EPOCH_CHANGE_INVALID')
  })
})

describe('several admins', () => {
  const twoAdmins = change(three, [role(bob, 'admin')], alice)
  const threeAdmins = change(twoAdmins, [role(carol, 'admin')], alice, bob)
  const letIn = (list: MemberList, signers: Person[]) =>
    codeOf(
      list,
      recordOf(
        list,
        [admitMember(list, dave)],
        signers.map((s) => s.device),
      ),
    )

  test.each<[string, MemberList, Person[], string | null]>([
    ['one of one', three, [alice], null],
    ['one of two', twoAdmins, [alice], 'EPOCH_MINORITY'],
    ['the other of two', twoAdmins, [bob], 'EPOCH_MINORITY'],
    ['two of two', twoAdmins, [alice, bob], null],
    ['one of three', threeAdmins, [carol], 'EPOCH_MINORITY'],
    ['two of three', threeAdmins, [alice, carol], null],
    ['two of three, without the founder', threeAdmins, [bob, carol], null],
    ['three of three', threeAdmins, [alice, bob, carol], null],
  ])('[M2] %s', (_how, list, signers, code) => {
    expect(letIn(list, signers)).toBe(code)
  })

  test('[M2] majorities', () => {
    expect([founded, twoAdmins, threeAdmins].map(majority)).toEqual([1, 2, 2])
    expect(
      admins(threeAdmins)
        .map((a) => a.name)
        .sort(),
    ).toEqual(['Alice', 'Bob', 'Carol'])
  })

  test('[M3] an admin votes with the device that has been on the list longest, and with no other', () => {
    const phone = makeDevice('Bob’s phone')
    const list = change(twoAdmins, [admitDevice(twoAdmins, bob, phone)], alice, bob)
    const by = (...signers: { key: DeviceKey | MemberKey; sign: Person['sign'] }[]) =>
      codeOf(list, recordOf(list, [admitMember(list, dave)], signers))
    expect(voters(list)).toEqual([alice.device.key, bob.device.key])
    expect(by(alice.device, bob.device)).toBeNull()
    expect(by(alice.device, phone)).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(by(alice.device, bob.device, phone)).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(by(alice.device, { key: bob.member, sign: bob.sign })).toBe('EPOCH_SIGNER_NO_ADMIN')
    // With the first one lost, the others agree that the next one votes.
    const lost = change(list, [{ type: 'remove-device', device: bob.device.key, seq: 0 }], alice, bob)
    expect(voters(lost)).toEqual([alice.device.key, phone.key])
  })

  test('[M3] votes of two ballots for one record do not add up', () => {
    const changes = [admitMember(twoAdmins, dave)]
    const first = recordOf(twoAdmins, changes, [alice.device])
    const second = recordOf(twoAdmins, changes, [bob.device], undefined, { round: 2, by: bob.device.key })
    expect(first.id).toBe(second.id)
    for (const { ballot } of [first, second])
      expect(codeOf(twoAdmins, certifyEpoch(first, ballot, [...first.signatures, ...second.signatures]))).toBe(
        'EPOCH_FORGED',
      )
  })

  test('[M2] who was removed, or is an admin no more, signs nothing', () => {
    const demoted = change(threeAdmins, [role(bob, 'member')], alice, carol)
    expect(letIn(demoted, [bob, alice])).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(letIn(demoted, [alice, carol])).toBeNull()
    const removed = change(threeAdmins, [without(bob, [bob.device.key, 0])], alice, carol)
    expect(adminOf(removed, bob.device.key)).toBeNull()
    expect(letIn(removed, [bob, alice])).toBe('EPOCH_SIGNER_REMOVED')
  })

  test('[N7] the root key votes for one thing only: a new device in the place of all that its member had', () => {
    const fresh = makeDevice('Alice, restored')
    const tablet = makeDevice('Alice’s tablet')
    const list = change(three, [admitDevice(three, alice, tablet)], alice)
    const root = { key: alice.member, sign: alice.sign }
    const out = (device: DeviceKey): Change => ({ type: 'remove-device', device, seq: 4 })
    const by = (...changes: Change[]) => codeOf(list, recordOf(list, changes, [root]))
    const all = [admitDevice(list, alice, fresh), out(alice.device.key), out(tablet.key)]
    expect(by(...all)).toBeNull()
    expect(by(admitDevice(list, alice, fresh), out(alice.device.key))).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(by(admitDevice(list, alice, fresh))).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(by(...all, admitMember(list, dave))).toBe('EPOCH_SIGNER_NO_ADMIN')
    expect(by(admitMember(list, dave))).toBe('EPOCH_SIGNER_NO_ADMIN')
    const bobs = [admitDevice(list, bob, makeDevice('Bob, restored')), out(bob.device.key)]
    expect(codeOf(list, recordOf(list, bobs, [{ key: bob.member, sign: bob.sign }])), 'no admin').toBe(
      'EPOCH_SIGNER_NO_ADMIN',
    )
    expect(voters(change(list, all, { ...alice, device: { ...alice.device, ...root } as never }))).toEqual([fresh.key])
  })

  test('[N7] with several admins no root key votes: it does not know what the lost device voted for', () => {
    const fresh = makeDevice('Bob, restored')
    const root = { key: bob.member, sign: bob.sign }
    const changes = (list: MemberList): Change[] => [
      admitDevice(list, bob, fresh),
      { type: 'remove-device', device: bob.device.key, seq: 4 },
    ]
    for (const [list, others] of [
      [twoAdmins, [alice]],
      [threeAdmins, [alice]],
    ] as const) {
      const record = recordOf(list, changes(list), [...others.map((p) => p.device), root])
      expect(codeOf(list, record)).toBe('EPOCH_SIGNER_NO_ADMIN')
    }
  })

  test('[M2] a role that one has already, and a circle without any admin, are refused', () => {
    expect(tryChanges(twoAdmins, role(bob, 'admin'))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(twoAdmins, role(carol, 'member'))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(three, role(alice, 'member'))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(twoAdmins, role(alice, 'member'), role(bob, 'member'))).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(twoAdmins, role(mallory, 'admin'))).toBe('EPOCH_CHANGE_INVALID')
  })

  test('[M2] a clock behind does not stop an admin: time rises along the records', () => {
    const proposed = proposeEpoch(crypto, three, [admitMember(three, dave)], 0)
    expect(proposed.ok && proposed.list.timestamp).toBe(three.timestamp + 1)
  })
})

test('[M2] another person’s root key is not admitted as a device', () => {
  const list = change(three, [admitMember(three, mallory)], alice)
  const stolen: Change = {
    type: 'admit-device',
    member: mallory.member,
    device: alice.member as string as DeviceKey,
    certificate: mallory.sign(deviceMessage(list.circle, mallory.member, alice.member as string as DeviceKey)),
  }
  expect(tryChanges(list, stolen)).toBe('EPOCH_CHANGE_INVALID')
})

describe('a rotation', () => {
  const phone = makeDevice('Bob’s phone')
  const both = change(three, [admitDevice(three, bob, phone)], alice)
  const removal: Change = { type: 'remove-device', device: phone.key, seq: 1 }
  const boxes = [alice, bob, carol].map((p) => ({ device: p.device.key, box: new Uint8Array(80) }))
  const hash = seedOf('rotation')
  const withBoxes = (given: typeof boxes | null, changes: Change[] = [removal]) => {
    const proposed = proposeEpoch(crypto, both, changes, both.timestamp + 1, given ? { hash, boxes: given } : undefined)
    if (!proposed.ok) return proposed.code
    const ballot = { round: 0, by: alice.device.key }
    const { id } = proposed.proposal
    const signature = alice.device.sign(epochMessage(both.circle, id, ballot))
    return codeOf(both, certifyEpoch(proposed.proposal, ballot, [{ signer: alice.device.key, signature }]))
  }
  test('[M5] comes with every removal, of one device too, and reaches exactly those who stay', () => {
    expect(withBoxes(boxes)).toBeNull()
    expect(withBoxes(null)).toBe('EPOCH_CHANGE_INVALID')
    expect(withBoxes(boxes.slice(1)), 'one is left out').toBe('EPOCH_CHANGE_INVALID')
    expect(withBoxes([...boxes, boxes[0]!]), 'one twice').toBe('EPOCH_CHANGE_INVALID')
    expect(withBoxes([...boxes, { device: phone.key, box: new Uint8Array(80) }]), 'for the removed').toBe(
      'EPOCH_CHANGE_INVALID',
    )
    expect(withBoxes([...boxes, { device: mallory.device.key, box: new Uint8Array(80) }]), 'for a stranger').toBe(
      'EPOCH_CHANGE_INVALID',
    )
    expect(withBoxes(null, [role(bob, 'admin')])).toBeNull()
  })
  test('[M5] the last device of a member goes with its member only', () => {
    expect(tryChanges(both, { type: 'remove-device', device: carol.device.key, seq: 0 })).toBe('EPOCH_CHANGE_INVALID')
    expect(tryChanges(both, removal, { type: 'remove-device', device: bob.device.key, seq: 0 })).toBe(
      'EPOCH_CHANGE_INVALID',
    )
  })
})

describe('random histories', () => {
  const crowd = Array.from({ length: 6 }, (_unused, i) => makePerson(`Person ${i}`))
  const devices = new Map([[alice.device.key, alice.device]])
  const known = (device: Device) => {
    devices.set(device.key, device)
    return device
  }
  type Step = { who: number; what: 'admit' | 'device' | 'remove' | 'drop' | 'role' }
  const steps = fc.array(
    fc.record({ who: fc.nat(5), what: fc.constantFrom<Step['what'][]>('admit', 'device', 'remove', 'drop', 'role') }),
    { maxLength: 25 },
  )

  function changeOf(list: MemberList, { who, what }: Step, i: number): Change {
    const person = crowd[who]!
    const theirs = [...list.devices.values()].filter((d) => d.member === person.member && d.removedIn === undefined)
    switch (what) {
      case 'admit':
        return admitMember(list, person, known(makeDevice(`${person.name} ${i}`)))
      case 'device':
        return admitDevice(list, person, known(makeDevice(`${person.name} ${i}`)))
      case 'remove':
        return { type: 'remove-member', member: person.member, cutoffs: theirs.map((d) => ({ device: d.key, seq: i })) }
      case 'drop':
        return { type: 'remove-device', device: theirs[0]?.key ?? ('00'.repeat(32) as DeviceKey), seq: i }
      case 'role':
        return role(person, currentMember(list, person.member)?.role === 'admin' ? 'member' : 'admin')
    }
  }

  test('[M2] whoever replays the records from the bytes has the same list, whose every earlier epoch is as it was', () => {
    fc.assert(
      fc.property(steps, (history) => {
        let list = founded
        const seen = [devicesAt(list)]
        const records: Uint8Array[] = []
        history.forEach((step, i) => {
          const changes = [changeOf(list, step, i)]
          const proposed = proposeEpoch(crypto, list, changes, list.timestamp + 1)
          const applied = applyChanges(crypto, list, changes, 'x' as EpochId, list.timestamp + 1)
          expect(proposed.ok).toBe(applied.ok)
          if (!proposed.ok) return
          // All admins vote, each with his voting device.
          const record = recordOf(
            list,
            changes,
            voters(list).map((key) => devices.get(key)!),
          )
          list = follow(list, record)
          records.push(record.bytes)
          seen.push(devicesAt(list))
        })
        let replayed = founded
        for (const bytes of records) replayed = follow(replayed, decodeEpoch(crypto, bytes)!)
        expect(replayed).toEqual(list)
        seen.forEach((devices, epoch) => expect(devicesAt(list, epoch)).toEqual(devices))
        for (const device of list.devices.values()) {
          expect(device.removedIn === undefined).toBe(device.cutoffSeq === undefined)
          if (currentMember(list, device.member) === null) expect(device.removedIn).toBeDefined()
        }
        expect(currentMember(list, alice.member)?.founder).toBe(true)
      }),
      { numRuns: 60 },
    )
  })
})
