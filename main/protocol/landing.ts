// Nodes on their way in: verified or stored somewhere else at this moment, so neither here nor missing. They are not asked
// for again and not verified twice; who else hands one over meanwhile is answered when it has arrived. Bounded: what is on
// its way is memory, and whoever waits for the disk must not fill it.
import type { DeviceKey, NodeId } from '../../shared/types'
import type { StoreItem } from './engine'

/** Bytes of nodes on their way beyond which nothing more is pulled: some 20 answers, half a second of work. */
export const LANDING_BYTES_MAX = 6 * 1_048_576

export class Landing {
  private readonly items = new Map<NodeId, StoreItem>()
  private readonly places = new Map<DeviceKey, Set<number>>()
  private size = 0

  get bytes(): number {
    return this.size
  }
  get full(): boolean {
    return this.size > LANDING_BYTES_MAX
  }

  add(items: readonly StoreItem[]): void {
    for (const item of items) {
      const { id, device, seq, bytes } = item.node
      if (this.items.has(id)) continue
      this.items.set(id, item)
      this.size += bytes.length
      const places = this.places.get(device)
      if (places) places.add(seq)
      else this.places.set(device, new Set([seq]))
    }
  }

  remove(items: readonly StoreItem[]): void {
    for (const item of items) {
      const { id, device, seq, bytes } = item.node
      if (this.items.get(id) !== item) continue
      this.items.delete(id)
      this.size -= bytes.length
      const places = this.places.get(device)
      places?.delete(seq)
      if (!places?.size) this.places.delete(device)
    }
  }

  item(id: NodeId): StoreItem | null {
    return this.items.get(id) ?? null
  }
  holds(device: DeviceKey, seq: number): boolean {
    return this.places.get(device)?.has(seq) ?? false
  }
}
