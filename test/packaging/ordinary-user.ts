// An ordinary user of this machine, made for one test run: Electron keeps its sandbox only for such a one, and tests
// run as root wherever packages can be installed. Also what the kernel says about that user's processes.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'

export interface OrdinaryUser {
  readonly name: string
  /** Runs a command with nothing of root's environment and a home of its own; `home` shares one between runs. */
  run(command: readonly string[], home: string): ChildProcess
  newHome(): string
  processes(): UserProcess[]
  /** Ends what is left of the user's processes, then the user. */
  remove(): Promise<void>
}

export interface UserProcess {
  readonly id: number
  readonly command: string
  /** Fields of /proc/ID/status, such as Seccomp and NoNewPrivs. */
  readonly status: ReadonlyMap<string, string>
  /** Its namespaces by kind, such as user and net. */
  readonly namespaces: ReadonlyMap<string, string>
}

export function makeOrdinaryUser(): OrdinaryUser {
  const name = `twofold-test-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'twofold-user-'))
  chmodSync(folder, 0o755)
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', '--home-dir', folder, name])
  const uid = execFileSync('id', ['-u', name], { encoding: 'utf8' }).trim()
  let homes = 0

  const processes = () => processesOf(uid)
  return {
    name,
    newHome() {
      homes += 1
      const home = join(folder, `home-${homes}`)
      for (const path of [home, join(home, 'run')]) {
        mkdirSync(path, { mode: 0o700 })
        execFileSync('chown', [`${name}:`, path])
      }
      return home
    },
    run(command, home) {
      // setpriv becomes the command, so the process id is the app's own.
      return spawn('setpriv', ['--reuid', name, '--regid', name, '--init-groups', '--', ...command], {
        cwd: home,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          HOME: home,
          XDG_RUNTIME_DIR: join(home, 'run'),
          DISPLAY: process.env.DISPLAY,
          PATH: '/usr/local/bin:/usr/bin:/bin',
          LANG: 'C.UTF-8',
        },
      })
    },
    processes,
    async remove() {
      for (const { id } of processes()) process.kill(id, 'SIGKILL')
      await untilGone(processes)
      execFileSync('userdel', [name])
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilGone(processes: () => UserProcess[]): Promise<void> {
  while (processes().length > 0) await new Promise((resolve) => setImmediate(resolve))
}

function processesOf(uid: string): UserProcess[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const lines = readFileSync(`/proc/${entry}/status`, 'utf8').split('\n')
        const status = new Map(lines.map((line) => [line.split(':')[0]!, line.split(':').slice(1).join(':').trim()]))
        if (status.get('Uid')?.split('\t')[0] !== uid || status.get('State')?.startsWith('Z')) return []
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        const namespaces = new Map(
          ['user', 'pid', 'net'].map((kind) => [kind, readlinkSync(`/proc/${entry}/ns/${kind}`)]),
        )
        return [{ id: Number(entry), command, status, namespaces }]
      } catch {
        return [] // it ended meanwhile
      }
    })
}

export interface DrivenApp {
  readonly page: Page
  readonly child: ChildProcess
  stop(): Promise<void>
}

/** Starts the installed app with its DevTools open on a free port: production fuses leave no other way to drive it. */
export async function drive(user: OrdinaryUser, command: readonly string[], home: string): Promise<DrivenApp> {
  const child = user.run([...command, '--remote-debugging-port=0'], home)
  let output = ''
  const endpoint = await new Promise<string>((resolve, reject) => {
    const read = (data: Buffer) => {
      output += data.toString()
      const found = /DevTools listening on (ws:\S+)/.exec(output)?.[1]
      if (found) resolve(found)
    }
    child.stderr!.on('data', read)
    child.stdout!.on('data', read)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      reject(new Error(`${command.join(' ')} ended with ${code ?? signal} before its window opened:\n${output}`))
    })
  })
  const browser: Browser = await chromium.connectOverCDP(endpoint)
  const context = browser.contexts()[0]!
  const page = context.pages()[0] ?? (await context.waitForEvent('page'))
  return {
    page,
    child,
    async stop() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
      child.kill('SIGTERM')
      await ended
      await browser.close()
    },
  }
}
