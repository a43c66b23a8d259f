// What the holder of an invite and a member say to each other before the newcomer is on the list (rules M4, L3). It is a
// protocol of its own: a link whose remote key is not a member's device never reaches the members' messages.
import type { CircleId, DeviceKey, InviteId, MemberKey } from '../../shared/types'
import { DecodeError, Writer, decodeWhole, fromHex } from './codec'
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
}
export type JoinMessage =
  | { type: 'join-hello'; version: number; invite: InviteId }
  /** `capability`, `genesis`: encoded; the newcomer checks both, and that they belong together. */
  | { type: 'join-info'; capability: Uint8Array; genesis: Uint8Array }
  | ({ type: 'join-request' } & JoinRequest)
  | { type: 'join-pending'; by: string }
  /** The circle secret, and every epoch record from 1 to the first that contains the newcomer, or later. */
  | { type: 'join-accepted'; secret: Uint8Array; records: Uint8Array[]; more: boolean }
  | { type: 'join-refused'; code: JoinRefusal }

const GENESIS_BYTES_MAX = 1024
const CAPABILITY_BYTES_MAX = 2048
const RECORDS_MAX = 4096

/** What the device key signs to ask for membership. */
export const joinProofMessage = (
  crypto: Crypto,
  circle: CircleId,
  invite: InviteId,
  r: Omit<JoinRequest, 'proof'>,
): Uint8Array =>
  signedMessage(
    'join',
    fromHex(circle),
    fromHex(invite),
    crypto.hash(new Writer().hex(r.member, 32).text(r.name).hex(r.device, 32).fixed(r.certificate, 64).finish()),
  )

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
      w.uint(3).hex(m.member, 32).text(m.name).hex(m.device, 32).fixed(m.certificate, 64).fixed(m.proof, 64)
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
  }
  return w.finish()
}

/** One message a frame; null for anything else. */
export const decodeJoin = (bytes: Uint8Array): JoinMessage | null =>
  decodeWhole(bytes, (r): JoinMessage => {
    const name = () => {
      const text = r.text(NAME_BYTES_MAX)
      if (validName(text) !== text) throw new DecodeError('name')
      return text
    }
    switch (r.uint()) {
      case 1:
        return { type: 'join-hello', version: r.uint(), invite: r.hex(16) as InviteId }
      case 2:
        return { type: 'join-info', capability: r.bytes(CAPABILITY_BYTES_MAX), genesis: r.bytes(GENESIS_BYTES_MAX) }
      case 3:
        return {
          type: 'join-request',
          member: r.hex(32) as MemberKey,
          name: name(),
          device: r.hex(32) as DeviceKey,
          certificate: r.fixed(64),
          proof: r.fixed(64),
        }
      case 4:
        return { type: 'join-pending', by: name() }
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
      default:
        throw new DecodeError('message type')
    }
  })
