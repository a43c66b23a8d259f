// The thread that stores, indexes and checks what comes in bulk, over a connection of its own. The main loop only routes:
// it hands batches over and hears what was committed. Started when there is much to do, ended when nothing came for a while.
import { Worker } from 'node:worker_threads'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import type { StoreItem } from '../protocol/engine'
import type { Run, RunResult, RunRules } from '../protocol/runs'
import {
  packBatch,
  unpackOutcomes,
  type Committed,
  type FromStoreWorker,
  type StoreWorkerData,
  type ToStoreWorker,
} from './packing'

/** A pause in a sync is shorter. */
const IDLE_MS = 10_000

type Answer = Extract<FromStoreWorker, { type: 'appended' | 'ran' }>
interface Job {
  resolve(answer: Answer): void
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
  private readonly jobs = new Map<number, Job>()
  private lastId = 0
  private opened = false
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
  /** It has opened the database. */
  get ready(): boolean {
    return this.worker !== null && this.opened && !this.ending
  }

  /** Commits in one transaction. Rejects with what the store refuses (TwofoldError), or because the thread is lost. */
  async append(
    items: readonly StoreItem[],
    memberOf: (device: DeviceKey) => MemberKey,
    now: number,
  ): Promise<Committed & { tookMs: number }> {
    const batch = packBatch(items, memberOf, now)
    const answer = await this.ask((id) =>
      this.say({ type: 'append', id, batch }, [
        batch.bytes.buffer,
        batch.ids.buffer,
        batch.lengths.buffer,
        batch.how.buffer,
      ]),
    )
    if (answer.type !== 'appended') throw new Error('answered something else')
    return { ...answer.committed, outcomes: unpackOutcomes(items, answer.outcomes), tookMs: answer.tookMs }
  }

  /** Judges a run and commits it, alone or with others. Rejects like `append`. */
  async storeRun(
    { from, device, to, nodes }: Run,
    rules: RunRules,
    now: number,
  ): Promise<{ result: RunResult; committed: Omit<Committed, 'outcomes'> | null }> {
    // A copy: what came stays here in case the thread is lost.
    const bytes = new Uint8Array(nodes.bytes)
    const run = { from, device, to, nodes: { count: nodes.count, bytes } }
    const packed = { run, rules, now }
    const answer = await this.ask((id) => this.say({ type: 'run', id, packed }, [bytes.buffer]))
    if (answer.type !== 'ran') throw new Error('answered something else')
    return answer
  }

  private ask(say: (id: number) => void): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId
      try {
        say(id)
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
        return
      }
      this.jobs.set(id, { resolve, reject })
    })
  }

  /** Starts the thread, for what is about to come. Throws when it cannot be started. */
  prepare(): void {
    this.say({ type: 'look', index: false, signatures: false })
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
    this.opened = false
    this.hooks.bulk(true)
    const lost = (error: Error) => {
      if (this.worker !== worker) return
      this.worker = null
      this.hooks.bulk(false)
      // Ending, it has committed everything that was said before; the rest is for the next one.
      const unsaid = new Set(this.later.map(([message]) => ('id' in message ? message.id : 0)))
      for (const [id, { reject }] of this.jobs) {
        if (unsaid.has(id)) continue
        this.jobs.delete(id)
        reject(error)
      }
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
      case 'ready':
        this.opened = true
        return
      case 'appended':
      case 'ran':
        this.settled(message.id).resolve(message)
        return
      case 'refused':
        this.settled(message.id).reject(new TwofoldError(message.code, message.details))
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
        const jobs = [...this.jobs.values()]
        this.jobs.clear()
        for (const { reject } of jobs) reject(error)
        this.hooks.lost(error)
        void worker?.terminate()
        return
      }
      case 'idle':
        if (this.jobs.size) return
        this.timer ??= setTimeout(() => void this.close(), IDLE_MS)
        this.timer.unref()
        return
      case 'ended':
        return
    }
  }

  private settled(id: number): Job {
    const job = this.jobs.get(id)!
    this.jobs.delete(id)
    return job
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
