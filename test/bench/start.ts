// `npm run bench -- start [--entries N] [--folder DIR] [--rounds N] [--json]`: the built app on a million entries beside a
// minimal Electron window, in turn: spawn to painted rows, what all processes hold once the window is hidden, and ending.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { root } from '../../scripts/electron-runtime.mjs'
import setup from '../e2e/display'
import { median, report, rounded } from './report'
import { SAMPLE_ENTRIES, sampleFor } from './sample'
import { minimalApp, Started, type Memory } from './start/electron'

const { values: given } = parseArgs({
  options: {
    entries: { type: 'string' },
    folder: { type: 'string' },
    rounds: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const ROUNDS = Number(given.rounds ?? 7)
/** Long enough for what follows a start (network, index) to be over, and for a hidden window to have given back what it gives. */
const SETTLED_MS = 10_000
/** A page that nobody has seen for a minute is put away (main/desktop/resting.ts). */
const PUT_AWAY_MS = 75_000
const env = { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' }

const closeDisplay = await setup()
const { folder, parent, remove } = await sampleFor(given.folder, Number(given.entries ?? SAMPLE_ENTRIES))
const minimal = minimalApp(parent)
const startMinimal = () => Started.start(minimal, [])
const startTwofold = () => Started.start(root, ['--data', folder], env)

// Once each, unmeasured: files come into the system's cache, code into Chromium's.
for (const start of [startMinimal, startTwofold, startTwofold]) await (await start()).stop()

const minimalMs: number[] = []
const ours: number[] = []
const stops: number[] = []
const stopsMinimal: number[] = []
for (let round = 0; round < ROUNDS; round++) {
  const small = await startMinimal()
  minimalMs.push(small.paintedMs)
  stopsMinimal.push(await small.stop())
  const twofold = await startTwofold()
  ours.push(twofold.paintedMs)
  stops.push(await twofold.stop())
}

async function held(start: () => Promise<Started>): Promise<Record<'seen' | 'kept' | 'hidden', Memory> | null> {
  const app = await start()
  await sleep(SETTLED_MS)
  const seen = app.memory()
  app.hide()
  await sleep(SETTLED_MS)
  const kept = app.memory()
  await sleep(PUT_AWAY_MS - SETTLED_MS)
  const hidden = app.memory()
  await app.stop()
  return seen && kept && hidden && { seen, kept, hidden }
}
const memoryMinimal = await held(startMinimal)
const memory = await held(startTwofold)
remove()
closeDisplay?.()

const ms = (values: readonly number[]) => `${Math.round(median(values))} ms`
const mib = (value: number) => Math.round(value)
const told = (when: 'seen' | 'kept' | 'hidden') => {
  const [one, small] = [memory![when], memoryMinimal![when]]
  return `PSS ${mib(one.pss)} MiB (private ${mib(one.own)}) in ${one.processes} processes, minimal ${mib(small.pss)} (${mib(small.own)}) in ${small.processes}, ${rounded(one.pss / small.pss)} ×`
}
report('start', {
  'coldStart.ratio': {
    value: median(ours) / median(minimalMs),
    against: `spawn to painted entries ${ms(ours)}, minimal window ${ms(minimalMs)}`,
  },
  'memory.ratio': memory &&
    memoryMinimal && {
      value: memory.hidden.pss / memoryMinimal.hidden.pss,
      against: `hidden for ${PUT_AWAY_MS / 1000} s: ${told('hidden')}; for ${SETTLED_MS / 1000} s, its page still there: ${told('kept')}; in sight: ${told('seen')}`,
    },
  'stop.ms': { value: Math.round(median(stops)), against: `SIGTERM to gone; minimal window ${ms(stopsMinimal)}` },
})
