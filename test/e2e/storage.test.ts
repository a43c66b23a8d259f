// The Storage view of the real app: what takes space, a second copy, an export and a check, with dialogs that a person would
// answer answered by the test in the main process; and that a page can name no path of its own.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seedFolder } from '../../main/seed'
import type { Bridge } from '../../shared/ipc-contract'
import { launch, type Running } from './launch'
import { loopback, mustRun } from './command-line'

let parent = ''
let running: Running

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'twofold-storage-'))
  const dataFolder = join(parent, 'data')
  await seedFolder({})(dataFolder, { entries: 300, members: 5, days: 60, random: 3 }, () => undefined)
  writeFileSync(join(dataFolder, 'timeline.sqlite.damaged-1780000000000'), 'not a database')
  running = await launch({ dataFolder, env: loopback })
  await running.page.getByTestId('entry').first().waitFor()
})
afterAll(async () => {
  await running.stop()
  rmSync(parent, { recursive: true, force: true })
})

/** What the person at the next dialogs chooses. */
const choose = (path: string) =>
  running.app.evaluate(({ dialog }, chosen) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath: chosen })
    dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [chosen] })
  }, path)

test('[N7] Storage: space by member, a second copy, an archive that verifies, a check, and a file set aside that goes', async () => {
  const { page } = running
  await page.keyboard.press('g')
  await page.keyboard.press('d')
  await page.getByRole('heading', { name: 'Storage', exact: true }).waitFor()
  const table = page.getByRole('table', { name: 'Space by member' })
  await table.waitFor()
  expect(await table.getByRole('row').count()).toBe(6)

  const copy = join(parent, 'copy')
  await choose(copy)
  await page.getByRole('button', { name: 'Choose a folder…' }).click()
  await page.getByText('Up to date', { exact: true }).waitFor()
  expect(readdirSync(copy)).toHaveLength(1)
  await mustRun(join(parent, 'none'), ['verify', join(copy, readdirSync(copy)[0]!)])

  const archive = join(parent, 'sample.twofold-archive')
  await choose(archive)
  const line = page.locator('.line', { hasText: 'Signed archive' })
  await line.getByRole('button', { name: 'Export…' }).click()
  await page.getByRole('status').getByText('signed entries').waitFor()
  const { out } = await mustRun(join(parent, 'none'), ['verify', archive])
  expect(out).toContain('nothing was left out, added or changed')

  await page.locator('.line', { hasText: 'Check every stored entry' }).getByRole('button').click()
  await page.getByText(/^All \d+ entries hold\.$/).waitFor()

  await page.getByRole('button', { name: 'Delete timeline.sqlite.damaged-1780000000000' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByRole('heading', { name: 'Set aside', exact: true }).waitFor({ state: 'detached' })
  expect(readdirSync(join(parent, 'data')).filter((name) => name.includes('damaged'))).toEqual([])
  expect(running.problems).toEqual([])
})

test('[L3] a page gone bad can write, read or copy to no path that nobody chose', async () => {
  const { page } = running
  const path = join(parent, 'stolen')
  for (const [name, input] of [
    ['storage.export', { form: 'json', path }],
    ['storage.backup', { path }],
    ['storage.import', { path: join(parent, 'data', 'keys.json') }],
    ['mirror.set', { folder: path }],
    ['backup.restore', { path, words: 'x' }],
  ] as const) {
    const reply = await page.evaluate(
      ([call, given]) =>
        (window as unknown as { twofold: Bridge }).twofold.call(call as 'storage.import', given as never),
      [name, input] as const,
    )
    expect(JSON.parse(reply), name).toMatchObject({ ok: false, code: 'FORBIDDEN' })
  }
  expect(readdirSync(parent)).not.toContain('stolen')
})
