// Random histories with everything that a circle goes through (rules R1–R6, M5, N4): posts, kills without a word, restarts,
// parted and healed networks, members admitted and removed, clocks wrong by up to ten minutes. In the end all who are on
// the list hold the same heads, nothing that was accepted is lost, and nothing is there twice. A failing seed is named below.
import { expect, test } from 'vitest'
import { seededRandom } from '../../main/simulator/random'
import type { TimelineNode } from '../../main/protocol/node'
import { admitMember, makeCircle, recordOf, type Circle } from '../support/people'
import { World, type NetworkModel, type Peer } from './world'

const START = 5
const MOST = 8
/** The same circle when its first record admitted only some; the others come in a record each. */
const small = makeCircle(START)
const newcomers = makeCircle(MOST).people.slice(START)
const growing: Circle = { ...small, people: [...small.people, ...newcomers] }
const CLOCK_MS = 10 * 60_000
const CALM: NetworkModel = { latencyMs: [1, 50], loss: 0, duplication: 0, reordering: false }
const NETWORKS: readonly NetworkModel[] = [
  CALM,
  { latencyMs: [20, 400], loss: 0, duplication: 0, reordering: false },
  { latencyMs: [1, 100], loss: 0.05, duplication: 0.05, reordering: true },
  { latencyMs: [5, 200], loss: 0.2, duplication: 0.1, reordering: true },
]

class History {
  private readonly world: World
  private readonly peers: Peer[]
  private readonly nodes: TimelineNode[] = []
  private readonly random: () => number
  private readonly clocks: boolean
  private readonly removed = new Map<Peer, number>()

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.clocks = this.chance(0.3)
    this.world = new World(growing, seed, this.pick(NETWORKS), { mode: this.pick(['full', 'brief', 'auto'] as const) })
    this.peers = this.world.everybody(START)
    if (this.clocks) for (const p of this.peers) p.clockMs = Math.round((2 * this.random() - 1) * CLOCK_MS)
  }

  private chance(p: number): boolean {
    return this.random() < p
  }
  private pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!
  }

  private step(): void {
    const peer = this.pick(this.peers)
    const way = Math.floor(this.random() * 12)
    if (way <= 4) {
      for (let i = Math.floor(this.random() * 4); i >= 0; i--)
        if (peer.running && !this.removed.has(peer)) this.nodes.push(peer.post())
    } else if (way === 5) {
      if (peer.running && this.chance(0.5)) peer.crash()
      else if (peer.running) peer.stop()
    } else if (way === 6) this.startAll()
    else if (way === 7) {
      const sides = Math.floor(this.random() * 256)
      const side = (p: Peer) => (sides >> p.index) & 1
      for (const a of this.peers) for (const b of this.peers) if (side(a) !== side(b)) this.world.unlink(a, b)
    } else if (way === 8) this.world.linkAll()
    else if (way === 9) this.admit()
    else if (way === 10) this.remove(peer)
    else this.world.run(this.pick([30, 300, 3000, 12_000]))
    this.world.run(this.pick([0, 1, 100, 1000]))
  }

  private startAll(): void {
    for (const p of this.peers) if (!p.running) p.start()
  }

  /** The founder admits the next newcomer, who has his list from the founder, as after joining. */
  private admit(): void {
    const [founder] = this.peers
    const person = growing.people[this.peers.length]
    if (!founder!.running || !person) return
    const record = recordOf(founder!.list, [admitMember(founder!.list, person)], [growing.people[0]!.device])
    this.world.turn(() => founder!.adopt([record.bytes]))
    const peer = this.world.peer(this.peers.length)
    peer.list = founder!.list
    peer.records = founder!.records
    this.peers.push(peer)
    peer.start()
    this.world.linkAll()
  }

  private remove(peer: Peer): void {
    const [founder] = this.peers
    if (peer === founder || !founder!.running || this.removed.has(peer)) return
    const known = founder!.engine.have.get(peer.key)
    const seq = known?.floating.at(-1)?.to ?? known?.height ?? 0
    const { member } = growing.people[peer.index]!
    const record = recordOf(
      founder!.list,
      [{ type: 'remove-member', member, cutoffs: [{ device: peer.key, seq }] }],
      [growing.people[0]!.device],
    )
    this.removed.set(peer, seq)
    this.world.turn(() => founder!.adopt([record.bytes]))
  }

  /** Whether all ended equal, and who they are. */
  run() {
    for (let steps = 5 + Math.floor(this.random() * 25); steps > 0; steps--) this.step()
    // Everybody is back, on a network that works, and clocks are set.
    this.world.network = CALM
    for (const p of this.peers) p.clockMs = 0
    this.startAll()
    const members = this.peers.filter((p) => !this.removed.has(p))
    const accepted = this.nodes.filter((node) => {
      const cutoff = this.removed.get(this.peers.find((p) => p.key === node.device)!)
      if (cutoff === undefined) return true
      // What a removed device alone still has is gone with it, and what follows cannot be linked without it.
      const below = Array.from({ length: node.seq }, (_unused, i) => i + 1)
      return node.seq <= cutoff && below.every((seq) => members.some((p) => p.disk.at(node.device, seq)))
    })
    const done = () =>
      members.every((p) => p.list.epoch === this.peers[0]!.list.epoch) &&
      members.every((p) => accepted.every((node) => p.holds(node))) &&
      new Set(members.map((p) => p.digest())).size === 1
    // What was written ten minutes ahead is held for so long (rule N4).
    const [limit, step] = this.clocks ? [2 * CLOCK_MS, 10_000] : [90_000, 1000]
    for (let waited = 0; waited < limit && !done(); waited += step) {
      this.world.linkAll()
      this.world.run(step)
    }
    return { equal: done(), members, removed: [...this.removed] }
  }
}

const HISTORIES = 2000
const SHARDS = 8
test.each(Array.from({ length: SHARDS }, (_unused, i) => i))(
  `[R5] ${HISTORIES} random histories, shard %i: equal in the end, nothing lost, nothing twice`,
  (shard) => {
    for (let seed = 1 + shard; seed <= HISTORIES; seed += SHARDS) {
      const { equal, members, removed } = new History(seed).run()
      expect(equal, `seed ${seed}: everybody holds the same`).toBe(true)
      for (const p of members) {
        expect(new Set(p.stored.map((node) => node.id)).size, `seed ${seed}: nothing is stored twice`).toBe(
          p.stored.length,
        )
        // A timeline that was cut off whole may be known as empty.
        const known = new Map([...p.engine.have].filter(([, d]) => d.height > 0 || d.floating.length > 0))
        expect(known, `seed ${seed}: engine and disk agree`).toEqual(p.store.have())
        expect(p.ownAhead, `seed ${seed}: nobody is told of a fork of his own`).toEqual([])
        for (const [peer, seq] of removed)
          expect(p.disk.height(peer.key), `seed ${seed}: nothing behind a cut-off`).toBeLessThanOrEqual(seq)
      }
    }
  },
  240_000,
)
