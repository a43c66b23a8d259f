// Real peers without windows on one machine: joining while the founder is away, two admins, copies of a folder, two
// histories, and a founder who has nothing left but his words.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { AppState, MemberView, Row } from '../../shared/types'
import { waitFor } from '../support/wait'
import { loopback, mustRun, newFolder, startPeer, twofold, twofoldJson, type Peer } from './command-line'
import { launch } from './launch'
import { picture } from './window'

const peers = new Set<Peer>()
const folders = new Set<{ path: string; remove(): void }>()
afterEach(async () => {
  await Promise.all([...peers].map((peer) => peer.stop()))
  peers.clear()
  for (const folder of folders) folder.remove()
  folders.clear()
})

const folder = (label: string) => {
  const made = newFolder(label)
  folders.add(made)
  return made.path
}
async function peer(path: string): Promise<Peer> {
  const started = await startPeer(path)
  peers.add(started)
  return started
}
async function stop(started: Peer): Promise<void> {
  await started.stop()
  peers.delete(started)
}
const state = async (path: string) => (await twofoldJson<AppState>(path, ['state']))[0]!
const texts = async (path: string) =>
  (await twofoldJson<Row>(path, ['timeline'])).map((row) => row.text ?? '').toSorted()
const members = (path: string) => twofoldJson<MemberView>(path, ['members'])
const epoch = async (path: string) => (await state(path)).circle!.epoch
const linksOf = async (path: string) => (await state(path)).network.links.map((l) => l.memberName).toSorted()

/** Makes an identity; its 24 words and device key. */
async function init(path: string, name: string) {
  const [made] = await twofoldJson<{ words: string[]; device: string }>(path, ['init', '--name', name])
  return made!
}
const invite = async (path: string, ...flags: string[]) =>
  (await twofoldJson<{ link: string; id: string }>(path, ['invite', '--uses', '5', ...flags]))[0]!
const joinWith = (path: string, link: string) => mustRun(path, ['join', link, '--timeout', '40'])

/** Ann's circle, running, with these others in it, running. */
async function circleOf(...names: string[]) {
  const ann = folder('ann')
  const made = await init(ann, 'Ann')
  await mustRun(ann, ['circle', 'create', '--name', 'Lab'])
  const anns = await peer(ann)
  const { link } = await invite(ann)
  const others: { path: string; words: string[]; device: string; peer: Peer }[] = []
  for (const name of names) {
    const path = folder(name.toLowerCase())
    const { words, device } = await init(path, name)
    await joinWith(path, link)
    others.push({ path, words, device, peer: await peer(path) })
  }
  const all = [ann, ...others.map((o) => o.path)]
  await waitFor('everybody to be linked with everybody', async () =>
    (await Promise.all(all.map(linksOf))).every((links) => links.length === names.length),
  )
  return { ann: { path: ann, words: made.words, device: made.device, peer: anns }, others }
}

