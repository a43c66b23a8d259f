// The protocol's primitives on libsodium: BLAKE2b-256, Ed25519, secret boxes, sealed boxes. Buffers are ordinary memory:
// sodium_malloc's guarded pages are external buffers, which Electron's memory cage refuses; secrets are zeroed instead.
import sodium from 'sodium-native'
import type { Crypto, Sign } from '../protocol/crypto'

const NONCE_BYTES = 24
const MAC_BYTES = 16
const SEAL_BYTES = 48

export const crypto: Crypto = {
  hash(bytes) {
    const out = new Uint8Array(32)
    sodium.crypto_generichash(out, bytes)
    return out
  },
  verify(signature, message, publicKey) {
    if (signature.length !== 64 || publicKey.length !== 32) return false
    return sodium.crypto_sign_verify_detached(signature, message, publicKey)
  },
}

export function randomBytes(count: number): Uint8Array {
  const out = new Uint8Array(count)
  sodium.randombytes_buf(out)
  return out
}

export interface KeyPair {
  /** 32 bytes. */
  publicKey: Uint8Array
  /** 64 bytes: libsodium's seed ‖ public key. */
  secretKey: Uint8Array
}

/** The Ed25519 key pair of a 32-byte seed. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  const publicKey = new Uint8Array(32)
  const secretKey = new Uint8Array(64)
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed)
  return { publicKey, secretKey }
}

export const signer =
  (keys: KeyPair): Sign =>
  (message) => {
    const signature = new Uint8Array(64)
    sodium.crypto_sign_detached(signature, message, keys.secretKey)
    return signature
  }

/** Secret box with a random nonce in front. */
export function seal(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const out = new Uint8Array(NONCE_BYTES + MAC_BYTES + plain.length)
  const nonce = out.subarray(0, NONCE_BYTES)
  sodium.randombytes_buf(nonce)
  sodium.crypto_secretbox_easy(out.subarray(NONCE_BYTES), plain, nonce, key)
  return out
}

/** Null for a box that this key did not seal, whatever its bytes are. */
export function open(key: Uint8Array, box: Uint8Array): Uint8Array | null {
  if (box.length < NONCE_BYTES + MAC_BYTES) return null
  const plain = new Uint8Array(box.length - NONCE_BYTES - MAC_BYTES)
  return sodium.crypto_secretbox_open_easy(plain, box.subarray(NONCE_BYTES), box.subarray(0, NONCE_BYTES), key)
    ? plain
    : null
}

/** Seals to the holder of an Ed25519 key (converted to X25519), without telling who sealed. */
export function sealTo(publicKey: Uint8Array, plain: Uint8Array): Uint8Array {
  const converted = new Uint8Array(32)
  sodium.crypto_sign_ed25519_pk_to_curve25519(converted, publicKey)
  const out = new Uint8Array(plain.length + SEAL_BYTES)
  sodium.crypto_box_seal(out, plain, converted)
  return out
}

export function openSealed(keys: KeyPair, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length < SEAL_BYTES) return null
  const publicKey = new Uint8Array(32)
  const secretKey = new Uint8Array(32)
  sodium.crypto_sign_ed25519_pk_to_curve25519(publicKey, keys.publicKey)
  sodium.crypto_sign_ed25519_sk_to_curve25519(secretKey, keys.secretKey)
  const plain = new Uint8Array(sealed.length - SEAL_BYTES)
  const opened = sodium.crypto_box_seal_open(plain, sealed, publicKey, secretKey)
  forget(secretKey)
  return opened ? plain : null
}

/** Argon2id at libsodium's interactive cost: a 32-byte key from a passphrase. Takes about 0.1 s and 64 MiB. */
export function keyFromPassphrase(passphrase: string, salt: Uint8Array): Uint8Array {
  const key = new Uint8Array(32)
  const password = new TextEncoder().encode(passphrase.normalize('NFKC'))
  sodium.crypto_pwhash(
    key,
    password,
    salt,
    sodium.crypto_pwhash_OPSLIMIT_INTERACTIVE,
    sodium.crypto_pwhash_MEMLIMIT_INTERACTIVE,
    sodium.crypto_pwhash_ALG_ARGON2ID13,
  )
  return key
}

export const forget = (secret: Uint8Array): void => sodium.sodium_memzero(secret)
