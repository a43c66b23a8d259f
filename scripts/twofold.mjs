// `npm run twofold -- ARGS`: the command line from this checkout. Builds it first if a source has changed, then hands
// over arguments, standard input and output, signals and the exit code as they are.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { build } from './build.mjs'
import { root } from './electron-runtime.mjs'

build({ ifStale: true })
const child = spawn(process.execPath, [join(root, 'out/main/cli.cjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: process.env.INIT_CWD ?? process.cwd(), // npm moves to the project's folder; relative paths mean the caller's
})
process.on('SIGINT', () => {}) // a terminal sends it to both; the child decides
process.on('SIGTERM', () => child.kill('SIGTERM'))
process.on('SIGHUP', () => child.kill('SIGHUP'))
child.on('exit', (code, signal) => process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0)))
