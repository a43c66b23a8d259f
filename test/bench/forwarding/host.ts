// One process of the benchmark: some of the circle's peers, each with its own sockets, database, engine and driver.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { crypto, keyPairFromSeed, open, seal, signer } from '../../../main/identity/sodium'
import { Network } from '../../../main/net/network'
import { Driver, type Machine } from '../../../main/peer/driver'
import type { Link, StorePort } from '../../../main/peer/ports'
import { fromHex, toHex, utf8 } from '../../../main/protocol/codec'
import { Engine } from '../../../main/protocol/engine'
import { neighboursOf } from '../../../main/protocol/heirs'
import { encodeContent } from '../../../main/protocol/kinds'
import { makeNode, type TimelineNode } from '../../../main/protocol/node'
import { Rings } from '../../../main/protocol/rings'
import { simulatedCircle } from '../../../main/simulator/circle'
import { openTimelineStore } from '../../../main/store/timeline-store'
import type { DeviceKey, NodeId } from '../../../shared/types'
import { Naive } from './naive'

export type Mode = 'full' | 'brief' | 'naive'
export interface Setup {
  dir: string
  circle: number
  seed: number
  mode: Mode
  /** Indices of the peers that live in this process. */
  peers: number[]
  /** Hex; without it a beacon that only the peers of `dir` hear. */
  beacon?: string
  /** Indices that every peer here keeps a link with, besides those that its ring asks for. */
  alsoWant?: number[]
}
export type Order =
  | { order: 'post'; peer: number }
  | { order: 'report' }
  /** Counters start anew. */
  | { order: 'reset' }
  | { order: 'stop' }
export interface PeerReport {
  peer: number
  links: number
  sent: number
  received: number
  duplicates: number
  announced: number
  retried: number
  takenOver: number
  pulled: number
  frames: number
  bytes: number
  /** ms since 1970 at which a node of this run was stored; by id. */
  arrivals: Record<NodeId, number>
  stored: number
  provenHolders: number
}
export interface HostReport {
  peers: PeerReport[]
  /** µs of CPU since the reset, user and system. */
  cpuUs: number
  rssMiB: number
  posted: Record<NodeId, number>
}

/** About 300 B encoded, as an ordinary short post is. */
const TEXT = 'Twofold carries this entry from hand to hand, two hands at a time. '.repeat(3).slice(0, 150)

const keys = {
  crypto,
  pairOf(keySeed: Uint8Array) {
    const pair = keyPairFromSeed(keySeed)
    return { publicKey: pair.publicKey, sign: signer(pair) }
  },
}

class Host {
  private readonly circle: ReturnType<typeof simulatedCircle>
  private readonly rings = new Rings(crypto)
  private readonly peers = new Map<number, RealPeer>()
  private cpu = process.cpuUsage()
  private readonly posted: Record<NodeId, number> = {}

  constructor(private readonly setup: Setup) {
    this.circle = simulatedCircle(keys, setup.circle, setup.seed, 0)
  }

  async start(): Promise<void> {
    for (const index of this.setup.peers) {
      const peer = new RealPeer(this.setup, this.circle, this.rings, index)
      this.peers.set(index, peer)
      await peer.start()
    }
  }

  async handle(order: Order): Promise<HostReport | null> {
    switch (order.order) {
      case 'post': {
        const node = this.peers.get(order.peer)!.post()
        this.posted[node.id] = node.timestamp
        return null
      }
      case 'reset':
        this.cpu = process.cpuUsage()
        for (const id of Object.keys(this.posted)) delete this.posted[id as NodeId]
        for (const peer of this.peers.values()) peer.reset()
        return null
      case 'report': {
        const { user, system } = process.cpuUsage(this.cpu)
        globalThis.gc?.()
        return {
          peers: [...this.peers.values()].map((p) => p.report()),
          cpuUs: user + system,
          rssMiB: process.memoryUsage.rss() / 2 ** 20,
          posted: this.posted,
        }
      }
      case 'stop':
        await Promise.all([...this.peers.values()].map((p) => p.stop()))
        return null
    }
  }
}

class RealPeer {
  private readonly key: DeviceKey
  private readonly sign
  private readonly store
  private readonly engine: Engine | null
  private readonly naive: Naive | null
  private readonly driver: Driver
  private readonly network: Network
  private arrivals: Record<NodeId, number> = {}
  private frames = 0
  private bytes = 0
  private base: Omit<PeerReport, 'peer' | 'links' | 'arrivals' | 'stored' | 'provenHolders'>

