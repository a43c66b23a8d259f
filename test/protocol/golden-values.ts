// The values behind golden.json: fixed seeds, fixed times. Every byte that goes over the wire or into a file is frozen
// there; a change of any is a change of the protocol.
import { fromHex, toHex } from '../../main/protocol/codec'
import {
  inviteIdOf,
  inviteSlotSeed,
  signCapability,
  encodeCapability,
  encodeLink,
  type InviteLink,
} from '../../main/protocol/invite'
import { signAlive } from '../../main/protocol/alive'
import { keyPairFromSeed, signer } from '../../main/identity/sodium'
import type { Statement } from '../../main/protocol/agreement'
import { makeNotice, type NoticeBody } from '../../main/protocol/notices'
import { encodeJoin, joinProofMessage, ticketMessage } from '../../main/protocol/join-messages'
import { secretHash, type SecretRotation } from '../../main/protocol/epoch-record'
import { deviceMessage } from '../../main/protocol/membership'
import { encodeMessage, markOf, type Late } from '../../main/protocol/messages'
import { checkpointMessage } from '../../main/protocol/receipts'
import { TIME_MS_MAX } from '../../main/protocol/limits'
import { makeNode } from '../../main/protocol/node'
import { nodeSeed, makeRing } from '../../main/protocol/heirs'
import { packNodes } from '../../main/protocol/packed'
import type { DeviceKey, EpochId, NodeId } from '../../shared/types'
import {
  NEW_YEAR,
  admitDevice,
  admitMember,
  crypto,
  fieldsOf,
  follow,
  foundingRecord,
  found,
  makeDevice,
  makePerson,
  recordOf,
  seedOf,
} from '../support/people'

export const alice = makePerson('Alice')
const bob = makePerson('Bob')
const laptop = makeDevice('Alice’s laptop')

