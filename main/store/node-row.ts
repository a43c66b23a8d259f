// How a node lies in the database: only what nothing else there tells (docs/protocol.md, "Store"). Circle, device, seq and
// time have columns or tables of their own, the backlink is the id of the row below, and the id's first 48 bits are
// indexed; the rest of the id and the bytes from the epoch on are `rest`. The very bytes that were signed come back on
// reading, without a hash.
import type { CircleId, DeviceKey, NodeId } from '../../shared/types'
import { DecodeError, Reader, Writer, uintBytes } from '../protocol/codec'
import { BODY_BYTES_MAX, KIND_MAX } from '../protocol/limits'
import { NODE_VERSION, SIGNATURE_BYTES, headBytes, idBytesOf, type TimelineNode } from '../protocol/node'

/** Bytes of an id that are kept as a number. */
export const ID48_BYTES = 6
const ID48_END = 2 ** (8 * ID48_BYTES)
/** Bytes of an id behind the first 48 bits. */
export const ID_TAIL_BYTES = 32 - ID48_BYTES

/** What a reading statement selects of a node. */
export interface NodeColumns {
  device: DeviceKey
  seq: number
  id48: number
  timestamp: number
  rest: Uint8Array
}

/** The damage that a row can have although SQLite reads it. */
export const damagedRow = (what: string): Error => Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' })

/** The first 48 bits of an id, which order entries (rule N8) and find nodes. */
export const id48Of = (id: NodeId): number => Number.parseInt(id.slice(0, 2 * ID48_BYTES), 16)
export function id48OfNode(node: TimelineNode): number {
  const id = idBytesOf(node)
  let id48 = 0
  for (let i = 0; i < ID48_BYTES; i++) id48 = id48 * 256 + id[i]!
  return id48
}
const idBytes = Buffer.alloc(ID48_BYTES + ID_TAIL_BYTES)
/** `tail`: any bytes that begin with the id's. As one text: ids are keys, and a text put together of two is slow as one. */
export function idOfRow(id48: number, tail: Uint8Array): NodeId {
  // A number out of its bounds is damage, and no node has what is made of it.
  idBytes.writeUIntBE(id48 >= 0 && id48 < ID48_END ? id48 : 0, 0, ID48_BYTES)
  for (let i = 0; i < ID_TAIL_BYTES; i++) idBytes[ID48_BYTES + i] = tail[i]!
  return idBytes.toString('hex') as NodeId
}

let scratch = new Uint8Array(4096)

/** What `rest` holds of a node. The bytes are good until the next call: whoever stores them copies them. */
export function restOf(node: TimelineNode): Uint8Array {
  const from = headBytes(node.seq) + uintBytes(node.timestamp)
  const length = ID_TAIL_BYTES + node.bytes.length - from
  if (length > scratch.length) scratch = new Uint8Array(2 * length)
  scratch.set(idBytesOf(node).subarray(ID48_BYTES))
  scratch.set(node.bytes.subarray(from), ID_TAIL_BYTES)
  return scratch.subarray(0, length)
}

/** What a node says, without the rest of it. Throws what `isDamage` recognises for a row that is not one of ours. */
export function contentOf(rest: Uint8Array): { kind: number; body: Uint8Array } {
  return ofRow(() => {
    const reader = new Reader(rest)
    reader.at = ID_TAIL_BYTES
    reader.uint()
    const kind = reader.uint(KIND_MAX)
    return { kind, body: reader.view(reader.uint(BODY_BYTES_MAX)) }
  })
}

/** The canonical encoding, put together again. `backlink`: null exactly at seq 1. */
export function bytesOf(circle: CircleId, columns: NodeColumns, backlink: NodeId | null): Uint8Array {
  const { device, seq, timestamp, rest } = columns
  const writer = new Writer(headBytes(seq) + uintBytes(timestamp) + rest.length - ID_TAIL_BYTES)
  writer.uint(NODE_VERSION).key(circle).key(device).uint(seq)
  if (backlink !== null) writer.hex(backlink, 32)
  return writer.uint(timestamp).raw(rest.subarray(ID_TAIL_BYTES)).finish()
}

/** What a row's node needs of the store, only when somebody asks for its backlink or bytes. */
export interface RowSource {
  circle(): CircleId
  /** What a node names as the one before it. */
  backlinkAt(device: DeviceKey, seq: number): NodeId | null
}

/** A stored node. It was verified before it was stored; nothing is hashed again for showing it. */
export class RowNode implements TimelineNode {
  readonly device: DeviceKey
  readonly seq: number
  readonly id: NodeId
  readonly timestamp: number
  readonly epoch: number
  readonly kind: number
  readonly body: Uint8Array
  readonly signature: Uint8Array
  readonly #columns: NodeColumns
  readonly #source: RowSource
  #backlink: NodeId | null = null
  #bytes: Uint8Array | null = null

  constructor(columns: NodeColumns, source: RowSource) {
    this.#columns = columns
    this.#source = source
    const { device, seq, id48, timestamp, rest } = columns
    const reader = new Reader(rest)
    reader.at = ID_TAIL_BYTES
    this.device = device
    this.seq = seq
    this.timestamp = timestamp
    this.id = idOfRow(id48, rest)
    this.epoch = reader.uint()
    this.kind = reader.uint(KIND_MAX)
    this.body = reader.view(reader.uint(BODY_BYTES_MAX))
    this.signature = reader.view(SIGNATURE_BYTES)
    reader.end()
  }

  /** Told by whoever read both rows at once, so that nobody has to ask for this one's. */
  follows(backlink: NodeId): void {
    this.#backlink = backlink
  }

  get circle(): CircleId {
    return this.#source.circle()
  }
  get backlink(): NodeId | undefined {
    if (this.seq === 1) return undefined
    this.#backlink ??= this.#source.backlinkAt(this.device, this.seq)
    if (this.#backlink === null) throw damagedRow('a node without its backlink')
    return this.#backlink
  }
  get bytes(): Uint8Array {
    return (this.#bytes ??= bytesOf(this.#source.circle(), this.#columns, this.backlink ?? null))
  }
}

/** Throws what `isDamage` recognises for a row that is not one of ours. */
export const nodeOf = (columns: NodeColumns, source: RowSource): RowNode => ofRow(() => new RowNode(columns, source))

function ofRow<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof DecodeError) throw damagedRow(`stored node: ${error.message}`)
    throw error
  }
}
