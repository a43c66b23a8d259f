// What main/net tells and takes: rules L1-L4. Devices are lowercase hex, raw bytes are Uint8Array, times are ms since 1970.
import type { DeviceKey } from '../../shared/types'

export interface HostPort {
  /** An IPv4 address, or a name where said so. */
  host: string
  port: number
}

export interface NetworkOptions {
  /** Ed25519 as libsodium has it: public key 32 bytes, secret key 64 bytes. */
  keyPair: { publicKey: Uint8Array; secretKey: Uint8Array }
  /** Which remote keys pass the firewall (L3). Asked for every handshake, both ways; must be cheap and must not throw. */
  mayConnect(remote: DeviceKey): boolean
  /** 32-byte keys, read again at each beacon. announce: one sealed payload each (the first 8 count). open: tried on what is heard. */
  beaconKeys(): { announce: Uint8Array[]; open: Uint8Array[] }
  /** Authenticated encryption with a random nonce; at most 140 bytes longer than the plain text. */
  seal(key: Uint8Array, plain: Uint8Array): Uint8Array
  /** null: another key, or garbage. Must not throw. */
  open(key: Uint8Array, box: Uint8Array): Uint8Array | null
  /** false: no beacon is sent or heard. Manual addresses still work. */
  lan: boolean
  /** false: nothing is sent beyond the LAN, and peers are not asked for anybody else's address. */
  internet: boolean
  /** The DHT's first nodes; absent: the public ones when `internet` is true. */
  bootstrap?: HostPort[]
  /** Bind address. Absent: all interfaces. When given, the beacon uses this address only. */
  host?: string
  /** Beacon on 127.0.0.1 too; 'auto' (default): only where there is no other interface. */
  loopbackBeacon?: boolean | 'auto'
  /** The UDP port of the last run, tried first, so that manual addresses stay valid. */
  preferredPort?: number
  /** Start of this run, ms since 1970, told in greetings and beacons. Absent: when the network was made. */
  run?: number
  /** ms since 1970. Default Date.now. */
  now?(): number
}

/** Judged by the remote address alone. loopback: this very machine. lan: a private or link-local address, or one in our subnet. */
export type LinkPath = 'lan' | 'internet' | 'loopback'

export interface LinkStats {
  /** Bytes within the encryption, lengths and greeting included. */
  bytesIn: number
  bytesOut: number
  framesIn: number
  framesOut: number
  /** ms since 1970; the opening counts. */
  lastReceivedAt: number
}

export interface Link {
  readonly remote: DeviceKey
  /** True when we dialled. */
  readonly initiator: boolean
  readonly path: LinkPath
  readonly address: HostPort
  /** ms since 1970: when the remote's greeting arrived. */
  readonly openedAt: number
  /** Start of the remote's run, by its clock; 0 before the greeting. */
  readonly remoteRun: number
  readonly stats: Readonly<LinkStats>
  /**
   * Sends one frame of 1 to FRAME_BYTES_MAX bytes; other sizes throw (a bug of ours). The bytes are copied.
   * False: above the high-water mark (or closed): wait for 'drain' before bulk sync goes on (C1).
   */
  send(frame: Uint8Array): boolean
  /** Nothing more is read until `resume`: what arrives waits in the system, then at its sender. */
  pause(): void
  resume(): void
  /** Ends the link: 'linkClosed' fires before this returns, queued frames get half a second to leave. */
  close(code: string): void
}

export const NET_PROBLEM_CODES = [
  /** No IPv4 interface besides loopback. */
  'NO_INTERFACE',
  /** Sending to, or hearing, the multicast group fails on an interface; a manual address helps. */
  'MULTICAST_BLOCKED',
  /** Another program holds UDP 5353 exclusively, or we may not open it. */
  'BEACON_PORT_IN_USE',
  /** The preferred UDP port was taken; another is in use. */
  'PORT_IN_USE',
  /** No UDP socket at all: start() rejects too. */
  'LISTEN_FAILED',
  /** Internet is wanted, and no DHT node answered. */
  'DHT_UNREACHABLE',
  /** A peer announced a frame of zero or too many bytes. */
  'FRAME_OVERSIZED',
  /** A connection that brought no greeting in time. */
  'HALF_OPEN',
  /** The first bytes were not ours. */
  'GREETING_INVALID',
  /** The first bytes were ours, of a wire version that we do not speak: one side is too old. */
  'VERSION_UNSUPPORTED',
  /** LINKS_MAX is reached: an incoming link was refused. */
  'LINK_CAP',
  /** A sender of ours ignored back-pressure. */
  'SEND_QUEUE_FULL',
  /** A manual address's name has no IPv4 address at the moment. */
  'ADDRESS_UNRESOLVED',
] as const
export type NetProblemCode = (typeof NET_PROBLEM_CODES)[number]

export interface NetProblem {
  code: NetProblemCode
  /** For a technical detail view: an address, a system error code, a device's key. Never content. */
  detail: string
}

export interface NetworkEvents {
  /** A link that has been greeted. One per remote at a time; strictly paired with linkClosed. */
  link(link: Link): void
  /** One whole frame, in order, in memory of its own. */
  frame(link: Link, frame: Uint8Array): void
  drain(link: Link): void
  /** reason: the code given to close or drop, a NetProblemCode, or REMOTE_CLOSED, LOST, DUPLICATE, STOPPED, READS_NOTHING, PEER_RESTARTED, PEER_MOVED, LAN_PREFERRED. */
  linkClosed(link: Link, reason: string): void
  /** A device that holds one of our beacon keys was heard (up: new, moved or restarted) or is gone. */
  lanPeer(peer: { device: DeviceKey; host: string; port: number; up: boolean }): void
  internet(up: boolean): void
  /** IPv4 addresses besides loopback, whenever they change. */
  interfaces(addresses: string[]): void
  /** The same code and detail at most once a minute. */
  problem(problem: NetProblem): void
  /** A key that the firewall stopped. At most ten a second; status() counts all. */
  refused(remote: DeviceKey): void
}

export interface PendingDial {
  device: DeviceKey
  /** ms since 1970: without a link since then. */
  sinceMs: number
  /** A LAN or manual address is known for it. */
  viaLan: boolean
  attempts: number
  /** ms since 1970. Absent: a dial is under way, or there is nothing to dial with (no address, no internet). */
  nextTryAt?: number
  /** A code of hyperdht, for instance PEER_NOT_FOUND. */
  lastError?: string
}

export interface NetworkStatus {
  listening: boolean
  /** UDP; 0 before start(). */
  port: number
  /** 'host:port' of each interface: what to type in on a device that hears no beacon. */
  localAddresses: string[]
  internet: boolean
  interfaces: string[]
  /** Where beacons are sent and heard at the moment. */
  beaconOn: string[]
  lanPeers: { device: DeviceKey; host: string; port: number; lastSeenAt: number }[]
  manualAddresses: { host: string; port: number; resolved: string[] }[]
  pendingDials: PendingDial[]
  links: number
  strangersRefused: number
  counters: NetworkCounters
}

export interface NetworkCounters {
  dials: number
  dialsFailed: number
  linksOpened: number
  linksClosed: number
  halfOpen: number
  beaconsSent: number
  beaconsHeard: number
  /** mDNS packets that no key of ours opened, or that were no DNS at all. */
  beaconsForeign: number
}
