// Made-up figures of a network for the fake backend: traffic that rises and falls with the clock, a ring with every kind of
// device on it, counters, demoted devices and receipts. The same at the same time of day, whatever the scenario.
import type { AppState, DemotionView, HoldersView, Inspection, NetworkLive, TrafficView } from '../../shared/types'

const SECONDS = 300
const MINUTE = 60_000

/** Bytes in one second of a made-up conversation: bursts over a quiet ground. */
const bytesAt = (second: number, shift: number): number => {
  const wave = Math.sin((second + shift) / 17) + Math.sin((second + shift * 3) / 5.3)
  const burst = (second * 7 + shift) % 41 < 3 ? 9_000 : 0
  return Math.max(0, Math.round(900 + 800 * wave + burst))
}
const track = (now: number, shift: number, quiet = false): TrafficView => {
  const last = Math.floor(now / 1000)
  const series = (more: number) =>
    Array.from({ length: SECONDS }, (_unused, i) => (quiet ? 0 : bytesAt(last - SECONDS + 1 + i, shift + more)))
  return { sent: series(0), received: series(11) }
}

export function fakeLive({ circle, network, me }: AppState, now: number): NetworkLive {
  const devices = (circle?.members ?? [])
    .filter((member) => !member.removed)
    .flatMap((member) => member.devices.map((device) => ({ ...device, memberName: member.name })))
  const linked = new Set(network.links.map((link) => link.device))
  const ring = devices
    .filter((device) => device.key !== me?.device)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((device, index, all) => ({
      device: device.key,
      memberName: device.memberName,
      me: false,
      // Online is who is linked; the scenarios do not link everybody.
      presence:
        device.presence.state === 'online' && !linked.has(device.key)
          ? ({ state: 'seen', agoMs: 20_000 } as const)
          : device.presence,
      neighbour:
        linked.has(device.key) || all.length < 4 || [1, 2, 4, 8, 16, 32, 64, 128].includes(index + 1) || index === 8,
    }))
  const self = devices.find((device) => device.key === me?.device)
  const demoted: DemotionView[] =
    ring.length < 20
      ? []
      : [ring[5], ring[17]].flatMap((peer, index): DemotionView[] =>
          peer
            ? [
                {
                  device: peer.device,
                  memberName: peer.memberName,
                  reason: index === 0 ? 'drops' : 'accuses',
                  text:
                    index === 0
                      ? `${peer.memberName} did not hand on 31 of 58 entries that were its to hand on; 9 devices missed them.`
                      : `${peer.memberName} says of 40 of 61 entries that 12 devices did not hand them on, and only ${peer.memberName} says so.`,
                  since: now - (index + 1) * 3 * MINUTE,
                  until: now + (2 + index * 31) * MINUTE,
                },
              ]
            : [],
        )
  const alone = ring.length === 0
  return {
    at: now,
    traffic: track(now, 5, alone || network.links.length === 0),
    peers: network.links.map((link, index) => ({ device: link.device, ...track(now, index * 13, index === 1) })),
    ring: self
      ? [
          { device: self.key, memberName: self.memberName, me: true, presence: { state: 'self' }, neighbour: false },
          ...ring,
        ]
      : [],
    forwarding: alone
      ? {
          copiesSent: 0,
          copiesReceived: 0,
          duplicates: 0,
          announcementsSent: 0,
          entries: 0,
          retried: 0,
          takenOver: 0,
          pulled: 0,
          late: 0,
        }
      : {
          copiesSent: 1_184,
          copiesReceived: 1_199,
          duplicates: 588,
          announcementsSent: ring.length > 50 ? 402 : 0,
          entries: 611,
          retried: 9,
          takenOver: 3,
          pulled: 27,
          late: 0,
        },
    demoted,
    receipts: {
      proven: ring.filter((peer) => peer.presence.state !== 'offline').length,
      of: ring.length,
      everyMs: ring.length < 128 ? 5_000 : 30 * ring.length,
    },
  }
}

/** Those that are or were lately there have signed; the others have not. */
export function fakeHolders(ring: Inspection['route']['ring'], now: number): HoldersView {
  const held = ring.filter((hop) => hop.me || hop.online)
  return {
    of: ring.length,
    held: held.map(({ device, memberName, me }, index) => ({
      device,
      memberName,
      me,
      at: me ? null : Math.floor((now - (index % 7 === 3 ? 50 * 3_600_000 : 0)) / 5_000) * 5_000 - (index % 3) * 5_000,
    })),
    unknown: ring.filter((hop) => !held.includes(hop)).map(({ device, memberName }) => ({ device, memberName })),
  }
}
