// The LAN beacon: announces us and hears others by multicast DNS, one socket per IPv4 interface (rule L1).
// Not a DNS-SD library: those tried find nobody without a default route or with a VPN owning it, or crash when 5353 is taken.
// Failures of a socket are reported and mended later; nothing here throws at the caller or ends the process.
// A group may be busy with others' services, and a large circle speaks often: what is none of ours, and what says the same as
// before, is recognised by its bytes and neither decoded nor decrypted.
import makeMdns from 'multicast-dns'
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import {
  announcement,
  decodePayload,
  encodePayload,
  encodeTxt,
  readServices,
  SERVICE,
  SERVICE_LABEL,
  type BeaconPayload,
  type HeardService,
} from './beacon-payload'
import {
  BEACON_ANSWER_EVERY_MS,
  BEACON_BURST_MS,
  BEACON_ECHO_TIMEOUT_MS,
  BEACON_GOODBYE_MS,
  BEACON_KEYS_MAX,
  BEACON_OPEN_KEYS_MAX,
  BEACON_OPENS_PER_SECOND_MAX,
  BEACON_REOPEN_FIRST_MS,
  BEACON_REOPEN_MS_MAX,
  BEACON_STEADY_MS,
  BEACON_STEADY_MS_MAX,
  BEACON_STEADY_MS_PER_PEER,
  BEACON_TTL_S_MAX,
  BEACONS_KNOWN_MAX,
  BEACONS_MISSED_MAX,
} from './limits'
import type { NetProblemCode, NetworkOptions } from './types'

export interface BeaconOptions extends Pick<NetworkOptions, 'beaconKeys' | 'seal' | 'open'> {
  /** What to announce; null while there is nothing to dial. */
  self(): BeaconPayload | null
  /** Devices that are heard. */
  others(): number
  now(): number
  /** ttlMs 0: the device says goodbye. */
  heard(payload: BeaconPayload, host: string, ttlMs: number): void
  problem(code: NetProblemCode, detail: string): void
}

interface BeaconSocket {
  mdns: makeMdns.MulticastDNS
  openedAt: number
  /** Our own announcement came back: multicast works as far as this machine can tell. */
  echoed: boolean
  failedAt: number | null
}
/** Repeated failures of an address, over several sockets. */
interface Failures {
  count: number
  retryAt: number
}

export class Beacon {
  readonly #options: BeaconOptions
  /** New at each start: nothing to link, and no name conflicts to probe for. */
  readonly #instance = randomBytes(8).toString('hex')
  readonly #sockets = new Map<string, BeaconSocket>()
  readonly #failures = new Map<string, Failures>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #bursts = new Set<NodeJS.Timeout>()
  /** Packets that the system has not taken yet. */
  readonly #sending = new Set<Promise<void>>()
  /** What was opened, by the whole packet. */
  readonly #known = new Map<string, { payload: BeaconPayload; ttlMs: number }>()
  /** What was sealed last, and of what: the same again while it says the same, so that nobody need open it twice. */
  #sealed: { of: string; txt: string[] } = { of: '', txt: [] }
  #announcedAt = 0
  #answerPending = false
  #opensLeft = BEACON_OPENS_PER_SECOND_MAX
  #opensSecond = 0
  #closed = false
  readonly counters = { sent: 0, heard: 0, foreign: 0 }

  constructor(options: BeaconOptions) {
    this.#options = options
    this.#steady()
  }

