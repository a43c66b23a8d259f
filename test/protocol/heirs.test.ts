// Rules F1–F6, F10: the heir trees. What must hold for every size of circle, every author and seq.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  TREES,
  areNeighbours,
  chain,
  deviceAt,
  fingersOf,
  heirs,
  jumpWithin,
  makeRing,
  neighboursOf,
  nodeSeed,
  partsOf,
  pivotOf,
  relative,
  treeEdges,
  type Jump,
  type NodeSeed,
  type Reach,
  type Ring,
  type Segment,
  type Tree,
} from '../../main/protocol/heirs'
import { toHex } from '../../main/protocol/codec'
import type { DeviceKey, EpochId } from '../../shared/types'
import { crypto, seedOf } from '../support/people'

const devices = Array.from({ length: 1000 }, (_unused, i) => toHex(seedOf(`ring ${i}`)) as DeviceKey)
const epoch = (label: string) => toHex(seedOf(label)) as EpochId
const rings = new Map<string, Ring>()
function ringOf(n: number, jump: Jump = 0): Ring {
  const key = `${n} ${jump}`
  let ring = rings.get(key)
  if (!ring) rings.set(key, (ring = makeRing(crypto, epoch('epoch 1'), devices.slice(0, n), jump)))
  return ring
}
const everybody: Reach = { usable: () => true }
/** Seeds of both stripes. */
const copyOf = ({ s0, s1, stripe, author, jump }: NodeSeed): NodeSeed => ({ s0, s1, stripe, author, jump })
const seedsOf = (ring: Ring): NodeSeed[] => [1, 2].map((seq) => nodeSeed(crypto, ring, ring.order[seq % ring.n]!, seq)!)

interface Walk {
  /** By relative position: how often it got the node, from whom, after how many hops. */
  got: number[]
  parent: number[]
  depth: number
  sends: number
  mostSends: number
}

/** Hands a node down one tree, each holder deciding for itself. */
function walk(ring: Ring, seed: NodeSeed, tree: Tree, reachOf: (holder: DeviceKey) => Reach): Walk {
  const result: Walk = { got: Array(ring.n).fill(0), parent: Array(ring.n).fill(-1), depth: 0, sends: 0, mostSends: 0 }
  result.got[0] = 1
  const open: { x: number; segment: Segment; depth: number }[] = [{ x: 0, segment: { lo: 0, len: ring.n }, depth: 0 }]
  for (let holder = open.pop(); holder; holder = open.pop()) {
    const { x, segment, depth } = holder
    result.depth = Math.max(result.depth, depth)
    const out = heirs(ring, seed, x, segment, tree, reachOf(deviceAt(ring, seed, x)))
    result.mostSends = Math.max(result.mostSends, out.length)
    for (const { to, lo, len } of out) {
      const rel = relative(ring, seed, to)!
      if (rel < lo || rel >= lo + len) throw new Error('an heir lies outside its part')
      result.sends++
      result.got[rel]!++
      result.parent[rel] = x
      open.push({ x: rel, segment: { lo, len }, depth: depth + 1 })
    }
  }
  return result
}

const sizes = [...Array.from({ length: 512 }, (_unused, i) => i + 1), 513, 777, 1000]
/** ⌈log₂(n − 1)⌉, and one hop where there is one to make. */
const deepest = (n: number) => (n === 1 ? 0 : Math.max(1, Math.ceil(Math.log2(n - 1))))

