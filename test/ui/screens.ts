// Pictures of every view of the real app on a sample circle: view × theme × size. Nothing is judged here but by eyes.
import { mkdirSync, rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seedFolder } from '../../main/seed'
import type { Bridge } from '../../shared/ipc-contract'
import { launch } from '../e2e/launch'
import { conversation, views } from './views'

const SIZES = { small: [800, 600], middle: [1280, 800], large: [3840, 2160] } as const
const out = process.argv[2] ?? '.scratch/look'
const only = process.argv.slice(3)

const parent = mkdtempSync(join(tmpdir(), 'twofold-look-'))
const folder = join(parent, 'sample')
await seedFolder({})(folder, { entries: 3000, members: 14, days: 700, random: 1 }, () => undefined)
mkdirSync(out, { recursive: true })
const { page, stop, problems } = await launch({
  dataFolder: folder,
  env: { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' },
})
page.setDefaultTimeout(6000)
await page.getByTestId('entry').first().waitFor()
await conversation(page)
try {
  for (const theme of ['light', 'dark'] as const) {
    await page.evaluate(
      (wanted) => (window as unknown as { twofold: Bridge }).twofold.call('settings.set', { theme: wanted }),
      theme,
    )
    for (const [size, [width, height]] of Object.entries(SIZES)) {
      await page.setViewportSize({ width, height })
      for (const [name, show] of Object.entries(views)) {
        if (only.length && !only.includes(name)) continue
        try {
          await show(page)
          await page.waitForTimeout(150)
          await page.screenshot({ path: join(out, `${name.replaceAll(' ', '-')}-${theme}-${size}.png`) })
        } catch (error) {
          console.error(`${name} ${theme} ${size}: ${String(error).split('\n')[0]}`)
          await page.screenshot({ path: join(out, `failed-${name.replaceAll(' ', '-')}-${theme}-${size}.png`) })
        }
      }
    }
  }
  console.log(`Pictures are in ${out}.`)
  for (const problem of new Set(problems)) console.error(problem)
} finally {
  await stop()
  rmSync(parent, { recursive: true, force: true })
}