  /** Addresses with a working socket. */
  addresses(): string[] {
    return [...this.#sockets].filter(([, socket]) => socket.failedAt === null).map(([address]) => address)
  }

  /**
   * Opens and closes sockets until there is one for each of `addresses`. Any change, and `force`, starts a burst.
   * @param force reopen all: after sleep or a network change the old ones may have lost their group membership
   */
  sync(addresses: readonly string[], force = false): void {
    if (this.#closed) return
    const now = this.#options.now()
    let changed = force
    for (const address of this.#failures.keys()) if (!addresses.includes(address)) this.#failures.delete(address)
    for (const [address, socket] of this.#sockets) {
      const mend = socket.failedAt !== null && now >= (this.#failures.get(address)?.retryAt ?? 0)
      if (addresses.includes(address) && !force && !mend) continue
      this.#sockets.delete(address)
      close(socket.mdns)
      changed = true
    }
    for (const address of addresses) {
      if (this.#sockets.has(address)) continue
      this.#open(address)
      changed = true
    }
    if (changed) this.burst()
  }

  /** Announces and asks now and a few times more: start, wake, new keys, new interfaces. */
  burst(): void {
    for (const timer of this.#bursts) clearTimeout(timer)
    this.#bursts.clear()
    // The keys may be others.
    this.#known.clear()
    for (const delayMs of BEACON_BURST_MS) {
      // A little randomness, so that machines woken by the same event do not all speak at once.
      const timer = this.#later(delayMs + Math.random() * 50, () => {
        this.#bursts.delete(timer)
        this.#announce()
        this.#ask()
      })
      this.#bursts.add(timer)
    }
  }

  /** Says goodbye and closes, as soon as it is said: within BEACON_GOODBYE_MS. */
  async stop(): Promise<void> {
    if (this.#closed) return
    this.#announce(0)
    this.#closed = true
    for (const timer of this.#timers) clearTimeout(timer)
    // Closing a socket at once would drop the goodbye from its queue.
    await Promise.race([
      Promise.all(this.#sending),
      new Promise((resolve) => setTimeout(resolve, BEACON_GOODBYE_MS, null).unref()),
    ])
    for (const { mdns } of this.#sockets.values()) close(mdns)
    this.#sockets.clear()
  }

  #open(address: string): void {
    const { now, problem } = this.#options
    const udp = createSocket({ type: 'udp4', reuseAddr: true })
    const emit = udp.emit.bind(udp)
    let packet = ''
    udp.emit = (event: string, ...args: unknown[]) => {
      if (event !== 'message') return emit(event, ...args)
      const [bytes, from] = args as [Buffer, { address: string }]
      if (!bytes.includes(SERVICE_LABEL)) return false
      packet = bytes.toString('latin1')
      return this.#heardAgain(packet, from.address) || emit(event, ...args)
    }
    const mdns = makeMdns({ socket: udp, interface: address, bind: '0.0.0.0', loopback: true, ttl: 255 })
    const socket: BeaconSocket = { mdns, openedAt: now(), echoed: false, failedAt: null }
    mdns.on('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE' || error.code === 'EACCES'
      this.#fail(address, socket, taken ? 'BEACON_PORT_IN_USE' : 'MULTICAST_BLOCKED', error)
    })
    mdns.on('warning', (error: NodeJS.ErrnoException) => {
      // A failing system call is ours to report; the rest is somebody's garbage on the group.
      if (error.syscall) problem('MULTICAST_BLOCKED', `${address} ${error.code}`)
      else this.counters.foreign++
    })
    mdns.on('query', (query) => this.#onQuery(query))
    mdns.on('response', (response, from) => {
      const services = readServices([...(response.answers ?? []), ...(response.additionals ?? [])])
      for (const service of services) this.#onService(service, from.address, services.length === 1 ? packet : null)
    })
    this.#sockets.set(address, socket)
    this.#later(BEACON_BURST_MS[2] + BEACON_ECHO_TIMEOUT_MS, () => {
      if (
        this.#sockets.get(address) !== socket ||
        socket.echoed ||
        socket.failedAt !== null ||
        this.#announcedAt < socket.openedAt
      )
        return
      problem('MULTICAST_BLOCKED', `${address} NO_ECHO`)
    })
  }

  #onQuery(query: makeMdns.QueryPacket): void {
    const asked = query.questions?.some(({ name, type }) => name === SERVICE && ['PTR', 'ANY'].includes(type))
    // The asker lists itself as a known answer (RFC 6762, 7.1): thus we do not answer ourselves.
    const own = query.answers?.some((answer) => answer.type === 'PTR' && answer.data === this.#name)
    if (!asked || own || this.#answerPending) return
    this.#answerPending = true
    const waitMs = Math.max(20 + Math.random() * 100, this.#announcedAt + BEACON_ANSWER_EVERY_MS - this.#options.now())
    this.#later(Math.min(waitMs, BEACON_ANSWER_EVERY_MS), () => {
      this.#answerPending = false
      this.#announce()
    })
  }

  #heardAgain(packet: string, host: string): boolean {
    const known = this.#known.get(packet)
    if (!known) return false
    this.counters.heard++
    this.#options.heard(known.payload, host, known.ttlMs)
    return true
  }

  /** `packet`: the whole one, if it says nothing else. */
  #onService(service: HeardService, host: string, packet: string | null): void {
    if (service.instance === this.#instance) {
      const socket = service.address === null ? undefined : this.#sockets.get(service.address)
      if (socket) {
        socket.echoed = true
        this.#failures.delete(service.address ?? '')
      }
      return
    }
    const payload = this.#openFirst(service.boxes)
    if (payload === null) {
      this.counters.foreign++
      return
    }
    this.counters.heard++
    const ttlMs = Math.min(service.ttl, BEACON_TTL_S_MAX) * 1_000
    if (packet !== null) this.#remember(packet, payload, ttlMs)
    this.#options.heard(payload, host, ttlMs)
  }

  #remember(packet: string, payload: BeaconPayload, ttlMs: number): void {
    // Whoever is on the list may fill this with packets that nobody repeats: the oldest goes.
    if (this.#known.size >= BEACONS_KNOWN_MAX) this.#known.delete(this.#known.keys().next().value!)
    this.#known.set(packet, { payload, ttlMs })
  }

  /** One device's payloads say the same under different keys: the first that opens is enough. */
  #openFirst(boxes: Uint8Array[]): BeaconPayload | null {
    const second = Math.floor(this.#options.now() / 1_000)
    if (second !== this.#opensSecond) {
      this.#opensSecond = second
      this.#opensLeft = BEACON_OPENS_PER_SECOND_MAX
    }
    const keys = this.#options.beaconKeys().open.slice(0, BEACON_OPEN_KEYS_MAX)
    for (const box of boxes.slice(0, BEACON_KEYS_MAX)) {
      for (const key of keys) {
        if (this.#opensLeft-- <= 0) return null
        const plain = this.#options.open(key, box)
        const payload = plain && decodePayload(plain)
        if (payload) return payload
      }
    }
    return null
  }

  get #name(): string {
    return `${this.#instance}.${SERVICE}`
  }

  /** Between two announcements where nothing happens. */
  get #steadyMs(): number {
    return Math.min(
      BEACON_STEADY_MS_MAX,
      Math.max(BEACON_STEADY_MS, BEACON_STEADY_MS_PER_PEER * this.#options.others()),
    )
  }

  /** `ttl`: seconds; 0 says goodbye. */
  #announce(ttl = Math.ceil((BEACONS_MISSED_MAX * this.#steadyMs) / 1_000)): void {
    const self = this.#options.self()
    const keys = this.#options.beaconKeys().announce.slice(0, BEACON_KEYS_MAX)
    if (this.#closed || self === null || keys.length === 0) return
    this.#announcedAt = this.#options.now()
    const txt = this.#seal(encodePayload(self), keys)
    this.#send((mdns, address, done) =>
      mdns.respond(announcement(this.#instance, address, self.serverPort, txt, ttl), done),
    )
  }

  #seal(plain: Uint8Array, keys: readonly Uint8Array[]): string[] {
    const of = Buffer.concat([plain, ...keys]).toString('latin1')
    if (of !== this.#sealed.of) this.#sealed = { of, txt: keys.map((key) => encodeTxt(this.#options.seal(key, plain))) }
    return this.#sealed.txt
  }

  #ask(): void {
    if (this.#closed || this.#options.beaconKeys().open.length === 0) return
    const known = { name: SERVICE, type: 'PTR' as const, ttl: 1, data: this.#name }
    this.#send((mdns, _address, done) =>
      mdns.query({ questions: [{ name: SERVICE, type: 'PTR' }], answers: [known] }, done),
    )
  }

  #send(send: (mdns: makeMdns.MulticastDNS, address: string, done: (error: Error | null) => void) => void): void {
    for (const [address, socket] of this.#sockets) {
      if (socket.failedAt !== null) continue
      try {
        const sent = new Promise<void>((resolve) => {
          send(socket.mdns, address, (error) => {
            resolve()
            if (error && this.#sockets.get(address) === socket) this.#fail(address, socket, 'MULTICAST_BLOCKED', error)
          })
        })
        this.#sending.add(sent)
        void sent.then(() => this.#sending.delete(sent))
        this.counters.sent++
      } catch (error) {
        this.#fail(address, socket, 'MULTICAST_BLOCKED', error as Error)
      }
    }
  }

  #fail(address: string, socket: BeaconSocket, code: NetProblemCode, error: NodeJS.ErrnoException): void {
    if (socket.failedAt !== null) return
    const now = this.#options.now()
    const count = (this.#failures.get(address)?.count ?? 0) + 1
    socket.failedAt = now
    this.#failures.set(address, {
      count,
      retryAt: now + Math.min(BEACON_REOPEN_FIRST_MS * 2 ** (count - 1), BEACON_REOPEN_MS_MAX),
    })
    this.#options.problem(code, `${address} ${error.code ?? error.message}`)
  }

  #steady(): void {
    // Half a period first: the burst has just spoken.
    this.#later(this.#steadyMs * (0.5 + Math.random() / 3), () => {
      if (this.#options.now() - this.#announcedAt > this.#steadyMs / 2) this.#announce()
      this.#steady()
    })
  }

  #later(delayMs: number, run: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#closed) run()
    }, delayMs)
    timer.unref()
    this.#timers.add(timer)
    return timer
  }
}

/** A socket that never bound, or failed, throws on close. */
function close(mdns: makeMdns.MulticastDNS): void {
  try {
    mdns.destroy()
  } catch {
    // Closed already: all that was wanted.
  }
}
