// Where bulk is worked on: beside the main loop where there are threads, else on it. Decides nothing of what is done; when a
// thread is lost, that is logged, what it had not committed is done here, and no other is started.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import type { StoreItem } from '../protocol/engine'
import type { PulledRun } from '../protocol/pulled'
import type { Committed, CommittedRun, Parts, StorePort, WorkersPort } from './ports'

/** Entries that wait for the index, or for a check, from which a thread pays: below it the main loop's bites do. */
const MANY = 2000

interface Ports {
  parts: Pick<Parts, 'workers' | 'log'>
  store: Pick<StorePort, 'bulk' | 'damagedElsewhere' | 'notIndexed' | 'believedCount'>
  indexed(): void
  missigned(device: DeviceKey): void
  /** A thread is gone that may have committed something and not told. */
  reread(): void
}

export class BulkWork {
  private workers: WorkersPort | null
  private open = 0

  constructor(private readonly ports: Ports) {
    const { parts, store, indexed, missigned } = ports
    this.workers =
      parts.workers?.({
        bulk: (on) => {
          parts.log('info', on ? 'threads started' : 'threads ended')
          store.bulk(on)
        },
        indexed,
        missigned,
        lost: (error) => this.lost(error),
      }) ?? null
  }

  /** Null: everything is done on the main loop. */
  get beside(): Pick<WorkersPort, 'verifyRoom' | 'verify' | 'storing' | 'ready'> | null {
    return this.workers
  }
  private get storing(): boolean {
    return this.workers?.storing ?? false
  }

  /** A thread could not be started, or ended by itself. */
  lost(error: unknown): void {
    if (!this.workers) return
    const { workers } = this
    this.workers = null
    this.ports.store.bulk(false)
    this.ports.parts.log('error', 'threads', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
    void workers.close()
    this.ports.reread()
  }

  /** As `StorePort.append`, beside the main loop. Rejects with a TwofoldError, or with whatever lost the thread. */
  append(items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): Promise<Committed> {
    return this.committed(() => this.workers!.append(items, memberOf, now))
  }
  /** Judges and commits a run beside the main loop. Rejects like `append`. */
  storeRun({ from, device, to, nodes, rules }: PulledRun, now: number): Promise<CommittedRun> {
    return this.committed(() => this.workers!.storeRun({ from, device, to, nodes }, rules, now))
  }

  private async committed<T>(commit: () => Promise<T>): Promise<T> {
    this.open++
    try {
      return await commit()
    } catch (error) {
      if (error instanceof TwofoldError && error.code === 'DATABASE_DAMAGED_NOW') this.ports.store.damagedElsewhere()
      throw error
    } finally {
      this.open--
    }
  }
  /** Something is being committed, or was and is not told yet. */
  get committing(): boolean {
    return this.open > 0
  }

  /** Much is about to come: the thread is there when it does. */
  prepare(): void {
    this.started(() => this.workers?.prepare())
  }

  /** True: the index is filled elsewhere. */
  indexes(): boolean {
    return this.look({ index: true, signatures: false }, () => this.ports.store.notIndexed() > MANY)
  }
  /** True: signatures are checked elsewhere. */
  checks(): boolean {
    return this.look({ index: false, signatures: true }, () => this.ports.store.believedCount() > MANY)
  }
  private look(what: { index: boolean; signatures: boolean }, many: () => boolean): boolean {
    if (!this.workers || !(this.storing || many())) return false
    return this.started(() => this.workers!.look(what))
  }
  /** False: the thread could not be started. */
  private started(start: () => void): boolean {
    try {
      start()
      return true
    } catch (error) {
      this.lost(error)
      return false
    }
  }

  async close(): Promise<void> {
    const { workers } = this
    this.workers = null
    await workers?.close()
  }
}
