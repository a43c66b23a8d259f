// One hostile member on real sockets, against real backends: what he does costs him the links, the others go on, a person
// sees whom, for what and until when, and can lift it; a restart does not.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import HyperDHT, { type SecretStream } from 'hyperdht'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { assemble, type Running } from '../../main/assemble'
import { crypto, randomBytes } from '../../main/identity/sodium'
import { fileVault } from '../../main/identity/vault'
import { encodeFrame, encodeGreeting } from '../../main/net/framing'
import { concat } from '../../main/protocol/codec'
import { encodeContent } from '../../main/protocol/kinds'
import { encodeMessage, PROTOCOL_VERSION } from '../../main/protocol/messages'
import { makeNode } from '../../main/protocol/node'
import { makeNotice } from '../../main/protocol/notices'
import { inviteBeaconKey, inviteIdOf, inviteTopic, signCapability } from '../../main/protocol/invite'
import { NOTICES_PER_SIGNER_MAX } from '../../main/protocol/limits'
import type { AppState, CircleId, DeviceKey } from '../../shared/types'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'
import { joinAsMallory, type Mallory } from './mallory'

// Sockets, on a machine that does other things too.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const dir = mkdtempSync(join(tmpdir(), 'twofold-hostile-'))
const folder = (name: string) => join(dir, name)
let alice: Running
let bob: Running
let mallory: Mallory
let raw: HyperDHT
let circle: CircleId

const state = async (of = alice): Promise<AppState> => of.backend.handlers['state.get']({})
const aliceKey = async () => (await state()).me!.device
const keptOut = async () => (await alice.backend.handlers['network.get']({})).keptOut
const readmit = (device: DeviceKey) => alice.backend.handlers['network.readmit']({ device })
const newest = async (of: Running): Promise<string | undefined> => {
  const view = await of.backend.handlers['view.open']({ scope: { type: 'everyone' } })
  await of.backend.handlers['view.close']({ viewId: view.viewId })
  return view.rows[0]?.text
}
/** Alice's posts still reach Bob. */
async function goesOn(text: string): Promise<void> {
  await alice.backend.handlers['entry.post']({ text })
  await waitFor(`Bob to get “${text}”`, async () => (await newest(bob)) === text)
}
const hello = () =>
  encodeMessage({ type: 'hello', version: PROTOCOL_VERSION, epoch: 2, epochId: mallory.epochId, app: 'rogue' })

/** A stream with Mallory's key that nobody frames, greets or reads for him. */
async function dialled(): Promise<SecretStream> {
  const { network } = await state()
  const { publicKey, secretKey } = mallory.keyPair
  const stream = raw.connect(Buffer.from(await aliceKey(), 'hex'), {
    keyPair: { publicKey: Buffer.from(publicKey), secretKey: Buffer.from(secretKey) },
    relayAddresses: [{ host: '127.0.0.1', port: network.port }],
  })
  stream.on('error', () => {})
  return stream
}
async function rawStream(): Promise<SecretStream> {
  const stream = await dialled()
  let open = false
  stream.once('open', () => (open = true))
  await waitFor('the stream to open', () => open)
  stream.write(encodeGreeting(Date.now()))
  return stream
}

beforeAll(async () => {
  alice = await newBackend(folder('alice'), 'Alice')
  const { handlers } = alice.backend
  await handlers['circle.create']({ name: 'Circle', approval: 'auto', jump: 0 })
  circle = (await state()).circle!.id
  bob = await newBackend(folder('bob'), 'Bob')
  const { link } = await handlers['invite.create']({ hours: 1, uses: 1 })
  await bob.backend.handlers['circle.join']({ link })
  await waitFor('Bob to be in', async () => (await state(bob)).circle?.standing === 'member')
  ;({ mallory } = await joinAsMallory(alice))
  raw = new HyperDHT({ bootstrap: [], host: '127.0.0.1' })
  await waitFor('Bob to know of Mallory', async () => (await state(bob)).circle?.members.length === 3)
})
afterAll(async () => {
  await mallory.network.stop()
  await raw.destroy()
  await bob.close()
  await alice.close()
  rmSync(dir, { recursive: true, force: true })
})

test('[F8] a member whose frames come one byte at a time is heard like any other', async () => {
  const stream = await rawStream()
  const frame = concat(encodeFrame(hello()), encodeFrame(encodeMessage({ type: 'ack', tree: 0, mark: 'ab'.repeat(8) })))
  for (const byte of frame) stream.write(Uint8Array.of(byte))
  await waitFor('the link to show', async () =>
    (await state()).network.links.some(({ device }) => device === mallory.device),
  )
  await goesOn('while bytes trickle')
  expect(await keptOut()).toEqual([])
  stream.destroy()
  await waitFor('the link to end', async () =>
    (await state()).network.links.every(({ device }) => device !== mallory.device),
  )
})

