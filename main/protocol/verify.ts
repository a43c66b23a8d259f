// Whether a node is believed (rules N4, N5): what can be said of it from its own bytes, the member list and the clock.
// Whether it fits its neighbours in the log is said by timeline.ts inside the store's transaction. Order matters: what
// costs nothing comes first, the signature (40 µs) last.
import type { CircleId } from '../../shared/types'
import { deviceInEpoch, type DeviceRecord, type MemberList } from './membership'
import { keyBytes } from './codec'
import type { Crypto } from './crypto'
import { CLOCK_AHEAD_MS } from './limits'
import { idBytesOf, nodeMessage, type TimelineNode } from './node'

export type VerifyCode =
  | 'CIRCLE_MISMATCH'
  | 'EPOCH_UNKNOWN'
  | 'DEVICE_NOT_IN_EPOCH'
  | 'DEVICE_REMOVED'
  | 'DEVICE_FROZEN'
  | 'TIMESTAMP_AHEAD'
  | 'SIGNATURE_INVALID'

/** Membership part alone: who may have written it. Null: fine. */
export const membershipCode = (node: TimelineNode, list: MemberList): VerifyCode | null =>
  authorCode(node, list.circle, list.epoch, list.devices.get(node.device))

/** The same, where no more of the list is at hand than its circle, its number and the author's device. */
export function authorCode(
  node: TimelineNode,
  circle: CircleId,
  epoch: number,
  device: DeviceRecord | undefined,
): VerifyCode | null {
  if (node.circle !== circle) return 'CIRCLE_MISMATCH'
  if (node.epoch > epoch) return 'EPOCH_UNKNOWN'
  if (!device || !deviceInEpoch(device, node.epoch)) return 'DEVICE_NOT_IN_EPOCH'
  if (device.cutoffSeq !== undefined && node.seq > device.cutoffSeq)
    return device.removedIn === undefined ? 'DEVICE_FROZEN' : 'DEVICE_REMOVED'
  return null
}

export const signatureHolds = (crypto: Crypto, node: TimelineNode): boolean =>
  crypto.verify(node.signature, nodeMessage(node.circle, idBytesOf(node)), keyBytes(node.device))

/**
 * Null: believed. `now`: ms since 1970 UTC. EPOCH_UNKNOWN and TIMESTAMP_AHEAD are no fault of the node: the caller
 * holds it and asks again when the list or the clock has moved on; it is not stored meanwhile.
 */
export function verifyNode(crypto: Crypto, node: TimelineNode, list: MemberList, now: number): VerifyCode | null {
  const code = membershipCode(node, list)
  if (code) return code
  if (!signatureHolds(crypto, node)) return 'SIGNATURE_INVALID'
  return node.timestamp > now + CLOCK_AHEAD_MS ? 'TIMESTAMP_AHEAD' : null
}
