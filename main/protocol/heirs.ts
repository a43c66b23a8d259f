// Forwarding to two neighbours (rules F1–F6, F10): the heir trees. For a node of (epoch, author, seq) every peer can
// compute, alone and for ever, to whom each holder of a segment of the ring hands which part of it. Positions are
// relative to the author: 0 is the author, 1 … n-1 the others in ring order.
import type { DeviceKey, EpochId } from '../../shared/types'
import { Writer, fromHex, toHex } from './codec'
import { labelledHash, type Crypto } from './crypto'

/** 0: tree A, 1: tree B (rule F3). */
export type Tree = 0 | 1
export const TREES: readonly Tree[] = [0, 1]

/** One epoch's devices in an order nobody can choose (rule F1). Computed once per epoch. */
export interface Ring {
  epoch: EpochId
  n: number
  /** Devices by ring position. */
  order: readonly DeviceKey[]
  position: ReadonlyMap<DeviceKey, number>
  /** Distances from any peer to those it ever hands a part to, or gets one from (rule F5); ascending, 1 … n-1. */
  fingers: readonly number[]
  fingerSet: ReadonlySet<number>
  /** How the circle's nodes jump (rule F4). */
  jump: Jump
}

/** 0: finger mode. 1 … 3: free mode, an unbiased jump into a part's middle after leaving out jump/8 of it on each side. */
export type Jump = 0 | 1 | 2 | 3
export const JUMP_MAX = 3

/** What the trees of one node depend on (rule F2): never its content, so its author cannot choose its route. */
export interface NodeSeed {
  readonly s0: number
  readonly s1: number
  readonly stripe: 0 | 1
  /** Ring position of the author. */
  readonly author: number
  readonly jump: Jump
}

/** Contiguous run [lo, lo + len) of positions relative to the author. */
export interface Segment {
  lo: number
  len: number
}
export interface Heir extends Segment {
  to: DeviceKey
}

