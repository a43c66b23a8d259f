// The timeline as a person uses it, on the real app with a sample circle: every view is reachable by keys and holds up
// against axe in both themes, hostile entries are harmless, and the window speaks the language that it is told to.
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CallName, Input } from '../../shared/ipc-contract'
import type { NodeId } from '../../shared/types'
import { choose, entry, views } from '../ui/views'
import { askFrom, callFrom, openSample, type Sample } from './sample'

let sample: Sample
let page: Page
beforeAll(async () => {
  sample = await openSample({ entries: 600, days: 300, random: 7 })
  page = sample.page
})
afterAll(() => sample.stop())

const ask = <K extends CallName>(name: K, input: Input<K>) => askFrom(page, name, input)
async function post(input: Input<'entry.post'>): Promise<NodeId> {
  const row = await ask('entry.post', input)
  if (!row) throw new Error('the entry waits')
  return row.id
}

describe.each(['light', 'dark'] as const)('%s', (theme) => {
  beforeAll(async () => {
    await ask('settings.set', { theme })
    await page.locator(`html[data-theme=${theme}]`).waitFor()
  })
  test.each(Object.keys(views))('axe finds nothing serious in: %s', async (name) => {
    await views[name]!(page)
    await page.evaluate(axe.source)
    const found = await page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
        resultTypes: ['violations'],
      })
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => ({
          id,
          at: nodes.slice(0, 3).map((node) => `${node.target.join(' ')}: ${node.failureSummary}`),
        }))
    })
    expect(found).toEqual([])
  })
})

