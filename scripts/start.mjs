// `npm start` and `npm run dev`: builds the app, finds an Electron for it, and runs it. What follows `--` goes to the
// app; `--dev` runs electron-vite's server with hot reload instead. Whatever stands in the way is said in one line
// before anything slow begins. Only Node's own modules are imported up here, so that a missing `npm ci` can be told too.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const args = process.argv.slice(2).filter((arg) => arg !== '--dev')
const dev = process.argv.includes('--dev')
const refuse = (line) => {
  console.error(line)
  process.exit(1)
}

if (process.platform === 'linux' && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
  refuse(
    'There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set): start Twofold in a desktop session, or use it without a window: npm run twofold -- --help',
  )
}
if (process.getuid?.() === 0 && !args.includes('--no-sandbox')) {
  refuse('Electron keeps its sandbox only for an ordinary user. To run as root all the same: npm start -- --no-sandbox')
}
if (!existsSync(join(root, 'node_modules/electron-vite'))) refuse('The dependencies are not installed yet: npm ci')

const { electronRuntime } = await import('./electron-runtime.mjs')
const { ensureSystem } = await import('./check-system.mjs')
const { build } = await import('./build.mjs')
const runtime = await electronRuntime()
await ensureSystem()
console.error(`Electron ${runtime.version} (${runtime.source})`)
if (!dev) build({ ifStale: true })

const electronVite = join(root, 'node_modules/electron-vite/bin/electron-vite.js')
const child = dev
  ? spawn(process.execPath, [electronVite, 'dev', '--watch', '--', ...args], {
      stdio: 'inherit',
      cwd: root,
      env: { ...process.env, ELECTRON_EXEC_PATH: runtime.exe },
    })
  : spawn(runtime.exe, [root, ...args], { stdio: 'inherit' })
process.on('SIGINT', () => child.kill('SIGINT'))
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
