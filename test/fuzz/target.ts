// What a decoder looks like to the fuzzer: valid inputs to begin from, and one run with everything that must hold of it.

/**
 * refused: the documented answer to bad input. accepted: understood, in a form that has no single encoding. same: understood,
 * and it re-encodes to exactly the input. Anything else is a finding, told by throwing `Finding`.
 */
export type Outcome = 'refused' | 'accepted' | 'same'

export interface Target {
  name: string
  /** Encodings made by the product's own encoders. */
  seeds: readonly Uint8Array[]
  /** Pieces worth putting in: words of its grammar, numbers at the edge. */
  tokens?: readonly Uint8Array[]
  /** Longest input that is made, bytes. */
  bytesMax: number
  /** Throws on a finding; whatever else it throws is one too. */
  run(input: Uint8Array): Outcome | Promise<Outcome>
}

export class Finding extends Error {}

/** Fails unless an accepted value re-encodes to the bytes that it came from (rule N1). */
export function sameBytes(input: Uint8Array, again: Uint8Array): Outcome {
  if (input.length !== again.length || input.some((byte, i) => again[i] !== byte))
    throw new Finding(
      `two encodings: ${Buffer.from(input).toString('hex')} is accepted, and again it is ${Buffer.from(again).toString('hex')}`,
    )
  return 'same'
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
/** As a person or a program could have typed it; broken UTF-8 comes out with replacement characters, as from a file. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const tokens = (...texts: string[]): Uint8Array[] => texts.map(utf8)
