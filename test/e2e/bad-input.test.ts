// What goes wrong in a person's hands: each gets one clear sentence with a code, nothing is lost, and the app goes on.
import { execFileSync } from 'node:child_process'
import {
  openSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
  rmSync,
  mkdtempSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { crypto, keyPairFromSeed, randomBytes, signer } from '../../main/identity/sodium'
import { INVITE_SECRET_BYTES, encodeLink, inviteIdOf, signCapability } from '../../main/protocol/invite'
import { toHex } from '../../main/protocol/codec'
import type { AppState, CircleId, DeviceKey } from '../../shared/types'
import { loopback, mustRun, newFolder, startPeer, twofold, twofoldJson, type Folder, type Peer } from './command-line'
import { launch, launchRefused, type Running } from './launch'
import { composer, foundCircle, makeIdentity, picture } from './window'

/** A link that was right once. */
function expiredLink(): string {
  const keys = keyPairFromSeed(randomBytes(32))
  const secret = randomBytes(INVITE_SECRET_BYTES)
  const capability = {
    invite: inviteIdOf(crypto, secret),
    circle: 'ab'.repeat(32) as CircleId,
    circleName: 'Family',
    inviterName: 'Ann',
    inviter: toHex(keys.publicKey) as DeviceKey,
    epoch: 0,
    expiresAt: Date.now() - 60_000,
    usesMax: 1,
    approval: 'auto' as const,
  }
  return encodeLink(crypto, { ...signCapability(crypto, capability, signer(keys)), secret, addresses: [] })
}

describe('on the command line', () => {
  let folder: Folder
  let peer: Peer | undefined
  const texts = async () => (await twofoldJson<{ text: string }>(folder.path, ['timeline'])).map((l) => l.text)
  const alerts = async () => (await twofoldJson<AppState>(folder.path, ['state']))[0]!.alerts

  beforeAll(async () => {
    folder = newFolder('careful')
    await mustRun(folder.path, ['init', '--name', 'Ann'])
  })
  afterEach(async () => {
    await peer?.stop()
    peer = undefined
  })
  afterAll(() => folder.remove())

  test.each([
    ['no link at all', 'https://example.org/', 'LINK_INVALID'],
    ['half a link', expiredLink().slice(0, 60), 'LINK_DAMAGED'],
    ['an expired link', expiredLink(), 'INVITE_EXPIRED'],
    [
      'twelve words with a mistake',
      'legal winner thank year wave sausage worth useful legal winner thank yellov',
      'INVITE_WORDS_INVALID',
    ],
    ['three words', 'legal winner thank', 'INVITE_WORDS_INVALID'],
  ])('join with %s', async (_what, link, code) => {
    const ended = await twofold(folder.path, ['join', link])
    expect(ended.code).toBe(1)
    expect(ended.err).toMatch(new RegExp(`^twofold: ${code}: .+[.?]$`))
    expect(ended.err.split('\n')).toHaveLength(1)
  })

  test('a word that is on no list is named, with the one that was probably meant', async () => {
    const other = newFolder('restored')
    const words = `${'abandon '.repeat(22)}abandn art`
    const ended = await twofold(other.path, ['init', '--name', 'Ann', '--restore'], { input: words })
    expect(ended).toMatchObject({
      code: 1,
      err: 'twofold: WORD_UNKNOWN: Word 23 (“abandn”) is not on the list. Did you mean “abandon”?',
    })
    other.remove()
  })

  test('called wrongly: exit code 2 and how to call it', async () => {
    expect(await twofold(folder.path, ['pots', 'hello'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no command “pots”') as string,
    })
    expect(await twofold(folder.path, ['post', '--colour'])).toMatchObject({ code: 2 })
    expect(await twofold(folder.path, ['post', '--help'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: twofold post TEXT') as string,
    })
  })

  test('there is no circle yet, then there is one', async () => {
    expect(await twofold(folder.path, ['post', 'too early'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('CIRCLE_MISSING') as string,
    })
    expect((await twofold(folder.path, ['circle', 'create', '--name', 'Family'])).code).toBe(0)
    expect(await twofold(folder.path, ['circle', 'create', '--name', 'Again'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('CIRCLE_EXISTS') as string,
    })
    expect(await twofold(folder.path, ['post', '  \n '])).toMatchObject({
      code: 1,
      err: expect.stringContaining('TEXT_EMPTY') as string,
    })
    expect(await twofold(folder.path, ['post', '-'], { input: 'x'.repeat(65_500) })).toMatchObject({
      code: 1,
      err: expect.stringContaining('TEXT_TOO_LONG') as string,
    })
    expect((await twofold(folder.path, ['post', 'one'])).code).toBe(0)
    expect(await texts()).toEqual(['one'])
  })

  test('a folder opened twice, by another peer and by a window', async () => {
    peer = await startPeer(folder.path)
    expect(await twofold(folder.path, ['peer'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('FOLDER_IN_USE') as string,
    })
    expect(await launchRefused(folder.path, { env: loopback })).toEqual({
      code: 1,
      err: expect.stringContaining('FOLDER_IN_USE') as string,
    })
    expect((await twofold(folder.path, ['post', 'two'])).code).toBe(0)
    expect(await texts()).toEqual(['two', 'one'])
  })

  test('a database that another program has locked', async () => {
    const other = new Database(join(folder.path, 'timeline.sqlite'))
    other.pragma('locking_mode = EXCLUSIVE')
    other.exec('BEGIN EXCLUSIVE')
    expect(await twofold(folder.path, ['post', 'three'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('DATABASE_LOCKED') as string,
    })
    other.exec('COMMIT')
    other.close()
    expect((await twofold(folder.path, ['post', 'three'])).code).toBe(0)
    expect(await texts()).toEqual(['three', 'two', 'one'])
  })

  test('a damaged database is set aside, and what can be read of it is there again', async () => {
    for (let i = 0; i < 5; i++) await twofold(folder.path, ['post', `more ${i} ${'filler '.repeat(300)}`])
    const before = await texts()
    const path = join(folder.path, 'timeline.sqlite')
    // Overwrites a page in the middle, as a bad sector would, and leaves the mark of an unclean end.
    const db = new Database(path)
    db.exec("UPDATE meta SET value = '0' WHERE key = 'clean'")
    db.close()
    const handle = openSync(path, 'r+')
    writeSync(handle, Buffer.alloc(4096, 0x5a), 0, 4096, Math.floor(statSync(path).size / 8192) * 4096)
    closeSync(handle)
    peer = await startPeer(folder.path)
    expect((await alerts()).map((a) => a.code)).toContain('DATABASE_DAMAGED')
    const after = await texts()
    expect(after.every((text) => before.includes(text))).toBe(true)
    expect(readdirSync(folder.path).some((name) => name.startsWith('timeline.sqlite.damaged-'))).toBe(true)
    expect((await twofold(folder.path, ['verify'])).code).toBe(0)
  })

  test('a file that is no database at all, and settings that are no settings', async () => {
    writeFileSync(join(folder.path, 'timeline.sqlite'), 'this is a letter, not a database'.repeat(200))
    writeFileSync(join(folder.path, 'settings.json'), '{"theme": 7')
    peer = await startPeer(folder.path)
    const codes = (await alerts()).map((a) => a.code)
    expect(codes).toEqual(expect.arrayContaining(['DATABASE_DAMAGED', 'SETTINGS_DAMAGED']))
    expect(readdirSync(folder.path).some((name) => name.startsWith('settings.json.damaged-'))).toBe(true)
  })

  test('keys that cannot be read are said so, and left as they are', async () => {
    const other = newFolder('keys')
    await twofold(other.path, ['init', '--name', 'Ann'])
    const path = join(other.path, 'keys.json')
    const text = readFileSync(path, 'utf8').replace('"sealed": "', '"sealed": "AAAA')
    writeFileSync(path, text)
    expect(await twofold(other.path, ['state'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('KEYS_DAMAGED') as string,
    })
    expect(readFileSync(path, 'utf8')).toBe(text)
    other.remove()
  })

  test('a passphrase: needed, wrong, right', async () => {
    const other = newFolder('passphrase')
    const withPassphrase = (passphrase: string) => ({ env: { ...loopback, TWOFOLD_PASSPHRASE: passphrase } })
    expect((await twofold(other.path, ['init', '--name', 'Ann'], withPassphrase('correct horse'))).code).toBe(0)
    expect(await twofold(other.path, ['state'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('PASSPHRASE_NEEDED') as string,
    })
    expect(await twofold(other.path, ['state'], withPassphrase('wrong'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('PASSPHRASE_WRONG') as string,
    })
    expect((await twofold(other.path, ['state'], withPassphrase('correct horse'))).code).toBe(0)
    other.remove()
  })
})

const root = process.getuid?.() === 0
if (!root) console.warn('bad-input.test.ts: a full disk needs root (a small tmpfs); CI must provide it')

describe.skipIf(!root && !process.env.CI)('on a disk that fills up', () => {
  const disk = mkdtempSync(join(tmpdir(), 'twofold-disk-'))
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  afterAll(() => {
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true, force: true })
  })

  test('posting says so, nothing is lost, and it goes on when there is space', async () => {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk)
    const folder = join(disk, 'data')
    expect((await twofold(folder, ['init', '--name', 'Ann'])).code).toBe(0)
    expect((await twofold(folder, ['circle', 'create', '--name', 'Small'])).code).toBe(0)
    const peer = await startPeer(folder)
    const posted: string[] = []
    let full: { code: number; err: string } | undefined
    for (let i = 0; i < 40 && !full; i++) {
      const ended = await twofold(folder, ['post', '-'], { input: `${i} ${'x'.repeat(50_000)}` })
      if (ended.code === 0) posted.push(ended.out)
      else full = ended
    }
    expect(full).toMatchObject({ code: 1, err: expect.stringContaining('DISK_FULL') as string })
    const ids = async () => (await twofoldJson<{ id: string }>(folder, ['timeline'])).map((l) => l.id)
    expect(await ids()).toEqual(posted.toReversed())
    mount('-o', 'remount,size=16m', disk)
    const again = await twofold(folder, ['post', 'there is space again'])
    expect(again.code).toBe(0)
    expect(await ids()).toEqual([again.out, ...posted.toReversed()])
    expect((await twofold(folder, ['verify'])).code).toBe(0)
    await peer.stop()
  })
})

describe('in the window', () => {
  let running: Running
  beforeAll(async () => {
    running = await launch({ env: loopback })
  })
  afterAll(() => running.stop())

  test('a wrong link, a damaged one and an expired one each get a sentence, and the text stays', async () => {
    const { page } = running
    await makeIdentity(page, 'Ann')
    await page.getByRole('button', { name: /Join a circle/ }).click()
    for (const [link, sentence] of [
      ['hello', 'This is not a Twofold invite link.'],
      [expiredLink().slice(0, 70), 'This invite link is damaged'],
      [expiredLink(), 'This invite expired on'],
    ] as const) {
      await page.getByLabel('Invite link or 12 words').fill(link)
      await page.getByRole('button', { name: 'Look at the invite' }).click()
      await page.getByRole('alert').filter({ hasText: sentence }).waitFor()
      expect(await page.getByLabel('Invite link or 12 words').inputValue()).toBe(link)
    }
    await picture(page, '20-wrong-link')
    await page.getByRole('button', { name: 'Back' }).click()
    await foundCircle(page, 'Family')
    expect(running.problems).toEqual([])
  })

  test('a text that is too long is refused before it is sent, and kept', async () => {
    const { page } = running
    const text = 'x'.repeat(65_500)
    await composer(page).fill(text)
    await page.getByText('too long').waitFor()
    expect(await composer(page).inputValue()).toBe(text)
    await picture(page, '21-too-long')
  })
})
