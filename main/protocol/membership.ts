// One member list that everybody agrees on (rules M1, M2, M5): the genesis record, the epoch records that change the
// list, and the fold that turns them into the list of any epoch. Who has to agree is decided here by counting the
// votes of a majority of the previous epoch's admins; how admins come to agree is in agreement.ts.
import type { CircleId, DeviceKey, EpochId, InviteId, MemberKey } from '../../shared/types'
import type { Ballot } from './agreement'
import { DecodeError, Reader, Writer, concat, decodeWhole, equalBytes, fromHex, toHex, uint64 } from './codec'
import { labelledHash, signedMessage, type Crypto, type Sign } from './crypto'
import { JUMP_MAX, type Jump } from './heirs'
import { validName } from './kinds'
import { DEVICES_MAX, EPOCH_BYTES_MAX, EPOCH_CHANGES_MAX, EPOCH_SIGNATURES_MAX, NAME_BYTES_MAX } from './limits'

const GENESIS_VERSION = 1
const EPOCH_VERSION = 1
const SIGNATURE_BYTES = 64
/** libsodium's sealed box around the 32-byte circle secret. */
export const SEALED_SECRET_BYTES = 32 + 48

export type Approval = 'auto' | 'ask'
export type Role = 'admin' | 'member'

/** The founding record (rule M1). Its hash is the circle's id. */
export interface Genesis {
  name: string
  founder: MemberKey
  founderName: string
  founderDevice: DeviceKey
  /** Whether an admin must approve each newcomer. */
  approval: Approval
  /** How its nodes find their way (rule F4). */
  jump: Jump
  /** ms since 1970 UTC. */
  timestamp: number
  /** 16 random bytes: two circles with equal words are two circles. */
  nonce: Uint8Array
}
export interface SignedGenesis extends Genesis {
  id: CircleId
  bytes: Uint8Array
}

export type Change =
  /** `invite`: the one that was used, so that everybody can count its uses; null: none was needed. */
  | {
      type: 'admit-member'
      member: MemberKey
      name: string
      device: DeviceKey
      certificate: Uint8Array
      invite: InviteId | null
    }
  | { type: 'admit-device'; member: MemberKey; device: DeviceKey; certificate: Uint8Array }
  /** `cutoffs`: the last accepted seq of each of the member's devices (rule M5); 0: none. */
  | { type: 'remove-member'; member: MemberKey; cutoffs: { device: DeviceKey; seq: number }[] }
  | { type: 'remove-device'; device: DeviceKey; seq: number }
  | { type: 'set-role'; member: MemberKey; role: Role }

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

export interface DeviceRecord {
  key: DeviceKey
  member: MemberKey
  /** First epoch that contains it. */
  addedIn: number
  /** First epoch that no longer contains it. Absent: still in. */
  removedIn?: number
  /** Last accepted seq of a removed device, or of one that is frozen (rule N6). */
  cutoffSeq?: number
}
export interface MemberRecord {
  key: MemberKey
  name: string
  role: Role
  founder: boolean
  addedIn: number
  removedIn?: number
  /** The invite that let him in, if one did. */
  invite?: InviteId
}
/** The list after the latest epoch, with enough history to tell the list of every earlier one. */
export interface MemberList {
  circle: CircleId
  genesis: SignedGenesis
  /** Number of the latest epoch. */
  epoch: number
  /** Ids by epoch number; [0] is the circle's id. */
  epochIds: readonly EpochId[]
  timestamp: number
  members: ReadonlyMap<MemberKey, MemberRecord>
  devices: ReadonlyMap<DeviceKey, DeviceRecord>
}

// ---------------------------------------------------------------- genesis

function unsignedGenesis(g: Genesis): Uint8Array {
  return new Writer()
    .uint(GENESIS_VERSION)
    .text(g.name)
    .hex(g.founder, 32)
    .text(g.founderName)
    .hex(g.founderDevice, 32)
    .flag(g.approval === 'ask')
    .uint(g.jump)
    .uint(g.timestamp)
    .fixed(g.nonce, 16)
    .finish()
}

/** Founds a circle. `sign` is the founder's root key: the one signature also certifies his first device. */
export function makeGenesis(crypto: Crypto, genesis: Genesis, sign: Sign): SignedGenesis {
  const unsigned = unsignedGenesis(genesis)
  const hash = crypto.hash(unsigned)
  const signature = sign(signedMessage('genesis', hash))
  return { ...genesis, id: toHex(hash) as CircleId, bytes: concat(unsigned, signature) }
}