test('[M4] the founder is off: a newcomer reads at once, what he writes waits, and goes out when he is confirmed', async () => {
  const { ann, others } = await circleOf('Bob', 'Carol')
  const [bob, carol] = others as [(typeof others)[0], (typeof others)[0]]
  await mustRun(bob.path, ['post', 'before Dora'])
  const { link } = await invite(ann.path)
  await waitFor('Carol to know the invite', async () => (await state(carol.path)).circle!.invites.length === 2)
  await stop(ann.peer)

  const dora = folder('dora')
  await init(dora, 'Dora')
  await joinWith(dora, link)
  expect(await texts(dora)).toEqual(['before Dora'])
  const doras = await peer(dora)
  await waitFor('Dora to be linked', async () => (await linksOf(dora)).length === 2)
  expect((await state(dora)).circle).toMatchObject({ standing: 'provisional', admin: false })
  expect((await state(dora)).alerts.map((a) => a.code)).toContain('PROVISIONAL')
  expect((await twofold(dora, ['post', 'hello from Dora'])).out).toContain('goes out when you are let in')
  expect((await state(dora)).circle!.heldPosts.map((p) => p.text)).toEqual(['hello from Dora'])
  const [seen] = await twofoldJson<{ id: string }>(dora, ['timeline'])
  expect(await twofold(dora, ['react', seen!.id, '👍'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('NOT_ADMITTED') as string,
  })
  await mustRun(bob.path, ['post', 'while she waits'])
  await waitFor('Dora to read on', async () => (await texts(dora)).includes('while she waits'))
  expect(await texts(bob.path)).not.toContain('hello from Dora')
  // A newcomer who is stopped meanwhile loses nothing.
  await stop(doras)
  await peer(dora)

  await peer(ann.path)
  await waitFor('Dora to be on the list', async () => (await state(dora)).circle!.standing === 'member')
  await waitFor('her entry at everybody', async () =>
    (await Promise.all([ann.path, bob.path, carol.path].map(texts))).every((t) => t.includes('hello from Dora')),
  )
  expect((await state(dora)).circle!.heldPosts).toEqual([])
  expect((await state(bob.path)).circle!.changes[0]).toMatchObject({
    changes: [{ what: 'joined', name: 'Dora' }],
    agreedBy: ['Ann'],
  })
})

test('[M3] two admins: one alone is told for whom it waits, and both end with the same list', async () => {
  const { ann, others } = await circleOf('Bob', 'Carol')
  const [bob, carol] = others as [(typeof others)[0], (typeof others)[0]]
  expect((await mustRun(ann.path, ['promote', 'Bob'])).out).toBe('Bob is an admin.')
  await waitFor('Carol to hear of it', async () => (await epoch(carol.path)) === 3)
  expect((await twofold(carol.path, ['promote', 'Carol'])).err).toContain('NOT_ADMIN')
  await stop(bob.peer)
  expect((await mustRun(ann.path, ['remove', 'Carol'])).out).toContain('waits for Bob')
  expect((await state(ann.path)).circle).toMatchObject({ epoch: 3, waitingFor: ['Bob'] })
  expect((await mustRun(ann.path, ['changes'])).out).toContain('waiting  Remove Carol: Bob must agree')
  // Ann goes away; Carol, of all people, carries the question to Bob, and nobody can keep it from him.
  await waitFor('Carol to know what is asked', async () => (await state(carol.path)).circle!.members.length === 3)
  await peer(bob.path)
  await waitFor('the list without Carol', async () => (await epoch(bob.path)) === 4 && (await epoch(ann.path)) === 4)
  await waitFor('Carol to be told', async () => (await state(carol.path)).phase.phase === 'removed')
  const [log] = (await state(bob.path)).circle!.changes
  expect(log).toMatchObject({
    changes: [{ what: 'removed', name: 'Carol' }],
    agreedBy: expect.arrayContaining(['Ann', 'Bob']) as string[],
  })
})

test('[M5] a removed member is cut off by every online peer within 2 s, and gets nothing written later', async () => {
  const { ann, others } = await circleOf('Bob', 'Carol', 'Dora')
  const [bob, carol, dora] = others as [(typeof others)[0], (typeof others)[0], (typeof others)[0]]
  await mustRun(ann.path, ['remove', 'Bob'])
  for (const { path } of [ann, carol, dora])
    await waitFor('the link with Bob to be cut', async () => !(await linksOf(path)).includes('Bob'), 2000)
  await mustRun(carol.path, ['post', 'without Bob'])
  await waitFor('the entry at the others', async () =>
    (await Promise.all([ann.path, dora.path].map(texts))).every((t) => t.includes('without Bob')),
  )
  expect(await texts(bob.path)).toEqual([])
  expect((await twofold(bob.path, ['post', 'hello?'])).err).toContain('REMOVED_FROM_CIRCLE')
})

test('[N7] two copies of one folder started together: one goes on writing, the other becomes a new device', async () => {
  const { ann, others } = await circleOf('Bob')
  const [bob] = others as [(typeof others)[0]]
  await mustRun(bob.path, ['post', 'the only Bob'])
  await waitFor('the entry at Ann', async () => (await texts(ann.path)).length === 1)
  await stop(bob.peer)
  const copy = folder('copy')
  cpSync(bob.path, copy, { recursive: true })
  await Promise.all([peer(bob.path), peer(copy)])
  const both = [bob.path, copy]
  const stopped = async () => (await Promise.all(both.map(state))).map((s) => s.circle!.copied)
  await waitFor('one of them to stop', async () => (await stopped()).includes(true))
  const twin = both[(await stopped()).indexOf(true)]!
  const goes = both.find((path) => path !== twin)!
  await waitFor('the other one to be linked again', async () => (await linksOf(goes)).includes('Ann'))
  expect((await mustRun(goes, ['post', 'still Bob'])).code).toBe(0)
  expect((await twofold(twin, ['post', 'me too'])).err).toContain('DEVICE_COPIED')
  await waitFor('the entry at Ann', async () => (await texts(ann.path)).includes('still Bob'))
  expect(await stopped()).toEqual(both.map((path) => path === twin))

  // The other one: a new device of the same member, with the old entries back and no fork.
  await mustRun(twin, ['renew'])
  expect((await state(twin)).phase.phase).toBe('no-circle')
  const { link } = await invite(goes)
  await mustRun(twin, ['join', link, '--timeout', '40'])
  await waitFor('two devices of Bob at Ann', async () => {
    const bobs = (await members(ann.path)).find((m) => m.name === 'Bob')!
    return bobs.devices.length === 2
  })
  await waitFor('it to write', async () => (await twofold(twin, ['post', 'Bob’s other one'])).code === 0)
  await waitFor('all three at Ann', async () => (await texts(ann.path)).length === 3)
  expect((await state(ann.path)).alerts).toEqual([])
  expect(await texts(ann.path)).toEqual(['Bob’s other one', 'still Bob', 'the only Bob'])
})

test('[N7] an old backup put back notices it before it writes', async () => {
  const { ann, others } = await circleOf('Bob')
  const [bob] = others as [(typeof others)[0]]
  await mustRun(bob.path, ['post', 'one'])
  await stop(bob.peer)
  const backup = folder('backup')
  cpSync(bob.path, backup, { recursive: true })
  const again = await peer(bob.path)
  await mustRun(bob.path, ['post', 'two'])
  await waitFor('both at Ann', async () => (await texts(ann.path)).length === 2)
  await stop(again)
  await peer(backup)
  const refused = await twofold(backup, ['post', 'another two'])
  expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('DEVICE_COPIED') as string })
  expect(await texts(ann.path)).toEqual(['one', 'two'])
  expect((await state(ann.path)).alerts).toEqual([])
})

