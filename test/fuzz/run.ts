// `npm run fuzz -- [--target NAME] [--runs N] [--seed X] [--keep] [--plain]`: millions of inputs to every decoder, guided by
// the code that they reach. --keep adds what reached new code to the corpus, --plain does without the guide (faster).
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { growCorpus, readCorpus } from './corpus'
import { Coverage } from './coverage'
import { fuzz } from './fuzz'
import { TARGETS } from './targets'

const RUNS = 200_000
/** An input that takes longer hangs the reader of its link: decoders are linear. */
const SLOW_MS = 1000
/** What a run may leave behind; more grows with the inputs. */
const HEAP_GROWTH_BYTES_MAX = 16 * 1_048_576

const { values: given } = parseArgs({
  options: {
    target: { type: 'string' },
    runs: { type: 'string' },
    seed: { type: 'string' },
    keep: { type: 'boolean' },
    plain: { type: 'boolean' },
  },
})
const runs = Number(given.runs ?? RUNS)
const seed = Number(given.seed ?? 1)
const targets = TARGETS.filter(({ name }) => given.target === undefined || name === given.target)
if (!targets.length || !Number.isSafeInteger(runs) || !Number.isSafeInteger(seed)) {
  console.error(
    `--target is one of: ${TARGETS.map(({ name }) => name).join(', ')}; --runs and --seed are whole numbers`,
  )
  process.exit(2)
}

const heap = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
/** Functions that were never run are optimized away by no one, so coverage counts the bundle itself. */
const bundle = pathToFileURL(process.argv[1]!).href

let findings = 0
for (const target of targets) {
  const corpus = readCorpus(target.name)
  const coverage = given.plain ? undefined : new Coverage(bundle)
  // Half of the inputs, then as many again: what is remembered after the first half is not the decoder's growth.
  const first = await fuzz(target, { runs: Math.ceil(runs / 2), seed, corpus, ...(coverage && { coverage }) })
  coverage?.stop()
  const before = heap()
  const start = performance.now()
  const second = await fuzz(target, { runs: Math.floor(runs / 2), seed: seed + 1, corpus: [...corpus, ...first.found] })
  const seconds = (performance.now() - start) / 1000
  const grown = heap() - before
  const outcomes = { ...first.outcomes }
  for (const outcome of ['refused', 'accepted', 'same'] as const) outcomes[outcome] += second.outcomes[outcome]
  const slowest = first.slowest.ms > second.slowest.ms ? first.slowest : second.slowest
  const failures = [...first.failures, ...second.failures]
  console.log(
    `${target.name.padEnd(16)} ${String(first.runs + second.runs).padStart(9)} inputs, ${outcomes.refused} refused, ${outcomes.accepted + outcomes.same} understood, ` +
      `${first.blocks} blocks, ${first.found.length} found, ${Math.round(second.runs / seconds)}/s, slowest ${slowest.ms.toFixed(1)} ms (${slowest.bytes} B), heap ${(grown / 1_048_576).toFixed(1)} MiB`,
  )
  for (const { input, error } of failures) {
    findings++
    console.log(
      `  FINDING ${error instanceof Error ? error.stack : String(error)}\n  input (base64): ${Buffer.from(input).toString('base64')}`,
    )
  }
  if (slowest.ms > SLOW_MS) console.log(`  FINDING one input took ${Math.round(slowest.ms)} ms`)
  if (grown > HEAP_GROWTH_BYTES_MAX) console.log(`  FINDING the heap grew by ${grown} bytes`)
  findings += Number(slowest.ms > SLOW_MS) + Number(grown > HEAP_GROWTH_BYTES_MAX)
  if (given.keep) console.log(`  ${growCorpus(target.name, first.found)} more in the corpus`)
}
console.log(findings ? `${findings} findings` : 'No finding.')
process.exitCode = findings ? 1 : 0
