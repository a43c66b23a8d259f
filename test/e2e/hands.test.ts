// The window in the hands of different people: everything that the sheet of keys promises, what a screen reader is told, much
// zoom, tiny and huge windows, forced colours, searches that are kept, drafts, and what arrives while somebody reads.
import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CallName, Input } from '../../shared/ipc-contract'
import { choose, entry, views } from '../ui/views'
import { askFrom, openSample, type Sample } from './sample'

let sample: Sample
let page: Page
beforeAll(async () => {
  sample = await openSample({ entries: 400, days: 200, random: 11 })
  page = sample.page
})
afterAll(() => sample.stop())

const ask = <K extends CallName>(name: K, input: Input<K>) => askFrom(page, name, input)
const heading = (name: string) => page.getByRole('heading', { name, exact: true }).waitFor()
const home = () => views['everyone']!(page)
const placeOf = async (row: Locator): Promise<number> => Number(await row.getAttribute('aria-posinset'))
const chosen = () => page.locator('article[aria-current]')
const firstSeen = () =>
  page.evaluate(() => {
    const port = document.querySelector('.list-viewport')!.getBoundingClientRect()
    const rows = [...document.querySelectorAll<HTMLElement>('.row-slot[data-id]')]
    return rows.find((row) => row.getBoundingClientRect().bottom > port.top + 40)!.dataset['id']!
  })

/** What is read twice in a row with two frames between: nothing glides any more. */
async function atRest<T>(read: () => Promise<T>): Promise<T> {
  const frames = () =>
    page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))))
  for (let last = await read(); ;) {
    await frames()
    const now = await read()
    if (JSON.stringify(now) === JSON.stringify(last)) return now
    last = now
  }
}

/** Reads the sheet that the window shows: each line with each of its alternatives. */
async function readSheet(): Promise<Map<string, string[][]>> {
  await home()
  await page.keyboard.press('?')
  await heading('Keyboard shortcuts')
  const lines = await page
    .locator('.sheet dl > div')
    .evaluateAll((all) =>
      all.map((line): [string, string[][]] => [
        line.querySelector('dt')!.textContent,
        [...line.querySelectorAll('dd > span')].map((one) =>
          [...one.querySelectorAll('kbd')].map((kbd) => kbd.textContent),
        ),
      ]),
    )
  await page.keyboard.press('Escape')
  return new Map(lines)
}
/** As they stand on the sheet → as a keyboard calls them. */
const KEYS: Readonly<Record<string, string>> = {
  '↓': 'ArrowDown',
  '↑': 'ArrowUp',
  PgUp: 'PageUp',
  PgDn: 'PageDown',
  Esc: 'Escape',
  Ctrl: 'Control',
  '⌘': 'Meta',
}

describe('what a screen reader is told', () => {
  test('the list is a feed of articles, each with who and when, its place and the number of all', async () => {
    await home()
    const feed = page.getByRole('feed')
    expect(await feed.getAttribute('aria-label')).toBe('Timeline of Everyone')
    const rows = await page.locator('[role=feed] article').evaluateAll((all) =>
      all.map((row) => ({
        name: row.getAttribute('aria-label') ?? '',
        place: Number(row.getAttribute('aria-posinset')),
        of: Number(row.getAttribute('aria-setsize')),
      })),
    )
    const { total } = await ask('view.open', { scope: { type: 'everyone' } })
    expect(rows.length).toBeGreaterThan(3)
    rows.forEach(({ name, place, of }, i) => {
      expect(name).toMatch(/^.+, .+\d/)
      expect({ place, of }).toEqual({ place: i + 1, of: total })
    })
    // Read in the order in which they are seen.
    const tops = await page
      .locator('[role=feed] article')
      .evaluateAll((all) => all.map((row) => row.getBoundingClientRect().top))
    expect(tops).toEqual([...tops].sort((a, b) => a - b))
  })
  test('an entry is read with its author, time, proof, text, reactions and answers', async () => {
    await home()
    const tea = page.locator('article:has(.row-edited)').first()
    expect(await tea.ariaSnapshot()).toMatch(
      /article ".+":[\s\S]*time: [\s\S]*img "Nobody else has this yet"[\s\S]*button "Edited once[\s\S]*img "Bookmarked"[\s\S]*Tea is at[\s\S]*strong: five[\s\S]*button "🎉 1[\s\S]*button "1 reply"/,
    )
  })
  test('the scrubber says the day that is read', async () => {
    await home()
    const scrubber = page.getByRole('slider')
    expect(await scrubber.getAttribute('aria-valuetext')).toBe('Today')
    await scrubber.focus()
    await page.keyboard.press('End')
    await expect.poll(() => scrubber.getAttribute('aria-valuetext')).not.toBe('Today')
  })
  test('details are a region of their own: the verdict, each proof with its sentence, the way, the holders', async () => {
    await views['inspector']!(page)
    const tree = await page.getByRole('complementary', { name: 'Entry details' }).ariaSnapshot()
    for (const part of [
      /heading "Entry details" \[level=2\]/,
      /button "Close details"/,
      /term: Written/,
      /heading "Proof"/,
      /heading "Route"/,
      /heading "Who has it"/,
    ])
      expect(tree).toMatch(part)
  })
})