describe('by keyboard', () => {
  beforeAll(() => ask('settings.set', { theme: 'light' }))
  const newest = async () => {
    await views['everyone']!(page)
    await choose(page)
  }
  test('+ reacts, b bookmarks, x selects, t opens the thread and Escape comes back', async () => {
    const id = await post({ text: 'keys' })
    await newest()
    await page.keyboard.press('+')
    await entry(page).getByRole('button', { name: /^👍/ }).waitFor()
    await page.keyboard.press('b')
    await entry(page).getByRole('img', { name: 'Bookmarked' }).waitFor()
    await page.keyboard.press('x')
    await page.getByText('1 entry selected').waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('1 entry selected').waitFor({ state: 'detached' })
    await page.keyboard.press('t')
    await page.getByRole('heading', { name: 'Thread' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Everyone' }).waitFor()
    await page.locator(`[data-id="${id}"] [aria-current]`).waitFor()
  })

  test('a thread is answered below its last entry, and the arrow leads back to where it was opened', async () => {
    await views['thread']!(page)
    const answer = page.getByRole('textbox', { name: 'Reply to Ada Lindqvist' })
    const list = page.locator('.list')
    expect((await answer.boundingBox())!.y).toBeGreaterThan((await list.boundingBox())!.y)
    await answer.fill('And I bring the spoons')
    await page.getByRole('button', { name: 'Post', exact: true }).click()
    await entry(page, 2).getByText('And I bring the spoons').waitFor()
    await page.getByText('3 entries').waitFor()
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await page.getByRole('heading', { name: 'Everyone' }).waitFor()
    await entry(page).filter({ hasText: 'And I bring the spoons' }).getByText('Tea is at').waitFor()
  })
  test('e edits: the text stands in the composer, is kept as a draft, and its history says what changed', async () => {
    await ask('entry.post', { text: 'first words' })
    await newest()
    await page.keyboard.press('e')
    const field = page.getByRole('textbox', { name: 'Editing your entry' })
    await field.waitFor()
    expect(await field.inputValue()).toBe('first words')
    await field.fill('second words')
    await page.keyboard.press('Control+Enter')
    await entry(page).getByText('second words').waitFor()
    await entry(page)
      .getByRole('button', { name: /^Edited once/ })
      .click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('ins').getByText('second').waitFor()
    await dialog.locator('del').getByText('first').waitFor()
    await page.keyboard.press('Escape')
  })

  test('/ searches while one types, Enter on a hit’s menu leads back into the timeline', async () => {
    await ask('entry.post', { text: 'quokka one' })
    await views['everyone']!(page)
    await page.keyboard.press('/')
    await page.getByRole('textbox', { name: 'Search entries' }).fill('quok')
    await page.locator('mark').getByText('quok').waitFor()
    await choose(page)
    await page
      .getByRole('button', { name: /^More about the entry/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Show in the timeline' }).click()
    await page.locator('[aria-current]').getByText('quokka one').waitFor()
    expect(await page.locator('mark').count()).toBe(0)
  })

  test('d goes to a date, the scrubber’s keys to its ends, o changes the order', async () => {
    await views['everyone']!(page)
    await page.keyboard.press('d')
    const day = new Date(Date.now() - 150 * 86_400_000)
    const pad = (n: number) => String(n).padStart(2, '0')
    await page
      .getByLabel('Date', { exact: true })
      .fill(`${day.getFullYear()}-${pad(day.getMonth() + 1)}-${pad(day.getDate())}`)
    await page.keyboard.press('Enter')
    const before = (await page.locator('.list-inner time').first().getAttribute('datetime'))!
    await expect.poll(async () => (await page.locator('.scrubber').getAttribute('aria-valuenow')) ?? '').not.toBe('')
    await expect
      .poll(async () => {
        const at = Number(await page.locator('.scrubber').getAttribute('aria-valuenow'))
        return Math.abs(at - day.getTime()) < 20 * 86_400_000
      })
      .toBe(true)
    expect(before).toBeTruthy()
    await page.locator('.scrubber').focus()
    await page.keyboard.press('End')
    await expect
      .poll(() => page.locator('.list-inner [aria-posinset]').last().getAttribute('aria-posinset'))
      .toBe(await page.locator('.list-inner [aria-setsize]').last().getAttribute('aria-setsize'))
    await page.keyboard.press('Home')
    await page.locator('[aria-posinset="1"]').waitFor()
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    await page.keyboard.press('o')
    await page.getByRole('button', { name: 'By when it reached you', pressed: true }).waitFor()
    await page.keyboard.press('o')
  })
})

const nesting = `${'> '.repeat(20_000)}deep`
const hostile: Readonly<Record<string, string>> = {
  'a script': '<script>window.hacked = 1</script>\n\n<img src=x onerror="window.hacked = 1">',
  html: '<iframe src="https://example.org"></iframe><style>*{display:none}</style><b onclick=hacked()>bold</b>',
  'script links':
    '[a](javascript:window.hacked=1) [b](JAVASCRIPT:alert(1)) [c](data:text/html,x) [d](file:///etc/passwd) [e](vbscript:x)',
  homographs: '[https://bank.example](https://bаnk.example) https://аррӏе.com [paypal.com](https://evil.example)',
  'bidi overrides': 'safe\u202Etxt.exe\u202C \u2066hidden\u2069 [\u202Egnp.exe](https://example.org)',
  zalgo: `z${'\u0300\u0301\u0302\u0489'.repeat(2000)}algo`,
  'nested quotes, 40 KiB': nesting.slice(0, 40_000),
  'nested emphasis, 60 KiB': `${'*_'.repeat(15_000)}x`,
  'nested lists, 60 KiB': Array.from({ length: 300 }, (_unused, i) => `${'  '.repeat(i % 100)}- x`).join('\n'),
  '10,000 links': Array.from({ length: 10_000 }, (_unused, i) => `[${i}](b:)`.slice(0, 6)).join(''),
  '3,000 addresses': Array.from({ length: 3000 }, (_unused, i) => `http://a.b/${i}`).join(' '),
  'a huge table': `${'|a'.repeat(200)}|\n${'|-'.repeat(200)}|\n${`${'|b'.repeat(200)}|\n`.repeat(100)}`,
  'one word of 60,000 letters': 'w'.repeat(60_000),
  'code that is hard to read': `\`\`\`js\n${'/*'.repeat(7000)}\n\`\`\``,
  'a fence of everything': `\`\`\`xml\n${'<a b="'.repeat(2000)}\n\`\`\``,
  'mentions of nobody': `[@Ann](twofold://member/${'ee'.repeat(32)}) [x](twofold://member/ee)`,
}
describe('hostile entries', () => {
  test.each(Object.keys(hostile))('%s is painted harmlessly', async (name) => {
    const id = await post({ text: hostile[name]! })
    await views['everyone']!(page)
    const row = page.locator(`[data-id="${id}"]`)
    await row.waitFor()
    const seen = await row.evaluate((slot) => ({
      elements: [...slot.querySelectorAll('*')].map((el) => el.tagName.toLowerCase()),
      handlers: [...slot.querySelectorAll('*')].flatMap((el) =>
        el.getAttributeNames().filter((at) => at.startsWith('on')),
      ),
      schemes: [...slot.querySelectorAll('a')].map((link) => new URL(link.href).protocol),
      overrides: /[\u202a-\u202e\u2066-\u2069]/.test(slot.textContent ?? ''),
      wide: slot.scrollWidth > slot.clientWidth + 1,
      hacked: 'hacked' in window,
    }))
    expect(seen.elements.filter((tag) => ['script', 'iframe', 'img', 'style', 'object', 'form'].includes(tag))).toEqual(
      [],
    )
    expect(seen).toMatchObject({ handlers: [], overrides: false, wide: false, hacked: false })
    for (const scheme of seen.schemes) expect(['http:', 'https:', 'mailto:', 'twofold:']).toContain(scheme)
    // It can be found, opened and withdrawn like any other.
    await ask('entry.inspect', { id })
    await ask('entry.retract', { id })
  })
  test('neither the policy of the page nor the console had anything to say', () => {
    expect(sample.running.problems).toEqual([])
  })
})

test('the window speaks German when it is told to, refusals too, and English again', async () => {
  await ask('settings.set', { language: 'de' })
  await page.getByRole('heading', { name: 'Alle' }).waitFor()
  expect(await page.evaluate(() => document.documentElement.lang)).toMatch(/^de/)
  const refused = await callFrom(page, 'entry.retract', { id: 'ab'.repeat(32) as NodeId })
  expect(refused).toMatchObject({ ok: false, code: 'ENTRY_UNKNOWN', message: 'Diesen Eintrag gibt es hier nicht.' })
  const id = await post({ text: 'Bewiesen' })
  const { proof } = await ask('entry.inspect', { id })
  expect(proof.map(({ sentence }) => sentence)).toEqual([
    expect.stringMatching(/^Der Eintrag besteht aus \d+ Bytes/),
    expect.stringMatching(/^Seine Kennung ist der Fingerabdruck/),
    expect.stringMatching(/^Die Unterschrift wurde mit dem Schlüssel/),
    expect.stringMatching(/hat dieses Gerät .* beglaubigt/),
    expect.stringMatching(/war Mitglied, als dies geschrieben wurde/),
    expect.stringMatching(/^Er wurde unter Fassung \d+ der Mitgliederliste geschrieben/),
    expect.stringMatching(/^Er ist Nummer \d+ dieses Geräts/),
    expect.stringMatching(/^Geschrieben .* nach der Uhr des Autors/),
  ])
  await ask('settings.set', { language: 'en' })
  await page.getByRole('heading', { name: 'Everyone' }).waitFor()
})
