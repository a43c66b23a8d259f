// kill -9 while thousands of entries come in: checked in threads, committed and indexed by the thread that stores. The killed
// one holds at least what its screen had said, every node of it is sound, and it goes on where it was.
import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '../support/wait'
import { fill, judge, openHere } from './folders'
import { demandEqual, end, kill, lines, makePair, start, stateOf, untilEqual } from './pairs'
import { pause, type Kind } from './rounds'

const NODES = 4000
/** A claim, a link and a busy machine's time. */
const ARRIVES_MS = 60_000

export const bulkSyncing: Kind = {
  about: 'kill -9 while thousands of entries are stored by a thread',
  async round(round) {
    const [a, b] = makePair(round)
    try {
      const posted = fill(a.dir, lines(round, NODES, 300))
      const fresh = join(round.dir, 'fresh')
      cpSync(b.dir, fresh, { recursive: true })
      await start(a)
      let held = 0
      let threads = false
      for (let kills = round.between(5, 9); kills > 0; kills--) {
        await start(b)
        // Somewhere in what is still missing, at a moment that no answer marks.
        const at = held + round.chance() * round.chance() * (NODES - held)
        let shown = 0
        await waitFor(
          `${Math.floor(at)} nodes to arrive`,
          async () => {
            shown = (await stateOf(b)).sync.have
            return shown >= at
          },
          ARRIVES_MS,
        )
        await pause(round.chance() * 60)
        await kill(b)
        round.killed()
        threads ||= readFileSync(join(b.dir, 'twofold.log'), 'utf8').includes('threads started')
        const opened = await openHere(b.dir)
        held = (await opened.call('state.get', {})).sync.have
        await opened.close()
        round.note(`killed when ${shown} were shown; ${held} are here`)
        if (held < shown) throw new Error(`${shown} nodes were shown, ${held} are here`)
        if (kills % 3 === 0) await judge(b.dir, [], false)
        if (held < NODES) continue
        // All of it once more.
        rmSync(b.dir, { recursive: true })
        cpSync(fresh, b.dir, { recursive: true })
        held = 0
      }
      if (!threads) throw new Error('no thread has stored anything')
      await start(b)
      await untilEqual(a, b)
      await demandEqual(a, b, posted.keys())
    } finally {
      await end(a, b)
    }
  },
}
