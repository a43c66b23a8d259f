// A record that changes the member list (rules M2, M5): its fields, its canonical bytes, and what its voters sign.
import type { CircleId, DeviceKey, EpochId, InviteId, MemberKey } from '../../shared/types'
import type { Ballot } from './agreement'
import { DecodeError, Reader, Writer, decodeWhole, fromHex, toHex, uint64 } from './codec'
import { labelledHash, signedMessage, type Crypto } from './crypto'
import { readName } from './genesis'
import { DEVICES_MAX, EPOCH_BYTES_MAX, EPOCH_CHANGES_MAX, EPOCH_SIGNATURES_MAX } from './limits'
import type { Change } from './membership'

const EPOCH_VERSION = 1
const SIGNATURE_BYTES = 64
/** libsodium's sealed box around the 32-byte circle secret. */
export const SEALED_SECRET_BYTES = 32 + 48

/** A new circle secret, sealed to each device that stays (rule M5). */
export interface SecretRotation {
  /** Labelled hash of the secret: whoever opens a box can tell that it is the right one. */
  hash: Uint8Array
  boxes: { device: DeviceKey; box: Uint8Array }[]
}
export interface EpochFields {
  circle: CircleId
  /** From 1; the genesis is epoch 0. */
  number: number
  /** Id of the record before: of number - 1, or for number 1 the circle's id. */
  previous: EpochId
  timestamp: number
  changes: Change[]
  rotation?: SecretRotation
}
export interface EpochRecord extends EpochFields {
  id: EpochId
  listHash: Uint8Array
  /** The ballot in which it was agreed on (rule M3). */
  ballot: Ballot
  /** By voting devices of the epoch before; in a recovery also by the root key of an admin who lost every device. */
  signatures: { signer: DeviceKey | MemberKey; signature: Uint8Array }[]
  /** Canonical bytes with the certificate. */
  bytes: Uint8Array
}

export const secretHash = (crypto: Crypto, secret: Uint8Array): Uint8Array => labelledHash(crypto, 'secret', secret)

function writeChange(w: Writer, change: Change): void {
  switch (change.type) {
    case 'admit-member':
      w.uint(1)
        .hex(change.member, 32)
        .text(change.name)
        .hex(change.device, 32)
        .fixed(change.certificate, SIGNATURE_BYTES)
        .flag(change.invite !== null)
      if (change.invite) w.hex(change.invite, 16)
      return
    case 'admit-device':
      w.uint(2).hex(change.member, 32).hex(change.device, 32).fixed(change.certificate, SIGNATURE_BYTES)
      return
    case 'remove-member':
      w.uint(3).hex(change.member, 32).uint(change.cutoffs.length)
      for (const cutoff of change.cutoffs) w.hex(cutoff.device, 32).uint(cutoff.seq)
      return
    case 'remove-device':
      w.uint(4).hex(change.device, 32).uint(change.seq)
      return
    case 'set-role':
      w.uint(5)
        .hex(change.member, 32)
        .flag(change.role === 'admin')
      return
  }
}

function readChange(r: Reader): Change {
  const type = r.uint()
  switch (type) {
    case 1:
      return {
        type: 'admit-member',
        member: r.hex(32) as MemberKey,
        name: readName(r),
        device: r.hex(32) as DeviceKey,
        certificate: r.fixed(SIGNATURE_BYTES),
        invite: r.flag() ? (r.hex(16) as InviteId) : null,
      }
    case 2:
      return {
        type: 'admit-device',
        member: r.hex(32) as MemberKey,
        device: r.hex(32) as DeviceKey,
        certificate: r.fixed(SIGNATURE_BYTES),
      }
    case 3: {
      const member = r.hex(32) as MemberKey
      const cutoffs = Array.from({ length: r.uint(DEVICES_MAX) }, () => ({
        device: r.hex(32) as DeviceKey,
        seq: r.uint(),
      }))
      return { type: 'remove-member', member, cutoffs }
    }
    case 4:
      return { type: 'remove-device', device: r.hex(32) as DeviceKey, seq: r.uint() }
    case 5:
      return { type: 'set-role', member: r.hex(32) as MemberKey, role: r.flag() ? 'admin' : 'member' }
    default:
      throw new DecodeError('change')
  }
}