/** Decodes and checks a founding record; null when it is damaged, not canonical or not signed by its founder. */
export function decodeGenesis(crypto: Crypto, bytes: Uint8Array): SignedGenesis | null {
  const decoded = decodeWhole(bytes, (r) => {
    if (r.uint() !== GENESIS_VERSION) throw new DecodeError('version')
    const genesis: Genesis = {
      name: readName(r),
      founder: r.hex(32) as MemberKey,
      founderName: readName(r),
      founderDevice: r.hex(32) as DeviceKey,
      approval: r.flag() ? 'ask' : 'auto',
      jump: r.uint(JUMP_MAX) as Jump,
      timestamp: r.time(),
      nonce: r.fixed(16),
    }
    return { genesis, unsigned: bytes.subarray(0, r.at), signature: r.fixed(SIGNATURE_BYTES) }
  })
  if (!decoded) return null
  const hash = crypto.hash(decoded.unsigned)
  if (!crypto.verify(decoded.signature, signedMessage('genesis', hash), fromHex(decoded.genesis.founder))) return null
  return { ...decoded.genesis, id: toHex(hash) as CircleId, bytes }
}

export function foundedList(genesis: SignedGenesis): MemberList {
  const founder: MemberRecord = {
    key: genesis.founder,
    name: genesis.founderName,
    role: 'admin',
    founder: true,
    addedIn: 0,
  }
  const device: DeviceRecord = { key: genesis.founderDevice, member: genesis.founder, addedIn: 0 }
  return {
    circle: genesis.id,
    genesis,
    epoch: 0,
    epochIds: [genesis.id as string as EpochId],
    timestamp: genesis.timestamp,
    members: new Map([[founder.key, founder]]),
    devices: new Map([[device.key, device]]),
  }
}

// ---------------------------------------------------------------- questions to a list

export const deviceInEpoch = (device: DeviceRecord, epoch: number): boolean =>
  device.addedIn <= epoch && (device.removedIn === undefined || epoch < device.removedIn)

/** The sorted devices of an epoch up to the latest. */
export const devicesAt = (list: MemberList, epoch: number = list.epoch): DeviceKey[] =>
  [...list.devices.values()]
    .filter((d) => deviceInEpoch(d, epoch))
    .map((d) => d.key)
    .sort()

export const isCurrentDevice = (list: MemberList, device: DeviceKey): boolean => {
  const record = list.devices.get(device)
  return record !== undefined && deviceInEpoch(record, list.epoch)
}
export const currentMember = (list: MemberList, member: MemberKey): MemberRecord | null => {
  const record = list.members.get(member)
  return record && record.removedIn === undefined ? record : null
}
export const admins = (list: MemberList): MemberRecord[] =>
  [...list.members.values()].filter((m) => m.role === 'admin' && m.removedIn === undefined)
export const majority = (list: MemberList): number => Math.floor(admins(list).length / 2) + 1

/** The admin who holds this device now, or null. */
export function adminOf(list: MemberList, device: DeviceKey): MemberRecord | null {
  const record = list.devices.get(device)
  const member = record && deviceInEpoch(record, list.epoch) ? currentMember(list, record.member) : null
  return member?.role === 'admin' ? member : null
}

const earlier = (a: { addedIn: number; key: string }, b: { addedIn: number; key: string }) =>
  a.addedIn - b.addedIn || (a.key < b.key ? -1 : 1)

/** A member's current devices, the one that has been on the list longest first. */
export const devicesOf = (list: MemberList, member: MemberKey): DeviceRecord[] =>
  [...list.devices.values()].filter((d) => d.member === member && deviceInEpoch(d, list.epoch)).sort(earlier)

/** The one device with which a member votes (rule M3): the one that has been on the list longest. */
export const votingDevice = (list: MemberList, member: MemberKey): DeviceKey | null =>
  devicesOf(list, member)[0]?.key ?? null

/** Voting devices of the admins, whoever has been on the list longest first. */
export const voters = (list: MemberList): DeviceKey[] =>
  admins(list)
    .sort(earlier)
    .flatMap((admin) => votingDevice(list, admin.key) ?? [])

/** How often an invite has let a new member in. */
export const usesOf = (list: MemberList, invite: InviteId): number =>
  [...list.members.values()].filter((m) => m.invite === invite).length

/** Number of the latest epoch that removed a member; 0: none. Invites of earlier epochs let nobody in any more. */
export const latestRemoval = (list: MemberList): number =>
  Math.max(0, ...[...list.members.values()].map((m) => m.removedIn ?? 0))

/** What a member's root key signs to certify a device of his in one circle. */
export const deviceMessage = (circle: CircleId, member: MemberKey, device: DeviceKey): Uint8Array =>
  signedMessage('device', fromHex(circle), fromHex(member), fromHex(device))

const certified = (crypto: Crypto, list: MemberList, member: MemberKey, device: DeviceKey, certificate: Uint8Array) =>
  crypto.verify(certificate, deviceMessage(list.circle, member, device), fromHex(member))

