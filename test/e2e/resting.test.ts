// A window that nobody has seen for a while gives its page back, and stands where it stood when it is looked at again.
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { choose } from '../ui/views'
import { composer } from './window'
import { openSample, type Sample } from './sample'

/** As main/desktop/resting.ts has it. */
const PUT_AWAY_AFTER_MS = 60_000
const LONG = { timeout: 20_000, interval: 50 }

let sample: Sample
beforeAll(async () => {
  sample = await openSample({ entries: 400, days: 200, random: 5 })
  // The minute goes by at once.
  await sample.running.app.evaluate((_electron, minuteMs) => {
    const real = globalThis.setTimeout
    const quick = (run: () => void, ms?: number, ...rest: unknown[]) => real(run, ms === minuteMs ? 50 : ms, ...rest)
    globalThis.setTimeout = Object.assign(quick, real) as typeof setTimeout
  }, PUT_AWAY_AFTER_MS)
})
afterAll(() => sample.stop())

/** In the page, also in one that Playwright has not seen begin. */
const inPage = <R>(work: () => R): Promise<R> =>
  sample.running.app.evaluate(
    ({ BrowserWindow }, code) =>
      BrowserWindow.getAllWindows()[0]!.webContents.executeJavaScript(`(${code})()`) as Promise<R>,
    work.toString(),
  )
const hide = () =>
  sample.running.app.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0]!
    const asked = { times: 0 }
    const { webContents } = window
    const send = webContents.send.bind(webContents)
    webContents.send = (channel: string, ...rest: unknown[]) => {
      if (channel === 'rest') asked.times++
      send(channel, ...rest)
    }
    Object.assign(globalThis, { asked })
    window.hide()
  })
const asked = () =>
  sample.running.app.evaluate(() => (globalThis as unknown as { asked: { times: number } }).asked.times)
const isAway = () =>
  sample.running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.isCrashed())
const show = () => sample.running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.show())

/** What a reader sees: the entry at the upper edge and where it begins, the one that is chosen, and what is written. */
const seen = () => {
  const port = document.querySelector('.list-viewport')?.getBoundingClientRect()
  const rows = [...document.querySelectorAll('.list:not([data-resuming]) .row-slot[data-id]')]
  const first = port && rows.find((row) => row.getBoundingClientRect().bottom > port.top + 1)
  return {
    top: first?.getAttribute('data-id'),
    px: first && Math.round(first.getBoundingClientRect().top),
    chosen: document.querySelector('article[aria-current]')?.closest('[data-id]')?.getAttribute('data-id'),
    inspector: document.querySelector('.inspector') !== null,
    draft: document.querySelector<HTMLTextAreaElement>('.composer textarea')?.value,
  }
}

test('a window out of sight gives its page back, and shows the same place, choice and draft when it is looked at', async () => {
  const { page } = sample
  await composer(page).fill('half a thought')
  await page.locator('.list-viewport').hover()
  await vi.waitUntil(async () => {
    await page.mouse.wheel(0, 900)
    return (await page.locator('[data-position="25"]').count()) > 0
  }, LONG)
  await choose(page, page.locator('[data-position="25"]'))
  await page.keyboard.press('Enter')
  await page.locator('.inspector').waitFor()
  const before = await inPage(seen)
  expect(before).toMatchObject({ inspector: true, draft: 'half a thought' })
  expect(before.chosen).toBeTruthy()
  await hide()
  await vi.waitUntil(isAway, LONG)
  await show()
  await vi.waitFor(async () => expect(await inPage(seen)).toEqual(before), LONG)
})

test('a link that comes while the page is away brings it back; an open dialog keeps it', async () => {
  await hide()
  await vi.waitUntil(isAway, LONG)
  await sample.running.app.evaluate(({ app }) =>
    app.emit('second-instance', {}, ['twofold', `twofold://join/${'a'.repeat(60)}`], ''),
  )
  const dialog = () => document.querySelector('[role=dialog]') !== null
  await vi.waitUntil(() => inPage(dialog), LONG)
  await hide()
  await vi.waitUntil(async () => (await asked()) >= 3, LONG)
  expect(await isAway()).toBe(false)
  await show()
  expect(await inPage(dialog)).toBe(true)
})
