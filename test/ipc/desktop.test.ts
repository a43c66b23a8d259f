// The plain functions of the desktop shell: addresses, the data folder, and where the window opens.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { assetFile, chosenDataDir, externalAddress, inviteLink, isOwnPage } from '../../main/desktop/addresses'
import { place, readWindowState, writeWindowState } from '../../main/desktop/window-state'

test('only files below the root are served', () => {
  const root = resolve('/srv/app')
  expect(assetFile(root, 'app://twofold/')).toBe(join(root, 'index.html'))
  expect(assetFile(root, 'app://twofold/assets/a%20b.js?x#y')).toBe(join(root, 'assets/a b.js'))
  const refused = [
    'app://twofold/..%2f..%2fetc/passwd',
    'app://twofold/%2e%2e%2f%2e%2e%2fetc',
    'app://twofold/a/..%2f..%2f..%2fx',
    'app://twofold/%00',
    'app://twofold/a%5c..%5cb',
    'app://twofold/C:%2fx',
    'app://twofold/%zz',
    'app://other/index.html',
    'file:///etc/passwd',
    'nonsense',
    'app://twofold/..%2fapp-other/x',
  ]
  for (const address of refused) expect(assetFile(root, address), address).toBeNull()
})

test('only our own page may call', () => {
  expect(isOwnPage('app://twofold/index.html', undefined)).toBe(true)
  expect(isOwnPage('http://localhost:5173/x', 'http://localhost:5173')).toBe(true)
  for (const url of [
    'app://twofold.evil/',
    'app://evil/',
    'http://localhost:5173/',
    'https://a.example',
    'about:blank',
    '',
  ]) {
    expect(isOwnPage(url, undefined), url).toBe(false)
  }
  expect(isOwnPage('http://localhost:51730/', 'http://localhost:5173/')).toBe(false)
})

test('only pages and mail go to the system', () => {
  expect(externalAddress('https://a.example/x')).toBe('https://a.example/x')
  expect(externalAddress('mailto:a@b.example')).toBe('mailto:a@b.example')
  for (const address of [
    'file:///x',
    'javascript:x',
    'smb://a/b',
    'twofold://x',
    'ms-msdt:/x',
    'x',
    `https://a.example/${'x'.repeat(9000)}`,
  ]) {
    expect(externalAddress(address)).toBeNull()
  }
})

test('an invite link is found among arguments', () => {
  expect(inviteLink(['twofold', '--x', 'Twofold://join/a', 'twofold://b'])).toBe('Twofold://join/a')
  for (const args of [[], ['--y=twofold://a'], ['twofold://'], ['https://a.example']])
    expect(inviteLink(args)).toBeNull()
})

test('the data folder: argument, then environment', () => {
  const env = { TWOFOLD_USER_DATA: '/e' }
  expect(chosenDataDir(['--data', '/d'], env)).toBe('/d')
  expect(chosenDataDir(['.', '--data=d', 'x'], env)).toBe(resolve('d'))
  expect(chosenDataDir(['--database', '/d'], env)).toBe('/e')
  expect(chosenDataDir([], {})).toBeNull()
  for (const args of [['--data'], ['--data='], ['--data', '--x']])
    expect(() => chosenDataDir(args, {})).toThrow(expect.objectContaining({ code: 'FOLDER_UNWRITABLE' }))
  expect(() => chosenDataDir([], { TWOFOLD_USER_DATA: 'relative' })).toThrow(
    expect.objectContaining({ code: 'FOLDER_UNWRITABLE' }),
  )
})

test('the window opens where it stood, if a display is still there', () => {
  const left = { x: 0, y: 0, width: 1920, height: 1040 }
  const right = { x: 1920, y: 0, width: 1280, height: 1000 }
  const stood = { x: 2000, y: 50, width: 1000, height: 700 }
  expect(place(stood, [left, right])).toEqual(stood)
  expect(place(stood, [left])).toEqual({ width: 1000, height: 700 })
  expect(place({ ...stood, y: -20 }, [left, right])).toEqual({ width: 1000, height: 700 })
  expect(place({ ...stood, width: 5000, height: 10 }, [left, right])).toEqual({ ...stood, width: 1280, height: 600 })
  expect(place(null, [left])).toEqual({ width: 1200, height: 800 })
  expect(place(null, [{ ...left, width: 1024, height: 640 }])).toEqual({ width: 1024, height: 640 })
  expect(place(null, [])).toEqual({ width: 1200, height: 800 })
})

test('a damaged window state is the first one', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tf-'))
  const file = join(dir, 'window.json')
  const first = { bounds: null, maximised: false, theme: 'system', language: 'system' }
  expect(readWindowState(file)).toEqual(first)
  const kept = { bounds: { x: -5, y: 0, width: 900, height: 700 }, maximised: true, theme: 'dark' } as const
  writeWindowState(file, { ...kept, language: 'de' })
  expect(readWindowState(file)).toEqual({ ...kept, language: 'de' })
  // As an earlier version wrote it.
  writeFileSync(file, JSON.stringify(kept))
  expect(readWindowState(file)).toEqual({ ...kept, language: 'system' })
  for (const damaged of [
    '',
    '{',
    '[]',
    '{"bounds":{"x":"1"},"maximised":true,"theme":"dark"}',
    '{"bounds":null,"maximised":1,"theme":"pink"}',
  ]) {
    writeFileSync(file, damaged)
    expect(readWindowState(file)).toEqual(first)
  }
  rmSync(dir, { recursive: true })
})