export const secretHash = (crypto: Crypto, secret: Uint8Array): Uint8Array => labelledHash(crypto, 'secret', secret)

/** Hash of the sorted device list with members and roles: two peers with equal hashes have equal lists (rule M2). */
function hashOfList(crypto: Crypto, list: MemberList): Uint8Array {
  const writer = new Writer()
  for (const device of devicesAt(list)) {
    const member = list.members.get(list.devices.get(device)!.member)!
    writer
      .hex(device, 32)
      .hex(member.key, 32)
      .flag(member.role === 'admin')
      .text(member.name)
  }
  return labelledHash(crypto, 'list', writer.finish())
}

// ---------------------------------------------------------------- changing a list

export type ChangeCode = 'EPOCH_CHANGE_INVALID' | 'CERTIFICATE_INVALID' | 'DEVICE_COMES_BACK'

/** Applies changes in order; a code when one does not fit the list as it is then. The list given is not changed. */
export function applyChanges(
  crypto: Crypto,
  list: MemberList,
  changes: readonly Change[],
  id: EpochId,
  timestamp: number,
): { ok: true; list: MemberList } | { ok: false; code: ChangeCode } {
  const invalid = { ok: false, code: 'EPOCH_CHANGE_INVALID' } as const
  const epoch = list.epoch + 1
  const members = new Map(list.members)
  const devices = new Map(list.devices)
  const now: MemberList = { ...list, epoch, epochIds: [...list.epochIds, id], timestamp, members, devices }
  // One key means one thing: no device twice, and no member's root key as a device or the other way round.
  const fresh = (member: MemberKey, device: DeviceKey) =>
    !devices.has(device) &&
    !members.has(device as string as MemberKey) &&
    !devices.has(member as string as DeviceKey) &&
    (member as string) !== device
  /** Rule M5: a key that was removed stays removed, whoever vouches for it. */
  const comesBack = (device: DeviceKey) => devices.get(device)?.removedIn !== undefined
  for (const change of changes) {
    switch (change.type) {
      case 'admit-member': {
        if (comesBack(change.device)) return { ok: false, code: 'DEVICE_COMES_BACK' }
        const known = members.get(change.member)
        if ((known && known.removedIn === undefined) || !fresh(change.member, change.device)) return invalid
        if (validName(change.name) !== change.name) return invalid
        if (!certified(crypto, list, change.member, change.device, change.certificate))
          return { ok: false, code: 'CERTIFICATE_INVALID' }
        members.set(change.member, {
          key: change.member,
          name: change.name,
          role: 'member',
          founder: false,
          addedIn: epoch,
          ...(change.invite && { invite: change.invite }),
        })
        devices.set(change.device, { key: change.device, member: change.member, addedIn: epoch })
        break
      }
      case 'admit-device': {
        if (comesBack(change.device)) return { ok: false, code: 'DEVICE_COMES_BACK' }
        if (!currentMember(now, change.member) || !fresh(change.member, change.device)) return invalid
        if (!certified(crypto, list, change.member, change.device, change.certificate))
          return { ok: false, code: 'CERTIFICATE_INVALID' }
        devices.set(change.device, { key: change.device, member: change.member, addedIn: epoch })
        break
      }
      case 'remove-member': {
        const member = currentMember(now, change.member)
        if (!member || member.founder) return invalid
        const theirs = [...devices.values()].filter((d) => d.member === member.key && d.removedIn === undefined)
        const cutoffs = new Map(change.cutoffs.map((c) => [c.device, c.seq]))
        if (cutoffs.size !== change.cutoffs.length || cutoffs.size !== theirs.length) return invalid
        for (const device of theirs) {
          const cutoffSeq = cutoffs.get(device.key)
          if (cutoffSeq === undefined) return invalid
          devices.set(device.key, { ...device, removedIn: epoch, cutoffSeq })
        }
        members.set(member.key, { ...member, role: 'member', removedIn: epoch })
        break
      }
      case 'remove-device': {
        const device = devices.get(change.device)
        // A member without a device is nobody: the last one goes with its member.
        if (!device || device.removedIn !== undefined || devicesOf(now, device.member).length < 2) return invalid
        devices.set(device.key, { ...device, removedIn: epoch, cutoffSeq: change.seq })
        break
      }
      case 'set-role': {
        const member = currentMember(now, change.member)
        if (!member || member.role === change.role) return invalid
        members.set(member.key, { ...member, role: change.role })
        break
      }
    }
  }
  if (devices.size > DEVICES_MAX || admins(now).length === 0) return invalid
  return { ok: true, list: now }
}

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

function readName(r: Reader): string {
  const text = r.text(NAME_BYTES_MAX)
  if (validName(text) !== text) throw new DecodeError('name')
  return text
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

function unsignedEpoch(record: EpochFields & { listHash: Uint8Array }): Uint8Array {
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
