// kill -9 while a device writes: entries by the command line, entries through a running peer, and the very first steps.
// Whatever was answered as stored is there afterwards, and the timeline goes on without a fork (rules N4, N7).
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../../shared/types'
import { judge, makeFolders, openHere } from './folders'
import { Twofold, ran, startPeer } from './processes'
import { pause, type Kind, type Round } from './rounds'

const LINES = 60
const idOf = (line: string) => (JSON.parse(line) as { id: string }).id

/** Posts lines and is killed at a random one, or while it starts or ends. */
async function byCommandLine(round: Round, dir: string, acknowledged: Set<string>): Promise<void> {
  const after = round.between(0, LINES)
  const delayMs = after === 0 ? round.chance() * 450 : round.chance() * 6
  round.note(`post --lines, killed ${delayMs.toFixed(1)} ms after ${after} answers`)
  const lines = Array.from({ length: LINES }, (_unused, i) => `line ${i} ${'x'.repeat(round.between(0, 3000))}`)
  let reached = () => {}
  const due = new Promise<void>((resolve) => (reached = resolve))
  const running = new Twofold(dir, ['post', '--lines', '--json'], {
    onLine(line) {
      acknowledged.add(idOf(line))
      if (acknowledged.size === before + after) reached()
    },
  })
  const before = acknowledged.size
  running.input(`${lines.join('\n')}\n`)
  running.endInput()
  if (after > 0) await Promise.race([due, running.ended])
  await pause(delayMs)
  await running.signal('SIGKILL')
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
  await peer.process.signal('SIGKILL')
  await Promise.all(last3)
  peer.control.close()
  return changes
}

/** Killed while an identity or a circle is made: afterwards the step has happened or can be made again. */
async function atTheBeginning(round: Round): Promise<void> {
  const dir = join(round.dir, 'first')
  const kill = async (args: readonly string[]) => {
    const delayMs = 60 + round.chance() * 400
    round.note(`${args.join(' ')}, killed after ${delayMs.toFixed(0)} ms`)
    const running = new Twofold(dir, args)
    running.endInput()
    await Promise.race([pause(delayMs), running.ended])
    await running.signal('SIGKILL')
  }
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
    const opened = await openHere(dir)
    for (let i = 0; i < 5; i++) acknowledged.add((await opened.call('entry.post', { text: `before ${i}` }))!.id)
    await opened.close()
    const kills = round.between(1, 3)
    let changes = 0
    for (let i = 0; i < kills; i++)
      if (round.chance() < 0.7) await byCommandLine(round, dir, acknowledged)
      else changes += await byPeer(round, dir, acknowledged)
    await judge(dir, acknowledged, true, acknowledged.size + changes)
  },
}
