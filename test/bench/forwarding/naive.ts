// The peer that this project replaces, for measuring only: whoever gets a node for the first time hands it to everybody from
// whom it did not come. It verifies and stores as ours does, so that what differs is forwarding alone.
import type { Machine } from '../../../main/peer/driver'
import type { Crypto } from '../../../main/protocol/crypto'
import type { Effect, Event, StoreItem } from '../../../main/protocol/engine'
import type { MemberList } from '../../../main/protocol/membership'
import { decodeFrame } from '../../../main/protocol/messages'
import { decodeNode } from '../../../main/protocol/node'
import { verifyNode } from '../../../main/protocol/verify'
import type { DeviceKey, NodeId } from '../../../shared/types'

export class Naive implements Machine {
  readonly counters = { sent: 0, received: 0, duplicates: 0 }
  private readonly links = new Set<DeviceKey>()
  private readonly known = new Set<NodeId>()

  constructor(
    private readonly crypto: Crypto,
    readonly list: MemberList,
  ) {}

  wakeAt(): number {
    return Infinity
  }

  handle(event: Event, now: number): Effect[] {
    switch (event.type) {
      case 'link-up':
        this.links.add(event.device)
        return []
      case 'link-down':
        this.links.delete(event.device)
        return []
      case 'frame':
        return this.frame(event.from, event.bytes, now)
      case 'stored':
        return event.items.flatMap((item, i) => (event.outcomes[i]!.type === 'stored' ? this.toAll(item) : []))
      default:
        return []
    }
  }

  private frame(from: DeviceKey, bytes: Uint8Array, now: number): Effect[] {
    const items: StoreItem[] = []
    for (const message of decodeFrame(bytes) ?? []) {
      if (message.type !== 'node') continue
      const decoded = decodeNode(this.crypto, message.bytes)
      if (!decoded.ok) continue
      this.counters.received++
      if (this.known.has(decoded.node.id)) {
        this.counters.duplicates++
        continue
      }
      if (verifyNode(this.crypto, decoded.node, this.list, now) !== null) continue
      this.known.add(decoded.node.id)
      items.push({ node: decoded.node, origin: { from, how: 'tree', tree: 0 }, arrival: null })
    }
    return items.length ? [{ type: 'store', items }] : []
  }

  private toAll({ node, origin }: StoreItem): Effect[] {
    this.known.add(node.id)
    const to = [...this.links].filter((device) => device !== origin.from)
    this.counters.sent += to.length
    return to.map((device) => ({
      type: 'send',
      to: device,
      message: { type: 'node', tree: 0, brief: false, lo: 0, len: 1, bytes: node.bytes },
    }))
  }
}
