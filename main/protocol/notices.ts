// Notices (rules M3, M4, M5, N6): what concerns the member list and is not yet on it. Each is signed, reaches every
// member through every other one, and is judged by each of them: the admins' agreement, invites and requests to join,
// wishes to leave or to be rid of a lost device, and proofs of equivocation. A notice stands in one place of the board
// (`slot`); a higher `rank` takes the place of a lower one. What is on the list already needs no notice any more.
import type { CircleId, DeviceKey, EpochId, InviteId } from '../../shared/types'
import { type Ballot, type Statement, type Value, type Vote } from './agreement'
import { DecodeError, Writer, concat, decodeWhole, fromHex, toHex, type Reader } from './codec'
import { labelledHash, signedMessage, type Crypto, type Sign } from './crypto'
import { INVITE_USES_MAX, capabilityHolds, encodeCapability, readCapability, type Capability } from './invite'
import { joinProofMessage, readRequest, ticketMessage, writeRequest, type JoinRequest } from './join-messages'
import { EPOCH_BYTES_MAX, NODE_BYTES_MAX, NOTICE_BYTES_MAX, NOTICE_ID_BYTES } from './limits'
import { epochMessage } from './epoch-record'
import {
  adminOf,
  currentMember,
  deviceMessage,
  isCurrentDevice,
  latestRemoval,
  usesOf,
  voters,
  type MemberList,
} from './membership'
import { decodeNode, type TimelineNode } from './node'
import { signatureHolds } from './verify'

const VERSION = 1
const SIGNATURE_BYTES = 64
/** A declined request is remembered for as long as an invite can live. */
const DECLINED_MS = 90 * 86_400_000
/** An expired invite is remembered while requests that were made in time may wait for an admin. */
const EXPIRED_MS = 30 * 86_400_000

export interface InviteNotice {
  capability: Capability
  /** Key of the beacon and topic by which holders find a member (rule M4); they do not give the secret away. */
  beaconKey: Uint8Array
  topic: Uint8Array
  /** Public keys of its uses: who connects with one of them may ask to join. */
  slots: DeviceKey[]
}
export type NoticeBody =
  | { type: 'agreement'; number: number; previous: EpochId; statement: Statement }
  | ({ type: 'invite' } & InviteNotice)
  | { type: 'revocation'; invite: InviteId; expiresAt: number }
  | { type: 'join'; invite: InviteId; askedAt: number; request: JoinRequest }
  | { type: 'decline'; device: DeviceKey; at: number }
  /** The signer's member wants to be off the list. */
  | { type: 'leave' }
  /** The signer's member wants another device of his off the list. */
  | { type: 'drop'; device: DeviceKey }
  /** Two nodes of one device with one seq (rule N6). */
  | { type: 'fork'; nodes: readonly [TimelineNode, TimelineNode] }
export type Notice = NoticeBody & { signer: DeviceKey; id: string; bytes: Uint8Array }

export type NoticeCode =
  | 'NOTICE_MALFORMED'
  | 'SIGNATURE_INVALID'
  | 'NOT_ADMIN'
  | 'DEVICE_REMOVED'
  | 'DEVICE_NOT_IN_EPOCH'
  | 'EPOCH_NOT_NEXT'
  | 'INVITE_UNKNOWN'
  | 'INVITE_REVOKED'
  | 'INVITE_EXPIRED'
  | 'INVITE_USED_UP'
  | 'JOIN_PROOF_INVALID'
  | 'JOIN_REFUSED'
  | 'FOUNDER_STAYS'
  | 'CERTIFICATE_INVALID'

// ---------------------------------------------------------------- encoding

const STATEMENT = { prepare: 1, promise: 2, propose: 3, accept: 4 } as const
const TYPE = { agreement: 1, invite: 2, revocation: 3, join: 4, decline: 5, leave: 6, drop: 7, fork: 8 } as const

