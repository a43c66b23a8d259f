// What a device signs about what it holds (rule C3), made as a device makes it.
import { decodeEntries, encodeEntries } from '../../main/protocol/cuts'
import type { HaveEntry, Late } from '../../main/protocol/messages'
import type { TimelineNode } from '../../main/protocol/node'
import { checkpointMessage, type Proven } from '../../main/protocol/receipts'
import type { CircleId } from '../../shared/types'
import { crypto, type Device } from './people'

/** The vector of somebody who holds these timelines up to the given nodes. */
export const vectorUpTo = (...heads: readonly TimelineNode[]): HaveEntry[] =>
  heads.map(({ device, seq, id }) => ({ device, height: seq, head: id })).sort((a, b) => (a.device < b.device ? -1 : 1))

export function signedCheckpoint(
  circle: CircleId,
  device: Device,
  at: number,
  entries: readonly HaveEntry[],
  late: readonly Late[] = [],
): Proven {
  const { digest } = decodeEntries(crypto, encodeEntries(entries))!
  const unsigned = { device: device.key, at, digest, late }
  return { checkpoint: { ...unsigned, signature: device.sign(checkpointMessage(circle, unsigned)) }, entries }
}