test('[N6] two histories of one device are proven to everybody, the device is stopped below them, and an admin ends it', async () => {
  const { ann, others } = await circleOf('Bob', 'Carol')
  const [bob, carol] = others as [(typeof others)[0], (typeof others)[0]]
  await mustRun(bob.path, ['post', 'before'])
  await waitFor('the entry at both', async () =>
    (await Promise.all([ann.path, carol.path].map(texts))).every((t) => t.length === 1),
  )
  await stop(bob.peer)
  const copy = folder('copy')
  cpSync(bob.path, copy, { recursive: true })
  // Nothing runs on either, so nobody can tell them apart: both write number 2.
  await mustRun(bob.path, ['post', 'one history'])
  await mustRun(copy, ['post', 'another history'])
  // Each side meets one of them.
  await stop(carol.peer)
  const first = await peer(bob.path)
  await waitFor('one at Ann', async () => (await texts(ann.path)).includes('one history'))
  await stop(first)
  await stop(ann.peer)
  const carols = await peer(carol.path)
  const second = await peer(copy)
  await waitFor('the other at Carol', async () => (await texts(carol.path)).includes('another history'))
  await stop(second)
  await peer(ann.path)
  const codes = async (path: string) => (await state(path)).alerts.map((a) => a.code)
  for (const { path } of [ann, carol]) {
    await waitFor('the proof to be there', async () => (await codes(path)).includes('EQUIVOCATION'))
    await waitFor('the device to be stopped', async () => (await texts(path)).length === 1)
    expect(await texts(path)).toEqual(['before'])
  }
  await waitFor('both in step', async () => (await state(carol.path)).sync.missing === 0)
  const device = (await members(carol.path)).find((m) => m.name === 'Bob')!.devices[0]!
  expect(device).toMatchObject({ forkedAt: 2, removed: false })
  // Each row of the device says so too, and the list on the command line.
  expect(await twofoldJson<Row>(carol.path, ['timeline'])).toMatchObject([{ text: 'before', forkedAt: 2 }])
  expect((await mustRun(carol.path, ['members'])).out).toContain('stopped at 2')

  // In a window: on the row, on the member, and above the timeline.
  await stop(carols)
  const window = await launch({ dataFolder: carol.path, env: loopback })
  try {
    const { page } = window
    await page.getByRole('article').filter({ hasText: 'device stopped at its entry 2' }).waitFor()
    await page.getByText('A device of Bob signed two different entries').waitFor()
    await picture(page, '48-fork-row')
    await page
      .getByRole('navigation')
      .getByRole('button', { name: /^Circle/ })
      .click()
    await page.getByText('Two histories from entry 2 on: stopped').waitFor()
    await picture(page, '49-fork-member')
  } finally {
    await window.stop()
  }
  await peer(carol.path)

  // Anybody can check the proof, and nobody can bend it.
  const file = join(folder('proof'), 'fork.twofold')
  await mustRun(carol.path, ['fork-proof', bob.device, '--out', file])
  const checked = await twofold(carol.path, ['verify', file])
  expect(checked).toMatchObject({ code: 0, out: expect.stringContaining('two different entries number 2') as string })

  // The copy learns that it is stopped, and the admin removes the member.
  await peer(copy)
  await waitFor('the copy to be stopped', async () => (await codes(copy)).includes('DEVICE_COPIED'))
  await mustRun(ann.path, ['remove', 'Bob'])
  await waitFor('the notice to be over', async () => !(await codes(carol.path)).includes('EQUIVOCATION'))
  expect(await texts(carol.path)).toEqual(['before'])
})