function writeBody(w: Writer, body: NoticeBody): void {
  w.uint(TYPE[body.type])
  switch (body.type) {
    case 'agreement': {
      const { statement: s } = body
      w.uint(body.number).hex(body.previous, 32).uint(STATEMENT[s.type]).uint(s.ballot.round).hex(s.ballot.by, 32)
      if (s.type === 'propose') w.bytes(s.value.bytes)
      if (s.type === 'accept') w.hex(s.id, 32).fixed(s.signature, SIGNATURE_BYTES)
      if (s.type === 'promise') {
        w.flag(s.accepted !== null)
        if (s.accepted) w.uint(s.accepted.ballot.round).hex(s.accepted.ballot.by, 32).bytes(s.accepted.value.bytes)
      }
      return
    }
    case 'invite':
      w.bytes(encodeCapability(body.capability)).fixed(body.beaconKey, 32).fixed(body.topic, 32).uint(body.slots.length)
      for (const slot of body.slots) w.hex(slot, 32)
      return
    case 'revocation':
      w.hex(body.invite, 16).uint(body.expiresAt)
      return
    case 'join':
      writeRequest(w.hex(body.invite, 16).uint(body.askedAt), body.request)
      return
    case 'decline':
      w.hex(body.device, 32).uint(body.at)
      return
    case 'leave':
      return
    case 'drop':
      w.hex(body.device, 32)
      return
    case 'fork':
      for (const node of body.nodes) w.bytes(node.bytes)
      return
  }
}

function readBody(r: Reader, crypto: Crypto, signer: () => DeviceKey): NoticeBody {
  const device = () => r.hex(32) as DeviceKey
  const ballot = (): Ballot => ({ round: r.uint(), by: device() })
  const value = (): Value => {
    const bytes = r.bytes(EPOCH_BYTES_MAX)
    return { id: toHex(crypto.hash(bytes)) as EpochId, bytes }
  }
  switch (r.uint()) {
    case TYPE.agreement: {
      const number = r.uint()
      const previous = r.hex(32) as EpochId
      const type = r.uint()
      const attempt = ballot()
      const said = { ballot: attempt, from: signer() }
      const statement = ((): Statement => {
        switch (type) {
          case STATEMENT.prepare:
            return { type: 'prepare', ...said }
          case STATEMENT.promise: {
            const accepted: Vote | null = r.flag() ? { ballot: ballot(), value: value() } : null
            return { type: 'promise', ...said, accepted }
          }
          case STATEMENT.propose:
            return { type: 'propose', ...said, value: value() }
          case STATEMENT.accept:
            return { type: 'accept', ...said, id: r.hex(32) as EpochId, signature: r.fixed(SIGNATURE_BYTES) }
          default:
            throw new DecodeError('statement')
        }
      })()
      return { type: 'agreement', number, previous, statement }
    }
    case TYPE.invite: {
      const capability = decodeWhole(r.bytes(2048), readCapability)
      if (!capability) throw new DecodeError('capability')
      const beaconKey = r.fixed(32)
      const topic = r.fixed(32)
      const slots = Array.from({ length: r.uint(INVITE_USES_MAX) }, device)
      return { type: 'invite', capability, beaconKey, topic, slots }
    }
    case TYPE.revocation:
      return { type: 'revocation', invite: r.hex(16) as InviteId, expiresAt: r.time() }
    case TYPE.join:
      return { type: 'join', invite: r.hex(16) as InviteId, askedAt: r.time(), request: readRequest(r) }
    case TYPE.decline:
      return { type: 'decline', device: device(), at: r.time() }
    case TYPE.leave:
      return { type: 'leave' }
    case TYPE.drop:
      return { type: 'drop', device: device() }
    case TYPE.fork: {
      const node = () => {
        const decoded = decodeNode(crypto, r.bytes(NODE_BYTES_MAX))
        if (!decoded.ok) throw new DecodeError('node')
        return decoded.node
      }
      return { type: 'fork', nodes: [node(), node()] }
    }
    default:
      throw new DecodeError('notice type')
  }
}

const noticeMessage = (crypto: Crypto, circle: CircleId, unsigned: Uint8Array) =>
  signedMessage('notice', fromHex(circle), crypto.hash(unsigned))
const idOf = (crypto: Crypto, unsigned: Uint8Array) =>
  toHex(labelledHash(crypto, 'notice', unsigned).subarray(0, NOTICE_ID_BYTES))

/** The id that these bytes have if they are a notice; costs a hash and no signature. */
export const noticeIdOf = (crypto: Crypto, bytes: Uint8Array): string =>
  idOf(crypto, bytes.subarray(0, Math.max(0, bytes.length - SIGNATURE_BYTES)))

export function makeNotice(crypto: Crypto, circle: CircleId, body: NoticeBody, signer: DeviceKey, sign: Sign): Notice {
  const w = new Writer().uint(VERSION).hex(signer, 32)
  writeBody(w, body)
  const unsigned = w.finish()
  const bytes = concat(unsigned, sign(noticeMessage(crypto, circle, unsigned)))
  return { ...body, signer, id: idOf(crypto, unsigned), bytes }
}

