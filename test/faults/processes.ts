// Real processes for the fault tests: the built command line on the pinned Node, on loopback, killed, stopped and watched.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { root } from '../../scripts/electron-runtime.mjs'
import { connectControl, type ControlClient } from '../../main/ipc/control-client'
import { loopback } from '../e2e/command-line'
import { waitFor } from '../support/wait'

const cli = join(root, 'out/main/cli.cjs')
/** Programs are compiled once and not by each of some thousand processes. */
const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'twofold-fault-compiled') }

export interface StartOptions {
  env?: Readonly<Record<string, string>>
  /** In front of the command: `ip netns exec NAME`. */
  within?: readonly string[]
  onLine?(line: string): void
}

export class Twofold {
  readonly lines: string[] = []
  err = ''
  /** What it said on descriptor 3; only with killing.cjs. */
  said = ''
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  private readonly child: ChildProcess

  constructor(dir: string, args: readonly string[], { env = {}, within = [], onLine }: StartOptions = {}) {
    const [program, ...rest] = [...within, process.execPath, cli, ...args, '--data', dir]
    this.child = spawn(program!, rest, {
      env: { ...process.env, ...compiled, ...loopback, ...env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    })
    ;(this.child.stdio[3] as Readable).on('data', (data) => (this.said += String(data)))
    this.child.stdin!.on('error', () => undefined)
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      this.lines.push(line)
      onLine?.(line)
    })
    this.child.stderr!.on('data', (data) => (this.err += String(data)))
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
    }))
  }

  get pid(): number {
    return this.child.pid!
  }
  /** How it ended; null while it runs. */
  get end(): number | NodeJS.Signals | null {
    return this.child.exitCode ?? this.child.signalCode
  }
  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }
  input(text: string): void {
    this.child.stdin!.write(text)
  }
  endInput(): void {
    this.child.stdin!.end()
  }
  async signal(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal)
    if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await this.ended
  }
  async stop(): Promise<void> {
    if (this.running) this.child.kill('SIGTERM')
    const { code, signal } = await this.ended
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${this.err.slice(-2000)}`)
  }
}

/** Runs one command to its end. */
export async function ran(
  dir: string,
  args: readonly string[],
  input = '',
  options: StartOptions = {},
): Promise<{ code: number | null; signal: NodeJS.Signals | null; lines: string[]; err: string }> {
  const running = new Twofold(dir, args, options)
  running.input(input)
  running.endInput()
  const ended = await running.ended
  return { ...ended, lines: running.lines, err: running.err.trim() }
}

export interface PeerProcess {
  readonly process: Twofold
  readonly control: ControlClient
}

/** An always-on peer whose socket answers. Throws with what it said when it ended instead. */
export async function startPeer(dir: string, options: StartOptions = {}): Promise<PeerProcess> {
  const running = new Twofold(dir, ['peer'], options)
  running.endInput()
  let control: ControlClient | null = null
  await waitFor('a peer to answer', async () => {
    if (!running.running) throw new Error(`the peer ended: ${running.err.slice(-2000)}`)
    control = await connectControl(dir)
    return control !== null
  })
  return { process: running, control: control! }
}
