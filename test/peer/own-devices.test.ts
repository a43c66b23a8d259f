// A further device of a member (rule M4): nothing is certified before the person has compared digits on both screens, the
// root key stays where it is, and nobody but the device that is meant gets anywhere with the code.
import { expect, test } from 'vitest'
import { secrets } from '../../main/identity/secrets'
import { fromHex, toHex } from '../../main/protocol/codec'
import type { JoinMessage } from '../../main/protocol/join-messages'
import { deviceMessage } from '../../main/protocol/membership'
import type { InviteCode } from '../../shared/types'
import { admitMember, makeDevice, makePerson, seedOf, type Person } from '../support/people'
import {
  certifiedIdentity,
  commit,
  deskOf,
  letThrough,
  loseFrames,
  meet,
  meetStranger,
  messages,
  newcomer,
  refusedAs,
  rogue,
  slotKey,
  slotOf,
  type Desk,
  type Guest,
} from './desk'

const [ann, ben, eve] = ['Ann', 'Ben', 'Eve'].map(makePerson) as [Person, Person, Person]
const codeAt = (guest: Guest) => (guest.joining.state.step === 'linking' ? guest.joining.state.code : undefined)
const codesAt = (desk: Desk) => desk.admission.requests().map((request) => request.code)
const askFor = (label: string): JoinMessage => ({ type: 'device-ask', device: makeDevice(label).key })

/** A use of the code that the guest did not draw. */
const unusedSlot = (guest: Guest, code: InviteCode): number =>
  [0, 1].find((slot) => slotKey(code, slot) !== slotOf(guest))!

/** Ann has shown the code, and her new device has come with it. */
async function asking() {
  const desk = deskOf(ann, { approval: 'ask' })
  const code = desk.admission.create(0.25, 4, true)
  const guest = await newcomer(code.link, desk.clock, null)
  const ends = meet(guest, desk)!
  letThrough()
  return { desk, code, guest, ends }
}

test('[M4] the new device is certified when the digits were compared, joins by itself, and has no root key', async () => {
  const { desk, code, guest, ends } = await asking()
  expect(codeAt(guest)).toMatch(/^\d{6}$/)
  expect(codesAt(desk)).toEqual([codeAt(guest)])
  expect([guest.certified, desk.keeper.list.epoch], 'before the person has said yes').toEqual([null, 0])
  desk.admission.approve(desk.admission.requests()[0]!.id)
  letThrough()
  await guest.over
  const certified = guest.certified!
  const { device } = certifiedIdentity(certified)
  expect(certified).toMatchObject({ name: 'Ann', member: ann.member, circle: desk.keeper.list.circle })
  expect(desk.keeper.list.devices.get(device)).toMatchObject({ member: ann.member })
  expect(guest.joined).toMatchObject({ provisional: false, secret: desk.keeper.secrets[0] })
  // Nothing that the root key could be made from was ever sent.
  expect(toHex(Buffer.concat(ends.deskEnd.sent))).not.toContain(toHex(seedOf('root Ann')))
  expect(desk.admission.views()).toMatchObject([{ id: code.id, forDevice: true, state: 'revoked' }])
})

test('[M4] a device that shows other digits is turned away, and stays away', async () => {
  const { desk, guest, ends } = await asking()
  desk.admission.refuseRequest(desk.admission.requests()[0]!.id)
  letThrough()
  await guest.over
  expect([guest.failed, guest.certified, desk.keeper.list.epoch]).toEqual(['JOIN_REFUSED', null, 0])
  expect(codesAt(desk)).toEqual([])
  expect(messages(ends.deskEnd).at(-1)).toEqual({ type: 'join-refused', code: 'JOIN_REFUSED' })
})

test('[M4] who photographed the code asks too, with digits of his own, and gets nothing by the yes to the other', async () => {
  const { desk, code, guest } = await asking()
  const thief = rogue(desk, code, unusedSlot(guest, code))
  expect(thief.say(askFor('thief'))?.type).toBe('device-code')
  expect(codesAt(desk)).toHaveLength(2)
  desk.admission.approve(desk.admission.requests().find((request) => request.code === codeAt(guest))!.id)
  letThrough()
  await guest.over
  expect(guest.joined).not.toBeNull()
  expect(desk.keeper.list.devices.has(makeDevice('thief').key)).toBe(false)
  expect(messages(thief.end).map((m) => m.type)).not.toContain('device-granted')
})

