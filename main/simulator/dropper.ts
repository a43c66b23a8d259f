// A peer that takes nodes, acknowledges them, and hands none on but its own: what dropper detection is there for (rule R6).
import type { DeviceKey } from '../../shared/types'
import type { Machine } from '../peer/driver'
import type { Crypto } from '../protocol/crypto'
import type { Effect, Engine, Event } from '../protocol/engine'
import { markOf } from '../protocol/messages'
import { decodeNode } from '../protocol/node'

export class Dropper implements Machine {
  /** Nodes of which it has dropped something, by mark. */
  readonly dropped = new Set<string>()
  private readonly own = new Set<string>()

  constructor(
    private readonly engine: Engine,
    private readonly me: DeviceKey,
    private readonly crypto: Crypto,
  ) {}

  get list() {
    return this.engine.list
  }
  wakeAt(): number {
    return this.engine.wakeAt()
  }
  handle(event: Event, now: number): Effect[] {
    if (event.type === 'stored')
      for (const { node } of event.items) if (node.device === this.me) this.own.add(markOf(node.id))
    return this.engine.handle(event, now).filter((effect) => !this.drops(effect))
  }

  private drops(effect: Effect): boolean {
    if (effect.type !== 'send') return false
    const { message } = effect
    switch (message.type) {
      case 'node': {
        const decoded = decodeNode(this.crypto, message.bytes)
        return decoded.ok && this.notMine(markOf(decoded.node.id))
      }
      case 'part':
        return this.notMine(markOf(message.id))
      case 'announce':
        return this.notMine(message.mark)
      case 'checkpoints': {
        const ring = this.engine.ring(message.epoch)
        return !message.entries.some((entry) => ring?.order[entry.signer] === this.me)
      }
      default:
        return false
    }
  }
  private notMine(mark: string): boolean {
    if (this.own.has(mark)) return false
    this.dropped.add(mark)
    return true
  }
}
