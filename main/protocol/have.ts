// The have-vector (rule R4): per device how far its timeline is here without a gap, and which runs are here above a gap
// because they arrived newest first. It is the store's content seen from the protocol, kept in step by `noteStored`.
import type { DeviceKey, NodeId } from '../../shared/types'
import { Writer } from './codec'
import { labelledHash, type Crypto } from './crypto'
import type { HaveEntry } from './messages'
import { addToRanges, gapsIn, type Range } from './timeline'

export interface DeviceHave {
  /** Nodes 1 … height are here. 0: not even the first. */
  height: number
  /** Id of the node at `height`; absent at height 0. */
  head?: NodeId
  /** Runs above height + 1, ascending and disjoint. */
  floating: readonly Range[]
}
export type HaveVector = Map<DeviceKey, DeviceHave>

const NOTHING: DeviceHave = { height: 0, floating: [] }
export const haveOf = (have: HaveVector, device: DeviceKey): DeviceHave => have.get(device) ?? NOTHING

export const isHere = (have: HaveVector, device: DeviceKey, seq: number): boolean => {
  const d = haveOf(have, device)
  return seq <= d.height || d.floating.some((r) => r.from <= seq && seq <= r.to)
}

/** Notes one stored node. `head`: the height and head that the store tells after a node closed a gap. */
export function noteStored(
  have: HaveVector,
  device: DeviceKey,
  seq: number,
  head: { height: number; id: NodeId } | null,
): void {
  const before = haveOf(have, device)
  if (!head) {
    have.set(device, { ...before, floating: addToRanges(before.floating, seq) })
    return
  }
  have.set(device, { height: head.height, head: head.id, floating: before.floating.filter((r) => r.to > head.height) })
}

/** Seqs of (0, top] that are not here, ascending ranges. */
export const missingUpTo = (have: HaveVector, device: DeviceKey, top: number): Range[] => {
  const d = haveOf(have, device)
  return top <= d.height ? [] : gapsIn(d.floating, d.height + 1, top)
}

export const entriesOf = (have: HaveVector): HaveEntry[] =>
  [...have]
    .flatMap(([device, d]) => (d.head === undefined ? [] : [{ device, height: d.height, head: d.head }]))
    .sort((a, b) => (a.device < b.device ? -1 : 1))

/** 32 bytes; equal exactly when both hold the same gapless timelines with the same heads. */
export function digestOf(crypto: Crypto, have: HaveVector): Uint8Array {
  const w = new Writer()
  for (const e of entriesOf(have)) w.hex(e.device, 32).uint(e.height).hex(e.head, 32)
  return labelledHash(crypto, 'have', w.finish())
}
