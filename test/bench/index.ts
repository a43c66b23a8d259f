// `npm run bench [-- --quick] [--folder DIR] [--json]`: every bench, one after the other and each in a process of its own, and
// in the end a table of every figure against its target. One that fails, or says nothing, takes nothing from the others. The
// benches that need a million entries share one sample; --folder takes one that `twofold seed` made before. --quick measures
// everything at a small size, which each figure then names: a look at whether all is well, no figures to compare.
import { spawn } from 'node:child_process'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FIGURES, type Bench } from './figures'
import { table, type Report } from './report'
import { makeSample, SAMPLE_ENTRIES } from './sample'

const ON_SAMPLE: readonly Bench[] = ['timeline', 'start']
/** A bench that takes longer hangs: the longest takes some ten minutes on two cores. */
const BENCH_MS_MAX = 60 * 60_000
const QUICK_SAMPLE = 50_000
const QUICK: Record<Bench, readonly string[]> = {
  parts: [],
  ingest: ['--nodes', '20000', '--million', '100000'],
  sync: ['--entries', '20000', '--million', '100000'],
  timeline: [],
  start: ['--rounds', '3'],
  idle: ['--peers', '60', '--seconds', '30'],
  lan: ['--posts', '50'],
  hostile: ['--posts', '10'],
  forwarding: ['--peers', '40', '--seconds', '5'],
}
const { values: given } = parseArgs({
  options: { folder: { type: 'string' }, json: { type: 'boolean' }, quick: { type: 'boolean' } },
})

function reportIn(line: string): Report | null {
  try {
    return JSON.parse(line) as Report
  } catch {
    return null
  }
}

/** Shows what a bench prints, and gives the report of its last line; null: it failed. */
function run(bench: string, args: readonly string[]): Promise<Report | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/bench.mjs', bench, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // A group of its own, so that nothing it started outlives it.
      detached: true,
    })
    const end = () => {
      try {
        process.kill(-child.pid!, 'SIGKILL')
      } catch {
        // Nothing is left of it.
      }
    }
    const late = setTimeout(end, BENCH_MS_MAX)
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.on('close', (code) => {
      clearTimeout(late)
      end()
      const lines = out.trimEnd().split('\n')
      const made = code === 0 ? reportIn(lines.at(-1)!) : null
      console.log(made ? lines.slice(0, -1).join('\n') : out)
      resolve(made)
    })
  })
}

/** Each figure names the size that it was measured at. */
function sized(made: Report, bench: Bench): Report {
  const size = ON_SAMPLE.includes(bench) ? ['--entries', String(QUICK_SAMPLE), ...QUICK[bench]] : QUICK[bench]
  if (!size.length) return made
  const figures = made.figures.map((one) => ({ ...one, against: `${one.against} [quick: ${size.join(' ')}]` }))
  return { ...made, figures }
}

const parent = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
let { folder } = given
if (folder === undefined)
  await makeSample((folder = join(parent, 'sample')), given.quick ? QUICK_SAMPLE : SAMPLE_ENTRIES)
const reports: Report[] = []
const failed: string[] = []
for (const bench of Object.keys(FIGURES) as Bench[]) {
  const startedAt = performance.now()
  console.log(`\n${bench}`)
  const made = await run(bench, [
    ...(given.quick ? QUICK[bench] : []),
    ...(ON_SAMPLE.includes(bench) ? ['--folder', folder] : []),
  ])
  if (made) reports.push(given.quick ? sized(made, bench) : made)
  else failed.push(bench)
  console.log(`${made ? 'took' : 'FAILED after'} ${Math.round((performance.now() - startedAt) / 1000)} s`)
}
rmSync(parent, { recursive: true, force: true })

const figures = reports.flatMap((made) => made.figures)
console.log(`\n${table(figures)}`)
const missed = figures.filter((one) => !one.reached).map((one) => one.name)
console.log(
  `\n${figures.length - missed.length} of ${figures.length} reached${missed.length ? `; not: ${missed.join(', ')}` : ''}`,
)
if (failed.length) console.log(`Failed: ${failed.join(', ')}`)
if (given.json) console.log(JSON.stringify({ bench: 'all', machine: reports[0]?.machine ?? {}, figures }))
process.exitCode = failed.length ? 1 : 0
