// How secrets at rest are kept. The desktop hands in the system's keychain (Electron safeStorage); the command line uses
// a passphrase, or a file that only this user can read. Which one it is, is always told plainly.
import { TwofoldError } from '../../shared/errors'
import { forget, keyFromPassphrase, open, randomBytes, seal } from './sodium'

export type KeptBy = 'keychain' | 'passphrase' | 'file'

/** Seals and opens a few hundred bytes. `open` throws a TwofoldError that says why it cannot. */
export interface Vault {
  readonly kind: KeptBy
  seal(plain: Uint8Array): Uint8Array
  open(sealed: Uint8Array): Uint8Array
}

const SALT_BYTES = 16

/** Argon2id and a secret box. Sealed: salt ‖ nonce ‖ box. */
export const passphraseVault = (passphrase: string): Vault => ({
  kind: 'passphrase',
  seal(plain) {
    const salt = randomBytes(SALT_BYTES)
    const key = keyFromPassphrase(passphrase, salt)
    const box = seal(key, plain)
    forget(key)
    return Buffer.concat([salt, box])
  },
  open(sealed) {
    if (sealed.length <= SALT_BYTES) throw new TwofoldError('KEYS_DAMAGED')
    const key = keyFromPassphrase(passphrase, sealed.slice(0, SALT_BYTES))
    const plain = open(key, sealed.subarray(SALT_BYTES))
    forget(key)
    if (!plain) throw new TwofoldError('PASSPHRASE_WRONG')
    return plain
  },
})

/** No encryption: the file's permissions (0600) are the whole protection. */
export const fileVault: Vault = { kind: 'file', seal: (plain) => plain, open: (sealed) => sealed }
