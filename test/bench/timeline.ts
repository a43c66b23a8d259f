// `npm run bench -- timeline [--entries N] [--folder DIR] [--json]`: the window of the built app on a million entries, beside
// an empty list of the same run. --folder takes a sample that `twofold seed` made before; without it one is made and removed.
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bridge, Reply, Result } from '../../shared/ipc-contract'
import type { Filter, ViewWindow } from '../../shared/types'
import setup from '../e2e/display'
import { launch } from '../e2e/launch'
import { newBackend } from '../support/backend'
import type { FigureOf } from './figures'
import { median, percentile, report, rounded, type Measured } from './report'
import { SAMPLE_ENTRIES, sampleFor } from './sample'

type Twofold = Window & { twofold: Bridge }
const { values: given } = parseArgs({
  options: { entries: { type: 'string' }, folder: { type: 'string' }, json: { type: 'boolean' } },
})
const ROUNDS = 3
const WINDOWS = 300
const JUMPS = 30
const FLING_MS = 3000
const env = { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' }

const closeDisplay = await setup()
const { folder, parent, remove } = await sampleFor(given.folder, Number(given.entries ?? SAMPLE_ENTRIES))

const measured = {} as Record<FigureOf<'timeline'>, Measured>
const figure = (name: FigureOf<'timeline'>, value: number, against: string) => (measured[name] = { value, against })

const running = await launch({ dataFolder: folder, env })
const { app, page } = running
await page.getByTestId('entry').first().waitFor()
await page.setViewportSize({ width: 1280, height: 800 })

/** Each window of 100 rows at a random position, ms, measured where it is used. */
let windowsAsked = 0
const windows = (): Promise<number[]> => {
  windowsAsked += WINDOWS
  return page.evaluate(
    async ({ count, from }): Promise<number[]> => {
      const { twofold } = window as unknown as Twofold
      const opened = JSON.parse(
        await twofold.call('view.open', { scope: { type: 'everyone' }, paint: true }),
      ) as Reply<ViewWindow>
      if (!opened.ok) throw new Error(opened.message)
      const { viewId, total } = opened.value
      const times: number[] = []
      for (let i = 0; i < count; i++) {
        // The same places in every run, and none of them twice (rule of the golden ratio): nothing of them is in memory yet.
        const share = ((from + i) * 0.618_033_988_75) % 1
        const place = Math.floor(share * Math.max(1, total - 100))
        const start = performance.now()
        JSON.parse(await twofold.call('view.window', { viewId, start: place, count: 100 }))
        times.push(performance.now() - start)
        await new Promise((resolve) => setTimeout(resolve, 2))
      }
      await twofold.call('view.close', { viewId })
      return times
    },
    { count: WINDOWS, from: windowsAsked },
  )
}
await windows()
const still = await windows()
const windowP95 = percentile(still, 0.95)
figure('window.p95Ms', windowP95, `p50 ${rounded(median(still))} ms; 100 rows over IPC`)

// ---------------------------------------------------------------- search
const QUERIES: Filter[] = [
  ...[
    'kettle',
    'tea',
    'kett',
    'the',
    'boathouse',
    'winter tyres',
    '"blue key"',
    'garden -tea',
    '#garden',
    '#bo',
    'книга',
    'Бабушка',
    'お茶',
    'القارب',
    'schlüssel',
    'schlussel',
    'example.org',
    'e',
    'measured level',
    'xyzzyplugh',
  ].map((text) => ({ text })),
  { has: ['code'] },
  { has: ['link'], text: 'pump' },
  { kinds: ['reply'], text: 'tea' },
  { from: Date.now() - 90 * 86_400_000, text: 'kettle' },
  { to: Date.now() - 700 * 86_400_000, text: 'the' },
]
const searched = await page.evaluate(async (queries): Promise<{ text: string; ms: number; total: number }[]> => {
  const { twofold } = window as unknown as Twofold
  const out: { text: string; ms: number; total: number }[] = []
  for (let round = 0; round < 3; round++)
    for (const filter of queries) {
      const start = performance.now()
      const answer = JSON.parse(
        await twofold.call('view.open', { scope: { type: 'everyone' }, filter, paint: true }),
      ) as Reply<ViewWindow>
      if (!answer.ok) throw new Error(answer.message)
      out.push({ text: JSON.stringify(filter), ms: performance.now() - start, total: answer.value.total })
      await twofold.call('view.close', { viewId: answer.value.viewId })
    }
  return out
}, QUERIES)
const searchP95 = percentile(
  searched.map((one) => one.ms),
  0.95,
)
const slowest = [...searched].sort((a, b) => b.ms - a.ms)[0]!
figure(
  'search.p95Ms',
  searchP95,
  `p50 ${rounded(median(searched.map((one) => one.ms)))} ms; slowest ${slowest.text} ${Math.round(slowest.ms)} ms`,
)

// ---------------------------------------------------------------- scrolling against an empty list
interface Fling {
  frames: number
  /** Frames in which a row in sight was not there yet, and how many such rows there were. */
  blank: number
}
const fling = (): Promise<Fling> =>
  page.evaluate(async (durationMs): Promise<Fling> => {
    const place = document.querySelector('.list-viewport') ?? document.querySelector('.timeline')!
    const box = place.getBoundingClientRect()
    let frames = 0
    let blank = 0
    const end = performance.now() + durationMs
    await new Promise<void>((resolve) => {
      const step = () => {
        frames++
        place.dispatchEvent(new WheelEvent('wheel', { deltaY: 900, bubbles: true, cancelable: true }))
        for (const bone of document.querySelectorAll('.list .row-placeholder')) {
          const { top, bottom } = bone.getBoundingClientRect()
          if (bottom > box.top && top < box.bottom) blank++
        }
        if (performance.now() < end) requestAnimationFrame(step)
        else resolve()
      }
      requestAnimationFrame(step)
    })
    return { frames, blank }
  }, FLING_MS)
const go = async (letter: string) => {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  await page.keyboard.press('g')
  await page.keyboard.press(letter)
}
const delayStart = () =>
  app.evaluate(() => {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
    const monitor = monitorEventLoopDelay({ resolution: 5 })
    monitor.enable()
    ;(globalThis as { benchDelay?: typeof monitor }).benchDelay = monitor
  })
const delayP99 = () =>
  app.evaluate(() => {
    const monitor = (globalThis as { benchDelay?: { disable(): void; percentile(p: number): number } }).benchDelay!
    monitor.disable()
    // The monitor counts its own 5 ms of rest.
    return monitor.percentile(99) / 1e6 - 5
  })
const empty: Fling[] = []
const full: Fling[] = []
for (let i = 0; i < ROUNDS; i++) {
  await go('b')
  await page.getByText('No bookmarks yet').waitFor()
  empty.push(await fling())
  await go('e')
  await page.getByTestId('entry').first().waitFor()
  if (i === 0) await delayStart()
  full.push(await fling())
}
const scrollDelay = await delayP99()
const fpsRatio = median(full.map((one) => one.frames)) / median(empty.map((one) => one.frames))
const blankRows = full.reduce((sum, one) => sum + one.blank, 0)
const perSecond = (all: readonly Fling[]) => Math.round((median(all.map((one) => one.frames)) * 1000) / FLING_MS)
figure(
  'scroll.fpsRatio',
  fpsRatio,
  `${perSecond(full)} frames/s, empty list ${perSecond(empty)}; main loop p99 ${rounded(scrollDelay, 1)} ms`,
)
figure('scroll.blankRows', blankRows, `in ${full.length} flings of ${FLING_MS / 1000} s`)

// ---------------------------------------------------------------- jumping with the scrubber
/** Frames from the press on the scrubber to the frame that shows rows of that time. */
const jumps = (): Promise<number[]> =>
  page.evaluate(async (count): Promise<number[]> => {
    const scrubber = document.querySelector('.scrubber')!
    const box = scrubber.getBoundingClientRect()
    const times: number[] = []
    let share = 0.37
    const first = () => document.querySelector('.list-inner')?.querySelector('[data-id]')?.getAttribute('data-id')
    const waits = () => {
      const port = document.querySelector('.list-viewport')!.getBoundingClientRect()
      return [...document.querySelectorAll('.list .row-placeholder')].some((bone) => {
        const { top, bottom } = bone.getBoundingClientRect()
        return bottom > port.top && top < port.bottom
      })
    }
    for (let i = 0; i < count; i++) {
      share = (share * 7.13 + 0.29) % 1
      const at = {
        clientX: box.left + 20,
        clientY: box.top + 5 + share * (box.height - 10),
        pointerId: 1,
        button: 0,
        bubbles: true,
      }
      const before = first()
      await new Promise((resolve) => requestAnimationFrame(resolve))
      scrubber.dispatchEvent(new PointerEvent('pointerdown', at))
      scrubber.dispatchEvent(new PointerEvent('pointerup', at))
      let frames = 0
      await new Promise<void>((resolve) => {
        const look = () => {
          frames++
          if ((first() !== before && first() !== undefined && !waits()) || frames > 120) resolve()
          else requestAnimationFrame(look)
        }
        requestAnimationFrame(look)
      })
      times.push(frames)
      await new Promise((resolve) => setTimeout(resolve, 120))
    }
    return times
  }, JUMPS)
// A made-up pointer cannot be captured.
await page.evaluate(() => {
  Element.prototype.setPointerCapture = () => undefined
})
const jumped = await jumps()
const jumpFrames = median(jumped)
figure('jump.frames', jumpFrames, `p95 ${percentile(jumped, 0.95)}, press on the scrubber to painted rows`)

// ---------------------------------------------------------------- windows while a newcomer pulls the whole circle
const invite = await page.evaluate(async (): Promise<Result<'invite.create'>> => {
  const answer = JSON.parse(
    await (window as unknown as Twofold).twofold.call('invite.create', { hours: 1, uses: 1 }),
  ) as Reply<Result<'invite.create'>>
  if (!answer.ok) throw new Error(answer.message)
  return answer.value
})
const newcomer = await newBackend(join(parent, 'newcomer'), 'Newcomer')
await newcomer.backend.handlers['circle.join']({ link: invite.link })
const have = async () => (await newcomer.backend.handlers['state.get']({})).sync.have
for (const until = Date.now() + 30_000; (await have()) < 1000 && Date.now() < until;)
  await new Promise((resolve) => setTimeout(resolve, 100))
await delayStart()
const [before, startedAt] = [await have(), performance.now()]
const during = await windows()
const rate = ((await have()) - before) / ((performance.now() - startedAt) / 1000)
const syncDelay = await delayP99()
const syncingP95 = percentile(during, 0.95)
figure(
  'window.syncingP95Ms',
  rate > 0 ? syncingP95 : Number.NaN,
  `${rate > 0 ? '' : 'nothing was pulled: '}p50 ${rounded(median(during))} ms, while a newcomer pulls ${Math.round(rate)} nodes/s from it; main loop p99 ${rounded(syncDelay, 1)} ms`,
)
const beforeJumps = await have()
const jumpedSyncing = await jumps()
const pulled = (await have()) > beforeJumps
const jumpRatio = median(jumpedSyncing) / jumpFrames
figure(
  'jump.syncingRatio',
  pulled ? jumpRatio : Number.NaN,
  `${pulled ? '' : 'nothing was pulled: '}${median(jumpedSyncing)} frames, p95 ${percentile(jumpedSyncing, 0.95)}, against ${jumpFrames} at rest`,
)
await newcomer.close()
await running.stop()
remove()
closeDisplay?.()
report('timeline', measured)
