// `npm run bench -- parts [--json]`: single steps of the product's own code, each beside the limit of everything: one Ed25519
// check with libsodium.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crypto, keyPairFromSeed, signer } from '../../main/identity/sodium'
import { heirs, makeRing, nodeSeed, relative, chain } from '../../main/protocol/heirs'
import { encodeContent } from '../../main/protocol/kinds'
import { proposeEpoch } from '../../main/protocol/epochs'
import { makeGenesis } from '../../main/protocol/genesis'
import { deviceMessage, foundedList } from '../../main/protocol/membership'
import { decodeNode, makeNode, nodeMessage, type TimelineNode } from '../../main/protocol/node'
import { renderMarkdown } from '../../main/render/markdown'
import { fromHex, toHex } from '../../main/protocol/codec'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { makeRecords } from './records'
import { median, report } from './report'
import { measureStoring, type Stored } from './storing'

const NODES = 10_000
const ROUNDS = 3
/** Entries that the store is measured with. */
const STORED = 100_000
const TEXT =
  'The *kettle* is on. See https://example.org/tea for **which** tea, and bring: milk, sugar, a `spoon`. '.repeat(2)

const now = () => Number(process.hrtime.bigint()) / 1e6
/** Calls per second, median of rounds. */
const perSecond = (count: number, work: () => void): number =>
  median(
    Array.from({ length: ROUNDS }, () => {
      const start = now()
      work()
      return (count * 1000) / (now() - start)
    }),
  )

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
// ---------------------------------------------------------------- the limit
const limit = perSecond(NODES, () => {
  for (const n of nodes) crypto.verify(n.signature, nodeMessage(n.circle, n.id), fromHex(n.device))
})
const decode = perSecond(NODES, () => {
  for (const n of nodes) decodeNode(crypto, n.bytes)
})
const rendered = perSecond(NODES, () => {
  for (let i = 0; i < NODES; i++) renderMarkdown(TEXT)
})

// ---------------------------------------------------------------- routing, per node and hop
function routed(n: number): number {
  const devices = Array.from(
    { length: n },
    (_unused, i) => toHex(crypto.hash(Uint8Array.of(i & 255, i >> 8))) as DeviceKey,
  )
  const ring = makeRing(crypto, list.epochIds[0]!, devices)
  const COUNT = 5000
  return perSecond(COUNT, () => {
    for (let i = 1; i <= COUNT; i++) {
      const seed = nodeSeed(crypto, ring, devices[0]!, i)!
      const me = devices[i % n]!
      const { segment } = chain(ring, seed, me, 0)!
      heirs(ring, seed, relative(ring, seed, me)!, segment, 0, { usable: () => true })
    }
  })
}

// ---------------------------------------------------------------- the store alone, of a circle of 100
const folder = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
const records = makeRecords(STORED, 100)
const stored = [...records.nodes()]
const storing = Array.from({ length: ROUNDS }, (_unused, i) => {
  const dir = join(folder, `stored-${i}`)
  mkdirSync(dir)
  const measured = measureStoring(dir, stored, records.memberOf)
  rmSync(dir, { recursive: true })
  return measured
})
const ofStoring = (what: keyof Stored): number => median(storing.map((one) => one[what])) / limit

// ---------------------------------------------------------------- two real peers on loopback
const [a, b] = [await newBackend(join(folder, 'Ann'), 'Ann'), await newBackend(join(folder, 'Bob'), 'Bob')]
await a.backend.handlers['circle.create']({ name: 'Bench', approval: 'auto', jump: 0 })
const { link } = await a.backend.handlers['invite.create']({ hours: 1, uses: 1 })
const joining = now()
await b.backend.handlers['circle.join']({ link })
await waitFor('the link', async () => (await b.backend.handlers['state.get']({})).sync.peersOnline === 1)
const joinMs = now() - joining
await a.close()
await b.close()
rmSync(folder, { recursive: true, force: true })

const beside = `Ed25519 check (libsodium): ${Math.round(limit).toLocaleString('en')}/s`
report('parts', {
  'parts.decode': {
    value: decode / limit,
    against: `decode and hash a node of ${nodes[0]!.bytes.length} bytes; ${beside}`,
  },
  'parts.render': { value: rendered / limit, against: 'render tree of a post' },
  'parts.route100': { value: routed(100) / limit, against: 'whole routing decision of one hop among 100 devices' },
  'parts.route1000': { value: routed(1000) / limit, against: 'the same among 1,000' },
  'parts.append': { value: ofStoring('live'), against: `committed as they are written, ${STORED} nodes` },
  'parts.appendRuns': { value: ofStoring('runs'), against: 'the same in runs, as in a first sync' },
  'parts.index': { value: ofStoring('index'), against: 'made findable' },
  'parts.readRun': { value: ofStoring('read'), against: 'read back for another peer' },
  'parts.joinMs': { value: joinMs, against: 'join by link to first link as a member, on loopback' },
})
