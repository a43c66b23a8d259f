// An entry that was written hours ago and arrives now, on the real app, from a real peer: it is inserted where it belongs, the
// reader is told and not moved, and the entry says that it is late.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Running as Peer } from '../../main/assemble'
import { newBackend } from '../support/backend'
import { tempFolder } from '../support/folder'
import { askFrom, openSample, type Sample } from './sample'

const LONG = { timeout: 30_000, interval: 100 }

let sample: Sample
let peer: Peer
const parent = tempFolder()
beforeAll(async () => {
  sample = await openSample({ entries: 400, days: 200, random: 5 })
  const { link } = await askFrom(sample.page, 'invite.create', { hours: 1, uses: 1 })
  peer = await newBackend(join(parent, 'peer'), 'Late')
  await peer.backend.handlers['circle.join']({ link })
  await vi.waitUntil(async () => (await peer.backend.handlers['state.get']({})).phase.phase === 'circle', LONG)
})
afterAll(async () => {
  await peer.close()
  await sample.stop()
  rmSync(parent, { recursive: true, force: true })
})

test('[N8] a late entry stands where it belongs, moves nothing that is read, is announced, and says that it is late', async () => {
  const { page, running } = sample
  // Here it is three hours later than where the entry is written, and something was written since.
  await running.app.evaluate(() => {
    const real = Date.now
    Date.now = () => real() + 3 * 3_600_000
  })
  await askFrom(page, 'entry.post', { text: 'Written since' })

  await page.locator('.list-viewport').hover()
  await vi.waitUntil(async () => {
    await page.mouse.wheel(0, 900)
    return (await page.locator('[data-position="30"]').count()) > 0
  }, LONG)
  const read = page.locator('.row-slot[data-id]').nth(3)
  const id = (await read.getAttribute('data-id'))!
  const here = page.locator(`[data-id="${id}"]`)
  const [box, position] = [await here.boundingBox(), Number(await here.getAttribute('data-position'))]

  const late = await peer.backend.handlers['entry.post']({ text: 'It was quiet at the lock this morning' })
  await page.getByRole('button', { name: /1 new/ }).waitFor()
  await page.locator(`[data-id="${id}"][data-position="${position + 1}"]`).waitFor()
  expect(await here.boundingBox()).toEqual(box)

  await page.getByRole('button', { name: /1 new/ }).click()
  const row = page.locator(`[data-id="${late!.id}"]`)
  await row.getByText('It was quiet at the lock this morning').waitFor()
  expect(await row.locator('.row-late').innerText()).toMatch(/reached you/)
  // Under what was written since, above what is older.
  expect(Number(await row.getAttribute('data-position'))).toBe(1)
})
