// The one way in and out: keeps chosen devices connected over LAN and internet (rules L1-L3) with a single Hyperswarm.
// Hyperswarm makes and deduplicates connections; when to dial whom, and at which address, is decided here:
// beacon, manual address, internet → dialler → joinPeer → stream → greeting → link.
// Only supported options of the libraries are used; each odd line says which pitfall it avoids.
import type { SecretStream } from 'hyperdht'
import Hyperswarm from 'hyperswarm'
import type { DeviceKey } from '../../shared/types'
import { isHost, isPort, pathTo } from './address'
import { Beacon } from './beacon'
import type { BeaconPayload } from './beacon-payload'
import { SETTLED_MS, type Route } from './dial'
import { Dialler } from './dialler'
import { Emitter } from './emitter'
import { GivingWay } from './giving-way'
import { Interfaces } from './interfaces'
import { fromHex, LanDht, toHex, type Dial } from './lan-dht'
import { LanPeers } from './lan-peers'
import {
  DHT_PATIENCE_MS,
  DIAL_MS_MAX,
  DIALS_PARALLEL_MAX,
  LINKS_MAX,
  SEND_QUEUES_BYTES_MAX,
  SLEPT_MS,
  STALLED_MS,
  STOP_FORCE_MS,
  STOP_SWARM_MS,
  SWARM_PEERS_MAX,
  RESTLESS_MS,
  TICK_CALM_MS,
  TICK_MS,
} from './limits'
import { PeerLink } from './link'
import { ManualAddresses } from './manual'
import { Pulse } from './pulse'
import { Reports } from './reports'
import { Topics, type TopicMode } from './topics'
import {
  NET_PROBLEM_CODES,
  type HostPort,
  type NetProblemCode,
  type NetworkEvents,
  type NetworkOptions,
  type NetworkStatus,
} from './types'

export { parseHostPort } from './address'
export { FRAME_BYTES_MAX } from './limits'
export * from './types'

const LOOPBACK = '127.0.0.1'

export class Network extends Emitter<NetworkEvents> {
  readonly #options: NetworkOptions
  readonly #now: () => number
  readonly #self: DeviceKey
  /** Names this run in greetings and beacons. */
  readonly #run: number
  readonly #dht: LanDht
  readonly #swarm: Hyperswarm
  readonly #beacon: Beacon | null
  readonly #topics: Topics
  readonly #manual: ManualAddresses
  readonly #peers = new LanPeers()
  readonly #pulse = new Pulse()

  readonly #dialler: Dialler
  /** Streams that Hyperswarm handed over and that are not closed yet: at most one per device, since it deduplicates. */
  readonly #streams = new Map<DeviceKey, SecretStream>()
  /** Open links, greeted or not. */
  readonly #links = new Map<DeviceKey, PeerLink>()
  readonly #reports: Reports
  readonly #interfaces: Interfaces
  readonly #givingWay: GivingWay

  #state: 'new' | 'started' | 'stopped' = 'new'
  #startedAt = 0
  #internetUp = false
  #tickedAt = 0
  #ticker: NodeJS.Timeout | null = null
  #port = 0
  #dhtMissed = false
  #stopping: Promise<void> | null = null
  readonly #counters = { linksOpened: 0, linksClosed: 0, halfOpen: 0 }