describe('everybody online', () => {
  test.each([
    ['1 … 128', sizes.filter((n) => n <= 128)],
    ['129 … 256', sizes.filter((n) => n > 128 && n <= 256)],
    ['257 … 384', sizes.filter((n) => n > 256 && n <= 384)],
    ['385 … 512', sizes.filter((n) => n > 384 && n <= 512)],
    ['some larger', sizes.filter((n) => n > 512)],
  ])('[F3] %s devices: exactly once each, n−1 sends, at most two by anyone, ⌈log₂(n−1)⌉ deep', (_what, some) => {
    for (const n of some) {
      const ring = ringOf(n)
      for (const seed of seedsOf(ring)) {
        const inner = TREES.map((tree) => {
          const w = walk(ring, seed, tree, () => everybody)
          expect(
            w.got.every((count) => count === 1),
            `n=${n} tree=${tree}`,
          ).toBe(true)
          expect(w.sends).toBe(n - 1)
          expect(w.mostSends).toBeLessThanOrEqual(2)
          expect(w.depth).toBeLessThanOrEqual(deepest(n))
          // F10: the chain that anybody computes is the way really taken.
          const edges = new Map(treeEdges(ring, seed, tree).map((e) => [e.to, e.from]))
          expect(edges.size).toBe(n - 1)
          for (let rel = 1; rel < n; rel++)
            if (edges.get(rel) !== w.parent[rel]) expect(edges.get(rel)).toBe(w.parent[rel])
          return new Set(w.parent.filter((p) => p > 0))
        })
        // F4: nobody but the author is an inner node of both.
        expect(
          [...inner[0]!].filter((rel) => inner[1]!.has(rel)),
          `n=${n}`,
        ).toEqual([])
      }
    }
  })

  test('[F10] chain() is the path really taken, author first, with the device’s own segment', () => {
    for (const n of [1, 2, 3, 5, 8, 20, 64, 100, 257]) {
      const ring = ringOf(n)
      for (const seed of seedsOf(ring)) {
        for (const tree of TREES) {
          const { parent } = walk(ring, seed, tree, () => everybody)
          for (let rel = 0; rel < n; rel++) {
            const { path, segment } = chain(ring, seed, deviceAt(ring, seed, rel), tree)!
            const walked = [rel]
            while (walked[0]! > 0) walked.unshift(parent[walked[0]!]!)
            expect(path).toEqual(walked.map((r) => deviceAt(ring, seed, r)))
            expect(rel >= segment.lo && rel < segment.lo + segment.len).toBe(true)
          }
        }
      }
    }
  })

  test('[F5] every hand-over goes along a finger, and fingers are O(log n)', () => {
    for (const n of sizes) {
      const ring = ringOf(n)
      expect(ring.fingers.length).toBeLessThanOrEqual(Math.max(0, n - 1))
      expect(ring.fingers.length).toBeLessThanOrEqual(3 * Math.ceil(Math.log2(n)) + 2)
      expect(ring.fingers.every((d, i) => d >= 1 && d < n && (i === 0 || d > ring.fingers[i - 1]!))).toBe(true)
      const distances = new Set(ring.fingers)
      for (const seed of seedsOf(ring)) {
        for (const tree of TREES) {
          const strays = treeEdges(ring, seed, tree).filter((e) => !distances.has((e.to - e.from + n) % n))
          expect(strays, `n=${n}`).toEqual([])
        }
      }
    }
    const counts = [100, 1000].map((n) => ringOf(n).fingers.length)
    expect(counts).toEqual([16, 26])
  })

  test('[F5] links are mutual: whoever I have as a finger has me', () => {
    for (const n of [2, 3, 17, 18, 20, 100, 129]) {
      const ring = ringOf(n)
      for (const a of ring.order.slice(0, 20)) {
        const mine = neighboursOf(ring, a)
        for (const b of mine) expect(neighboursOf(ring, b)).toContain(a)
        expect(ring.order.filter((b) => areNeighbours(ring, a, b)).sort()).toEqual([...mine].sort())
      }
    }
    expect(neighboursOf(ringOf(100), devices[0]!)).toHaveLength(16)
    expect(neighboursOf(ringOf(17), ringOf(17).order[0]!)).toHaveLength(16)
    expect(fingersOf(ringOf(5), devices[999]!)).toEqual([])
    expect(areNeighbours(ringOf(5), devices[0]!, devices[999]!)).toBe(false)
  })
})

/** A circle, an author, a seq, and who is offline (the author is not). */
const situation = fc.record({
  jump: fc.constantFrom<Jump[]>(0, 0, 1, 2, 3),
  n: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 100, 129, 300)),
  author: fc.nat(),
  seq: fc.integer({ min: 1, max: 1_000_000 }),
  offline: fc.double({ min: 0, max: 1, noNaN: true }),
  weak: fc.double({ min: 0, max: 0.5, noNaN: true }),
  salt: fc.nat(),
})
/** One pseudo-random number of [0, 1) per pair of labels, the same for everybody who asks. */
const chance = (...labels: (string | number)[]) => {
  const [a, b] = crypto.hash(Buffer.from(labels.join()))
  return (a! * 256 + b!) / 65_536
}

