// The timeline store's contract in memory, written plainly: the disk of simulated peers, which survives their restarts,
// and the model that tests hold the real store against.
import type { DeviceKey, NodeId } from '../../shared/types'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { DeviceHave, HaveVector } from '../protocol/have'
import type { TimelineNode } from '../protocol/node'
import { packNodes, type PackedNodes } from '../protocol/packed'

export interface ModelProof {
  device: DeviceKey
  seq: number
}

export class MemoryStore {
  /** Shared by the disks of one simulation, so that a node that 10,000 peers hold is in memory once. */
  constructor(private readonly shared: Map<NodeId, TimelineNode> | null = null) {}

  /** Every stored node in the order of storing. */
  order: TimelineNode[] = []
  readonly proofs: ModelProof[] = []
  private readonly places = new Map<DeviceKey, Map<number, TimelineNode>>()
  private readonly heights = new Map<DeviceKey, number>()

  at(device: DeviceKey, seq: number): TimelineNode | null {
    return this.places.get(device)?.get(seq) ?? null
  }
  height(device: DeviceKey): number {
    return this.heights.get(device) ?? 0
  }

  append(items: readonly StoreItem[]): StoreOutcome[] {
    return items.map((item) => this.one(item))
  }

  private one(item: StoreItem): StoreOutcome {
    const node = this.shared?.get(item.node.id) ?? item.node
    const there = this.at(node.device, node.seq)
    if (there?.id === node.id) return { type: 'duplicate' }
    if (there) {
      if (!this.proofs.some((p) => p.device === node.device && p.seq === node.seq)) {
        this.proofs.push({ device: node.device, seq: node.seq })
      }
      return { type: 'equivocation' }
    }
    const below = this.at(node.device, node.seq - 1)
    const above = this.at(node.device, node.seq + 1)
    if (below && node.backlink !== below.id) return { type: 'refused', code: 'BACKLINK_MISMATCH' }
    if (below && node.timestamp <= below.timestamp) return { type: 'refused', code: 'TIMESTAMP_NOT_LATER' }
    if (above && above.backlink !== node.id) return { type: 'refused', code: 'BACKLINK_MISMATCH' }
    if (above && above.timestamp <= node.timestamp) return { type: 'refused', code: 'TIMESTAMP_NOT_LATER' }
    if (item.chain === 'above' && !above) return { type: 'refused', code: 'SIGNATURE_INVALID' }
    const timeline = this.places.get(node.device) ?? new Map<number, TimelineNode>()
    this.places.set(node.device, timeline)
    this.shared?.set(node.id, node)
    timeline.set(node.seq, node)
    this.order.push(node)
    let height = this.height(node.device)
    if (node.seq !== height + 1) return { type: 'stored', head: null }
    while (timeline.has(height + 1)) height++
    this.heights.set(node.device, height)
    const head = timeline.get(height)!
    return { type: 'stored', head: { height, id: head.id, timestamp: head.timestamp } }
  }

  /** Rule M5: what is behind the cut-off is gone from the timeline; how far it reaches now. */
  cutOff(device: DeviceKey, seq: number): DeviceHave | null {
    const timeline = this.places.get(device)
    if (!timeline) return null
    for (const at of [...timeline.keys()]) if (at > seq) timeline.delete(at)
    this.order = this.order.filter((node) => node.device !== device || node.seq <= seq)
    this.heights.set(device, Math.min(seq, this.height(device)))
    return this.have().get(device) ?? { height: 0, floating: [] }
  }

  have(): HaveVector {
    const have: HaveVector = new Map()
    for (const [device, timeline] of this.places) {
      const height = this.height(device)
      const floating: { from: number; to: number }[] = []
      for (const seq of [...timeline.keys()].filter((s) => s > height).sort((a, b) => a - b)) {
        const last = floating.at(-1)
        if (last?.to === seq - 1) last.to = seq
        else floating.push({ from: seq, to: seq })
      }
      const head = timeline.get(height)
      const at = head && { head: head.id, headTime: head.timestamp }
      if (timeline.size) have.set(device, { height, ...at, floating })
    }
    return have
  }

  readRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): Uint8Array[] {
    const out: Uint8Array[] = []
    let size = 0
    for (let seq = to; seq >= from && out.length < max; seq--) {
      const node = this.at(device, seq)
      if (!node || (size > 0 && size + node.bytes.length > bytesMax)) break
      size += node.bytes.length
      out.unshift(node.bytes)
    }
    return out
  }

  packedRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): PackedNodes {
    return packNodes(this.readRun(device, from, to, max, bytesMax))
  }

  /** Ids of everything stored, sorted: equal for two stores exactly when they hold the same nodes. */
  ids(): NodeId[] {
    return this.order.map((node) => node.id).sort()
  }
}

/** A disk that keeps no acknowledgements, where nobody looks at them. */
export class QuietDisk extends MemoryStore {
  acknowledge(): void {}
}
