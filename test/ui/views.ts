// Every view of the window, and how one gets there from the timeline of everybody, for pictures and for axe.
import type { Page } from 'playwright-core'
import { text as english, type Catalogue } from '../../renderer/text'
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

/** Something of each kind that an entry can have. */
const DRAFT = `## Saturday

We meet at **ten** by the boathouse, see https://example.org/map and bring:

- [x] rope, 20 m
- [ ] cups

| What | Who |
| ---- | --- |
| Tea  | Bob |

\`\`\`ts
const cups = people.length + 2 // two always break
\`\`\``

type Views = Readonly<Record<string, (page: Page) => Promise<void>>>

/** Each begins at home and ends when there is something to see. `t`: what the window speaks. */
export function viewsIn(t: Catalogue): Views {
  const writing = (page: Page) => page.getByRole('textbox', { name: t.compose.label })
  const home = async (page: Page) => {
    for (let i = 0; i < 6; i++) await page.keyboard.press('Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
    await go('e')(page)
    await page.keyboard.press('.')
    await entry(page).waitFor()
  }
  return {
    everyone: home,
    chosen: async (page) => {
      await home(page)
      await choose(page)
      await page.getByRole('button', { name: t.timeline.bookmark }).first().waitFor()
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
      await page.getByRole('textbox', { name: t.search.label }).fill('kettle tea')
      await page.locator('mark').first().waitFor()
    },
    'saved search': async (page) => {
      await home(page)
      await key('/')(page)
      await page.getByRole('textbox', { name: t.search.label }).fill('boathouse')
      await page
        .getByRole('button', { name: t.search.save })
        .or(page.getByRole('button', { name: t.search.saved }))
        .waitFor()
      const save = page.getByRole('button', { name: t.search.save })
      if (await save.isVisible()) await save.click()
      await page.getByRole('button', { name: t.search.forget('boathouse') }).waitFor()
    },
    'nothing found': async (page) => {
      await home(page)
      await key('/')(page)
      await page.getByRole('textbox', { name: t.search.label }).fill('xyzzyplugh ')
      await page.getByText(t.search.none).waitFor()
    },
    thread: async (page) => {
      await home(page)
      await page
        .getByRole('button', { name: t.timeline.replies(1) })
        .first()
        .click()
      await page.getByRole('heading', { name: t.timeline.thread }).waitFor()
      await entry(page).waitFor()
    },
    bookmarks: async (page) => {
      await home(page)
      await go('b')(page)
      await page.getByRole('heading', { name: t.nav.bookmarks }).waitFor()
    },
    selection: async (page) => {
      await home(page)
      await choose(page)
      await key('x')(page)
      await key('j')(page)
      await key('x')(page)
      await page.getByText(t.timeline.picked(2)).waitFor()
    },
    history: async (page) => {
      await home(page)
      await page.locator('.row-edited').first().click()
      await page.getByRole('heading', { name: t.timeline.historyTitle }).waitFor()
      await page.locator('.history-text').first().waitFor()
    },
    withdraw: async (page) => {
      await home(page)
      await go('m')(page)
      await choose(page)
      await page
        .getByRole('button', { name: new RegExp(`^${t.timeline.more('')}`) })
        .first()
        .click()
      await page.getByRole('menuitem', { name: t.timeline.retract }).click()
      await page.getByRole('alertdialog').waitFor()
    },
    editing: async (page) => {
      await home(page)
      await go('m')(page)
      await choose(page)
      await key('e')(page)
      await page.getByRole('textbox', { name: t.compose.editing }).waitFor()
    },
    'go to date': async (page) => {
      await home(page)
      await key('d')(page)
      await page.getByRole('heading', { name: t.timeline.goToDate }).waitFor()
    },
    palette: async (page) => {
      await home(page)
      await key('Control+k')(page)
      await page.getByRole('listbox').waitFor()
    },
    shortcuts: async (page) => {
      await home(page)
      await key('?')(page)
      await page.getByRole('heading', { name: t.shortcuts.title }).waitFor()
    },
    circle: async (page) => {
      await home(page)
      await go('c')(page)
      await page.getByRole('heading', { name: t.circle.title, exact: true }).waitFor()
    },
    'change log': async (page) => {
      await home(page)
      await go('c')(page)
      await page.getByRole('tab', { name: t.circle.log }).click()
      await page.getByRole('list', { name: t.circle.log }).waitFor()
    },
    invite: async (page) => {
      await home(page)
      await key('Control+k')(page)
      await page.getByRole('combobox').fill(t.palette.invite)
      await key('Enter')(page)
      await page.getByRole('dialog', { name: t.invite.title }).waitFor()
      await page.getByRole('button', { name: t.invite.create }).click()
      await page.getByText(t.invite.wordsHint).waitFor()
    },
    'add device': async (page) => {
      await home(page)
      await go('c')(page)
      await page.getByRole('button', { name: t.circle.newDevice }).click()
      await page.getByRole('dialog', { name: t.device.addTitle }).waitFor()
    },
    'remove member': async (page) => {
      await home(page)
      await go('c')(page)
      await page.getByRole('button', { name: t.circle.moreAbout('Bob'), exact: true }).click()
      await page.getByRole('menuitem', { name: t.circle.remove }).click()
      await page.getByRole('alertdialog').waitFor()
    },
    network: async (page) => {
      await home(page)
      await go('n')(page)
      await page.getByRole('heading', { name: t.network.title, exact: true }).waitFor()
    },
    storage: async (page) => {
      await home(page)
      await go('d')(page)
      await page.getByRole('heading', { name: t.storage.title, exact: true }).waitFor()
      await page.getByRole('table', { name: t.storage.byMember }).waitFor()
    },
    settings: async (page) => {
      await home(page)
      await go('s')(page)
      await page.getByRole('heading', { name: t.settings.title, exact: true }).waitFor()
    },
    // What it leaves in the composer would be seen in the others.
    composing: async (page) => {
      await home(page)
      await key('n')(page)
      const write = page.getByRole('button', { name: t.compose.write, exact: true })
      if (await write.isVisible()) await write.click()
      await writing(page).fill(DRAFT)
      await page.getByRole('button', { name: t.compose.preview }).click()
    },
  }
}

export const views = viewsIn(english)
