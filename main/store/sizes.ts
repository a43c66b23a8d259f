// What takes space in the database, added up in ranges of rows, and giving back what does not need it.
import type Database from 'better-sqlite3'
import { ID_TAIL_BYTES, idOfRow } from './node-row'

/** What is signed before `rest`, as in most nodes: version, circle, device, a seq of three bytes, backlink, time. */
const HEAD_BYTES = 1 + 32 + 32 + 3 + 32 + 9
/** Pages of the search's index that are merged at once: some milliseconds. */
const MERGE_PAGES = 200

export function openSizes(db: Database.Database) {
  const sizes = db.prepare<[number, number], { member: number; nodes: number; bytes: number }>(
    `SELECT member, COUNT(*) AS nodes, SUM(LENGTH(rest)) + COUNT(*) * ${HEAD_BYTES - ID_TAIL_BYTES} AS bytes FROM nodes
     WHERE rowid BETWEEN ? AND ? GROUP BY member`,
  )
  const last = db.prepare<[], { n: number | null }>('SELECT MAX(rowid) AS n FROM nodes')
  const index = db.prepare<[], { n: number | null }>('SELECT SUM(LENGTH(block)) AS n FROM found_data')
  const trees = db.prepare<[], { n: number | null }>('SELECT SUM(OCTET_LENGTH(tree)) AS n FROM trees')
  const merge = db.prepare<[number]>("INSERT INTO found (found, rank) VALUES ('merge', ?)")
  const changes = db.prepare<[], { n: number }>('SELECT total_changes() AS n')
  const bookmarks = db.prepare<[], { id48: number; rest: Uint8Array; at: number }>(
    'SELECT n.id48, n.rest, b.at FROM bookmarks b JOIN nodes n ON n.rowid = b.node ORDER BY b.at',
  )

  return {
    /** The highest row number; 0: nothing is stored. */
    lastRow: (): number => last.get()!.n ?? 0,
    /** Nodes and their bytes in a range of rows, by the member's row number. */
    sizes: (from: number, to: number): { member: number; nodes: number; bytes: number }[] => sizes.all(from, to),
    /** Bytes of what follows from nodes, and of pages that nothing is on. */
    derivedSizes: (): { index: number; trees: number; unused: number } => ({
      index: index.get()!.n ?? 0,
      trees: trees.get()!.n ?? 0,
      unused:
        (db.pragma('freelist_count', { simple: true }) as number) *
        (db.pragma('page_size', { simple: true }) as number),
    }),
    /** Merges a part of the search's index; false: it is in one piece. */
    compactIndex(): boolean {
      const before = changes.get()!.n
      merge.run(-MERGE_PAGES)
      return changes.get()!.n - before >= 2
    },
    /** Gives unused pages back to the disk. Takes as much space again while it runs, and nothing else can be read or written. */
    compact(): void {
      db.exec('VACUUM')
      db.pragma('wal_checkpoint(TRUNCATE)')
    },
    allBookmarks: (): { id: string; at: number }[] =>
      bookmarks.all().map(({ id48, rest, at }) => ({ id: idOfRow(id48, rest), at })),
  }
}
