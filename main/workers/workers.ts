// The threads of one data folder: those that check signatures, and the one that stores.
import type { DeviceKey, MemberKey } from '../../shared/types'
import { join } from 'node:path'
import type { StoreItem } from '../protocol/engine'
import type { Run, RunRules } from '../protocol/runs'
import { StoreThread, type StoreThreadHooks, type Turn } from './store-thread'
import { VerifyPool } from './verify-pool'

export class Workers {
  private readonly pool: VerifyPool
  private readonly store: StoreThread

  /** `entries`: where the built entries of the threads are. Nothing is started before it is needed. */
  constructor(entries: string, dir: string, turn: Turn, hooks: StoreThreadHooks) {
    this.pool = new VerifyPool(join(entries, 'verify-worker.cjs'))
    this.store = new StoreThread(join(entries, 'store-worker.cjs'), dir, turn, hooks)
  }

  get verifyRoom(): number {
    return this.pool.room
  }
  verify(items: readonly StoreItem[]): Promise<boolean[]> {
    return this.pool.verify(items)
  }
  append(items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number) {
    return this.store.append(items, memberOf, now)
  }
  storeRun(run: Run, rules: RunRules, now: number) {
    return this.store.storeRun(run, rules, now)
  }
  get storing(): boolean {
    return this.store.running
  }
  get ready(): boolean {
    return this.store.ready
  }
  prepare(): void {
    this.store.prepare()
  }
  look(what: { index: boolean; signatures: boolean }): void {
    this.store.look(what)
  }
  async close(): Promise<void> {
    await Promise.all([this.pool.close(), this.store.close()])
  }
}
