// To the shape in which nodes arrived in the order of their row numbers: two indexes less to write for every node. Only when
// each hour began is kept beside them. The index of words no longer holds a word that every entry had, so it is filled anew behind the timeline.
import type Database from 'better-sqlite3'

export const HOUR_MS = 3_600_000

export function toArrivalOrder(db: Database.Database): void {
  // The clock of this device may have gone back; an hour that has begun stays begun.
  const HOURS = `SELECT rowid AS row, member, entry, MAX(received) OVER (ORDER BY rowid ROWS UNBOUNDED PRECEDING) / ${HOUR_MS} AS hour FROM nodes`
  db.exec(`
  -- The row number of the first node that arrived in an hour (since 1970 UTC, this device's clock) or later; an hour that
  -- has begun stays begun when the clock goes back.
  CREATE TABLE arrivals (hour INTEGER PRIMARY KEY, row INTEGER NOT NULL UNIQUE) STRICT;
  INSERT INTO arrivals SELECT hour, MIN(row) FROM (${HOURS}) GROUP BY hour ORDER BY hour;
  -- last: the highest row number ever given. None is given twice.
  ALTER TABLE ledger ADD COLUMN last INTEGER NOT NULL DEFAULT 0;
  UPDATE ledger SET last = COALESCE((SELECT MAX(rowid) FROM nodes), 0);
  DELETE FROM spans WHERE ordering = 1;
  INSERT INTO spans SELECT 1, 0, hour, COUNT(*) FROM (${HOURS}) WHERE entry = 1 GROUP BY hour;
  INSERT INTO spans SELECT 1, member, hour / 24, COUNT(*) FROM (${HOURS}) WHERE entry = 1 GROUP BY member, hour / 24;
  DROP INDEX IF EXISTS entries_by_arrival;
  DROP INDEX IF EXISTS entries_of_member_by_arrival;
  -- With their row numbers, as every index: by arrival.
  CREATE INDEX entries_of_member ON nodes (member) WHERE entry = 1;
  DROP TABLE found_words;
  DROP TABLE found;
  DELETE FROM meta WHERE key IN ('found-up-to', 'found-furthest');
  -- Full text without a copy of the text. Its rowid is timestamp × 2048 + id48 mod 2048, so matches come in order of time.
  CREATE VIRTUAL TABLE found USING fts5(body, facets, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2");
  CREATE VIRTUAL TABLE found_words USING fts5vocab(found, 'col');
  `)
}