export function goldenValues() {
  const genesis = foundingRecord(alice)
  const list = found(alice)
  const admitted = recordOf(list, [admitMember(list, bob), admitDevice(list, alice, laptop)], [alice.device])
  const two = follow(list, admitted)
  const rotation: SecretRotation = {
    hash: secretHash(crypto, seedOf('secret')),
    boxes: [alice.device.key, laptop.key].map((key) => ({ device: key, box: new Uint8Array(80).fill(7) })),
  }
  const removed = recordOf(
    two,
    [{ type: 'remove-member', member: bob.member, cutoffs: [{ device: bob.device.key, seq: 300 }] }],
    [alice.device],
    rotation,
  )
  const { circle } = list
  const first = fieldsOf({ circle, device: alice.device, seq: 1, timestamp: NEW_YEAR + 5000, text: 'Grüße, 世界 👋' })
  const mark = (label: string) => seedOf(label).slice(0, 16)
  const alive = signAlive(
    circle,
    alice.device.key,
    { asked: mark('mark'), run: NEW_YEAR, mark: mark('other mark') },
    alice.device.sign,
  )
  const firstNode = makeNode(crypto, first, alice.device.sign)
  const second = {
    ...first,
    seq: 2,
    backlink: firstNode.id,
    timestamp: first.timestamp + 1,
    epoch: 1,
    kind: 2,
    body: fromHex(`${firstNode.id}026f6b`),
  }
  const strange = {
    ...first,
    seq: 70_000,
    backlink: 'ab'.repeat(32) as NodeId,
    timestamp: TIME_MS_MAX,
    epoch: 300,
    kind: 0xffff,
    body: new Uint8Array(253).fill(1),
  }
  const secret = seedOf('invite').slice(0, 16)
  const capability = signCapability(
    crypto,
    {
      invite: inviteIdOf(crypto, secret),
      circle,
      circleName: 'Lab',
      inviterName: 'Alice',
      inviter: alice.device.key,
      epoch: 1,
      expiresAt: NEW_YEAR + 86_400_000,
      usesMax: 5,
      approval: 'ask',
    },
    alice.device.sign,
  )
  const link: InviteLink = { ...capability, secret, addresses: [{ host: '192.168.1.20', port: 49_737 }] }
  const request = {
    member: bob.member,
    name: 'Bob',
    device: bob.device.key,
    certificate: bob.sign(deviceMessage(circle, bob.member, bob.device.key)),
  }
  const slot = keyPairFromSeed(inviteSlotSeed(crypto, secret, 0))
  const signed = {
    ...request,
    proof: bob.device.sign(joinProofMessage(crypto, circle, capability.invite, request)),
    slot: toHex(slot.publicKey) as DeviceKey,
    ticket: signer(slot)(ticketMessage(circle, capability.invite, bob.device.key)),
  }
  const noticeOf = (body: NoticeBody) =>
    toHex(makeNotice(crypto, circle, body, alice.device.key, alice.device.sign).bytes)
  const ballot = { round: 3, by: alice.device.key }
  const value = { id: toHex(crypto.hash(fromHex('0a0b'))) as EpochId, bytes: fromHex('0a0b') }
  const statement = (s: Statement) =>
    noticeOf({ type: 'agreement', number: 2, previous: two.epochIds[1]!, statement: s })
  const from = alice.device.key
  const nodes = [firstNode, makeNode(crypto, second, alice.device.sign), makeNode(crypto, strange, alice.device.sign)]
  const ring = makeRing(crypto, two.epochIds[1]!, [alice.device.key, bob.device.key, laptop.key])
  const device = alice.device.key
  const seed = nodeSeed(crypto, ring, device, 300)!
  const head = firstNode.id
  const late: Late[] = [{ epoch: 1, author: 2, seq: 300, tree: 1 }]
  const unsigned = { device, at: 1_767_225_605_000, digest: seedOf('digest'), late }
  const signature = alice.device.sign(checkpointMessage(circle, unsigned))
  return {
    keys: { root: alice.member, device },
    nodes: nodes.map((node) => ({ id: node.id, signature: toHex(node.signature), bytes: toHex(node.bytes) })),
    genesis: { id: genesis.id, bytes: toHex(genesis.bytes) },
    epochs: [admitted, removed].map((r) => ({ id: r.id, bytes: toHex(r.bytes) })),
    capability: toHex(encodeCapability(capability)),
    link: encodeLink(crypto, link),
    deviceLink: encodeLink(crypto, link, true),
    ring: { order: ring.order, fingers: ring.fingers },
    seed: { s0: seed.s0, s1: seed.s1, stripe: seed.stripe, author: seed.author, jump: seed.jump },
    messages: {
      hello: toHex(encodeMessage({ type: 'hello', version: 1, epoch: 1, epochId: two.epochIds[1]!, app: '0.1.0' })),
      node: toHex(encodeMessage({ type: 'node', tree: 1, brief: true, lo: 0, len: 253, bytes: fromHex('0102') })),
      part: toHex(encodeMessage({ type: 'part', tree: 0, lo: 1, len: 2, id: head })),
      ack: toHex(encodeMessage({ type: 'ack', tree: 0, mark: markOf(head) })),
      digest: toHex(encodeMessage({ type: 'digest', epoch: 1, cut: 253, digest: seedOf('digest') })),
      same: toHex(encodeMessage({ type: 'same', digest: seedOf('digest') })),
      have: toHex(encodeMessage({ type: 'have', question: true, cut: 0, entries: [{ device, height: 65_536, head }] })),
      pull: toHex(encodeMessage({ type: 'pull', ranges: [{ device, from: 1, to: 252 }] })),
      run: toHex(
        encodeMessage({ type: 'run', device, from: 1, to: 2, nodes: packNodes([fromHex('03'), fromHex('04')]) }),
      ),
      epochsWant: toHex(encodeMessage({ type: 'epochs-want', after: 0 })),
      epochs: toHex(encodeMessage({ type: 'epochs', records: [fromHex('05')] })),
      announce: toHex(
        encodeMessage({ type: 'announce', epoch: 1, author: 2, seq: 300, mark: markOf(head), lo: 1, len: 2 }),
      ),
      checkpoints: toHex(
        encodeMessage({
          type: 'checkpoints',
          epoch: 1,
          at: 1_767_225_605_000,
          digest: seedOf('digest'),
          entries: [{ signer: 1, lo: 0, len: 3, late, signature }],
        }),
      ),
      noticesHave: toHex(encodeMessage({ type: 'notices-have', ids: ['ab'.repeat(16)] })),
      notices: toHex(encodeMessage({ type: 'notices', notices: [fromHex('07')] })),
      secretWant: toHex(encodeMessage({ type: 'secret-want' })),
      secret: toHex(encodeMessage({ type: 'secret', secret: seedOf('secret') })),
      branchWant: toHex(encodeMessage({ type: 'branch-want', device, to: 300 })),
      branch: toHex(encodeMessage({ type: 'branch', device, nodes: [fromHex('08')] })),
      runMark: toHex(encodeMessage({ type: 'run-mark', mark: mark('mark') })),
      aliveWant: toHex(encodeMessage({ type: 'alive-want', mark: mark('mark') })),
      alive: toHex(encodeMessage({ type: 'alive', ...alive })),
    },
    notices: {
      prepare: statement({ type: 'prepare', from, ballot }),
      promise: statement({ type: 'promise', from, ballot, accepted: { ballot: { round: 0, by: from }, value } }),
      propose: statement({ type: 'propose', from, ballot, value }),
      accept: statement({ type: 'accept', from, ballot, id: value.id, signature: new Uint8Array(64).fill(9) }),
      invite: noticeOf({
        type: 'invite',
        capability,
        beaconKey: seedOf('beacon'),
        topic: seedOf('topic'),
        slots: [signed.slot],
      }),
      revocation: noticeOf({ type: 'revocation', invite: capability.invite, expiresAt: NEW_YEAR }),
      join: noticeOf({ type: 'join', invite: capability.invite, askedAt: NEW_YEAR, request: signed }),
      decline: noticeOf({ type: 'decline', device: bob.device.key, at: NEW_YEAR }),
      leave: noticeOf({ type: 'leave' }),
      drop: noticeOf({ type: 'drop', device: laptop.key }),
      fork: noticeOf({ type: 'fork', nodes: [firstNode, nodes[1]!] }),
    },
    join: {
      hello: toHex(encodeJoin({ type: 'join-hello', version: 1, invite: capability.invite })),
      info: toHex(encodeJoin({ type: 'join-info', capability: fromHex('01'), genesis: fromHex('02') })),
      request: toHex(encodeJoin({ type: 'join-request', ...signed })),
      pending: toHex(encodeJoin({ type: 'join-pending', by: 'Alice' })),
      deviceAsk: toHex(encodeJoin({ type: 'device-ask', device: laptop.key })),
      deviceCode: toHex(encodeJoin({ type: 'device-code', code: 482_913 })),
      deviceGranted: toHex(
        encodeJoin({ type: 'device-granted', member: alice.member, name: 'Alice', certificate: signed.certificate }),
      ),
      accepted: toHex(
        encodeJoin({ type: 'join-accepted', secret: seedOf('secret'), records: [fromHex('06')], more: true }),
      ),
      refused: toHex(encodeJoin({ type: 'join-refused', code: 'INVITE_REVOKED' })),
    },
  }
}
