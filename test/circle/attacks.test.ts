// Attacks on the member list (rules M2 to M5, L3), against a real backend over real sockets: Mallory is a plain member who
// speaks through a program of his own. Each thing that he tries is refused with a code of its own, counted where a person
// sees it (Network view, `twofold state`), and changes nothing.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { assemble, type Running } from '../../main/assemble'
import { open, randomBytes, seal, keyPairFromSeed, type KeyPair } from '../../main/identity/sodium'
import { secrets } from '../../main/identity/secrets'
import { fileVault } from '../../main/identity/vault'
import { Network } from '../../main/net/network'
import type { Link } from '../../main/net/types'
import { circleBeaconKey, decodeLink, inviteSlotSeed } from '../../main/protocol/invite'
import { decodeJoin, encodeJoin, joinProofMessage, ticketMessage } from '../../main/protocol/join-messages'
import { encodeContent } from '../../main/protocol/kinds'
import { certifyEpoch, decodeEpoch, epochMessage, type EpochRecord } from '../../main/protocol/epoch-record'
import { deviceMessage, type Change, type MemberList } from '../../main/protocol/membership'
import { encodeMessage, PROTOCOL_VERSION } from '../../main/protocol/messages'
import { makeNode } from '../../main/protocol/node'
import type { AppState, CircleId, DeviceKey, InviteCode } from '../../shared/types'
import { openFolder } from '../../main/store/files'
import { writeCircle } from '../../main/store/circle-file'
import { circleFile } from '../peer/parts'
import {
  NEW_YEAR,
  admitMember,
  crypto,
  follow,
  found,
  makePerson,
  recordOf,
  seedOf,
  type Person,
} from '../support/people'
import { waitFor } from '../support/wait'

const [alice, bob, carol, dave, mallory, eve] = ['Alice', 'Bob', 'Carol', 'Dave', 'Mallory', 'Eve'].map(makePerson) as [
  Person,
  Person,
  Person,
  Person,
  Person,
  Person,
]

// Alice, Bob and Carol were admins; Carol was removed. Dave and Mallory are plain members.
const founded = found(alice)
const role = (person: Person): Change => ({ type: 'set-role', member: person.member, role: 'admin' })
const records: EpochRecord[] = []
const lists: MemberList[] = [founded]
function next(changes: Change[], by: Person[]): void {
  const devices = by.map((person) => person.device)
  const record = recordOf(lists.at(-1)!, changes, devices)
  records.push(record)
  lists.push(follow(lists.at(-1)!, record))
}
next(
  [bob, carol, dave, mallory].map((person) => admitMember(founded, person)),
  [alice],
)
next([role(bob)], [alice])
next([role(carol)], [alice, bob])
const withCarol = lists.at(-1)!
next([{ type: 'remove-member', member: carol.member, cutoffs: [{ device: carol.device.key, seq: 1 }] }], [alice, bob])
const list = lists.at(-1)!

const dir = mkdtempSync(join(tmpdir(), 'twofold-attacks-'))
let running: Running
let network: Network
let link: Link
const beaconKey = circleBeaconKey(crypto, seedOf('circle secret'))

const state = async (): Promise<AppState> => running.backend.handlers['state.get']({})
const refused = async (code: string) => (await state()).network.refused[code] ?? 0

function rogue(keys: KeyPair): Network {
  return new Network({
    keyPair: keys,
    mayConnect: () => true,
    beaconKeys: () => ({ announce: [], open: [beaconKey] }),
    seal,
    open,
    lan: true,
    internet: false,
    host: '127.0.0.1',
    loopbackBeacon: true,
  })
}
async function connect(from: Network): Promise<Link> {
  const { network: view } = await state()
  let got: Link | undefined
  from.on('link', (l) => (got = l))
  from.addAddress('127.0.0.1', view.port)
  from.want([alice.device.key])
  await waitFor('a link', () => {
    if (!got) from.dial(alice.device.key)
    return got !== undefined
  })
  return got!
}

