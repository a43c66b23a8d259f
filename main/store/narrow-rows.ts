// From the first shape of the table of nodes, with the whole bytes and the id of each, to the one that keeps each fact once
// (node-row.ts). Row numbers stay, since everything else names nodes by them.
import type Database from 'better-sqlite3'
import { DecodeError, Reader, toHex } from '../protocol/codec'
import { headBytes } from '../protocol/node'
import { FURTHEST } from './finder'
import { ID_TAIL_BYTES, damagedRow } from './node-row'

/** What is kept of a node's bytes: the end of its id, and everything from the epoch on. */
function narrow(id: Uint8Array, seq: number, bytes: Uint8Array): Buffer {
  const reader = new Reader(bytes)
  reader.at = headBytes(seq)
  try {
    reader.uint()
  } catch (error) {
    throw error instanceof DecodeError ? damagedRow(`stored node: ${error.message}`) : error
  }
  return Buffer.concat([id.subarray(-ID_TAIL_BYTES), bytes.subarray(reader.at)])
}

export function toNarrowRows(db: Database.Database): void {
  db.function('narrow', { deterministic: true }, (id, seq, bytes) =>
    narrow(id as Uint8Array, seq as number, bytes as Uint8Array),
  )
  db.exec(`
  -- The circle whose nodes these are, and how often something was appended or cut off: whoever keeps sums in memory sees
  -- by it whether another connection has changed what they are sums of. One row.
  CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), circle TEXT, commits INTEGER NOT NULL) STRICT;
  INSERT INTO ledger VALUES (1, NULL, 0);
  -- Rule N9: places whose own signature was not checked yet; their authors signed them by the chain above. Disjoint.
  CREATE TABLE believed (device INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (device, first)) STRICT, WITHOUT ROWID;
  -- Rule N9: nodes whose own signature does not hold, although their author signed them by the chain. found: ms, our clock.
  CREATE TABLE missigned (device INTEGER NOT NULL, seq INTEGER NOT NULL, found INTEGER NOT NULL, PRIMARY KEY (device, seq)) STRICT, WITHOUT ROWID;
  -- id48: the first 48 bits of the id, for order (rule N8) and for finding a node by id; received: ms, this device's clock;
  -- via: device that handed over the first copy, 0 for own nodes; tree: 0 or 1 over a tree, NULL from catching up;
  -- entry: 1 when it is shown and counted by itself, 0 when it only changes another (rule N3); backlink: only where the
  -- node with seq - 1 was not here, else it is that one's id; rest: the other 26 bytes of the id, then the encoding from
  -- the epoch on.
  CREATE TABLE narrow_nodes (
    rowid INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES devices(id), seq INTEGER NOT NULL,
    member INTEGER NOT NULL, id48 INTEGER NOT NULL, timestamp INTEGER NOT NULL, received INTEGER NOT NULL,
    via INTEGER NOT NULL, tree INTEGER, entry INTEGER NOT NULL, backlink BLOB, rest BLOB NOT NULL,
    UNIQUE (device, seq)
  ) STRICT;
  `)
  const first = db.prepare<[], { bytes: Uint8Array }>('SELECT bytes FROM nodes ORDER BY rowid LIMIT 1').get()
  if (first) {
    if (first.bytes.length < headBytes(1)) throw damagedRow('stored node: too short')
    db.prepare('UPDATE ledger SET circle = ?').run(toHex(first.bytes.subarray(1, 33)))
  }
  db.exec(`
  INSERT INTO narrow_nodes
    SELECT n.rowid, n.device, n.seq, n.member, n.id48, n.timestamp, n.received, n.via, n.tree, n.entry,
      CASE WHEN n.seq > 1 AND below.seq IS NULL THEN substr(n.bytes, CASE WHEN n.seq < 253 THEN 67 WHEN n.seq < 65536 THEN 69 ELSE 71 END, 32) END,
      narrow(n.id, n.seq, n.bytes)
    FROM nodes n LEFT JOIN nodes below ON below.device = n.device AND below.seq = n.seq - 1
    ORDER BY n.rowid;
  INSERT INTO meta SELECT '${FURTHEST}', MAX(rowid) FROM nodes HAVING COUNT(*) > 0;
  DROP TABLE nodes;
  ALTER TABLE narrow_nodes RENAME TO nodes;
  CREATE INDEX nodes_by_id ON nodes (id48);
  CREATE INDEX entries_by_time ON nodes (timestamp, id48) WHERE entry = 1;
  CREATE INDEX entries_of_member_by_time ON nodes (member, timestamp, id48) WHERE entry = 1;
  `)
}
