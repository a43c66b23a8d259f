// What a notice may say, and who may say it (rules M3, M4, M5, N6): each attack is refused with its own code.
import { describe, expect, test } from 'vitest'
import { keyPairFromSeed, signer } from '../../main/identity/sodium'
import type { Statement } from '../../main/protocol/agreement'
import { toHex } from '../../main/protocol/codec'
import { inviteBeaconKey, inviteIdOf, inviteSlotSeed, inviteTopic, signCapability } from '../../main/protocol/invite'
import { joinProofMessage, ticketMessage, type JoinRequest } from '../../main/protocol/join-messages'
import { epochMessage } from '../../main/protocol/epoch-record'
import { proposeEpoch } from '../../main/protocol/epochs'
import { deviceMessage, type Change, type MemberList } from '../../main/protocol/membership'
import {
  decodeNotice,
  frozenList,
  inviteCode,
  judgeNotice,
  makeNotice,
  outranks,
  slotOf,
  type KnownInvite,
  type Notice,
  type NoticeBody,
} from '../../main/protocol/notices'
import { verifyNode } from '../../main/protocol/verify'
import type { CircleId, DeviceKey } from '../../shared/types'
import {
  NEW_YEAR,
  admitDevice,
  admitMember,
  change,
  crypto,
  found,
  makeDevice,
  makePerson,
  seedOf,
  write,
  type Device,
  type Person,
} from '../support/people'

const [alice, bob, carol, dave, mallory] = ['Alice', 'Bob', 'Carol', 'Dave', 'Mallory'].map(makePerson) as [
  Person,
  Person,
  Person,
  Person,
  Person,
]
const founded = found(alice)
/** Alice and Bob are admins; Carol and Dave are members. */
const members = change(
  founded,
  [bob, carol, dave].map((p) => admitMember(founded, p)),
  alice,
)
const list = change(members, [{ type: 'set-role', member: bob.member, role: 'admin' }], alice)
const NOW = NEW_YEAR + 1000

const by = (device: Device, body: NoticeBody, circle: CircleId = list.circle): Notice =>
  makeNotice(crypto, circle, body, device.key, device.sign)
const none = () => null
const judge = (notice: Notice, in_: MemberList = list, inviteOf: () => KnownInvite | null = none, now = NOW) =>
  judgeNotice(crypto, in_, inviteOf, notice, now)
const without = (person: Person): Change => ({
  type: 'remove-member',
  member: person.member,
  cutoffs: [{ device: person.device.key, seq: 0 }],
})

