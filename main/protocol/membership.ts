// One member list that everybody agrees on (rules M1, M2, M5): what is on it, what can be asked of it, and what a change does
// to it. The records that bring changes are in epoch-record.ts, and who may make them in epochs.ts.
import type { CircleId, DeviceKey, EpochId, InviteId, MemberKey } from '../../shared/types'
import { Writer, fromHex } from './codec'
import { labelledHash, signedMessage, type Crypto } from './crypto'
import type { SignedGenesis } from './genesis'
import { validName } from './kinds'
import { DEVICES_MAX } from './limits'

export type Role = 'admin' | 'member'

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

/** Hash of the sorted device list with members and roles: two peers with equal hashes have equal lists (rule M2). */
export function hashOfList(crypto: Crypto, list: MemberList): Uint8Array {
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
