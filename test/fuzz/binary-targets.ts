// Decoders of the protocol's bytes. Signatures hold whatever they say (`gullible`), so that what lies behind them is reached;
// hashes are real.
import { decodeEntries, encodeEntries } from '../../main/protocol/cuts'
import { Writer, concat, decodeWhole } from '../../main/protocol/codec'
import type { Crypto } from '../../main/protocol/crypto'
import {
  decodeCapability,
  decodeLink,
  encodeCapability,
  encodeLink,
  inviteBeaconKey,
  inviteIdOf,
  inviteTopic,
  LINK_PREFIX,
  signCapability,
} from '../../main/protocol/invite'
import { labelledHash } from '../../main/protocol/crypto'
import { decodeJoin, encodeJoin, type JoinRequest } from '../../main/protocol/join-messages'
import { decodeContent, encodeContent, type Content } from '../../main/protocol/kinds'
import { EPOCH_BYTES_MAX } from '../../main/protocol/limits'
import { certifyEpoch, decodeEpoch, decodeProposal } from '../../main/protocol/epoch-record'
import { acceptEpoch, checkProposal } from '../../main/protocol/epochs'
import { decodeGenesis, makeGenesis } from '../../main/protocol/genesis'
import { decodeFrame, encodeMessage, readLate, writeLate } from '../../main/protocol/messages'
import { decodeNode, makeNode } from '../../main/protocol/node'
import {
  decodeNotice,
  forkHolds,
  judgeNotice,
  makeNotice,
  outranks,
  slotOf,
  type NoticeBody,
} from '../../main/protocol/notices'
import { verifyNode } from '../../main/protocol/verify'
import { packNodes } from '../../main/protocol/packed'
import { goldenValues } from '../protocol/golden-values'
import {
  NEW_YEAR,
  admitMember,
  crypto,
  makeCircle,
  makePerson,
  recordOf,
  rotationFor,
  seedOf,
  writeTimeline,
} from '../support/people'
import type { DeviceKey } from '../../shared/types'
import { Finding, sameBytes, tokens, utf8, type Target } from './target'

export const gullible: Crypto = { ...crypto, verify: () => true }
export const circle = makeCircle(4, 'Fuzz')
const { list, people, records } = circle
const [ann, bob, carol] = people as [(typeof people)[0], (typeof people)[0], (typeof people)[0]]
const nodes = writeTimeline(list.circle, bob.device, 4, { epoch: 1 })
const [first, second] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
const fork = writeTimeline(list.circle, bob.device, 1, { epoch: 1, label: 'other' })[0]!
const secret = seedOf('invite').slice(0, 16)
const sig = new Uint8Array(64).fill(7)
export const capability = signCapability(
  crypto,
  {
    invite: inviteIdOf(crypto, secret),
    circle: list.circle,
    circleName: 'Fuzz',
    inviterName: 'Ann',
    inviter: ann.device.key,
    epoch: list.epoch,
    expiresAt: NEW_YEAR + 86_400_000,
    usesMax: 2,
    approval: 'ask',
  },
  ann.device.sign,
)
export const link = encodeLink(crypto, { ...capability, secret, addresses: [{ host: '192.168.1.20', port: 4000 }] })
const dora = makePerson('Dora')
const request: JoinRequest = {
  member: dora.member,
  name: 'Dora',
  device: dora.device.key,
  certificate: sig,
  proof: sig,
  slot: carol.device.key,
  ticket: sig,
}
const removal = [{ type: 'remove-member' as const, member: bob.member, cutoffs: [{ device: bob.device.key, seq: 2 }] }]
const later = [
  recordOf(list, [admitMember(list, dora)], [ann.device]),
  recordOf(list, removal, [ann.device], rotationFor(list, removal)),
  recordOf(list, [{ type: 'set-role', member: carol.member, role: 'admin' }], [ann.device]),
]
const proposals = later.map(({ signatures: _s, bytes: _b, ballot: _ba, ...proposal }) => {
  // A record is its unsigned part as bytes, then the certificate.
  const { bytes } = certifyEpoch(proposal, { round: 0, by: ann.device.key }, [])
  return decodeWhole(bytes, (r) => {
    const inner = r.bytes(EPOCH_BYTES_MAX)
    r.fixed(r.left)
    return inner
  })!
})
const ballot = { round: 1, by: ann.device.key }
const value = { id: later[0]!.id, bytes: proposals[0]! }
const said = { ballot, from: ann.device.key }
const agreement = { type: 'agreement' as const, number: list.epoch + 1, previous: list.epochIds[list.epoch]! }
const bodies: NoticeBody[] = [
  { ...agreement, statement: { type: 'prepare', ...said } },
  { ...agreement, statement: { type: 'promise', ...said, accepted: { ballot, value } } },
  { ...agreement, statement: { type: 'propose', ...said, value } },
  { ...agreement, statement: { type: 'accept', ...said, id: value.id, signature: sig } },
  {
    type: 'invite',
    capability,
    beaconKey: inviteBeaconKey(crypto, secret),
    topic: inviteTopic(crypto, secret),
    slots: [carol.device.key, dora.device.key],
  },
  { type: 'revocation', invite: capability.invite, expiresAt: NEW_YEAR },
  { type: 'join', invite: capability.invite, askedAt: NEW_YEAR, request },
  { type: 'decline', device: dora.device.key, at: NEW_YEAR },
  { type: 'leave' },
  { type: 'drop', device: bob.device.key },
  { type: 'fork', nodes: first.id < fork.id ? [first, fork] : [fork, first] },
]
const notices = bodies.map((body) => makeNotice(crypto, list.circle, body, ann.device.key, ann.device.sign))
const invite = notices[4]!
const KEYS = [ann, bob, carol].flatMap(({ member, device }) => [
  Buffer.from(member, 'hex'),
  Buffer.from(device.key, 'hex'),
])
const IDS = [list.circle, ...list.epochIds, first.id].map((id) => Buffer.from(id, 'hex'))