  constructor(
    setup: Setup,
    private readonly circle: ReturnType<typeof simulatedCircle>,
    rings: Rings,
    private readonly index: number,
  ) {
    const { device } = circle.people[index]!
    this.key = device.key
    this.sign = device.sign
    const dir = join(setup.dir, String(index))
    mkdirSync(dir, { recursive: true })
    this.store = openTimelineStore(dir, crypto)
    for (const known of circle.list.devices.values()) this.store.knowDevice(known.key, known.member)
    const { list } = circle
    this.naive = setup.mode === 'naive' ? new Naive(crypto, list) : null
    this.engine =
      setup.mode === 'naive'
        ? null
        : new Engine({
            crypto,
            sign: this.sign,
            me: this.key,
            list,
            rings,
            have: this.store.have(),
            app: 'bench',
            random: () => Math.floor(Math.random() * 2 ** 32),
            mode: setup.mode,
          })
    this.driver = new Driver(
      {
        secrets: { crypto },
        now: () => Date.now(),
        after(ms, run) {
          const timer = setTimeout(run, ms)
          return () => clearTimeout(timer)
        },
        log: () => {},
      },
      (this.engine ?? this.naive) as Machine,
      this.store as unknown as StorePort,
      {
        stored: (nodes) => {
          for (const node of nodes) this.arrivals[node.id] = Date.now()
        },
        storedRun: () => undefined,
        epochsArrived: () => {},
        epochsWanted: () => [],
        inStep: () => {},
        ownTimelineAhead: () => {},
        ownHeld: () => {},
        receipts: () => {},
        traffic: (way, _device, size) => {
          if (way !== 'sent') return
          this.frames++
          this.bytes += size
        },
        refused: () => {},
        storeTrouble: () => {},
        changed: () => {},
        aside: () => {},
        forked: () => {},
        keptOut: () => {},
        behindCutOff: () => {},
      },
    )
    const pair = keyPairFromSeed(crypto.hash(utf8(`simulation ${setup.seed} device ${index}`)))
    if (toHex(pair.publicKey) !== this.key) throw new Error('another key than the list has')
    const beacon = setup.beacon ? fromHex(setup.beacon) : crypto.hash(utf8(`bench ${setup.seed} ${setup.dir}`))
    this.network = new Network({
      keyPair: pair,
      mayConnect: (remote) => list.devices.has(remote),
      beaconKeys: () => ({ announce: [beacon], open: [beacon] }),
      seal,
      open,
      lan: true,
      internet: false,
      host: '127.0.0.1',
      loopbackBeacon: true,
    })
    this.network.on('link', (link) => this.driver.linkUp(link as Link))
    this.network.on('frame', (link, frame) => this.driver.frame(link as Link, frame))
    this.network.on('drain', (link) => this.driver.drained(link as Link))
    this.network.on('linkClosed', (link) => this.driver.linkDown(link as Link))
    this.network.on('lanPeer', ({ device: other, up }) =>
      this.driver.handle({ type: 'reachable', device: other, reachable: up }),
    )
    this.driver.use(this.network as never)
    const ring = rings.of(list, list.epoch)!
    const wanted = setup.mode === 'naive' ? ring.order : neighboursOf(ring, this.key)
    const also = (setup.alsoWant ?? []).map((i) => circle.people[i]!.device.key)
    this.network.want([...new Set([...wanted, ...also])].filter((other) => other !== this.key))
    this.base = this.counters()
  }

  async start(): Promise<void> {
    this.driver.start()
    await this.network.start()
  }

  post(): TimelineNode {
    const seq = this.store.height(this.key) + 1
    const head = seq > 1 ? this.store.at(this.key, seq - 1)! : null
    const node = makeNode(
      crypto,
      {
        circle: this.circle.list.circle,
        device: this.key,
        seq,
        ...(head && { backlink: head.id }),
        timestamp: Math.max(Date.now(), (head?.timestamp ?? 0) + 1),
        epoch: this.circle.list.epoch,
        ...encodeContent({ kind: 'post', text: TEXT }),
      },
      this.sign,
    )
    this.driver.append([{ node, origin: { from: null, how: 'own', tree: null }, arrival: null }])
    return node
  }

  private counters() {
    const f = this.engine?.forwarding.counters
    return {
      sent: f?.sent ?? this.naive!.counters.sent,
      received: f?.received ?? this.naive!.counters.received,
      duplicates: f?.duplicates ?? this.naive!.counters.duplicates,
      announced: f?.announced ?? 0,
      retried: f?.retried ?? 0,
      takenOver: f?.takenOver ?? 0,
      pulled: this.engine?.catchUp.pulled ?? 0,
      frames: this.frames,
      bytes: this.bytes,
    }
  }
  reset(): void {
    this.base = this.counters()
    this.arrivals = {}
  }
  report(): PeerReport {
    const now = this.counters()
    const since = Object.fromEntries(
      Object.entries(now).map(([name, value]) => [name, value - this.base[name as keyof typeof now]]),
    ) as typeof now
    return {
      peer: this.index,
      links: this.driver.allLinks().length,
      ...since,
      arrivals: this.arrivals,
      stored: this.store.total(null),
      provenHolders: this.engine?.receipts.proven.size ?? 0,
    }
  }

  async stop(): Promise<void> {
    this.driver.stop()
    await this.network.stop()
    this.store.close()
  }
}

/** Takes its setup and then orders from the process that started it, and answers each. */
export function runHost(): void {
  let host: Host | null = null
  process.on('disconnect', () => process.exit(1))
  process.on('message', (message: { setup: Setup } | Order) => {
    void (async () => {
      if ('setup' in message) {
        host = new Host(message.setup)
        await host.start()
        process.send!(null)
        return
      }
      process.send!((await host!.handle(message)) ?? null)
      if (message.order === 'stop') process.exit(0)
    })()
  })
}