beforeAll(async () => {
  const sealed = Buffer.concat([seedOf('root Alice'), seedOf('device Alice')]).toString('base64')
  const keys = {
    version: 1,
    name: 'Alice',
    member: alice.member,
    device: alice.device.key,
    restored: false,
    confirmed: true,
  }
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ ...keys, keptBy: 'file', sealed }))
  writeCircle(openFolder(dir), circleFile(founded, records))
  process.env.TWOFOLD_BOOTSTRAP = ''
  process.env.TWOFOLD_BIND = '127.0.0.1'
  running = await assemble({ dir, vault: fileVault, vaultOf: () => fileVault, online: true })
  await waitFor('the network', async () => (await state()).network.listening)
  network = rogue(mallory.device.keys)
  await network.start()
  link = await connect(network)
  const { epoch } = list
  link.send(
    encodeMessage({ type: 'hello', version: PROTOCOL_VERSION, epoch, epochId: list.epochIds[epoch]!, app: 'rogue' }),
  )
})
afterAll(async () => {
  await network.stop()
  await running.close()
  rmSync(dir, { recursive: true, force: true })
})

/** Sends what is refused with a code, and sees it counted and nothing changed. */
async function expectRefused(code: string, send: () => void): Promise<void> {
  const before = await refused(code)
  send()
  await waitFor(`${code} to be counted`, async () => (await refused(code)) > before)
  const { circle } = await state()
  expect(circle!.epoch).toBe(list.epoch)
  expect(circle!.members.filter((m) => !m.removed).map((m) => m.name)).toEqual(['Alice', 'Bob', 'Dave', 'Mallory'])
}
const hand = (record: EpochRecord) => () => link.send(encodeMessage({ type: 'epochs', records: [record.bytes] }))
const letEveIn = (by: Person[], on = list) =>
  recordOf(
    on,
    [admitMember(on, eve)],
    by.map((person) => person.device),
  )

test('[M2] EPOCH_FORGED: a certificate that was made up', async () => {
  const honest = letEveIn([alice, bob])
  const signatures = honest.signatures.map(({ signer }) => ({
    signer,
    signature: mallory.device.sign(epochMessage(list.circle, honest.id, honest.ballot)),
  }))
  await expectRefused('EPOCH_FORGED', hand(certifyEpoch(honest, honest.ballot, signatures)))
})

test('[M2] EPOCH_MINORITY: a certificate by fewer than half of the admins', async () => {
  await expectRefused('EPOCH_MINORITY', hand(letEveIn([bob])))
})

test('[M2] EPOCH_SIGNER_REMOVED: a certificate with the vote of an admin who was removed', async () => {
  await expectRefused('EPOCH_SIGNER_REMOVED', hand(letEveIn([carol, bob])))
})

test('[M2] EPOCH_SIGNER_NO_ADMIN: a plain member makes a record of the list', async () => {
  await expectRefused('EPOCH_SIGNER_NO_ADMIN', hand(letEveIn([mallory])))
})

test('[M2] EPOCH_REPLAYED: an old number, once more and otherwise', async () => {
  // Validly voted for by those who were the admins then.
  await expectRefused('EPOCH_REPLAYED', hand(letEveIn([alice, carol], withCarol)))
})

test('[M5] DEVICE_COMES_BACK: who was removed is not brought back by his old device key, not even by a majority', async () => {
  const comeback: Change = {
    type: 'admit-member',
    member: carol.member,
    name: 'Carol',
    device: carol.device.key,
    certificate: carol.sign(deviceMessage(list.circle, carol.member, carol.device.key)),
    invite: null,
  }
  const shape = letEveIn([alice, bob])
  const bare = certifyEpoch({ ...shape, changes: [comeback] }, shape.ballot, [])
  const { id } = decodeEpoch(crypto, bare.bytes)!
  const signatures = [alice, bob].map(({ device }) => ({
    signer: device.key,
    signature: device.sign(epochMessage(list.circle, id, shape.ballot)),
  }))
  await expectRefused(
    'DEVICE_COMES_BACK',
    hand(certifyEpoch({ ...shape, changes: [comeback], id }, shape.ballot, signatures)),
  )
})

test('[M5] an old list, told again as it was, takes nothing back: Carol stays removed', async () => {
  link.send(encodeMessage({ type: 'epochs', records: records.slice(0, 3).map((record) => record.bytes) }))
  // What follows on the link is dealt with after it.
  await expectRefused('EPOCH_MINORITY', hand(letEveIn([bob])))
  expect((await state()).circle!.members.find((m) => m.name === 'Carol')).toMatchObject({ removed: true })
})