export function unsignedEpoch(record: EpochFields & { listHash: Uint8Array }): Uint8Array {
  const w = new Writer()
    .uint(EPOCH_VERSION)
    .hex(record.circle, 32)
    .uint(record.number)
    .hex(record.previous, 32)
    .uint(record.timestamp)
  w.uint(record.changes.length)
  for (const change of record.changes) writeChange(w, change)
  w.fixed(record.listHash, 32).flag(record.rotation !== undefined)
  if (record.rotation) {
    w.fixed(record.rotation.hash, 32).uint(record.rotation.boxes.length)
    for (const { device, box } of record.rotation.boxes) w.hex(device, 32).fixed(box, SEALED_SECRET_BYTES)
  }
  return w.finish()
}

/** What a voter signs for one record in one ballot (rules M2, M3): votes of different ballots never add up. */
export const epochMessage = (circle: CircleId, id: EpochId, ballot: Ballot): Uint8Array =>
  signedMessage('epoch', fromHex(circle), fromHex(id), uint64(ballot.round), fromHex(ballot.by))

/** A proposal for the next epoch, not yet signed by anybody. `unsigned`: what its id is the hash of. */
export type Proposal = Omit<EpochRecord, 'signatures' | 'bytes' | 'ballot'> & { unsigned: Uint8Array }

/** Puts a certificate under a proposal. Whether it suffices is for `acceptEpoch` to say. */
export function certifyEpoch(
  proposal: Omit<Proposal, 'unsigned'>,
  ballot: Ballot,
  signatures: EpochRecord['signatures'],
): EpochRecord {
  const sorted = [...signatures].sort((a, b) => (a.signer < b.signer ? -1 : 1))
  const w = new Writer().bytes(unsignedEpoch(proposal)).uint(ballot.round).hex(ballot.by, 32).uint(sorted.length)
  for (const { signer, signature } of sorted) w.hex(signer, 32).fixed(signature, SIGNATURE_BYTES)
  return { ...proposal, ballot, signatures: sorted, bytes: w.finish() }
}

/** Decodes what a voter is asked to vote for; null when it is not canonical. */
export const decodeProposal = (crypto: Crypto, unsigned: Uint8Array): Proposal | null =>
  unsigned.length > EPOCH_BYTES_MAX ? null : decodeWhole(unsigned, (r) => readProposal(crypto, r, unsigned))

function readProposal(crypto: Crypto, r: Reader, unsigned: Uint8Array): Proposal {
  if (r.uint() !== EPOCH_VERSION) throw new DecodeError('version')
  const fields: EpochFields & { listHash: Uint8Array } = {
    circle: r.hex(32) as CircleId,
    number: r.uint(),
    previous: r.hex(32) as EpochId,
    timestamp: r.time(),
    changes: Array.from({ length: r.uint(EPOCH_CHANGES_MAX) }, () => readChange(r)),
    listHash: r.fixed(32),
  }
  if (r.flag()) {
    const hash = r.fixed(32)
    const boxes = Array.from({ length: r.uint(DEVICES_MAX) }, () => ({
      device: r.hex(32) as DeviceKey,
      box: r.fixed(SEALED_SECRET_BYTES),
    }))
    fields.rotation = { hash, boxes }
  }
  return { ...fields, id: toHex(crypto.hash(unsigned)) as EpochId, unsigned }
}

/** Decodes one record with its certificate from untrusted bytes; null when it is not canonical. Nothing is checked yet. */
export function decodeEpoch(crypto: Crypto, bytes: Uint8Array): EpochRecord | null {
  if (bytes.length > EPOCH_BYTES_MAX) return null
  return decodeWhole(bytes, (outer) => {
    const inner = outer.bytes(EPOCH_BYTES_MAX)
    const ballot = { round: outer.uint(), by: outer.hex(32) as DeviceKey }
    const signatures = Array.from({ length: outer.uint(EPOCH_SIGNATURES_MAX) }, () => ({
      signer: outer.hex(32) as DeviceKey | MemberKey,
      signature: outer.fixed(SIGNATURE_BYTES),
    }))
    for (let i = 1; i < signatures.length; i++)
      if (signatures[i - 1]!.signer >= signatures[i]!.signer) throw new DecodeError('signers not ascending')
    const r = new Reader(inner)
    const { unsigned: _unsigned, ...fields } = readProposal(crypto, r, inner)
    r.end()
    return { ...fields, ballot, signatures, bytes }
  })
}
