// kill -9 while a folder is exported, backed up, compacted or copied. What is written appears whole or not at all, can be made
// again, and the folder has lost nothing.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { judge, makeFolders, openHere, postHere } from './folders'
import { lines } from './pairs'
import { Twofold, ran } from './processes'
import { pause, type Kind } from './rounds'

export const backingUp: Kind = {
  about: 'kill -9 while exporting, backing up, compacting and copying',
  async round(round) {
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = await postHere(dir, lines(round, 300, 3000))
    const opened = await openHere(dir)
    const { me } = await opened.call('state.get', {})
    await opened.close()
    const out = join(round.dir, 'out')
    const file = join(out, 'file')
    const [args, check] = round.pick<readonly [string[], ((at: string) => string[]) | null]>([
      [['export', file, '--form', 'archive'], (at) => ['verify', at]],
      [['export', file, '--form', 'json'], (at) => ['verify', at]],
      [['export', `${file}.html`], null],
      [['backup', file], (at) => ['import', at]],
      [['mirror', out], null],
      [['compact'], null],
    ])
    const delayMs = 200 + round.chance() * 500
    round.note(`${args.slice(0, 1).join(' ')} killed after ${delayMs.toFixed(0)} ms`)
    const running = new Twofold(dir, args)
    running.endInput()
    await Promise.race([pause(delayMs), running.ended])
    await running.signal('SIGKILL')
    const must = async (what: string, command: readonly string[]) => {
      const ended = await ran(dir, command)
      if (ended.code !== 0) throw new Error(`${what} ended with ${ended.code}: ${ended.err}`)
      return ended
    }
    if (args[0] === 'export' || args[0] === 'backup') {
      const target = args[1]!
      round.note(existsSync(target) ? 'it is there' : 'it is not there')
      if (existsSync(target)) {
        if (check) await must('checking what is there', check(target))
        else if (!readFileSync(target, 'utf8').trimEnd().endsWith('</html>')) throw new Error('half a page')
      }
      await must('doing it again', [...args, '--replace'])
      if (check) await must('checking it', check(target))
      const left = readdirSync(out).filter((name) => name.endsWith('.part'))
      if (left.length) throw new Error(`left behind: ${left.join(', ')}`)
    } else await must('doing it again', args)
    if (args[0] === 'mirror') {
      await must('checking the copy', ['mirror', '--check'])
      const [copy] = readdirSync(out).filter((name) => name.endsWith('.twofold-copy'))
      const checked = await must('verifying the copy', ['verify', join(out, copy!), '--json'])
      const { nodes, torn } = JSON.parse(checked.lines[0]!) as { nodes: number; torn: boolean }
      if (nodes !== posted.size || torn)
        throw new Error(`the copy holds ${nodes} of ${posted.size} nodes of ${me?.name}`)
    }
    await judge(dir, posted.keys(), true, posted.size)
  },
}