describe('some offline', () => {
  test('[F6] everybody online gets it exactly once, nobody offline is sent anything', () => {
    fc.assert(
      fc.property(situation, ({ n, jump, author, seq, offline, weak, salt }) => {
        const ring = ringOf(n, jump)
        const by = ring.order[author % n]!
        const seed = nodeSeed(crypto, ring, by, seq)!
        const online = new Set(ring.order.filter((d) => d === by || chance('off', d, salt) >= offline))
        const demoted = new Set(ring.order.filter((d) => chance('weak', d, salt) < weak))
        const reach: Reach = { usable: (d) => online.has(d), weak: (d) => demoted.has(d) }
        for (const tree of TREES) {
          const w = walk(ring, seed, tree, () => reach)
          expect(w.got).toEqual(w.got.map((_count, rel) => (online.has(deviceAt(ring, seed, rel)) ? 1 : 0)))
          expect(w.sends).toBe(online.size - 1)
          expect(w.mostSends).toBeLessThanOrEqual(2)
        }
      }),
      { numRuns: 150 },
    )
  })

  test('[F6] however peers differ about who is online, nobody gets it twice over one tree', () => {
    fc.assert(
      fc.property(situation, ({ n, jump, author, seq, offline, salt }) => {
        const ring = ringOf(n, jump)
        const seed = nodeSeed(crypto, ring, ring.order[author % n]!, seq)!
        const reachOf = (holder: DeviceKey): Reach => ({ usable: (d) => chance('view', holder, d, salt) >= offline })
        for (const tree of TREES) expect(Math.max(...walk(ring, seed, tree, reachOf).got)).toBe(1)
      }),
      { numRuns: 150 },
    )
  })

  test('[F6] whoever is missed, all being online, is missed because the last holder of a segment with it suspects it', () => {
    fc.assert(
      fc.property(situation, ({ n, jump, author, seq, offline, salt }) => {
        const ring = ringOf(n, jump)
        const seed = nodeSeed(crypto, ring, ring.order[author % n]!, seq)!
        const suspects = (holder: DeviceKey, d: DeviceKey) => chance('view', holder, d, salt) < offline / 4
        for (const tree of TREES) {
          const held: { x: number; segment: Segment }[] = []
          const got = new Set([0])
          const open = [{ x: 0, segment: { lo: 0, len: n } }]
          for (let holder = open.pop(); holder; holder = open.pop()) {
            held.push(holder)
            const { x, segment } = holder
            const me = deviceAt(ring, seed, x)
            for (const { to, lo, len } of heirs(ring, seed, x, segment, tree, { usable: (d) => !suspects(me, d) })) {
              got.add(relative(ring, seed, to)!)
              open.push({ x: relative(ring, seed, to)!, segment: { lo, len } })
            }
          }
          for (let rel = 0; rel < n; rel++) {
            if (got.has(rel)) continue
            const last = held
              .filter(({ segment: s }) => s.lo <= rel && rel < s.lo + s.len)
              .sort((a, b) => a.segment.len - b.segment.len)[0]!
            expect(suspects(deviceAt(ring, seed, last.x), deviceAt(ring, seed, rel))).toBe(true)
          }
        }
      }),
      { numRuns: 100 },
    )
  })

  test('[F6] an heir that fails is followed by another of the same part, until nobody is left in it', () => {
    const ring = ringOf(20)
    const seed = seedsOf(ring)[0]!
    for (const part of partsOf({ lo: 0, len: 20 }, 0)) {
      const tried = new Set<DeviceKey>()
      for (let i = 0; i < part.len; i++) {
        const to = heirs(ring, seed, 0, { lo: 0, len: 20 }, 0, { usable: (d) => !tried.has(d) }).find(
          (h) => h.lo === part.lo,
        )
        if (i === 0) expect(to?.to).toBe(deviceAt(ring, seed, pivotOf(seed, part, 0)))
        tried.add(to!.to)
      }
      expect(tried.size).toBe(part.len)
      expect(
        heirs(ring, seed, 0, { lo: 0, len: 20 }, 0, { usable: (d) => !tried.has(d) }).map((h) => h.lo),
      ).not.toContain(part.lo)
    }
  })

  test('[F6] a demoted device is an heir only where nobody else is online', () => {
    const ring = ringOf(8)
    const seed = seedsOf(ring)[0]!
    for (const part of partsOf({ lo: 0, len: 8 }, 0)) {
      const inPart = Array.from({ length: part.len }, (_unused, i) => deviceAt(ring, seed, part.lo + i))
      for (const good of inPart) {
        const reach: Reach = { usable: () => true, weak: (d) => d !== good }
        expect(heirs(ring, seed, 0, { lo: 0, len: 8 }, 1, reach).find((h) => h.lo === part.lo)?.to).toBe(good)
      }
      const allWeak: Reach = { usable: () => true, weak: () => true }
      expect(heirs(ring, seed, 0, { lo: 0, len: 8 }, 1, allWeak).some((h) => h.lo === part.lo)).toBe(true)
    }
  })
})

