// The command line as a test uses it: the built out/main/cli.cjs on the pinned Node, on loopback only, with no way out to
// the internet.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../../scripts/electron-runtime.mjs'
import { waitFor } from '../support/wait'

/** Keeps a Twofold on loopback: no public DHT, sockets on 127.0.0.1 only. */
export const loopback = { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' } as const

export interface Ended {
  code: number
  out: string
  err: string
}
interface CallOptions {
  /** Text for standard input. */
  input?: string
  env?: Readonly<Record<string, string>>
  /** In front of the command: `ip netns exec NAME`. */
  within?: readonly string[]
}

const cli = join(root, 'out/main/cli.cjs')

function start(
  dataFolder: string,
  args: readonly string[],
  { env = loopback, within = [] }: CallOptions,
): ChildProcess {
  const [program, ...rest] = [...within, process.execPath, cli, ...args, '--data', dataFolder]
  return spawn(program!, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
}

/** Runs one command to its end. */
export async function twofold(dataFolder: string, args: readonly string[], options: CallOptions = {}): Promise<Ended> {
  const child = start(dataFolder, args, options)
  let out = ''
  let err = ''
  child.stdout!.on('data', (data) => (out += String(data)))
  child.stderr!.on('data', (data) => (err += String(data)))
  child.stdin!.end(options.input ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, out: out.trim(), err: err.trim() }
}

/** The same, for steps that must succeed: throws with what was said instead. */
export async function mustRun(dataFolder: string, args: readonly string[], options: CallOptions = {}): Promise<Ended> {
  const ended = await twofold(dataFolder, args, options)
  if (ended.code !== 0) throw new Error(`twofold ${args.join(' ')} ended with ${ended.code}: ${ended.err}`)
  return ended
}

/** The same with --json, the lines parsed. */
export async function twofoldJson<T>(
  dataFolder: string,
  args: readonly string[],
  options: CallOptions = {},
): Promise<T[]> {
  const { out } = await mustRun(dataFolder, [...args, '--json'], options)
  return out === '' ? [] : out.split('\n').map((line) => JSON.parse(line) as T)
}

export interface Peer {
  readonly pid: number
  stop(): Promise<void>
}

/** An always-on peer, ready when its local socket answers. */
export async function startPeer(dataFolder: string, options: CallOptions = {}): Promise<Peer> {
  const child = start(dataFolder, ['peer'], options)
  let err = ''
  child.stderr!.on('data', (data) => (err += String(data)))
  child.stdout!.resume()
  const ended = once(child, 'close')
  await waitFor('the peer to run', async () => {
    if (child.exitCode !== null) throw new Error(`peer ended with ${child.exitCode}: ${err}`)
    return err.includes('Ctrl-C ends it')
  })
  return {
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

export interface Folder {
  readonly path: string
  remove(): void
}
export function newFolder(name: string): Folder {
  const path = mkdtempSync(join(tmpdir(), `twofold-${name}-`))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
