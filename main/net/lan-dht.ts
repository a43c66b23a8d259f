// HyperDHT with three things added, by supported options and overridable methods: dials carry addresses known from elsewhere
// (the peer answers the handshake itself, without any DHT), a firewall that refuses without banning, and a list of dials
// under way that can be aborted. With `internet` false it also stays silent towards everything but the addresses we dial.
import HyperDHT, {
  type ConnectOptions,
  type Query,
  type Request,
  type SecretStream,
  type Server,
  type ServerOptions,
} from 'hyperdht'
import type { DeviceKey } from '../../shared/types'
import type { HostPort } from './types'

/** hyperdht's command number of a direct handshake. */
const PEER_HANDSHAKE = 0

export const toHex = (key: Uint8Array): DeviceKey =>
  Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('hex') as DeviceKey
export const fromHex = (device: DeviceKey): Buffer => Buffer.from(device, 'hex')

export interface Dial {
  readonly stream: SecretStream
  readonly address: HostPort | null
  readonly startedAt: number
  aborted: boolean
}

export interface LanDhtOptions {
  /** null: hyperdht's public nodes. Never pass false to hyperdht: that means the public ones. */
  bootstrap: HostPort[] | null
  internet: boolean
  publicKey: Uint8Array
  host: string | undefined
  port: number | undefined
  now(): number
  /** Asked for each incoming handshake, before hyperswarm's own firewall, which would ban for good. */
  admit(remote: Uint8Array): boolean
  /** The address to try first for an outgoing dial; null leaves it to the DHT. */
  addressFor(device: DeviceKey): HostPort | null
  /** A dial is over. error null: it became a connection. */
  dialEnded(device: DeviceKey, dial: Dial, error: string | null): void
}

export class LanDht extends HyperDHT {
  readonly dials = new Map<DeviceKey, Dial>()
  readonly #options: LanDhtOptions
  readonly #target: Uint8Array

  constructor(options: LanDhtOptions) {
    const port = options.port ?? 0
    super({
      ...(options.bootstrap ? { bootstrap: options.bootstrap } : {}),
      ...(options.host === undefined ? {} : { host: options.host }),
      // A plain 0 would mean hyperdht's default port 49737; an empty range means any.
      port: port === 0 ? [0, 0] : [port, port + 1],
      // A timer a link on both sides would wake both four times each time: pulse.ts keeps all links alive in one go.
      connectionKeepAlive: false,
    })
    this.#options = options
    this.#target = HyperDHT.hash(options.publicKey)
    // Nodes that answer get into the routing table, and later queries would reach out to their neighbours on the internet.
    if (!options.internet) this._filterNode = () => false
  }

  /** Peers do not ban each other for a refusal: a member added later must get in. */
  override createServer(options: ServerOptions, onConnection?: (stream: SecretStream) => void): Server {
    const inner = options.firewall
    const firewall: NonNullable<ServerOptions['firewall']> = (key, payload, from) =>
      !this.#options.admit(key) || (inner?.(key, payload, from) ?? false)
    return super.createServer({ ...options, firewall }, onConnection)
  }

  override connect(remotePublicKey: Uint8Array, options: ConnectOptions = {}): SecretStream {
    const device = toHex(remotePublicKey)
    const address = this.#options.addressFor(device)
    const stream = super.connect(remotePublicKey, address ? { ...options, relayAddresses: [address] } : options)
    const dial: Dial = { stream, address, startedAt: this.#options.now(), aborted: false }
    let code = 'LOST'
    this.dials.set(device, dial)
    const end = (error: string | null) => {
      if (this.dials.get(device) !== dial) return
      this.dials.delete(device)
      this.#options.dialEnded(device, dial, error)
    }
    stream.on('error', (error) => {
      code = error.code ?? error.message
    })
    stream.once('open', () => end(null))
    stream.once('close', () => end(dial.aborted ? 'ABORTED' : code))
    return stream
  }

  /** Ends a dial under way, for one with better prospects. False when there is none. */
  abortDial(device: DeviceKey): boolean {
    const dial = this.dials.get(device)
    if (!dial) return false
    dial.aborted = true
    dial.stream.destroy()
    return true
  }

  /** hyperdht also asks the given addresses for the peer, and follows the nodes they name: not without internet. */
  override findPeer(publicKey: Uint8Array, options: Record<string, unknown> = {}): Query {
    return super.findPeer(publicKey, this.#options.internet ? options : { ...options, nodes: null })
  }

  /** Without internet we answer handshakes for ourselves, and neither store nor relay anything for anybody. */
  override onrequest(request: Request): boolean {
    const forUs =
      request.command === PEER_HANDSHAKE &&
      request.target !== null &&
      Buffer.compare(request.target, this.#target) === 0
    return this.#options.internet || forUs ? super.onrequest(request) : false
  }
}
