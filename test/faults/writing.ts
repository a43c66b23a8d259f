// kill -9 while a device writes: entries by the command line, entries through a running peer, and the very first steps.
// Whatever was answered as stored is there afterwards, and the timeline goes on without a fork (rules N4, N7).
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../../shared/types'
import { fill, judge, makeFolders } from './folders'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { Twofold, ran, startPeer } from './processes'
import { pause, type Kind, type Round } from './rounds'

const LINES = 60
const idOf = (line: string) => (JSON.parse(line) as { id: string }).id

/** Posts lines and is killed right behind a random one, or at any moment of its work. */
async function byCommandLine(round: Round, dir: string, acknowledged: Set<string>): Promise<void> {
  const texts = Array.from({ length: LINES }, (_unused, i) => `line ${i} ${'x'.repeat(round.between(0, 3000))}`)
  const input = `${texts.join('\n')}\n`
  const before = acknowledged.size
  const after = round.chance() < 0.6 ? round.between(1, LINES) : 0
  const answered = (line: string) => void acknowledged.add(idOf(line))
  if (after === 0) {
    await killedWithin(round, dir, ['post', '--lines', '--json'], {
      name: 'post',
      aboutMs: 250,
      input,
      onLine: answered,
    })
    return
  }
  let reached = () => {}
  const due = new Promise<void>((resolve) => (reached = resolve))
  const running = new Twofold(dir, ['post', '--lines', '--json'], {
    onLine(line) {
      answered(line)
      if (acknowledged.size === before + after) reached()
    },
  })
  running.input(input)
  running.endInput()
  await Promise.race([due, running.ended])
  const delayMs = round.chance() * 6
  await pause(delayMs)
  if (running.running) round.killed()
  await running.signal('SIGKILL')
  round.note(`post --lines, killed ${delayMs.toFixed(1)} ms after ${after} answers`)
}

/** The same through a peer's socket, with reactions and edits in between. */
async function byPeer(round: Round, dir: string, acknowledged: Set<string>): Promise<number> {
  let changes = 0
  const peer = await startPeer(dir)
  const after = round.between(0, 40)
  round.note(`a peer, killed after about ${after} answers`)
  let last: Row | null = null
  const write = async (i: number) => {
    const row =
      last && i % 5 === 3
        ? await peer.control.call('entry.edit', { id: last.id, text: `changed ${i}` })
        : last && i % 5 === 4
          ? await peer.control.call('entry.react', { id: last.id, text: `r${i}` })
          : await peer.control.call('entry.post', { text: `entry ${i} ${'y'.repeat(round.between(0, 2000))}` })
    if (row && acknowledged.has(row.id)) changes++
    if (row) acknowledged.add((last = row).id)
  }
  for (let i = 0; i < after; i++) await write(i)
  const last3 = [write(after), write(after + 1), write(after + 2)].map((one) => one.catch(() => undefined))
  await pause(round.chance() * 8)
  round.killed()
  await peer.process.signal('SIGKILL')
  await Promise.all(last3)
  peer.control.close()
  return changes
}

/** Killed while an identity or a circle is made: afterwards the step has happened or can be made again. */
async function atTheBeginning(round: Round): Promise<void> {
  const dir = join(round.dir, 'first')
  const kill = (args: readonly string[]) => killedWithin(round, dir, args, { name: args[0]!, aboutMs: 60 })
  const must = async (args: readonly string[], also: string) => {
    const { code, err } = await ran(dir, args)
    if (code !== 0 && !err.includes(also)) throw new Error(`${args[0]} after the fault ended with ${code}: ${err}`)
  }
  await kill(['init', '--name', 'Ann'])
  await must(['init', '--name', 'Ann'], 'IDENTITY_EXISTS')
  await kill(['circle', 'create', '--name', 'Lab'])
  await must(['circle', 'create', '--name', 'Lab'], 'CIRCLE_EXISTS')
  await judge(dir, [])
  rmSync(dir, { recursive: true })
}

export const writing: Kind = {
  about: 'kill -9 while writing',
  async round(round) {
    if (round.chance() < 0.15) {
      await atTheBeginning(round)
      return
    }
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const acknowledged = new Set<string>()
    for (const id of fill(dir, lines(round, 5, 3000)).keys()) acknowledged.add(id)
    let changes = 0
    for (let kills = round.between(3, 8); kills > 0; kills--) {
      if (round.chance() < 0.8) await byCommandLine(round, dir, acknowledged)
      else changes += await byPeer(round, dir, acknowledged)
      // Now and then the next run finds what the kill left.
      if (kills === 1 || round.chance() < 0.7)
        for (const id of (await judge(dir, acknowledged, true, acknowledged.size + changes)).ids) acknowledged.add(id)
    }
  },
}
