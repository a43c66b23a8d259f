// A disk that is full at every write in turn: it is left so many blocks, then so many more, while a folder is begun, opened
// and written to. What was answered as stored is there when there is space again; what was refused was refused in words.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { judge, makeFolders, openHere } from './folders'
import { ran } from './processes'
import type { Kind, Round } from './rounds'
import { smallDisk, whyNoMount } from './small-disk'

const DISK_KIB = 4096
/** What may be said of a disk that is full. */
const HONEST = /\b(DISK_FULL|FOLDER_UNWRITABLE)\b/

/** Ends as refused in words, or done; never by a signal, never with INTERNAL. */
export function mustBeHonest(what: string, ended: Awaited<ReturnType<typeof ran>>, allowed = HONEST): boolean {
  if (ended.code === 0) return true
  if (ended.code === 1 && allowed.test(ended.err)) return false
  throw new Error(`${what} ended with ${ended.code ?? ended.signal}: ${ended.err.slice(-1500)}`)
}

async function beginning(round: Round, dir: string, fill: () => void, free: () => void): Promise<void> {
  fill()
  const steps = [
    ['init', '--name', 'Ann'],
    ['circle', 'create', '--name', 'Lab'],
  ]
  const done: boolean[] = []
  for (const step of steps) {
    const ended = await ran(dir, step)
    done.push(mustBeHonest(step[0]!, ended, /\b(DISK_FULL|FOLDER_UNWRITABLE|IDENTITY_MISSING)\b/))
  }
  round.note(`init ${done[0] ? 'done' : 'refused'}, create ${done[1] ? 'done' : 'refused'}`)
  free()
  for (const [i, step] of steps.entries()) {
    const { code, err } = await ran(dir, step)
    // A step that was refused may have happened all the same, as far as it could be undone by nobody.
    if (code !== 0 && !/\b(IDENTITY_EXISTS|CIRCLE_EXISTS)\b/.test(err))
      throw new Error(`${step[0]} with space again ended with ${code}: ${err}`)
    if (code === 0 && done[i]) throw new Error(`${step[0]} was answered as done, and could be done again`)
  }
  await judge(dir, [])
}

export const fullDisk: Kind = {
  about: 'a disk that is full at every write in turn',
  impossible: whyNoMount,
  async round(round) {
    const disk = smallDisk(join(round.dir, 'disk'), DISK_KIB)
    try {
      // The seed walks the limit: neighbouring rounds stop at neighbouring writes.
      const blocks = round.seed % 160
      const dir = join(disk.path, 'data')
      if (round.seed % 5 === 0) {
        round.note(`the beginning, ${blocks / 5} blocks left`)
        await beginning(
          round,
          dir,
          () => disk.leave(Math.floor(blocks / 5)),
          () => disk.free(),
        )
        return
      }
      const [made] = makeFolders(join(round.dir, 'made'), ['Ann']) as [string]
      const acknowledged = new Set<string>()
      const opened = await openHere(made)
      for (let i = 0; i < 10; i++) acknowledged.add((await opened.call('entry.post', { text: `before ${i}` }))!.id)
      await opened.close()
      cpSync(made, dir, { recursive: true })
      disk.leave(blocks)
      round.note(`${blocks} blocks left`)
      const texts = Array.from({ length: 25 }, (_unused, i) => `line ${i} ${'z'.repeat(round.between(0, 6000))}`)
      const posted = await ran(dir, ['post', '--lines', '--json'], `${texts.join('\n')}\n`)
      mustBeHonest('post', posted)
      for (const line of posted.lines) acknowledged.add((JSON.parse(line) as { id: string }).id)
      round.note(`${posted.lines.length} lines were answered`)
      // Still full: it can be looked at, or says why not.
      mustBeHonest('timeline', await ran(dir, ['timeline', '--json']))
      mustBeHonest('state', await ran(dir, ['state']))
      disk.free()
      await judge(dir, acknowledged)
    } finally {
      disk.remove()
    }
  },
}
