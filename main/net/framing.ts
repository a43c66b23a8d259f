// Decides where frames begin and end on a link's byte stream, and whether the other side speaks our wire version at all.
// Wire: greeting, then frames; a frame is u32 little-endian length (1 to FRAME_BYTES_MAX) and that many bytes.
// Noise messages have boundaries of their own; nothing here relies on them.
import { FRAME_BUFFER_FIRST_BYTES, FRAME_BYTES_MAX } from './limits'

const LENGTH_BYTES = 4

/** 'twofold', the wire version, the sender's start (u48 little-endian, ms since 1970 by its own clock). */
const MAGIC = [0x74, 0x77, 0x6f, 0x66, 0x6f, 0x6c, 0x64] as const
const WIRE_VERSION = 1
export const GREETING_BYTES = MAGIC.length + 1 + 6

/**
 * Both sides send it at once. It tells a living link from a half-open one, and two runs of one device apart.
 * @param run start of this run, ms since 1970
 */
export function encodeGreeting(run: number): Uint8Array {
  const bytes = Buffer.alloc(GREETING_BYTES)
  bytes.set(MAGIC)
  bytes.writeUInt8(WIRE_VERSION, MAGIC.length)
  bytes.writeUIntLE(run, MAGIC.length + 1, 6)
  return bytes
}

export type Greeting = { ok: true; run: number } | { ok: false; code: 'GREETING_INVALID' | 'VERSION_UNSUPPORTED' }

/** Judges exactly GREETING_BYTES bytes. */
export function decodeGreeting(bytes: Uint8Array): Greeting {
  if (bytes.length !== GREETING_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
    return { ok: false, code: 'GREETING_INVALID' }
  if (bytes[MAGIC.length] !== WIRE_VERSION) return { ok: false, code: 'VERSION_UNSUPPORTED' }
  return { ok: true, run: Buffer.from(bytes).readUIntLE(MAGIC.length + 1, 6) }
}

/** A frame as it goes over the wire, in new memory. Throws RangeError on a length out of bounds: a bug of the caller. */
export function encodeFrame(frame: Uint8Array): Uint8Array {
  if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) throw new RangeError(`frame of ${frame.length} bytes`)
  const bytes = Buffer.allocUnsafe(LENGTH_BYTES + frame.length)
  bytes.writeUInt32LE(frame.length, 0)
  bytes.set(frame, LENGTH_BYTES)
  return bytes
}

/**
 * Cuts a byte stream into frames, however it is chunked. Work and memory are linear in the bytes received; a claimed length
 * reserves nothing. After an error, or stop(), the reader takes and gives nothing more.
 */
export class FrameReader {
  readonly #head = Buffer.alloc(LENGTH_BYTES)
  #headBytes = 0
  /** Of the frame under way; 0 while the head is incomplete. */
  #length = 0
  #body = Buffer.alloc(0)
  #bodyBytes = 0
  #done = false

  /** Calls `onFrame` for each completed frame, which owns its memory. A callback may call stop(). */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): 'OK' | 'FRAME_OVERSIZED' {
    let at = 0
    while (!this.#done && at < chunk.length) {
      if (this.#length === 0) {
        this.#head[this.#headBytes++] = chunk[at++] ?? 0
        if (this.#headBytes < LENGTH_BYTES) continue
        this.#length = this.#head.readUInt32LE(0)
        this.#headBytes = 0
        if (this.#length === 0 || this.#length > FRAME_BYTES_MAX) {
          this.stop()
          return 'FRAME_OVERSIZED'
        }
        this.#body = Buffer.allocUnsafeSlow(
          Math.min(this.#length, Math.max(FRAME_BUFFER_FIRST_BYTES, chunk.length - at)),
        )
        this.#bodyBytes = 0
      }
      const part = chunk.subarray(at, at + this.#length - this.#bodyBytes)
      this.#reserve(this.#bodyBytes + part.length)
      this.#body.set(part, this.#bodyBytes)
      this.#bodyBytes += part.length
      at += part.length
      if (this.#bodyBytes < this.#length) continue
      const frame = this.#body.subarray(0, this.#length)
      this.#length = 0
      this.#body = Buffer.alloc(0)
      onFrame(frame)
    }
    return 'OK'
  }

  stop(): void {
    this.#done = true
    this.#body = Buffer.alloc(0)
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#body.length) return
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#length, Math.max(bytes, 2 * this.#body.length)))
    larger.set(this.#body.subarray(0, this.#bodyBytes))
    this.#body = larger
  }
}
