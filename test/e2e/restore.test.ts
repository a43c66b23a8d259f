// Back from a backup, through the built command line: what was written is here at once without anybody online, the device is a
// new one, and an invite by any member lets it write again. Nobody ever sees a fork.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { join } from 'node:path'
import type { AppState } from '../../shared/types'
import { waitFor } from '../support/wait'
import { mustRun, newFolder, startPeer, twofoldJson, type Folder, type Peer } from './command-line'

interface Entry {
  id: string
  text: string
}
const folders: Folder[] = []
const folder = (name: string): string => {
  const made = newFolder(name)
  folders.push(made)
  return made.path
}
let peer: Peer | null = null
let ann = ''
let bob = ''
let words = ''

beforeAll(async () => {
  ann = folder('ann')
  bob = folder('bob')
  await mustRun(ann, ['init', '--name', 'Ann'])
  await mustRun(ann, ['circle', 'create', '--name', 'Lab'])
  const [made] = await twofoldJson<{ words: string[] }>(bob, ['init', '--name', 'Bob'])
  words = made!.words.join(' ')
  peer = await startPeer(ann)
  const { out: link } = await mustRun(ann, ['invite'])
  await mustRun(bob, ['join', link, '--timeout', '40'])
})
afterAll(async () => {
  await peer?.stop()
  for (const one of folders) one.remove()
})

const state = async (dir: string): Promise<AppState> => (await twofoldJson<AppState>(dir, ['state']))[0]!
const entries = async (dir: string): Promise<string[]> =>
  (await twofoldJson<Entry>(dir, ['timeline'])).map(({ text }) => text).sort()

test('[N7] a backup brings everything back at once, as a new device that any member lets in again', async () => {
  for (const text of ['one', 'two', 'three']) await mustRun(bob, ['post', text])
  const backup = join(folder('disk'), 'bob.twofold-backup')
  await mustRun(bob, ['backup', backup])
  const before = await state(bob)

  const back = folder('back')
  await mustRun(back, ['restore', backup], { input: words })
  expect(await entries(back)).toEqual(['one', 'three', 'two'])
  const restored = await state(back)
  expect(restored.me!.member).toBe(before.me!.member)
  expect(restored.me!.device).not.toBe(before.me!.device)
  expect(restored.circle).toMatchObject({ rejoin: true, standing: 'provisional' })
  await mustRun(back, ['post', 'written before it was let in'])

  const { out: link } = await mustRun(ann, ['invite'])
  await mustRun(back, ['join', link, '--timeout', '40'])
  const again = await startPeer(back)
  try {
    await waitFor('what was kept to be with Ann', async () => (await entries(ann)).length === 4, 40_000)
  } finally {
    await again.stop()
  }
  expect(await entries(ann)).toEqual(await entries(back))
  const now = await state(back)
  expect(now.circle).toMatchObject({ rejoin: false, standing: 'member' })
  expect([...now.alerts, ...(await state(ann)).alerts].map(({ code }) => code)).not.toContain('EQUIVOCATION')
})
