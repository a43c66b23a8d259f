// Reads and judges IPv4 addresses: which ones we have, what a person typed, and over which kind of path a link runs.
// IPv4 only: so is udx as hyperdht uses it.
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { HostPort, LinkPath } from './types'

export interface LocalAddress {
  address: string
  /** Prefix length, 0 to 32. */
  prefix: number
}

/** RFC 1123 labels; a name made of digits and dots alone is a mistyped IPv4 address. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i

/** Reads 'host:port' as a person types it. host: IPv4 or a name; port: 1 to 65535. */
export function parseHostPort(text: string): ({ ok: true } & HostPort) | { ok: false; code: 'ADDRESS_INVALID' } {
  const match = /^([^\s:]+):(\d{1,5})$/.exec(text.trim())
  const host = match?.[1]?.toLowerCase() ?? ''
  const port = Number(match?.[2] ?? 0)
  return isHost(host) && isPort(port) ? { ok: true, host, port } : { ok: false, code: 'ADDRESS_INVALID' }
}

export function isHost(host: string): boolean {
  if (/^[\d.]+$/.test(host)) return isIPv4(host) && host !== '0.0.0.0'
  return HOST_NAME.test(host)
}

export const isPort = (port: number): boolean => Number.isInteger(port) && port > 0 && port < 65_536

/** IPv4 addresses of interfaces that are up, loopback left out. */
export function localAddresses(): LocalAddress[] {
  const found = new Map<string, LocalAddress>()
  let interfaces: ReturnType<typeof networkInterfaces> = {}
  try {
    interfaces = networkInterfaces()
  } catch {
    // Some sandboxes refuse the call: the same as having no interface.
  }
  for (const list of Object.values(interfaces)) {
    for (const { address, family, internal, cidr } of list ?? []) {
      if (family !== 'IPv4' || internal) continue
      found.set(address, { address, prefix: Number(cidr?.split('/')[1] ?? 32) })
    }
  }
  return [...found.values()].toSorted((a, b) => toNumber(a.address) - toNumber(b.address))
}

/** Judges by the address alone, never by how it was found. */
export function pathTo(remote: string, own: readonly LocalAddress[]): LinkPath {
  if (within(remote, '127.0.0.0', 8) || own.some(({ address }) => address === remote)) return 'loopback'
  const isPrivate =
    within(remote, '10.0.0.0', 8) ||
    within(remote, '172.16.0.0', 12) ||
    within(remote, '192.168.0.0', 16) ||
    within(remote, '169.254.0.0', 16)
  return isPrivate || own.some(({ address, prefix }) => within(remote, address, prefix)) ? 'lan' : 'internet'
}

function within(address: string, network: string, prefix: number): boolean {
  if (!isIPv4(address)) return false
  const shift = 2 ** (32 - prefix)
  return Math.floor(toNumber(address) / shift) === Math.floor(toNumber(network) / shift)
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