/** Every frozen encoding of the protocol: whoever adds a message to the golden vectors has it fuzzed. */
const frozen = (of: Readonly<Record<string, string>>): Uint8Array[] =>
  Object.values(of).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))
const golden = goldenValues()

const contents: Content[] = [
  { kind: 'post', text: 'Hello' },
  { kind: 'reply', target: first.id, text: 'Hello **again**' },
  { kind: 'reaction', target: first.id, text: '👍' },
  { kind: 'edit', target: first.id, text: 'Hallo' },
  { kind: 'retract', target: first.id },
  { kind: 'profile', name: 'Ann' },
]

export const frames = () => {
  const messages = [
    ...frozen(golden.messages),
    encodeMessage({ type: 'node', tree: 0, brief: false, lo: 1, len: 3, bytes: first.bytes }),
    encodeMessage({
      type: 'run',
      device: bob.device.key,
      from: 1,
      to: 2,
      nodes: packNodes([first.bytes, second.bytes]),
    }),
    encodeMessage({ type: 'epochs', records: records.map((r) => r.bytes) }),
    encodeMessage({ type: 'notices', notices: notices.map((n) => n.bytes) }),
    encodeMessage({ type: 'pull', ranges: [{ device: bob.device.key, from: 1, to: 128 }] }),
  ]
  return [...messages, concat(...messages)]
}

