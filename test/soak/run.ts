// `npm run soak -- [--hours H] [--peers N] [--seed X]`: a day of a circle in virtual time. `npm run soak -- --minutes M`: real
// processes, for real minutes. Fails when anything drifts apart, stays open or grows.
import { parseArgs } from 'node:util'
import { NODE_FLAG, runNode } from './node'
import { soakForReal } from './real'
import { soak } from './virtual'

const HOURS = 24
const PEERS = 16

async function main(): Promise<boolean> {
  const { values: given } = parseArgs({
    options: {
      hours: { type: 'string' },
      peers: { type: 'string' },
      seed: { type: 'string' },
      minutes: { type: 'string' },
      json: { type: 'boolean' },
    },
  })
  const number = (text: string | undefined, standard: number) => Number(text ?? standard)
  const say = (text: string) => console.log(text)

  if (given.minutes !== undefined) return soakForReal({ minutes: number(given.minutes, 20) }, say)
  const start = Date.now()
  const options = { peers: number(given.peers, PEERS), hours: number(given.hours, HOURS), seed: number(given.seed, 1) }
  const report = soak(options, say)
  const { written, listChanges, faults, apart, unsettled, grown, largest } = report
  say(
    `${options.hours} h of ${options.peers} peers in ${Math.round((Date.now() - start) / 1000)} s: ${written} entries, ${listChanges} list changes, ${faults} faults`,
  )
  say(`heads apart after each part: ${apart.join(', ')}; unsettled: ${JSON.stringify(unsettled)}`)
  for (const { name, before, after } of grown) say(`grown: ${name} from ${before} to ${after}`)
  say(`largest at the end: ${largest.map(([name, size]) => `${name} ${size}`).join(', ')}`)
  if (given.json) say(JSON.stringify(report))
  return apart.every((n) => n === 0) && !Object.keys(unsettled).length && !grown.length
}

if (process.argv[2] === NODE_FLAG) await runNode(process.argv[3]!, process.argv[4]!)
else {
  const good = await main()
  console.log(good ? 'No drift, nothing left open, nothing grown.' : 'FAILED')
  process.exitCode = good ? 0 : 1
}
