// Real networks on loopback for the tests of rules L1-L3: keys, a sealing that needs no other room, and recorded events.
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto'
import HyperDHT from 'hyperdht'
import { Network, type Link, type NetProblem, type NetworkOptions } from '../../main/net/network'
import type { DeviceKey } from '../../shared/types'

/** ChaCha20-Poly1305 in place of libsodium's secretbox: nonce 12, tag 16, box. */
export function seal(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 })
  const box = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), box])
}

export function open(key: Uint8Array, box: Uint8Array): Uint8Array | null {
  if (box.length < 28) return null
  const decipher = createDecipheriv('chacha20-poly1305', key, box.subarray(0, 12), { authTagLength: 16 })
  decipher.setAuthTag(box.subarray(12, 28))
  try {
    return Buffer.concat([decipher.update(box.subarray(28)), decipher.final()])
  } catch {
    return null
  }
}

/** The same name gives the same keys, so that a process elsewhere knows them too. */
export const keyPairOf = (name: string) => HyperDHT.keyPair(createHash('sha256').update(name).digest())
export const deviceOf = (name: string) => keyPairOf(name).publicKey.toString('hex') as DeviceKey
export const beaconKeyOf = (circle: string) => createHash('sha256').update(`beacon ${circle}`).digest()

/** Waits until a condition holds; checks every few ms. Fails with what was awaited. */
export async function until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export class Peer {
  readonly device: DeviceKey
  readonly network: Network
  readonly opened: Link[] = []
  readonly closed: { link: Link; reason: string }[] = []
  readonly frames: { from: DeviceKey; frame: Uint8Array }[] = []
  readonly problems: NetProblem[] = []
  readonly refused: DeviceKey[] = []
  drains = 0
  /** Whom the firewall lets in. */
  readonly members: Set<DeviceKey>

  constructor(
    readonly name: string,
    members: string[],
    circle: string,
    options: Partial<NetworkOptions> = {},
  ) {
    const keyPair = keyPairOf(name)
    const key = beaconKeyOf(circle)
    this.device = deviceOf(name)
    this.members = new Set(members.map(deviceOf))
    this.network = new Network({
      keyPair,
      mayConnect: (remote) => this.members.has(remote),
      beaconKeys: () => ({ announce: [key], open: [key] }),
      seal,
      open,
      lan: true,
      internet: false,
      host: '127.0.0.1',
      loopbackBeacon: true,
      ...options,
    })
    this.network
      .on('link', (link) => this.opened.push(link))
      .on('linkClosed', (link, reason) => this.closed.push({ link, reason }))
      .on('frame', (link, frame) => this.frames.push({ from: link.remote, frame }))
      .on('drain', () => this.drains++)
      .on('problem', (problem) => this.problems.push(problem))
      .on('refused', (device) => this.refused.push(device))
  }

  async start(wanted: string[] = []): Promise<this> {
    await this.network.start()
    this.network.want(wanted.map(deviceOf))
    return this
  }

  linkTo(name: string): Link | undefined {
    const device = deviceOf(name)
    return this.opened.find((link) => link.remote === device && !this.closed.some((end) => end.link === link))
  }

  address() {
    return { host: '127.0.0.1', port: this.network.status().port }
  }
}
