// What `peers`, `route` and `holders` say of forwarding (rules F6, F10, R6, C3), as lines of a table or sentences.
import type { DemotionView, HoldersView, Inspection, NetworkLive, TrafficView } from '../../shared/types'

const MINUTE_S = 60

/** UTC, to the second. */
export const second = (ms: number): string => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
const last = (series: readonly number[], seconds: number) =>
  series.slice(-seconds).reduce((sum, bytes) => sum + bytes, 0)

/** Bytes of the last minute, the running second included. */
export const lastMinute = ({ sent, received }: TrafficView) => ({
  sent: last(sent, MINUTE_S),
  received: last(received, MINUTE_S),
})

export const demotedLine = ({ text, since, until }: DemotionView): string =>
  `Demoted since ${second(since)}, tried again ${second(until)}: ${text}`

/** `peers --json`, beside what `network.get` says. */
export function liveJson(live: NetworkLive) {
  return {
    lastMinute: lastMinute(live.traffic),
    peers: live.peers.map((peer) => ({ device: peer.device, lastMinute: lastMinute(peer) })),
    demoted: live.demoted,
  }
}

const treeName = (tree: 0 | 1 | null) => (tree === 0 ? 'A' : 'B')

/** Who handed the first copy over, on which hop, when, and why it was not the planned one. */
export function arrivalSentence({ cameFrom, trees }: Inspection['route']): string | null {
  if (!cameFrom) return null
  const { memberName, how, tree, at, hop } = cameFrom
  const start = `First copy from ${memberName}`
  if (how === 'sync') return `${start}, while catching up, ${second(at)}.`
  const hops = (trees.find((one) => one.tree === tree)?.path.length ?? 0) - 1
  if (hop === null || hop >= hops)
    return `${start}, on tree ${treeName(tree)}, ${second(at)}. It stood in for a device of the path that could not be reached or was late.`
  const skipped = hops - hop - 1
  const words = skipped > 0 ? ` It skipped ${skipped} of the path that could not be reached.` : ''
  return `${start}, on tree ${treeName(tree)}, hop ${hop + 1} of ${hops}, ${second(at)}.${words}`
}

export const holdersSentence = ({ held, of }: HoldersView): string => `Held by ${held.length} of ${of}.`

/** Name, since when, device: those who hold it, then those of whom nothing is known. */
export const holderRows = ({ held, unknown }: HoldersView): string[][] => [
  ...held.map(({ memberName, device, at }) => [
    memberName,
    at === null ? 'this device' : `up to ${second(at)}`,
    device.slice(0, 12),
  ]),
  ...unknown.map(({ memberName, device }) => [memberName, 'not known', device.slice(0, 12)]),
]