const nodeBy = (person: Person, over: { circle?: CircleId; seq?: number; epoch?: number } = {}) => {
  const { circle = list.circle, seq = 1, epoch = list.epoch } = over
  const content = encodeContent({ kind: 'post', text: 'from afar' })
  return makeNode(
    crypto,
    {
      circle,
      device: person.device.key,
      seq,
      ...(seq > 1 && { backlink: 'ab'.repeat(32) as never }),
      timestamp: NEW_YEAR + seq,
      epoch,
      ...content,
    },
    person.device.sign,
  )
}
const handNode = (bytes: Uint8Array) => () =>
  link.send(encodeMessage({ type: 'node', tree: 0, brief: false, lo: 1, len: 1, bytes }))

test('[M5] DEVICE_REMOVED: what a removed device wrote behind its cut-off', async () => {
  await expectRefused('DEVICE_REMOVED', handNode(nodeBy(carol, { seq: 2, epoch: withCarol.epoch }).bytes))
})

test('[N4] CIRCLE_MISMATCH: a member of another circle replays entries of that circle', async () => {
  const other = found(eve, 'Club')
  await expectRefused('CIRCLE_MISMATCH', handNode(nodeBy(eve, { circle: other.circle, epoch: 0 }).bytes))
})

test('[L3] STRANGER_REFUSED: a stranger who knows the topic and the beacon gets no answer', async () => {
  const stranger = rogue(keyPairFromSeed(randomBytes(32)))
  const links: Link[] = []
  stranger.on('link', (l) => links.push(l))
  await stranger.start()
  stranger.addAddress('127.0.0.1', (await state()).network.port)
  await expectRefused('STRANGER_REFUSED', () => stranger.dial(alice.device.key))
  expect([links, stranger.status().counters.linksOpened]).toEqual([[], 0])
  await stranger.stop()
})

/** A program of somebody's who holds an invite: connected under the key of one use, with what he is answered. */
async function holder(code: InviteCode, slot = 0) {
  const decoded = decodeLink(crypto, code.link)
  if (!decoded.ok) throw new Error(decoded.code)
  const keys = keyPairFromSeed(inviteSlotSeed(crypto, decoded.link.secret, slot))
  const net = rogue(keys)
  const answers: string[] = []
  net.on('frame', (_link, bytes) => {
    const message = decodeJoin(bytes)
    answers.push(message?.type === 'join-refused' ? message.code : String(message?.type))
  })
  await net.start()
  const end = await connect(net)
  end.send(encodeJoin({ type: 'join-hello', version: PROTOCOL_VERSION, invite: code.id }))
  const ask = (person: Person) => {
    const { member, name, device } = person
    const bare = {
      member,
      name,
      device: device.key,
      certificate: person.sign(deviceMessage(list.circle, member, device.key)),
    }
    const proof = device.sign(joinProofMessage(crypto, list.circle, code.id, bare))
    const ticket = secrets.sign(keys, ticketMessage(list.circle, code.id, device.key))
    end.send(
      encodeJoin({
        type: 'join-request',
        ...bare,
        proof,
        slot: Buffer.from(keys.publicKey).toString('hex') as DeviceKey,
        ticket,
      }),
    )
  }
  return { net, answers, ask }
}

test('[M4] INVITE_USED_UP: an invite for one is used by a second one, while the first is not even on the list', async () => {
  const code = await running.backend.handlers['invite.create']({ hours: 1, uses: 1 })
  const first = await holder(code)
  first.ask(makePerson('Frank'))
  await waitFor('the first to be let in', () => first.answers.includes('join-accepted'))
  await first.net.stop()
  const second = await holder(code)
  await expectRefused('INVITE_USED_UP', () => second.ask(makePerson('Grete')))
  await waitFor('the second to be told', () => second.answers.includes('INVITE_USED_UP'))
  await second.net.stop()
})

test('[M4] INVITE_REVOKED: who is connected when an invite is withdrawn is told, and afterwards gets no answer at all', async () => {
  const code = await running.backend.handlers['invite.create']({ hours: 1, uses: 2 })
  const late = await holder(code)
  await waitFor('the circle to introduce itself', () => late.answers.includes('join-info'))
  await expectRefused('INVITE_REVOKED', () => void running.backend.handlers['invite.revoke']({ id: code.id }))
  await waitFor('him to be told', () => late.answers.includes('INVITE_REVOKED'))
  await late.net.stop()
  const decoded = decodeLink(crypto, code.link)
  if (!decoded.ok) throw new Error(decoded.code)
  const again = rogue(keyPairFromSeed(inviteSlotSeed(crypto, decoded.link.secret, 1)))
  await again.start()
  again.addAddress('127.0.0.1', (await state()).network.port)
  await expectRefused('STRANGER_REFUSED', () => again.dial(alice.device.key))
  await again.stop()
})
