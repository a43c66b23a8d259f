// Coming, going and coming back, in the window and on the command line: approval, words instead of a link, restoring from
// 24 words, removal.
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AppState, MemberView } from '../../shared/types'
import { loopback, mustRun, newFolder, startPeer, twofold, twofoldJson, type Folder, type Peer } from './command-line'
import { waitFor } from '../support/wait'
import { launch, type Running } from './launch'
import { composer, makeIdentity, picture } from './window'

let a: Folder
let b: Folder
let again: Folder
let c: Folder
let ann: Running
let carol: Running | undefined
let bob: Peer | undefined
let words: string[]

const members = (folder: Folder) => twofoldJson<MemberView>(folder.path, ['members'])
const texts = async (folder: Folder) =>
  (await twofoldJson<{ text: string; verified: boolean }>(folder.path, ['timeline'])).map((line) => line.text)
const newLink = async (...more: string[]) =>
  (await twofoldJson<{ link: string; words: string }>(a.path, ['invite', ...more]))[0]!

beforeAll(async () => {
  ;[a, b, again, c] = [newFolder('ann'), newFolder('bob'), newFolder('bob-again'), newFolder('carol')]
  await mustRun(a.path, ['init', '--name', 'Ann'])
  await mustRun(a.path, ['circle', 'create', '--name', 'Lab', '--approval', 'ask'])
  ann = await launch({ dataFolder: a.path, env: loopback })
  words = (await twofoldJson<{ words: string[] }>(b.path, ['init', '--name', 'Bob']))[0]!.words
})
afterAll(async () => {
  await Promise.allSettled([ann?.stop(), carol?.stop(), bob?.stop()])
  for (const folder of [a, b, again, c]) folder?.remove()
})

test('[M4] Bob asks to join, Ann sees it in her window and lets him in', async () => {
  const { link } = await newLink()
  const joining = twofold(b.path, ['join', link, '--timeout', '60'])
  const { page } = ann
  await page
    .getByRole('navigation')
    .getByRole('button', { name: /^Circle/ })
    .click()
  const letIn = page.getByRole('button', { name: 'Let Bob in' })
  await letIn.waitFor()
  await picture(page, '30-request')
  expect((await members(a)).map((m) => m.name)).toEqual(['Ann'])
  await letIn.click()
  expect(await joining).toMatchObject({ code: 0, out: expect.stringContaining('You are in Lab. 2 members') as string })
  bob = await startPeer(b.path)
  for (const text of ['one', 'two', 'three']) await mustRun(b.path, ['post', text])
  await waitFor('Bob’s entries at Ann', async () => (await texts(a)).length === 3)
})

test('[M4] an invite for one is used up, and a declined request ends', async () => {
  const folder = newFolder('mallory')
  await mustRun(folder.path, ['init', '--name', 'Mallory'])
  const { link } = await newLink()
  const joining = twofold(folder.path, ['join', link, '--timeout', '60'])
  await ann.page.getByRole('button', { name: 'Decline Mallory' }).click()
  expect(await joining).toMatchObject({ code: 1, err: expect.stringContaining('JOIN_REFUSED') as string })
  folder.remove()
})

test('[M4] Carol joins in her window with 12 words, and sees who invites before she asks', async () => {
  const invite = await newLink()
  carol = await launch({ dataFolder: c.path, env: loopback })
  const { page } = carol
  await makeIdentity(page, 'Carol')
  await page.getByRole('button', { name: /Join a circle/ }).click()
  await page.getByLabel('Invite link or 12 words').fill(invite.words)
  await page.getByRole('button', { name: 'Look at the invite' }).click()
  await page.getByRole('button', { name: 'Join this circle' }).click()
  await page.getByText('Ann invites you to Lab').waitFor()
  await picture(page, '31-words-confirm')
  expect((await twofoldJson<AppState>(a.path, ['state']))[0]!.circle!.requests).toEqual([])
  await page.getByRole('button', { name: 'Join this circle' }).click()
  await page.getByText('Waiting for Ann to say yes').waitFor()
  await picture(page, '32-waiting')
  await mustRun(a.path, ['approve', 'Carol'])
  await composer(page).waitFor()
  await page.getByRole('article').filter({ hasText: 'three' }).waitFor()
})

test('[N7] Bob’s machine is gone; from his 24 words he is a new device, has his old entries, and writes on', async () => {
  await bob!.stop()
  b.remove()
  const [made] = await twofoldJson<{ member: string; device: string }>(
    again.path,
    ['init', '--name', 'Bob', '--restore'],
    {
      input: words.map((word, i) => `${i + 1}. ${word}`).join('\n'),
    },
  )
  const before = (await members(a)).find((m) => m.name === 'Bob')!
  expect(made!.member).toBe(before.key)
  expect(before.devices.map((d) => d.key)).not.toContain(made!.device)
  const { link } = await newLink()
  // His own root key vouches for the new device: nobody is asked again.
  await mustRun(again.path, ['join', link, '--timeout', '60'])
  expect((await texts(again)).toSorted()).toEqual(['one', 'three', 'two'])
  bob = await startPeer(again.path)
  await waitFor('Bob to be in step', async () => (await twofold(again.path, ['post', 'back again'])).code === 0)
  await waitFor('the entry at Carol', async () => (await texts(c)).includes('back again'))
  const after = (await members(c)).find((m) => m.name === 'Bob')!
  expect(after.devices).toHaveLength(2)
  expect(after.entries).toBe(4)
  for (const folder of [a, c, again]) expect((await twofold(folder.path, ['verify'])).out).toBe('All 4 entries hold.')
})

test('[M5] Ann removes Bob: he is cut off, is told, and writes no more', async () => {
  const { page } = ann
  await page.getByRole('button', { name: 'More about Bob' }).click()
  await page.getByRole('menuitem', { name: /Remove from circle/ }).click()
  await picture(page, '33-remove')
  await page.getByRole('button', { name: 'Remove Bob' }).click()
  await waitFor(
    'Bob to be told',
    async () => (await twofoldJson<AppState>(again.path, ['state']))[0]!.phase.phase === 'removed',
    5000,
  )
  expect(await twofold(again.path, ['post', 'hello?'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('REMOVED_FROM_CIRCLE') as string,
  })
  await mustRun(a.path, ['post', 'without Bob'])
  await waitFor('the entry at Carol', async () => (await texts(c)).includes('without Bob'))
  expect(await texts(again)).not.toContain('without Bob')
  // What he has stays readable, also after a restart.
  await bob!.stop()
  bob = undefined
  expect(await texts(again)).toHaveLength(4)
  const [log] = (await twofoldJson<AppState>(c.path, ['state']))[0]!.circle!.changes
  expect(log).toMatchObject({ changes: [{ what: 'removed', name: 'Bob' }], agreedBy: ['Ann'] })
  for (const { problems } of [ann, carol!]) expect(problems).toEqual([])
})
