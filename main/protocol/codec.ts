// Canonical binary encoding (rule N1): one value has exactly one encoding. Unsigned integers are varints in the style of
// compact-encoding (Holepunch): below 0xfd one byte; else 0xfd + u16, 0xfe + u32, 0xff + u64, little-endian, and always
// the shortest form. A reader refuses every other form, every length out of bounds and every trailing byte, by throwing
// `DecodeError`, which never leaves main/protocol: decoders return `null` or a code instead.
import { TIME_MS_MAX } from './limits'

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class DecodeError extends Error {
  /** `short`: it only ends too early; more bytes could make it whole. */
  constructor(
    message?: string,
    readonly short = false,
  ) {
    super(message)
  }
}

const DIGITS = new Uint8Array([48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102])
const decoder = new TextDecoder()
const scratch = new Uint8Array(4096)

/** Lowercase hex of any bytes. Written as bytes and read as text at once: a string that grows is a rope, and slow as a key. */
export function toHex(bytes: Uint8Array): string {
  const { length } = bytes
  const out = 2 * length <= scratch.length ? scratch : new Uint8Array(2 * length)
  for (let i = 0; i < length; i++) {
    const byte = bytes[i]!
    out[2 * i] = DIGITS[byte >> 4]!
    out[2 * i + 1] = DIGITS[byte & 15]!
  }
  return decoder.decode(out.subarray(0, 2 * length))
}

function digit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  throw new RangeError('not lowercase hex')
}

/** Bytes of lowercase hex. Throws RangeError on anything else: callers hold branded, checked ids. */
export function fromHex(hex: string): Uint8Array {
  if (hex.length % 2) throw new RangeError('odd number of hex digits')
  const out = new Uint8Array(hex.length >> 1)
  for (let i = 0; i < out.length; i++) out[i] = (digit(hex.charCodeAt(2 * i)) << 4) | digit(hex.charCodeAt(2 * i + 1))
  return out
}

/** Keys remembered in both forms; a circle has at most DEVICES_MAX, and those that write now are far fewer. */
const KEYS_MAX = 2048
const keysByHex = new Map<string, Uint8Array>()

/** `fromHex` for what comes again and again: circle and device keys. The bytes are shared, and not to be changed. */
export function keyBytes(hex: string): Uint8Array {
  let bytes = keysByHex.get(hex)
  if (!bytes) {
    if (keysByHex.size >= KEYS_MAX) keysByHex.clear()
    keysByHex.set(hex, (bytes = fromHex(hex)))
  }
  return bytes
}

/** Slots of `keyHex`, by the key's first bytes: keys are as good as random there. */
const KEY_SLOTS = 1024
const keySlots: ({ bytes: Uint8Array; hex: string } | undefined)[] = Array.from({ length: KEY_SLOTS })

/** `toHex` for what comes again and again: the 32 bytes at `at`. */
function keyHex(buffer: Uint8Array, at: number): string {
  const slot = (buffer[at]! | (buffer[at + 1]! << 8)) % KEY_SLOTS
  const known = keySlots[slot]
  if (known) {
    let i = 0
    while (i < 32 && known.bytes[i] === buffer[at + i]) i++
    if (i === 32) return known.hex
  }
  const bytes = new Uint8Array(buffer.subarray(at, at + 32))
  const hex = toHex(bytes)
  keySlots[slot] = { bytes, hex }
  return hex
}

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
/** Text of strictly valid UTF-8, or null. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return strictDecoder.decode(bytes)
  } catch {
    return null
  }
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** 8 bytes, little-endian: parts of a signed message have fixed lengths. */
export function uint64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Bytes that `Writer.uint` needs for a value. */
export const uintBytes = (value: number): number =>
  value < 0xfd ? 1 : value <= 0xffff ? 3 : value <= 0xffffffff ? 5 : 9

/** Appends values to a buffer that doubles when full. */
export class Writer {
  private buffer: Uint8Array
  private length = 0

  /** `bytes`: how many are expected, where that is known. */
  constructor(bytes = 64) {
    this.buffer = new Uint8Array(bytes)
  }

  private room(bytes: number): number {
    const at = this.length
    this.length += bytes
    if (this.length > this.buffer.length) {
      const bigger = new Uint8Array(Math.max(this.length, this.buffer.length * 2))
      bigger.set(this.buffer)
      this.buffer = bigger
    }
    return at
  }

