// The two primitives that the protocol needs, handed in by the caller so that this folder stays pure: BLAKE2b-256 and
// Ed25519 verification. main/identity implements them on libsodium; tests and simulator use the very same.
import { concat, utf8 } from './codec'

export interface Crypto {
  /** BLAKE2b-256: 32 bytes. */
  hash(bytes: Uint8Array): Uint8Array
  /** Ed25519 over `message`; false for any malformed key or signature, never a throw. */
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
}

/** Signs with one secret key; the key itself never leaves main/identity. 64 bytes. */
export type Sign = (message: Uint8Array) => Uint8Array

/** Purposes of signatures. No signature made for one purpose is valid for another (rule N2). */
export type Purpose =
  'node' | 'epoch' | 'genesis' | 'device' | 'invite' | 'join' | 'ticket' | 'notice' | 'checkpoint' | 'alive' | 'archive'

const prefixes = new Map<Purpose, Uint8Array>()
function prefixOf(purpose: Purpose): Uint8Array {
  let prefix = prefixes.get(purpose)
  if (!prefix) prefixes.set(purpose, (prefix = utf8(`twofold/${purpose}/v1\0`)))
  return prefix
}

/** What is signed: "twofold/<purpose>/v1" ‖ 0x00 ‖ parts. The parts have fixed lengths, so the join is unambiguous. */
export const signedMessage = (purpose: Purpose, ...parts: Uint8Array[]): Uint8Array =>
  concat(prefixOf(purpose), ...parts)

/** Domain-separated hash: BLAKE2b-256("twofold/<label>/v1" ‖ 0x00 ‖ parts). */
export const labelledHash = (crypto: Crypto, label: string, ...parts: Uint8Array[]): Uint8Array =>
  crypto.hash(concat(utf8(`twofold/${label}/v1\0`), ...parts))
