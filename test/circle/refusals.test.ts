// What a member's own connection can do wrong, against a real backend over real sockets: each bad thing is refused with
// its own code, counted, and changes nothing. And a stranger gets nothing at all.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Running } from '../../main/assemble'
import { crypto, keyPairFromSeed, randomBytes, signer } from '../../main/identity/sodium'
import { concat, utf8 } from '../../main/protocol/codec'
import { encodeContent } from '../../main/protocol/kinds'
import { encodeMessage } from '../../main/protocol/messages'
import { makeNode, type NodeFields, type TimelineNode } from '../../main/protocol/node'
import type { Link } from '../../main/net/types'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'
import { joinAsMallory, lawless, type Mallory } from './mallory'
import type { AppState, CircleId, DeviceKey, NodeId, Row } from '../../shared/types'

const dir = mkdtempSync(join(tmpdir(), 'twofold-refusals-'))
let alice: Running
/** Mallory: joined by the rules, now speaking through a program of his own. */
let mallory: Mallory
/** Alice's device. */
let me: DeviceKey
let link: Link
let circle: CircleId
let beaconKey: Uint8Array

const state = async (): Promise<AppState> => alice.backend.handlers['state.get']({})
const rows = async (): Promise<Row[]> => {
  const view = await alice.backend.handlers['view.open']({ scope: { type: 'everyone' } })
  await alice.backend.handlers['view.close']({ viewId: view.viewId })
  return view.rows
}
const refused = async (code: string) => (await state()).network.refused[code] ?? 0

beforeAll(async () => {
  alice = await newBackend(dir, 'Alice')
  const { handlers } = alice.backend
  await handlers['circle.create']({ name: 'Circle', approval: 'auto', jump: 0 })
  circle = (await state()).circle!.id
  ;({ mallory, beaconKey } = await joinAsMallory(alice))
  await handlers['entry.post']({ text: 'first' })
  me = (await state()).me!.device
  link = await mallory.connect(me)
})
afterAll(async () => {
  await mallory.network.stop()
  await alice.close()
  rmSync(dir, { recursive: true, force: true })
})

const fields = (over: Partial<NodeFields> = {}): NodeFields => ({
  circle,
  device: mallory.device,
  seq: 1,
  timestamp: Date.now(),
  epoch: 1,
  ...encodeContent({ kind: 'post', text: 'from Mallory' }),
  ...over,
})
const node = (over: Partial<NodeFields> = {}): TimelineNode => makeNode(crypto, fields(over), mallory.sign)
const handOver = (bytes: Uint8Array) =>
  link.send(encodeMessage({ type: 'node', tree: 0, brief: false, lo: 1, len: 1, bytes }))
const changed = (good: TimelineNode, what: Partial<NodeFields>): Uint8Array => {
  // The honest signature under changed content.
  const forged = makeNode(crypto, { ...good, ...what }, () => good.signature)
  return forged.bytes
}
const other = 'ab'.repeat(32)

test.each<[string, string, () => Uint8Array]>([
  ['circle', 'CIRCLE_MISMATCH', () => changed(node(), { circle: other as CircleId })],
  ['device', 'DEVICE_NOT_IN_EPOCH', () => changed(node(), { device: other as DeviceKey })],
  ['seq', 'SIGNATURE_INVALID', () => changed(node(), { seq: 2, backlink: other as NodeId })],
  ['timestamp', 'SIGNATURE_INVALID', () => changed(node(), { timestamp: Date.now() - 1000 })],
  ['epoch (an earlier one, before it was a member)', 'DEVICE_NOT_IN_EPOCH', () => changed(node(), { epoch: 0 })],
  ['kind', 'SIGNATURE_INVALID', () => changed(node(), { kind: 2 })],
  ['body', 'SIGNATURE_INVALID', () => changed(node(), { body: utf8('something else') })],
  [
    'signature',
    'SIGNATURE_INVALID',
    () => {
      const { bytes } = node()
      bytes[bytes.length - 1]! ^= 1
      return bytes
    },
  ],
  [
    'signature (by another key)',
    'SIGNATURE_INVALID',
    () => makeNode(crypto, fields(), signer(keyPairFromSeed(randomBytes(32)))).bytes,
  ],
  ['length (a byte behind the end)', 'NODE_ENCODING', () => concat(node().bytes, new Uint8Array(1))],
  ['length (cut)', 'NODE_ENCODING', () => node().bytes.slice(0, -10)],
  [
    'version',
    'NODE_VERSION',
    () => {
      const { bytes } = node()
      bytes[0] = 9
      return bytes
    },
  ],
  [
    'timestamp (validly signed, an hour ahead)',
    'TIMESTAMP_AHEAD',
    () => node({ timestamp: Date.now() + 3_600_000 }).bytes,
  ],
])('[N4] a node with a tampered %s is refused as %s, counted, and changes nothing', async (_field, code, make) => {
  const before = await refused(code)
  handOver(make())
  await waitFor(`${code} to be counted`, async () => (await refused(code)) === before + 1)
  expect((await rows()).map((row) => row.text)).toEqual(['first'])
})

