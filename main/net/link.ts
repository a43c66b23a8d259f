// One encrypted stream to one device: greets, cuts the stream into frames, counts, and ends exactly once.
// Nothing of a stream is shown to the upper layers before the remote's greeting arrived, so a half-open one never becomes a link.
import type { SecretStream } from 'hyperdht'
import type { DeviceKey } from '../../shared/types'
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader, GREETING_BYTES } from './framing'
import { CLOSE_GRACE_MS, GREETING_TIMEOUT_MS, SEND_QUEUE_BYTES_MAX } from './limits'
import type { HostPort, Link, LinkPath, LinkStats } from './types'

export interface PeerLinkOptions {
  remote: DeviceKey
  path: LinkPath
  address: HostPort
  /** Start of our run, told in the greeting. */
  run: number
  now(): number
  greeted(link: PeerLink): void
  frame(link: PeerLink, frame: Uint8Array): void
  drain(link: PeerLink): void
  /** Once, for greeted and ungreeted links alike. */
  closed(link: PeerLink, reason: string): void
}

export class PeerLink implements Link {
  readonly remote: DeviceKey
  readonly initiator: boolean
  readonly path: LinkPath
  readonly address: HostPort
  readonly stats: LinkStats = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, lastReceivedAt: 0 }
  readonly #stream: SecretStream
  readonly #options: PeerLinkOptions
  readonly #reader = new FrameReader()
  readonly #guard: NodeJS.Timeout
  #greeting = Buffer.alloc(0)
  #openedAt = 0
  #remoteRun = 0
  #queuedBytes = 0
  /** Since when what waits has not drained; 0: nothing waits. ms since 1970. */
  #fullSince = 0
  #closed = false
  #lost = 'REMOTE_CLOSED'

  constructor(stream: SecretStream, options: PeerLinkOptions) {
    this.#stream = stream
    this.#options = options
    this.remote = options.remote
    this.initiator = stream.isInitiator
    this.path = options.path
    this.address = options.address
    this.#guard = setTimeout(() => this.cut('HALF_OPEN'), GREETING_TIMEOUT_MS)
    this.#guard.unref()
    // The listener stays for good: a late ECONNRESET without one would end the process.
    stream.on('error', (error) => {
      this.#lost =
        error.code === 'ECONNRESET' ? 'REMOTE_CLOSED' : error.message === 'Duplicate connection' ? 'DUPLICATE' : 'LOST'
    })
    stream.on('data', (chunk) => this.#receive(chunk))
    stream.on('drain', () => {
      this.#queuedBytes = 0
      this.#fullSince = 0
      if (this.#openedAt > 0 && !this.#closed) options.drain(this)
    })
    stream.on('end', () => this.close('REMOTE_CLOSED'))
    stream.on('close', () => this.#finish(this.#lost))
    this.#write(encodeGreeting(options.run))
  }

  get openedAt(): number {
    return this.#openedAt
  }

  get greeted(): boolean {
    return this.#openedAt > 0
  }

  /** Start of the remote's run, by its clock; 0 before the greeting. */
  get remoteRun(): number {
    return this.#remoteRun
  }

  send(frame: Uint8Array): boolean {
    const bytes = encodeFrame(frame)
    if (this.#closed) return false
    this.stats.framesOut++
    return this.#write(bytes)
  }

  pause(): void {
    if (!this.#closed) this.#stream.pause()
  }
  resume(): void {
    if (!this.#closed) this.#stream.resume()
  }

  close(code: string): void {
    this.#finish(code)
    // A stream that is not read never comes to its end.
    this.#stream.resume()
    this.#stream.end()
    const timer = setTimeout(() => this.#stream.destroy(), CLOSE_GRACE_MS)
    timer.unref()
    this.#stream.once('close', () => clearTimeout(timer))
  }

  /** Ends the link now; what is queued is lost. */
  cut(code: string): void {
    this.#finish(code)
    this.#stream.destroy()
  }

  /** Bytes that wait because the other side does not take them. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }
  /** For how long nothing has drained; 0: nothing waits. */
  stalledMs(now: number): number {
    return this.#fullSince === 0 ? 0 : now - this.#fullSince
  }
  /** This machine slept: nobody could take anything. */
  woke(now: number): void {
    if (this.#fullSince > 0) this.#fullSince = now
  }

  /** Packets that ever came, of any kind. */
  get packetsIn(): number {
    return this.#stream.rawStream?.packetsReceived ?? 0
  }

  /** Has the other side acknowledge something: a dead path shows itself. */
  probe(): void {
    if (!this.#closed) this.#stream.sendKeepAlive()
  }

  #write(bytes: Uint8Array): boolean {
    this.stats.bytesOut += bytes.length
    const room = this.#stream.write(bytes)
    this.#queuedBytes = room ? 0 : this.#queuedBytes + bytes.length
    this.#fullSince = room ? 0 : this.#fullSince || this.#options.now()
    if (this.#queuedBytes > SEND_QUEUE_BYTES_MAX) this.cut('SEND_QUEUE_FULL')
    return room && !this.#closed
  }

  #receive(chunk: Uint8Array): void {
    // An empty one is the other side's keep-alive.
    if (this.#closed || chunk.length === 0) return
    this.stats.bytesIn += chunk.length
    this.stats.lastReceivedAt = this.#options.now()
    const rest = this.greeted ? chunk : this.#greet(chunk)
    if (rest === null || this.#closed) return
    const result = this.#reader.push(rest, (frame) => {
      this.stats.framesIn++
      this.#options.frame(this, frame)
    })
    if (result !== 'OK') this.cut(result)
  }

  /** Returns what follows the greeting; null while it is incomplete or wrong. */
  #greet(chunk: Uint8Array): Uint8Array | null {
    const missing = GREETING_BYTES - this.#greeting.length
    this.#greeting = Buffer.concat([this.#greeting, chunk.subarray(0, missing)])
    if (this.#greeting.length < GREETING_BYTES) return null
    const greeting = decodeGreeting(this.#greeting)
    if (!greeting.ok) {
      this.cut(greeting.code)
      return null
    }
    clearTimeout(this.#guard)
    this.#openedAt = this.#options.now()
    this.#remoteRun = greeting.run
    this.#options.greeted(this)
    return chunk.subarray(missing)
  }

  #finish(reason: string): void {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#guard)
    this.#reader.stop()
    this.#options.closed(this, reason)
  }
}