  private put(bytes: Uint8Array): void {
    // Room first: it may replace the buffer.
    const at = this.room(bytes.length)
    this.buffer.set(bytes, at)
  }

  /** A safe non-negative integer, shortest form. */
  uint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not an unsigned integer: ${value}`)
    const width = uintBytes(value)
    let at = this.room(width)
    if (width === 1) {
      this.buffer[at] = value
      return this
    }
    this.buffer[at++] = width === 3 ? 0xfd : width === 5 ? 0xfe : 0xff
    for (let rest = value, i = 1; i < width; i++) {
      this.buffer[at++] = rest % 256
      rest = Math.floor(rest / 256)
    }
    return this
  }

  /** Bytes of a length that both sides know. */
  fixed(bytes: Uint8Array, length: number): this {
    if (bytes.length !== length) throw new RangeError(`expected ${length} bytes, got ${bytes.length}`)
    this.put(bytes)
    return this
  }

  /** Bytes whose end is the end of everything. */
  raw(bytes: Uint8Array): this {
    this.put(bytes)
    return this
  }

  /** A circle or device key given as hex. */
  key(text: string): this {
    return this.fixed(keyBytes(text), 32)
  }

  /** A fixed number of bytes given as hex. */
  hex(text: string, length: number): this {
    return this.fixed(fromHex(text), length)
  }

  /** Length-prefixed bytes. */
  bytes(value: Uint8Array): this {
    this.uint(value.length)
    this.put(value)
    return this
  }

  /** Length-prefixed UTF-8. */
  text(value: string): this {
    return this.bytes(encoder.encode(value))
  }

  flag(value: boolean): this {
    return this.uint(value ? 1 : 0)
  }

  finish(): Uint8Array {
    return this.length === this.buffer.length ? this.buffer : this.buffer.slice(0, this.length)
  }
}

/** Reads what a `Writer` wrote and nothing else. Every method throws DecodeError on bad input. */
export class Reader {
  at = 0
  constructor(private readonly buffer: Uint8Array) {}

  get left(): number {
    return this.buffer.length - this.at
  }

  private take(bytes: number): number {
    if (bytes > this.left) throw new DecodeError('ends too early', true)
    const at = this.at
    this.at += bytes
    return at
  }

  uint(max: number = Number.MAX_SAFE_INTEGER): number {
    const first = this.buffer[this.take(1)]!
    let value = first
    if (first >= 0xfd) {
      const width = first === 0xfd ? 2 : first === 0xfe ? 4 : 8
      const at = this.take(width)
      value = 0
      for (let i = width - 1; i >= 0; i--) value = value * 256 + this.buffer[at + i]!
      const least = width === 2 ? 0xfd : width === 4 ? 0x1_0000 : 0x1_0000_0000
      if (value < least) throw new DecodeError('integer not in its shortest form')
    }
    if (value > max) throw new DecodeError('integer out of bounds')
    return value
  }

  /** A moment: ms since 1970 UTC. */
  time(): number {
    return this.uint(TIME_MS_MAX)
  }

  fixed(length: number): Uint8Array {
    const at = this.take(length)
    // A copy of its own: `slice` of a Node Buffer would share, and so keep, the whole frame.
    return new Uint8Array(this.buffer.subarray(at, at + length))
  }

  hex(length: number): string {
    const at = this.take(length)
    return toHex(this.buffer.subarray(at, at + length))
  }

  /** A circle or device key, as hex. */
  key(): string {
    return keyHex(this.buffer, this.take(32))
  }

  /** Like `fixed`, without a copy: shares the memory of what is read. */
  view(length: number): Uint8Array {
    const at = this.take(length)
    return this.buffer.subarray(at, at + length)
  }

  bytes(max: number): Uint8Array {
    return this.fixed(this.uint(max))
  }

  /** Passes over bytes that are not looked at here. */
  skip(length: number): void {
    this.take(length)
  }

  text(maxBytes: number): string {
    const text = utf8Text(this.bytes(maxBytes))
    if (text === null) throw new DecodeError('not UTF-8')
    return text
  }

  flag(): boolean {
    return this.uint(1) === 1
  }

  end(): void {
    if (this.left) throw new DecodeError('trailing bytes')
  }
}

/** Runs a decoder over the whole of `buffer`: its value, or null for anything that is not exactly one canonical value. */
export function decodeWhole<T>(buffer: Uint8Array, read: (reader: Reader) => T): T | null {
  const reader = new Reader(buffer)
  try {
    const value = read(reader)
    reader.end()
    return value
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
