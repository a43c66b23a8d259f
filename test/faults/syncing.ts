// kill -9 while two peers bring each other up to date, one way or both, and while entries travel live. Afterwards the killed one
// still holds all that it had told the other to hold, and both end with the same.
import { postHere, openHere, texts } from './folders'
import {
  demandEqual,
  end,
  kill,
  lines,
  linked,
  makePair,
  post,
  start,
  stateOf,
  stop,
  untilEqual,
  type Side,
} from './pairs'
import { pause, type Kind } from './rounds'

/** Names of those who acknowledged each own entry that was handed over. */
async function acknowledgements(side: Side, ids: Iterable<string>): Promise<Map<string, string[]>> {
  const by = new Map<string, string[]>()
  for (const id of ids) {
    const { route } = await side.peer!.control.call('entry.inspect', { id: id as never })
    by.set(id, route.acknowledgedBy)
  }
  return by
}

export const syncing: Kind = {
  about: 'kill -9 while two peers bring each other up to date',
  async round(round) {
    const [a, b] = makePair(round)
    const acknowledged = new Set<string>()
    try {
      const big = round.pick([200, 2000])
      for (const id of (await postHere(a.dir, lines(round, round.between(50, 400), big))).keys()) acknowledged.add(id)
      if (round.chance() < 0.5)
        for (const id of (await postHere(b.dir, lines(round, round.between(1, 200), big))).keys()) acknowledged.add(id)
      await Promise.all([start(a), start(b)])
      const victim = round.chance() < 0.7 ? b : a
      const other = victim === a ? b : a
      const live = round.chance() < 0.5
      if (live) {
        // Entries that are handed over while somebody dies.
        await untilEqual(a, b)
        const own = new Set<string>()
        const writing = (async () => {
          for (let i = 0; i < 40 && other.peer; i++) await post(other, `live ${i} ${'l'.repeat(500)}`, own)
        })()
        await pause(round.chance() * 5000)
        await kill(victim)
        await writing
        for (const id of own) acknowledged.add(id)
        const told = [...(await acknowledgements(other, own))].filter(([, by]) => by.includes(victim.name))
        round.note(`${victim.name} killed while ${own.size} entries travel; ${told.length} were acknowledged by it`)
        const opened = await openHere(victim.dir)
        const here = await texts(opened)
        await opened.close()
        const lost = told.filter(([id]) => !here.has(id as never))
        if (lost.length) throw new Error(`${victim.name} had acknowledged ${lost.length} entries that it does not hold`)
      } else {
        await linked(victim)
        const delayMs = round.chance() * 700
        await pause(delayMs)
        const { sync } = await stateOf(victim)
        await kill(victim)
        round.note(`${victim.name} killed ${delayMs.toFixed(0)} ms after the link, holding ${sync.have}`)
        if (round.chance() < 0.3) {
          await start(victim)
          await pause(round.chance() * 2500)
          await kill(victim)
        }
      }
      await start(victim)
      await untilEqual(a, b)
      await demandEqual(a, b, acknowledged)
      await stop(a)
    } finally {
      await end(a, b)
    }
  },
}
