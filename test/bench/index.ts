// Benchmarks of the product's own code. Absolute figures drift from machine to machine, so each is also given as a ratio to
// something measured in the same run: most of them to the limit, one Ed25519 check with libsodium.
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crypto, keyPairFromSeed, signer } from '../../main/identity/sodium'
import { Engine, type Effect } from '../../main/protocol/engine'
import { heirs, makeRing, nodeSeed, relative, chain } from '../../main/protocol/heirs'
import { encodeContent } from '../../main/protocol/kinds'
import { deviceMessage, foundedList, makeGenesis, proposeEpoch } from '../../main/protocol/membership'
import { encodeMessage } from '../../main/protocol/messages'
import { decodeNode, makeNode, nodeMessage, type TimelineNode } from '../../main/protocol/node'
import { Rings } from '../../main/protocol/rings'
import { renderMarkdown } from '../../main/render/markdown'
import { openTimelineStore } from '../../main/store/timeline-store'
import { fromHex, toHex } from '../../main/protocol/codec'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'
import type { DeviceKey, MemberKey } from '../../shared/types'

const NODES = 10_000
const ROUNDS = 3
const TEXT =
  'The *kettle* is on. See https://example.org/tea for **which** tea, and bring: milk, sugar, a `spoon`. '.repeat(2)

const row = (what: string, value: string, ratio: string) =>
  console.log(`${what.padEnd(64)} ${value.padStart(16)}  ${ratio}`)
const now = () => Number(process.hrtime.bigint()) / 1e6
const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!
/** Calls per second, median of rounds. */
const perSecond = (count: number, work: () => void): number =>
  median(
    Array.from({ length: ROUNDS }, () => {
      const start = now()
      work()
      return (count * 1000) / (now() - start)
    }),
  )
const perS = (n: number) => `${Math.round(n).toLocaleString('en')}/s`

// ---------------------------------------------------------------- a circle of two, and the other one's timeline
const key = (fill: number) => keyPairFromSeed(new Uint8Array(32).fill(fill))
const [annRoot, ann, bobRoot, bob] = [key(1), key(2), key(3), key(4)]
const hex = (k: { publicKey: Uint8Array }) => toHex(k.publicKey)
const genesis = makeGenesis(
  crypto,
  {
    name: 'Bench',
    founder: hex(annRoot) as MemberKey,
    founderName: 'Ann',
    founderDevice: hex(ann) as DeviceKey,
    approval: 'auto',
    jump: 0,
    timestamp: 1,
    nonce: new Uint8Array(16),
  },
  signer(annRoot),
)
const founded = foundedList(genesis)
const admitted = proposeEpoch(
  crypto,
  founded,
  [
    {
      type: 'admit-member',
      member: hex(bobRoot) as MemberKey,
      name: 'Bob',
      device: hex(bob) as DeviceKey,
      certificate: signer(bobRoot)(deviceMessage(genesis.id, hex(bobRoot) as MemberKey, hex(bob) as DeviceKey)),
      invite: null,
    },
  ],
  2,
)
if (!admitted.ok) throw new Error(admitted.code)
const { list } = admitted
const nodes: TimelineNode[] = []
for (let seq = 1; seq <= NODES; seq++) {
  const head = nodes.at(-1)
  nodes.push(
    makeNode(
      crypto,
      {
        circle: list.circle,
        device: hex(bob) as DeviceKey,
        seq,
        ...(head && { backlink: head.id }),
        timestamp: 1_700_000_000_000 + seq * 60_000,
        epoch: 1,
        ...encodeContent({ kind: 'post', text: TEXT }),
      },
      signer(bob),
    ),
  )
}
const rawBytes = nodes.reduce((sum, n) => sum + n.bytes.length, 0)
console.log(`${NODES} nodes of ${Math.round(rawBytes / NODES)} bytes; medians of ${ROUNDS} rounds\n`)

// ---------------------------------------------------------------- the limit
const limit = perSecond(NODES, () => {
  for (const n of nodes) crypto.verify(n.signature, nodeMessage(n.circle, n.id), fromHex(n.device))
})
row('Ed25519 check (libsodium): the limit', perS(limit), '1.00')
const decode = perSecond(NODES, () => {
  for (const n of nodes) decodeNode(crypto, n.bytes)
})
row('decode and hash a node', perS(decode), `${(decode / limit).toFixed(1)} × limit`)
const rendered = perSecond(NODES, () => {
  for (let i = 0; i < NODES; i++) renderMarkdown(TEXT)
})
row('render tree of a post', perS(rendered), `${(rendered / limit).toFixed(2)} × limit`)

