// Finds what this machine lacks to run the app, or (`node scripts/check-system.mjs --tests`) all tests. Electron links
// to system libraries that a bare Debian has not got, and npm cannot bring them. As root they are installed with apt;
// otherwise one line says what to type.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { electronRuntime } from './electron-runtime.mjs'

/** Debian's package for a missing library. gtk brings most of the others by its own dependencies. */
const LIBRARY_PACKAGES = {
  'libnss3.so': 'libnss3',
  'libnssutil3.so': 'libnss3',
  'libsmime3.so': 'libnss3',
  'libnspr4.so': 'libnss3',
  'libgbm.so.1': 'libgbm1',
  'libasound.so.2': 'libasound2',
}

/** What only the tests run: a display, network namespaces, checks of the installed menu entry. */
const TEST_COMMANDS = {
  Xvfb: 'xvfb',
  ip: 'iproute2',
  setpriv: 'util-linux',
  useradd: 'passwd',
  'desktop-file-validate': 'desktop-file-utils',
  'update-mime-database': 'shared-mime-info',
  'xdg-mime': 'xdg-utils',
}

const onPath = (name) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((dir) => existsSync(join(dir, name)))

/** @param {string} exe @param {{ tests: boolean }} options @returns {string[]} Debian packages */
function missingPackages(exe, { tests }) {
  const { stdout } = spawnSync('ldd', [exe], { encoding: 'utf8' })
  const missing = new Set()
  for (const [, library = ''] of stdout.matchAll(/^\s*(\S+) => not found/gm)) {
    missing.add(LIBRARY_PACKAGES[library] ?? 'libgtk-3-0')
  }
  if (tests) for (const [command, name] of Object.entries(TEST_COMMANDS)) if (!onPath(command)) missing.add(name)
  return [...missing]
}

/** Ends this process with one line if something is missing that it may not install. */
export async function ensureSystem({ tests = false } = {}) {
  if (process.platform !== 'linux') return
  const { exe } = await electronRuntime()
  const missing = missingPackages(exe, { tests })
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    console.error(`Installing what Electron${tests ? ' and the tests' : ''} need: ${missing.join(' ')}`)
    // The lists of a fresh machine are empty; without them apt finds nothing.
    for (const args of [['update', '-qq'], install]) {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env })
    }
    if (missingPackages(exe, { tests }).length === 0) return
  }
  const need = tests ? 'Electron and the tests need' : 'Electron needs'
  console.error(
    `This machine lacks what ${need}. On Debian or Ubuntu: sudo apt-get update && sudo apt-get ${install.join(' ')}`,
  )
  process.exit(1)
}

if (process.argv[1] === import.meta.filename) await ensureSystem({ tests: process.argv.includes('--tests') })
