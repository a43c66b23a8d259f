// `npm run look -- FOLDER [VIEW…] [--language de]`: pictures of every view of the built app, for eyes; nothing is judged here.
// A sample circle in each view, theme and size; then the first run step by step and a circle with nothing in it.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { crypto } from '../../main/identity/sodium'
import { seedFolder } from '../../main/seed'
import { openTimelineStore } from '../../main/store/timeline-store'
import { text as english } from '../../renderer/text'
import { german } from '../../renderer/text-de'
import type { Bridge } from '../../shared/ipc-contract'
import setup from '../e2e/display'
import { launch } from '../e2e/launch'
import { atRest } from '../e2e/window'
import { conversation, viewsIn } from './views'

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { language: { type: 'string', default: 'en' } },
})
const language = given.language === 'de' ? 'de' : 'en'
const t = language === 'de' ? german : english
const SIZES = { small: [800, 600], middle: [1280, 800], large: [3840, 2160] } as const
/** The other language is looked at for words that do not fit: where there is little room. */
const sizes = language === 'en' ? SIZES : { small: SIZES.small, middle: SIZES.middle }
const [out = '.scratch/look', ...only] = positionals
const env = {
  TWOFOLD_BOOTSTRAP: '',
  TWOFOLD_BIND: '127.0.0.1',
  TWOFOLD_TEST: '1',
  LC_ALL: language === 'de' ? 'de_DE.UTF-8' : 'en_GB.UTF-8',
}
const DAY_MS = 86_400_000

const set = (page: Page, settings: object) =>
  page.evaluate(
    (wanted) => (window as unknown as { twofold: Bridge }).twofold.call('settings.set', wanted),
    settings as never,
  )
/** In both themes and each size. */
async function pictures(page: Page, name: string, show: () => Promise<void> = async () => undefined): Promise<void> {
  if (only.length && !only.includes(name)) return
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme })
    for (const [size, [width, height]] of Object.entries(sizes)) {
      await page.setViewportSize({ width, height })
      const file = `${name.replaceAll(' ', '-')}-${theme}-${size}.png`
      try {
        await show()
        // Motion begins with the frame after what set it off.
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
        await atRest(page)
        await page.screenshot({ path: join(out, file) })
      } catch (error) {
        console.error(`${name} ${theme} ${size}: ${String(error).split('\n')[0]}`)
        await page.screenshot({ path: join(out, `failed-${file}`) })
      }
    }
  }
}

/** The app on a folder, in the wanted language. */
async function app(dataFolder: string): Promise<Awaited<ReturnType<typeof launch>>> {
  const running = await launch({ dataFolder, env })
  const { page } = running
  page.setDefaultTimeout(6000)
  await page.locator('main').first().waitFor()
  await set(page, { language })
  await page.waitForURL(new RegExp(`language=${language}`))
  await page.locator('main').first().waitFor()
  return running
}

/** As if somebody had misbehaved: the one thing that no honest circle shows. */
function keepOutBob(folder: string): void {
  const store = openTimelineStore(folder, crypto)
  const bob = [...store.have().keys()][1]!
  const since = Date.now() - DAY_MS / 24
  store.setMeta(
    'kept-out',
    JSON.stringify([{ device: bob, misdeed: 'forgery', since, until: since + DAY_MS, times: 1 }]),
  )
  store.close()
}

async function sampleCircle(folder: string): Promise<string[]> {
  await seedFolder({})(folder, { entries: 3000, members: 14, days: 700, random: 1 }, () => undefined)
  keepOutBob(folder)
  const { page, stop, problems } = await app(folder)
  try {
    await page.getByTestId('entry').first().waitFor()
    await conversation(page)
    for (const [name, show] of Object.entries(viewsIn(t))) await pictures(page, name, () => show(page))
  } finally {
    await stop()
  }
  return problems
}

/** From the welcome to an empty timeline, with a wrong link on the way; then every view that has nothing to show. */
async function firstRun(folder: string): Promise<string[]> {
  const { page, stop, problems } = await app(folder)
  const press = (name: string) => page.getByRole('button', { name, exact: true }).first().click()
  try {
    await page.getByLabel(t.welcome.nameLabel).waitFor()
    await pictures(page, 'first welcome')
    await press(t.welcome.device)
    await pictures(page, 'first device')
    await page.keyboard.press('Escape')
    await press(t.action.back)
    await press(t.welcome.restore)
    await pictures(page, 'first restore')
    await press(t.action.back)
    await page.getByLabel(t.welcome.nameLabel).fill('Ann')
    await press(t.welcome.create)
    await page.getByRole('list', { name: t.words.list }).waitFor()
    await pictures(page, 'first words')
    const items = await page.getByRole('list', { name: t.words.list }).getByRole('listitem').allInnerTexts()
    await press(t.words.done)
    await page.getByText(t.confirm.title).waitFor()
    await pictures(page, 'first confirm')
    for (const [i, word] of items.entries()) {
      const field = page.getByLabel(t.confirm.word(i + 1), { exact: true })
      if (await field.isVisible()) await field.fill(/[a-z]+/.exec(word)![0])
    }
    await press(t.confirm.submit)
    await page.getByRole('button', { name: t.circleStart.join }).waitFor()
    await pictures(page, 'first circle')
    await press(t.circleStart.join)
    await page.getByLabel(t.join.field).fill('twofold://join/1qqqqqqqq')
    await press(t.join.look)
    await page.getByRole('alert').waitFor()
    await pictures(page, 'first wrong link')
    await press(t.action.back)
    await press(t.circleStart.create)
    await page.getByLabel(t.createCircle.name).fill('Family')
    await pictures(page, 'first founding')
    await press(t.createCircle.submit)
    await page.getByRole('textbox', { name: t.compose.label }).waitFor()
    await pictures(page, 'empty everyone')
    for (const [name, letter] of Object.entries({
      mine: 'm',
      bookmarks: 'b',
      circle: 'c',
      network: 'n',
      storage: 'd',
    })) {
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
      await page.keyboard.press('g')
      await page.keyboard.press(letter)
      await page.locator('main h1').waitFor()
      await pictures(page, `empty ${name}`)
    }
    await set(page, { lan: false, internet: false })
    await page.keyboard.press('g')
    await page.keyboard.press('n')
    await pictures(page, 'network off')
  } finally {
    await stop()
  }
  return problems
}

const closeDisplay = await setup()
mkdirSync(out, { recursive: true })
const parent = mkdtempSync(join(tmpdir(), 'twofold-look-'))
try {
  const problems = [...(await sampleCircle(join(parent, 'sample'))), ...(await firstRun(join(parent, 'first')))]
  console.log(`Pictures are in ${out}.`)
  for (const problem of new Set(problems)) console.error(problem)
} finally {
  rmSync(parent, { recursive: true, force: true })
  closeDisplay?.()
}
