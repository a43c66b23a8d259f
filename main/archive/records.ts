// A stream of typed records, as archives, copies and backups have it (docs/protocol.md, "Archives"): a line that names the
// format, then for each record a type and length-prefixed bytes, both as canonical integers (rule N1). Read with little
// memory, whatever the length of the file; a record that ends too early is told from one that is damaged.
import { closeSync, openSync, readSync } from 'node:fs'
import { TwofoldError } from '../../shared/errors'
import { DecodeError, Reader, Writer } from '../protocol/codec'
import type { Sink } from './whole-file'

/** The largest is an epoch record (900,000 bytes) or the vector of 10,000 devices. */
const RECORD_BYTES_MAX = 1_048_576
const CHUNK_BYTES = 262_144
const TYPE_MAX = 255

export interface ArchiveRecord {
  type: number
  bytes: Uint8Array
  /** Bytes of the stream up to the end of this record. */
  end: number
}

/** Bytes in order. Null: there are no more. Throws FILE_UNREADABLE. */
export type ByteSource = () => Uint8Array | null

/** Where a stream stopped being what it should be. `torn`: it only ends too early, as a crash leaves it. */
export class DamagedStream extends Error {
  constructor(
    readonly at: number,
    readonly torn: boolean,
  ) {
    super(`damaged at byte ${at}`)
  }
}

export function writeRecord(sink: Sink, type: number, bytes: Uint8Array): void {
  sink.write(new Writer().uint(type).bytes(bytes).finish())
}

/** Opens a file for reading in chunks. Throws FILE_UNREADABLE. The file is closed at its end, or by `close`. */
export function fileSource(path: string): { read: ByteSource; close(): void } {
  const unreadable = () => new TwofoldError('FILE_UNREADABLE', { file: path })
  let handle: number
  try {
    handle = openSync(path, 'r')
  } catch {
    throw unreadable()
  }
  let open = true
  const close = () => {
    if (open) closeSync(handle)
    open = false
  }
  return {
    close,
    read() {
      if (!open) return null
      const chunk = new Uint8Array(CHUNK_BYTES)
      let length: number
      try {
        length = readSync(handle, chunk)
      } catch {
        close()
        throw unreadable()
      }
      if (length === 0) close()
      return length === 0 ? null : chunk.subarray(0, length)
    },
  }
}

/** Records behind the format's line. Throws DamagedStream, FILE_UNREADABLE. `magic`: the line, checked first. */
export function* readRecords(read: ByteSource, magic: Uint8Array): Generator<ArchiveRecord> {
  let buffer: Uint8Array = new Uint8Array(0)
  let at = 0
  /** Bytes of the stream before the buffer. */
  let before = 0
  let ended = false
  const more = (): boolean => {
    const chunk = ended ? null : read()
    if (!chunk) {
      ended = true
      return false
    }
    const rest = buffer.subarray(at)
    const next = new Uint8Array(rest.length + chunk.length)
    next.set(rest)
    next.set(chunk, rest.length)
    before += at
    at = 0
    buffer = next
    return true
  }
  while (buffer.length < magic.length && more());
  if (buffer.length < magic.length || !magic.every((byte, i) => buffer[i] === byte)) throw new DamagedStream(0, false)
  at = magic.length
  for (;;) {
    while (buffer.length - at < CHUNK_BYTES && more());
    if (at === buffer.length) return
    let record: { type: number; bytes: Uint8Array } | null = null
    while (!record) {
      const reader = new Reader(buffer.subarray(at))
      try {
        record = { type: reader.uint(TYPE_MAX), bytes: reader.bytes(RECORD_BYTES_MAX) }
        at += reader.at
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error
        if (!error.short) throw new DamagedStream(before + at, false)
        if (!more()) throw new DamagedStream(before + at, true)
      }
    }
    yield { ...record, end: before + at }
  }
}
