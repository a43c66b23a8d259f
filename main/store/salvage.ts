// A database that SQLite calls damaged is set aside, never deleted; whatever can still be read of it goes into a new one.
// Every node read back is verified like a stranger's before it is stored again, and the rest comes from the circle.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Crypto } from '../protocol/crypto'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { TIMELINE_FILE, isDamage, openTimelineStore, type TimelineStore } from './timeline-store'

/** Rows per attempt: a bad page costs at most these, and those behind it are tried again one by one. */
const CHUNK_ROWS = 64

export interface OpenedTimeline {
  store: TimelineStore
  damaged: { file: string; salvaged: TimelineNode[] } | null
}

/** Opens the database of a folder, or a new one beside the damaged one. Throws as `openTimelineStore`, damage excepted. */
export function openOrSalvage(dir: string, crypto: Crypto, now: number): OpenedTimeline {
  try {
    return { store: openTimelineStore(dir, crypto), damaged: null }
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  const file = `${TIMELINE_FILE}.damaged-${now}`
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(dir, TIMELINE_FILE + suffix)
    if (existsSync(path)) renameSync(path, join(dir, file + suffix))
  }
  const salvaged = salvage(join(dir, file), crypto)
  return { store: openTimelineStore(dir, crypto), damaged: { file, salvaged } }
}

/** Nodes that can still be read, ascending by place so that timelines join up. */
function salvage(path: string, crypto: Crypto): TimelineNode[] {
  const nodes: TimelineNode[] = []
  let db: Database.Database
  try {
    db = new Database(path)
  } catch {
    return nodes
  }
  try {
    const last = (db.prepare('SELECT MAX(rowid) AS n FROM nodes').get() as { n: number | null }).n ?? 0
    const read = db.prepare<[number, number], { bytes: Uint8Array }>(
      'SELECT bytes FROM nodes WHERE rowid BETWEEN ? AND ?',
    )
    const take = (from: number, to: number): boolean => {
      try {
        for (const { bytes } of read.all(from, to)) {
          const decoded = decodeNode(crypto, bytes)
          if (decoded.ok) nodes.push(decoded.node)
        }
        return true
      } catch {
        return false
      }
    }
    for (let from = 1; from <= last; from += CHUNK_ROWS) {
      const to = Math.min(last, from + CHUNK_ROWS - 1)
      const before = nodes.length
      if (take(from, to)) continue
      nodes.length = before
      for (let row = from; row <= to; row++) take(row, row)
    }
  } catch {
    // Not even the table can be read: all of it comes from the circle.
  } finally {
    db.close()
  }
  return nodes.sort((a, b) => (a.device === b.device ? a.seq - b.seq : a.device < b.device ? -1 : 1))
}
