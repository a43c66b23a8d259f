// QR codes between two real windows: a further device that looks at the code through its camera, and an invite that is read
// from a picture; and what is said where there is no camera, no code, or another one.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import encodeQr from 'qr'
import type { Page } from 'playwright-core'
import type { Bridge } from '../../shared/ipc-contract'
import type { AppState, MemberView } from '../../shared/types'
import { waitFor } from '../support/wait'
import { loopback, mustRun, newFolder, twofold, twofoldJson, type Folder } from './command-line'
import { launch, type Running } from './launch'
import { composer, makeIdentity, picture, post } from './window'

let a: Folder
let b: Folder
let c: Folder
let files: Folder
let ann: Running
let second: Running | undefined
let bob: Running | undefined

const state = async (folder: Folder) => (await twofoldJson<AppState>(folder.path, ['state']))[0]!
const texts = async (folder: Folder) =>
  (await twofoldJson<{ text: string }>(folder.path, ['timeline'])).map((line) => line.text)

beforeAll(async () => {
  ;[a, b, c, files] = [newFolder('ann'), newFolder('ann-second'), newFolder('bob'), newFolder('pictures')]
  await mustRun(a.path, ['init', '--name', 'Ann'])
  await mustRun(a.path, ['circle', 'create', '--name', 'Harbour'])
  ann = await launch({ dataFolder: a.path, env: loopback })
  await post(ann.page, 'Written before the second device was there')
})
afterAll(async () => {
  await Promise.allSettled([ann?.stop(), second?.stop(), bob?.stop()])
  for (const folder of [a, b, c, files]) folder?.remove()
})

/** Rows of dark and light modules, as they are painted. */
const paintedCode = (page: Page): Promise<boolean[][]> =>
  page.locator('.qr').evaluate((svg) => {
    const size = Number(svg.getAttribute('viewBox')!.split(' ')[2])
    const dark = new Set(
      [
        ...svg
          .querySelector('path')!
          .getAttribute('d')!
          .matchAll(/M(\d+) (\d+)/g),
      ].map((m) => `${m[1]} ${m[2]}`),
    )
    return Array.from({ length: size }, (_unused, y) =>
      Array.from({ length: size }, (_same, x) => dark.has(`${x} ${y}`)),
    )
  })

/** What a camera sees of a code that is held in front of it, on a grey wall: one frame of raw video. */
function filmOf(rows: boolean[][]): string {
  const [width, height] = [1280, 720]
  const scale = Math.floor((height * 0.9) / rows.length)
  const side = rows.length * scale
  const [left, top] = [(width - side) >> 1, (height - side) >> 1]
  const luma = Buffer.alloc(width * height, 120)
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      luma[(top + y) * width + left + x] = rows[Math.floor(y / scale)]![Math.floor(x / scale)] ? 30 : 225
  const colour = Buffer.alloc((width * height) / 2, 128)
  const file = join(files.path, 'camera.y4m')
  const head = Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420jpeg\n`)
  const frame = Buffer.concat([Buffer.from('FRAME\n'), luma, colour])
  writeFileSync(file, Buffer.concat([head, frame, frame]))
  return file
}
const withCamera = (film: string) => ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${film}`]

test('[M4] a new device sees the code through its camera, both show the same digits, and after the yes it is Ann’s', async () => {
  const old = ann.page
  await old
    .getByRole('navigation')
    .getByRole('button', { name: /^Circle/ })
    .click()
  await old.getByRole('button', { name: 'Add a device' }).click()
  // What it means is said first.
  await old.getByText('Your recovery words stay on this device.').waitFor()
  await picture(old, '40-add-device')
  await old.getByRole('button', { name: 'Show the code' }).click()
  await old.getByRole('img', { name: 'QR code for the new device' }).waitFor()
  await picture(old, '41-device-code')

  second = await launch({ dataFolder: b.path, env: loopback, args: withCamera(filmOf(await paintedCode(old))) })
  const { page } = second
  await page.getByRole('button', { name: 'I use Twofold on another device' }).click()
  await picture(page, '42-link-device')
  await page.getByRole('button', { name: 'Scan a QR code' }).click()
  await page.getByRole('heading', { name: 'This becomes a device of Ann' }).waitFor()
  await page.getByText('It gets all entries of the circle').waitFor()
  await picture(page, '43-device-preview')
  expect((await state(a)).circle!.requests, 'nothing was asked yet').toEqual([])
  await page.getByRole('button', { name: 'Ask the other device' }).click()
  const digits = page.locator('.digits')
  await digits.waitFor()
  await picture(page, '44-digits-here')
  await old.getByTestId('device-request').waitFor()
  await picture(old, '45-digits-there')
  expect(await old.locator('.digits').innerText()).toBe(await digits.innerText())
  await old.getByRole('button', { name: 'Yes, the same' }).click()

  await composer(page).waitFor()
  await page.getByRole('article').filter({ hasText: 'Written before the second device was there' }).waitFor()
  const [me] = await twofoldJson<MemberView>(b.path, ['members'])
  expect(me).toMatchObject({ name: 'Ann', me: true, role: 'founder' })
  expect(me!.devices).toHaveLength(2)
  await waitFor('it to write', async () => (await twofold(b.path, ['post', 'From the second one'])).code === 0)
  await waitFor('the entry at the first', async () => (await texts(a)).includes('From the second one'))
  for (const folder of [a, b]) expect((await twofold(folder.path, ['verify'])).out).toBe('All 2 entries hold.')
  // It can certify nobody, and says where that can be done.
  expect((await twofold(b.path, ['add-device'])).err).toContain('ROOT_KEY_ELSEWHERE')
  await page
    .getByRole('navigation')
    .getByRole('button', { name: /^Circle/ })
    .click()
  await page.getByRole('button', { name: 'Add a device' }).click()
  await page.getByText('has no root key').waitFor()
  await page.keyboard.press('Escape')
  expect(second.problems).toEqual([])
})

