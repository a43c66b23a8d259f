// When a process is killed. Moments are spread over the whole of its work, from its first touch of the folder to its end; a
// part of them falls on the first milliseconds, in which files are opened, made and brought forward. How long a command works
// is learnt as rounds go by, so that most kills find it running on any machine.
import { join } from 'node:path'
import { root } from '../../scripts/electron-runtime.mjs'
import { Twofold, type StartOptions } from './processes'
import type { Round } from './rounds'

/** Share of the kills that fall on the opening, and how long that takes at most. */
const OPENING = 0.2
const OPENING_MS = 15
/** A kill that found it working says that it may work longer than was thought. */
const LONGER = 1.03

/** Milliseconds of work, by command. */
const worked = new Map<string, number>()

interface KilledOptions extends StartOptions {
  input?: string
  /** Commands of one name take about as long. */
  name: string
  /** A first guess, ms. */
  aboutMs: number
}

/** Runs a command that is killed at some moment of its work. False: it had ended before; then it ended in order. */
export async function killedWithin(
  round: Round,
  dir: string,
  args: readonly string[],
  { input = '', name, aboutMs, ...options }: KilledOptions,
): Promise<boolean> {
  const spanMs = worked.get(name) ?? aboutMs
  const atMs = round.chance() < OPENING ? round.chance() * OPENING_MS : round.chance() * spanMs
  const running = new Twofold(dir, args, {
    ...options,
    env: {
      ...options.env,
      NODE_OPTIONS: `--require ${join(root, 'test/faults/killing.cjs')}`,
      KILL_AFTER_MS: String(atMs),
    },
  })
  running.input(input)
  running.endInput()
  const { code, signal } = await running.ended
  if (signal === 'SIGKILL') {
    worked.set(name, spanMs * LONGER)
    round.killed()
    round.note(`${args[0]} killed after ${atMs.toFixed(1)} ms of about ${spanMs.toFixed(0)}`)
    return true
  }
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code ?? signal}: ${running.err.slice(-1500)}`)
  const tookMs = Number(running.said)
  worked.set(name, tookMs)
  round.note(`${args[0]} was done after ${tookMs.toFixed(0)} ms`)
  return false
}