test('[H3] frames larger than any may be end the link each time; the third time their sender is kept out, and told apart from others', async () => {
  for (let i = 0; i < 3; i++) {
    const stream = await rawStream()
    stream.write(encodeFrame(hello()))
    stream.write(Uint8Array.of(1, 0, 16, 0, 99))
    await waitFor('the stream to end', () => stream.destroyed)
  }
  await waitFor('Mallory to be kept out', async () => (await keptOut()).length === 1)
  const [one] = await keptOut()
  expect(one).toMatchObject({ device: mallory.device, memberName: 'Mallory', misdeed: 'garbage', times: 1 })
  expect(one!.until - one!.since).toBe(10 * 60_000)
  const before = (await state()).network.strangersRefused
  const attempt = await dialled()
  await waitFor('his next attempt to be refused', async () => (await state()).network.strangersRefused > before)
  attempt.destroy()
  await goesOn('without Mallory')
  expect((await state()).circle!.members.find((m) => m.name === 'Mallory')).toMatchObject({ removed: false })
})

test('[H3] a restart does not let him in again; a person does', async () => {
  await alice.close()
  alice = await assemble({ dir: folder('alice'), vault: fileVault, vaultOf: () => fileVault, online: true })
  expect(await keptOut()).toMatchObject([{ device: mallory.device, misdeed: 'garbage' }])
  await readmit(mallory.device)
  expect(await keptOut()).toEqual([])
  const link = await mallory.connect(await aliceKey())
  await waitFor('the link to show', async () =>
    (await state()).network.links.some(({ device }) => device === mallory.device),
  )
  link.close('done')
  await expect(Promise.resolve().then(() => readmit(mallory.device))).rejects.toMatchObject({
    code: 'PEER_NOT_KEPT_OUT',
  })
})

/** Sends until the other side has had enough. */
async function until(frames: () => Uint8Array[]): Promise<void> {
  await waitFor('Mallory to be kept out', async () => {
    for (const frame of frames()) mallory.link()?.send(frame)
    return (await keptOut()).length === 1
  })
  await waitFor('his link to end', () => mallory.link() === null)
}

test('[H3] a flood of falsely signed entries: nothing of it is kept, its sender is kept out, and the others go on', async () => {
  await mallory.connect(await aliceKey())
  const had = (await state()).sync.have
  let seq = 1000
  await until(() => {
    const nodes = Array.from({ length: 50 }, () => {
      const fields = {
        circle,
        device: mallory.device,
        seq: ++seq,
        backlink: 'ab'.repeat(32) as never,
        timestamp: Date.now(),
        epoch: 2,
        ...encodeContent({ kind: 'post', text: 'forged' }),
      }
      return makeNode(crypto, fields, () => randomBytes(64)).bytes
    })
    return [
      concat(...nodes.map((bytes) => encodeMessage({ type: 'node', tree: 0, brief: false, lo: 1, len: 2, bytes }))),
    ]
  })
  expect(await keptOut()).toMatchObject([{ device: mallory.device, misdeed: 'forgery' }])
  expect((await state()).sync.have).toBe(had)
  await goesOn('after the forgeries')
  await readmit(mallory.device)
})

test('[H3] pulls without end are answered as far as his share goes; then he is kept out', async () => {
  await mallory.connect(await aliceKey())
  const device = await aliceKey()
  const ranges = Array.from({ length: 256 }, () => ({ device, from: 1, to: 2 ** 52 }))
  await until(() => [encodeMessage({ type: 'pull', ranges })])
  expect(await keptOut()).toMatchObject([{ device: mallory.device, misdeed: 'asking' }])
  await goesOn('after the pulls')
  await readmit(mallory.device)
})

test('[H4] one signer’s notices never fill the board: others’ still come in, and can be found', async () => {
  await mallory.connect(await aliceKey())
  const notices = Array.from({ length: NOTICES_PER_SIGNER_MAX + 20 }, () => {
    const secret = randomBytes(16)
    const capability = signCapability(
      crypto,
      {
        invite: inviteIdOf(crypto, secret),
        circle,
        circleName: 'Circle',
        inviterName: 'Mallory',
        inviter: mallory.device,
        epoch: 2,
        expiresAt: Date.now() + 3_600_000,
        usesMax: 1,
        approval: 'auto',
      },
      mallory.sign,
    )
    return makeNotice(
      crypto,
      circle,
      {
        type: 'invite',
        capability,
        beaconKey: inviteBeaconKey(crypto, secret),
        topic: inviteTopic(crypto, secret),
        slots: [mallory.device],
      },
      mallory.device,
      mallory.sign,
    ).bytes
  })
  const of = async (name: string) => (await state()).circle!.invites.filter(({ by }) => by === name)
  // Again and again: a link may be replaced while both sides dial.
  await waitFor('the board to take what it may', async () => {
    for (let i = 0; i < notices.length; i += 100)
      mallory.link()?.send(encodeMessage({ type: 'notices', notices: notices.slice(i, i + 100) }))
    return (await of('Mallory')).length === NOTICES_PER_SIGNER_MAX
  })
  await bob.backend.handlers['invite.create']({ hours: 1, uses: 1 })
  await waitFor('Bob’s invite to come in', async () => (await of('Bob')).length === 1)
  expect(await of('Mallory')).toHaveLength(NOTICES_PER_SIGNER_MAX)
  expect(await keptOut()).toEqual([])
})
