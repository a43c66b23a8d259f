// The few calls of hyperswarm 4.17 and hyperdht 6.34 that we use; neither package ships types.
// Fields with a leading underscore are their internals: touched in lan-dht.ts only, with the reason there.

declare module 'hyperdht' {
  import { EventEmitter } from 'node:events'

  export interface HostPort {
    host: string
    port: number
  }
  export interface KeyPair {
    publicKey: Uint8Array
    secretKey: Uint8Array
  }
  /** A udx stream, as far as we look at it. */
  export interface RawStream {
    readonly remoteHost: string | null
    readonly remotePort: number
    /** Of any kind, acknowledgements included. */
    readonly packetsReceived: number
  }
  /** A Noise stream over udx (@hyperswarm/secret-stream, a streamx Duplex). */
  export class SecretStream extends EventEmitter {
    readonly isInitiator: boolean
    readonly publicKey: Buffer
    readonly remotePublicKey: Buffer
    readonly rawStream: RawStream | null
    readonly destroyed: boolean
    readonly destroying: boolean
    readonly rawBytesRead: number
    readonly rawBytesWritten: number
    write(data: Uint8Array): boolean
    end(): void
    destroy(error?: Error): void
    pause(): void
    resume(): void
    sendKeepAlive(): void
    on(event: 'data', listener: (chunk: Uint8Array) => void): this
    on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): this
    on(event: 'open' | 'close' | 'end' | 'drain', listener: () => void): this
    once(event: 'open' | 'close' | 'end' | 'drain', listener: () => void): this
  }
  export interface ConnectOptions {
    keyPair?: KeyPair
    /** Asked for the handshake directly, in order, without any DHT. Only the first that answers counts. */
    relayAddresses?: HostPort[] | null
    [other: string]: unknown
  }
  export type Firewall = (remotePublicKey: Uint8Array, payload: unknown, from: HostPort) => boolean
  export interface ServerOptions {
    /** true refuses: the remote gets no answer at all. */
    firewall?: Firewall
    [other: string]: unknown
  }
  export interface Server extends EventEmitter {
    listen(keyPair: KeyPair): Promise<unknown>
    refresh(): void
  }
  export interface Query extends AsyncIterable<unknown> {
    destroy(): void
    finished(): Promise<void>
  }
  export interface Request {
    readonly command: number
    readonly target: Uint8Array | null
    readonly from: HostPort
  }
  export interface DhtOptions {
    bootstrap?: HostPort[]
    /** A range [from, to): tried in turn, then any free port. */
    port?: number | [number, number]
    host?: string
    ephemeral?: boolean
    firewalled?: boolean
    /** ms. False: none; what others send then arrives as empty data. */
    connectionKeepAlive?: number | false
  }
  export default class HyperDHT extends EventEmitter {
    constructor(options?: DhtOptions)
    /** Where a key is found in the DHT. */
    static hash(data: Uint8Array): Buffer
    static keyPair(seed?: Uint8Array): { publicKey: Buffer; secretKey: Buffer }
    static bootstrapper(port: number, host: string, options?: DhtOptions): HyperDHT
    readonly listening: Set<Server>
    readonly destroyed: boolean
    readonly stats: { readonly requests: { readonly total: number } }
    bind(): Promise<void>
    fullyBootstrapped(): Promise<void>
    /** Of the socket that takes part in DHT traffic: the outgoing one as long as we count as firewalled. */
    address(): HostPort | null
    /** Of the listening socket. */
    localAddress(): HostPort | null
    toArray(options?: { limit?: number }): HostPort[]
    ping(to: HostPort, options?: { retry?: boolean }): Promise<unknown>
    findPeer(publicKey: Uint8Array, options?: Record<string, unknown>): Query
    connect(remotePublicKey: Uint8Array, options?: ConnectOptions): SecretStream
    createServer(options: ServerOptions, onConnection?: (stream: SecretStream) => void): Server
    onrequest(request: Request): boolean
    destroy(options?: { force?: boolean }): Promise<void>
    _filterNode: ((node: HostPort) => boolean) | null
  }
}

declare module 'hyperswarm' {
  import { EventEmitter } from 'node:events'
  import type HyperDHT from 'hyperdht'
  import type { KeyPair, SecretStream } from 'hyperdht'

  export interface PeerInfo {
    readonly publicKey: Buffer
    ban(value: boolean): void
  }
  export interface DiscoverySession {
    refresh(options?: { server?: boolean; client?: boolean }): Promise<unknown>
    destroy(): Promise<unknown>
  }
  export interface SwarmOptions {
    keyPair: KeyPair
    dht: HyperDHT
    maxPeers?: number
    maxParallel?: number
    firewall?(remotePublicKey: Uint8Array): boolean
  }
  export default class Hyperswarm extends EventEmitter {
    constructor(options: SwarmOptions)
    readonly dht: HyperDHT
    readonly destroyed: boolean
    /** Resolves after the first DHT announcement: 44 to 94 s when offline (measured). */
    listen(): Promise<unknown>
    joinPeer(publicKey: Uint8Array): void
    leavePeer(publicKey: Uint8Array): void
    join(topic: Uint8Array, options: { server: boolean; client: boolean }): DiscoverySession
    destroy(options?: { force?: boolean }): Promise<void>
    on(event: 'connection', listener: (stream: SecretStream, peer: PeerInfo) => void): this
    on(event: 'ban', listener: (peer: PeerInfo) => void): this
  }
}