  constructor(options: NetworkOptions) {
    super()
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#self = toHex(options.keyPair.publicKey)
    this.#run = options.run ?? this.#now()
    this.#reports = new Reports({
      now: this.#now,
      problem: (problem) => this.emit('problem', problem),
      refused: (device) => this.emit('refused', device),
    })
    this.#interfaces = new Interfaces({
      now: this.#now,
      host: options.host,
      changed: (addresses) => this.emit('interfaces', addresses),
      none: () => this.#reports.problem('NO_INTERFACE', 'only loopback'),
      looked: (others, force) => this.#looked(others, force),
    })
    this.#givingWay = new GivingWay({
      self: this.#self,
      now: this.#now,
      local: () => this.#interfaces.local,
      lanAddresses: (device) => this.#lanAddresses(device),
      ping: (address) => this.#dht.ping(address, { retry: false }),
      isCurrent: (link) => this.#links.get(link.remote) === link,
      dial: (device) => this.dial(device),
    })
    this.#dht = new LanDht({
      bootstrap: options.internet ? (options.bootstrap ?? null) : [],
      internet: options.internet,
      publicKey: options.keyPair.publicKey,
      host: options.host,
      port: options.preferredPort,
      now: this.#now,
      admit: (remote) => this.#admit(toHex(remote)),
      addressFor: (device) => this.#addressFor(device),
      dialEnded: (device, dial, error) => this.#dialEnded(device, dial, error),
    })
    const { publicKey, secretKey } = options.keyPair
    this.#swarm = new Hyperswarm({
      keyPair: { publicKey: Buffer.from(publicKey), secretKey: Buffer.from(secretKey) },
      dht: this.#dht,
      maxPeers: SWARM_PEERS_MAX,
      maxParallel: DIALS_PARALLEL_MAX,
      // Second wall, and the first one for keys found under a topic. It bans for good, hence the pardon.
      firewall: (remote) => !this.#mayConnect(toHex(remote)),
    })
    this.#swarm.on('ban', (peer) => peer.ban(false))
    this.#swarm.on('connection', (stream) => this.#adopt(stream))
    this.#dialler = new Dialler({
      self: this.#self,
      now: this.#now,
      mayConnect: (device) => this.#mayConnect(device),
      isLinked: (device) => this.#links.get(device)?.greeted ?? false,
      isBusy: (device) => this.#streams.has(device) || this.#dht.dials.has(device),
      route: (device) => this.#route(device),
      heardAt: (device) => this.#peers.heardAt(device),
      viaLan: (device) => this.#addressFor(device) !== null,
      connect: (device) => this.#swarm.joinPeer(fromHex(device)),
      abandon: (device) => {
        this.#dht.abortDial(device)
        this.#swarm.leavePeer(fromHex(device))
      },
    })
    this.#topics = new Topics(this.#swarm)
    this.#manual = new ManualAddresses(
      () => this.#dialler.news(),
      (detail) => this.#reports.problem('ADDRESS_UNRESOLVED', detail),
    )
    this.#beacon = options.lan
      ? new Beacon({
          beaconKeys: () => options.beaconKeys(),
          seal: (key, plain) => options.seal(key, plain),
          open: (key, box) => options.open(key, box),
          self: () => this.#payload(),
          others: () => this.#peers.size,
          now: this.#now,
          heard: (payload, host, ttlMs) => this.#heard(payload, host, ttlMs),
          problem: (code, detail) => this.#reports.problem(code, detail),
        })
      : null
  }

  /**
   * Resolves when LAN handshakes work (milliseconds); never waits for the DHT. Rejects when no UDP socket can be had.
   * A Network is started once.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') throw new Error('a Network is started once')
    this.#state = 'started'
    // Resolves only after a DHT announcement (44 to 94 s offline), while handshakes work as soon as the sockets are bound.
    this.#swarm.listen().catch(() => {})
    try {
      await this.#dht.bind()
    } catch (error) {
      this.#reports.problem('LISTEN_FAILED', (error as NodeJS.ErrnoException).code ?? 'UNKNOWN')
      throw error
    }
    if (this.#isStopped()) return
    this.#port = this.#dht.localAddress()?.port ?? 0
    const { preferredPort } = this.#options
    if (preferredPort && this.#port !== preferredPort) this.#reports.problem('PORT_IN_USE', String(preferredPort))
    this.#startedAt = this.#tickedAt = this.#now()
    this.#dht.on('network-change', () => {
      if (!this.#isStopped()) this.#interfaces.settle()
    })
    this.#interfaces.look(false)
    this.#manual.resolve(this.#now())
    this.#dialler.start()
    this.#tickLater()
  }

  /** The chosen set (at most WANTED_MAX): kept connected. Links to others stay as they are, but are not renewed. */
  want(devices: readonly DeviceKey[]): void {
    this.#dialler.want(devices)
  }

  /** Dials at once, without politeness or back-off, and keeps at it for 30 s; a device that is wanted stays so. */
  dial(device: DeviceKey): void {
    this.#dialler.dial(device)
  }

  /** Cuts a live session before it returns, and stops dialling. Keeping the device out is up to `mayConnect`. */
  drop(device: DeviceKey, code: string): void {
    this.#dialler.drop(device)
    this.#links.get(device)?.cut(code)
    this.#streams.get(device)?.destroy()
  }

  /**
   * A manual address, an IPv4 address or a name: tried for every wanted device that has no link, kept until stop().
   * At most MANUAL_ADDRESSES_MAX; more, or malformed ones, are passed over (parseHostPort tells in advance).
   */
  addAddress(host: string, port: number): void {
    if (!isHost(host) || !isPort(port) || !this.#manual.add(host, port)) return
    if (this.#state === 'started') this.#manual.resolve(this.#now())
    this.#dialler.news()
  }

  removeAddress(host: string, port: number): void {
    this.#manual.remove(host, port)
  }

  /**
   * Rendezvous over the DHT on a 32-byte topic. announce: our key is listed. find: keys listed there are dialled, if
   * `mayConnect` says so. Returns a function that ends it. Without internet it does nothing.
   */
  lookup(topic: Uint8Array, mode: TopicMode): () => void {
    if (topic.length !== 32) throw new RangeError('a topic has 32 bytes')
    if (!this.#options.internet || this.#isStopped()) return () => {}
    return this.#topics.join(topic, mode, this.#now())
  }

  /** After wake, other beacon keys or other settings: looks at the interfaces anew, beacons, probes links, dials. */
  refresh(): void {
    if (this.#state !== 'started') return
    const now = this.#now()
    this.#interfaces.look(true)
    this.#manual.resolve(now, true)
    for (const link of this.#links.values()) link.probe()
    for (const [device, dial] of this.#dht.dials) if (now - dial.startedAt >= TICK_MS) this.#dht.abortDial(device)
    this.#refreshDht()
    this.#dialler.news()
  }

  status(): NetworkStatus {
    const counters = this.#beacon?.counters
    return {
      listening: this.#state === 'started' && this.#port > 0,
      port: this.#port,
      localAddresses: (this.#options.host ? [this.#options.host] : this.#interfaces.addresses).map(
        (host) => `${host}:${this.#port}`,
      ),
      internet: this.#internetUp,
      interfaces: this.#interfaces.addresses,
      beaconOn: this.#beacon?.addresses() ?? [],
      lanPeers: this.#peers.list(),
      manualAddresses: this.#manual.list(),
      pendingDials: this.#dialler.pending(),
      links: [...this.#links.values()].filter(({ greeted }) => greeted).length,
      strangersRefused: this.#reports.strangersRefused,
      counters: {
        ...this.#dialler.counters,
        ...this.#counters,
        beaconsSent: counters?.sent ?? 0,
        beaconsHeard: counters?.heard ?? 0,
        beaconsForeign: counters?.foreign ?? 0,
      },
    }
  }

  /** Says goodbye, closes links in order, frees the sockets. At most ~2.5 s, offline too. Events end when it resolves. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    this.#state = 'stopped'
    if (this.#ticker) clearTimeout(this.#ticker)
    this.#dialler.stop()
    this.#interfaces.stop()
    for (const device of this.#dht.dials.keys()) this.#dht.abortDial(device)
    for (const link of this.#links.values()) link.close('STOPPED')
    const open = [...this.#streams.values()].filter((stream) => !stream.destroyed)
    const closed = open.map((stream) => new Promise<void>((resolve) => stream.once('close', resolve)))
    await Promise.all([...closed, this.#beacon?.stop() ?? Promise.resolve()])
    // Its announcer may be waiting for DHT nodes that never answer (40 to 180 s): by force then.
    const orderly = await within(
      STOP_SWARM_MS,
      this.#swarm.destroy().catch(() => {}),
    )
    if (!orderly)
      await within(
        STOP_FORCE_MS,
        this.#dht.destroy({ force: true }).catch(() => {}),
      )
    this.#peers.clear()
  }

  // ------------------------------------------------------------------ who may

  #mayConnect(device: DeviceKey): boolean {
    return device !== this.#self && this.#options.mayConnect(device)
  }

  /** The firewall of incoming handshakes: a refused one gets no answer at all, and nothing of it is parsed (L3). */
  #admit(device: DeviceKey): boolean {
    if (this.#isStopped()) return false
    if (!this.#mayConnect(device)) {
      this.#reports.refused(device)
      return false
    }
    // A device with a link may replace it: after a crash it has lost its end.
    if (this.#links.size < LINKS_MAX || this.#links.has(device)) return true
    this.#reports.problem('LINK_CAP', device)
    return false
  }

  // ------------------------------------------------------------------ streams and links

  #adopt(stream: SecretStream): void {
    const device = toHex(stream.remotePublicKey)
    stream.on('error', () => {})
    if (this.#isStopped() || (this.#links.size >= LINKS_MAX && !this.#links.has(device))) {
      stream.destroy()
      return
    }
    if (!this.#mayConnect(device)) {
      this.#reports.refused(device)
      stream.destroy()
      return
    }
    // Hyperswarm hands over one stream per device at a time; should that ever change, the newer one wins here as there.
    this.#links.get(device)?.cut('DUPLICATE')
    this.#streams.set(device, stream)
    stream.once('close', () => {
      if (this.#streams.get(device) === stream) this.#streams.delete(device)
      this.#dialler.kick()
    })
    const address = { host: stream.rawStream?.remoteHost ?? '', port: stream.rawStream?.remotePort ?? 0 }
    const link = new PeerLink(stream, {
      remote: device,
      address,
      path: pathTo(address.host, this.#interfaces.local),
      run: this.#run,
      now: this.#now,
      greeted: (opened) => this.#opened(opened),
      frame: (from, frame) => this.emit('frame', from, frame),
      drain: (drained) => this.emit('drain', drained),
      closed: (ended, reason) => this.#closed(ended, reason),
    })
    this.#links.set(device, link)
  }

  #opened(link: PeerLink): void {
    this.#counters.linksOpened++
    this.#dialler.linked(link.remote)
    this.emit('link', link)
    this.#givingWay.preferLan(link)
  }

  #closed(link: PeerLink, reason: string): void {
    const device = link.remote
    const now = this.#now()
    if (this.#links.get(device) === link) this.#links.delete(device)
    if (reason === 'HALF_OPEN') this.#counters.halfOpen++
    if (isProblemCode(reason)) this.#reports.problem(reason, device)
    const ours = ['PEER_RESTARTED', 'PEER_MOVED', 'LAN_PREFERRED'].includes(reason)
    const settled = link.greeted && now - link.openedAt >= SETTLED_MS
    this.#dialler.lost(device, settled || ours, link.greeted ? null : reason)
    if (!link.greeted) return
    this.#counters.linksClosed++
    this.emit('linkClosed', link, reason)
  }

  // ------------------------------------------------------------------ dialling

  #route(device: DeviceKey): Route {
    if (this.#peers.has(device)) return 'lan'
    if (this.#internetUp) return 'internet'
    return this.#manual.addresses().length > 0 ? 'manual' : null
  }

  /** LAN addresses first, then manual ones; the next one at each attempt, since hyperdht gives up a list at its first dead entry. */
  #addressFor(device: DeviceKey): HostPort | null {
    const addresses = [...this.#lanAddresses(device), ...this.#manual.addresses()]
    return addresses[this.#dialler.attempts(device) % addresses.length] ?? null
  }

  /** Beacons may come from public addresses too: private ones first. */
  #lanAddresses(device: DeviceKey): HostPort[] {
    const isPublic = ({ host }: HostPort) => Number(pathTo(host, this.#interfaces.local) === 'internet')
    return this.#peers.addresses(device).toSorted((a, b) => isPublic(a) - isPublic(b))
  }

  #dialEnded(device: DeviceKey, dial: Dial, error: string | null): void {
    // Hyperswarm would retry by its own back-off, up to ten minutes: when to retry is decided here.
    this.#swarm.leavePeer(fromHex(device))
    if (error === null) return
    if (!dial.aborted && error !== 'Duplicate connection') this.#dialler.failed(device, error)
    this.#dialler.kick()
  }

  // ------------------------------------------------------------------ beacon

  #payload(): BeaconPayload | null {
    const clientPort = this.#dht.address()?.port ?? 0
    const serverPort = this.#port
    return serverPort > 0 && clientPort > 0 ? { device: this.#self, serverPort, clientPort, run: this.#run } : null
  }

  #heard(payload: BeaconPayload, host: string, ttlMs: number): void {
    const { device, serverPort: port } = payload
    if (device === this.#self || this.#isStopped()) return
    if (ttlMs === 0) {
      if (this.#peers.goodbye(payload)) this.emit('lanPeer', { device, host, port, up: false })
      return
    }
    const sighting = this.#peers.hear(payload, host, ttlMs, this.#now())
    if (sighting === 'ignored') return
    if (sighting !== 'same') {
      this.emit('lanPeer', { device, host, port, up: true })
      this.#reroute(device)
    }
    const link = this.#links.get(device)
    if (link) this.#givingWay.heard(link, payload.run, sighting === 'moved' && link.address.host !== host)
    else this.#dialler.heard(device)
  }

  /** News of a device's address: earlier failures do not count, and a dial that goes elsewhere only delays. */
  #reroute(device: DeviceKey): void {
    this.#dialler.news(device)
    const to = this.#dht.dials.get(device)?.address
    if (to === undefined) return
    if (to === null || !this.#peers.addresses(device).some(({ host, port }) => host === to.host && port === to.port))
      this.#dht.abortDial(device)
  }

  // ------------------------------------------------------------------ housekeeping

  #tickLater(): void {
    if (this.#isStopped()) return
    const underWay =
      this.#dht.dials.size > 0 || this.#topics.looking || this.#now() - this.#interfaces.changedAt < RESTLESS_MS
    this.#ticker = setTimeout(
      () => {
        this.#tick()
        this.#tickLater()
      },
      underWay ? TICK_MS : TICK_CALM_MS,
    )
    this.#ticker.unref()
  }

  #tick(): void {
    const now = this.#now()
    const slept = now - this.#tickedAt > SLEPT_MS
    this.#tickedAt = now
    if (slept) {
      for (const link of this.#links.values()) link.woke(now)
      this.refresh()
    } else this.#interfaces.tick(now)
    this.#pulse.tick(this.#links.values(), now)
    this.#checkInternet(now)
    for (const gone of this.#peers.expire(now)) this.emit('lanPeer', { ...gone, up: false })
    for (const [device, dial] of this.#dht.dials) if (now - dial.startedAt >= DIAL_MS_MAX) this.#giveUp(device)
    this.#givingWay.tick(now)
    this.#checkQueues(now)
    this.#manual.resolve(now)
    this.#topics.tick(now)
    this.#dialler.tick(now)
  }

  /** Who takes nothing for a minute is cut off, and before all memory goes into queues, whoever takes least. */
  #checkQueues(now: number): void {
    for (const link of this.#links.values()) if (link.stalledMs(now) >= STALLED_MS) link.cut('READS_NOTHING')
    const waiting = [...this.#links.values()].sort((a, b) => b.queuedBytes - a.queuedBytes)
    let total = waiting.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0)
    for (const link of waiting) {
      if (total <= SEND_QUEUES_BYTES_MAX) return
      total -= link.queuedBytes
      link.cut('SEND_QUEUE_FULL')
    }
  }

  #giveUp(device: DeviceKey): void {
    this.#dialler.failed(device, 'DIAL_TIMED_OUT')
    this.#dht.abortDial(device)
  }

  #checkInternet(now: number): void {
    if (!this.#options.internet) return
    const up = this.#dht.toArray({ limit: 1 }).length > 0
    if (!up && !this.#dhtMissed && now - this.#startedAt >= DHT_PATIENCE_MS) {
      this.#dhtMissed = true
      this.#reports.problem('DHT_UNREACHABLE', 'no node answered')
    }
    if (up === this.#internetUp) return
    this.#internetUp = up
    this.#dhtMissed = false
    this.emit('internet', up)
    if (!up) return
    this.#refreshDht()
    this.#dialler.news()
  }

  /** By itself the DHT would announce us again only after 5 to 12 minutes. */
  #refreshDht(): void {
    if (!this.#internetUp) return
    for (const server of this.#dht.listening) server.refresh()
    this.#topics.refresh(this.#now())
  }

  #looked(others: boolean, force: boolean): void {
    if (this.#isStopped()) return
    const { host, loopbackBeacon = 'auto' } = this.#options
    const beaconOn = new Set(host === undefined || host === '0.0.0.0' ? this.#interfaces.addresses : [host])
    if (loopbackBeacon === true || (loopbackBeacon === 'auto' && beaconOn.size === 0)) beaconOn.add(LOOPBACK)
    this.#beacon?.sync([...beaconOn], force)
    if (others) this.#dialler.news()
  }

  /** A method, so that the compiler does not take an earlier answer for granted. */
  #isStopped(): boolean {
    return this.#state === 'stopped'
  }
}

const PROBLEM_CODES: ReadonlySet<string> = new Set(NET_PROBLEM_CODES)
const isProblemCode = (code: string): code is NetProblemCode => PROBLEM_CODES.has(code)

/** Waits for a promise, or for so long. False: it took longer. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => (timer = setTimeout(resolve, ms, false)))
  const inTime = await Promise.race([promise.then(() => true), late])
  clearTimeout(timer)
  return inTime
}
