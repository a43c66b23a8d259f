// What a file that somebody hands over holds: an archive, a copy, an export as JSON lines, or a backup that was opened.
// Nothing of it is believed here; each item is what the file says, for whoever judges it (rules M2, N4).
import { closeSync, openSync, readSync } from 'node:fs'
import { TwofoldError } from '../../shared/errors'
import { ARCHIVE_MAGIC, BACKUP_MAGIC, itemOf, type Item } from '../protocol/archive'
import { readJsonLines } from './json-lines'
import { DamagedStream, fileSource, readRecords } from './records'

export type FileForm = 'archive' | 'json-lines' | 'backup' | 'other'
const SNIFF_BYTES = 64

/** What a file looks like from its first bytes. Throws FILE_UNREADABLE. */
export function formOf(path: string): FileForm {
  const first = Buffer.alloc(SNIFF_BYTES)
  let length = 0
  try {
    const handle = openSync(path, 'r')
    try {
      length = readSync(handle, first)
    } finally {
      closeSync(handle)
    }
  } catch {
    throw new TwofoldError('FILE_UNREADABLE', { file: path })
  }
  const begins = (magic: Uint8Array) => length >= magic.length && first.subarray(0, magic.length).equals(magic)
  if (begins(ARCHIVE_MAGIC)) return 'archive'
  if (begins(BACKUP_MAGIC)) return 'backup'
  return /^\s*\{"format":"twofold-export"/.test(first.subarray(0, length).toString('utf8')) ? 'json-lines' : 'other'
}

/**
 * The items of an archive, a copy or an export, one after the other, with little memory. A copy or archive that ends in the
 * middle of a record ends there; `torn` is told so. Throws ARCHIVE_INVALID, FILE_UNREADABLE.
 */
export function* readItems(path: string, torn: () => void): Generator<Item> {
  const form = formOf(path)
  if (form === 'json-lines') {
    yield* readJsonLines(path)
    return
  }
  if (form !== 'archive') throw new TwofoldError('ARCHIVE_INVALID', { file: path })
  const { read, close } = fileSource(path)
  try {
    for (const record of readRecords(read, ARCHIVE_MAGIC)) yield itemOf(record)
  } catch (error) {
    if (!(error instanceof DamagedStream)) throw error
    if (!error.torn) throw new TwofoldError('ARCHIVE_DAMAGED', { at: error.at })
    torn()
  } finally {
    close()
  }
}
