// What goes to the workers and comes back: flat buffers that are handed over, not copied, and a few short lists beside them.
import type { ErrorCode } from '../../shared/errors'
import type { CircleId, DeviceKey, MemberKey, Order } from '../../shared/types'
import { keyBytes } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { Origin, StoreItem, StoreOutcome } from '../protocol/engine'
import { decodeKnown, idBytesOf, nodeMessage } from '../protocol/node'
import type { Run, RunResult, RunRules } from '../protocol/runs'

const ID_BYTES = 32
const SIGNATURE_BYTES = 64
/** Id, key and signature: all that a check needs of a node. */
const CHECK_BYTES = ID_BYTES + 32 + SIGNATURE_BYTES

// ---------------------------------------------------------------- signatures

export interface PackedChecks {
  circle: CircleId
  bytes: Uint8Array<ArrayBuffer>
}

export function packChecks(items: readonly StoreItem[]): PackedChecks {
  const bytes = new Uint8Array(items.length * CHECK_BYTES)
  items.forEach(({ node }, i) => {
    const at = i * CHECK_BYTES
    bytes.set(idBytesOf(node), at)
    bytes.set(keyBytes(node.device), at + ID_BYTES)
    bytes.set(node.signature, at + 2 * ID_BYTES)
  })
  return { circle: items[0]!.node.circle, bytes }
}

/** 1 for each signature that holds. All nodes are of one circle: the engine has looked at that. */
export function checkPacked(crypto: Crypto, { circle, bytes }: PackedChecks): Uint8Array<ArrayBuffer> {
  const holds = new Uint8Array(bytes.length / CHECK_BYTES)
  // The message of every node differs in its id alone, which stands at its end.
  const message = nodeMessage(circle, bytes.subarray(0, ID_BYTES))
  for (let i = 0; i < holds.length; i++) {
    const at = i * CHECK_BYTES
    message.set(bytes.subarray(at, at + ID_BYTES), message.length - ID_BYTES)
    const key = bytes.subarray(at + ID_BYTES, at + 2 * ID_BYTES)
    holds[i] = Number(crypto.verify(bytes.subarray(at + 2 * ID_BYTES, at + CHECK_BYTES), message, key))
  }
  return holds
}

// ---------------------------------------------------------------- batches for the store

const HOW: readonly Origin['how'][] = ['own', 'tree', 'sync']
const CHAIN: readonly (StoreItem['chain'] | null)[] = [null, 'run', 'above']
/** No device, no tree. */
const NONE = 255

export interface PackedBatch {
  ids: Uint8Array<ArrayBuffer>
  bytes: Uint8Array<ArrayBuffer>
  lengths: Uint32Array<ArrayBuffer>
  /** Four bytes a node: how it came, over which tree, by which proof, and from whom (an index of `senders`). */
  how: Uint16Array<ArrayBuffer>
  senders: (DeviceKey | null)[]
  /** Whose device each is. */
  members: [DeviceKey, MemberKey][]
  now: number
}

export function packBatch(
  items: readonly StoreItem[],
  memberOf: (device: DeviceKey) => MemberKey,
  now: number,
): PackedBatch {
  const bytes = new Uint8Array(items.reduce((sum, { node }) => sum + node.bytes.length, 0))
  const ids = new Uint8Array(items.length * ID_BYTES)
  const lengths = new Uint32Array(items.length)
  const how = new Uint16Array(items.length * 4)
  const senders: (DeviceKey | null)[] = []
  const members = new Map<DeviceKey, MemberKey>()
  let at = 0
  items.forEach(({ node, origin, chain }, i) => {
    bytes.set(node.bytes, at)
    at += node.bytes.length
    lengths[i] = node.bytes.length
    ids.set(idBytesOf(node), i * ID_BYTES)
    let sender = senders.indexOf(origin.from)
    if (sender < 0) sender = senders.push(origin.from) - 1
    how.set([HOW.indexOf(origin.how), origin.tree ?? NONE, CHAIN.indexOf(chain ?? null), sender], i * 4)
    if (!members.has(node.device)) members.set(node.device, memberOf(node.device))
  })
  return { ids, bytes, lengths, how, senders, members: [...members], now }
}

