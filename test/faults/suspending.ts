// A machine that sleeps: one peer is stopped for a while, in the middle of whatever it does, and goes on as if no time had
// passed. Nothing is lost, and both end with the same.
import { postHere } from './folders'
import { demandEqual, end, lines, makePair, post, start, untilEqual } from './pairs'
import { pause, type Kind } from './rounds'

export const suspending: Kind = {
  about: 'a peer that is stopped for a while and goes on',
  async round(round) {
    const [a, b] = makePair(round)
    const acknowledged = new Set<string>()
    try {
      for (const id of (await postHere(a.dir, lines(round, round.between(20, 300), 1500))).keys()) acknowledged.add(id)
      await Promise.all([start(a), start(b)])
      if (round.chance() < 0.5) await untilEqual(a, b)
      else await pause(round.chance() * 2500)
      const sleeper = round.pick([a, b])
      const other = sleeper === a ? b : a
      const asleepMs = round.pick([300, 2000, 8000, 25_000])
      round.note(`${sleeper.name} sleeps for ${asleepMs} ms`)
      await sleeper.peer!.process.signal('SIGSTOP')
      const end = Date.now() + asleepMs
      for (let i = 0; i < 10 && Date.now() < end; i++) {
        await post(other, `while it slept ${i}`, acknowledged)
        await pause(Math.min(200, Math.max(0, end - Date.now())))
      }
      await pause(Math.max(0, end - Date.now()))
      await sleeper.peer!.process.signal('SIGCONT')
      await post(sleeper, 'awake again', acknowledged)
      await untilEqual(a, b)
      await demandEqual(a, b, acknowledged)
    } finally {
      await end(a, b)
    }
  },
}
