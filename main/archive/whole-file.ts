// A file that appears whole or not at all: it is written beside its name, flushed, and renamed when all is there. What was
// given up, and what a crash left of an earlier attempt, is never taken for the file.
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileError } from '../../shared/file-errors'

/** Written at once: few calls, and little memory. */
const CHUNK_BYTES = 1_048_576

export interface Sink {
  write(bytes: Uint8Array): void
}
export interface WholeFile extends Sink {
  /** Bytes given so far. */
  readonly bytes: number
  text(text: string): void
  /** The file is there, on the disk. Throws DISK_FULL, FOLDER_UNWRITABLE; then nothing is left. */
  finish(): void
  /** Nothing is left. */
  abandon(): void
}

export const besideName = (path: string): string => `${path}.part`

/** After a power cut a rename that was not flushed is undone. */
export function flushFolder(folder: string): void {
  // Windows has no handle on a folder to flush; NTFS journals the rename.
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** A nearly full disk takes a part and says so only by the count. */
export function writeAll(handle: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
}

/** Readable by this user only: it holds what the circle wrote. Throws DISK_FULL, FOLDER_UNWRITABLE. */
export function beginFile(path: string): WholeFile {
  const beside = besideName(path)
  let handle: number
  try {
    mkdirSync(dirname(path), { recursive: true })
    handle = openSync(beside, 'w', 0o600)
  } catch (error) {
    throw fileError(error, path)
  }
  let open = true
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let bytes = 0
  const close = () => {
    if (open) closeSync(handle)
    open = false
  }
  const abandon = () => {
    close()
    rmSync(beside, { force: true })
  }
  const guarded = (work: () => void) => {
    try {
      work()
    } catch (error) {
      abandon()
      throw fileError(error, path)
    }
  }
  const flush = () => {
    writeAll(handle, waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting))
    waiting = []
    waitingBytes = 0
  }
  const file: WholeFile = {
    get bytes() {
      return bytes
    },
    write(more) {
      bytes += more.length
      // A copy: callers use their buffers again.
      waiting.push(Uint8Array.from(more))
      waitingBytes += more.length
      if (waitingBytes >= CHUNK_BYTES) guarded(flush)
    },
    text: (text) => file.write(Buffer.from(text)),
    finish() {
      guarded(() => {
        if (waiting.length) flush()
        fsyncSync(handle)
        close()
        renameSync(beside, path)
        flushFolder(dirname(path))
      })
    },
    abandon,
  }
  return file
}
