// `npm run bench -- sync [--entries N] [--million N | --folder DIR] [--json]`: a newcomer's first sync between two processes on
// loopback: a peer that is the built command line, and here the backend with the built threads. Beside it, in the same rounds,
// the limit of everything (one Ed25519 check with libsodium on one core) and hypercore, which replicates the same records.
// --folder takes a sample that `twofold seed` made before in place of the one of --million entries.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crypto } from '../../main/identity/sodium'
import { fromHex } from '../../main/protocol/codec'
import { nodeMessage, type TimelineNode } from '../../main/protocol/node'
import { seedFolder } from '../../main/seed'
import { openTimelineStore } from '../../main/store/timeline-store'
import type { AppState, ViewWindow } from '../../shared/types'
import { loopback, startPeer, twofoldJson } from '../e2e/command-line'
import { newBackend } from '../support/backend'
import { builtMain } from './built'
import { median, report, rounded } from './report'
import { sampleFor } from './sample'

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    entries: { type: 'string' },
    million: { type: 'string' },
    folder: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const ENTRIES = Number(given.entries ?? 100_000)
const MILLION = Number(given.million ?? 1_000_000)
const MEMBERS = 100
const ROUNDS = 3
const LIMIT_NODES = 5000
const NEWEST = 100
/** Asking costs the main loop some milliseconds. */
const POLL_MS = 50

// ---------------------------------------------------------------- hypercore's other process
interface Core {
  ready(): Promise<void>
  append(blocks: Uint8Array[]): Promise<unknown>
  replicate(initiator: boolean): NodeJS.ReadWriteStream
  download(range: { start: number; end: number }): { done(): Promise<unknown> }
  close(): Promise<void>
  readonly key: Buffer
  readonly length: number
}
const openCore = async (dir: string, key?: Buffer): Promise<Core> => {
  const { default: Hypercore } = (await import('hypercore')) as unknown as {
    default: new (dir: string, key?: Buffer) => Core
  }
  const core = new Hypercore(dir, key)
  await core.ready()
  return core
}
/** The records of a folder, as bytes. */
function recordsOf(folder: string): { nodes: TimelineNode[]; bytes: number } {
  const store = openTimelineStore(folder, crypto, { beside: true })
  const nodes: TimelineNode[] = []
  let bytes = 0
  for (const { node } of store.all()) {
    nodes.push(node)
    bytes += node.bytes.length
  }
  store.close()
  return { nodes, bytes }
}
if (positionals[0] === 'serve-hypercore') {
  const [, folder, dir] = positionals as [string, string, string]
  const core = await openCore(dir)
  const { nodes } = recordsOf(folder)
  for (let i = 0; i < nodes.length; i += 1000) await core.append(nodes.slice(i, i + 1000).map((node) => node.bytes))
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined)
    const stream = core.replicate(false)
    stream.on('error', () => undefined)
    stream.pipe(socket).pipe(stream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send!({ port: (server.address() as AddressInfo).port, key: core.key.toString('hex'), length: core.length })
  await new Promise(() => undefined)
}

// ---------------------------------------------------------------- what is measured
const workersDir = builtMain()
const parent = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
async function sample(name: string, entries: number): Promise<string> {
  const folder = join(parent, name)
  console.error(`Making ${entries} entries…`)
  await seedFolder(process.env)(folder, { entries, members: MEMBERS, days: 1100, random: 1 }, () => undefined)
  return folder
}
function limit(nodes: readonly TimelineNode[]): number {
  const start = performance.now()
  for (const { circle, id, signature, device } of nodes)
    crypto.verify(signature, nodeMessage(circle, id), fromHex(device))
  return (nodes.length * 1000) / (performance.now() - start)
}
const rest = () => new Promise((resolve) => setTimeout(resolve, POLL_MS))

interface Synced {
  nodes: number
  storedMs: number
  /** Until the last of them can be found. */
  foundMs: number
  /** From the first link as a member until the newest rows are those of the whole circle. */
  firstRowsMs: number
}
async function sync(from: string, to: string): Promise<Synced> {
  const newest = (await twofoldJson<{ id: string }>(from, ['timeline', '--limit', String(NEWEST)])).map(({ id }) => id)
  const peer = await startPeer(from)
  const [invite] = await twofoldJson<{ link: string }>(from, ['invite'])
  const { sync: there } = (await twofoldJson<AppState>(from, ['state']))[0]!
  const { backend, close } = await newBackend(to, 'Newcomer', workersDir)
  const { handlers } = backend
  await handlers['circle.join']({ link: invite!.link })
  const state = () => handlers['state.get']({})
  while ((await state()).sync.peersOnline === 0) await rest()
  const start = performance.now()
  let firstRowsMs = Number.NaN
  const { viewId } = (await handlers['view.open']({ scope: { type: 'everyone' } })) as ViewWindow
  while ((await state()).sync.have < there.have) {
    if (Number.isNaN(firstRowsMs)) {
      const { rows } = (await handlers['view.window']({ viewId, start: 0, count: NEWEST })) as ViewWindow
      if (newest.every((id, i) => rows[i]?.id === id)) firstRowsMs = performance.now() - start
    }
    await rest()
  }
  const storedMs = performance.now() - start
  await handlers['view.close']({ viewId })
  for (;;) {
    const view = (await handlers['view.open']({
      scope: { type: 'everyone' },
      filter: { text: 'xyzzyplugh' },
    })) as ViewWindow
    await handlers['view.close']({ viewId: view.viewId })
    if (view.notIndexed === 0) break
    await rest()
  }
  const foundMs = performance.now() - start
  await close()
  await peer.stop()
  return { nodes: there.have, storedMs, foundMs, firstRowsMs }
}

