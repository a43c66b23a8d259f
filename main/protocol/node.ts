// The timeline node: its fields, its one encoding and its id (rules N1, N2). Whether a node is believed is decided in
// verify.ts; whether it continues a timeline, in timeline.ts.
import type { CircleId, DeviceKey, NodeId } from '../../shared/types'
import { DecodeError, Reader, Writer, fromHex, keyBytes, toHex, uintBytes } from './codec'
import { signedMessage, type Crypto, type Sign } from './crypto'
import { BODY_BYTES_MAX, KIND_MAX, NODE_BYTES_MAX } from './limits'

/** Version of the encoding below. */
export const NODE_VERSION = 1

export interface NodeFields {
  circle: CircleId
  device: DeviceKey
  /** From 1, without gaps. */
  seq: number
  /** Id of the node with seq - 1. Absent exactly when seq is 1. */
  backlink?: NodeId | undefined
  /** Written time: ms since 1970 UTC by the author's clock; later than the backlink's. */
  timestamp: number
  /** Number of the epoch under which it was written: fixes its route and who could write. */
  epoch: number
  /** See kinds.ts. Numbers without a meaning here are kept and forwarded (rule N3). */
  kind: number
  /** Opaque to verification; kinds.ts gives it meaning. At most BODY_BYTES_MAX bytes. */
  body: Uint8Array
}
export interface TimelineNode extends NodeFields {
  id: NodeId
  /** Id and backlink as bytes, where they are at hand: most of what comes in bulk is never named as text. */
  readonly idBytes?: Uint8Array
  readonly backlinkBytes?: Uint8Array | undefined
  /** Ed25519 by the device key, 64 bytes. */
  signature: Uint8Array
  /** The canonical encoding, signature included: what is stored, sent and hashed. Not to be changed. */
  bytes: Uint8Array
}

export const SIGNATURE_BYTES = 64

/** Bytes before the timestamp: version, circle, device, seq and, behind the first node, the backlink. */
export const headBytes = (seq: number): number => 65 + uintBytes(seq) + (seq === 1 ? 0 : 32)

function unsignedBytes(fields: NodeFields): Uint8Array {
  if ((fields.backlink === undefined) !== (fields.seq === 1))
    throw new RangeError('backlink must be absent exactly at seq 1')
  if (fields.body.length > BODY_BYTES_MAX) throw new RangeError('body too long')
  const writer = new Writer().uint(NODE_VERSION).key(fields.circle).key(fields.device).uint(fields.seq)
  if (fields.backlink !== undefined) writer.hex(fields.backlink, 32)
  return writer.uint(fields.timestamp).uint(fields.epoch).uint(fields.kind).bytes(fields.body).finish()
}

const idOf = (crypto: Crypto, unsigned: Uint8Array): NodeId => toHex(crypto.hash(unsigned)) as NodeId

export const idBytesOf = (node: Pick<TimelineNode, 'id' | 'idBytes'>): Uint8Array => node.idBytes ?? fromHex(node.id)

/** Whether the bytes of a node are still those that its id was made of: of a node that was decoded once, and kept since. */
export const hasItsId = (crypto: Crypto, { id, bytes }: Pick<TimelineNode, 'id' | 'bytes'>): boolean =>
  idOf(crypto, bytes.subarray(0, bytes.length - SIGNATURE_BYTES)) === id

/** What the device key signs: the purpose, the circle and the id (rule N2). */
export const nodeMessage = (circle: CircleId, id: NodeId | Uint8Array): Uint8Array =>
  signedMessage('node', keyBytes(circle), typeof id === 'string' ? fromHex(id) : id)

/** Makes and signs a node. The fields are our own, so nonsense in them is a bug and throws RangeError. */
export function makeNode(crypto: Crypto, fields: NodeFields, sign: Sign): TimelineNode {
  const unsigned = unsignedBytes(fields)
  const id = idOf(crypto, unsigned)
  const signature = sign(nodeMessage(fields.circle, id))
  const bytes = new Uint8Array(unsigned.length + SIGNATURE_BYTES)
  bytes.set(unsigned)
  bytes.set(signature, unsigned.length)
  return { ...fields, id, signature, bytes }
}

export type NodeDecodeCode = 'NODE_TOO_LARGE' | 'NODE_ENCODING' | 'NODE_VERSION'

/** What `readNode` finds. Id and backlink become text only when somebody asks: much that comes in bulk is never named. */
class DecodedNode implements TimelineNode {
  readonly circle: CircleId
  readonly device: DeviceKey
  readonly seq: number
  readonly idBytes: Uint8Array
  readonly backlinkBytes: Uint8Array | undefined
  readonly timestamp: number
  readonly epoch: number
  readonly kind: number
  readonly body: Uint8Array
  readonly signature: Uint8Array
  #id: NodeId | null = null
  #backlink: NodeId | undefined

  /** `reader`: behind the version. Throws DecodeError. `id`: of what decodes. */
  constructor(
    reader: Reader,
    readonly bytes: Uint8Array,
    id: (unsigned: Uint8Array) => Uint8Array,
  ) {
    this.circle = reader.key() as CircleId
    this.device = reader.key() as DeviceKey
    this.seq = reader.uint()
    if (this.seq === 0) throw new DecodeError('seq starts at 1')
    // Parts of `bytes`, which nobody changes: no copies.
    this.backlinkBytes = this.seq === 1 ? undefined : reader.view(32)
    this.timestamp = reader.time()
    this.epoch = reader.uint()
    this.kind = reader.uint(KIND_MAX)
    this.body = reader.view(reader.uint(BODY_BYTES_MAX))
    this.signature = reader.view(SIGNATURE_BYTES)
    reader.end()
    this.idBytes = id(bytes.subarray(0, bytes.length - SIGNATURE_BYTES))
  }

  get id(): NodeId {
    return (this.#id ??= toHex(this.idBytes) as NodeId)
  }
  get backlink(): NodeId | undefined {
    return (this.#backlink ??= this.backlinkBytes && (toHex(this.backlinkBytes) as NodeId))
  }
}

/**
 * Decodes one node from untrusted bytes. A node that decodes re-encodes to the same bytes; nothing is believed yet. It keeps
 * `bytes` and parts of it, so they must be its own: not a piece of a frame.
 */
export function decodeNode(
  crypto: Crypto,
  bytes: Uint8Array,
): { ok: true; node: TimelineNode } | { ok: false; code: NodeDecodeCode } {
  if (bytes.length > NODE_BYTES_MAX) return { ok: false, code: 'NODE_TOO_LARGE' }
  try {
    const reader = new Reader(bytes)
    if (reader.uint() !== NODE_VERSION) return { ok: false, code: 'NODE_VERSION' }
    return { ok: true, node: new DecodedNode(reader, bytes, (unsigned) => crypto.hash(unsigned)) }
  } catch (error) {
    if (error instanceof DecodeError) return { ok: false, code: 'NODE_ENCODING' }
    throw error
  }
}

/** A node whose bytes were decoded before and whose id is known from then. Throws DecodeError: a bug of the caller. */
export function decodeKnown(id: Uint8Array, bytes: Uint8Array): TimelineNode {
  const reader = new Reader(bytes)
  reader.uint()
  return new DecodedNode(reader, bytes, () => id)
}
