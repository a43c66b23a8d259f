// Carries decideDial out: remembers who is wanted, what failed and when to try again, and starts dials at their time.
// It knows neither sockets nor Hyperswarm; network.ts hands both in as functions.
import type { DeviceKey } from '../../shared/types'
import { decideDial, newDialRecord, type DialRecord, type Route } from './dial'
import { ON_DEMAND_MAX, ON_DEMAND_MS, WANTED_MAX } from './limits'
import type { PendingDial } from './types'

export interface DiallerOptions {
  self: DeviceKey
  now(): number
  mayConnect(device: DeviceKey): boolean
  /** A greeted link exists. */
  isLinked(device: DeviceKey): boolean
  /** A stream in any state, or a dial under way, exists. */
  isBusy(device: DeviceKey): boolean
  route(device: DeviceKey): Route
  /** ms since 1970 of the device's last beacon; 0 for none. */
  heardAt(device: DeviceKey): number
  /** An address is known for it. */
  viaLan(device: DeviceKey): boolean
  connect(device: DeviceKey): void
  /** Ends a dial under way, if any, and sees to it that none starts by itself. */
  abandon(device: DeviceKey): void
}

export class Dialler {
  readonly #options: DiallerOptions
  readonly #wanted = new Set<DeviceKey>()
  /** Until when a device is dialled on demand. */
  readonly #onDemand = new Map<DeviceKey, number>()
  readonly #records = new Map<DeviceKey, DialRecord>()
  #timer: NodeJS.Timeout | null = null
  #kicked = false
  #state: 'idle' | 'running' | 'stopped' = 'idle'
  readonly counters = { dials: 0, dialsFailed: 0 }

  constructor(options: DiallerOptions) {
    this.#options = options
  }

  start(): void {
    if (this.#state === 'idle') this.#state = 'running'
    this.kick()
  }

  stop(): void {
    this.#state = 'stopped'
    if (this.#timer) clearTimeout(this.#timer)
    this.#wanted.clear()
    this.#onDemand.clear()
    this.#records.clear()
  }

  want(devices: readonly DeviceKey[]): void {
    if (this.#state === 'stopped') return
    const wanted = new Set(devices.filter((device) => device !== this.#options.self).slice(0, WANTED_MAX))
    const dropped = [...this.#wanted].filter((device) => !wanted.has(device) && !this.#onDemand.has(device))
    this.#wanted.clear()
    for (const device of wanted) this.#wanted.add(device)
    for (const device of dropped) this.#forget(device)
    this.kick()
  }

  dial(device: DeviceKey): void {
    if (this.#state === 'stopped' || device === this.#options.self || this.#options.isLinked(device)) return
    if (this.#onDemand.size >= ON_DEMAND_MAX && !this.#onDemand.has(device)) return
    this.#onDemand.set(device, this.#options.now() + ON_DEMAND_MS)
    const record = this.#record(device)
    record.attempts = 0
    record.urgent = true
    this.kick()
  }

  drop(device: DeviceKey): void {
    this.#wanted.delete(device)
    this.#onDemand.delete(device)
    this.#forget(device)
  }

  /** Failed attempts since the last success or news. */
  attempts(device: DeviceKey): number {
    return this.#records.get(device)?.attempts ?? 0
  }

  /** Looks at all dials soon, once, when the listeners of whatever has just happened are through. */
  kick(): void {
    if (this.#kicked || this.#state !== 'running') return
    this.#kicked = true
    setImmediate(() => {
      this.#kicked = false
      this.#dialAll()
    })
  }

  /** A device's beacon was heard: it need not wait as long any more. */
  heard(device: DeviceKey): void {
    if (this.#isTarget(device)) this.kick()
  }

  /** Something changed that makes failures of before meaningless: for one device, or for all. */
  news(device?: DeviceKey): void {
    const now = this.#options.now()
    for (const [of, record] of this.#records) {
      if (device !== undefined && of !== device) continue
      record.attempts = 0
      record.routeSinceMs = now
    }
    this.kick()
  }

  failed(device: DeviceKey, code: string): void {
    const record = this.#records.get(device)
    if (!record) return
    this.counters.dialsFailed++
    record.attempts++
    record.lastError = code
    record.endedAtMs = this.#options.now()
    this.kick()
  }

  linked(device: DeviceKey): void {
    this.#onDemand.delete(device)
  }

  /**
   * @param settled the link was worth its dial; otherwise it counts as a failure, else two sides that disagree would spin
   * @param code of an ending before the greeting; null keeps the last one
   */
  lost(device: DeviceKey, settled: boolean, code: string | null): void {
    if (!this.#isTarget(device)) return
    const record = this.#record(device)
    record.attempts = settled ? 0 : record.attempts + 1
    record.lastError = code ?? record.lastError
    record.sinceMs = record.routeSinceMs = record.endedAtMs = this.#options.now()
  }

  /** Once a second. */
  tick(now: number): void {
    for (const [device, untilMs] of this.#onDemand) if (untilMs <= now) this.#onDemand.delete(device)
    for (const device of this.#records.keys()) if (!this.#isTarget(device)) this.#forget(device)
    this.kick()
  }

  pending(): PendingDial[] {
    return [...this.#targets()]
      .filter((device) => !this.#options.isLinked(device))
      .map((device) => this.#pending(device))
  }

  #pending(device: DeviceKey): PendingDial {
    const record = this.#record(device)
    const now = this.#options.now()
    const decision = this.#decide(device, record, now)
    return {
      device,
      sinceMs: record.sinceMs,
      viaLan: this.#options.viaLan(device),
      attempts: record.attempts,
      ...(decision.act === 'none' ? {} : { nextTryAt: decision.act === 'wait' ? decision.untilMs : now }),
      ...(record.lastError === null ? {} : { lastError: record.lastError }),
    }
  }

  #dialAll(): void {
    if (this.#state !== 'running') return
    if (this.#timer) clearTimeout(this.#timer)
    const nowMs = this.#options.now()
    let nextMs = Infinity
    for (const device of this.#targets()) {
      if (this.#options.isLinked(device) || !this.#options.mayConnect(device)) continue
      const record = this.#record(device)
      const decision = this.#decide(device, record, nowMs)
      if (decision.act === 'wait') nextMs = Math.min(nextMs, decision.untilMs)
      if (decision.act !== 'dial') continue
      record.urgent = false
      this.counters.dials++
      this.#options.connect(device)
    }
    if (nextMs === Infinity) return
    this.#timer = setTimeout(() => this.#dialAll(), Math.max(0, nextMs - nowMs))
    this.#timer.unref()
  }

  #decide(device: DeviceKey, record: DialRecord, nowMs: number) {
    return decideDial(record, {
      nowMs,
      busy: this.#options.isBusy(device),
      route: this.#options.route(device),
      heardAtMs: this.#options.heardAt(device),
      eager: this.#options.self > device,
    })
  }

  #isTarget(device: DeviceKey): boolean {
    return this.#wanted.has(device) || this.#onDemand.has(device)
  }

  #targets(): Set<DeviceKey> {
    return new Set([...this.#wanted, ...this.#onDemand.keys()])
  }

  #record(device: DeviceKey): DialRecord {
    const record = this.#records.get(device) ?? newDialRecord(this.#options.now(), Math.random)
    this.#records.set(device, record)
    return record
  }

  #forget(device: DeviceKey): void {
    this.#records.delete(device)
    this.#options.abandon(device)
  }
}
