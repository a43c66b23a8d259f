// Rule N9 for a long answer to a pull: whether all of it is exactly what catching up expects, judged from its bytes and a few
// facts, so that it can be done beside the main loop, in one piece and without a word about each node. Whatever is unusual
// in it (a node that is young, dated ahead, of an unknown list, or wrong) is nobody's business here: the answer is handed
// back and treated node by node (pulled.ts), so that each rule stands in one place.
import type { CircleId, DeviceKey } from '../../shared/types'
import type { Crypto } from './crypto'
import { KEPT_MS, type Place } from './cuts'
import type { StoreItem, StoreOutcome } from './engine'
import { REPAIR_YOUNGER_MS } from './forwarding'
import type { Head } from './have'
import { standing } from './kinds'
import type { DeviceRecord } from './membership'
import { decodeNode, type TimelineNode } from './node'
import { unpackNodes, type PackedNodes } from './packed'
import { syncItem } from './store-item'
import { linkCode } from './timeline'
import { authorCode, signatureHolds } from './verify'

/** A long answer to a pull, as it came. */
export interface Run {
  /** Who answered. */
  from: DeviceKey
  device: DeviceKey
  /** Seq of its highest node; the others follow downward. */
  to: number
  nodes: PackedNodes
}
/** What of the list and the clock it is judged by. */
export interface RunRules {
  circle: CircleId
  /** The latest epoch known here. */
  epoch: number
  author: DeviceRecord
  /** ms since 1970 UTC. */
  wall: number
}

export type RunResult =
  /**
   * All of it is here. `head`: as for a single node (StoreOutcome), of the last one. `places`: of those that no cut tells apart
   * the newest, and every one that is newer. `entries`: nodes that are shown by themselves.
   */
  | { type: 'stored'; head: Head | null; places: Place[]; entries: number }
  /** Something else than expected is in the store: what it did with each node. */
  | { type: 'mixed'; outcomes: readonly StoreOutcome[] }
  /** To be treated node by node; nothing of it was stored. */
  | { type: 'unusual' }
/** The same for the engine, which has not seen the nodes. */
export type RunDone =
  | Exclude<RunResult, { type: 'mixed' }>
  | { type: 'mixed'; items: readonly StoreItem[]; outcomes: readonly StoreOutcome[] }

/** The nodes of a run, ascending, when each may be stored by the signature of the highest one; else null. */
export function judgeRun(crypto: Crypto, { device, to, nodes }: Run, rules: RunRules): TimelineNode[] | null {
  const out: TimelineNode[] = []
  let seq = to - nodes.count + 1
  let below: TimelineNode | null = null
  for (const bytes of unpackNodes(nodes)) {
    const decoded = decodeNode(crypto, bytes)
    if (!decoded.ok) return null
    const { node } = decoded
    if (node.device !== device || node.seq !== seq++) return null
    if (linkCode(node, below, null) || authorCode(node, rules.circle, rules.epoch, rules.author)) return null
    out.push(node)
    below = node
  }
  // Time rises along the chain, so the highest is the newest.
  if (!below || rules.wall - below.timestamp <= REPAIR_YOUNGER_MS) return null
  return signatureHolds(crypto, below) ? out : null
}

/** What the store is to take. `nodes`: as judged. */
export const itemsOfRun = ({ from }: Run, nodes: readonly TimelineNode[]): StoreItem[] =>
  nodes.map((node, i) => ({ ...syncItem(node, from), ...(i < nodes.length - 1 && { chain: 'run' }) }))

export function resultOfRun(
  nodes: readonly TimelineNode[],
  outcomes: readonly StoreOutcome[],
  { wall }: RunRules,
): RunResult {
  let entries = 0
  let old = -1
  for (const [i, node] of nodes.entries()) {
    if (outcomes[i]!.type !== 'stored') return { type: 'mixed', outcomes }
    if (standing(node.kind, node.body).entry) entries++
    if (node.timestamp < wall - KEPT_MS) old = i
  }
  const places = nodes.slice(Math.max(0, old)).map(({ seq, id, timestamp }) => ({ seq, id, timestamp }))
  const last = outcomes.at(-1)!
  return { type: 'stored', head: last.type === 'stored' ? last.head : null, places, entries }
}

/** Judges a run and stores it: `append` as the store's. */
export function storeRun(
  crypto: Crypto,
  run: Run,
  rules: RunRules,
  append: (items: readonly StoreItem[]) => readonly StoreOutcome[],
): RunDone {
  const nodes = judgeRun(crypto, run, rules)
  if (!nodes) return { type: 'unusual' }
  const items = itemsOfRun(run, nodes)
  return doneOf(resultOfRun(nodes, append(items), rules), () => items)
}

/** `items`: of a run that was judged elsewhere. */
export const doneOf = (result: RunResult, items: () => readonly StoreItem[]): RunDone =>
  result.type === 'mixed' ? { ...result, items: items() } : result

/** The nodes of a run that was found good, ascending: decoded once more where it was judged elsewhere. */
export const nodesOfRun = (crypto: Crypto, run: Run): TimelineNode[] =>
  unpackNodes(run.nodes, true).map((bytes) => {
    const decoded = decodeNode(crypto, bytes)
    if (!decoded.ok) throw new Error(`a run that was good: ${decoded.code}`)
    return decoded.node
  })
