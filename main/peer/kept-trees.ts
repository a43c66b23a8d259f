// How a render tree is kept beside its node: as JSON behind a checksum. A disk may change bits without anybody noticing, and a
// tree is shown as it is; one that is not what was kept is made again.
import { toHex, utf8 } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'

/** Against chance, not against people: those who can change the database can change its checksums. */
const SUM_BYTES = 8
const SUM_CHARS = 2 * SUM_BYTES

const sumOf = (crypto: Crypto, json: string): string => toHex(crypto.hash(utf8(json)).subarray(0, SUM_BYTES))

/** `json`: a tree. */
export const packTree = (crypto: Crypto, json: string): string => sumOf(crypto, json) + json

/** The tree as JSON; null: it is not what was kept. */
export function unpackTree(crypto: Crypto, kept: string): string | null {
  const json = kept.slice(SUM_CHARS)
  return kept.slice(0, SUM_CHARS) === sumOf(crypto, json) ? json : null
}
