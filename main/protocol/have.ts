// The have-vector (rule R4): per device how far its timeline is here without a gap, and which runs are here above a gap
// because they arrived newest first. It is the store's content seen from the protocol, kept in step by `noteStored`.
import type { DeviceKey, NodeId } from '../../shared/types'
import { addRange, gapsIn, type Range } from './timeline'

export interface DeviceHave {
  /** Nodes 1 … height are here. 0: not even the first. */
  height: number
  /** Id and timestamp of the node at `height`; absent at height 0. */
  head?: NodeId
  headTime?: number
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

/** Something of a stretch is here. */
export const overlapsHere = (have: HaveVector, device: DeviceKey, { from, to }: Range): boolean => {
  const d = haveOf(have, device)
  return from <= d.height || d.floating.some((r) => r.from <= to && from <= r.to)
}

/** A timeline's new gapless height after a node closed a gap, with the id and timestamp of the node there. */
export interface Head {
  height: number
  id: NodeId
  timestamp: number
}

/**
 * Notes stored nodes. `head`: what the store tells after they closed a gap, else null (they float). Answers of the store may
 * come in another order than its commits, so a head below what is known already says nothing new.
 */
export function noteStored(have: HaveVector, device: DeviceKey, seqs: Range, head: Head | null): void {
  const before = haveOf(have, device)
  if (!head) {
    if (seqs.to <= before.height) return
    have.set(device, { ...before, floating: addRange(before.floating, seqs) })
    return
  }
  if (head.height <= before.height) return
  have.set(device, {
    height: head.height,
    head: head.id,
    headTime: head.timestamp,
    floating: before.floating.filter((r) => r.to > head.height),
  })
}

/** Seqs of (0, top] that are not here, ascending ranges. */
export const missingUpTo = (have: HaveVector, device: DeviceKey, top: number): Range[] => {
  const d = haveOf(have, device)
  return top <= d.height ? [] : gapsIn(d.floating, d.height + 1, top)
}