describe('what the admins say to each other', () => {
  const proposed = proposeEpoch(crypto, list, [{ type: 'set-role', member: carol.member, role: 'admin' }], NOW)
  if (!proposed.ok) throw new Error(proposed.code)
  const { id, unsigned } = proposed.proposal
  const value = { id, bytes: unsigned }
  const at = (who: Device, round = 1) => ({ round, by: who.key })
  const say = (device: Device, statement: Statement, over: { number?: number; previous?: string } = {}) =>
    by(device, {
      type: 'agreement',
      number: over.number ?? list.epoch + 1,
      previous: (over.previous ?? list.epochIds[list.epoch]) as never,
      statement,
    })
  const vote = (who: Device, ballot = at(alice.device)): Statement => ({
    type: 'accept',
    from: who.key,
    ballot,
    id,
    signature: who.sign(epochMessage(list.circle, id, ballot)),
  })

  test('[M3] admins ask, propose, promise and vote', () => {
    const me = alice.device
    expect(judge(say(me, { type: 'prepare', from: me.key, ballot: at(me) }))).toBeNull()
    expect(judge(say(me, { type: 'propose', from: me.key, ballot: at(me), value }))).toBeNull()
    expect(judge(say(bob.device, { type: 'promise', from: bob.device.key, ballot: at(me), accepted: null }))).toBeNull()
    expect(judge(say(bob.device, vote(bob.device)))).toBeNull()
  })

  test.each<[string, string, () => Notice]>([
    [
      'a plain member’s question',
      'NOT_ADMIN',
      () => say(carol.device, { type: 'prepare', from: carol.device.key, ballot: at(carol.device) }),
    ],
    [
      'a plain member’s record',
      'NOT_ADMIN',
      () => say(carol.device, { type: 'propose', from: carol.device.key, ballot: at(carol.device), value }),
    ],
    ['a plain member’s vote', 'NOT_ADMIN', () => say(carol.device, vote(carol.device))],
    [
      'a record in another admin’s name',
      'NOT_ADMIN',
      () => say(bob.device, { type: 'propose', from: bob.device.key, ballot: at(alice.device), value }),
    ],
    ['a stranger’s vote', 'DEVICE_NOT_IN_EPOCH', () => say(mallory.device, vote(mallory.device))],
    [
      'a vote signed for another ballot',
      'SIGNATURE_INVALID',
      () => say(bob.device, { ...vote(bob.device), ballot: at(alice.device, 2) } as Statement),
    ],
    ['a vote on an earlier list', 'EPOCH_NOT_NEXT', () => say(bob.device, vote(bob.device), { number: list.epoch })],
    [
      'a vote on another list of that number',
      'EPOCH_NOT_NEXT',
      () => say(bob.device, vote(bob.device), { previous: 'ab'.repeat(32) }),
    ],
  ])('[M3] %s is refused as %s', (_what, code, make) => {
    expect(judge(make())).toBe(code)
  })

  test('[M3] an admin who was removed votes no more, and neither does an admin’s second device', () => {
    const three = change(list, [{ type: 'set-role', member: carol.member, role: 'admin' }], alice, bob)
    const gone = change(three, [without(bob)], alice, carol)
    const late = by(bob.device, {
      type: 'agreement',
      number: gone.epoch + 1,
      previous: gone.epochIds[gone.epoch]!,
      statement: vote(bob.device),
    })
    expect(judge(late, gone)).toBe('DEVICE_REMOVED')
    const phone = makeDevice('Bob’s phone')
    const both = change(list, [admitDevice(list, bob, phone)], alice, bob)
    const second = by(phone, {
      type: 'agreement',
      number: both.epoch + 1,
      previous: both.epochIds[both.epoch]!,
      statement: vote(phone),
    })
    expect(judge(second, both)).toBe('NOT_ADMIN')
  })

  test('[M3] of two things that one device said, the one with the higher ballot stands', () => {
    const [low, high] = [1, 2].map((round) =>
      say(bob.device, { type: 'promise', from: bob.device.key, ballot: at(alice.device, round), accepted: null }),
    ) as [Notice, Notice]
    expect(slotOf(low)).toBe(slotOf(high))
    expect([outranks(high, low), outranks(low, high), outranks(low, low)]).toEqual([true, false, false])
  })
})

test('[N2] a notice with any changed byte, or of another circle, does not decode', () => {
  const { bytes } = by(alice.device, { type: 'drop', device: bob.device.key })
  expect(decodeNotice(crypto, list.circle, bytes)).toMatchObject({ type: 'drop', signer: alice.device.key })
  for (let i = 0; i < bytes.length; i++) {
    const changed = bytes.slice()
    changed[i]! ^= 0x40
    expect(decodeNotice(crypto, list.circle, changed), `byte ${i}`).toBeNull()
  }
  expect(decodeNotice(crypto, found(bob, 'Club').circle, bytes)).toBeNull()
})

