// The main job in the real thing: two windows and a command line on one machine, real sockets, files and signatures.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loopback, newFolder, startPeer, twofold, twofoldJson, type Folder, type Peer } from './command-line'
import { waitFor } from '../support/wait'
import { launch, type Running } from './launch'
import { composer, foundCircle, joinByLink, makeIdentity, picture, post } from './window'

interface Line {
  id: string
  memberName: string
  seq: number
  timestamp: number
  text: string
  verified: boolean
  proof: string
}
const timeline = (folder: Folder) => twofoldJson<Line>(folder.path, ['timeline'])

let a: Folder
let b: Folder
let c: Folder
let ann: Running
let bob: Running
let carol: Peer | undefined

beforeAll(async () => {
  ;[a, b, c] = [newFolder('ann'), newFolder('bob'), newFolder('carol')]
  ann = await launch({ dataFolder: a.path, env: loopback })
  bob = await launch({ dataFolder: b.path, env: loopback })
})
afterAll(async () => {
  await Promise.allSettled([ann?.stop(), bob?.stop(), carol?.stop()])
  for (const folder of [a, b, c]) folder?.remove()
})

test('[M1] Ann founds a circle in her window', async () => {
  await picture(ann.page, '01-welcome')
  const words = await makeIdentity(ann.page, 'Ann')
  expect(words).toHaveLength(24)
  await picture(ann.page, '02-start-or-join')
  await foundCircle(ann.page, 'Family')
  await picture(ann.page, '03-empty-timeline')
  expect(ann.problems).toEqual([])
})

test('[M4] Bob joins in another window with the pasted link, Carol from the command line', async () => {
  const [invite] = await twofoldJson<{ link: string }>(a.path, ['invite', '--uses', '5'])
  await makeIdentity(bob.page, 'Bob')
  await joinByLink(bob.page, invite!.link)
  await composer(bob.page).waitFor()
  expect((await twofold(c.path, ['init', '--name', 'Carol'])).code).toBe(0)
  const joined = await twofold(c.path, ['join', invite!.link, '--timeout', '60'])
  expect(joined).toMatchObject({ code: 0, out: expect.stringContaining('You are in Family. 3 members') as string })
  carol = await startPeer(c.path)
})

test('[N5] each posts, and all three show the same timeline with every row verified', async () => {
  await post(ann.page, 'Tea is **ready**')
  await post(bob.page, '- [x] bring cake\n- [ ] bring cups')
  expect((await twofold(c.path, ['post', 'On my way'])).code).toBe(0)
  for (const folder of [a, b, c]) await waitFor('three entries', async () => (await timeline(folder)).length === 3)
  const [atAnn, atBob, atCarol] = await Promise.all([a, b, c].map(timeline))
  const seen = (lines: Line[]) => lines.map(({ id, memberName, text }) => ({ id, memberName, text }))
  expect(seen(atBob!)).toEqual(seen(atAnn!))
  expect(seen(atCarol!)).toEqual(seen(atAnn!))
  for (const lines of [atAnn!, atBob!, atCarol!])
    expect(lines.every((l) => l.verified && l.proof === 'linked')).toBe(true)
  for (const { page } of [ann, bob]) {
    for (const text of ['Tea is ready', 'bring cake', 'On my way'])
      await page.getByRole('article').filter({ hasText: text }).waitFor()
    // Markdown is painted as elements, not as text.
    await page.getByRole('article').locator('strong', { hasText: 'ready' }).waitFor()
  }
  await picture(ann.page, '04-timeline-ann')
  await picture(bob.page, '05-timeline-bob')
})

