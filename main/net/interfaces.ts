// Which IPv4 addresses this machine has, and when they have become others (rule L1). No event of it reaches Node in time, so
// they are looked at every few seconds, and once more after the system has reported a change.
import { localAddresses, type LocalAddress } from './address'
import { INTERFACES_EVERY_MS, NETWORK_CHANGE_SETTLE_MS } from './limits'

interface Ports {
  now(): number
  /** The address that everything is bound to, if it is one. */
  host: string | undefined
  /** They are others than before; loopback is left out. */
  changed(addresses: string[]): void
  /** Only loopback, since the last look. */
  none(): void
  /** Looked at. `others`: they are others, or may be; `force`: sockets may have lost their group, whatever it looks like. */
  looked(others: boolean, force: boolean): void
}

const LOOPBACK = '127.0.0.1'

export class Interfaces {
  readonly #ports: Ports
  #local: LocalAddress[] = []
  #lookedAt = 0
  /** When they last became others, or were looked at because the system said so. ms since 1970. */
  #changedAt = 0
  #none = false
  #settling: NodeJS.Timeout | null = null

  constructor(ports: Ports) {
    this.#ports = ports
  }

  get local(): readonly LocalAddress[] {
    return this.#local
  }
  get addresses(): string[] {
    return this.#local.map(({ address }) => address)
  }
  get changedAt(): number {
    return this.#changedAt
  }

  tick(now: number): void {
    if (now - this.#lookedAt >= INTERFACES_EVERY_MS) this.look(false)
  }

  look(force: boolean): void {
    const { now, host, changed, none, looked } = this.#ports
    this.#lookedAt = now()
    const before = this.addresses.join()
    this.#local = localAddresses()
    const others = this.addresses.join() !== before
    if (others) changed(this.addresses)
    const isNone = this.#local.length === 0 && host !== LOOPBACK
    if (isNone && !this.#none) none()
    this.#none = isNone
    if (others || force) this.#changedAt = this.#lookedAt
    looked(others || force, force)
  }

  /** The system reports a change, mostly as several. */
  settle(): void {
    this.stop()
    this.#settling = setTimeout(() => this.look(true), NETWORK_CHANGE_SETTLE_MS)
    this.#settling.unref()
  }

  stop(): void {
    if (this.#settling) clearTimeout(this.#settling)
  }
}