describe('invites and requests', () => {
  const secret = seedOf('invite').slice(0, 16)
  const id = inviteIdOf(crypto, secret)
  const slot = (i: number, of = secret) => keyPairFromSeed(inviteSlotSeed(crypto, of, i))
  const slotKey = (i: number, of = secret) => toHex(slot(i, of).publicKey) as DeviceKey
  function inviteBy(person: Person, uses = 1, epoch = list.epoch, in_: MemberList = list) {
    const capability = signCapability(
      crypto,
      {
        invite: id,
        circle: in_.circle,
        circleName: 'Lab',
        inviterName: person.name,
        inviter: person.device.key,
        epoch,
        expiresAt: NOW + 1000,
        usesMax: uses,
        approval: 'auto',
      },
      person.device.sign,
    )
    return by(person.device, {
      type: 'invite',
      capability,
      beaconKey: inviteBeaconKey(crypto, secret),
      topic: inviteTopic(crypto, secret),
      slots: Array.from({ length: uses }, (_unused, i) => slotKey(i)),
    })
  }
  const known =
    (notice: Notice, revoked = false) =>
    () =>
      notice.type === 'invite' ? ({ notice, revoked } satisfies KnownInvite) : null
  function requestOf(person: Person, over: Partial<JoinRequest> = {}, device = person.device): JoinRequest {
    const bare = {
      member: person.member,
      name: person.name,
      device: device.key,
      certificate: person.sign(deviceMessage(list.circle, person.member, device.key)),
    }
    return {
      ...bare,
      proof: device.sign(joinProofMessage(crypto, list.circle, id, bare)),
      slot: slotKey(0),
      ticket: signer(slot(0))(ticketMessage(list.circle, id, device.key)),
      ...over,
    }
  }
  const join = (request: JoinRequest) => by(dave.device, { type: 'join', invite: id, askedAt: NOW, request })
  const invite = inviteBy(alice)

  test('[M4] any member passes a request on, and any member can check it', () => {
    expect(judge(invite)).toBeNull()
    expect(judge(join(requestOf(mallory)), list, known(invite))).toBeNull()
  })

  test('[M4] without the invite’s secret, a proof or a certificate nobody is let in', () => {
    const other = seedOf('another invite').slice(0, 16)
    for (const [what, over] of [
      [
        'a ticket made without the secret',
        { ticket: signer(slot(0, other))(ticketMessage(list.circle, id, mallory.device.key)) },
      ],
      [
        'a use of another invite',
        { slot: slotKey(0, other), ticket: signer(slot(0, other))(ticketMessage(list.circle, id, mallory.device.key)) },
      ],
      [
        'a use beyond the limit',
        { slot: slotKey(1), ticket: signer(slot(1))(ticketMessage(list.circle, id, mallory.device.key)) },
      ],
      ['somebody else’s ticket', { ticket: requestOf(carol).ticket }],
      ['another name', { name: 'Alice' }],
      ['no certificate', { certificate: new Uint8Array(64) }],
    ] as [string, Partial<JoinRequest>][])
      expect(judge(join(requestOf(mallory, over)), list, known(invite)), what).toBe('JOIN_PROOF_INVALID')
    expect(judge(join(requestOf(mallory))), 'an invite that nobody knows').toBe('INVITE_UNKNOWN')
  })

  test('[M4] used up, withdrawn, expired, or made before somebody was removed: no more', () => {
    const later = change(list, [{ ...admitMember(list, makePerson('Eve')), invite: id } as Change], alice, bob)
    expect(judge(join(requestOf(mallory)), later, known(invite))).toBe('INVITE_USED_UP')
    expect(judge(join(requestOf(mallory)), list, known(invite, true))).toBe('INVITE_REVOKED')
    expect(judge(join(requestOf(mallory)), list, known(invite), NOW + 1000)).toBe('INVITE_EXPIRED')
    const gone = change(list, [without(carol)], alice, bob)
    expect(judge(join(requestOf(mallory)), gone, known(invite))).toBe('INVITE_REVOKED')
    expect(inviteCode(gone, known(inviteBy(alice, 1, gone.epoch))(), NOW)).toBeNull()
    // A member’s further device needs no use.
    const phone = makeDevice('Carol’s phone')
    expect(judge(join(requestOf(carol, {}, phone)), later, known(invite))).toBeNull()
  })

  test('[M4] a plain member invites devices of members, and nobody else', () => {
    const carols = inviteBy(carol)
    expect(judge(carols)).toBeNull()
    expect(judge(join(requestOf(mallory)), list, known(carols))).toBe('NOT_ADMIN')
    expect(judge(join(requestOf(dave, {}, makeDevice('Dave’s phone'))), list, known(carols))).toBeNull()
  })

  test('[M5] a device that was ever on the list does not come back by a request', () => {
    const gone = change(list, [without(carol)], alice, bob)
    const fresh = known(inviteBy(alice, 1, gone.epoch, gone))
    expect(judge(join(requestOf(carol)), gone, fresh)).toBe('JOIN_REFUSED')
  })

  test('[M4] an invite in somebody else’s name, or with more uses than it says, is no notice', () => {
    if (invite.type !== 'invite') throw new Error('not an invite')
    expect(judge(by(bob.device, invite))).toBe('NOTICE_MALFORMED')
    expect(judge(by(alice.device, { ...invite, slots: [slotKey(0), slotKey(1)] }))).toBe('NOTICE_MALFORMED')
  })

  test('[M4] only admins withdraw for others and decline', () => {
    expect(judge(by(bob.device, { type: 'decline', device: mallory.device.key, at: NOW }))).toBeNull()
    expect(judge(by(carol.device, { type: 'decline', device: mallory.device.key, at: NOW }))).toBe('NOT_ADMIN')
    const revocation = { type: 'revocation', invite: id, expiresAt: NOW + 1000 } as const
    expect(judge(by(bob.device, revocation))).toBeNull()
    expect(judge(by(carol.device, revocation)), 'an invite that is not hers').toBe('NOT_ADMIN')
    expect(judge(by(carol.device, revocation), list, known(inviteBy(carol)))).toBeNull()
  })
})

