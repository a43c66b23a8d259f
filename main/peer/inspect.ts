// Everything about one entry for the inspector: its proof, the two trees that it travels (rule F10), and who handed it over.
import type { DeviceKey, Inspection, RouteTree } from '../../shared/types'
import { toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { Engine } from '../protocol/engine'
import { TREES, chain, nodeSeed, relative, treeEdges } from '../protocol/heirs'
import type { ListKeeper } from './list-keeper'
import type { StorePort, StoredNode } from './ports'
import { proofSteps } from './proof'
import { chainAbove } from './signatures'
import { signatureHolds } from '../protocol/verify'
import type { ReceiptKeeper } from './receipt-keeper'
import type { Rows } from './rows'

interface Sources {
  crypto: Crypto
  me: DeviceKey
  keeper: ListKeeper
  engine: Engine
  store: StorePort
  rows: Rows
  receipts: ReceiptKeeper
}

export function inspect(
  { crypto, me, keeper, engine, store, rows, receipts }: Sources,
  stored: StoredNode,
): Inspection {
  const { node, via, tree, receivedAt } = stored
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
    for (const each of TREES) {
      const path = onRing ? chain(ring, seed, me, each)!.path : []
      trees.push({ tree: each, path: path.map(hop), edges: treeEdges(ring, seed, each) })
    }
  }
  const planned =
    via === null ? -1 : (trees.find((t) => t.tree === tree)?.path.findIndex((h) => h.device === via) ?? -1)
  const hopNumber = planned < 0 ? null : planned
  return {
    row: rows.row(stored),
    proof: proofSteps(crypto, node, {
      list: keeper.list,
      epochBytes: keeper.epochBytes,
      below: node.seq > 1 ? store.at(node.device, node.seq - 1) : null,
      chain: signatureHolds(crypto, node) ? null : chainAbove(crypto, store, node),
      linked: stored.linked,
      receivedAt,
    }),
    route: {
      ring: order,
      trees,
      cameFrom:
        via === null
          ? null
          : { ...hop(via), how: tree === null ? 'sync' : 'tree', tree, at: receivedAt, hop: hopNumber },
      acknowledgedBy: store.acknowledgedBy(node.id).map((device) => keeper.nameOf(device)),
    },
    heldBy: receipts.holders(node),
    bytes: toHex(node.bytes),
  }
}