describe('free jumps', () => {
  test('[F4] every pivot lies in the middle window of its part, is the same for everybody, and differs between nodes', () => {
    for (const jump of [1, 2, 3] as const) {
      const ring = ringOf(100, jump)
      const pivots = new Set<number>()
      for (let seq = 1; seq <= 50; seq++) {
        const seed = nodeSeed(crypto, ring, ring.order[3]!, seq)!
        const part = { lo: 20, len: 64 }
        const pivot = pivotOf(seed, part, 0)
        expect(pivot).toBe(pivotOf(copyOf(seed), { ...part }, 0))
        expect(pivot).toBeGreaterThanOrEqual(20 + 8 * jump)
        expect(pivot).toBeLessThan(20 + 64 - 8 * jump)
        pivots.add(pivot)
      }
      expect(pivots.size).toBeGreaterThan(8)
    }
  })

  test('[F4] a jump is unbiased: chi-square below the 99.9 % quantile for sizes that 2³² is no multiple of', () => {
    // Quantiles of chi-square with n - 1 degrees of freedom.
    for (const [n, quantile] of [
      [3, 13.82],
      [10, 27.88],
      [100, 148.23],
    ] as const) {
      const counts = Array<number>(n).fill(0)
      const DRAWS = 50_000
      for (let i = 0; i < DRAWS; i++)
        counts[jumpWithin({ s0: i, s1: i * 7, stripe: 0, author: 0, jump: 1 }, { lo: i % 50, len: 100 }, 0, n)]!++
      const expected = DRAWS / n
      const chi = counts.reduce((sum, c) => sum + (c - expected) ** 2 / expected, 0)
      expect(chi, `n=${n}`).toBeLessThan(quantile)
    }
  })

  test('[F4] a jump is even over a large size too', () => {
    // The largest size that keeps products exact: thirds must come out even.
    const n = 3 * 2 ** 18
    const counts = [0, 0, 0]
    for (let i = 0; i < 30_000; i++)
      counts[
        Math.floor(jumpWithin({ s0: i, s1: ~i, stripe: 0, author: 0, jump: 1 }, { lo: 0, len: 9 }, 1, n) / 2 ** 18)
      ]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400)
  })

  test('[F10] chain() is the path really taken in free mode too', () => {
    for (const jump of [1, 2, 3] as const) {
      const ring = ringOf(129, jump)
      for (const seed of seedsOf(ring))
        for (const tree of TREES) {
          const { parent, got } = walk(ring, seed, tree, () => everybody)
          expect(got.every((count) => count === 1)).toBe(true)
          for (let rel = 1; rel < ring.n; rel++)
            expect(chain(ring, seed, deviceAt(ring, seed, rel), tree)!.path.at(-2)).toBe(
              deviceAt(ring, seed, parent[rel]!),
            )
        }
    }
  })
})

describe('ring and seed', () => {
  test('[F1] the order depends on the epoch and on nothing else, not on the order of the list', () => {
    const some = devices.slice(0, 30)
    const a = makeRing(crypto, epoch('a'), some)
    expect(makeRing(crypto, epoch('a'), [...some].reverse()).order).toEqual(a.order)
    expect(makeRing(crypto, epoch('b'), some).order).not.toEqual(a.order)
    expect([...a.order].sort()).toEqual([...some].sort())
    expect(a.order.every((d, i) => a.position.get(d) === i)).toBe(true)
  })

  test('[F2] the stripe changes with every seq, so inner nodes and leaves take turns', () => {
    const ring = ringOf(10)
    for (const author of ring.order) {
      const stripes = Array.from({ length: 6 }, (_unused, seq) => nodeSeed(crypto, ring, author, seq + 1)!.stripe)
      expect(stripes).toEqual(stripes.map((_s, i) => (i % 2 ? 1 - stripes[0]! : stripes[0]!)))
    }
    const first = new Set(ringOf(100).order.map((author) => nodeSeed(crypto, ringOf(100), author, 1)!.stripe))
    expect(first.size).toBe(2)
  })

  test('[F2] positions are relative to the author, and whoever is not on the ring has none', () => {
    const ring = ringOf(10)
    for (const author of ring.order) {
      const seed = nodeSeed(crypto, ring, author, 5)!
      expect(relative(ring, seed, author)).toBe(0)
      for (const d of ring.order) expect(deviceAt(ring, seed, relative(ring, seed, d)!)).toBe(d)
      expect(relative(ring, seed, devices[500]!)).toBeNull()
      expect(chain(ring, seed, devices[500]!, 0)).toBeNull()
    }
    expect(nodeSeed(crypto, ring, devices[500]!, 1)).toBeNull()
  })

  test('[F3] the parts of a segment are what is left of it without its holder', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.integer({ min: 1, max: 60 }), fc.nat(), (lo, len, at) => {
        const x = lo + (at % len)
        const parts = partsOf({ lo, len }, x)
        expect(parts.length).toBe(len === 1 ? 0 : len === 2 ? 1 : 2)
        const covered = parts.flatMap((p) => Array.from({ length: p.len }, (_unused, i) => p.lo + i))
        const rest = Array.from({ length: len }, (_unused, i) => lo + i).filter((p) => p !== x)
        expect(covered).toEqual(rest)
      }),
    )
  })
})