describe('leaving and lost devices', () => {
  const phone = makeDevice('Carol’s phone')
  const both = change(list, [admitDevice(list, carol, phone)], alice, bob)
  test('[M5] one speaks for oneself, and the founder stays', () => {
    expect(judge(by(carol.device, { type: 'leave' }))).toBeNull()
    expect(judge(by(alice.device, { type: 'leave' }))).toBe('FOUNDER_STAYS')
    expect(judge(by(mallory.device, { type: 'leave' }))).toBe('DEVICE_NOT_IN_EPOCH')
    expect(judge(by(phone, { type: 'drop', device: carol.device.key }), both)).toBeNull()
    expect(judge(by(dave.device, { type: 'drop', device: carol.device.key }), both)).toBe('NOT_ADMIN')
    expect(judge(by(phone, { type: 'drop', device: phone.key }), both), 'itself').toBe('NOT_ADMIN')
    expect(judge(by(phone, { type: 'drop', device: mallory.device.key }), both)).toBe('DEVICE_REMOVED')
  })
})

describe('two histories', () => {
  const node = (text: string, seq = 1, device = carol.device, circle = list.circle) =>
    write({
      circle,
      device,
      seq,
      timestamp: NOW + seq,
      epoch: 1,
      text,
      ...(seq > 1 && { backlink: 'ab'.repeat(32) as never }),
    })
  const proof = (a: ReturnType<typeof node>, b: ReturnType<typeof node>) =>
    by(dave.device, { type: 'fork', nodes: a.id < b.id ? [a, b] : [b, a] })
  const [one, other] = [node('one'), node('other')]

  test('[N6] two different nodes for one place, both signed, are proof to anybody', () => {
    expect(judge(proof(one, other))).toBeNull()
    const { bytes } = proof(one, other)
    expect(decodeNotice(crypto, list.circle, bytes)).toMatchObject({
      type: 'fork',
      nodes: expect.any(Array) as unknown,
    })
  })

  test('[N6] what is not two histories of one device of this circle proves nothing', () => {
    const forged = { ...other, signature: new Uint8Array(64) }
    for (const [what, notice] of [
      ['one node twice', by(dave.device, { type: 'fork', nodes: [one, one] })],
      ['two places', proof(one, node('two', 2))],
      ['two devices', proof(one, node('by Dave', 1, dave.device))],
      ['a node that nobody signed', proof(one, forged as never)],
      [
        'another circle’s',
        proof(node('one', 1, carol.device, found(bob).circle), node('other', 1, carol.device, found(bob).circle)),
      ],
      ['a stranger’s', proof(node('one', 1, mallory.device), node('other', 1, mallory.device))],
    ] as const)
      expect(judge(notice), what).toBe('SIGNATURE_INVALID')
  })

  test('[N6] the device is stopped below the lowest fork that is known; others are not touched', () => {
    const high = proof(node('three', 3), node('drei', 3))
    const low = proof(node('two', 2), node('zwei', 2))
    expect([outranks(low, high), outranks(high, low)]).toEqual([true, false])
    if (low.type !== 'fork') throw new Error('not a fork')
    const frozen = frozenList(list, [low])
    expect(verifyNode(crypto, node('one'), frozen, NOW + 10)).toBeNull()
    expect(verifyNode(crypto, node('two', 2), frozen, NOW + 10)).toBe('DEVICE_FROZEN')
    expect(verifyNode(crypto, node('by Dave', 2, dave.device), frozen, NOW + 10)).toBeNull()
    expect(frozenList(list, [])).toBe(list)
  })
})
