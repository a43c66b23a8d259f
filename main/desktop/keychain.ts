// The system's keychain as a keeper of keys: Keychain on macOS, DPAPI on Windows, Secret Service or KWallet on Linux. Where
// Electron falls back to a key that is written in its own source ('basic_text'), nothing would be protected, and saying
// 'kept by the keychain' would be a lie: that counts as not available, and keys are kept by a passphrase or a file instead.
import { safeStorage } from 'electron'
import { TwofoldError } from '../../shared/errors'

/** Seals small secrets so that only this user of this machine opens them. Usable once the app is ready. */
export interface Vault {
  readonly kind: 'keychain'
  available(): boolean
  /** Throws KEYCHAIN_UNAVAILABLE. */
  seal(bytes: Uint8Array): Uint8Array
  /** Throws KEYCHAIN_UNAVAILABLE, or KEYS_LOCKED when this keychain did not seal it. */
  open(sealed: Uint8Array): Uint8Array
}

const NO_PROTECTION = ['basic_text', 'unknown']

function available(): boolean {
  if (!safeStorage.isEncryptionAvailable()) return false
  return process.platform !== 'linux' || !NO_PROTECTION.includes(safeStorage.getSelectedStorageBackend())
}

export const keychain: Vault = {
  kind: 'keychain',
  available,
  seal(bytes) {
    if (!available()) throw new TwofoldError('KEYCHAIN_UNAVAILABLE')
    // safeStorage takes text only.
    return new Uint8Array(safeStorage.encryptString(Buffer.from(bytes).toString('base64')))
  },
  open(sealed) {
    if (!available()) throw new TwofoldError('KEYCHAIN_UNAVAILABLE')
    let text: string
    try {
      text = safeStorage.decryptString(Buffer.from(sealed))
    } catch {
      throw new TwofoldError('KEYS_LOCKED', { keeper: "another user's or computer's keychain" })
    }
    return new Uint8Array(Buffer.from(text, 'base64'))
  },
}
