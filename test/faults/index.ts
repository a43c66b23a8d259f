// `npm run faults`: rounds of faults by seed, on real processes and real files. Each failing seed can be run again by itself.
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { kinds } from './kinds'
import { runRound, type Failure, type Kind } from './rounds'

const USAGE = `npm run faults -- --kind KIND [--rounds N] [--seed S] [--at-once N] [--keep]
  Kinds: ${Object.entries(kinds)
    .map(([name, { about }]) => `${name} (${about})`)
    .join(', ')}, or all.
  --rounds   how many (default 10); round i has the seed S + i
  --seed     the first seed (default 1)
  --at-once  rounds that run beside each other (default 2); most of a round is waiting
  --keep     leaves the folders of a failed round in place`

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'all' },
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    'at-once': { type: 'string', default: '2' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function run(): Promise<number> {
  const rounds = Number(values.rounds)
  const first = Number(values.seed)
  const atOnce = Number(values['at-once'])
  const chosen = values.kind === 'all' ? Object.keys(kinds) : values.kind.split(',')
  if (
    values.help ||
    !chosen.every((name) => Object.hasOwn(kinds, name)) ||
    !(rounds > 0) ||
    !(atOnce > 0) ||
    !Number.isInteger(first)
  ) {
    console.error(USAGE)
    return values.help ? 0 : 2
  }
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${cpus().length} cores`)
  let failed = 0
  for (const name of chosen) {
    const kind: Kind = kinds[name as keyof typeof kinds]
    const why = kind.impossible?.()
    if (why) {
      console.log(`${name}: cannot be tried here: ${why}`)
      failed++
      continue
    }
    const start = Date.now()
    const failures: Failure[] = []
    let kills = 0
    let next = first
    const inTurn = async () => {
      while (next < first + rounds) {
        const ran = await runRound(kind, next++, values.keep)
        kills += ran.kills
        const { failure } = ran
        if (!failure) continue
        failures.push(failure)
        console.log(`${name}: seed ${failure.seed} FAILED\n  ${failure.notes.join('\n  ')}\n${failure.error}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, inTurn))
    failed += failures.length
    const seconds = (Date.now() - start) / 1000
    console.log(
      `${name}: ${rounds} rounds from seed ${first}, ${kills} kills, ${failures.length} failed${failures.length ? ` (${failures.map((f) => f.seed).join(', ')})` : ''}; ${seconds.toFixed(0)} s`,
    )
  }
  return failed ? 1 : 0
}

process.exit(await run())