test('[F10] the inspector shows the proof in sentences and the route as a picture', async () => {
  const { page } = ann
  const entry = page.getByRole('article').filter({ hasText: 'On my way' })
  await entry.hover()
  await entry.getByRole('button', { name: 'Details' }).click()
  const pane = page.getByRole('complementary', { name: 'Entry details' })
  await pane.getByText('All 8 checks hold').waitFor()
  await pane.getByText('for this circle and this entry (Ed25519)').waitFor()
  await pane.getByRole('img', { name: 'Ring of 3 devices with both trees' }).waitFor()
  await picture(page, '06-inspector')
  await pane.getByRole('radio', { name: 'Trees' }).click()
  await pane.getByRole('img', { name: 'Tree A over 3 devices' }).scrollIntoViewIfNeeded()
  await picture(page, '06-inspector-trees')
  const [line] = (await timeline(a)).filter((l) => l.text === 'On my way')
  const route = await twofold(a.path, ['route', line!.id])
  expect(route.out).toMatch(
    /^Tree A: Carol → (Bob → )?Ann\nTree B: Carol → (Bob → )?Ann\nFirst copy from (Carol|Bob), on tree [AB], .*\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\..*$/,
  )
  const proof = await twofold(a.path, ['proof', line!.id, '--out', `${a.path}/entry.twofold`])
  expect(proof.code).toBe(0)
  const elsewhere = newFolder('nobody')
  const verified = await twofold(elsewhere.path, ['verify', `${a.path}/entry.twofold`])
  expect(verified.out).toContain('The proof holds: written by Carol in the circle Family')
  elsewhere.remove()
  await pane.getByText(/^Tree [AB], (hop \d of \d|standing in)$/).waitFor()
})

test('[C3] within seconds everybody has signed for an entry, and the signatures can be checked anywhere', async () => {
  const { page } = ann
  const pane = page.getByRole('complementary', { name: 'Entry details' })
  await pane.getByText('Held by 3 of 3').waitFor()
  await pane.getByTestId('holders').scrollIntoViewIfNeeded()
  expect(await pane.getByRole('list', { name: 'Held by 3 devices' }).getByRole('listitem').allInnerTexts()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^Bob\s+up to \d/), expect.stringMatching(/^Carol\s+up to \d/)]),
  )
  await picture(page, '06-inspector-holders')
  const [line] = (await timeline(a)).filter((l) => l.text === 'On my way')
  const file = `${a.path}/held.twofold`
  expect((await twofold(a.path, ['holders', line!.id, '--export', file])).out).toMatch(/^Held by 3 of 3\.\n/)
  const elsewhere = newFolder('nobody')
  const verified = await twofold(elsewhere.path, ['verify', file])
  expect(verified.out).toMatch(/✓ Held and verified by 2 other devices, each by its own signature: .*Bob/)
  elsewhere.remove()
  await pane.getByRole('button', { name: 'Close details' }).click()
  await pane.waitFor({ state: 'detached' })
})

test('[F5] the network view shows the ring with its links, by pointer and by keys, and caps can be set', async () => {
  const { page } = ann
  await page.getByRole('navigation').getByRole('button', { name: 'Network', exact: true }).click()
  const map = page.getByRole('listbox', { name: 'Ring of 3 devices, this one first' })
  await map.getByRole('option').nth(2).waitFor()
  const names = await map.getByRole('option').evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')))
  expect(names[0]).toMatch(/^Ann, This device/)
  expect(names.slice(1)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^Bob, Online on this computer, [12] of 2 after you$/),
      expect.stringMatching(/^Carol, Online on this computer, [12] of 2 after you$/),
    ]),
  )
  await map.press('End')
  await map.press('Enter')
  const last = names[2]!.split(',')[0]!
  await page.getByTestId('ring-facts').getByRole('heading', { name: last }).waitFor()
  await page.getByTestId('traffic').getByRole('combobox', { name: 'Traffic with' }).waitFor()
  expect(await page.getByLabel('Traffic with').locator('option:checked').innerText()).toBe(last)
  await page.getByText('2 of 2 other devices proven').waitFor()
  await picture(page, '08-network-chosen')
  await page.getByRole('navigation').getByRole('button', { name: 'Settings', exact: true }).click()
  await page.getByLabel('To one device').fill('512')
  await page.getByLabel('To one device').press('Enter')
  await page.getByText('At most 512 KiB a second').waitFor()
})