export function unpackBatch({ ids, bytes, lengths, how, senders }: PackedBatch): StoreItem[] {
  const items: StoreItem[] = []
  let at = 0
  lengths.forEach((length, i) => {
    const node = decodeKnown(ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES), bytes.subarray(at, at + length))
    at += length
    const [came, tree, proof, sender] = how.subarray(i * 4, i * 4 + 4)
    const chain = CHAIN[proof!]
    items.push({
      node,
      origin: { from: senders[sender!]!, how: HOW[came!]!, tree: tree === NONE ? null : (tree as 0 | 1) },
      arrival: null,
      ...(chain && { chain }),
    })
  })
  return items
}

/** A run on its way to the thread. */
export interface PackedRun {
  run: Run
  rules: RunRules
  now: number
}

/** Outcomes of nodes that the receiver has: almost all are one of two, and need no word. */
export interface PackedOutcomes {
  /** An OUTCOME each. */
  each: Uint8Array<ArrayBuffer>
  others: [number, StoreOutcome][]
}
/** It floats; it is the new head of its timeline; see `others`. */
const OUTCOME = { floats: 0, head: 1, other: 2 } as const

export function packOutcomes(items: readonly StoreItem[], outcomes: readonly StoreOutcome[]): PackedOutcomes {
  const each = new Uint8Array(items.length)
  const others: PackedOutcomes['others'] = []
  outcomes.forEach((outcome, i) => {
    if (outcome.type === 'stored' && outcome.head === null) each[i] = OUTCOME.floats
    else if (outcome.type === 'stored' && outcome.head?.height === items[i]!.node.seq) each[i] = OUTCOME.head
    else {
      each[i] = OUTCOME.other
      others.push([i, outcome])
    }
  })
  return { each, others }
}

export function unpackOutcomes(items: readonly StoreItem[], { each, others }: PackedOutcomes): StoreOutcome[] {
  const told = new Map(others)
  return items.map(({ node }, i) => {
    if (each[i] === OUTCOME.other) return told.get(i)!
    const head = each[i] === OUTCOME.head ? { height: node.seq, id: node.id, timestamp: node.timestamp } : null
    return { type: 'stored', head }
  })
}

/** What a committed batch did, as the store tells it (main/store/appending.ts). `changes`: of its sums. */
export interface Committed {
  outcomes: StoreOutcome[]
  commit: number
  changes: readonly SpanChange[]
}
export interface SpanChange {
  order: Order
  member: number
  span: number
  by: number
  least: { at: number; tie: number }
}

// ---------------------------------------------------------------- what is said

export interface StoreWorkerData {
  dir: string
  /** Above 0 while the main thread wants to write: then no transaction is begun. */
  turn: SharedArrayBuffer
}
export type ToStoreWorker =
  /** `id`: of the answer. */
  | { type: 'append'; id: number; batch: PackedBatch }
  | { type: 'run'; id: number; packed: PackedRun }
  /** There is something to index, or to check when there is nothing else to do. */
  | { type: 'look'; index: boolean; signatures: boolean }
  | { type: 'end' }
export type FromStoreWorker =
  /** The database is open. */
  | { type: 'ready' }
  | {
      type: 'appended'
      id: number
      outcomes: PackedOutcomes
      committed: Omit<Committed, 'outcomes'>
      tookMs: number
    }
  /** `committed`: of its transaction, with the first run of those that were in it. */
  | { type: 'ran'; id: number; result: RunResult; committed: Omit<Committed, 'outcomes'> | null }
  | { type: 'refused'; id: number; code: ErrorCode; details: Record<string, string | number> }
  /** More can be found than before; `left`: entries that cannot. */
  | { type: 'indexed' }
  | { type: 'missigned'; device: DeviceKey; seqs: number[] }
  /** A bug, or damage that the store cannot name: the worker ends. */
  | { type: 'failed'; error: string }
  /** Nothing is left to do. */
  | { type: 'idle' }
  | { type: 'ended' }