test('[N4] backlink, order of time and equivocation are judged against what is stored', async () => {
  const first = node()
  handOver(first.bytes)
  await waitFor('the honest node', async () => (await rows()).length === 2)
  for (const [code, bad] of [
    ['BACKLINK_MISMATCH', node({ seq: 2, backlink: other as NodeId, timestamp: first.timestamp + 1 })],
    ['TIMESTAMP_NOT_LATER', node({ seq: 2, backlink: first.id, timestamp: first.timestamp })],
    ['EQUIVOCATION', node({ body: utf8('\u0005other') })],
  ] as const) {
    const before = await refused(code)
    handOver(bad.bytes)
    await waitFor(`${code} to be counted`, async () => (await refused(code)) === before + 1)
  }
  // Rule N6: the device is stopped below the place where its histories part, so nothing of it is left.
  await waitFor('the device to be stopped', async () => (await rows()).length === 1)
  expect((await rows()).map((row) => row.text)).toEqual(['first'])
  const forked = (await state()).circle!.members.find((m) => m.key === mallory.member)!.devices[0]!
  expect(forked.forkedAt).toBe(1)
  handOver(node({ seq: 2, backlink: first.id, timestamp: first.timestamp + 5 }).bytes)
  await waitFor('what it writes then to be refused', async () => (await refused('DEVICE_FROZEN')) > 0)
  const { alerts } = await state()
  expect(alerts.map((alert) => alert.code)).toContain('EQUIVOCATION')
})

test('[F8] a frame of garbage costs its sender the link, and the peer goes on', async () => {
  const closed = new Promise<string>((resolve) => {
    mallory.network.on('linkClosed', (_link, reason) => resolve(reason))
  })
  const before = await refused('FRAME_MALFORMED')
  link.send(randomBytes(500))
  await closed
  expect(await refused('FRAME_MALFORMED')).toBe(before + 1)
  link = await mallory.connect(me)
  await alice.backend.handlers['entry.post']({ text: 'still here' })
  expect((await rows()).map((row) => row.text)).toContain('still here')
})

test('[M5] a removed member is cut off at once, and gets nothing any more', async () => {
  const told: string[] = []
  mallory.network.on('linkClosed', (_link, reason) => told.push(reason))
  await alice.backend.handlers['member.remove']({ member: mallory.member })
  await waitFor('the link to be cut', () => told.length > 0, 2000)
  const { circle: view } = await state()
  expect(view!.members.find((m) => m.key === mallory.member)).toMatchObject({
    removed: true,
    presence: { state: 'offline' },
  })
  expect(view!.changes[0]).toMatchObject({
    epoch: 2,
    changes: [{ what: 'removed', name: 'Mallory' }],
    agreedBy: ['Alice'],
  })
  const frames: Uint8Array[] = []
  mallory.network.on('frame', (_link, frame) => frames.push(frame))
  const before = (await state()).network.strangersRefused
  mallory.network.dial(me)
  await waitFor('the firewall to refuse', async () => (await state()).network.strangersRefused > before)
  expect(frames).toEqual([])
})

test("[L3] a stranger's key gets no byte past the handshake", async () => {
  const stranger = lawless(keyPairFromSeed(randomBytes(32)), beaconKey)
  const links: Link[] = []
  stranger.on('link', (l) => links.push(l))
  stranger.on('frame', () => links.push(link))
  await stranger.start()
  const { network: view } = await state()
  stranger.addAddress('127.0.0.1', view.port)
  stranger.dial(me)
  await waitFor('the firewall to refuse', async () => (await state()).network.strangersRefused > view.strangersRefused)
  expect(links).toEqual([])
  expect(stranger.status().counters.linksOpened).toBe(0)
  await stranger.stop()
})
