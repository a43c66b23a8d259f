// Many nodes as they travel in one answer to a pull: each one's length and bytes, one behind the other. So they pass from
// the disk to the wire, and from the wire to whoever judges them, as one piece of memory.
import { Reader, Writer, uintBytes } from './codec'
import { NODE_BYTES_MAX, PULL_NODES_MAX } from './limits'

export interface PackedNodes {
  count: number
  /** `count` times: length as `uint`, then so many bytes. May be a part of a frame: not to be changed. */
  bytes: Uint8Array
}

export function packNodes(nodes: readonly Uint8Array[]): PackedNodes {
  const writer = new Writer(nodes.reduce((sum, { length }) => sum + uintBytes(length) + length, 0))
  for (const bytes of nodes) writer.bytes(bytes)
  return { count: nodes.length, bytes: writer.finish() }
}

/** The bytes of each, ascending as they were packed. `own`: copies that outlive the whole; else they are parts of it. */
export function unpackNodes({ count, bytes }: PackedNodes, own = false): Uint8Array[] {
  const reader = new Reader(bytes)
  return Array.from({ length: count }, () =>
    own ? reader.bytes(NODE_BYTES_MAX) : reader.view(reader.uint(NODE_BYTES_MAX)),
  )
}

/** Reads them, as a part of what is read: no copies. Throws DecodeError. */
export function readPacked(reader: Reader): PackedNodes {
  const count = reader.uint(PULL_NODES_MAX)
  const start = reader.at
  for (let i = 0; i < count; i++) reader.skip(reader.uint(NODE_BYTES_MAX))
  const length = reader.at - start
  reader.at = start
  const bytes = reader.view(length)
  return { count, bytes }
}
