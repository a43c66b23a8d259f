// kill -9 while an archive, JSON lines or a backup are taken in. What was stored before the kill stays and is sound, each node
// for itself; done again to its end, everything is here, once.
import { join } from 'node:path'
import { fill, judge, judgeCopy, makeFolders } from './folders'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { ran } from './processes'
import type { Kind } from './rounds'

export const importing: Kind = {
  about: 'kill -9 while importing',
  async round(round) {
    const [ann, bob] = makeFolders(round.dir, ['Ann', 'Bob']) as [string, string]
    const theirs = fill(ann, lines(round, round.between(500, 3000), 600))
    const own = fill(bob, lines(round, 20, 600))
    const file = join(round.dir, 'file')
    const form = round.pick(['archive', 'json'])
    const must = async (dir: string, args: readonly string[]) => {
      const ended = await ran(dir, args)
      if (ended.code !== 0) throw new Error(`${args[0]} ended with ${ended.code}: ${ended.err}`)
      return ended
    }
    await must(ann, ['export', file, '--form', form])
    for (let kills = round.between(4, 8); kills > 0; kills--) {
      await killedWithin(round, bob, ['import', file], { name: 'import', aboutMs: 300 })
      await judgeCopy(bob, own.keys(), own.size)
    }
    const { lines: said } = await must(bob, ['import', file, '--json'])
    const { nodes, stored, duplicates } = JSON.parse(said[0]!) as Record<string, number>
    if (nodes !== theirs.size || stored! + duplicates! !== theirs.size) throw new Error(`imported ${said[0]}`)
    await judge(bob, [...own.keys(), ...theirs.keys()], true, own.size + theirs.size)
  },
}