export const binaryTargets: Target[] = [
  {
    name: 'frame',
    seeds: frames(),
    tokens: [...KEYS, ...IDS],
    bytesMax: 16_384,
    run(input) {
      const messages = decodeFrame(input)
      return messages ? sameBytes(input, concat(...messages.map(encodeMessage))) : 'refused'
    },
  },
  {
    name: 'node',
    seeds: [...nodes.map((n) => n.bytes), fork.bytes],
    tokens: [...KEYS, ...IDS],
    bytesMax: 70_000,
    run(input) {
      const decoded = decodeNode(crypto, input)
      if (!decoded.ok) return 'refused'
      const { node } = decoded
      verifyNode(gullible, node, list, NEW_YEAR)
      forkHolds(gullible, list, [first, node])
      return sameBytes(input, makeNode(crypto, node, () => node.signature).bytes)
    },
  },
  {
    // The first byte is the kind.
    name: 'content',
    seeds: contents.map(encodeContent).map(({ kind, body }) => concat(Uint8Array.of(kind), body)),
    bytesMax: 1024,
    run(input) {
      const content = decodeContent(input[0] ?? 0, input.subarray(1))
      if (!content) return 'refused'
      const again = encodeContent(content)
      return sameBytes(input, concat(Uint8Array.of(again.kind), again.body))
    },
  },
  {
    name: 'genesis',
    seeds: [list.genesis.bytes],
    tokens: KEYS,
    bytesMax: 1500,
    run(input) {
      const genesis = decodeGenesis(gullible, input)
      return genesis ? sameBytes(input, makeGenesis(crypto, genesis, () => input.slice(-64)).bytes) : 'refused'
    },
  },
  {
    name: 'record',
    seeds: [...records, ...later].map((r) => r.bytes),
    tokens: [...KEYS, ...IDS, capability.invite].map((token) =>
      typeof token === 'string' ? Buffer.from(token, 'hex') : token,
    ),
    bytesMax: 8192,
    run(input) {
      const record = decodeEpoch(crypto, input)
      if (!record) return 'refused'
      acceptEpoch(gullible, list, record)
      const { signatures, bytes: _bytes, ballot: at, ...proposal } = record
      checkProposal(gullible, list, proposal)
      return sameBytes(input, certifyEpoch(proposal, at, signatures).bytes)
    },
  },
  {
    name: 'proposal',
    seeds: proposals,
    tokens: [...KEYS, ...IDS],
    bytesMax: 8192,
    run(input) {
      const proposal = decodeProposal(crypto, input)
      if (!proposal) return 'refused'
      checkProposal(gullible, list, proposal)
      const { bytes } = certifyEpoch(proposal, ballot, [])
      return sameBytes(new Writer().bytes(input).finish(), bytes.subarray(0, bytes.length - 34))
    },
  },
  {
    name: 'notice',
    seeds: [...notices.map((n) => n.bytes), ...frozen(golden.notices)],
    tokens: [...KEYS, ...IDS],
    bytesMax: 8192,
    run(input) {
      const notice = decodeNotice(gullible, list.circle, input)
      if (!notice) return 'refused'
      const known = invite.type === 'invite' ? { notice: invite, revoked: false } : null
      judgeNotice(gullible, list, () => known, notice, NEW_YEAR)
      for (const other of notices) if (slotOf(other) === slotOf(notice)) outranks(notice, other)
      return sameBytes(input, makeNotice(crypto, list.circle, notice, notice.signer, () => input.slice(-64)).bytes)
    },
  },
  {
    name: 'join',
    seeds: [
      ...frozen(golden.join),
      encodeJoin({ type: 'join-hello', version: 1, invite: capability.invite }),
      encodeJoin({ type: 'join-info', capability: encodeCapability(capability), genesis: list.genesis.bytes }),
      encodeJoin({ type: 'join-request', ...request }),
      encodeJoin({ type: 'join-pending', by: 'Ann or Bob' }),
      encodeJoin({ type: 'join-accepted', secret: seedOf('s'), records: records.map((r) => r.bytes), more: false }),
      encodeJoin({ type: 'join-refused', code: 'INVITE_EXPIRED' }),
    ],
    tokens: KEYS,
    bytesMax: 8192,
    run(input) {
      const message = decodeJoin(input)
      return message ? sameBytes(input, encodeJoin(message)) : 'refused'
    },
  },
  {
    name: 'capability',
    seeds: [encodeCapability(capability)],
    tokens: KEYS,
    bytesMax: 2100,
    run(input) {
      const decoded = decodeCapability(gullible, input)
      return decoded ? sameBytes(input, encodeCapability(decoded)) : 'refused'
    },
  },
  {
    // What stands in a link, with the right check at its end: mutations of the text alone would never get past it.
    name: 'link-content',
    seeds: [Uint8Array.from(Buffer.from(link.slice(LINK_PREFIX.length), 'base64url')).slice(0, -4)],
    tokens: KEYS,
    bytesMax: 2600,
    run(input) {
      const check = labelledHash(crypto, 'link', input).subarray(0, 4)
      const text = LINK_PREFIX + Buffer.from(concat(input, check)).toString('base64url')
      // The invite's id is a hash of its secret; where that fails nothing behind it would be read.
      const decoded = decodeLink(gullible, text)
      if (!decoded.ok) return 'refused'
      if (encodeLink(crypto, decoded.link) !== text) throw new Finding(`another link says the same: ${text}`)
      return 'same'
    },
  },
  {
    name: 'vector',
    seeds: [
      encodeEntries(
        people
          .map(({ device }) => device.key)
          .sort()
          .map((device: DeviceKey, i) => ({ device, height: i + 1, head: first.id })),
      ),
    ],
    tokens: KEYS,
    bytesMax: 4096,
    run(input) {
      const vector = decodeEntries(crypto, input)
      return vector ? sameBytes(input, encodeEntries(vector.entries)) : 'refused'
    },
  },
  {
    name: 'late',
    seeds: [
      (() => {
        const w = new Writer()
        writeLate(w, [
          { epoch: 1, author: 2, seq: 3, tree: 0 },
          { epoch: 1, author: 3, seq: 300, tree: 1 },
        ])
        return w.finish()
      })(),
    ],
    bytesMax: 512,
    run(input) {
      const late = decodeWhole(input, readLate)
      if (!late) return 'refused'
      const w = new Writer()
      writeLate(w, late)
      return sameBytes(input, w.finish())
    },
  },
]
export const linkTokens = tokens(LINK_PREFIX, 'twofold://', 'twofold:', '<', '>', '\n', ' ', '=', '%2F')
export const linkSeed = utf8(link)
export { nodes as timeline }