describe('every line of the sheet of keys does what it says', () => {
  let sheet: Map<string, string[][]>
  beforeAll(async () => {
    sheet = await readSheet()
  })
  const press = async (keys: readonly string[]) => {
    const named = keys.map((key) => KEYS[key] ?? key)
    if (named[0] === 'Control' || named[0] === 'Meta') await page.keyboard.press(named.join('+'))
    else for (const key of named) await page.keyboard.press(key)
  }
  const goes = (title: string) => async (keys: readonly string[]) => {
    await home()
    await press(keys)
    await heading(title)
  }
  /** On an own entry that was just written, chosen. */
  let written = 0
  const own = async (): Promise<string> => {
    written++
    const words = `keys and all, ${written}`
    await ask('entry.post', { text: words })
    await home()
    await entry(page).getByText(words).waitFor()
    await choose(page)
    return words
  }
  const acts: Readonly<Record<string, (keys: readonly string[]) => Promise<void>>> = {
    'Next entry': async (keys) => {
      await own()
      await press(keys)
      await expect.poll(() => placeOf(chosen())).toBe(2)
    },
    'Previous entry': async (keys) => {
      await own()
      await page.keyboard.press('j')
      await press(keys)
      await expect.poll(() => placeOf(chosen())).toBe(1)
    },
    'Details of the entry': async (keys) => {
      await own()
      await press(keys)
      await page.getByTestId('verdict').waitFor()
    },
    'Reply to the entry': async (keys) => {
      await own()
      await press(keys)
      await page.getByRole('textbox', { name: /^Reply to / }).waitFor()
    },
    'React to the entry with 👍': async (keys) => {
      await own()
      await press(keys)
      await entry(page).getByRole('button', { name: /^👍/ }).waitFor()
    },
    'Bookmark the entry': async (keys) => {
      await own()
      await press(keys)
      await entry(page).getByRole('img', { name: 'Bookmarked' }).waitFor()
    },
    'Edit your entry': async (keys) => {
      const words = await own()
      await press(keys)
      const field = page.getByRole('textbox', { name: 'Editing your entry' })
      await expect.poll(() => field.inputValue()).toBe(words)
    },
    'Thread of the entry': async (keys) => {
      await own()
      await press(keys)
      await heading('Thread')
    },
    'Select the entry': async (keys) => {
      await own()
      await press(keys)
      await page.getByText('1 entry selected').waitFor()
    },
    'Newest entry': async (keys) => {
      await home()
      await page.keyboard.press('End')
      await page.locator('article[aria-posinset="1"]').waitFor({ state: 'detached' })
      await press(keys)
      await page.locator('article[aria-posinset="1"]').waitFor()
    },
    'Newest, oldest entry': async (keys) => {
      await home()
      const total = await entry(page).getAttribute('aria-setsize')
      const [there, back] = keys[0] === 'Home' ? [['End'], keys] : [keys, ['Home']]
      await press(there)
      await page.locator(`article[aria-posinset="${total}"]`).waitFor()
      await press(back)
      await page.locator('article[aria-posinset="1"]').waitFor()
    },
    'A page up, down': async (keys) => {
      await home()
      await page.keyboard.press('PageDown')
      await page.keyboard.press('PageDown')
      await expect.poll(firstSeen).not.toBe(await entry(page).locator('..').getAttribute('data-id'))
      const before = await firstSeen()
      await press(keys)
      await expect.poll(firstSeen).not.toBe(before)
    },
    'Go to a date': async (keys) => {
      await home()
      await press(keys)
      await heading('Go to a date')
    },
    'By written, by reached you': async (keys) => {
      await home()
      await press(keys)
      await page.getByRole('button', { name: 'By when it reached you', pressed: true }).waitFor()
      await press(keys)
    },
    'Write a new entry': async (keys) => {
      await home()
      await press(keys)
      await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('New entry')
    },
    Search: async (keys) => {
      await home()
      await press(keys)
      await page.getByRole('textbox', { name: 'Search entries' }).waitFor()
    },
    Post: async (keys) => {
      await home()
      await page.getByRole('textbox', { name: 'New entry' }).fill('posted by a key')
      await press(keys)
      await entry(page).getByText('posted by a key').waitFor()
    },
    'Command palette': async (keys) => {
      await home()
      await press(keys)
      await page.getByRole('listbox').waitFor()
    },
    'Close, step back': async (keys) => {
      await own()
      await page.keyboard.press('Enter')
      await page.getByTestId('verdict').waitFor()
      await press(keys)
      await page.getByTestId('verdict').waitFor({ state: 'detached' })
    },
    'This sheet': async (keys) => {
      await home()
      await press(keys)
      await heading('Keyboard shortcuts')
    },
    Everyone: goes('Everyone'),
    Mine: goes('Mine'),
    Bookmarks: goes('Bookmarks'),
    Circle: goes('Circle'),
    Network: goes('Network'),
    Settings: goes('Settings'),
    Storage: goes('Storage'),
  }
  test('no line is without a test, no test without a line', () => {
    expect([...sheet.keys()].sort()).toEqual(Object.keys(acts).sort())
  })
  test.each(Object.keys(acts))('%s', async (line) => {
    const ways = sheet.get(line) ?? []
    expect(ways).not.toEqual([])
    for (const keys of ways) await acts[line]!(keys)
  })
})