test('[M4] without a camera it is said, and an invite is read from a picture of its code; other pictures are told apart', async () => {
  const invite = (await twofoldJson<{ link: string }>(a.path, ['invite']))[0]!
  const png = async (name: string, rows: boolean[][]) => {
    const file = join(files.path, name)
    // Painted by a browser, as a screenshot of somebody's would be.
    const url = await ann.page.evaluate((modules) => {
      const canvas = document.createElement('canvas')
      canvas.width = canvas.height = modules.length * 5
      const context = canvas.getContext('2d')!
      context.fillStyle = '#fff'
      context.fillRect(0, 0, canvas.width, canvas.height)
      context.fillStyle = '#000'
      modules.forEach((row, y) => row.forEach((dark, x) => dark && context.fillRect(x * 5, y * 5, 5, 5)))
      return canvas.toDataURL('image/png')
    }, rows)
    writeFileSync(file, Buffer.from(url.split(',')[1]!, 'base64'))
    return file
  }
  const qr = (text: string) => encodeQr(text, 'raw', { ecc: 'medium', border: 4 })
  const blank = await png(
    'blank.png',
    Array.from({ length: 40 }, () => Array.from({ length: 40 }, () => false)),
  )
  const foreign = await png('foreign.png', qr('https://example.org/menu'))
  const good = await png('invite.png', qr(invite.link))
  const text = join(files.path, 'notes.png')
  writeFileSync(text, 'not a picture at all')

  bob = await launch({ dataFolder: c.path, env: loopback })
  const { page } = bob
  await makeIdentity(page, 'Bob')
  await page.getByRole('button', { name: /Join a circle/ }).click()
  await page.getByRole('button', { name: 'Scan a QR code' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('No camera was found.').waitFor()
  await picture(page, '46-no-camera')
  const choose = (file: string) => dialog.locator('input[type=file]').setInputFiles(file)
  for (const [file, sentence] of [
    [blank, 'There is no QR code in this picture'],
    [text, 'This file is not a picture.'],
    [foreign, 'This code is not one of Twofold’s.'],
  ] as const) {
    await choose(file)
    await dialog.getByRole('alert').filter({ hasText: sentence }).waitFor()
  }
  await picture(page, '47-foreign-code')
  await choose(good)
  const preview = page.getByTestId('invite-preview')
  await preview.waitFor()
  expect(await preview.innerText()).toMatch(/Harbour[\s\S]*Ann/)
  // The same by pasting the picture into the form.
  await page.getByRole('button', { name: 'Use another invite' }).click()
  await page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    const data = new DataTransfer()
    data.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }))
    const field = document.querySelector('textarea')!
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
  }, readFileSync(good).toString('base64'))
  await preview.waitFor()
  await page.getByRole('button', { name: 'Join this circle' }).click()
  await composer(page).waitFor()
})

test('[L3] the camera is there for the dialog alone: no sound, and nothing once it is closed', async () => {
  const ask = (constraints: object) =>
    second!.page.evaluate(
      (wanted) =>
        navigator.mediaDevices.getUserMedia(wanted).then(
          (stream) => (stream.getTracks().forEach((track) => track.stop()), 'given'),
          (error: unknown) => (error as DOMException).name,
        ),
      constraints,
    )
  expect(await ask({ video: true })).toBe('NotAllowedError')
  await second!.page.evaluate(() =>
    (window as unknown as { twofold: Bridge }).twofold.call('window.camera', { on: true }),
  )
  expect(await ask({ video: true })).toBe('given')
  expect(await ask({ audio: true })).toBe('NotAllowedError')
  expect(await ask({ audio: true, video: true })).toBe('NotAllowedError')
  await second!.page.evaluate(() =>
    (window as unknown as { twofold: Bridge }).twofold.call('window.camera', { on: false }),
  )
  expect(await ask({ video: true })).toBe('NotAllowedError')
})
