// The store alone, on one thread: what a batch costs to commit, a node to index, and one to read back for another peer. The
// same connection and batches as in the thread that stores (main/store-worker.ts).
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { crypto } from '../../main/identity/sodium'
import type { StoreItem } from '../../main/protocol/engine'
import { PULL_NODES_MAX } from '../../main/protocol/limits'
import type { TimelineNode } from '../../main/protocol/node'
import { openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import type { StorePort } from '../../main/peer/ports'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { indexAll } from './indexing'

/** As many as come in together while much comes in. */
const BATCH_NODES = 1000
/** Nodes of one run in a first sync (rule N9). */
const RUN_NODES = 512
const RUN_BYTES = 600_000

export interface Stored {
  /** Nodes a second: committed one after the other as they are written; in runs, newest first; indexed; read back. */
  live: number
  runs: number
  index: number
  read: number
}

const now = () => performance.now()
const perSecond = (count: number, start: number): number => (count * 1000) / (now() - start)

function batchesOf(nodes: readonly TimelineNode[]): StoreItem[][] {
  const batches: StoreItem[][] = []
  for (let i = 0; i < nodes.length; i += BATCH_NODES)
    batches.push(
      nodes
        .slice(i, i + BATCH_NODES)
        .map((node) => ({ node, origin: { from: node.device, how: 'tree', tree: 0 }, arrival: null })),
    )
  return batches
}

/** As a newcomer hears of them: of each device a run at a time, the newest run first, proven by the chain above (rule N9). */
function runsOf(nodes: readonly TimelineNode[]): StoreItem[][] {
  const timelines = new Map<DeviceKey, TimelineNode[]>()
  for (const node of nodes) {
    const timeline = timelines.get(node.device)
    if (timeline) timeline.push(node)
    else timelines.set(node.device, [node])
  }
  const batches: StoreItem[][] = []
  let batch: StoreItem[] = []
  for (let left = [...timelines.values()]; left.length; left = left.filter((timeline) => timeline.length))
    for (const timeline of left) {
      const run = timeline.splice(-RUN_NODES)
      for (const node of run)
        batch.push({ node, origin: { from: node.device, how: 'sync', tree: null }, arrival: null, chain: 'run' })
      if (batch.length < BATCH_NODES) continue
      batches.push(batch)
      batch = []
    }
  if (batch.length) batches.push(batch)
  return batches
}

function commit(store: TimelineStore, batches: readonly StoreItem[][], memberOf: (d: DeviceKey) => MemberKey): number {
  let count = 0
  const start = now()
  for (const batch of batches) {
    const { outcomes } = store.commit(batch, memberOf, Date.now())
    if (outcomes.some(({ type }) => type !== 'stored')) throw new Error('not stored')
    count += batch.length
  }
  return perSecond(count, start)
}

function index(store: TimelineStore, count: number): number {
  const start = now()
  indexAll(store as unknown as StorePort)
  return perSecond(count, start)
}

function read(store: TimelineStore): number {
  const start = now()
  let count = 0
  for (const [device, { height }] of store.have())
    for (let to = height; to > 0;) {
      const run = store.packedRun(device, Math.max(1, to - RUN_NODES + 1), to, PULL_NODES_MAX, RUN_BYTES)
      count += run.count
      to -= run.count
    }
  return perSecond(count, start)
}

/** `dir`: an empty folder, which is filled. */
export function measureStoring(
  dir: string,
  nodes: readonly TimelineNode[],
  memberOf: (device: DeviceKey) => MemberKey,
): Stored {
  const opened = (name: string): TimelineStore => {
    const folder = join(dir, name)
    mkdirSync(folder)
    // Makes the file; the connection of the thread does not.
    openTimelineStore(folder, crypto).close()
    return openTimelineStore(folder, crypto, { beside: true })
  }
  const byRun = opened('runs')
  const runs = commit(byRun, runsOf(nodes), memberOf)
  byRun.close()
  const store = opened('live')
  const live = commit(store, batchesOf(nodes), memberOf)
  const indexed = index(store, nodes.length)
  const readBack = read(store)
  store.close()
  return { live, runs, index: indexed, read: readBack }
}
