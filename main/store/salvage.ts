// A database that SQLite calls damaged is set aside, never deleted; whatever can still be read of it goes into a new one.
// Every node read back is verified like a stranger's before it is stored again, and the rest comes from the circle. It is read
// in small pieces, so that neither its size nor its damage matters to whoever waits.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import { fileError } from '../../shared/file-errors'
import type { Crypto } from '../protocol/crypto'
import type { TimelineNode } from '../protocol/node'
import { openReadable, type KnownKeys } from './readable-nodes'
import { TIMELINE_FILE, isDamage, openTimelineStore, type StoreOptions, type TimelineStore } from './timeline-store'

/** Single values that are of this device alone and come from nobody else (rules M4, N7; what was typed and not sent). */
const KEPT_META = /^(copied|own-held|held-posts|draft( [0-9a-f]{64})?)$/
const NAME = new RegExp(`^${TIMELINE_FILE.replace('.', '\\.')}\\.damaged-\\d+$`)
/** Under this name the new database knows the one that it is filled from. */
const META_SALVAGING = 'salvaging'

export interface DamagedStore {
  /** The name under which it is kept. */
  file: string
  /** How many rows there may be. */
  rows: number
  /** The rows behind a row number that can be read, at most so many; null: there are no more. */
  read(
    after: number,
    limit: number,
  ): { nodes: TimelineNode[]; bookmarks: { id: string; at: number }[]; after: number } | null
  /** All of it was read. */
  finished(): void
  close(): void
}
export interface OpenedTimeline {
  store: TimelineStore
  damaged: DamagedStore | null
}

/**
 * Opens the database of a folder, or a new one beside the damaged one. What was interrupted in between goes on: a new
 * database knows which one it is filled from. `known`: keys from the circle's own file, for nodes whose own key cannot be
 * read any more. Throws as `openTimelineStore`, damage excepted.
 */
export function openOrSalvage(
  dir: string,
  crypto: Crypto,
  now: number,
  known: KnownKeys | null = null,
  options: StoreOptions = {},
): OpenedTimeline {
  let store: TimelineStore | null = null
  let file: string | null
  try {
    file = underWay(dir)
    store = openTimelineStore(dir, crypto, options)
    file ??= store.meta(META_SALVAGING)
    if (!file || !existsSync(join(dir, file))) return { store, damaged: null }
  } catch (error) {
    store?.close()
    if (!isDamage(error) && !(error instanceof TwofoldError && error.code === 'DATABASE_DAMAGED_NOW')) throw error
    file = `${TIMELINE_FILE}.damaged-${now}`
    begin(dir, file)
    store = openTimelineStore(dir, crypto, options)
  }
  store.setMeta(META_SALVAGING, file)
  rmSync(join(dir, MARKER), { force: true })
  return { store, damaged: salvageOf(dir, file, crypto, known, store) }
}

const LOGS = ['-wal', '-shm']
/** Names the database that is being set aside, from before it is renamed until the new one knows it by itself. */
const MARKER = 'timeline.salvaging'

function begin(dir: string, file: string): void {
  try {
    writeFileSync(join(dir, MARKER), file, { mode: 0o600 })
    rename(dir, file, ['', ...LOGS])
  } catch (error) {
    throw fileError(error, dir)
  }
}
function rename(dir: string, file: string, suffixes: readonly string[]): void {
  for (const suffix of suffixes) {
    const path = join(dir, TIMELINE_FILE + suffix)
    if (existsSync(path)) renameSync(path, join(dir, file + suffix))
  }
}

/** A setting aside that was interrupted is brought to its end; its file, or null. */
function underWay(dir: string): string | null {
  const marker = join(dir, MARKER)
  if (!existsSync(marker)) return null
  const file = readFileSync(marker, 'utf8')
  if (!NAME.test(file)) {
    rmSync(marker)
    return null
  }
  try {
    if (!existsSync(join(dir, file))) rename(dir, file, ['', ...LOGS])
    // Logs without their database: SQLite would take them for a new one's.
    else if (!existsSync(join(dir, TIMELINE_FILE))) rename(dir, file, LOGS)
  } catch (error) {
    throw fileError(error, dir)
  }
  return file
}

function salvageOf(
  dir: string,
  file: string,
  crypto: Crypto,
  known: KnownKeys | null,
  store: TimelineStore,
): DamagedStore {
  const readable = openReadable(join(dir, file), crypto, known)
  for (const { key, value } of readable.meta())
    if (KEPT_META.test(key) && store.meta(key) === null) store.setMeta(key, value)
  return {
    file,
    rows: readable.rows,
    read(after, limit) {
      if (after >= readable.rows) return null
      const to = Math.min(readable.rows, after + limit)
      return { nodes: readable.between(after + 1, to), bookmarks: readable.bookmarks(after + 1, to), after: to }
    },
    finished: () => store.setMeta(META_SALVAGING, ''),
    close: () => readable.close(),
  }
}
