// The signed archive (docs/protocol.md, "Archives"): founding record, every record of the list, receipts, every node as it was
// signed, and at the end the exporting device's signature over all of it. Whoever has the file can check it anywhere; it
// holds no key and no secret.
import { toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import {
  ARCHIVE_MAGIC,
  RECORD,
  Tally,
  makeEnd,
  writeCheckpoint,
  type ArchiveSource,
  type RecordSource,
  type Step,
} from '../protocol/archive'
import { writeRecord } from './records'
import { beginFile, type Sink } from './whole-file'

/** Writes all that a source has into a sink, and counts it. */
export async function writeRecords(crypto: Crypto, sink: Sink, source: RecordSource, step: Step): Promise<Tally> {
  const tally = new Tally(crypto)
  const put = (type: number, bytes: Uint8Array) => {
    tally.add(type, bytes)
    writeRecord(sink, type, bytes)
  }
  put(RECORD.genesis, source.genesis)
  for (const epoch of source.epochs) put(RECORD.epoch, epoch)
  const vectors = new Set<string>()
  for (const receipt of source.receipts) {
    const key = toHex(receipt.digest)
    if (!vectors.has(key)) put(RECORD.vector, receipt.vector)
    vectors.add(key)
    put(RECORD.checkpoint, writeCheckpoint(receipt))
  }
  for (const run of source.runs()) {
    for (const bytes of run) put(RECORD.node, bytes)
    await step(tally.nodes)
  }
  return tally
}

/** Throws DISK_FULL, FOLDER_UNWRITABLE, and what `step` throws; then there is no file. */
export async function writeArchive(
  crypto: Crypto,
  path: string,
  source: ArchiveSource,
  at: number,
  step: Step,
): Promise<{ nodes: number; bytes: number }> {
  const file = beginFile(path)
  try {
    file.write(ARCHIVE_MAGIC)
    const tally = await writeRecords(crypto, file, source, step)
    writeRecord(file, RECORD.end, makeEnd(source, at, tally))
    file.finish()
    return { nodes: tally.nodes, bytes: file.bytes }
  } catch (error) {
    file.abandon()
    throw error
  }
}
