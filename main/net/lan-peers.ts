// Decides where on the LAN a device is, from beacons heard over several interfaces, moves and restarts. Pure: time is an argument.
import type { DeviceKey } from '../../shared/types'
import type { BeaconPayload } from './beacon-payload'
import { LAN_ADDRESSES_PER_PEER_MAX, LAN_PEERS_MAX } from './limits'
import type { HostPort } from './types'

interface LanAddress {
  host: string
  serverPort: number
  clientPort: number
  run: number
  heardAt: number
  expiresAt: number
}

/**
 * new: the device was unknown. restarted: a later run of it. moved: another address of the same run.
 * same: nothing to do but note it. ignored: an earlier run, or no room.
 */
export type Sighting = 'new' | 'restarted' | 'moved' | 'same' | 'ignored'

export class LanPeers {
  readonly #peers = new Map<DeviceKey, LanAddress[]>()

  hear(payload: BeaconPayload, host: string, ttlMs: number, now: number): Sighting {
    const known = this.#peers.get(payload.device) ?? []
    const run = known[0]?.run ?? 0
    if (payload.run < run) return 'ignored'
    if (known.length === 0 && this.#peers.size >= LAN_PEERS_MAX) return 'ignored'
    const { serverPort, clientPort } = payload
    const address = { host, serverPort, clientPort, run: payload.run, heardAt: now, expiresAt: now + ttlMs }
    const others = known.filter((other) => other.run === payload.run && other.host !== host)
    this.#peers.set(payload.device, [address, ...others].slice(0, LAN_ADDRESSES_PER_PEER_MAX))
    if (known.length === 0) return 'new'
    if (payload.run > run) return 'restarted'
    const same = known.some(
      (old) => old.host === host && old.serverPort === serverPort && old.clientPort === clientPort,
    )
    return same ? 'same' : 'moved'
  }

  /** Forgets a device that said goodbye in its latest run. True when it was known. */
  goodbye(payload: BeaconPayload): boolean {
    return payload.run >= this.run(payload.device) && this.#peers.delete(payload.device)
  }

  /** Forgets what was not heard for its time to live; returns the devices that are gone altogether. */
  expire(now: number): { device: DeviceKey; host: string; port: number }[] {
    const gone: { device: DeviceKey; host: string; port: number }[] = []
    for (const [device, addresses] of this.#peers) {
      const alive = addresses.filter(({ expiresAt }) => expiresAt > now)
      if (alive.length > 0) this.#peers.set(device, alive)
      else {
        this.#peers.delete(device)
        gone.push({ device, host: addresses[0]?.host ?? '', port: addresses[0]?.serverPort ?? 0 })
      }
    }
    return gone
  }

  get size(): number {
    return this.#peers.size
  }

  has(device: DeviceKey): boolean {
    return this.#peers.has(device)
  }

  /** Addresses to dial, the latest heard first; for each the outgoing port before the listening one. */
  addresses(device: DeviceKey): HostPort[] {
    const list = this.#peers.get(device) ?? []
    return list.flatMap(({ host, serverPort, clientPort }) => [
      { host, port: clientPort },
      { host, port: serverPort },
    ])
  }

  /** ms since 1970 of the last beacon; 0 when unknown. */
  heardAt(device: DeviceKey): number {
    return this.#peers.get(device)?.[0]?.heardAt ?? 0
  }

  /** The latest run heard; 0 when unknown. */
  run(device: DeviceKey): number {
    return this.#peers.get(device)?.[0]?.run ?? 0
  }

  list(): { device: DeviceKey; host: string; port: number; lastSeenAt: number }[] {
    return [...this.#peers].map(([device, [address]]) => ({
      device,
      host: address?.host ?? '',
      port: address?.serverPort ?? 0,
      lastSeenAt: address?.heardAt ?? 0,
    }))
  }

  clear(): void {
    this.#peers.clear()
  }
}