test('every view has something to show', async () => {
  const { page } = ann
  const views = [
    ['Circle', '07-circle'],
    ['Network', '08-network'],
    ['Settings', '09-settings'],
  ] as const
  for (const [name, file] of views) {
    await page.getByRole('navigation').getByRole('button', { name, exact: true }).click()
    await page.getByRole('heading', { name, level: 1 }).waitFor()
    await picture(page, file)
  }
  await page.getByRole('radio', { name: 'Dark' }).click()
  const dark = () => page.evaluate(() => matchMedia('(prefers-color-scheme: dark)').matches)
  await waitFor('the dark theme', dark)
  await picture(page, '10-settings-dark')
  await page
    .getByRole('navigation')
    .getByRole('button', { name: /^Everyone/ })
    .click()
  await page.getByRole('article').first().waitFor()
  await picture(page, '11-timeline-dark')

  await page.keyboard.press('Control+k')
  await page.getByRole('dialog', { name: 'Command palette' }).waitFor()
  await picture(page, '13-palette')
  await page.keyboard.press('Escape')
  await page.getByRole('navigation').getByRole('button', { name: 'Invite somebody' }).click()
  await page.getByRole('button', { name: 'Make the invite' }).click()
  await page.getByRole('img', { name: 'QR code of the invite link' }).waitFor()
  expect(await page.getByRole('textbox', { name: 'Link' }).inputValue()).toMatch(/^twofold:\/\/join\//)
  await picture(page, '14-invite')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(ann.problems).toEqual([])
  expect(bob.problems).toEqual([])
})

test('[R4] Bob is killed while Ann and Carol write 1,000 entries; he comes back and has all, newest first', async () => {
  await bob.kill()
  const lines = (who: string) => Array.from({ length: 500 }, (_unused, i) => `${who} ${i + 1}`).join('\n')
  const [fromAnn, fromCarol] = await Promise.all([
    twofold(a.path, ['post', '--lines'], { input: lines('Ann writes') }),
    twofold(c.path, ['post', '--lines'], { input: lines('Carol writes') }),
  ])
  expect([fromAnn!.code, fromCarol!.code]).toEqual([0, 0])
  for (const folder of [a, c]) await waitFor('1,003 entries', async () => (await timeline(folder)).length === 1003)

  bob = await launch({ dataFolder: b.path, env: loopback })
  await waitFor('Bob to have caught up', async () => (await timeline(b)).length === 1003)
  const [atAnn, atBob] = await Promise.all([timeline(a), timeline(b)])
  expect(atBob.map((l) => l.id)).toEqual(atAnn.map((l) => l.id))
  expect(atBob.every((l) => l.verified && l.proof === 'linked')).toBe(true)
  const times = atBob.map((l) => l.timestamp)
  expect(times).toEqual([...times].sort((x, y) => y - x))
  // The window shows the newest of them on top.
  await bob.page.getByRole('article').filter({ hasText: atBob[0]!.text }).first().waitFor()
  await picture(bob.page, '12-timeline-after-1000')
  expect((await twofold(b.path, ['verify'])).out).toBe('All 1003 entries hold.')
  expect(bob.problems).toEqual([])
})

test('a post made while nothing runs is delivered when something next runs', async () => {
  await carol!.stop()
  const posted = await twofold(c.path, ['post', 'Written with nothing running'])
  expect(posted.code).toBe(0)
  expect((await timeline(a)).some((l) => l.text === 'Written with nothing running')).toBe(false)
  carol = await startPeer(c.path)
  await waitFor('the entry at Ann', async () =>
    (await timeline(a)).some((l) => l.text === 'Written with nothing running'),
  )
  await ann.page.getByRole('article').filter({ hasText: 'Written with nothing running' }).waitFor()
})
