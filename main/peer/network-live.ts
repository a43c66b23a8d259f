// The network as it moves (rules F5, M7, R6, C3): the ring, the traffic and what forwarding and repair did, for whoever looks.
import type { DemotionView, DeviceKey, ForwardingView, NetworkLive, Presence } from '../../shared/types'
import type { Demotion } from '../protocol/droppers'
import type { Engine } from '../protocol/engine'
import { areNeighbours } from '../protocol/heirs'
import { roundMs } from '../protocol/receipts'
import type { ListKeeper } from './list-keeper'
import type { Meter } from './meter'
import type { Link } from './ports'

interface Sources {
  now: number
  me: DeviceKey
  engine: Engine
  keeper: ListKeeper
  meter: Meter
  links: readonly Link[]
  presence(device: DeviceKey): Presence
}

/** Why a device is a leaf, in one sentence. */
function reasonOf(name: string, { reason, broken, of, counterparts }: Demotion): string {
  return reason === 'drops'
    ? `${name} did not hand on ${broken} of ${of} entries that were its to hand on; ${counterparts} devices missed them.`
    : `${name} says of ${broken} of ${of} entries that ${counterparts} devices did not hand them on, and only ${name} says so.`
}

export function forwardingView({ forwarding, catchUp }: Engine): ForwardingView {
  const { sent, received, duplicates, announced, nodes, retried, takenOver, late } = forwarding.counters
  return {
    copiesSent: sent,
    copiesReceived: received,
    duplicates,
    announcementsSent: announced,
    entries: nodes,
    retried,
    takenOver,
    pulled: catchUp.pulled,
    late,
  }
}

export function networkLive({ now, me, engine, keeper, meter, links, presence }: Sources): NetworkLive {
  const ring = engine.ring(keeper.list.epoch)
  const mine = ring?.position.get(me) ?? 0
  const devices = ring ? [...ring.order.slice(mine), ...ring.order.slice(0, mine)] : []
  const others = devices.filter((device) => device !== me)
  return {
    at: now,
    traffic: meter.total(),
    peers: links.map((link) => ({ device: link.remote, ...meter.of(link.remote) })),
    ring: devices.map((device) => ({
      device,
      memberName: keeper.nameOf(device),
      me: device === me,
      presence: presence(device),
      neighbour: ring !== null && areNeighbours(ring, me, device),
    })),
    forwarding: forwardingView(engine),
    demoted: [...engine.droppers.demoted].map(([device, demotion]): DemotionView => {
      const memberName = keeper.nameOf(device)
      const { reason, since, until } = demotion
      return { device, memberName, reason, text: reasonOf(memberName, demotion), since, until }
    }),
    receipts: {
      proven: others.filter((device) => engine.receipts.proven.has(device)).length,
      of: others.length,
      everyMs: roundMs(devices.length),
    },
  }
}