/** Decodes a notice of this circle and checks its signature; null for anything else. */
export function decodeNotice(crypto: Crypto, circle: CircleId, bytes: Uint8Array): Notice | null {
  if (bytes.length > NOTICE_BYTES_MAX) return null
  const decoded = decodeWhole(bytes, (r) => {
    if (r.uint() !== VERSION) throw new DecodeError('version')
    const signer = r.hex(32) as DeviceKey
    const body = readBody(r, crypto, () => signer)
    const unsigned = bytes.subarray(0, r.at)
    return { body, signer, unsigned, signature: r.fixed(SIGNATURE_BYTES) }
  })
  if (!decoded) return null
  const { body, signer, unsigned, signature } = decoded
  if (!crypto.verify(signature, noticeMessage(crypto, circle, unsigned), fromHex(signer))) return null
  return { ...body, signer, id: idOf(crypto, unsigned), bytes }
}

// ---------------------------------------------------------------- places

/** Where a notice stands on the board. */
export function slotOf(notice: NoticeBody & { signer: DeviceKey }): string {
  switch (notice.type) {
    case 'agreement':
      return `agreement ${notice.statement.type} ${notice.signer}`
    case 'invite':
      return `invite ${notice.capability.invite}`
    case 'revocation':
      return `revocation ${notice.invite}`
    case 'join':
      return `join ${notice.request.device}`
    case 'decline':
      return `decline ${notice.device}`
    case 'leave':
      return `leave ${notice.signer}`
    case 'drop':
      return `drop ${notice.device}`
    case 'fork':
      return `fork ${notice.nodes[0].device}`
  }
}

/** Whether `a` takes the place of `b`: what was said later in an agreement, the earliest proof of a fork. */
export function outranks(a: NoticeBody, b: NoticeBody): boolean {
  if (a.type === 'agreement' && b.type === 'agreement') {
    const [x, y] = [a.statement.ballot, b.statement.ballot]
    return a.number - b.number || x.round - y.round
      ? a.number > b.number || (a.number === b.number && x.round > y.round)
      : x.by > y.by
  }
  return a.type === 'fork' && b.type === 'fork' && a.nodes[0].seq < b.nodes[0].seq
}

// ---------------------------------------------------------------- judging

/** What is known of an invite. */
export interface KnownInvite {
  notice: InviteNotice
  revoked: boolean
}

/** Why an invite lets nobody in (any more), or null. `now`: ms since 1970 UTC. */
export function inviteCode(list: MemberList, invite: KnownInvite | null, now: number) {
  if (!invite) return 'INVITE_UNKNOWN' as const
  const { capability } = invite.notice
  if (invite.revoked || capability.epoch < latestRemoval(list) || !isCurrentDevice(list, capability.inviter))
    return 'INVITE_REVOKED' as const
  if (now >= capability.expiresAt) return 'INVITE_EXPIRED' as const
  return usesOf(list, capability.invite) >= capability.usesMax ? ('INVITE_USED_UP' as const) : null
}

/** Whether device, member and holder of the invite have all signed a request to join. */
export function requestHolds(crypto: Crypto, list: MemberList, invite: InviteId, request: JoinRequest): boolean {
  const { member, device, certificate, proof, slot, ticket } = request
  return (
    crypto.verify(certificate, deviceMessage(list.circle, member, device), fromHex(member)) &&
    crypto.verify(proof, joinProofMessage(crypto, list.circle, invite, request), fromHex(device)) &&
    crypto.verify(ticket, ticketMessage(list.circle, invite, device), fromHex(slot))
  )
}

/**
 * Why somebody does not get in by an invite that is open, or null. An admin's invite is for anybody; a plain member's only
 * for further devices of those who are members already, whose root keys vouch for them.
 */
export function requestCode(list: MemberList, inviter: DeviceKey, request: Pick<JoinRequest, 'member' | 'device'>) {
  if (list.devices.has(request.device)) return 'JOIN_REFUSED' as const
  return adminOf(list, inviter) || currentMember(list, request.member) ? null : ('NOT_ADMIN' as const)
}

/**
 * Why a notice is not kept, or null. It is judged by the list as it is here and by the invites known here; what fits a
 * later list comes again when that list is here. `now`: ms since 1970 UTC.
 */
