// Everything that the peer needs of this room besides keys at rest, as one value: primitives on libsodium, and words.
import { crypto, keyPairFromSeed, open, openSealed, randomBytes, seal, sealTo, signer, type KeyPair } from './sodium'
import { entropyFromWords, inviteSecretFromWords, splitWords, suggestWords, wordsOf } from './words'

export const secrets = {
  crypto,
  randomBytes,
  keyPairFromSeed,
  sign: (keys: KeyPair, message: Uint8Array) => signer(keys)(message),
  seal,
  open,
  sealTo,
  openSealed,
  wordsOf,
  entropyFromWords,
  inviteSecretFromWords,
  splitWords,
  suggestWords,
}
