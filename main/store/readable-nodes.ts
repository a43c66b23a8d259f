// What can still be read of a damaged database, whatever its version: nodes whose bytes give the id that stands beside them.
// A row names its device by number; where the page with the keys is gone, the id tells which key of the circle fits.
import Database from 'better-sqlite3'
import type { CircleId, DeviceKey, NodeId } from '../../shared/types'
import { toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { bytesOf, idOfRow } from './node-row'

/** Rows per attempt: a bad page costs at most these, and those behind it are tried again one by one. */
const CHUNK_ROWS = 64

/** Keys that may occur, from elsewhere. */
export interface KnownKeys {
  circle: CircleId
  devices: readonly DeviceKey[]
}
interface Row {
  device: number
  seq: number
  id48: number
  timestamp: number
  backlink: Uint8Array | null
  rest: Uint8Array
}

/** Nodes that can still be read, ascending by place so that timelines join up. Nothing of them is believed yet. */
export function readableNodes(path: string, crypto: Crypto, known: KnownKeys | null): TimelineNode[] {
  let nodes: TimelineNode[] = []
  let db: Database.Database
  try {
    db = new Database(path)
  } catch {
    return nodes
  }
  try {
    nodes = isNarrow(db) ? narrowNodes(db, crypto, known) : wideNodes(db, crypto)
  } catch {
    // Not even the table can be read: all of it comes from the circle.
  } finally {
    db.close()
  }
  return nodes.sort((a, b) => (a.device === b.device ? a.seq - b.seq : a.device < b.device ? -1 : 1))
}

function isNarrow(db: Database.Database): boolean {
  try {
    db.prepare('SELECT bytes FROM nodes')
    return false
  } catch {
    return true
  }
}

/** Every row that can be read of a statement over a span of row numbers. */
function rowsOf<T>(db: Database.Database, columns: string): T[] {
  const last = (db.prepare('SELECT MAX(rowid) AS n FROM nodes').get() as { n: number | null }).n ?? 0
  const read = db.prepare<[number, number], T>(`SELECT ${columns} FROM nodes WHERE rowid BETWEEN ? AND ?`)
  const found: T[] = []
  const take = (from: number, to: number): boolean => {
    const before = found.length
    try {
      for (const row of read.all(from, to)) found.push(row)
      return true
    } catch {
      found.length = before
      return false
    }
  }
  for (let from = 1; from <= last; from += CHUNK_ROWS) {
    const to = Math.min(last, from + CHUNK_ROWS - 1)
    if (!take(from, to)) for (let row = from; row <= to; row++) take(row, row)
  }
  return found
}

/** The first shape of the table, with the whole bytes in each row. */
const wideNodes = (db: Database.Database, crypto: Crypto): TimelineNode[] =>
  rowsOf<{ bytes: Uint8Array }>(db, 'bytes').flatMap(({ bytes }) => {
    const decoded = decodeNode(crypto, bytes)
    return decoded.ok ? [decoded.node] : []
  })

function narrowNodes(db: Database.Database, crypto: Crypto, known: KnownKeys | null): TimelineNode[] {
  const byDevice = new Map<number, Map<number, Row>>()
  for (const row of rowsOf<Row>(db, 'device, seq, id48, timestamp, backlink, rest')) {
    const rows = byDevice.get(row.device) ?? new Map<number, Row>()
    byDevice.set(row.device, rows.set(row.seq, row))
  }
  const circle = readOr(() => db.prepare<[], { circle: CircleId | null }>('SELECT circle FROM ledger').get()?.circle)
  const isKey = <T extends string>(key: T | null | undefined): key is T => /^[0-9a-f]{64}$/.test(key ?? '')
  const circles = [...new Set([circle, known?.circle])].filter(isKey)
  const keyOf = db.prepare<[number], { key: DeviceKey }>('SELECT key FROM devices WHERE id = ?')

  /** The node of a row, if its bytes under these keys give its id. */
  function nodeOf(rows: ReadonlyMap<number, Row>, row: Row, of: CircleId, device: DeviceKey): TimelineNode | null {
    const below = rows.get(row.seq - 1)
    const backlink = row.backlink ? (toHex(row.backlink) as NodeId) : below ? idOfRow(below.id48, below.rest) : null
    if ((backlink === null) !== (row.seq === 1)) return null
    const decoded = decodeNode(crypto, bytesOf(of, { ...row, device }, row.seq === 1 ? null : backlink))
    return decoded.ok && decoded.node.id === idOfRow(row.id48, row.rest) ? decoded.node : null
  }

  const nodes: TimelineNode[] = []
  for (const [number, rows] of byDevice) {
    const told = readOr(() => keyOf.get(number)?.key)
    const devices = [...new Set([told, ...(known?.devices ?? [])])].filter(isKey)
    const keys = circles.flatMap((of) => devices.map((device) => [of, device] as const))
    const fits = keys.find(([of, device]) => firstFew(rows).some((row) => nodeOf(rows, row, of, device) !== null))
    if (!fits) continue
    for (const row of rows.values()) {
      const node = nodeOf(rows, row, ...fits)
      if (node) nodes.push(node)
    }
  }
  return nodes
}

/** Rows that are tried to find a key: a few, since any of them may be damaged. */
const firstFew = (rows: ReadonlyMap<number, Row>): Row[] => [...rows.values()].slice(0, 4)

function readOr<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}
