// A database of the first version brought to the second shape, in which nodes arrived by time and not in the order of their
// rows, for tests of what becomes of it.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { toNarrowRows } from '../../main/store/narrow-rows'
import { TIMELINE_FILE } from '../../main/store/timeline-store'

/** `received`: by row number, ms, where the clock of that version stood elsewhere. */
export function toVersion2(dir: string, received: ReadonlyMap<number, number>): void {
  const db = new Database(join(dir, TIMELINE_FILE))
  db.transaction(() => {
    toNarrowRows(db)
    db.exec(`
      CREATE INDEX entries_by_arrival ON nodes (received, rowid) WHERE entry = 1;
      CREATE INDEX entries_of_member_by_arrival ON nodes (member, received, rowid) WHERE entry = 1;
    `)
    for (const [row, at] of received) db.prepare('UPDATE nodes SET received = ? WHERE rowid = ?').run(at, row)
    db.exec(`
      DELETE FROM spans WHERE ordering = 1;
      INSERT INTO spans SELECT 1, 0, received / 3600000, COUNT(*) FROM nodes WHERE entry = 1 GROUP BY received / 3600000;
      INSERT INTO spans SELECT 1, member, received / 86400000, COUNT(*) FROM nodes WHERE entry = 1 GROUP BY member, received / 86400000;
      INSERT INTO found (rowid, body, facets) VALUES (2048, 'old words', 'e');
      INSERT INTO meta VALUES ('found-up-to', '7') ON CONFLICT DO UPDATE SET value = excluded.value;
    `)
    db.pragma('user_version = 2')
  })()
  db.close()
}
