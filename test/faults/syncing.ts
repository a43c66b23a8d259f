// kill -9 while two peers bring each other up to date, one way or both, and while entries travel live; either side, again and
// again, also while it starts. Afterwards the killed one still holds all that it had told the other to hold, and both end with
// the same.
import { fill, openHere, texts } from './folders'
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
import { pause, type Kind, type Round } from './rounds'

/** Names of those who acknowledged each own entry that was handed over. */
async function acknowledgements(side: Side, ids: Iterable<string>): Promise<Map<string, string[]>> {
  const by = new Map<string, string[]>()
  for (const id of ids) {
    const { route } = await side.peer!.control.call('entry.inspect', { id: id as never })
    by.set(id, route.acknowledgedBy)
  }
  return by
}

/** Entries that are handed over while somebody dies. */
async function live(round: Round, victim: Side, other: Side, acknowledged: Set<string>): Promise<void> {
  const own = new Set<string>()
  let dead = false
  const writing = (async () => {
    for (let i = 0; i < 40 && !dead; i++) await post(other, `live ${i} ${'l'.repeat(500)}`, own)
  })()
  await pause(round.chance() * 400)
  await kill(victim)
  dead = true
  await writing
  for (const id of own) acknowledged.add(id)
  const told = [...(await acknowledgements(other, own))].filter(([, by]) => by.includes(victim.name))
  round.note(`${victim.name} killed while ${own.size} entries travel; ${told.length} were acknowledged by it`)
  const opened = await openHere(victim.dir)
  const here = await texts(opened)
  await opened.close()
  const lost = told.filter(([id]) => !here.has(id as never))
  if (lost.length) throw new Error(`${victim.name} had acknowledged ${lost.length} entries that it does not hold`)
}

/** Killed a moment after it was linked, or while it starts; what it had said to hold is there. */
async function catchingUp(round: Round, victim: Side): Promise<void> {
  if (round.chance() < 0.3) {
    await pause(round.chance() * 300)
    await kill(victim)
    round.note(`${victim.name} killed while it starts`)
    return
  }
  await linked(victim)
  const delayMs = round.chance() * 500
  await pause(delayMs)
  const { sync } = await stateOf(victim)
  await kill(victim)
  round.note(`${victim.name} killed ${delayMs.toFixed(0)} ms after the link, holding ${sync.have}`)
  const opened = await openHere(victim.dir)
  const { have } = (await opened.call('state.get', {})).sync
  await opened.close()
  if (have < sync.have) throw new Error(`${victim.name} had shown ${sync.have} nodes and holds ${have}`)
}

export const syncing: Kind = {
  about: 'kill -9 while two peers bring each other up to date',
  async round(round) {
    const [a, b] = makePair(round)
    const acknowledged = new Set<string>()
    try {
      const big = round.pick([200, 2000])
      const both = round.chance() < 0.5
      for (const id of fill(a.dir, lines(round, round.between(50, 1500), big)).keys()) acknowledged.add(id)
      if (both) for (const id of fill(b.dir, lines(round, round.between(1, 400), big)).keys()) acknowledged.add(id)
      await Promise.all([start(a), start(b)])
      const travelling = round.chance() < 0.3
      if (travelling) await untilEqual(a, b)
      for (let kills = round.between(4, 8); kills > 0; kills--) {
        const victim = round.chance() < 0.7 ? b : a
        if (travelling) await live(round, victim, victim === a ? b : a, acknowledged)
        else await catchingUp(round, victim)
        round.killed()
        await start(victim)
        if (travelling) await linked(victim)
      }
      await untilEqual(a, b)
      await demandEqual(a, b, acknowledged)
      await stop(a)
    } finally {
      await end(a, b)
    }
  },
}
