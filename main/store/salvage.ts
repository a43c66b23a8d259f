// A database that SQLite calls damaged is set aside, never deleted; whatever can still be read of it goes into a new one.
// Every node read back is verified like a stranger's before it is stored again, and the rest comes from the circle.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Crypto } from '../protocol/crypto'
import type { TimelineNode } from '../protocol/node'
import { readableNodes, type KnownKeys } from './readable-nodes'
import { TIMELINE_FILE, isDamage, openTimelineStore, type TimelineStore } from './timeline-store'

export interface OpenedTimeline {
  store: TimelineStore
  damaged: { file: string; salvaged: TimelineNode[] } | null
}

/**
 * Opens the database of a folder, or a new one beside the damaged one. `known`: keys from the circle's own file, for nodes
 * whose own key cannot be read any more. Throws as `openTimelineStore`, damage excepted.
 */
export function openOrSalvage(
  dir: string,
  crypto: Crypto,
  now: number,
  known: KnownKeys | null = null,
): OpenedTimeline {
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
  const salvaged = readableNodes(join(dir, file), crypto, known)
  return { store: openTimelineStore(dir, crypto), damaged: { file, salvaged } }
}
