// Random histories (rules R1–R5): whatever a circle goes through, once everybody is online and linked again everybody
// holds every node, once, and nobody was blamed for anything.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { TimelineNode } from '../../main/protocol/node'
import { makeCircle, type Circle } from '../support/people'
import { World, type NetworkModel, type Peer } from './world'

const SIZES = [2, 3, 4, 6]
const circles = new Map<number, Circle>(SIZES.map((n) => [n, makeCircle(n)]))

const network: fc.Arbitrary<NetworkModel> = fc.record({
  latencyMs: fc.constantFrom<[number, number][]>([0, 1], [1, 20], [20, 400], [5, 2500]),
  loss: fc.constantFrom(0, 0, 0.05, 0.3),
  duplication: fc.constantFrom(0, 0, 0.2),
  reordering: fc.boolean(),
})
const peer = fc.nat(5)
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('post' as const), peer, count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('cut' as const, 'link' as const), peer, other: peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('stop' as const, 'start' as const), peer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('part' as const), sides: fc.nat(63) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('heal' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 30, 300, 3000, 12_000) }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function perform(world: World, peers: Peer[], nodes: TimelineNode[], s: Step): void {
  const at = (i: number) => peers[i % peers.length]!
  switch (s.do) {
    case 'post':
      if (at(s.peer).running) for (let i = 0; i < s.count; i++) nodes.push(at(s.peer).post())
      return
    case 'cut':
      if (at(s.peer) !== at(s.other)) world.unlink(at(s.peer), at(s.other))
      return
    case 'link':
      if (at(s.peer) !== at(s.other) && at(s.peer).running && at(s.other).running) world.link(at(s.peer), at(s.other))
      return
    case 'stop':
      if (at(s.peer).running) at(s.peer).stop()
      return
    case 'start':
      if (!at(s.peer).running) at(s.peer).start()
      return
    case 'part': {
      const side = (p: Peer) => (s.sides >> peers.indexOf(p)) & 1
      for (const a of peers) for (const b of peers) if (side(a) !== side(b)) world.unlink(a, b)
      return
    }
    case 'heal':
      world.linkAll()
      return
    case 'wait':
      world.run(s.ms)
  }
}

test('[R5] whatever happened, in the end all have-vectors are equal and every node is everywhere, once', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...SIZES),
      fc.integer({ min: 1, max: 1_000_000 }),
      network,
      fc.array(step, { minLength: 3, maxLength: 25 }),
      (n, seed, model, steps) => {
        const world = new World(circles.get(n)!, seed, model)
        const peers = world.everybody()
        const nodes: TimelineNode[] = []
        for (const s of steps) perform(world, peers, nodes, s)
        world.network = { latencyMs: [1, 50], loss: 0, duplication: 0, reordering: false }
        for (const p of peers) if (!p.running) p.start()
        world.linkAll()
        world.run(100)
        world.until('everybody holds everything', () => world.allHold(nodes) && world.inStep(), 60_000)
        for (const p of peers) {
          expect(p.stored).toHaveLength(nodes.length)
          expect(p.engine.have).toEqual(p.store.have())
          expect(Object.fromEntries(p.refused)).toEqual({})
          expect(p.ownAhead).toEqual([])
          expect(p.engine.links.size).toBe(peers.length - 1)
        }
        // And then there is rest: no copies, no questions.
        world.run(10_000)
        const before = peers.map((p) => p.engine.forwarding.counters.sent + p.pulls.length)
        world.run(10_000)
        expect(peers.map((p) => p.engine.forwarding.counters.sent + p.pulls.length)).toEqual(before)
        expect(peers.some((p) => p.busy)).toBe(false)
      },
    ),
    { numRuns: 300 },
  )
}, 60_000)

test('[F8] where links are slow, repair brings many segments of one node: those beyond the third are dropped, and nobody is blamed', () => {
  // Found by the property above with twelve peers and latencies of up to 2.5 s.
  const world = new World(makeCircle(12), 1, { latencyMs: [5, 2500], loss: 0, duplication: 0, reordering: false })
  const peers = world.everybody()
  const node = peers[0]!.post()
  world.run(12_001)
  world.network = { ...world.network, latencyMs: [1, 50] }
  world.until('everybody holds it', () => world.allHold([node]) && world.inStep(), 60_000)
  expect(peers.map((p) => Object.fromEntries(p.refused))).toEqual(peers.map(() => ({})))
})
