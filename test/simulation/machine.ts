// A machine of limited speed under each simulated peer: what a frame costs is counted (signatures, hashes, bytes, rows, what
// is sent), and frames wait their turn, one link after the other, as Node reads its sockets. Costs are those measured on
// the project's machine (docs/performance.md), so that work which one peer makes another do shows as everybody's delay.
import type { DeviceKey } from '../../shared/types'
import type { Link } from '../../main/peer/ports'
import type { Crypto } from '../../main/protocol/crypto'
import type { StoreItem } from '../../main/protocol/engine'
import { MemoryStore } from '../../main/simulator/store'
import { World, type Peer, type WorldOptions } from '../../main/simulator/world'

const COST_US = { frame: 30, kilobyte: 5, check: 40, hash: 0.7, row: 12, read: 5 }
/** Bytes of one link that the system takes before its sender has to wait. */
const WINDOW_BYTES = 1_048_576

/** What has been done since the start, in µs of one core. */
class Work {
  us = 0
  checks = 0
}

class Worker {
  readonly inbox = new Map<DeviceKey, { link: Link; frames: Uint8Array[]; at: number; bytes: number }>()
  /** Whose turn is next. */
  private turns: DeviceKey[] = []
  private busyUntil = 0
  private scheduled = false
  /** Most bytes that ever waited. */
  bytesMost = 0
  private bytes = 0

  constructor(
    private readonly world: SlowWorld,
    private readonly peer: Peer,
  ) {}

  take(link: Link, frame: Uint8Array): void {
    // The socket of a link that was cut is gone, and what waited in it.
    if (!this.peer.engine.links.has(link.remote)) return
    const waiting = this.inbox.has(link.remote)
    const queue = this.inbox.get(link.remote) ?? { link, frames: [], at: 0, bytes: 0 }
    this.inbox.set(link.remote, queue)
    queue.link = link
    // Flow control: the rest is still with its sender.
    if (queue.bytes > WINDOW_BYTES) return
    queue.frames.push(frame)
    queue.bytes += frame.length
    this.bytes += frame.length
    this.bytesMost = Math.max(this.bytesMost, this.bytes)
    if (!waiting) this.turns.push(link.remote)
    this.wake()
  }

  private wake(): void {
    if (this.scheduled || !this.turns.length) return
    this.scheduled = true
    this.world.clock.after(Math.max(0, this.busyUntil - this.world.clock.at), () => {
      this.scheduled = false
      this.next()
    })
  }

  /** Goes on until what it has done takes longer than the clock's next millisecond. */
  private next(): void {
    this.busyUntil = Math.max(this.busyUntil, this.world.clock.at)
    while (this.turns.length && this.busyUntil < this.world.clock.at + 1) this.one()
    this.wake()
  }

  private one(): void {
    const queue = this.inbox.get(this.turns.shift()!)
    if (!queue) return
    const { remote } = queue.link
    if (!this.peer.engine.links.has(remote)) {
      this.bytes -= queue.bytes
      this.inbox.delete(remote)
      return
    }
    const frame = queue.frames[queue.at++]!
    queue.bytes -= frame.length
    this.bytes -= frame.length
    if (queue.at < queue.frames.length) this.turns.push(remote)
    else this.inbox.delete(remote)
    const before = this.world.work.us
    this.world.work.us += COST_US.frame + (COST_US.kilobyte * frame.length) / 1024
    if (this.peer.running) this.peer.driver.frame(queue.link, frame)
    this.busyUntil += (this.world.work.us - before) / 1000
  }
}

/** The model store, whose rows cost. */
export class SlowDisk extends MemoryStore {
  constructor(private readonly work: () => Work) {
    super()
  }
  override append(items: readonly StoreItem[]) {
    this.work().us += COST_US.row * items.length
    return super.append(items)
  }
  override readRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): Uint8Array[] {
    const run = super.readRun(device, from, to, max, bytesMax)
    this.work().us += COST_US.frame + COST_US.read * run.length
    return run
  }
  acknowledge(): void {}
}

export class SlowWorld extends World {
  readonly work: Work
  private readonly workers = new Map<DeviceKey, Worker>()

  constructor(options: Omit<WorldOptions, 'disk'>) {
    const work = new Work()
    const { hash, verify } = options.crypto
    const counted: Crypto = {
      ...options.crypto,
      hash(...parts) {
        work.us += COST_US.hash
        return hash(...parts)
      },
      verify(...signed) {
        work.us += COST_US.check
        work.checks++
        return verify(...signed)
      },
    }
    super({ ...options, crypto: counted, disk: () => new SlowDisk(() => work) })
    this.work = work
  }

  private worker(peer: Peer): Worker {
    let worker = this.workers.get(peer.key)
    if (!worker) this.workers.set(peer.key, (worker = new Worker(this, peer)))
    return worker
  }
  protected override arrive(to: Peer, link: Link, frame: Uint8Array): void {
    this.worker(to).take(link, frame)
  }
  /** Most bytes that ever waited at one peer. */
  waitedMost(peer: Peer): number {
    return this.worker(peer).bytesMost
  }
}
