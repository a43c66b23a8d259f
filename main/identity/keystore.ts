// The identity of this folder (rule N7): the member's root entropy and this device's own seed, sealed in keys.json. The
// device seed is random and made here; nothing in the 24 words leads to it, so a restore always is a new device. A device
// that another one of its member has certified has no root key at all: nobody who gets hold of it can certify more.
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import type { CircleId, DeviceKey, MemberKey } from '../../shared/types'
import { deviceMessage } from '../protocol/membership'
import type { Sign } from '../protocol/crypto'
import { forget, keyPairFromSeed, randomBytes, signer, type KeyPair } from './sodium'
import type { KeptBy, Vault } from './vault'
import { wordsOf } from './words'

const FILE = 'keys.json'
const VERSION = 1
/** The folder's small files, as main/store keeps them. */
interface TextFiles {
  read(name: string): string | null
  write(name: string, text: string): void
  remove(name: string): void
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const fileSchema = v.strictObject({
  version: v.literal(VERSION),
  name: v.string(),
  member: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  device: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  /** Made from words on a machine that had none of this member's timelines. */
  restored: v.boolean(),
  /** The words were shown and checked. Until then they can be shown again. */
  confirmed: v.boolean(),
  keptBy: v.picklist(['keychain', 'passphrase', 'file']),
  /** Base64: sealed 32 bytes of entropy ‖ 32 bytes of device seed; the seed alone where `certified` is. */
  sealed: v.pipe(v.string(), v.base64()),
  /** By the root key, which another device of the member has: the one circle that this device is certified for. */
  certified: v.optional(
    v.strictObject({
      circle: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
      certificate: v.pipe(v.string(), v.regex(/^[0-9a-f]{128}$/)),
    }),
  ),
})
type KeyFile = v.InferOutput<typeof fileSchema>

export interface Identity {
  readonly name: string
  readonly member: MemberKey
  readonly device: DeviceKey
  readonly restored: boolean
  readonly confirmed: boolean
  readonly keptBy: KeptBy
  /** Signs with the device key: everyday signatures. */
  readonly signAsDevice: Sign
  /** Signs with the member's root key: certificates, the founding record. Null: that key is on another device. */
  readonly signAsMember: Sign | null
  /** The root key's word that this device is its member's in a circle. Throws ROOT_KEY_ELSEWHERE. */
  certificate(circle: CircleId): Uint8Array
  readonly deviceKeys: KeyPair
  /** The 24 words. Throws ROOT_KEY_ELSEWHERE. */
  words(): string[]
}

/** What another device of a member has certified. */
export interface CertifiedDevice {
  name: string
  member: MemberKey
  /** 32 bytes: this device's own. */
  seed: Uint8Array
  circle: CircleId
  certificate: Uint8Array
}

function readKeyFile(files: TextFiles): KeyFile | null {
  const text = files.read(FILE)
  if (text === null) return null
  try {
    return v.parse(fileSchema, JSON.parse(text))
  } catch {
    throw new TwofoldError('KEYS_DAMAGED')
  }
}
const writeKeyFile = (files: TextFiles, file: KeyFile) => files.write(FILE, `${JSON.stringify(file, null, 2)}\n`)

function identityOf(file: KeyFile, secrets: Uint8Array): Identity {
  const { certified } = file
  if (secrets.length !== (certified ? 32 : 64)) throw new TwofoldError('KEYS_DAMAGED')
  const entropy = certified ? null : secrets.slice(0, 32)
  const root = entropy && keyPairFromSeed(entropy)
  const deviceKeys = keyPairFromSeed(secrets.subarray(-32))
  forget(secrets)
  if ((root && hex(root.publicKey) !== file.member) || hex(deviceKeys.publicKey) !== file.device)
    throw new TwofoldError('KEYS_DAMAGED')
  const member = file.member as MemberKey
  const device = file.device as DeviceKey
  const signAsMember = root && signer(root)
  return {
    name: file.name,
    member,
    device,
    restored: file.restored,
    confirmed: file.confirmed,
    keptBy: file.keptBy,
    signAsDevice: signer(deviceKeys),
    signAsMember,
    certificate(circle) {
      if (signAsMember) return signAsMember(deviceMessage(circle, member, device))
      if (certified?.circle !== circle) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
      return Uint8Array.from(Buffer.from(certified.certificate, 'hex'))
    },
    deviceKeys,
    words() {
      if (!entropy) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
      return wordsOf(entropy)
    },
  }
}

/**
 * Makes the identity of an empty folder. `entropy`: the member's, from words on restore; absent: a new member. The
 * device key is new in every case. Throws IDENTITY_EXISTS.
 */
export function createIdentity(files: TextFiles, vault: Vault, name: string, entropy?: Uint8Array): Identity {
  if (files.read(FILE) !== null) throw new TwofoldError('IDENTITY_EXISTS')
  const rootEntropy = entropy ?? randomBytes(32)
  const seed = randomBytes(32)
  const secrets = Uint8Array.from([...rootEntropy, ...seed])
  const file: KeyFile = {
    version: VERSION,
    name,
    member: hex(keyPairFromSeed(rootEntropy).publicKey),
    device: hex(keyPairFromSeed(seed).publicKey),
    restored: entropy !== undefined,
    confirmed: entropy !== undefined,
    keptBy: vault.kind,
    sealed: Buffer.from(vault.seal(secrets)).toString('base64'),
  }
  writeKeyFile(files, file)
  return identityOf(file, secrets)
}

/** Keeps what another device of the member has certified. Throws IDENTITY_EXISTS. */
export function adoptIdentity(files: TextFiles, vault: Vault, device: CertifiedDevice): Identity {
  if (files.read(FILE) !== null) throw new TwofoldError('IDENTITY_EXISTS')
  const seed = Uint8Array.from(device.seed)
  const file: KeyFile = {
    version: VERSION,
    name: device.name,
    member: device.member,
    device: hex(keyPairFromSeed(seed).publicKey),
    // Its member has timelines elsewhere, as after a restore.
    restored: true,
    confirmed: true,
    keptBy: vault.kind,
    sealed: Buffer.from(vault.seal(seed)).toString('base64'),
    certified: { circle: device.circle, certificate: hex(device.certificate) },
  }
  writeKeyFile(files, file)
  return identityOf(file, seed)
}

/** Opens the identity of a folder with whichever vault it was sealed by. Null: there is none. */
export function openIdentity(files: TextFiles, vaultOf: (keptBy: KeptBy) => Vault): Identity | null {
  const file = readKeyFile(files)
  if (!file) return null
  return identityOf(file, Uint8Array.from(vaultOf(file.keptBy).open(Buffer.from(file.sealed, 'base64'))))
}

/** The words were checked. */
export function confirmWords(files: TextFiles): void {
  const file = readKeyFile(files)
  if (file) writeKeyFile(files, { ...file, confirmed: true })
}

/** A new device key for the same member, as after a restore: the old one is in use elsewhere (rule N7). Throws ROOT_KEY_ELSEWHERE. */
export function renewIdentity(files: TextFiles, vaultOf: (keptBy: KeptBy) => Vault): Identity {
  const file = readKeyFile(files)
  if (!file) throw new TwofoldError('IDENTITY_MISSING')
  if (file.certified) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
  const vault = vaultOf(file.keptBy)
  const secrets = Uint8Array.from(vault.open(Buffer.from(file.sealed, 'base64')))
  secrets.set(randomBytes(32), 32)
  const next: KeyFile = {
    ...file,
    device: hex(keyPairFromSeed(secrets.subarray(32)).publicKey),
    restored: true,
    sealed: Buffer.from(vault.seal(secrets)).toString('base64'),
  }
  writeKeyFile(files, next)
  return identityOf(next, secrets)
}

/** Forgets keys that belong to no circle yet. */
export function discardIdentity(files: TextFiles): void {
  files.remove(FILE)
}
