// Starts the real app for a test: the development run of out/, or with TWOFOLD_E2E=packaged the app in dist-e2e
// (`node scripts/package.mjs --e2e dir`). Each has a data folder of its own, so several can run side by side.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { electronRuntime, root } from '../../scripts/electron-runtime.mjs'

export interface Running {
  readonly app: ElectronApplication
  readonly page: Page
  readonly dataFolder: string
  /** Every page error and every console warning or error so far. A test that expects one takes it out. */
  readonly problems: string[]
  /** Quits as a person would. The data folder stays if it was handed in. */
  stop(): Promise<void>
  /** Ends it at once, with no chance to tidy up. The data folder stays. */
  kill(): Promise<void>
}

export interface LaunchOptions {
  /** An existing data folder, to start again on it. Absent: a new one, removed by `stop`. */
  readonly dataFolder?: string
  /** More arguments for the app, such as an invite link. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

const packaged = process.env.TWOFOLD_E2E === 'packaged'
const startLimitMs = 30_000 // a cold start on two busy cores takes up to 8 s

async function commandOf(dataFolder: string, { args = [], env = {} }: LaunchOptions) {
  const executablePath = packaged ? join(root, 'dist-e2e/linux-unpacked/twofold') : (await electronRuntime()).exe
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [] // Chromium refuses to run as root otherwise
  return {
    executablePath,
    args: [...asRoot, ...(packaged ? [] : [root]), '--data', dataFolder, ...args],
    env: { ...(process.env as Record<string, string>), TWOFOLD_USER_DATA: dataFolder, ...env },
  }
}

/** Starts the app where it must refuse to; its exit code and what it said. */
export async function launchRefused(
  dataFolder: string,
  options: LaunchOptions,
): Promise<{ code: number; err: string }> {
  const { executablePath, args, env } = await commandOf(dataFolder, options)
  const child = spawn(executablePath, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: startLimitMs })
  let err = ''
  child.stderr.on('data', (data) => (err += String(data)))
  const [code] = (await once(child, 'close')) as [number]
  return { code, err }
}

export async function launch(options: LaunchOptions = {}): Promise<Running> {
  const { dataFolder: given } = options
  const dataFolder = given ?? mkdtempSync(join(tmpdir(), 'twofold-e2e-'))
  const app = await _electron.launch({
    ...(await commandOf(dataFolder, options)),
    colorScheme: null, // Playwright would force light
    timeout: startLimitMs,
  })
  const problems: string[] = []
  const page = await app.firstWindow({ timeout: startLimitMs })
  page.on('pageerror', (error) => problems.push(`pageerror ${error.message}`))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()} ${message.text()}`)
  })
  return {
    app,
    page,
    dataFolder,
    problems,
    stop: async () => {
      await app.close()
      if (!given) rmSync(dataFolder, { recursive: true, force: true })
    },
    kill: async () => {
      const ended = once(app.process(), 'exit')
      app.process().kill('SIGKILL')
      await ended
    },
  }
}
