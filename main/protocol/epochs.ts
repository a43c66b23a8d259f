// Who may change the member list, and how (rules M2, M3, M5, N7): a record must follow the list, fit it, and be certified by the
// votes of a majority of the previous epoch's admins. How admins come to agree is in agreement.ts.
import type { DeviceKey, EpochId, MemberKey } from '../../shared/types'
import { equalBytes, fromHex, toHex } from './codec'
import type { Crypto } from './crypto'
import {
  epochMessage,
  unsignedEpoch,
  type EpochFields,
  type EpochRecord,
  type Proposal,
  type SecretRotation,
} from './epoch-record'
import { EPOCH_BYTES_MAX } from './limits'
import {
  admins,
  applyChanges,
  currentMember,
  devicesAt,
  devicesOf,
  hashOfList,
  isCurrentDevice,
  majority,
  voters,
  type Change,
  type ChangeCode,
  type MemberList,
} from './membership'

/** The record that would follow `list` with these changes. */
export function proposeEpoch(
  crypto: Crypto,
  list: MemberList,
  changes: Change[],
  timestamp: number,
  rotation?: SecretRotation,
): { ok: true; proposal: Proposal; list: MemberList } | { ok: false; code: ChangeCode } {
  // The list's hash does not depend on the record's id, so a placeholder does for the first pass.
  const placeholder = '' as EpochId
  const applied = applyChanges(crypto, list, changes, placeholder, timestamp)
  if (!applied.ok) return applied
  const fields: EpochFields & { listHash: Uint8Array } = {
    circle: list.circle,
    number: list.epoch + 1,
    previous: list.epochIds[list.epoch]!,
    timestamp: Math.max(timestamp, list.timestamp + 1),
    changes,
    listHash: hashOfList(crypto, applied.list),
    ...(rotation && { rotation }),
  }
  const unsigned = unsignedEpoch(fields)
  const id = toHex(crypto.hash(unsigned)) as EpochId
  const epochIds = [...list.epochIds, id]
  return {
    ok: true,
    proposal: { ...fields, id, unsigned },
    list: { ...applied.list, epochIds, timestamp: fields.timestamp },
  }
}

/** Why a certificate is none, each by itself: so that whoever looks at what was refused sees what somebody tried. */
export type CertificateCode =
  /** A signature that does not verify, or by a key that was never on the list. */
  | 'EPOCH_FORGED'
  /** Fewer votes than a majority of the admins. */
  | 'EPOCH_MINORITY'
  /** Signed by a device that had been removed. */
  | 'EPOCH_SIGNER_REMOVED'
  /** Signed by somebody who may not vote: a plain member, or a device that is not its admin's voting one. */
  | 'EPOCH_SIGNER_NO_ADMIN'
export type EpochCode =
  | 'EPOCH_MALFORMED'
  | 'EPOCH_NOT_NEXT'
  /** Of a number that is settled here, with other content. */
  | 'EPOCH_REPLAYED'
  | 'CIRCLE_OTHER'
  | CertificateCode
  | ChangeCode

/**
 * What anybody can say of a record before it is certified: it follows the list, its changes fit, and its list hash is
 * the one that results. A voter votes for nothing else.
 */
export function checkProposal(
  crypto: Crypto,
  list: MemberList,
  record: Omit<Proposal, 'unsigned'>,
): { ok: true; list: MemberList } | { ok: false; code: EpochCode } {
  if (record.circle !== list.circle) return { ok: false, code: 'CIRCLE_OTHER' }
  if (record.number !== list.epoch + 1 || record.previous !== list.epochIds[list.epoch])
    return { ok: false, code: 'EPOCH_NOT_NEXT' }
  if (record.timestamp <= list.timestamp || record.changes.length === 0)
    return { ok: false, code: 'EPOCH_CHANGE_INVALID' }
  const applied = applyChanges(crypto, list, record.changes, record.id, record.timestamp)
  if (!applied.ok) return applied
  if (!equalBytes(record.listHash, hashOfList(crypto, applied.list)) || !rotationFits(list, applied.list, record))
    return { ok: false, code: 'EPOCH_CHANGE_INVALID' }
  return applied
}