test('[N7] the founder has lost everything but his words: any member lets him back, and his root key does the rest', async () => {
  const { ann, others } = await circleOf('Bob')
  const [bob] = others as [(typeof others)[0]]
  await mustRun(ann.path, ['post', 'from the old machine'])
  await waitFor('the entry at Bob', async () => (await texts(bob.path)).length === 1)
  await stop(ann.peer)

  const back = folder('back')
  await mustRun(back, ['init', '--name', 'Ann', '--restore'], { input: ann.words.join(' ') })
  const { link } = await invite(bob.path)
  await joinWith(back, link)
  expect(await texts(back)).toEqual(['from the old machine'])
  await peer(back)
  await waitFor('Ann to be linked', async () => (await linksOf(back)).includes('Bob'))
  expect((await state(back)).circle).toMatchObject({ standing: 'provisional', mayRecover: true })
  expect((await twofold(bob.path, ['recover'])).err).toContain('RECOVERY_NOT_POSSIBLE')
  await mustRun(back, ['recover'])
  await waitFor('Bob to follow', async () => (await epoch(bob.path)) === 2)
  await waitFor('Ann to write', async () => (await twofold(back, ['post', 'back again'])).code === 0)
  await waitFor('the entry at Bob', async () => (await texts(bob.path)).includes('back again'))
  const anns = (await members(bob.path)).find((m) => m.name === 'Ann')!
  expect(anns.devices.filter((d) => !d.removed)).toHaveLength(1)
  expect(anns.devices).toHaveLength(2)
  // She is an admin again, with all that belongs to it.
  const carol = folder('carol')
  await init(carol, 'Carol')
  await joinWith(carol, (await invite(back)).link)
  expect((await state(carol)).circle!.standing).toBe('member')
})
