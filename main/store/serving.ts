// Reading a stretch of a timeline for somebody who pulls it: from the rows straight into one piece of memory, as it travels.
// A node's bytes are put together from what its row and the row below tell (node-row.ts).
import type Database from 'better-sqlite3'
import type { CircleId, DeviceKey } from '../../shared/types'
import { Writer, keyBytes, uintBytes } from '../protocol/codec'
import { NODE_VERSION, headBytes } from '../protocol/node'
import { unpackNodes, type PackedNodes } from '../protocol/packed'
import type { Keys } from './keys'
import { ID48_BYTES, ID_TAIL_BYTES } from './node-row'

type Row = [seq: number, id48: number, timestamp: number, backlink: Uint8Array | null, rest: Uint8Array]
const NOTHING: PackedNodes = { count: 0, bytes: new Uint8Array(0) }

/** The id of a row, as bytes. */
function writeId(writer: Writer, [, id48, , , rest]: Row, scratch: Uint8Array): void {
  let left = id48
  for (let i = ID48_BYTES - 1; i >= 0; i--) {
    scratch[i] = left % 256
    left = Math.floor(left / 256)
  }
  writer.raw(scratch).raw(rest.subarray(0, ID_TAIL_BYTES))
}

export function openServing(db: Database.Database, keys: Keys, circle: () => CircleId) {
  const run = db
    .prepare<[number, number, number], Row>(
      'SELECT seq, id48, timestamp, backlink, rest FROM nodes WHERE device = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC',
    )
    .raw(true)

  /** The newest nodes of [from, to] that connect downward from `to`: ascending, at most `max`, about `bytesMax`. */
  function packedRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): PackedNodes {
    const id = keys.device(device, null)
    if (id === null) return NOTHING
    const rows: Row[] = []
    const lengths: number[] = []
    /** The row below the lowest, whose id is its backlink. */
    let below: Row | null = null
    let size = 0
    for (const row of run.iterate(id, Math.max(1, from - 1), to)) {
      const [seq, , timestamp, , rest] = row
      if (seq !== to - rows.length) break
      const length = headBytes(seq) + uintBytes(timestamp) + rest.length - ID_TAIL_BYTES
      if (seq < from || rows.length === max || (size > 0 && size + length > bytesMax)) {
        below = row
        break
      }
      size += length
      rows.push(row)
      lengths.push(length)
    }
    if (!rows.length) return NOTHING
    const writer = new Writer(lengths.reduce((sum, length) => sum + uintBytes(length) + length, 0))
    const scratch = new Uint8Array(ID48_BYTES)
    const [circleBytes, deviceBytes] = [keyBytes(circle()), keyBytes(device)]
    for (let i = rows.length - 1; i >= 0; i--) {
      const [seq, , timestamp, backlink, rest] = rows[i]!
      writer.uint(lengths[i]!).uint(NODE_VERSION).raw(circleBytes).raw(deviceBytes).uint(seq)
      if (seq > 1) {
        if (below) writeId(writer, below, scratch)
        else writer.raw(backlink!)
      }
      writer.uint(timestamp).raw(rest.subarray(ID_TAIL_BYTES))
      below = rows[i]!
    }
    return { count: rows.length, bytes: writer.finish() }
  }

  return {
    packedRun,
    /** The same, each by itself. */
    readRun: (device: DeviceKey, from: number, to: number, max: number, bytesMax: number): Uint8Array[] =>
      unpackNodes(packedRun(device, from, to, max, bytesMax)),
  }
}
