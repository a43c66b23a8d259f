// Every view of the window, and how one gets there from the timeline of everybody, for pictures and for axe.
import type { Page } from 'playwright-core'
import type { Bridge, Reply, ReplyJson } from '../../shared/ipc-contract'

const key = (name: string) => (page: Page) => page.keyboard.press(name)
const go = (letter: string) => async (page: Page) => {
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
}
export const entry = (page: Page, position = 0) => page.getByTestId('entry').nth(position)
/** An entry is chosen by its name, where no link can be hit. */
export const choose = async (page: Page, locator = entry(page)) => {
  await locator.locator('.row-name, .quiet-line').first().click()
}
const home = async (page: Page) => {
  for (let i = 0; i < 6; i++) await page.keyboard.press('Escape')
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await go('e')(page)
  await page.keyboard.press('.')
  await entry(page).waitFor()
}

/** Something of each kind on top of the sample: a thread, an edit with its history, reactions, a withdrawn entry. */
export async function conversation(page: Page): Promise<void> {
  await page.evaluate(async (): Promise<void> => {
    const value = async <T>(reply: Promise<ReplyJson<T>>): Promise<NonNullable<T>> => {
      const answer = JSON.parse(await reply) as Reply<T>
      if (!answer.ok) throw new Error(answer.message)
      return answer.value!
    }
    const { twofold } = window as unknown as { twofold: Bridge }
    const gone = await value(twofold.call('entry.post', { text: 'Sent too early' }))
    const tea = await value(twofold.call('entry.post', { text: 'Tea is at *four*, kettle in the boathouse #tea' }))
    await value(twofold.call('entry.edit', { id: tea.id, text: 'Tea is at **five**, kettle in the boathouse #tea' }))
    await value(twofold.call('entry.react', { id: tea.id, text: '🎉' }))
    await value(twofold.call('entry.post', { text: 'I bring the cups', replyTo: tea.id }))
    await value(twofold.call('entry.retract', { id: gone.id }))
    await value(twofold.call('entry.bookmark', { id: tea.id, on: true }))
  })
}

/** Each begins at home and ends when there is something to see. `dialog`: axe looks at what is open. */
export const views: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  everyone: home,
  chosen: async (page) => {
    await home(page)
    await choose(page)
    await page.getByRole('button', { name: 'Bookmark' }).first().waitFor()
  },
  inspector: async (page) => {
    await home(page)
    await choose(page, entry(page, 1))
    await key('Enter')(page)
    await page.getByTestId('verdict').waitFor()
  },
  mine: async (page) => {
    await home(page)
    await go('m')(page)
    await entry(page).waitFor()
  },
  member: async (page) => {
    await home(page)
    await page.getByRole('button', { name: 'Bob', exact: true }).first().click()
    await entry(page).waitFor()
  },
  reached: async (page) => {
    await home(page)
    await key('o')(page)
    await entry(page).waitFor()
  },
  search: async (page) => {
    await home(page)
    await key('/')(page)
    await page.getByRole('textbox', { name: 'Search entries' }).fill('kettle tea')
    await page.locator('mark').first().waitFor()
  },
  'nothing found': async (page) => {
    await home(page)
    await key('/')(page)
    await page.getByRole('textbox', { name: 'Search entries' }).fill('xyzzyplugh ')
    await page.getByText('Nothing was found').waitFor()
  },
  thread: async (page) => {
    await home(page)
    await page
      .getByRole('button', { name: /repl(y|ies)$/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Thread' }).waitFor()
    await entry(page).waitFor()
  },
  bookmarks: async (page) => {
    await home(page)
    await go('b')(page)
    await page.getByRole('heading', { name: 'Bookmarks' }).waitFor()
  },
  selection: async (page) => {
    await home(page)
    await choose(page)
    await key('x')(page)
    await key('j')(page)
    await key('x')(page)
    await page.getByText('2 entries selected').waitFor()
  },
  history: async (page) => {
    await home(page)
    await page.locator('.row-edited').first().click()
    await page.getByRole('heading', { name: 'History of the entry' }).waitFor()
    await page.locator('.history-text').first().waitFor()
  },
  withdraw: async (page) => {
    await home(page)
    await go('m')(page)
    await choose(page)
    await page
      .getByRole('button', { name: /^More about the entry/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Withdraw…' }).click()
    await page.getByRole('alertdialog').waitFor()
  },
  editing: async (page) => {
    await home(page)
    await go('m')(page)
    await choose(page)
    await key('e')(page)
    await page.getByRole('textbox', { name: 'Editing your entry' }).waitFor()
  },
  'go to date': async (page) => {
    await home(page)
    await key('d')(page)
    await page.getByRole('heading', { name: 'Go to a date' }).waitFor()
  },
  palette: async (page) => {
    await home(page)
    await key('Control+k')(page)
    await page.getByRole('listbox').waitFor()
  },
  shortcuts: async (page) => {
    await home(page)
    await key('?')(page)
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
  },
  circle: async (page) => {
    await home(page)
    await go('c')(page)
    await page.getByRole('heading', { name: 'Circle', exact: true }).waitFor()
  },
  network: async (page) => {
    await home(page)
    await go('n')(page)
    await page.getByRole('heading', { name: 'Network', exact: true }).waitFor()
  },
  storage: async (page) => {
    await home(page)
    await go('d')(page)
    await page.getByRole('heading', { name: 'Storage', exact: true }).waitFor()
    await page.getByRole('table', { name: 'Space by member' }).waitFor()
  },
  settings: async (page) => {
    await home(page)
    await go('s')(page)
    await page.getByRole('heading', { name: 'Settings', exact: true }).waitFor()
  },
}
