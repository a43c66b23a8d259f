// Addresses that a person typed in, where multicast is blocked (rule L1). They are tried for every wanted device without a
// link: the handshake is bound to a key, so that a wrong device at an address simply does not answer.
// A name is asked of the system's resolver, which may lie beyond the LAN; that is the person's choice.
import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import { MANUAL_ADDRESSES_MAX, RESOLVE_EVERY_MS } from './limits'
import type { HostPort } from './types'

interface ManualAddress extends HostPort {
  resolved: string[]
  nextLookupAt: number
  looking: boolean
}

export class ManualAddresses {
  readonly #addresses = new Map<string, ManualAddress>()
  readonly #changed: () => void
  readonly #unresolved: (detail: string) => void

  constructor(changed: () => void, unresolved: (detail: string) => void) {
    this.#changed = changed
    this.#unresolved = unresolved
  }

  /** False: known already, or too many. */
  add(host: string, port: number): boolean {
    const key = `${host}:${port}`
    if (this.#addresses.has(key) || this.#addresses.size >= MANUAL_ADDRESSES_MAX) return false
    const literal = isIPv4(host)
    this.#addresses.set(key, {
      host,
      port,
      resolved: literal ? [host] : [],
      nextLookupAt: literal ? Infinity : 0,
      looking: false,
    })
    return true
  }

  remove(host: string, port: number): void {
    this.#addresses.delete(`${host}:${port}`)
  }

  /** Looks up the names that are due; all of them with `force`. */
  resolve(now: number, force = false): void {
    for (const address of this.#addresses.values()) {
      const due = force ? address.nextLookupAt !== Infinity : address.nextLookupAt <= now
      if (!due || address.looking) continue
      address.looking = true
      address.nextLookupAt = now + RESOLVE_EVERY_MS
      void this.#lookup(address)
    }
  }

  addresses(): HostPort[] {
    return [...this.#addresses.values()].flatMap(({ resolved, port }) => resolved.map((host) => ({ host, port })))
  }

  list(): { host: string; port: number; resolved: string[] }[] {
    return [...this.#addresses.values()].map(({ host, port, resolved }) => ({ host, port, resolved: [...resolved] }))
  }

  async #lookup(address: ManualAddress): Promise<void> {
    try {
      const found = (await lookup(address.host, { family: 4, all: true })).map((entry) => entry.address)
      const news = found.some((host) => !address.resolved.includes(host))
      address.resolved = found
      if (news) this.#changed()
    } catch {
      // The old answer is kept: a name server that is away says nothing about the address.
      if (address.resolved.length === 0) this.#unresolved(`${address.host}:${address.port}`)
    } finally {
      address.looking = false
    }
  }
}
