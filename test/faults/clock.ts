// Clocks that jump, forwards and backwards, while two peers run and write. Entries may be refused in words (a clock behind one's
// own last entry) or be held by the other until his clock agrees; none that was answered is lost, and when the clocks agree
// again both hold the same (rules N4, N8).
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/electron-runtime.mjs'
import { postHere } from './folders'
import { demandEqual, end, lines, makePair, post, start, untilEqual, type Side } from './pairs'
import { pause, type Kind, type Round } from './rounds'

const MINUTE = 60_000
const JUMPS = [-86_400_000, -3_600_000, -10 * MINUTE, -2000, 2000, 4 * MINUTE, 10 * MINUTE, 3_600_000, 86_400_000]

function withClock(round: Round, side: Side): { set(ms: number): void; readonly ms: number } {
  const file = join(round.dir, `${side.name}.clock`)
  let ms = 0
  const set = (next: number) => {
    ms = next
    writeFileSync(file, String(next))
  }
  set(0)
  side.options = {
    env: { NODE_OPTIONS: `--require ${join(root, 'test/faults/clock-shift.cjs')}`, CLOCK_SHIFT: file },
  }
  return {
    set,
    get ms() {
      return ms
    },
  }
}

export const clock: Kind = {
  about: 'clocks that jump while two peers write',
  async round(round) {
    const [a, b] = makePair(round)
    const clocks = [withClock(round, a), withClock(round, b)] as const
    const acknowledged = new Set<string>()
    try {
      for (const id of (await postHere(a.dir, lines(round, round.between(5, 60), 300))).keys()) acknowledged.add(id)
      await Promise.all([start(a), start(b)])
      await untilEqual(a, b)
      for (let jump = round.between(1, 4); jump > 0; jump--) {
        const which = round.between(0, 1)
        const by = round.pick(JUMPS)
        clocks[which]!.set(clocks[which]!.ms + by)
        round.note(`${which ? 'Bob' : 'Ann'}'s clock jumps by ${by / 1000} s`)
        for (let i = 0; i < 3; i++) await post(round.pick([a, b]), `jump ${jump} entry ${i}`, acknowledged)
        await pause(round.chance() * 400)
        if (round.chance() < 0.2) {
          const side = round.pick([a, b])
          await side.peer!.process.stop()
          side.peer!.control.close()
          await start(side)
          round.note(`${side.name} is started anew`)
        }
      }
      // Set right: at the latest time that either believed in, so that nothing is ahead any more.
      const latest = Math.max(0, ...clocks.map(({ ms }) => ms), ...JUMPS.map((ms) => ms * 4))
      for (const one of clocks) one.set(latest)
      await untilEqual(a, b)
      await demandEqual(a, b, acknowledged)
    } finally {
      await end(a, b)
    }
  },
}
