// SQLite's own check of a database, over a connection of its own that only reads: for a thread beside the one that is used.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TIMELINE_FILE } from './timeline-store'

/** Null: it is sound; else what SQLite says first. */
export function quickCheck(dir: string): string | null {
  let db: Database.Database | null = null
  try {
    db = new Database(join(dir, TIMELINE_FILE), { readonly: true })
    const found = String(db.pragma('quick_check(1)', { simple: true }))
    return found === 'ok' ? null : found
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    db?.close()
  }
}
