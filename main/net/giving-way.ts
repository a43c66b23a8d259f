// When a link gives way to a better one (rule L2): it leads to an earlier run of a device, to an address that the device has
// left, or over the internet to somebody on the same LAN.
import type { DeviceKey } from '../../shared/types'
import { pathTo, type LocalAddress } from './address'
import { LAN_UPGRADE_EVERY_MS, RESTART_CUT_EVERY_MS } from './limits'
import type { PeerLink } from './link'
import type { HostPort } from './types'

interface Ports {
  self: DeviceKey
  now(): number
  local(): readonly LocalAddress[]
  lanAddresses(device: DeviceKey): HostPort[]
  /** Rejects when nobody answers there. */
  ping(address: HostPort): Promise<unknown>
  /** It is still the link with its device. */
  isCurrent(link: PeerLink): boolean
  dial(device: DeviceKey): void
}

export class GivingWay {
  readonly #ports: Ports
  readonly #restartCutAt = new Map<DeviceKey, number>()
  readonly #upgradeTriedAt = new Map<DeviceKey, number>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  tick(now: number): void {
    for (const map of [this.#restartCutAt, this.#upgradeTriedAt]) {
      for (const [device, at] of map) if (now - at >= LAN_UPGRADE_EVERY_MS) map.delete(device)
    }
  }

  /** A beacon of the link's device was heard. `moved`: from an address that it did not have before, and not the link's. */
  heard(link: PeerLink, run: number, moved: boolean): void {
    if (!link.greeted) return
    const device = link.remote
    const now = this.#ports.now()
    // A link to an earlier run is dead, though nobody closed it (kill -9).
    if (link.remoteRun < run && now - (this.#restartCutAt.get(device) ?? 0) >= RESTART_CUT_EVERY_MS) {
      this.#restartCutAt.set(device, now)
      link.cut('PEER_RESTARTED')
    } else if (moved && link.path !== 'internet') this.#verifyAddress(link)
    else this.preferLan(link)
  }

  /** An internet link gives way once the device's LAN address has proved to answer. Only the bigger key decides. */
  preferLan(link: PeerLink): void {
    const { self, now, local, lanAddresses, ping, isCurrent, dial } = this.#ports
    const device = link.remote
    const [address] = lanAddresses(device)
    const triedAt = this.#upgradeTriedAt.get(device) ?? 0
    if (
      link.path !== 'internet' ||
      !address ||
      pathTo(address.host, local()) === 'internet' ||
      self < device ||
      now() - triedAt < LAN_UPGRADE_EVERY_MS
    )
      return
    this.#upgradeTriedAt.set(device, now())
    ping(address).then(
      () => {
        if (!isCurrent(link) || !link.greeted) return
        link.cut('LAN_PREFERRED')
        dial(device)
      },
      () => {},
    )
  }

  /** A device with two interfaces is heard at both; one with a new address no longer answers at the old one. Saves ~15 s. */
  #verifyAddress(link: PeerLink): void {
    const ask = () => this.#ports.ping(link.address)
    // Twice, since one packet may be lost.
    ask()
      .catch(ask)
      .catch(() => {
        if (this.#ports.isCurrent(link)) link.cut('PEER_MOVED')
      })
  }
}
