// What is wrong with the network, as sentences for a person: each code once, the newest first, gone when it is over.
import { sentence, type ErrorCode } from '../../shared/errors'
import type { NetworkView } from '../../shared/types'

const PROBLEMS_MAX = 20

/** What net reports, as the person's code. What is nobody's problem is only logged. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  NO_INTERFACE: 'NO_INTERFACE',
  MULTICAST_BLOCKED: 'MULTICAST_BLOCKED',
  BEACON_PORT_IN_USE: 'PORT_IN_USE',
  LISTEN_FAILED: 'NETWORK_PROBLEM',
  DHT_UNREACHABLE: 'DHT_UNREACHABLE',
  FRAME_OVERSIZED: 'FRAME_OVERSIZED',
  GREETING_INVALID: 'FRAME_MALFORMED',
  VERSION_UNSUPPORTED: 'PROTOCOL_VERSION',
  ADDRESS_UNRESOLVED: 'ADDRESS_INVALID',
}

export class Problems {
  private readonly open = new Map<ErrorCode, NetworkView['problems'][number]>()

  note(code: string, detail: string, now: number): void {
    const known = CODES[code]
    if (!known) return
    this.open.delete(known)
    this.open.set(known, { code: known, text: sentence(known, { detail }), at: now })
    if (this.open.size > PROBLEMS_MAX) this.open.delete(this.open.keys().next().value!)
  }

  over(...codes: ErrorCode[]): void {
    for (const code of codes) this.open.delete(code)
  }

  has(code: ErrorCode): boolean {
    return this.open.has(code)
  }

  clear(): void {
    this.open.clear()
  }

  /** Beacons do not get through. */
  get beaconBlocked(): boolean {
    return this.open.has('MULTICAST_BLOCKED') || this.open.has('PORT_IN_USE')
  }

  list(): NetworkView['problems'] {
    return [...this.open.values()].reverse()
  }
}