describe('windows that are looked at differently', () => {
  const serious = async (): Promise<unknown[]> => {
    await page.evaluate(axe.source)
    return page.evaluate(async () => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document)
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => ({ id, at: nodes.slice(0, 3).map((node) => node.failureSummary) }))
    })
  }
  /** Parts of the window that stick out of it, or that nobody can reach. */
  const sticksOut = () =>
    page.evaluate(() => {
      const { innerWidth, innerHeight } = window
      const parts = ['.main', '.page-head', '.list', '.composer', '.inspector', '.dialog']
      return parts.flatMap((part) =>
        [...document.querySelectorAll(part)].flatMap((element) => {
          const box = element.getBoundingClientRect()
          return box.left < -1 || box.right > innerWidth + 1 || box.bottom > innerHeight + 1 ? [part] : []
        }),
      )
    })
  const zoom = (factor: number) =>
    sample.running.app.evaluate(({ BrowserWindow }, to) => {
      BrowserWindow.getAllWindows()[0]!.webContents.setZoomFactor(to)
    }, factor)
  beforeEach(() => page.setViewportSize({ width: 1280, height: 800 }))
  afterAll(async () => {
    await zoom(1)
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.emulateMedia({ forcedColors: null, contrast: null, reducedMotion: 'reduce' })
  })

  test.each([
    ['800 × 600', 800, 600, 1],
    ['800 × 600 at 200 %', 800, 600, 2],
    ['1280 × 800 at 200 %', 1280, 800, 2],
    ['4K', 3840, 2160, 1],
    ['4K at 200 %', 3840, 2160, 2],
  ] as const)(
    '%s: nothing sticks out, nothing is cut off, and the list can be scrolled',
    async (_name, width, height, factor) => {
      await page.setViewportSize({ width, height })
      await zoom(factor)
      for (const view of ['everyone', 'inspector', 'search', 'circle', 'network', 'settings', 'shortcuts']) {
        await views[view]!(page)
        await expect.poll(async () => ({ view, out: await sticksOut() })).toEqual({ view, out: [] })
      }
      await home()
      const before = await firstSeen()
      await page.keyboard.press('End')
      await expect.poll(firstSeen).not.toBe(before)
      await zoom(1)
    },
  )

  test.each(['light', 'dark'] as const)(
    'forced colours on %s: axe finds nothing serious, and what is chosen is seen',
    async (colorScheme) => {
      await page.emulateMedia({ forcedColors: 'active', colorScheme, reducedMotion: 'reduce' })
      await views['chosen']!(page)
      expect(await serious()).toEqual([])
      const differs = await chosen().evaluate((row) => {
        const other = [...document.querySelectorAll('article')].find((one) => one !== row)!
        const look = (one: Element) => {
          const { backgroundColor, outlineStyle, outlineColor } = getComputedStyle(one)
          return `${backgroundColor} ${outlineStyle} ${outlineStyle === 'none' ? '' : outlineColor}`
        }
        return look(row) !== look(other)
      })
      expect(differs).toBe(true)
      await page.emulateMedia({ forcedColors: null, colorScheme: null, reducedMotion: 'reduce' })
    },
  )
  test('more contrast: axe finds nothing serious', async () => {
    await page.emulateMedia({ contrast: 'more', reducedMotion: 'reduce' })
    await home()
    expect(await serious()).toEqual([])
    await page.emulateMedia({ contrast: null, reducedMotion: 'reduce' })
  })
})

