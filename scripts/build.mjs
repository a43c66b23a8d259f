// Builds out/ with electron-vite, or only if a source is newer than it: `node scripts/build.mjs [--if-stale]`.
// Quiet unless it fails, so that a command line built on the way prints nothing but its own output.
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './electron-runtime.mjs'

const SOURCES = ['main', 'renderer', 'shared', 'electron.vite.config.ts', 'package.json', 'package-lock.json']
/** The last thing that the build writes of each part; the oldest of them dates the build. */
const OUTPUTS = ['out/main/index.cjs', 'out/main/cli.cjs', 'out/preload/index.cjs', 'out/renderer/index.html']

/** @param {string} path @returns {number} the latest change of a file, or of anything in a folder, in ms */
function newest(path) {
  const info = statSync(path)
  if (!info.isDirectory()) return info.mtimeMs
  return Math.max(info.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

function isStale() {
  const built = OUTPUTS.map((file) => statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0)
  return Math.min(...built) <= Math.max(...SOURCES.map((path) => newest(join(root, path))))
}

/** @param {{ ifStale?: boolean }} [options] */
export function build({ ifStale = false } = {}) {
  if (ifStale && !isStale()) return
  const electronVite = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [electronVite, 'build', '--logLevel', 'warn'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (status === 0) return chmodSync(join(root, 'out/main/cli.cjs'), 0o755) // package.json's `bin`
  process.stderr.write(`${stdout}${stderr}The build failed.\n`)
  process.exit(1)
}

if (process.argv[1] === import.meta.filename) build({ ifStale: process.argv.includes('--if-stale') })
