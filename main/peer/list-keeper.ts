// Keeps the member list of a circle on this device (rules M1, M2, M5): reads it from the circle's file, judges every record
// that arrives, and holds the circle's secrets. How new records come about is in proposals.ts; what follows from a change
// of the list is the circle's business.
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { CircleId, DeviceKey, MemberKey } from '../../shared/types'
import { equalBytes, fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeEpoch, secretHash, type SecretRotation } from '../protocol/epoch-record'
import { acceptEpoch } from '../protocol/epochs'
import { decodeGenesis } from '../protocol/genesis'
import { currentMember, foundedList, isCurrentDevice, type MemberList } from '../protocol/membership'
import { shownName } from '../protocol/names'
import type { CircleFile, FilesPort, Identity, Secrets } from './ports'

/** Epoch records in one answer, in bytes: well below the largest frame. */
const RECORDS_BYTES_MAX = 600_000
/** And in number: half of what a message may hold. */
const RECORDS_MAX = 512
/** Old secrets kept to hear the beacons of members who missed a removal. */
const SECRETS_MAX = 8

/** The circle that a file is of. Throws GENESIS_INVALID. */
export function circleIdOf(crypto: Crypto, { genesis }: Pick<CircleFile, 'genesis'>): CircleId {
  const decoded = decodeGenesis(crypto, fromHex(genesis))
  if (!decoded) throw new TwofoldError('GENESIS_INVALID')
  return decoded.id
}

export class ListKeeper {
  list: MemberList
  /** Records 1, 2, …, each with its certificate, as signed. */
  epochBytes: readonly Uint8Array[]

  /** `adopted`: the list has changed and is on the disk. Throws GENESIS_INVALID, EPOCH_UNCERTIFIED. */
  constructor(
    private readonly parts: {
      secrets: Pick<Secrets, 'crypto' | 'openSealed'>
      files: Pick<FilesPort, 'writeCircle'>
    },
    private readonly identity: Identity,
    private currentFile: CircleFile,
    private readonly adopted: () => void,
  ) {
    const { crypto } = parts.secrets
    const genesis = decodeGenesis(crypto, fromHex(currentFile.genesis))
    if (!genesis) throw new TwofoldError('GENESIS_INVALID')
    this.list = foundedList(genesis)
    this.epochBytes = currentFile.epochs.map(fromHex)
    for (const bytes of this.epochBytes) {
      const record = decodeEpoch(crypto, bytes)
      const next = record && acceptEpoch(crypto, this.list, record)
      if (!next?.ok) throw new TwofoldError('EPOCH_UNCERTIFIED')
      this.list = next.list
    }
  }

  get file(): CircleFile {
    return this.currentFile
  }
  save(change: Partial<CircleFile>): void {
    const next = { ...this.currentFile, ...change }
    this.parts.files.writeCircle(next)
    this.currentFile = next
  }

  /** This device is on the list. */
  get current(): boolean {
    return isCurrentDevice(this.list, this.identity.device)
  }
  /** On the list, let in to read until the admins have agreed, or on it no longer. */
  get standing(): 'member' | 'provisional' | 'removed' {
    if (this.current) return 'member'
    return this.list.devices.has(this.identity.device) ? 'removed' : 'provisional'
  }
  /** It was restored from a backup, and nobody has let it in again. */
  get rejoining(): boolean {
    return this.standing === 'provisional' && this.currentFile.rejoin === true
  }
  /** This device's member may change the list. */
  get admin(): boolean {
    return currentMember(this.list, this.identity.member)?.role === 'admin'
  }
  /** Newest first. */
  get secrets(): Uint8Array[] {
    return this.currentFile.secrets.map(fromHex)
  }
  /** The member of a device that is or was on the list. */
  memberOf(device: DeviceKey): MemberKey {
    return this.list.devices.get(device)!.member
  }
  nameOf(device: DeviceKey): string {
    const record = this.list.devices.get(device)
    return record ? this.memberName(record.member) : device.slice(0, 8)
  }
  memberName(member: MemberKey): string {
    return shownName(this.list, member)
  }

  recordsAfter(after: number): Uint8Array[] {
    const out: Uint8Array[] = []
    let size = 0
    for (const record of this.epochBytes.slice(after, after + RECORDS_MAX)) {
      if (out.length && size + record.length > RECORDS_BYTES_MAX) break
      size += record.length
      out.push(record)
    }
    return out
  }

  /** Takes the records that follow the list, in order, up to the first that does not hold; its code, or null. */
  accept(records: readonly Uint8Array[]): ErrorCode | null {
    const { crypto } = this.parts.secrets
    let { list } = this
    let { secrets } = this.currentFile
    let refused: ErrorCode | null = null
    const accepted: Uint8Array[] = []
    for (const bytes of records) {
      const record = decodeEpoch(crypto, bytes)
      // Known already: several peers answer one question.
      if (record && record.number <= list.epoch && record.id === list.epochIds[record.number]) continue
      const next = record ? acceptEpoch(crypto, list, record) : ({ ok: false, code: 'EPOCH_MALFORMED' } as const)
      if (!next.ok) {
        refused = next.code
        break
      }
      list = next.list
      accepted.push(bytes)
      secrets = this.rotated(record?.rotation, secrets)
    }
    if (accepted.length) this.adopt(list, accepted, secrets)
    return refused
  }

  /** The new circle secret in front, if one of the boxes is ours (rule M5). */
  private rotated(rotation: SecretRotation | undefined, secrets: string[]): string[] {
    const box = rotation?.boxes.find((b) => b.device === this.identity.device)?.box
    const secret = box && this.parts.secrets.openSealed(this.identity.deviceKeys, box)
    if (!rotation || !secret || !equalBytes(secretHash(this.parts.secrets.crypto, secret), rotation.hash))
      return secrets
    return [toHex(secret), ...secrets].slice(0, SECRETS_MAX)
  }

  private adopt(list: MemberList, records: readonly Uint8Array[], secrets: string[]): void {
    this.save({ epochs: [...this.currentFile.epochs, ...records.map(toHex)], secrets })
    this.epochBytes = [...this.epochBytes, ...records]
    this.list = list
    this.adopted()
  }

  /** The hash that the newest circle secret must have; null: it was never changed. */
  private get secretWanted(): Uint8Array | null {
    for (const bytes of this.epochBytes.toReversed()) {
      const { rotation } = decodeEpoch(this.parts.secrets.crypto, bytes)!
      if (rotation) return rotation.hash
    }
    return null
  }
  /** The newest secret is not here: it was changed while this device was let in but not yet on the list. */
  lacksSecret(): boolean {
    const wanted = this.secretWanted
    return wanted !== null && !equalBytes(secretHash(this.parts.secrets.crypto, this.secrets[0]!), wanted)
  }
  /** Takes a secret that somebody sent, if it is the one that the records name. */
  learnSecret(secret: Uint8Array): boolean {
    const wanted = this.secretWanted
    if (!wanted || !this.lacksSecret() || !equalBytes(secretHash(this.parts.secrets.crypto, secret), wanted))
      return false
    this.save({ secrets: [toHex(secret), ...this.currentFile.secrets].slice(0, SECRETS_MAX) })
    return true
  }
}
