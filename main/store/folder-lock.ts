// One Twofold per data folder (two would write one timeline twice, rule N7). The lock is a transaction held open on an
// SQLite file: the operating system drops it with the process, however it ends, on every platform; no stale lock files.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TwofoldError } from '../../shared/errors'
import { fileError } from '../../shared/file-errors'
import { makePrivateFile } from './files'

/** A command that opened the folder for a moment is waited for: a window must not fail to start because of it. */
const WAIT_MS = 1000

/** Throws FOLDER_IN_USE when another process holds the folder. Returns what releases it. */
export function lockFolder(dir: string): () => void {
  let db: Database.Database | undefined
  try {
    const path = join(dir, 'lock.sqlite')
    makePrivateFile(path)
    db = new Database(path, { timeout: WAIT_MS })
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db?.close()
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw new TwofoldError('FOLDER_IN_USE')
    throw fileError(error, dir)
  }
  const held = db
  return () => {
    held.close()
  }
}
