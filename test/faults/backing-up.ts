// kill -9 while a folder is exported, backed up or copied. What is written appears whole or not at all, can be made again, and
// the folder has lost nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkArchive } from '../../main/archive/check'
import { crypto } from '../../main/identity/sodium'
import { fill, judge, judgeCopy, makeFolders, openHere } from './folders'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { ran } from './processes'
import { pause, type Kind } from './rounds'

const ENTRIES = 600

/** Throws unless the archive or export at `path` holds `nodes` nodes, each as it was signed. */
async function mustHold(path: string, nodes: number): Promise<void> {
  const checked = await checkArchive(crypto, path, Date.now(), () => Promise.resolve())
  if (checked.nodes !== nodes || checked.torn) throw new Error(`${path} holds ${checked.nodes} of ${nodes} nodes`)
}
async function mustImport(dir: string, path: string, nodes: number): Promise<void> {
  const { code, err, lines: said } = await ran(dir, ['import', path, '--json'])
  if (code !== 0) throw new Error(`importing the backup ended with ${code}: ${err}`)
  const report = JSON.parse(said[0]!) as { nodes: number; duplicates: number; torn: boolean }
  if (report.nodes !== nodes || report.duplicates !== nodes) throw new Error(`the backup: ${said[0]}`)
}
function mustBePage(path: string): void {
  if (!readFileSync(path, 'utf8').trimEnd().endsWith('</html>')) throw new Error('half a page')
}

export const backingUp: Kind = {
  about: 'kill -9 while exporting, backing up and copying',
  async round(round) {
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = fill(dir, lines(round, ENTRIES, 3000))
    const out = join(round.dir, 'out')
    const file = join(out, 'file')
    const [args, check] = round.pick<readonly [string[], ((at: string) => void | Promise<void>) | null]>([
      [['export', file, '--form', 'archive'], (at) => mustHold(at, posted.size)],
      [['export', file, '--form', 'json'], (at) => mustHold(at, posted.size)],
      [['export', `${file}.html`], mustBePage],
      [['backup', file], (at) => mustImport(dir, at, posted.size)],
      [['mirror', out], null],
    ])
    const again = check ? [...args, '--replace'] : args
    const target = args[1]!
    const name = `${args[0]} ${args[3] ?? args[1]!.slice(file.length)}`
    for (let kills = round.between(4, 8); kills > 0; kills--) {
      await killedWithin(round, dir, again, { name, aboutMs: 250 })
      if (check && existsSync(target)) await check(target)
      // A copy of the folder would write to the same second copy.
      if (check) await judgeCopy(dir, posted.keys(), posted.size)
      else await judge(dir, posted.keys(), false, posted.size)
    }
    const { code, err } = await ran(dir, again)
    if (code !== 0) throw new Error(`doing it again ended with ${code}: ${err}`)
    if (check) {
      await check(target)
      const left = readdirSync(out).filter((entry) => entry.endsWith('.part'))
      if (left.length) throw new Error(`left behind: ${left.join(', ')}`)
    } else {
      const [copy] = readdirSync(out).filter((entry) => entry.endsWith('.twofold-copy'))
      const opened = await openHere(dir)
      try {
        await opened.call('mirror.check', {})
        for (;;) {
          const job = await opened.call('storage.job', {})
          if (job?.state === 'done') break
          if (job?.state !== 'running') throw new Error(`checking the copy: ${job?.problem?.code}`)
          await pause(1)
        }
      } finally {
        await opened.close()
      }
      await mustHold(join(out, copy!), posted.size)
    }
    await judge(dir, posted.keys(), true, posted.size)
  },
}
