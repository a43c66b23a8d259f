// Small text files of a data folder (keys, circle, settings), each written whole: beside, flushed, then renamed, so a
// crash or a full disk leaves the old file or the new one, never half of one. All are readable by this user only.
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../../shared/file-errors'

/**
 * Makes an empty file that only this user can read, if it is not there. Never opens one that is: closing it again would
 * drop the locks that SQLite holds on it for this process.
 */
export function makePrivateFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'ax', 0o600))
}

export interface TextFiles {
  /** Null: there is no such file. */
  read(name: string): string | null
  write(name: string, text: string): void
  remove(name: string): void
  /** Renames a file that cannot be read, so that nothing is lost; the new name. */
  setAside(name: string, now: number): string
  /** What was set aside since the folder was opened. */
  readonly setAsides: readonly { file: string; aside: string }[]
}

/** After a power cut a rename that was not flushed is undone, and a promise kept in the file with it (rule M3). */
function flushNames(dir: string): void {
  // Windows has no handle on a folder to flush; NTFS journals the rename.
  if (process.platform === 'win32') return
  const handle = openSync(dir, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Opens a data folder, making it (0700) if it is not there. Throws FOLDER_UNWRITABLE. */
export function openFolder(dir: string): TextFiles {
  try {
    const fresh = mkdirSync(dir, { recursive: true, mode: 0o700 })
    if (fresh !== undefined) chmodSync(dir, 0o700)
  } catch (error) {
    throw fileError(error, dir)
  }
  const setAsides: { file: string; aside: string }[] = []
  return {
    setAsides,
    read(name) {
      const path = join(dir, name)
      return existsSync(path) ? readFileSync(path, 'utf8') : null
    },
    write(name, text) {
      const beside = join(dir, `${name}.new`)
      try {
        const handle = openSync(beside, 'w', 0o600)
        try {
          // A nearly full disk takes a part and says so only by the count.
          const bytes = Buffer.from(text)
          for (let at = 0; at < bytes.length;) at += writeSync(handle, bytes, at)
          fsyncSync(handle)
        } finally {
          closeSync(handle)
        }
        renameSync(beside, join(dir, name))
        flushNames(dir)
      } catch (error) {
        rmSync(beside, { force: true })
        throw fileError(error, dir)
      }
    },
    remove(name) {
      rmSync(join(dir, name), { force: true })
    },
    setAside(name, now) {
      const aside = `${name}.damaged-${now}`
      try {
        renameSync(join(dir, name), join(dir, aside))
      } catch (error) {
        throw fileError(error, dir)
      }
      setAsides.push({ file: name, aside })
      return aside
    },
  }
}