describe('what is kept', () => {
  test('a search is saved, found in the sidebar, opened again, and forgotten', async () => {
    await ask('entry.post', { text: 'wombat sighted' })
    await home()
    await page.keyboard.press('/')
    await page.getByRole('textbox', { name: 'Search entries' }).fill('wombat')
    await page.locator('mark').getByText('wombat').waitFor()
    await page.getByRole('button', { name: 'Save this search' }).click()
    const saved = page.getByRole('list', { name: 'Saved searches' })
    await saved.getByRole('button', { name: 'wombat', exact: true }).waitFor()
    await home()
    expect(await page.locator('mark').count()).toBe(0)
    await saved.getByRole('button', { name: 'wombat', exact: true }).click()
    await page.locator('mark').getByText('wombat').waitFor()
    expect(await saved.getByRole('button', { name: 'wombat', exact: true }).getAttribute('aria-current')).toBe('page')
    await page.getByRole('button', { name: 'Saved: press to forget it' }).click()
    await saved.waitFor({ state: 'detached' })
  })

  test('a draft waits while one looks elsewhere, and each answer has one of its own', async () => {
    await home()
    const field = page.getByRole('textbox', { name: 'New entry' })
    await field.fill('half a thought')
    await page.getByRole('button', { name: 'Settings', exact: true }).click()
    await heading('Settings')
    await home()
    await expect.poll(() => field.inputValue()).toBe('half a thought')
    await choose(page)
    await page.keyboard.press('r')
    const answer = page.getByRole('textbox', { name: /^Reply to / })
    expect(await answer.inputValue()).toBe('')
    await answer.fill('half an answer')
    await answer.press('Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await choose(page)
    await page.keyboard.press('r')
    await expect.poll(() => answer.inputValue()).toBe('half an answer')
    await answer.fill('')
    await answer.press('Escape')
    await home()
    await field.fill('')
  })
})

describe('while somebody reads', () => {
  test('new entries above move nothing, are counted, and are one press away', async () => {
    await home()
    for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown')
    await expect.poll(async () => (await page.locator('article[aria-posinset="1"]').count()) === 0).toBe(true)
    const top = () =>
      page.evaluate(() => {
        const port = document.querySelector('.list-viewport')!.getBoundingClientRect()
        const row = [...document.querySelectorAll<HTMLElement>('.row-slot[data-id]')].find(
          (slot) => slot.getBoundingClientRect().top > port.top,
        )!
        return { id: row.dataset['id'], top: row.getBoundingClientRect().top }
      })
    const before = await atRest(top)
    await ask('entry.post', { text: 'above, one' })
    await ask('entry.post', { text: 'above, two' })
    const pill = page.getByRole('button', { name: 'Show 2 new entries' })
    await pill.waitFor()
    expect(await top()).toEqual(before)
    await pill.click()
    await entry(page).getByText('above, two').waitFor()
    await pill.waitFor({ state: 'detached' })
  })
})

test('the console had nothing to say', () => {
  expect(sample.running.problems).toEqual([])
})
