// The timeline database's tables and how older ones become newer ones. Forward only; `user_version` says where a file
// stands. Shapes follow docs/protocol.md, "Store": a rowid table with UNIQUE(device, seq), so the database itself refuses
// a second node for one place; no 32-byte primary keys, which collapse at a million rows.
import type Database from 'better-sqlite3'
import { TwofoldError } from '../../shared/errors'
import { toArrivalOrder } from './arrival-order'
import { toNarrowRows } from './narrow-rows'

/** SQL, or what SQL alone cannot do. `slim`: so many pages are free afterwards that the file is written anew without them. */
type Migration = string | { run(db: Database.Database): void; slim: boolean }

const MIGRATIONS: readonly Migration[] = [
  `
  -- seen: the last row number that was looked at; entries: how many of its nodes are entries.
  CREATE TABLE members (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, seen INTEGER NOT NULL DEFAULT 0, entries INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  -- height, head: nodes 1 … height are here; head is the id at height.
  CREATE TABLE devices (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, member INTEGER NOT NULL REFERENCES members(id),
    height INTEGER NOT NULL DEFAULT 0, head BLOB
  ) STRICT;
  -- id48: the first 48 bits of the id, for order (rule N8) and for finding a node by id; received: ms, this device's clock;
  -- via: device that handed over the first copy, 0 for own nodes; tree: 0 or 1 over a tree, NULL from catching up;
  -- entry: 1 when it is shown and counted by itself, 0 when it only changes another (rule N3).
  CREATE TABLE nodes (
    rowid INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices(id), seq INTEGER NOT NULL,
    member INTEGER NOT NULL, id48 INTEGER NOT NULL, timestamp INTEGER NOT NULL, received INTEGER NOT NULL,
    via INTEGER NOT NULL, tree INTEGER, entry INTEGER NOT NULL, id BLOB NOT NULL, bytes BLOB NOT NULL,
    UNIQUE (device, seq)
  ) STRICT;
  CREATE INDEX nodes_by_id ON nodes (id48);
  CREATE INDEX entries_by_time ON nodes (timestamp, id48) WHERE entry = 1;
  CREATE INDEX entries_by_arrival ON nodes (received, rowid) WHERE entry = 1;
  CREATE INDEX entries_of_member_by_time ON nodes (member, timestamp, id48) WHERE entry = 1;
  CREATE INDEX entries_of_member_by_arrival ON nodes (member, received, rowid) WHERE entry = 1;
  -- Entries per span of time, so that totals, positions and the histogram need no scan. ordering: 0 written, 1 reached this
  -- device; member 0 counts everyone by the hour, the others by the day; span: its number since 1970 UTC.
  CREATE TABLE spans (
    ordering INTEGER NOT NULL, member INTEGER NOT NULL, span INTEGER NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (ordering, member, span)
  ) STRICT, WITHOUT ROWID;
  -- Which node speaks about which other one (by the first 48 bits of its id; it may not be here yet). kind: as on the wire.
  CREATE TABLE refs (target48 INTEGER NOT NULL, kind INTEGER NOT NULL, node INTEGER NOT NULL, PRIMARY KEY (target48, kind, node)) STRICT, WITHOUT ROWID;
  -- Render trees of long texts and of code, as JSON, with the version of the renderer that made them.
  CREATE TABLE trees (node INTEGER PRIMARY KEY, version INTEGER NOT NULL, tree TEXT NOT NULL) STRICT;
  CREATE TABLE bookmarks (node INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
  -- Full text without a copy of the text. Its rowid is timestamp × 2048 + id48 mod 2048, so matches come in order of time.
  CREATE VIRTUAL TABLE found USING fts5(body, facets, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2");
  CREATE VIRTUAL TABLE found_words USING fts5vocab(found, 'col');
  -- Rule N6: the stored node and the other one that its author signed for the same place.
  CREATE TABLE equivocations (device INTEGER NOT NULL, seq INTEGER NOT NULL, other BLOB NOT NULL, found INTEGER NOT NULL, PRIMARY KEY (device, seq)) STRICT;
  -- Rule M5: what a removed device wrote behind its cut-off; kept, not shown, not passed on.
  CREATE TABLE cut_off (device INTEGER NOT NULL, seq INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (device, seq)) STRICT;
  -- Devices that acknowledged a node handed over by this device.
  CREATE TABLE acks (node INTEGER NOT NULL, device INTEGER NOT NULL, PRIMARY KEY (node, device)) STRICT, WITHOUT ROWID;
  -- Rule C3: the latest proven checkpoint of each device, and the have-vectors that they stand for.
  CREATE TABLE vectors (digest BLOB PRIMARY KEY, vector BLOB NOT NULL) STRICT;
  CREATE TABLE checkpoints (
    device TEXT PRIMARY KEY, at INTEGER NOT NULL, late BLOB NOT NULL, signature BLOB NOT NULL,
    digest BLOB NOT NULL REFERENCES vectors(digest)
  ) STRICT;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  { run: toNarrowRows, slim: true },
  // The index, filled anew, takes the pages that it gives back.
  { run: toArrivalOrder, slim: false },
]

/** Brings a file to the newest shape. Throws DATABASE_NEWER for a file of a later version. */
export function migrate(db: Database.Database): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > MIGRATIONS.length) throw new TwofoldError('DATABASE_NEWER')
  const missing = MIGRATIONS.slice(version)
  db.transaction(() => {
    for (const migration of missing)
      if (typeof migration === 'string') db.exec(migration)
      else migration.run(db)
    db.pragma(`user_version = ${MIGRATIONS.length}`)
  })()
  // A new file has nothing to give back.
  const slim = version > 0 && missing.some((migration) => typeof migration !== 'string' && migration.slim)
  if (slim) slimDown(db)
}

/**
 * Gives free pages back, and the log that both steps fill: a disk that had room for the old file has it for the new one. A
 * disk that is too full for it, or a reader, leaves a file that is sound and larger than need be.
 */
function slimDown(db: Database.Database): void {
  try {
    db.pragma('wal_checkpoint(TRUNCATE)')
    db.exec('VACUUM')
    db.pragma('wal_checkpoint(TRUNCATE)')
  } catch (error) {
    if (!/^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY)/.test((error as { code?: string }).code ?? '')) throw error
  }
}
