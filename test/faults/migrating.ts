// A database of version 0.1 that is brought forward, killed at random moments or on a disk that is nearly full. The old file
// stays whole until the new one is, and every node comes over.
import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crypto } from '../../main/identity/sodium'
import { openTimelineStore, TIMELINE_FILE } from '../../main/store/timeline-store'
import { storeAsVersion1 } from '../support/version-1'
import { fill, judge, judgeCopy, makeFolders } from './folders'
import { mustBeHonest } from './full-disk'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { ran } from './processes'
import type { Kind, Round } from './rounds'
import { smallDisk, whyNoMount } from './small-disk'

/** The old file, the new one before and after free pages are given back, their logs, the index. */
const DISK_TIMES = 8

/** The same nodes, as version 0.1 stored them. */
function backToVersion1(dir: string): void {
  const store = openTimelineStore(dir, crypto)
  const all = [...store.all()]
  const old = join(dir, 'old')
  mkdirSync(old)
  storeAsVersion1(
    old,
    [{ device: all[0]!.node.device, member: all[0]!.member }],
    all.map(({ node }) => node),
    Date.now(),
  )
  store.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, TIMELINE_FILE + suffix), { force: true })
  cpSync(join(old, TIMELINE_FILE), join(dir, TIMELINE_FILE))
  rmSync(old, { recursive: true })
}

async function killed(round: Round, dir: string, posted: ReadonlyMap<string, string>): Promise<void> {
  for (let kills = round.between(4, 8); kills > 0; kills--) {
    const hit = await killedWithin(round, dir, ['timeline', '--json'], { name: 'migrate', aboutMs: 80 })
    await judgeCopy(dir, posted.keys(), posted.size)
    // What was brought forward is migrated no more: the old file once more, beside the logs that the last kill left of it.
    if (!hit) return
  }
  await judge(dir, posted.keys(), true, posted.size)
}

export const migrating: Kind = {
  about: 'a database of version 0.1 brought forward, killed or on a full disk',
  impossible: whyNoMount,
  async round(round) {
    const [made] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = fill(made, lines(round, round.between(100, 1500), 2500))
    backToVersion1(made)
    if (round.chance() < 0.85) {
      await killed(round, made, posted)
      return
    }
    const { size } = statSync(join(made, TIMELINE_FILE))
    const blocks = Math.ceil(size / 4096)
    const disk = smallDisk(join(round.dir, 'disk'), blocks * 4 * DISK_TIMES)
    try {
      const dir = join(disk.path, 'data')
      cpSync(made, dir, { recursive: true })
      const left = round.between(0, Math.ceil(blocks * 2.2))
      disk.leave(left)
      const done = mustBeHonest('timeline', await ran(dir, ['timeline', '--json']))
      round.note(`${left} blocks left for a file of ${blocks}: ${done ? 'done' : 'refused'}`)
      disk.free()
      await judge(dir, posted.keys(), true, posted.size)
    } finally {
      disk.remove()
    }
  },
}
