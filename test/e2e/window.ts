// What a person does in the window, step by step, by the names that a person (or a screen reader) finds things by.
import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'

/** Name, 24 words, three of them asked for. Leaves the window at 'start or join'. The words. */
export async function makeIdentity(page: Page, name: string): Promise<string[]> {
  await page.getByLabel('Your name').fill(name)
  await page.getByRole('button', { name: 'Create my identity' }).click()
  const list = page.getByRole('list', { name: 'Recovery words' })
  const show = page.getByRole('button', { name: 'Show the words' })
  await list.or(show).first().waitFor()
  if (await show.isVisible()) await show.click()
  const items = await list.getByRole('listitem').allInnerTexts()
  const words = items.map((item) => /[a-z]+/.exec(item)![0])
  await page.getByRole('button', { name: 'I have written them down' }).click()
  const fields = page
    .getByRole('combobox', { name: /^Word \d+$/ })
    .or(page.getByRole('textbox', { name: /^Word \d+$/ }))
  await fields.first().waitFor()
  for (const field of await fields.all()) {
    const label =
      (await field.getAttribute('aria-label')) ??
      (await field.evaluate((el) => (el as HTMLInputElement).labels?.[0]?.innerText ?? ''))
    const position = Number(/\d+/.exec(label)![0])
    await field.fill(words[position - 1]!)
  }
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByRole('button', { name: /Start a circle/ }).waitFor()
  return words
}

export async function foundCircle(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /Start a circle/ }).click()
  await page.getByLabel('Name of the circle').fill(name)
  await page.getByRole('button', { name: 'Start the circle' }).click()
  await composer(page).waitFor()
}

export async function joinByLink(page: Page, link: string): Promise<void> {
  await page.getByRole('button', { name: /Join a circle/ }).click()
  await page.getByLabel('Invite link or 12 words').fill(link)
  await page.getByRole('button', { name: 'Look at the invite' }).click()
  await page.getByRole('button', { name: 'Join this circle' }).click()
}

export const composer = (page: Page) => page.getByRole('textbox', { name: 'New entry' })

export async function post(page: Page, text: string): Promise<void> {
  await composer(page).fill(text)
  await page.getByRole('button', { name: 'Post', exact: true }).click()
  // Cleared once the entry is signed and stored.
  await composer(page).and(page.locator(':placeholder-shown')).waitFor()
}

/** When everything that moves has come to rest; a spinner never does. */
export const atRest = (page: Page) =>
  page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((motion) => motion.effect?.getComputedTiming().iterations !== Infinity)
        .map((motion) => motion.finished),
    ),
  )

/** A picture of the window in test-results/, so that a person can look at what the test saw. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync('test-results', { recursive: true })
  await atRest(page)
  await page.screenshot({ path: `test-results/${name}.png` })
}