/** Records a second, between two processes. */
async function hypercore(folder: string, dir: string): Promise<number> {
  mkdirSync(dir)
  const child = fork(process.argv[1]!, ['serve-hypercore', folder, join(dir, 'there')], { stdio: 'inherit' })
  const [told] = (await once(child, 'message')) as [{ port: number; key: string; length: number }]
  const core = await openCore(join(dir, 'here'), Buffer.from(told.key, 'hex'))
  const start = performance.now()
  const socket = connect(told.port, '127.0.0.1')
  socket.on('error', () => undefined)
  const stream = core.replicate(true)
  stream.on('error', () => undefined)
  stream.pipe(socket).pipe(stream)
  await core.download({ start: 0, end: told.length }).done()
  const rate = (told.length * 1000) / (performance.now() - start)
  socket.destroy()
  await core.close()
  child.kill()
  return rate
}

process.env.TWOFOLD_BOOTSTRAP = loopback.TWOFOLD_BOOTSTRAP
process.env.TWOFOLD_BIND = loopback.TWOFOLD_BIND
const from = await sample('sample', ENTRIES)
const { nodes, bytes } = recordsOf(from)
const few = nodes.slice(0, LIMIT_NODES)
const nodeCount = nodes.length
const size = Math.round(bytes / nodeCount)
nodes.length = 0
limit(few)
const rounds: { stored: number; found: number; core: number; limit: number; firstRowsMs: number }[] = []
for (let i = 0; i < ROUNDS; i++) {
  const before = limit(few)
  const one = await sync(from, join(parent, `newcomer-${i}`))
  const core = await hypercore(from, join(parent, `core-${i}`))
  const most = (before + limit(few)) / 2
  rounds.push({
    stored: (one.nodes * 1000) / one.storedMs,
    found: (one.nodes * 1000) / one.foundMs,
    core,
    limit: most,
    firstRowsMs: one.firstRowsMs,
  })
  const { stored, found, firstRowsMs } = rounds.at(-1)!
  console.error(
    `${Math.round(stored)}/s stored, ${Math.round(found)}/s found, hypercore ${Math.round(core)}/s, limit ${Math.round(most)}/s, first rows ${Math.round(firstRowsMs)} ms`,
  )
  rmSync(join(parent, `newcomer-${i}`), { recursive: true })
  rmSync(join(parent, `core-${i}`), { recursive: true })
}
let million: Synced | null = null
if (given.folder !== undefined || MILLION > 0) {
  const { folder, remove } = await sampleFor(given.folder, MILLION)
  million = await sync(folder, join(parent, 'newcomer'))
  remove()
}
rmSync(parent, { recursive: true })

const of = (value: (one: (typeof rounds)[number]) => number) => median(rounds.map(value))
const records = `${ENTRIES} entries, nodes of ${size} bytes`
report('sync', {
  'sync.vsLimit': {
    value: of((one) => one.found / one.limit),
    against: `${records}, with full text; ${Math.round(of((one) => one.limit))} checks/s on one core`,
  },
  'sync.vsHypercore': {
    value: of((one) => one.found / one.core),
    against: `hypercore replicates the same records at ${Math.round(of((one) => one.core))}/s`,
  },
  'sync.deferredVsLimit': {
    value: of((one) => one.stored / one.limit),
    against: `until all rows are there; the index follows`,
  },
  'sync.millionRatio': million && {
    value: (million.nodes * 1000) / million.storedMs / of((one) => one.stored),
    against: `${million.nodes} nodes: ${Math.round((million.nodes * 1000) / million.storedMs)} nodes/s, ${rounded((million.nodes * 1000) / million.foundMs)} with full text`,
  },
  'sync.firstRowsMs': {
    value: million ? million.firstRowsMs : of((one) => one.firstRowsMs),
    against: `the newest ${NEWEST} after the first link as a member, while ${million?.nodes ?? nodeCount} arrive`,
  },
})
process.exit(0)
