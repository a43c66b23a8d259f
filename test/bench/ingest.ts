// `npm run bench -- ingest [--nodes N] [--million N] [--json]`: what comes in live, each signature checked, stored and indexed
// by the very parts that the product runs: engine, intake, threads, store. Beside it, in the same rounds, the limit of
// everything: one Ed25519 check with libsodium on one core.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { crypto } from '../../main/identity/sodium'
import { BulkWork } from '../../main/peer/bulk-work'
import { Driver } from '../../main/peer/driver'
import type { Link, StorePort } from '../../main/peer/ports'
import { fromHex } from '../../main/protocol/codec'
import { Engine } from '../../main/protocol/engine'
import { nodeSeed, relative } from '../../main/protocol/heirs'
import { encodeMessage, markOf } from '../../main/protocol/messages'
import { nodeMessage, type TimelineNode } from '../../main/protocol/node'
import { Rings } from '../../main/protocol/rings'
import { openTimelineStore } from '../../main/store/timeline-store'
import { Turn } from '../../main/workers/store-thread'
import { Workers } from '../../main/workers/workers'
import type { DeviceKey } from '../../shared/types'
import { builtMain } from './built'
import { makeRecords, type Records } from './records'
import { median, report, rounded } from './report'

const { values: given } = parseArgs({
  options: { nodes: { type: 'string' }, million: { type: 'string' }, json: { type: 'boolean' } },
})
const NODES = Number(given.nodes ?? 100_000)
const MILLION = Number(given.million ?? 1_000_000)
const DEVICES = 100
const ROUNDS = 3
const FRAME_BYTES = 65_536
const LIMIT_NODES = 5000
const FRAMES_A_TURN = 1
const workersDir = builtMain()
const folder = mkdtempSync(join(tmpdir(), 'twofold-bench-'))

/** Checks a second, one core, nothing else. */
function limit(nodes: readonly TimelineNode[]): number {
  const start = performance.now()
  for (const { circle, id, signature, device } of nodes)
    crypto.verify(signature, nodeMessage(circle, id), fromHex(device))
  return (nodes.length * 1000) / (performance.now() - start)
}

interface Frames {
  frames: Uint8Array[]
  bytes: number
  count: number
}
/**
 * As their authors' nearest neighbours hand them over, for this device alone: what is measured is not
 * forwarding. BRIEF, as authors decide at such a rate (rule F7).
 */
function framesOf(records: Records, rings: Rings): Frames {
  const { list, me } = records
  const ring = rings.of(list, list.epoch)!
  const frames: Uint8Array[] = []
  let parts: Uint8Array[] = []
  let size = 0
  let bytes = 0
  let count = 0
  for (const node of records.nodes()) {
    const lo = relative(ring, nodeSeed(crypto, ring, node.device, node.seq)!, me.device)!
    const part = encodeMessage({ type: 'node', tree: 0, brief: true, lo, len: 1, bytes: node.bytes })
    // The other tree brings the announcement.
    const author = ring.position.get(node.device)!
    const { epoch, seq } = node
    const announce = encodeMessage({ type: 'announce', epoch, author, seq, mark: markOf(node.id), lo, len: 1 })
    parts.push(part, announce)
    size += part.length + announce.length
    bytes += node.bytes.length
    count++
    if (size < FRAME_BYTES) continue
    frames.push(Buffer.concat(parts))
    parts = []
    size = 0
  }
  if (parts.length) frames.push(Buffer.concat(parts))
  return { frames, bytes, count }
}

