// What the holder of an invite and a member say to each other before the newcomer is on the list (rules M4, L3). It is a
// protocol of its own: a link whose remote key is not a member's device never reaches the members' messages. A further
// device of a member, which has no root key to certify itself with, first asks the device that showed it the code.
import type { CircleId, DeviceKey, InviteId, MemberKey } from '../../shared/types'
import { DecodeError, Writer, decodeWhole, fromHex, type Reader } from './codec'
import { signedMessage, type Crypto } from './crypto'
import { validName } from './kinds'
import { EPOCH_BYTES_MAX, NAME_BYTES_MAX } from './limits'

/** Why a request to join ended. */
export const JOIN_REFUSALS = [
  'INVITE_EXPIRED',
  'INVITE_USED_UP',
  'INVITE_REVOKED',
  'INVITE_UNKNOWN',
  'JOIN_REFUSED',
  'JOIN_PROOF_INVALID',
  'PROTOCOL_VERSION',
] as const
export type JoinRefusal = (typeof JOIN_REFUSALS)[number]

export interface JoinRequest {
  member: MemberKey
  name: string
  device: DeviceKey
  /** The member's root key certifies the device for this circle. */
  certificate: Uint8Array
  /** The device key signs the whole request, so nobody can ask in its name. */
  proof: Uint8Array
  /** Public key of the use of the invite (rule M4), and its signature: whoever asks holds the invite's secret. */
  slot: DeviceKey
  ticket: Uint8Array
}
/** What the device asks for, before it and the invite's slot have signed it. */
export type UnsignedRequest = Omit<JoinRequest, 'proof' | 'slot' | 'ticket'>
export type JoinMessage =
  | { type: 'join-hello'; version: number; invite: InviteId }
  /** `capability`, `genesis`: encoded; the newcomer checks both, and that they belong together. */
  | { type: 'join-info'; capability: Uint8Array; genesis: Uint8Array }
  | ({ type: 'join-request' } & JoinRequest)
  | { type: 'join-pending'; by: string }
  /**
   * The circle secret, and every epoch record from 1 on. The newcomer is on the list that they make, or else provisional:
   * let in to read, until the admins have agreed.
   */
  | { type: 'join-accepted'; secret: Uint8Array; records: Uint8Array[]; more: boolean }
  | { type: 'join-refused'; code: JoinRefusal }
  /** A device without a member asks the inviter to take it as his. */
  | { type: 'device-ask'; device: DeviceKey }
  /** Digits that both devices show, so that the person knows which one he says yes to. */
  | { type: 'device-code'; code: number }
  /** The root key certifies the device for this circle; it joins with that. */
  | { type: 'device-granted'; member: MemberKey; name: string; certificate: Uint8Array }

const GENESIS_BYTES_MAX = 1024
/** Six digits: chosen by the old device for each asking one, so nothing can be tried beforehand. */
export const DEVICE_CODES = 1_000_000
const CAPABILITY_BYTES_MAX = 2048
const RECORDS_MAX = 4096

/** What the device key signs to ask for membership. */
export const joinProofMessage = (crypto: Crypto, circle: CircleId, invite: InviteId, r: UnsignedRequest): Uint8Array =>
  signedMessage(
    'join',
    fromHex(circle),
    fromHex(invite),
    crypto.hash(new Writer().hex(r.member, 32).text(r.name).hex(r.device, 32).fixed(r.certificate, 64).finish()),
  )

/** What the key of one use of an invite signs: this device, and no other, asks with it. */
export const ticketMessage = (circle: CircleId, invite: InviteId, device: DeviceKey): Uint8Array =>
  signedMessage('ticket', fromHex(circle), fromHex(invite), fromHex(device))

export function writeRequest(w: Writer, r: JoinRequest): Writer {
  return w
    .hex(r.member, 32)
    .text(r.name)
    .hex(r.device, 32)
    .fixed(r.certificate, 64)
    .fixed(r.proof, 64)
    .hex(r.slot, 32)
    .fixed(r.ticket, 64)
}
export const readRequest = (r: Reader): JoinRequest => ({
  member: r.hex(32) as MemberKey,
  name: readName(r),
  device: r.hex(32) as DeviceKey,
  certificate: r.fixed(64),
  proof: r.fixed(64),
  slot: r.hex(32) as DeviceKey,
  ticket: r.fixed(64),
})
function readName(r: Reader): string {
  const text = r.text(NAME_BYTES_MAX)
  if (validName(text) !== text) throw new DecodeError('name')
  return text
}

export function encodeJoin(m: JoinMessage): Uint8Array {
  const w = new Writer()
  switch (m.type) {
    case 'join-hello':
      w.uint(1).uint(m.version).hex(m.invite, 16)
      break
    case 'join-info':
      w.uint(2).bytes(m.capability).bytes(m.genesis)
      break
    case 'join-request':
      writeRequest(w.uint(3), m)
      break
    case 'join-pending':
      w.uint(4).text(m.by)
      break
    case 'join-accepted':
      w.uint(5).fixed(m.secret, 32).flag(m.more).uint(m.records.length)
      for (const record of m.records) w.bytes(record)
      break
    case 'join-refused':
      w.uint(6).uint(JOIN_REFUSALS.indexOf(m.code))
      break
    case 'device-ask':
      w.uint(7).hex(m.device, 32)
      break
    case 'device-code':
      w.uint(8).uint(m.code)
      break
    case 'device-granted':
      w.uint(9).hex(m.member, 32).text(m.name).fixed(m.certificate, 64)
      break
  }
  return w.finish()
}

/** One message a frame; null for anything else. */
export const decodeJoin = (bytes: Uint8Array): JoinMessage | null =>
  decodeWhole(bytes, (r): JoinMessage => {
    switch (r.uint()) {
      case 1:
        return { type: 'join-hello', version: r.uint(), invite: r.hex(16) as InviteId }
      case 2:
        return { type: 'join-info', capability: r.bytes(CAPABILITY_BYTES_MAX), genesis: r.bytes(GENESIS_BYTES_MAX) }
      case 3:
        return { type: 'join-request', ...readRequest(r) }
      case 4:
        return { type: 'join-pending', by: readName(r) }
      case 5: {
        const secret = r.fixed(32)
        const more = r.flag()
        return {
          type: 'join-accepted',
          secret,
          more,
          records: Array.from({ length: r.uint(RECORDS_MAX) }, () => r.bytes(EPOCH_BYTES_MAX)),
        }
      }
      case 6:
        return { type: 'join-refused', code: JOIN_REFUSALS[r.uint(JOIN_REFUSALS.length - 1)]! }
      case 7:
        return { type: 'device-ask', device: r.hex(32) as DeviceKey }
      case 8:
        return { type: 'device-code', code: r.uint(DEVICE_CODES - 1) }
      case 9:
        return {
          type: 'device-granted',
          member: r.hex(32) as MemberKey,
          name: readName(r),
          certificate: r.fixed(64),
        }
      default:
        throw new DecodeError('message type')
    }
  })
