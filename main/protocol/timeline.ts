// Whether a node fits beside its neighbours in one device's log (rule N4: seq and backlink fit, time rises). The store
// asks this inside its transaction, for the node below and the node above when they are there; nodes may arrive newest
// first (rule R4), so either neighbour can still be missing.
import type { NodeId } from '../../shared/types'
import { equalBytes } from './codec'

/** What of a neighbour matters. */
export interface Place {
  id: NodeId
  idBytes?: Uint8Array
  backlink?: NodeId | undefined
  backlinkBytes?: Uint8Array | undefined
  /** ms since 1970 UTC. */
  timestamp: number
}
export type LinkCode = 'BACKLINK_MISMATCH' | 'TIMESTAMP_NOT_LATER'

const names = (newer: Place, older: Place): boolean =>
  newer.backlinkBytes && older.idBytes ? equalBytes(newer.backlinkBytes, older.idBytes) : newer.backlink === older.id

const follows = (older: Place, newer: Place): LinkCode | null =>
  !names(newer, older) ? 'BACKLINK_MISMATCH' : newer.timestamp <= older.timestamp ? 'TIMESTAMP_NOT_LATER' : null

/** null: it fits. `below`, `above`: the stored nodes with seq - 1 and seq + 1, if they are here. */
export const linkCode = (node: Place, below: Place | null, above: Place | null): LinkCode | null =>
  (below && follows(below, node)) ?? (above && follows(node, above)) ?? null

/** Inclusive range of seqs. */
export interface Range {
  from: number
  to: number
}

/** Adds one range to ascending, disjoint, non-adjacent ranges. Ranges are few: at most one per interrupted catch-up. */
export function addRange(ranges: readonly Range[], { from, to }: Range): Range[] {
  const out: Range[] = []
  let added: Range = { from, to }
  for (const range of ranges) {
    if (range.to + 1 < added.from || added.to + 1 < range.from) out.push(range)
    else added = { from: Math.min(range.from, added.from), to: Math.max(range.to, added.to) }
  }
  out.push(added)
  return out.sort((a, b) => a.from - b.from)
}
export const addToRanges = (ranges: readonly Range[], seq: number): Range[] => addRange(ranges, { from: seq, to: seq })

/** What of [from, to] lies in none of the ranges, ascending. */
export function gapsIn(ranges: readonly Range[], from: number, to: number): Range[] {
  const gaps: Range[] = []
  let next = from
  for (const range of ranges) {
    if (range.to < next) continue
    if (range.from > to) break
    if (range.from > next) gaps.push({ from: next, to: range.from - 1 })
    next = range.to + 1
  }
  if (next <= to) gaps.push({ from: next, to })
  return gaps
}