/** Nodes a second until all are stored and can be found, and the main loop's delay meanwhile, ms. */
async function ingest(records: Records, { frames, count }: Frames, dir: string) {
  mkdirSync(dir)
  const turn = new Turn()
  const store = openTimelineStore(dir, crypto, { turn })
  const { list, me } = records
  for (const { key, member } of list.devices.values()) store.knowDevice(key, member)
  const log = (level: string, what: string, details?: unknown) => {
    if (level === 'error') throw new Error(`${what} ${JSON.stringify(details)}`)
  }
  const work = new BulkWork({
    parts: { workers: (hooks) => new Workers(workersDir, dir, turn, hooks), log },
    store,
    indexed: () => undefined,
    missigned: () => undefined,
    reread: () => undefined,
  })
  const engine = new Engine({
    crypto,
    sign: me.sign,
    me: me.device,
    list,
    rings: new Rings(crypto),
    have: store.have(),
    app: 'bench',
    random: () => 1,
    receipts: false,
  })
  let stored = 0
  const nothing = () => undefined
  const driver = new Driver(
    {
      secrets: { crypto },
      now: () => Date.now(),
      after: (ms, run) => {
        const timer = setTimeout(run, ms)
        return () => clearTimeout(timer)
      },
      log,
    },
    engine,
    store as unknown as StorePort,
    {
      stored: (nodes) => {
        stored += nodes.length
        work.indexes()
      },
      storedRun: nothing,
      epochsArrived: nothing,
      epochsWanted: () => [],
      inStep: nothing,
      ownTimelineAhead: nothing,
      ownHeld: nothing,
      receipts: nothing,
      traffic: nothing,
      refused: (code) => {
        throw new Error(code)
      },
      storeTrouble: (code) => {
        if (code) throw new Error(code)
      },
      changed: nothing,
      aside: nothing,
      forked: nothing,
      keptOut: nothing,
      behindCutOff: nothing,
    },
    work,
  )
  const paused = new Set<DeviceKey>()
  const links = [...list.devices.keys()]
    .filter((key) => key !== me.device)
    .map((remote): Link => ({
      remote,
      path: 'loopback',
      address: { host: '127.0.0.1', port: 1 },
      openedAt: 0,
      remoteRun: 1,
      stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
      send: () => true,
      pause: () => void paused.add(remote),
      resume: () => void paused.delete(remote),
      close: (code) => {
        throw new Error(code)
      },
    }))
  for (const link of links) driver.linkUp(link)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const turned = () => new Promise((resolve) => setImmediate(resolve))
  /** As a loop to which nothing comes: it leaves its core to the threads. */
  const rested = () => new Promise((resolve) => setTimeout(resolve, 1))
  const start = performance.now()
  delay.enable()
  for (let i = 0; i < frames.length;) {
    for (let n = 0; n < FRAMES_A_TURN && i < frames.length && !paused.size; n++, i++)
      driver.frame(links[i % links.length]!, frames[i]!)
    await (paused.size ? rested() : turned())
  }
  while (stored < count) await rested()
  const storedMs = performance.now() - start
  while (store.notIndexed() > 0) {
    work.indexes()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const ms = performance.now() - start
  delay.disable()
  if (store.total(null) !== count) throw new Error(`stored ${store.total(null)} of ${count}`)
  driver.stop()
  await work.close()
  store.close()
  const size = statSync(join(dir, 'timeline.sqlite')).size
  return { rate: (count * 1000) / ms, stored: (count * 1000) / storedMs, p99: delay.percentile(99) / 1e6 - 1, size }
}

const rings = new Rings(crypto)
const some = makeRecords(NODES, DEVICES)
const few = [...makeRecords(LIMIT_NODES, DEVICES).nodes()]
const frames = framesOf(some, rings)
console.error(`${frames.count} nodes of ${Math.round(frames.bytes / frames.count)} bytes`)
limit(few)
const rounds: { ratio: number; stored: number; p99: number; limit: number }[] = []
for (let i = 0; i < ROUNDS; i++) {
  const before = limit(few)
  const dir = join(folder, `round-${i}`)
  const { rate, stored, p99 } = await ingest(some, frames, dir)
  const most = (before + limit(few)) / 2
  rounds.push({ ratio: rate / most, stored: stored / most, p99, limit: most })
  rmSync(dir, { recursive: true })
  console.error(`${Math.round(rate)}/s, limit ${Math.round(most)}/s, main loop p99 ${rounded(p99)} ms`)
}

// ---------------------------------------------------------------- the database, with and without what makes it findable
const bare = join(folder, 'bare')
mkdirSync(bare)
const store = openTimelineStore(bare, crypto)
let batch: TimelineNode[] = []
const flush = () => {
  const items = batch.map((node) => ({
    node,
    origin: { from: node.device, how: 'tree' as const, tree: 0 as const },
    arrival: null,
  }))
  store.append(items, some.memberOf, Date.now())
  batch = []
}
for (const node of some.nodes()) if (batch.push(node) === 1000) flush()
flush()
store.close()
const bareRatio = statSync(join(bare, 'timeline.sqlite')).size / frames.bytes

// ---------------------------------------------------------------- a million
const many = makeRecords(MILLION, DEVICES)
const manyFrames = framesOf(many, rings)
const before = limit(few)
const million = await ingest(many, manyFrames, join(folder, 'million'))
const most = (before + limit(few)) / 2
rmSync(folder, { recursive: true })

const of = <K extends keyof (typeof rounds)[number]>(name: K) => median(rounds.map((one) => one[name]))
report('ingest', {
  'ingest.verifyEach': {
    value: of('ratio'),
    against: `${Math.round(of('limit'))} checks/s on one core; ${NODES} nodes with full text, ${rounded(of('stored'))} × until they are stored`,
  },
  'ingest.million': {
    value: million.rate / most,
    against: `${MILLION} nodes with full text, ${rounded(million.stored / most)} × until they are stored`,
  },
  'ingest.mainLoopP99Ms': {
    value: Math.max(of('p99'), million.p99),
    against: `at a million ${rounded(million.p99)} ms`,
  },
  'disk.ratio': { value: bareRatio, against: `${NODES} nodes of ${Math.round(frames.bytes / frames.count)} bytes` },
  'disk.ratioWithText': { value: million.size / manyFrames.bytes, against: `${MILLION} nodes` },
})
