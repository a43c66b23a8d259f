// Bits that flip, files that are cut short, pages that are lost: in the database, its log and the small files, after an
// orderly end and after a kill. Afterwards the folder opens and says so, or is refused in words; whatever it still shows was
// signed as it stands; and the damage is told once, not at every start.
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import type { AppState } from '../../shared/types'
import { entryIds, judge, makeFolders, openHere } from './folders'
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

/** A folder with some hundred nodes, ended in order or by a kill (so that its log is still beside it). */
async function filled(round: Round, dir: string, killed: boolean): Promise<Set<string>> {
  const ids = new Set<string>()
  const opened = await openHere(dir)
  for (let i = 0; i < 60; i++)
    ids.add((await opened.call('entry.post', { text: `entry ${i} ${'w'.repeat(round.between(0, 900))}` }))!.id)
  await opened.close()
  if (!killed) return ids
  const running = new Twofold(dir, ['post', '--lines', '--json'], {
    onLine: (line) => void ids.add((JSON.parse(line) as { id: string }).id),
  })
  running.input(`${Array.from({ length: 40 }, (_unused, i) => `later ${i}`).join('\n')}\n`)
  while (ids.size < 75 && running.running) await pause(2)
  await running.signal('SIGKILL')
  return ids
}

/** What a folder shows; `bad`: what of it was not signed as it stands. A code: why it shows nothing. */
async function look(dir: string): Promise<{ state: AppState; ids: string[]; bad: string[] } | string> {
  try {
    const opened = await openHere(dir)
    try {
      const ids = await entryIds(opened)
      const shown = new Set<string>(ids)
      const { bad } = await opened.call('store.verify', {})
      return {
        state: await opened.call('state.get', {}),
        ids,
        bad: bad.flatMap(({ id, code }) => (shown.has(id) ? [`${code} ${id}`] : [])),
      }
    } finally {
      await opened.close()
    }
  } catch (error) {
    if (error instanceof TwofoldError) return error.code
    throw error
  }
}

export const damaging: Kind = {
  about: 'bits flipped, files cut and pages lost, in the database, its log and the small files',
  async round(round) {
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const killed = round.chance() < 0.5
    const ids = await filled(round, dir, killed)
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
    const before = readFileSync(path)
    const how = round.between(0, 3)
    if (how === 0) cut(round, path)
    else if (how === 1) blank(round, path)
    else if (how === 2) flip(round, path)
    else if (file === DATABASE || !file.startsWith(DATABASE)) flip(round, path)
    else {
      rmSync(path)
      round.note('removed')
    }
    let first = await look(dir)
    // Met while it was read: that is said, and the next start mends it.
    if (first === 'DATABASE_DAMAGED_NOW') {
      round.note('met while reading')
      first = await look(dir)
    }
    if (typeof first === 'string') {
      const allowed = REFUSALS[file] ?? []
      if (!allowed.includes(first)) throw new Error(`refused with ${first}`)
      round.note(`refused with ${first}`)
      if (existsSync(path) && readFileSync(path).equals(before)) throw new Error('it was not damaged at all')
      return
    }
    // What is shown was signed as it stands, and is what was written.
    if (first.bad.length)
      throw new Error(`${first.bad.length} entries are shown that nobody signed so: ${first.bad[0]}`)
    const told = (state: AppState) => state.alerts.some(({ code }) => code.startsWith('DATABASE_DAMAGED'))
    const here = new Set(first.ids)
    if (!file.startsWith(DATABASE) && [...ids].some((id) => !here.has(id))) throw new Error(`${file} cost entries`)
    const whole = [...ids].every((id) => here.has(id))
    // A log that was cut or removed is what a crash leaves: SQLite takes what is whole of it, and nobody can tell.
    if (!whole && !told(first.state) && !file.endsWith('-wal'))
      throw new Error('entries are gone, and nothing was said')
    // From here on it is sound, checks in full, and is silent about it.
    const { state } = await judge(dir, [], false)
    const again = await look(dir)
    if (typeof again === 'string') throw new Error(`refused with ${again} at the third start`)
    if (told(state) && told(again.state)) throw new Error('the damage is told at every start')
  },
}