// ---------------------------------------------------------------- ingest: decode, verify each, store, one thread
const folder = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
const BATCH = 100
let round = 0
const ingest = perSecond(NODES, () => {
  const dir = join(folder, String(round++))
  mkdirSync(dir)
  const store = openTimelineStore(dir, crypto)
  const engine = new Engine({
    crypto,
    sign: signer(ann),
    me: hex(ann) as DeviceKey,
    list,
    rings: new Rings(crypto),
    have: store.have(),
    app: 'bench',
    random: () => 0,
  })
  const from = hex(bob) as DeviceKey
  const carryOut = (effects: Effect[]) => {
    for (const effect of effects)
      if (effect.type === 'store') {
        const outcomes = store.append(effect.items, () => hex(bobRoot) as MemberKey, Date.now())
        carryOut(engine.handle({ type: 'stored', items: effect.items, outcomes }, Date.now()))
      } else if (effect.type === 'refused') throw new Error(effect.code)
  }
  carryOut(engine.handle({ type: 'link-up', device: from }, Date.now()))
  for (let i = 0; i < NODES; i += BATCH) {
    const frame = nodes
      .slice(i, i + BATCH)
      .map((n) => encodeMessage({ type: 'node', tree: 0, brief: false, lo: 1, len: 1, bytes: n.bytes }))
    carryOut(engine.handle({ type: 'frame', from, bytes: Buffer.concat(frame) }, Date.now()))
  }
  if (store.total(null) !== NODES) throw new Error(`stored ${store.total(null)}`)
  store.close()
})
row(
  'ingest: decode, verify each, store (batches of 100, one thread)',
  perS(ingest),
  `${(ingest / limit).toFixed(2)} × limit`,
)
row(
  'database after ingest',
  `${Math.round(statSync(join(folder, '0/timeline.sqlite')).size / 1024)} KiB`,
  `${(statSync(join(folder, '0/timeline.sqlite')).size / rawBytes).toFixed(2)} × raw bytes`,
)

// ---------------------------------------------------------------- reading windows by position
const reader = openTimelineStore(join(folder, '0'), crypto)
const WINDOWS = 500
const newest = perSecond(WINDOWS, () => {
  for (let i = 0; i < WINDOWS; i++) reader.window(null, 0, 100)
})
let place = 12_345
const anywhere = perSecond(WINDOWS, () => {
  for (let i = 0; i < WINDOWS; i++) {
    place = (place * 7919 + 13) % (NODES - 100)
    reader.window(null, place, 100)
  }
})
row('window of 100 rows, the newest', `${(1000 / newest).toFixed(2)} ms`, '1.00')
row(
  'window of 100 rows, at a random position',
  `${(1000 / anywhere).toFixed(2)} ms`,
  `${(newest / anywhere).toFixed(2)} × the newest`,
)
reader.close()

// ---------------------------------------------------------------- routing, per node and hop
for (const n of [100, 1000]) {
  const devices = Array.from(
    { length: n },
    (_unused, i) => toHex(crypto.hash(Uint8Array.of(i & 255, i >> 8))) as DeviceKey,
  )
  const ring = makeRing(crypto, list.epochIds[0]!, devices)
  const COUNT = 5000
  const routed = perSecond(COUNT, () => {
    for (let i = 1; i <= COUNT; i++) {
      const seed = nodeSeed(crypto, ring, devices[0]!, i)!
      const me = devices[i % n]!
      const { segment } = chain(ring, seed, me, 0)!
      heirs(ring, seed, relative(ring, seed, me)!, segment, 0, { usable: () => true })
    }
  })
  row(`whole routing decision of one hop among ${n} devices`, perS(routed), `${(routed / limit).toFixed(1)} × limit`)
}

// ---------------------------------------------------------------- two real peers on loopback
const [a, b] = [await newBackend(join(folder, 'Ann'), 'Ann'), await newBackend(join(folder, 'Bob'), 'Bob')]
await a.backend.handlers['circle.create']({ name: 'Bench', approval: 'auto', jump: 0 })
const { link } = await a.backend.handlers['invite.create']({ hours: 1, uses: 1 })
const joining = now()
await b.backend.handlers['circle.join']({ link })
await waitFor('the link', async () => (await b.backend.handlers['state.get']({})).sync.peersOnline === 1)
row('join by link and first link as a member', `${Math.round(now() - joining)} ms`, '')
const view = await b.backend.handlers['view.open']({ scope: { type: 'everyone' } })
const POSTS = 40
/** As people write: the link and the view are quiet before. */
const BETWEEN_MS = 250
const latencies: number[] = []
let arrived: () => void = () => {}
b.backend.subscribe((pushed) => pushed.event === 'view.changed' && pushed.payload.inserted.length > 0 && arrived())
for (let i = 0; i < POSTS; i++) {
  const shown = new Promise<void>((resolve) => (arrived = resolve))
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
  const posted = now()
  await a.backend.handlers['entry.post']({ text: `post ${i}` })
  await shown
  latencies.push(now() - posted)
}
await b.backend.handlers['view.close']({ viewId: view.viewId })
latencies.sort((x, y) => x - y)
const { network } = await a.backend.handlers['state.get']({})
row('post → the other peer’s view is told, p50', `${latencies[POSTS >> 1]!.toFixed(1)} ms`, '1.00')
row(
  'post → the other peer’s view is told, p95',
  `${latencies[Math.floor(POSTS * 0.95)]!.toFixed(1)} ms`,
  `${(latencies[Math.floor(POSTS * 0.95)]! / latencies[POSTS >> 1]!).toFixed(2)} × p50`,
)
row('copies sent per entry in a circle of two', (network.copiesSent / network.entriesRouted).toFixed(2), '2 at most')
await a.close()
await b.close()
rmSync(folder, { recursive: true, force: true })
