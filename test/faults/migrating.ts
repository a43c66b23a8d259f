// A database of version 0.1 that is brought forward, killed at random moments or on a disk that is nearly full. The old file
// stays whole until the new one is, and every node comes over.
import { cpSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { crypto } from '../../main/identity/sodium'
import { TIMELINE_FILE, openTimelineStore } from '../../main/store/timeline-store'
import { storeAsVersion1 } from '../support/version-1'
import { judge, makeFolders, openHere, postHere } from './folders'
import { mustBeHonest } from './full-disk'
import { lines } from './pairs'
import { Twofold, ran } from './processes'
import { pause, type Kind } from './rounds'
import { smallDisk, whyNoMount } from './small-disk'

/** The same nodes, as version 0.1 stored them. */
async function backToVersion1(dir: string): Promise<void> {
  const opened = await openHere(dir)
  const { me } = await opened.call('state.get', {})
  await opened.close()
  const store = openTimelineStore(dir, crypto)
  const nodes = [...store.all()].map(({ node }) => node)
  const old = join(dir, 'old')
  mkdirSync(old)
  storeAsVersion1(old, [{ device: me!.device, member: me!.member }], nodes, Date.now())
  store.close()
  for (const suffix of ['', '-wal', '-shm']) rmSync(join(dir, TIMELINE_FILE + suffix), { force: true })
  cpSync(join(old, TIMELINE_FILE), join(dir, TIMELINE_FILE))
  rmSync(old, { recursive: true })
}

export const migrating: Kind = {
  about: 'a database of version 0.1 brought forward, killed or on a full disk',
  impossible: whyNoMount,
  async round(round) {
    const [made] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = await postHere(made, lines(round, round.between(100, 500), 2500))
    await backToVersion1(made)
    if (round.chance() < 0.6) {
      for (let times = round.between(1, 3); times > 0; times--) {
        const delayMs = 180 + round.chance() * 320
        round.note(`killed after ${delayMs.toFixed(0)} ms`)
        const running = new Twofold(made, ['timeline', '--json'])
        running.endInput()
        await Promise.race([pause(delayMs), running.ended])
        await running.signal('SIGKILL')
      }
      await judge(made, posted.keys(), true, posted.size)
      return
    }
    const { size } = statSync(join(made, TIMELINE_FILE))
    const blocks = Math.ceil(size / 4096)
    const disk = smallDisk(join(round.dir, 'disk'), blocks * 4 * 5)
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