export function judgeNotice(
  crypto: Crypto,
  list: MemberList,
  inviteOf: (invite: InviteId) => KnownInvite | null,
  notice: Notice,
  now: number,
): NoticeCode | null {
  const signer = list.devices.get(notice.signer)
  if (!signer) return 'DEVICE_NOT_IN_EPOCH'
  if (!isCurrentDevice(list, notice.signer)) return 'DEVICE_REMOVED'
  const admin = adminOf(list, notice.signer) !== null
  switch (notice.type) {
    case 'agreement':
      return agreementCode(crypto, list, notice)
    case 'invite': {
      const { capability, slots } = notice
      if (capability.circle !== list.circle || capability.inviter !== notice.signer) return 'NOTICE_MALFORMED'
      if (slots.length !== capability.usesMax || !capabilityHolds(crypto, capability)) return 'NOTICE_MALFORMED'
      const code = inviteCode(list, { notice, revoked: inviteOf(capability.invite)?.revoked ?? false }, now)
      if (code === 'INVITE_EXPIRED' && now < capability.expiresAt + EXPIRED_MS) return null
      return code === 'INVITE_USED_UP' ? null : code
    }
    case 'revocation':
      if (!admin && inviteOf(notice.invite)?.notice.capability.inviter !== notice.signer) return 'NOT_ADMIN'
      return now < notice.expiresAt ? null : 'INVITE_EXPIRED'
    case 'join': {
      const { request, invite: id } = notice
      const invite = inviteOf(id)
      // Somebody who brings another device of his is let in by his own root key, whatever has become of the uses.
      const code = inviteCode(list, invite, now)
      // Made in time, and for an admin to decide, or vouched for by a member's own root key: that takes as long as it takes.
      const inTime =
        invite !== null &&
        (invite.notice.capability.approval === 'ask' || currentMember(list, request.member) !== null) &&
        notice.askedAt < invite.notice.capability.expiresAt
      if (
        code &&
        !(code === 'INVITE_USED_UP' && currentMember(list, request.member)) &&
        !(code === 'INVITE_EXPIRED' && inTime)
      )
        return code
      const refused = requestCode(list, invite!.notice.capability.inviter, request)
      if (refused) return refused
      if (!invite!.notice.slots.includes(request.slot)) return 'JOIN_PROOF_INVALID'
      return requestHolds(crypto, list, id, request) ? null : 'JOIN_PROOF_INVALID'
    }
    case 'decline':
      if (!admin) return 'NOT_ADMIN'
      return now - notice.at < DECLINED_MS ? null : 'INVITE_EXPIRED'
    case 'leave':
      return list.members.get(signer.member)?.founder ? 'FOUNDER_STAYS' : null
    case 'drop': {
      const device = list.devices.get(notice.device)
      if (!device || !isCurrentDevice(list, notice.device)) return 'DEVICE_REMOVED'
      return device.member === signer.member && notice.device !== notice.signer ? null : 'NOT_ADMIN'
    }
    case 'fork':
      return forkHolds(crypto, list, notice.nodes) ? null : 'SIGNATURE_INVALID'
  }
}

function agreementCode(
  crypto: Crypto,
  list: MemberList,
  { number, previous, statement, signer }: Extract<Notice, { type: 'agreement' }>,
): NoticeCode | null {
  if (number !== list.epoch + 1 || previous !== list.epochIds[list.epoch]) return 'EPOCH_NOT_NEXT'
  switch (statement.type) {
    case 'prepare':
    case 'propose':
      return adminOf(list, signer) && statement.ballot.by === signer ? null : 'NOT_ADMIN'
    case 'promise':
      return voters(list).includes(signer) ? null : 'NOT_ADMIN'
    case 'accept': {
      if (!voters(list).includes(signer)) return 'NOT_ADMIN'
      const message = epochMessage(list.circle, statement.id, statement.ballot)
      return crypto.verify(statement.signature, message, fromHex(signer)) ? null : 'SIGNATURE_INVALID'
    }
  }
}

/** Rule N6: two different nodes that one device of the list signed for one place. */
export function forkHolds(crypto: Crypto, list: MemberList, [a, b]: readonly [TimelineNode, TimelineNode]): boolean {
  return (
    a.circle === list.circle &&
    b.circle === list.circle &&
    a.device === b.device &&
    a.seq === b.seq &&
    a.id < b.id &&
    list.devices.has(a.device) &&
    signatureHolds(crypto, a) &&
    signatureHolds(crypto, b)
  )
}

/**
 * Rule N6: the list as nodes are judged by. A device that signed two nodes for one place is frozen below it: nothing from
 * there on is accepted, by anybody, until the admins have decided.
 */
export function frozenList(list: MemberList, forks: readonly Extract<Notice, { type: 'fork' }>[]): MemberList {
  if (!forks.length) return list
  const devices = new Map(list.devices)
  for (const { nodes } of forks) {
    const device = devices.get(nodes[0].device)!
    devices.set(device.key, { ...device, cutoffSeq: Math.min(device.cutoffSeq ?? Infinity, nodes[0].seq - 1) })
  }
  return { ...list, devices }
}
