// Bits that flip, files that are cut short, pages that are lost: in the database, its log and the small files, after an
// orderly end and after a kill. Afterwards the folder opens and says so, or is refused in words; whatever it still shows was
// signed as it stands; and the damage is told once, not at every start.
import { closeSync, existsSync, openSync, readSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import type { AppState } from '../../shared/types'
import { judge, makeFolders, openHere, texts } from './folders'
import { Twofold } from './processes'
import { pause, type Kind, type Round } from './rounds'

const DATABASE = 'timeline.sqlite'
const SMALL = ['circle.json', 'agreement.json', 'notices.json', 'keys.json', 'settings.json', 'joining.json'] as const
/** What a folder may answer whose small files are damaged; everything else opens. */
const REFUSALS: Readonly<Record<string, readonly string[]>> = {
  'circle.json': ['CIRCLE_DAMAGED'],
  'keys.json': ['KEYS_DAMAGED'],
}

function flip(round: Round, path: string): void {
  const { size } = statSync(path)
  const flips = round.between(1, 12)
  const handle = openSync(path, 'r+')
  const byte = new Uint8Array(1)
  try {
    for (let i = 0; i < flips && size; i++) {
      const at = round.between(0, size - 1)
      readSync(handle, byte, 0, 1, at)
      byte[0]! ^= 1 << round.between(0, 7)
      writeSync(handle, byte, 0, 1, at)
    }
  } finally {
    closeSync(handle)
  }
  round.note(`${flips} bits of ${size} bytes`)
}
function blank(round: Round, path: string): void {
  const { size } = statSync(path)
  const length = Math.min(size, round.pick([512, 4096, 4096 * 3, 65_536]))
  const at = Math.floor(round.between(0, Math.max(0, size - length)) / 512) * 512
  const fill = round.pick([0, 0xa5])
  const handle = openSync(path, 'r+')
  writeSync(handle, new Uint8Array(Math.min(length, size - at)).fill(fill), 0, Math.min(length, size - at), at)
  closeSync(handle)
  round.note(`${length} bytes of ${fill} at ${at} of ${size}`)
}
function cut(round: Round, path: string): void {
  const { size } = statSync(path)
  const to = round.between(0, Math.max(0, size - 1))
  truncateSync(path, to)
  round.note(`cut from ${size} to ${to} bytes`)
}

/** A folder with some dozen entries, ended in order or by a kill (so that its log is still beside it). Texts by id. */
async function filled(round: Round, dir: string, killed: boolean): Promise<Map<string, string>> {
  const texts = new Map<string, string>()
  const opened = await openHere(dir)
  for (let i = 0; i < 60; i++) {
    const text = `entry ${i} ${'w'.repeat(round.between(0, 900))}`.trim()
    texts.set((await opened.call('entry.post', { text }))!.id, text)
  }
  await opened.close()
  if (!killed) return texts
  const running = new Twofold(dir, ['post', '--lines', '--json'], {
    onLine(line) {
      const { id, text } = JSON.parse(line) as { id: string; text: string }
      texts.set(id, text)
    },
  })
  running.input(`${Array.from({ length: 40 }, (_unused, i) => `later ${i}`).join('\n')}\n`)
  while (texts.size < 75 && running.running) await pause(2)
  await running.signal('SIGKILL')
  return texts
}

interface Seen {
  state: AppState
  /** Text by id. */
  shown: Map<string, string>
  /** How many nodes a check of all found changed. */
  changed: number
}
/** What a folder shows; a code: why it shows nothing. */
async function look(dir: string): Promise<Seen | string> {
  try {
    const opened = await openHere(dir)
    try {
      const shown = await texts(opened)
      const state = await opened.call('state.get', {})
      return { state, shown, changed: (await opened.call('store.verify', {})).bad.length }
    } finally {
      await opened.close()
    }
  } catch (error) {
    if (error instanceof TwofoldError) return error.code
    throw error
  }
}

/** What is shown is what was written: those that were answered, or those that the kill cut off from their answer. */
function demandTrue({ shown }: Seen, written: ReadonlyMap<string, string>): void {
  for (const [id, text] of shown) {
    const right = written.get(id) ?? (/^later \d+$/.test(text) ? text : null)
    if (text !== right) throw new Error(`shown as ${JSON.stringify(text)}, which nobody wrote: ${id}`)
  }
}

/** More starts than this are needed for nothing: one that meets it, one that mends it. */
const STARTS = 3

export const damaging: Kind = {
  about: 'bits flipped, files cut and pages lost, in the database, its log and the small files',
  async round(round) {
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const killed = round.chance() < 0.5
    const written = await filled(round, dir, killed)
    round.note(killed ? 'after a kill' : 'after an orderly end')
    const files = [
      DATABASE,
      DATABASE,
      ...(existsSync(join(dir, `${DATABASE}-wal`)) ? [`${DATABASE}-wal`, `${DATABASE}-wal`, `${DATABASE}-shm`] : []),
      ...SMALL.filter((name) => existsSync(join(dir, name))),
    ]
    const file = round.pick(files)
    const path = join(dir, file)
    round.note(`damaged: ${file}`)
    const how = round.between(0, 3)
    if (how === 0) cut(round, path)
    else if (how === 1) blank(round, path)
    else if (how === 2 || file === DATABASE || !file.startsWith(DATABASE)) flip(round, path)
    else {
      rmSync(path)
      round.note('removed')
    }
    const told = ({ state }: Seen) => state.alerts.some(({ code }) => code === 'DATABASE_DAMAGED')
    let everTold = false
    let sound: Seen | null = null
    for (let start = 1; start <= STARTS && !sound; start++) {
      const seen = await look(dir)
      if (typeof seen === 'string') {
        round.note(`start ${start}: ${seen}`)
        if (seen === 'DATABASE_DAMAGED_NOW') everTold = true
        else if ((REFUSALS[file] ?? []).includes(seen)) return
        else throw new Error(`refused with ${seen}`)
        continue
      }
      demandTrue(seen, written)
      everTold ||= told(seen)
      if (seen.changed) {
        round.note(`start ${start}: ${seen.changed} nodes were changed`)
        everTold = true
      } else sound = seen
    }
    if (!sound) throw new Error(`not sound after ${STARTS} starts`)
    const lost = [...written.keys()].filter((id) => !sound.shown.has(id))
    round.note(`${lost.length} of ${written.size} entries are gone`)
    if (lost.length && !file.startsWith(DATABASE)) throw new Error(`${file} cost entries`)
    // A log that was cut or removed is what a crash leaves: SQLite takes what is whole of it, and nobody can tell.
    if (lost.length && !everTold && !/-(wal|shm)$/.test(file)) throw new Error('entries are gone, and nothing was said')
    const again = await judge(dir, sound.shown.keys(), false)
    if (again.state.alerts.some(({ code }) => code === 'DATABASE_DAMAGED')) throw new Error('told at every start')
  },
}
