// Makes inputs out of inputs (structure-aware in the manner of AFL and libFuzzer): bits, lengths and integers at their
// edges in right and wrong forms, pieces cut, doubled, swapped and spliced between inputs, words of the target's grammar.
import { Writer } from '../../main/protocol/codec'
import { seededRandom } from '../../main/simulator/random'
import { utf8, type Target } from './target'

const EDGE_BYTES = [0, 1, 2, 0x1f, 0x20, 0x7f, 0x80, 0xc0, 0xfc, 0xfd, 0xfe, 0xff]
const EDGES = [0, 1, 2, 63, 64, 252, 253, 254, 255, 256, 1023, 4096, 65_535, 65_536, 1_048_576, 2 ** 32 - 1, 2 ** 32]
const FAR = [2 ** 53 - 1, 8.64e15, 8.64e15 + 1, 2 ** 52]
/** Integers as the codec writes them, and forms that it must not take: too long, and beyond what a number holds. */
const INTEGERS: readonly Uint8Array[] = [
  ...[...EDGES, ...FAR].map((n) => new Writer().uint(n).finish()),
  Uint8Array.of(0xfd, 0xfc, 0),
  Uint8Array.of(0xfd, 0, 0),
  Uint8Array.of(0xfe, 0xff, 0xff, 0, 0),
  Uint8Array.of(0xff, 1, 0, 0, 0, 0, 0, 0, 0),
  Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0x20, 0),
  new Uint8Array(9).fill(0xff),
]
/** Text that decoders and renderers have stumbled over elsewhere: direction, joiners, halves of pairs, what normalizes to something else. */
const TEXTS: readonly Uint8Array[] = [
  ...[
    '\u202e',
    '\u2066',
    '\u200d',
    '\u200b',
    '\ufeff',
    '\u0000',
    '\u0301',
    'ﬃ',
    'Å',
    'ſ',
    '\ud83d\ude00',
    '\u{10ffff}',
  ],
  ...['\n', '\r\n', '\t', '"', '\\', '\\u0000', '{', '}', '[', ']', ',', ':', 'null', '-1', '1e999', '""', '__proto__'],
].map(utf8)
const BROKEN_UTF8 = [
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xf5),
  Uint8Array.of(0xe2, 0x82),
]

export class Mutator {
  private readonly random: () => number
  constructor(seed: number) {
    this.random = seededRandom(seed)
  }

  /** 0 … n - 1. */
  below(n: number): number {
    return Math.floor(this.random() * n)
  }
  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!
  }

  /** One input more: a copy of one that is known, changed a few times. */
  next(known: readonly Uint8Array[], { tokens = [], bytesMax }: Pick<Target, 'tokens' | 'bytesMax'>): Uint8Array {
    let input = this.one(known)
    // Mostly few changes: what is nearly right gets far.
    const changes = 1 + Math.floor(this.random() ** 3 * 8)
    for (let i = 0; i < changes; i++) input = this.change(input, known, tokens)
    return input.length > bytesMax ? input.subarray(0, bytesMax) : input
  }

  private change(input: Uint8Array, known: readonly Uint8Array[], tokens: readonly Uint8Array[]): Uint8Array {
    const at = this.below(input.length + 1)
    const length = this.length(input.length - at)
    switch (this.below(15)) {
      case 0:
        return this.replace(input, at, 1, Uint8Array.of((input[at] ?? 0) ^ (1 << this.below(8))))
      case 1:
        return this.replace(input, at, 1, Uint8Array.of(this.one(EDGE_BYTES)))
      case 2:
        return this.replace(input, at, 1, Uint8Array.of(((input[at] ?? 0) + this.below(7) - 3) & 255))
      case 3:
        return this.replace(input, at, this.one([0, 1, 3, 5, 9]), this.one(INTEGERS))
      case 4:
        return this.replace(input, at, length, new Uint8Array())
      case 5:
        return this.replace(input, at, 0, input.subarray(at, at + length))
      case 6:
        return this.replace(input, at, this.below(2) ? length : 0, this.noise(length))
      case 7:
        return input.subarray(0, at)
      case 8:
        return this.splice(input, this.one(known))
      case 9:
        return this.move(input, at, length)
      case 10:
        return this.replace(input, at, this.below(2) ? length : 0, this.one(TEXTS))
      case 11:
        return this.replace(input, at, 0, this.one(BROKEN_UTF8))
      case 12:
        return this.resize(input, at)
      case 13:
        return this.repeat(input, at, tokens)
      default:
        return this.replace(
          input,
          at,
          this.below(2) ? length : 0,
          tokens.length ? this.one(tokens) : this.one(INTEGERS),
        )
    }
  }

  /** Short pieces, and often those of keys, ids and signatures. */
  private length(most: number): number {
    return Math.min(most, this.below(3) ? this.below(9) : this.one([16, 32, 64, 80, 1 + this.below(most + 1)]))
  }

  private replace(input: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
    const out = new Uint8Array(at + by.length + Math.max(0, input.length - at - length))
    out.set(input.subarray(0, at))
    out.set(by, at)
    out.set(input.subarray(Math.min(input.length, at + length)), at + by.length)
    return out
  }

  private noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  private splice(a: Uint8Array, b: Uint8Array): Uint8Array {
    return this.replace(a, this.below(a.length + 1), a.length, b.subarray(this.below(b.length + 1)))
  }

  private move(input: Uint8Array, at: number, length: number): Uint8Array {
    const piece = input.slice(at, at + length)
    const rest = this.replace(input, at, length, new Uint8Array())
    return this.replace(rest, this.below(rest.length + 1), 0, piece)
  }

  /** A byte that may be a length, made another, and as many bytes put in or taken out behind it. */
  private resize(input: Uint8Array, at: number): Uint8Array {
    const before = input[at]
    if (before === undefined) return input
    const after = this.one([0, 1, before + 1, before - 1, 32, 64, 252].filter((n) => n >= 0 && n < 253))
    const resized = this.replace(input, at, 1, Uint8Array.of(after))
    const behind = at + 1 + Math.min(before, after)
    return after > before
      ? this.replace(resized, Math.min(behind, resized.length), 0, this.noise(after - before))
      : this.replace(resized, behind, before - after, new Uint8Array())
  }

  /** The same again and again: nesting, and lists that never end. */
  private repeat(input: Uint8Array, at: number, tokens: readonly Uint8Array[]): Uint8Array {
    const piece = tokens.length && this.below(2) ? this.one(tokens) : input.subarray(at, at + 1 + this.below(40))
    const times = this.one([2, 3, 16, 300])
    const out = new Uint8Array(piece.length * times)
    for (let i = 0; i < times; i++) out.set(piece, i * piece.length)
    return this.replace(input, at, 0, out)
  }
}
