// The first sync in the real thing: a window joins a circle with thousands of entries, which threads check, store and index
// beside its main loop, while it shows the newest and takes an own entry.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedFolder } from '../../main/seed'
import type { AppState } from '../../shared/types'
import { waitFor } from '../support/wait'
import { loopback, mustRun, newFolder, twofoldJson, type Folder } from './command-line'
import { launch, type Running } from './launch'
import { composer, joinByLink, makeIdentity, post } from './window'

const ENTRIES = 6000
let a: Folder
let b: Folder
let ann: Running
let bob: Running
let nodes = 0
const state = async (folder: Folder) => (await twofoldJson<AppState>(folder.path, ['state']))[0]!

beforeAll(async () => {
  ;[a, b] = [newFolder('ann'), newFolder('bob')]
  const options = { entries: ENTRIES, members: 20, days: 300, random: 7 }
  nodes = (await seedFolder({})(a.path, options, () => undefined)).nodes
  ann = await launch({ dataFolder: a.path, env: loopback })
  bob = await launch({ dataFolder: b.path, env: loopback })
})
afterAll(async () => {
  await Promise.allSettled([ann?.stop(), bob?.stop()])
  for (const folder of [a, b]) folder?.remove()
})

test('[N9] a window that joins a full circle has all of it, in threads of its own, and can write at once', async () => {
  await ann.page.getByTestId('entry').first().waitFor()
  const [invite] = await twofoldJson<{ link: string }>(a.path, ['invite'])
  await makeIdentity(bob.page, 'Bob')
  await joinByLink(bob.page, invite!.link)
  await composer(bob.page).waitFor()
  await bob.page.getByTestId('entry').first().waitFor()
  await post(bob.page, 'Here I am')
  await waitFor('everything to be here', async () => {
    const { sync } = await state(b)
    return sync.have === nodes + 1 && sync.missing === 0
  })
  await waitFor('Ann to have what Bob wrote', async () => (await state(a)).sync.have === nodes + 1)
  const newest = async (folder: Folder) =>
    (await twofoldJson<{ id: string }>(folder.path, ['timeline', '--limit', '50'])).map(({ id }) => id)
  expect(await newest(b)).toEqual(await newest(a))
  // Words are found, once the index has caught up.
  await waitFor('the index', async () => {
    const [mine, theirs] = await Promise.all(
      [b, a].map((one) => twofoldJson(one.path, ['search', 'kettle', '--limit', '2000'])),
    )
    return theirs!.length > 10 && mine!.length === theirs!.length
  })
  expect([ann.problems, bob.problems]).toEqual([[], []])
  const log = readFileSync(join(b.path, 'twofold.log'), 'utf8')
  expect(log).toContain('"threads started"')
  expect(log.split('\n').filter((line) => line.includes('"error"'))).toEqual([])
})

test('[N9] what came in bulk is whole: every byte, signature and link, read again from the folder alone', async () => {
  await bob.stop()
  const { out } = await mustRun(b.path, ['verify', '--json'])
  expect(JSON.parse(out)).toMatchObject({ checked: nodes + 1, bad: [] })
})
