// The backup (docs/protocol.md, "Archives"): an archive with what only this member needs, sealed under a key that follows from
// the 24 words. It holds no device key, so that whoever restores it is a new device and can never fork (rule N7). Sealed in
// chunks, each with its number and whether it is the last, so that none can be left out, doubled or put elsewhere.
import { TwofoldError } from '../../shared/errors'
import {
  BACKUP_MAGIC,
  RECORD,
  itemOf,
  writeBookmark,
  type BackupSource,
  type Item,
  type Step,
} from '../protocol/archive'
import { Reader, Writer, concat, utf8 } from '../protocol/codec'
import { labelledHash, type Crypto } from '../protocol/crypto'
import { writeRecords } from './archive'
import { fileSource, readRecords, writeRecord, type ByteSource } from './records'

import { beginFile, type Sink, type WholeFile } from './whole-file'

/** What the sealed stream begins with. */
const INNER_MAGIC = utf8('twofold-backup-records/1\n')
const SALT_BYTES = 16
const CHUNK_BYTES = 65_536
/** Sealed: a nonce and a check before the text, and what numbers the chunk. */
const BOX_BYTES_MAX = CHUNK_BYTES + 64

export interface Sealing {
  crypto: Crypto
  randomBytes(count: number): Uint8Array
  seal(key: Uint8Array, plain: Uint8Array): Uint8Array
  open(key: Uint8Array, box: Uint8Array): Uint8Array | null
}

const keyOf = (crypto: Crypto, entropy: Uint8Array, salt: Uint8Array): Uint8Array =>
  labelledHash(crypto, 'backup', entropy, salt)

/** A sink that seals, over a file that appears when it is finished. `entropy`: the 32 bytes behind the 24 words. */
function beginBackup(
  { crypto, randomBytes, seal }: Sealing,
  path: string,
  entropy: Uint8Array,
): Sink & Pick<WholeFile, 'finish' | 'abandon' | 'bytes'> {
  const file = beginFile(path)
  const salt = randomBytes(SALT_BYTES)
  const key = keyOf(crypto, entropy, salt)
  file.write(BACKUP_MAGIC)
  file.write(salt)
  let number = 0
  let waiting = new Uint8Array(0)
  const put = (plain: Uint8Array, last: boolean) => {
    const head = new Writer().uint(number++).flag(last).finish()
    file.write(new Writer().bytes(seal(key, concat(head, plain))).finish())
  }
  const sink = {
    get bytes() {
      return file.bytes
    },
    write(bytes: Uint8Array) {
      waiting = concat(waiting, bytes) as Uint8Array<ArrayBuffer>
      while (waiting.length > CHUNK_BYTES) {
        put(waiting.subarray(0, CHUNK_BYTES), false)
        waiting = waiting.slice(CHUNK_BYTES)
      }
    },
    finish() {
      put(waiting, true)
      file.finish()
    },
    abandon: () => file.abandon(),
  }
  sink.write(INNER_MAGIC)
  return sink
}

/** Throws DISK_FULL, FOLDER_UNWRITABLE, and what `step` throws; then there is no file. `entropy`: behind the 24 words. */
export async function writeBackup(
  sealing: Sealing,
  path: string,
  entropy: Uint8Array,
  source: BackupSource,
  step: Step,
): Promise<{ nodes: number; bytes: number }> {
  const file = beginBackup(sealing, path, entropy)
  try {
    writeRecord(file, RECORD.name, utf8(source.name))
    for (const secret of source.secrets) writeRecord(file, RECORD.secret, secret)
    const { nodes } = await writeRecords(sealing.crypto, file, source, step)
    for (const bookmark of source.bookmarks) writeRecord(file, RECORD.bookmark, writeBookmark(bookmark))
    file.finish()
    return { nodes, bytes: file.bytes }
  } catch (error) {
    file.abandon()
    throw error
  }
}

/** Boxes of a backup file, in order. */
function* boxesOf(read: ByteSource, damaged: () => TwofoldError): Generator<Uint8Array> {
  let buffer: Uint8Array = new Uint8Array(0)
  const head = BACKUP_MAGIC.length + SALT_BYTES
  let first = true
  for (;;) {
    while (buffer.length < (first ? head : 9 + BOX_BYTES_MAX)) {
      const chunk = read()
      if (!chunk) break
      buffer = concat(buffer, chunk)
    }
    if (first) {
      if (buffer.length < head) throw damaged()
      yield buffer.slice(BACKUP_MAGIC.length, head)
      buffer = buffer.subarray(head)
      first = false
      continue
    }
    if (!buffer.length) return
    let reader: Reader
    try {
      reader = new Reader(buffer)
      yield reader.bytes(BOX_BYTES_MAX)
    } catch {
      throw damaged()
    }
    buffer = buffer.subarray(reader.at)
  }
}

/**
 * What a backup holds, in order and with little memory. Throws BACKUP_WORDS (these words do not open it), BACKUP_DAMAGED
 * (it was cut short or changed), FILE_UNREADABLE.
 */
export function* readBackup({ crypto, open }: Sealing, path: string, entropy: Uint8Array): Generator<Item> {
  const damaged = () => new TwofoldError('BACKUP_DAMAGED', { file: path })
  const { read, close } = fileSource(path)
  const boxes = boxesOf(read, damaged)
  let number = 0
  let done = false
  let key: Uint8Array | null = null
  const plain: ByteSource = () => {
    if (done) return null
    key ??= keyOf(crypto, entropy, boxes.next().value as Uint8Array)
    const next = boxes.next()
    if (next.done) throw damaged()
    const text = open(key, next.value)
    if (!text) throw number === 0 ? new TwofoldError('BACKUP_WORDS') : damaged()
    const reader = new Reader(text)
    if (reader.uint() !== number++) throw damaged()
    done = reader.flag()
    return text.subarray(reader.at)
  }
  try {
    for (const record of readRecords(plain, INNER_MAGIC)) yield itemOf(record)
  } catch (error) {
    throw error instanceof TwofoldError ? error : damaged()
  } finally {
    close()
  }
}
