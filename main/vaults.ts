// By what the keys of a folder are opened: the keeper that they were given to, as far as it is at hand.
import { TwofoldError } from '../shared/errors'
import { fileVault, passphraseVault, type KeptBy, type Vault } from './identity/vault'

/** Whichever keeper a folder was made with, as far as it is at hand. */
export const vaultsWith =
  (passphrase: string | undefined, keychain: Vault | undefined) =>
  (keptBy: KeptBy): Vault => {
    switch (keptBy) {
      case 'file':
        return fileVault
      case 'passphrase':
        if (passphrase === undefined) throw new TwofoldError('PASSPHRASE_NEEDED')
        return passphraseVault(passphrase)
      case 'keychain':
        if (keychain) return keychain
        throw new TwofoldError('KEYS_LOCKED', {
          keeper: 'the system’s keychain (use the app, or keep its window open)',
        })
    }
  }
