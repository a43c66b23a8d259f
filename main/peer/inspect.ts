// Everything about one entry for the inspector: its proof, the two trees that it travels (rule F10), and who handed it over.
import type { DeviceKey, Inspection, RouteTree } from '../../shared/types'
import { toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { Engine } from '../protocol/engine'
import { TREES, chain, nodeSeed, relative, treeEdges } from '../protocol/heirs'
import type { ListKeeper } from './list-keeper'
import type { StorePort, StoredNode } from './ports'
import { proofSteps } from './proof'
import type { Rows } from './rows'

interface Sources {
  crypto: Crypto
  me: DeviceKey
  keeper: ListKeeper
  engine: Engine
  store: StorePort
  rows: Rows
}

export function inspect({ crypto, me, keeper, engine, store, rows }: Sources, stored: StoredNode): Inspection {
  const { node } = stored
  const ring = engine.ring(node.epoch)
  const seed = ring && nodeSeed(crypto, ring, node.device, node.seq)
  const hop = (device: DeviceKey) => ({ device, member: keeper.memberOf(device), memberName: keeper.nameOf(device) })
  const trees: RouteTree[] = []
  const order: Inspection['route']['ring'] = []
  if (ring && seed) {
    for (let rel = 0; rel < ring.n; rel++) {
      const device = ring.order[(seed.author + rel) % ring.n]!
      order.push({ ...hop(device), me: device === me, online: device === me || engine.links.has(device) })
    }
    const onRing = relative(ring, seed, me) !== null
    for (const tree of TREES) {
      const path = onRing ? chain(ring, seed, me, tree)!.path : []
      trees.push({ tree, path: path.map(hop), edges: treeEdges(ring, seed, tree) })
    }
  }
  const { via, tree } = stored
  return {
    row: rows.row(stored),
    proof: proofSteps(crypto, node, {
      list: keeper.list,
      epochBytes: keeper.epochBytes,
      below: node.seq > 1 ? store.at(node.device, node.seq - 1) : null,
      linked: stored.linked,
      receivedAt: stored.receivedAt,
    }),
    route: {
      ring: order,
      trees,
      cameFrom: via === null ? null : { ...hop(via), how: tree === null ? 'sync' : 'tree', tree },
      acknowledgedBy: store.acknowledgedBy(node.id).map((device) => keeper.nameOf(device)),
    },
    bytes: toHex(node.bytes),
  }
}