test('[M4] no more than a few devices ask by one code', async () => {
  const { desk, code, guest } = await asking()
  const { say } = rogue(desk, code, unusedSlot(guest, code))
  const answers = ['a', 'b', 'c', 'd', 'e'].map((label) => say(askFor(label))?.type)
  expect(answers).toEqual(['device-code', 'device-code', 'device-code', 'join-refused', 'join-refused'])
})

test('[M4] cut off before or after the yes, it asks again and goes on where it was', async () => {
  const { desk, guest, ends } = await asking()
  const before = codeAt(guest)
  ends.guestEnd.close('LOST')
  expect(guest.joining.state.step).toBe('searching')
  expect(codesAt(desk), 'nobody is there to be compared with').toEqual([])
  const again = meet(guest, desk)!
  letThrough()
  expect([codeAt(guest), codesAt(desk)]).toEqual([before, [before]])
  desk.admission.approve(desk.admission.requests()[0]!.id)
  loseFrames()
  again.guestEnd.close('LOST')
  meet(guest, desk)
  letThrough()
  await guest.over
  expect(guest.joined).toMatchObject({ provisional: false })
})

test('[M4] an ordinary invite certifies nobody, and an expired code neither', () => {
  const desk = deskOf(ann)
  const code = desk.admission.create(1, 1)
  expect(rogue(desk, code).say(askFor('any'))).toEqual({ type: 'join-refused', code: 'INVITE_UNKNOWN' })
  const late = rogue(desk, desk.admission.create(0.25, 1, true))
  desk.clock.ms += 16 * 60_000
  expect(late.say(askFor('any'))).toEqual({ type: 'join-refused', code: 'INVITE_EXPIRED' })
})

test('[M5] a key that was ever on the list is not certified again', () => {
  const desk = deskOf(ann)
  commit(desk, admitMember(desk.keeper.list, ben))
  const { say } = rogue(desk, desk.admission.create(0.25, 1, true))
  const answer = say({ type: 'device-ask', device: ben.device.key })
  expect(answer).toEqual({ type: 'join-refused', code: 'JOIN_REFUSED' })
})

test('[M4] a certificate that the member’s root key did not sign is not believed', async () => {
  const desk = deskOf(ann)
  const { link } = desk.admission.create(0.25, 1, true)
  const guest = await newcomer(link, desk.clock, null)
  const { end, say } = meetStranger(guest, ann.device.key)
  const { circle, genesis } = desk.keeper.list
  const capability = fromHex(desk.keeper.file.invites[0]!.capability)
  say({ type: 'join-info', capability, genesis: genesis.bytes })
  const asked = messages(end).at(-1)
  if (asked?.type !== 'device-ask') throw new Error('it did not ask')
  const certificate = eve.sign(deviceMessage(circle, ann.member, asked.device))
  say({ type: 'device-granted', member: ann.member, name: 'Ann', certificate })
  expect([end.closedWith, guest.certified]).toEqual(['CERTIFICATE_INVALID', null])
})

test('[M4] only the device that showed the code is asked', async () => {
  const desk = deskOf(ann)
  const { link } = desk.admission.create(0.25, 1, true)
  const guest = await newcomer(link, desk.clock, null)
  const { end } = meetStranger(guest, eve.device.key)
  expect([end.closedWith, messages(end)]).toEqual(['NOT_NEEDED', []])
})

test('[M4] a device without the root key shows no code', () => {
  const desk = deskOf(ann)
  const { circle } = desk.keeper.list
  const certificate = new Uint8Array(64)
  const bare = certifiedIdentity({
    name: 'Ann',
    member: ann.member,
    seed: secrets.randomBytes(32),
    circle,
    certificate,
  })
  Object.assign(desk.identity, { signAsMember: bare.signAsMember })
  expect(() => desk.admission.create(0.25, 1, true)).toThrow(refusedAs('ROOT_KEY_ELSEWHERE'))
})
