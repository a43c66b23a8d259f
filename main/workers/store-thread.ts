// The thread that stores, indexes and checks what comes in bulk, over a connection of its own. The main loop only routes:
// it hands batches over and hears what was committed. Started when there is much to do, ended when nothing came for a while.
import { Worker } from 'node:worker_threads'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import type { StoreItem } from '../protocol/engine'
import { packBatch, type Committed, type FromStoreWorker, type StoreWorkerData, type ToStoreWorker } from './packing'

/** A pause in a sync is shorter. */
const IDLE_MS = 10_000

interface Job {
  resolve(committed: Committed & { tookMs: number }): void
  reject(error: Error): void
}
export interface StoreThreadHooks {
  /** It has started, or ended. */
  bulk(on: boolean): void
  indexed(): void
  missigned(device: DeviceKey, seqs: readonly number[]): void
  /** It ended without being told to; what it had not committed was rejected. */
  lost(error: Error): void
}

/** Whose turn it is to write: the main thread goes first, between two transactions of the worker. */
export class Turn {
  readonly buffer = new SharedArrayBuffer(4)
  private readonly wanting = new Int32Array(this.buffer)

  take(): void {
    Atomics.add(this.wanting, 0, 1)
  }
  give(): void {
    Atomics.sub(this.wanting, 0, 1)
    Atomics.notify(this.wanting, 0)
  }
}

export class StoreThread {
  private worker: Worker | null = null
  private readonly jobs: Job[] = []
  private timer: NodeJS.Timeout | null = null
  private ending: (() => void) | null = null
  /** What was said to a thread that is ending, for the next one. */
  private later: [ToStoreWorker, ArrayBuffer[]][] = []

  constructor(
    private readonly file: string,
    private readonly dir: string,
    private readonly turn: Turn,
    private readonly hooks: StoreThreadHooks,
  ) {}

  get running(): boolean {
    return this.worker !== null
  }

  /** Commits in one transaction. Rejects with what the store refuses (TwofoldError), or because the thread is lost. */
  append(
    items: readonly StoreItem[],
    memberOf: (device: DeviceKey) => MemberKey,
    now: number,
  ): Promise<Committed & { tookMs: number }> {
    return new Promise((resolve, reject) => {
      const batch = packBatch(items, memberOf, now)
      try {
        this.say({ type: 'append', batch }, [
          batch.bytes.buffer,
          batch.ids.buffer,
          batch.lengths.buffer,
          batch.how.buffer,
        ])
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
        return
      }
      this.jobs.push({ resolve, reject })
    })
  }

  /** Lets it index, and check signatures when there is nothing else to do. Throws when it cannot be started. */
  look(what: { index: boolean; signatures: boolean }): void {
    this.say({ type: 'look', ...what })
  }

  private say(message: ToStoreWorker, transfer: ArrayBuffer[] = []): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    if (this.ending) {
      this.later.push([message, transfer])
      return
    }
    this.worker ??= this.start()
    this.worker.postMessage(message, transfer)
  }

  private start(): Worker {
    const data: StoreWorkerData = { dir: this.dir, turn: this.turn.buffer }
    const worker = new Worker(this.file, { workerData: data })
    this.hooks.bulk(true)
    const lost = (error: Error) => {
      if (this.worker !== worker) return
      this.worker = null
      this.hooks.bulk(false)
      // Ending, it has committed everything that was said before; the rest is for the next one.
      const unsaid = this.later.filter(([message]) => message.type === 'append').length
      for (const { reject } of this.jobs.splice(0, this.jobs.length - unsaid)) reject(error)
      if (this.ending) this.ended()
      else this.hooks.lost(error)
    }
    worker.on('message', (message: FromStoreWorker) => this.heard(message))
    worker.on('error', (error) => lost(error instanceof Error ? error : new Error(String(error))))
    worker.on('exit', () => lost(new Error('the storing thread ended')))
    return worker
  }

  private ended(): void {
    this.ending?.()
    this.ending = null
    const later = this.later.splice(0)
    for (const [message, transfer] of later) this.say(message, transfer)
  }

  private heard(message: FromStoreWorker): void {
    switch (message.type) {
      case 'appended':
        this.jobs.shift()!.resolve({ ...message.committed, tookMs: message.tookMs })
        return
      case 'refused':
        this.jobs.shift()!.reject(new TwofoldError(message.code, message.details))
        return
      case 'indexed':
        this.hooks.indexed()
        return
      case 'missigned':
        this.hooks.missigned(message.device, message.seqs)
        return
      case 'failed': {
        const { worker } = this
        const error = new Error(message.error)
        this.worker = null
        this.hooks.bulk(false)
        for (const { reject } of this.jobs.splice(0)) reject(error)
        this.hooks.lost(error)
        void worker?.terminate()
        return
      }
      case 'idle':
        if (this.jobs.length) return
        this.timer ??= setTimeout(() => void this.close(), IDLE_MS)
        this.timer.unref()
        return
      case 'ended':
        return
    }
  }

  /** Fulfilled when everything handed over is committed and its connection is closed. */
  async close(): Promise<void> {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    const { worker } = this
    if (!worker) return
    await new Promise<void>((resolve) => {
      const before = this.ending
      this.ending = () => {
        before?.()
        resolve()
      }
      if (!before) worker.postMessage({ type: 'end' } satisfies ToStoreWorker)
    })
  }
}