export function makeRing(crypto: Crypto, epoch: EpochId, devices: readonly DeviceKey[], jump: Jump = 0): Ring {
  const epochBytes = fromHex(epoch)
  const order = devices
    .map((device) => ({ device, key: toHex(labelledHash(crypto, 'ring', epochBytes, fromHex(device))) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map((d) => d.device)
  const position = new Map(order.map((device, i) => [device, i]))
  const fingers = fingerDistances(order.length)
  return { epoch, n: order.length, order, position, fingers, fingerSet: new Set(fingers), jump }
}

/** First byte of an author's stripe hash, by ring: it is the same for all that he writes in an epoch. */
const stripes = new WeakMap<Ring, Map<DeviceKey, number>>()
function stripeOf(crypto: Crypto, ring: Ring, author: DeviceKey): number {
  let known = stripes.get(ring)
  if (!known) stripes.set(ring, (known = new Map()))
  let stripe = known.get(author)
  if (stripe === undefined)
    known.set(author, (stripe = labelledHash(crypto, 'stripe', fromHex(ring.epoch), fromHex(author))[0]!))
  return stripe
}

/** Null when the author is not on the ring. `jump`: how, if not as the circle's nodes do. */
export function nodeSeed(
  crypto: Crypto,
  ring: Ring,
  author: DeviceKey,
  seq: number,
  jump: Jump = ring.jump,
): NodeSeed | null {
  const position = ring.position.get(author)
  if (position === undefined) return null
  const stripe = ((stripeOf(crypto, ring, author) + (seq % 2)) & 1) as 0 | 1
  return new Seed(crypto, ring, seq, position, stripe, jump)
}

/** The words are hashed when somebody asks for them, which only free mode does (rule F4). */
class Seed implements NodeSeed {
  #hash: Uint8Array | null = null

  constructor(
    private readonly crypto: Crypto,
    private readonly ring: Ring,
    private readonly seq: number,
    readonly author: number,
    readonly stripe: 0 | 1,
    readonly jump: Jump,
  ) {}

  get s0(): number {
    return this.word(0)
  }
  get s1(): number {
    return this.word(4)
  }
  private word(at: number): number {
    const { ring, author, seq } = this
    this.#hash ??= labelledHash(
      this.crypto,
      'seed',
      fromHex(ring.epoch),
      fromHex(ring.order[author]!),
      new Writer().uint(seq).finish(),
    )
    const hash = this.#hash
    return ((hash[at]! << 24) | (hash[at + 1]! << 16) | (hash[at + 2]! << 8) | hash[at + 3]!) >>> 0
  }
}

export const relative = (ring: Ring, seed: NodeSeed, device: DeviceKey): number | null => {
  const position = ring.position.get(device)
  return position === undefined ? null : (position - seed.author + ring.n) % ring.n
}
export const deviceAt = (ring: Ring, seed: NodeSeed, rel: number): DeviceKey =>
  ring.order[(rel + seed.author) % ring.n]!

/** The rest of a segment that its holder at position x hands on: at most two contiguous, non-empty parts (rule F3). */
export function partsOf(segment: Segment, x: number): Segment[] {
  const left = x - segment.lo
  const right = segment.lo + segment.len - x - 1
  const halves = (lo: number, len: number): Segment[] => {
    const first = (len + 1) >> 1
    return [
      { lo, len: first },
      { lo: lo + first, len: len - first },
    ]
  }
  const parts =
    left === 0
      ? halves(x + 1, right)
      : right === 0
        ? halves(segment.lo, left)
        : [
            { lo: segment.lo, len: left },
            { lo: x + 1, len: right },
          ]
  return parts.filter((p) => p.len > 0)
}

/** Finger-mode pivot (rule F4): the middle, moved by one where its parity would make it an inner node of both trees. */
function fingerPivot(stripe: 0 | 1, part: Segment, tree: Tree): number {
  const p = part.lo + (part.len >> 1)
  if (((p ^ stripe ^ tree) & 1) === 0) return p
  if (p > part.lo) return p - 1
  return p + 1 < part.lo + part.len ? p + 1 : p
}

/** murmur3's finaliser: every bit of the input reaches every bit of the output. */
function mix32(word: number): number {
  let h = word
  h ^= h >>> 16
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
/** 32 bits of a counter-based PRNG: stateless, so anybody can recompute any hop alone. */
const word32 = (seed: NodeSeed, a: number, b: number, c: number): number =>
  mix32(seed.s0 ^ mix32(seed.s1 ^ mix32(a ^ mix32(b ^ mix32((c + 0x9e3779b9) >>> 0)))))

/** Uniform in [0, n): multiply-shift with rejection (Lemire 2019), no modulo bias. n below 2^21, so products are exact. */
export function jumpWithin(seed: NodeSeed, part: Segment, tree: Tree, n: number): number {
  const biased = 2 ** 32 % n
  for (let counter = 0; ; counter++) {
    const product = word32(seed, part.lo, part.len, (tree << 16) | counter) * n
    if (product % 2 ** 32 >= biased) return Math.floor(product / 2 ** 32)
  }
}

/** Who a part is handed to when everybody is online (rule F4). */
export function pivotOf(seed: NodeSeed, part: Segment, tree: Tree): number {
  if (seed.jump === 0) return fingerPivot(seed.stripe, part, tree)
  const margin = Math.floor((part.len * seed.jump) / 8)
  return part.lo + margin + jumpWithin(seed, part, tree, part.len - 2 * margin)
}

/** Every distance that occurs between a holder and its heirs, in both directions, over both stripes and trees. */
function fingerDistances(n: number): number[] {
  const distances = new Set<number>()
  for (const stripe of [0, 1] as const) {
    const open = [{ segment: { lo: 0, len: n }, x: 0 }]
    for (let holder = open.pop(); holder; holder = open.pop()) {
      for (const part of partsOf(holder.segment, holder.x)) {
        const heir = fingerPivot(stripe, part, 0)
        distances.add((heir - holder.x + n) % n)
        distances.add((holder.x - heir + n) % n)
        open.push({ segment: part, x: heir })
      }
    }
  }
  return [...distances].sort((a, b) => a - b)
}

/** The devices that one device keeps connections to (rule F5): O(log n) of them. */
export function fingersOf(ring: Ring, device: DeviceKey): DeviceKey[] {
  const position = ring.position.get(device)
  if (position === undefined) return []
  return ring.fingers.map((distance) => ring.order[(position + distance) % ring.n]!)
}

/** Up to this many devices everybody is linked with everybody: fewer links than the fingers of a larger circle. */
const FULL_LINKS_UP_TO = 17

/** Whether two devices keep a link. Mutual: both ends come to the same answer. */
export function areNeighbours(ring: Ring, a: DeviceKey, b: DeviceKey): boolean {
  const from = ring.position.get(a)
  const to = ring.position.get(b)
  if (from === undefined || to === undefined || from === to) return false
  return ring.n <= FULL_LINKS_UP_TO || ring.fingerSet.has((to - from + ring.n) % ring.n)
}
/** Whom one device keeps links with. */
export const neighboursOf = (ring: Ring, device: DeviceKey): DeviceKey[] =>
  ring.n <= FULL_LINKS_UP_TO
    ? ring.order.filter((other) => other !== device && ring.position.has(device))
    : fingersOf(ring, device)

/** What is known of a candidate: usable (online, reachable), and whether it is only a last resort (demoted). */
export interface Reach {
  usable(device: DeviceKey): boolean
  weak?(device: DeviceKey): boolean
}

/**
 * Whom a holder hands one part to (rule F6): its pivot; else the usable finger nearest to it inside the part; else the
 * nearest usable index; else anyone usable. Null: nobody online in it, so nothing is sent.
 */
export function heirOf(
  ring: Ring,
  seed: NodeSeed,
  holder: number,
  part: Segment,
  tree: Tree,
  reach: Reach,
): DeviceKey | null {
  const end = part.lo + part.len
  const good = (rel: number) => {
    const device = deviceAt(ring, seed, rel)
    return reach.usable(device) && !reach.weak?.(device)
  }
  const pivot = pivotOf(seed, part, tree)
  if (good(pivot)) return deviceAt(ring, seed, pivot)
  let best: number | null = null
  for (const finger of seed.jump === 0 ? ring.fingers : [])
    for (const rel of [holder + finger, holder + finger - ring.n])
      if (rel >= part.lo && rel < end && (best === null || Math.abs(rel - pivot) < Math.abs(best - pivot)) && good(rel))
        best = rel
  for (let away = 1; best === null && away < part.len; away++) {
    if (pivot + away < end && good(pivot + away)) best = pivot + away
    else if (pivot - away >= part.lo && good(pivot - away)) best = pivot - away
  }
  if (reach.weak)
    for (let rel = part.lo; best === null && rel < end; rel++) if (reach.usable(deviceAt(ring, seed, rel))) best = rel
  return best === null ? null : deviceAt(ring, seed, best)
}

/** The only routing function: whom the holder of a segment sends what. At most two sends per tree and node. */
export function heirs(ring: Ring, seed: NodeSeed, holder: number, segment: Segment, tree: Tree, reach: Reach): Heir[] {
  const out: Heir[] = []
  for (const part of partsOf(segment, holder)) {
    const to = heirOf(ring, seed, holder, part, tree, reach)
    if (to !== null) out.push({ to, ...part })
  }
  return out
}

/** Who was responsible for bringing a node to `device` (rule F10): author first, device last, and the device's segment. */
export function chain(
  ring: Ring,
  seed: NodeSeed,
  device: DeviceKey,
  tree: Tree,
): { path: DeviceKey[]; segment: Segment } | null {
  const x = relative(ring, seed, device)
  if (x === null) return null
  let segment: Segment = { lo: 0, len: ring.n }
  let holder = 0
  const path = [deviceAt(ring, seed, 0)]
  while (holder !== x) {
    const part = partsOf(segment, holder).find((p) => x >= p.lo && x < p.lo + p.len)
    if (!part) throw new Error('segment does not contain the device')
    segment = part
    holder = pivotOf(seed, segment, tree)
    path.push(deviceAt(ring, seed, holder))
  }
  return { path, segment }
}

/** Both ends of every hand-over of one tree when everybody is online, as positions relative to the author. */
export function treeEdges(ring: Ring, seed: NodeSeed, tree: Tree): { from: number; to: number }[] {
  const edges: { from: number; to: number }[] = []
  const open = [{ segment: { lo: 0, len: ring.n } as Segment, x: 0 }]
  for (let holder = open.pop(); holder; holder = open.pop()) {
    for (const part of partsOf(holder.segment, holder.x)) {
      const to = pivotOf(seed, part, tree)
      edges.push({ from: holder.x, to })
      open.push({ segment: part, x: to })
    }
  }
  return edges
}
