// `npm run bench [-- --folder DIR] [--json]`: every bench, one after the other and each in a process of its own, and in the
// end a table of every figure against its target. The benches that need a million entries share one sample; --folder takes
// one that `twofold seed` made before.
import { spawn } from 'node:child_process'
import { rmSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FIGURES, type Bench } from './figures'
import { table, type Report } from './report'
import { makeSample, SAMPLE_ENTRIES } from './sample'

const ON_SAMPLE: readonly Bench[] = ['timeline', 'start']
const { values: given } = parseArgs({ options: { folder: { type: 'string' }, json: { type: 'boolean' } } })

/** Shows what a bench prints, and gives the report of its last line; null: it failed. */
function run(bench: string, args: readonly string[]): Promise<Report | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['scripts/bench.mjs', bench, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.on('close', (code) => {
      const lines = out.trimEnd().split('\n')
      if (code !== 0) {
        console.log(out)
        return resolve(null)
      }
      console.log(lines.slice(0, -1).join('\n'))
      resolve(JSON.parse(lines.at(-1)!) as Report)
    })
  })
}

const parent = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
let { folder } = given
if (folder === undefined) await makeSample((folder = join(parent, 'sample')), SAMPLE_ENTRIES)
const reports: Report[] = []
const failed: string[] = []
for (const bench of Object.keys(FIGURES) as Bench[]) {
  console.log(`\n${bench}`)
  const made = await run(bench, ON_SAMPLE.includes(bench) ? ['--folder', folder] : [])
  if (made) reports.push(made)
  else failed.push(bench)
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
