// Signatures checked beside the main loop: a few threads with nothing but the primitive, started with the first batch and
// ended when nothing came for a while, so that an idle Twofold has none.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { StoreItem } from '../protocol/engine'
import { packChecks } from './packing'

/** More threads than this wait for the store (measured: two feed one). */
const THREADS_MAX = 4
/** A pause in a sync is shorter; a started thread costs 40 ms and some 10 MiB. */
const IDLE_MS = 10_000

interface Job {
  items: readonly StoreItem[]
  resolve(holds: boolean[]): void
  reject(error: Error): void
}
interface Thread {
  worker: Worker
  jobs: Job[]
}

export class VerifyPool {
  private readonly threads: Thread[] = []
  private timer: NodeJS.Timeout | null = null

  constructor(private readonly file: string) {}

  /** Batches that may be under way at once: enough that no thread ever waits for the main loop. */
  get room(): number {
    return 8 * Math.max(2, Math.min(THREADS_MAX, availableParallelism()))
  }

  /** Rejects when the threads cannot be started or have died. */
  verify(items: readonly StoreItem[]): Promise<boolean[]> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    return new Promise((resolve, reject) => {
      let thread: Thread
      try {
        thread = this.freest()
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
        return
      }
      thread.jobs.push({ items, resolve, reject })
      const packed = packChecks(items)
      thread.worker.postMessage(packed, [packed.bytes.buffer])
    })
  }

  private freest(): Thread {
    const free = this.threads.reduce<Thread | null>(
      (best, one) => (!best || one.jobs.length < best.jobs.length ? one : best),
      null,
    )
    const most = Math.max(1, Math.min(THREADS_MAX, availableParallelism()))
    if (free && (free.jobs.length === 0 || this.threads.length >= most)) return free
    const thread: Thread = { worker: new Worker(this.file), jobs: [] }
    this.threads.push(thread)
    thread.worker.on('message', (holds: Uint8Array) => {
      thread.jobs.shift()!.resolve(Array.from(holds, (one) => one === 1))
      if (this.threads.every(({ jobs }) => !jobs.length)) this.rest()
    })
    thread.worker.on('error', (error) => this.lost(thread, error instanceof Error ? error : new Error(String(error))))
    thread.worker.on('exit', () => this.lost(thread, new Error('a verifying thread ended')))
    return thread
  }

  private lost(thread: Thread, error: Error): void {
    const at = this.threads.indexOf(thread)
    if (at >= 0) this.threads.splice(at, 1)
    for (const { reject } of thread.jobs.splice(0)) reject(error)
  }

  private rest(): void {
    this.timer ??= setTimeout(() => void this.close(), IDLE_MS)
    this.timer.unref()
  }

  async close(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    await Promise.all(this.threads.splice(0).map(({ worker }) => worker.terminate()))
  }
}