/**
 * Rule M5: whoever is removed knows the secret, so every removal brings a new one, sealed once to each device that was
 * there before and stays. Newcomers get it when they are let in.
 */
function rotationFits(
  before: MemberList,
  after: MemberList,
  { changes, rotation }: Pick<Proposal, 'changes' | 'rotation'>,
) {
  const removes = changes.some((c) => c.type === 'remove-member' || c.type === 'remove-device')
  if (!rotation) return !removes
  const boxes = new Set(rotation.boxes.map((b) => b.device))
  const newcomers = new Set(
    changes.flatMap((c) => (c.type === 'admit-device' || c.type === 'admit-member' ? c.device : [])),
  )
  return (
    boxes.size === rotation.boxes.length &&
    devicesAt(before).every((d) => boxes.has(d) === isCurrentDevice(after, d)) &&
    [...boxes].every((d) => isCurrentDevice(after, d) && (isCurrentDevice(before, d) || newcomers.has(d)))
  )
}

/** Why the valid signature of a key that has no vote counts for nothing. */
function signerCode(list: MemberList, signer: DeviceKey | MemberKey): CertificateCode {
  const device = list.devices.get(signer as DeviceKey)
  const member = list.members.get(device?.member ?? (signer as MemberKey))
  if (!member) return 'EPOCH_FORGED'
  return member.removedIn !== undefined || device?.removedIn !== undefined
    ? 'EPOCH_SIGNER_REMOVED'
    : 'EPOCH_SIGNER_NO_ADMIN'
}

/**
 * Whether a record does nothing but replace all devices of the only admin by a new one: the one thing that his root key may
 * vote for (rule N7), because it takes the vote away from every device that could have voted otherwise. With several admins
 * it may not: the root key has no memory of what the lost device voted for, and two majorities could then meet in nobody
 * but him (docs/protocol.md, "Recovery").
 */
function recoveredBy(list: MemberList, { changes }: Pick<Proposal, 'changes'>): MemberKey | null {
  const [first, ...rest] = changes
  if (admins(list).length !== 1) return null
  if (first?.type !== 'admit-device' || currentMember(list, first.member)?.role !== 'admin') return null
  const old = new Set(devicesOf(list, first.member).map((d) => d.key))
  const out = rest.flatMap((c) => (c.type === 'remove-device' ? c.device : []))
  return rest.length === old.size && out.length === old.size && out.every((d) => old.has(d)) ? first.member : null
}

/**
 * Checks one record against the list before it and gives the list after it. Everybody runs this for every record: the
 * record must hold by itself (`checkProposal`), and a majority of the admins of the epoch before must have voted for it
 * in one ballot, each with his voting device.
 */
export function acceptEpoch(
  crypto: Crypto,
  list: MemberList,
  record: EpochRecord,
): { ok: true; list: MemberList } | { ok: false; code: EpochCode } {
  if (record.circle !== list.circle) return { ok: false, code: 'CIRCLE_OTHER' }
  if (record.number <= list.epoch) return { ok: false, code: 'EPOCH_REPLAYED' }
  if (record.number !== list.epoch + 1 || record.previous !== list.epochIds[list.epoch])
    return { ok: false, code: 'EPOCH_NOT_NEXT' }
  const may = new Map<DeviceKey | MemberKey, MemberKey>(voters(list).map((d) => [d, list.devices.get(d)!.member]))
  const recovered = recoveredBy(list, record)
  if (recovered) may.set(recovered, recovered)
  const agreed = new Set<MemberKey>()
  const message = epochMessage(record.circle, record.id, record.ballot)
  for (const { signer, signature } of record.signatures) {
    const admin = may.get(signer)
    if (!crypto.verify(signature, message, fromHex(signer))) return { ok: false, code: 'EPOCH_FORGED' }
    if (!admin) return { ok: false, code: signerCode(list, signer) }
    agreed.add(admin)
  }
  if (agreed.size < majority(list)) return { ok: false, code: 'EPOCH_MINORITY' }
  if (record.bytes.length > EPOCH_BYTES_MAX) return { ok: false, code: 'EPOCH_MALFORMED' }
  return checkProposal(crypto, list, record)
}
