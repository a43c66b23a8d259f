// Starts the built app, or a minimal one, without a test driver (which would hold the start up): spawn to painted rows, the
// memory of all its processes, and what ending takes.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { electronRuntime, root } from '../../../scripts/electron-runtime.mjs'

const START_MS_MAX = 60_000
const PROBE = join(root, 'test/bench/start/probe.cjs')

export interface Memory {
  /** MiB of all processes: pages that several share are divided among them. */
  pss: number
  /** MiB that ending it would free. */
  own: number
  processes: number
}

export class Started {
  private constructor(
    readonly child: ChildProcess,
    /** Spawn to painted rows. */
    readonly paintedMs: number,
  ) {}

  /** `app`: folder of an Electron app; `args` follow it. `sign`: what stands in the page once it is painted, a CSS selector. */
  static async start(
    app: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    sign = '[data-testid=entry]',
  ) {
    const { exe } = await electronRuntime()
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
    const spawnedAt = Date.now()
    const child = spawn(exe, ['-r', PROBE, ...asRoot, app, ...args], {
      env: { ...process.env, ...env, BENCH_SIGN: sign },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const late = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
    let said = ''
    const paintedAt = await new Promise<number>((resolve, reject) => {
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text
        const painted = /^painted (\d+)$/m.exec(said)
        if (painted) resolve(Number(painted[1]))
      })
      child.once('close', () => reject(new Error(`${app} did not paint: ${said}`)))
    }).finally(() => clearTimeout(late))
    return new Started(child, paintedAt - spawnedAt)
  }

  hide(): void {
    this.child.kill('SIGUSR2')
  }

  /** Null where the system does not tell (not Linux). */
  memory(): Memory | null {
    return process.platform === 'linux' ? memoryOf(family(this.child.pid!)) : null
  }

  /** Ends it as a signed-off session would; ms until it is gone. */
  async stop(): Promise<number> {
    const ended = once(this.child, 'exit')
    const at = performance.now()
    this.child.kill('SIGTERM')
    await ended
    return performance.now() - at
  }
}

/** Linux only. */
export function memoryOf(processes: readonly number[]): Memory {
  const total: Memory = { pss: 0, own: 0, processes: processes.length }
  for (const pid of processes) {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0)
    total.pss += kib('Pss') / 1024
    total.own += (kib('Private_Clean') + kib('Private_Dirty')) / 1024
  }
  return total
}

/** A process and all below it. */
export function family(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]))
    } catch {
      // It ended meanwhile.
    }
  }
  const members = [pid]
  for (const member of members) for (const [child, parent] of parents) if (parent === member) members.push(child)
  return members
}

/** The smallest app that shows anything: what Electron alone costs. */
export function minimalApp(parent: string): string {
  const dir = join(parent, 'minimal')
  mkdirSync(dir)
  writeFileSync(join(dir, 'package.json'), '{ "name": "minimal", "version": "0.0.0", "main": "main.js" }')
  writeFileSync(
    join(dir, 'main.js'),
    `const { app, BrowserWindow } = require('electron')
app.setPath('userData', __dirname + '/data')
app.whenReady().then(() => new BrowserWindow({ width: 1200, height: 800 }).loadFile('index.html'))`,
  )
  writeFileSync(join(dir, 'index.html'), '<p data-testid="entry">ready</p>')
  return dir
}
