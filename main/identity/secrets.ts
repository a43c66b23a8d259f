// Everything that the peer needs of this room besides keys at rest, as one value: primitives on libsodium, and words.
import { crypto, keyPairFromSeed, open, openSealed, randomBytes, seal, sealTo } from './sodium'
import { entropyFromWords, inviteSecretFromWords, splitWords, suggestWords, wordsOf } from './words'

export const secrets = {
  crypto,
  randomBytes,
  keyPairFromSeed,
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
