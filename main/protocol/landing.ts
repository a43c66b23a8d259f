// Nodes on their way in: verified or stored somewhere else at this moment, so neither here nor missing. They are not asked
// for again and not verified twice; who else hands one over meanwhile is answered when it has arrived. Bounded: what is on
// its way is memory, and whoever waits for the disk must not fill it.
import type { DeviceKey, NodeId } from '../../shared/types'
import type { StoreItem } from './engine'
import type { PlaceKey, Places } from './places'
import type { Range } from './timeline'

/** Bytes of nodes on their way beyond which nothing more is pulled: some 20 answers, half a second of work. */
export const LANDING_BYTES_MAX = 6 * 1_048_576

export class Landing {
  private readonly items = new Map<NodeId, StoreItem>()
  private readonly taken = new Set<PlaceKey>()
  /** Long answers, whose nodes are not known one by one. */
  private readonly runs = new Map<DeviceKey, Range[]>()
  private size = 0

  constructor(private readonly places: Places) {}

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
      this.taken.add(this.places.key(device, seq))
    }
  }

  remove(items: readonly StoreItem[]): void {
    for (const item of items) {
      const { id, device, seq, bytes } = item.node
      if (this.items.get(id) !== item) continue
      this.items.delete(id)
      this.size -= bytes.length
      this.taken.delete(this.places.key(device, seq))
    }
  }

  item(id: NodeId): StoreItem | null {
    return this.items.get(id) ?? null
  }
  holds(device: DeviceKey, seq: number): boolean {
    if (this.taken.has(this.places.key(device, seq))) return true
    return this.runs.get(device)?.some(({ from, to }) => from <= seq && seq <= to) ?? false
  }

  addRun(device: DeviceKey, range: Range, bytes: number): void {
    const ranges = this.runs.get(device)
    if (ranges) ranges.push(range)
    else this.runs.set(device, [range])
    this.size += bytes
  }
  /** `range`: the very one that was added. */
  removeRun(device: DeviceKey, range: Range, bytes: number): void {
    const ranges = this.runs.get(device)!
    ranges.splice(ranges.indexOf(range), 1)
    if (!ranges.length) this.runs.delete(device)
    this.size -= bytes
  }
  /** Something of a stretch is on its way. */
  overlaps(device: DeviceKey, { from, to }: Range): boolean {
    if (this.runs.get(device)?.some((run) => run.from <= to && from <= run.to)) return true
    if (!this.taken.size) return false
    for (let seq = from; seq <= to; seq++) if (this.taken.has(this.places.key(device, seq))) return true
    return false
  }
}
