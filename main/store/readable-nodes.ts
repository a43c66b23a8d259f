// What can still be read of a damaged database, whatever its version: nodes whose bytes give the id that stands beside them,
// in small pieces. A row names its device by number; where the page with the keys is gone, the id tells which key of the
// circle fits.
import Database from 'better-sqlite3'
import type { CircleId, DeviceKey, NodeId } from '../../shared/types'
import { toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { bytesOf, idOfRow } from './node-row'

/** Keys that may occur, from elsewhere. */
export interface KnownKeys {
  circle: CircleId
  devices: readonly DeviceKey[]
}
interface Row {
  rowid: number
  device: number
  seq: number
  id48: number
  timestamp: number
  backlink: Uint8Array | null
  rest: Uint8Array
}

export interface ReadableNodes {
  /** The highest row number that there may be. */
  rows: number
  /** Nodes of the rows from … to that can be read, in the order of storing. Nothing of them is believed yet. */
  between(from: number, to: number): TimelineNode[]
  bookmarks(from: number, to: number): { id: string; at: number }[]
  /** Single values that can be read. */
  meta(): { key: string; value: string }[]
  close(): void
}

const isKey = <T extends string>(key: T | null | undefined): key is T => /^[0-9a-f]{64}$/.test(key ?? '')

function attempt<T>(read: () => T): T | null {
  try {
    return read()
  } catch {
    return null
  }
}

/** Never throws: what cannot be read comes from the circle. */
export function openReadable(path: string, crypto: Crypto, known: KnownKeys | null): ReadableNodes {
  const db = attempt(() => new Database(path))
  const query = <T>(sql: string, ...values: unknown[]): T[] | null =>
    attempt(() => db!.prepare<unknown[], T>(sql).all(...values))
  const wide = attempt(() => db!.prepare('SELECT bytes FROM nodes')) !== null

  // ---------------------------------------------------------------- narrow rows
  const circle = query<{ circle: CircleId | null }>('SELECT circle FROM ledger')?.[0]?.circle
  const circles = [...new Set([circle, known?.circle])].filter(isKey)
  /** Keys that once fitted a row of a device number. */
  const fitting = new Map<number, readonly [CircleId, DeviceKey]>()
  /** The last node of each device number: mostly the one below the next. */
  const last = new Map<number, { seq: number; id: NodeId }>()

  function belowOf(row: Row): NodeId | null {
    if (row.seq === 1) return null
    if (row.backlink) return toHex(row.backlink) as NodeId
    const before = last.get(row.device)
    if (before?.seq === row.seq - 1) return before.id
    const [below] =
      query<Row>('SELECT id48, rest FROM nodes WHERE device = ? AND seq = ?', row.device, row.seq - 1) ?? []
    return below ? idOfRow(below.id48, below.rest) : null
  }
  function underKeys(row: Row, below: NodeId | null, of: CircleId, device: DeviceKey): TimelineNode | null {
    const decoded = decodeNode(crypto, bytesOf(of, { ...row, device }, below))
    return decoded.ok && decoded.node.id === idOfRow(row.id48, row.rest) ? decoded.node : null
  }
  function narrowNode(row: Row): TimelineNode | null {
    const below = belowOf(row)
    // For the one above, whatever becomes of this one: its id stands in its row.
    last.set(row.device, { seq: row.seq, id: idOfRow(row.id48, row.rest) })
    if ((below === null) !== (row.seq === 1)) return null
    const fits = fitting.get(row.device)
    if (fits) return underKeys(row, below, ...fits)
    const told = query<{ key: DeviceKey }>('SELECT key FROM devices WHERE id = ?', row.device)?.[0]?.key
    const devices = [...new Set([told, ...(known?.devices ?? [])])].filter(isKey)
    for (const of of circles)
      for (const device of devices) {
        const node = underKeys(row, below, of, device)
        if (!node) continue
        fitting.set(row.device, [of, device])
        return node
      }
    return null
  }

  // ---------------------------------------------------------------- rows of either shape
  const columns = wide ? 'bytes' : 'rowid, device, seq, id48, timestamp, backlink, rest'
  const nodeOf = (row: Row | { bytes: Uint8Array }): TimelineNode | null => {
    if (!('bytes' in row)) return attempt(() => narrowNode(row))
    const decoded = decodeNode(crypto, row.bytes)
    return decoded.ok ? decoded.node : null
  }
  function between(from: number, to: number): TimelineNode[] {
    const rows = query<Row | { bytes: Uint8Array }>(
      `SELECT ${columns} FROM nodes WHERE rowid BETWEEN ? AND ? ORDER BY rowid`,
      from,
      to,
    )
    if (rows) return rows.flatMap((row) => nodeOf(row) ?? [])
    // A bad page costs at most the rows on it: those beside it are tried in ever smaller pieces.
    if (from === to) return []
    const middle = (from + to) >> 1
    return [...between(from, middle), ...between(middle + 1, to)]
  }
  return {
    rows: query<{ n: number | null }>('SELECT MAX(rowid) AS n FROM nodes')?.[0]?.n ?? 0,
    between,
    bookmarks: (from, to) =>
      (
        query<{ at: number; id48?: number; rest?: Uint8Array; id?: Uint8Array }>(
          `SELECT b.at, ${wide ? 'n.id' : 'n.id48, n.rest'} FROM bookmarks b JOIN nodes n ON n.rowid = b.node WHERE b.node BETWEEN ? AND ?`,
          from,
          to,
        ) ?? []
      ).map(({ at, id, id48, rest }) => ({ at, id: id ? toHex(id) : idOfRow(id48!, rest!) })),
    meta: () => query<{ key: string; value: string }>('SELECT key, value FROM meta') ?? [],
    close: () => db?.close(),
  }
}
