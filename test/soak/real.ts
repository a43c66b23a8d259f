// Real processes on real sockets and files, for real minutes: two that are never restarted are watched (heap after a
// collection, handles, file descriptors, bytes on the disk for each entry), two come and go around them, by order and by
// kill -9. Fails by the slope of what is watched over the second half, and when the heads are not equal in the end.
import { fork, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_FLAG, type Sample } from './node'

const NAMES = ['Ann', 'Bob', 'Carol', 'Dora']
/** The first two are watched. */
const WATCHED = 2
const POST_EVERY_MS = 150
/** Written before anything is watched: what is kept of the latest entries (4,096 ids, 4,000 trees) is full then. */
const WARM_UP_ENTRIES = 6000
const WARM_UP_AT_ONCE = 20
const SAMPLE_EVERY_MS = 15_000
const RESTART_EVERY_MS = 40_000
const START_MS = 60_000
const SETTLE_MS = 60_000
/** What the heap may grow by over the second half: caches of rows and trees are still filling, a leak goes on for ever. */
const HEAP_GROWTH_MAX = 0.1
const HEAP_GROWTH_BYTES_MAX = 4 * 1_048_576
const HANDLES_GROWTH_MAX = 2
/** The database may take a little more for each entry while its log is being filled. */
const BYTES_PER_ENTRY_GROWTH_MAX = 0.1

class Member {
  private child: ChildProcess | null = null
  private readonly waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  private asked = 0
  constructor(
    readonly name: string,
    readonly folder: string,
  ) {}

  start(): Promise<unknown> {
    const child = fork(fileURLToPath(import.meta.url), [NODE_FLAG, this.folder, this.name], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.child = child
    child.on('message', ({ id, value, error }: { id: number; value?: unknown; error?: string }) => {
      const one = this.waiting.get(id)
      this.waiting.delete(id)
      if (error === undefined) one?.resolve(value)
      else one?.reject(new Error(`${this.name}: ${error}`))
    })
    child.on('exit', () => {
      if (this.child === child) this.child = null
      for (const { resolve } of this.waiting.values()) resolve(null)
      this.waiting.clear()
    })
    return new Promise((resolve, reject) => this.waiting.set(0, { resolve, reject }))
  }

  get running(): boolean {
    return this.child !== null
  }
  ask(order: string, input = ''): Promise<unknown> {
    const { child } = this
    if (!child) return Promise.resolve(null)
    const id = ++this.asked
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject })
      child.send({ id, order, input })
    })
  }
  async restart(hard: boolean): Promise<void> {
    const { child } = this
    if (!child) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (hard) child.kill('SIGKILL')
    else void this.ask('stop')
    await gone
    await this.start()
  }
  async stop(): Promise<void> {
    const { child } = this
    if (!child) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    void this.ask('stop')
    await gone
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
async function until(what: string, holds: () => Promise<boolean>, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`after ${limitMs / 1000} s, still not: ${what}`)
    await pause(200)
  }
}

/** What a line through the samples (least squares) rises by from the first to the last. */
export function growth(samples: readonly number[]): number {
  const n = samples.length
  if (n < 2) return 0
  const middle = (n - 1) / 2
  const mean = samples.reduce((sum, y) => sum + y, 0) / n
  let above = 0
  let below = 0
  samples.forEach((y, x) => {
    above += (x - middle) * (y - mean)
    below += (x - middle) ** 2
  })
  return (above / below) * (n - 1)
}

const MIB = 1_048_576

/** True: nothing rises and all agree. */
export async function soakForReal({ minutes }: { minutes: number }, say: (text: string) => void): Promise<boolean> {
  const parent = mkdtempSync(join(tmpdir(), 'twofold-soak-'))
  const members = NAMES.map((own) => {
    const folder = join(parent, own)
    mkdirSync(folder)
    return new Member(own, folder)
  })
  const watched = members.slice(0, WATCHED)
  const samples: Sample[][] = watched.map(() => [])
  try {
    for (const member of members) await member.start()
    const link = String(await members[0]!.ask('found'))
    for (const member of members.slice(1)) {
      await member.ask('join', link)
      await until(`${member.name} is in`, async () => (await member.ask('in')) === true, START_MS)
    }
    const textOf = (turn: number, by: string) =>
      `Entry ${turn}: **bold**, \`code\` and #tag${turn % 40} of ${by}.\n\n- one\n- two`
    for (let turn = 0; turn < WARM_UP_ENTRIES; turn += WARM_UP_AT_ONCE)
      await Promise.all(
        Array.from({ length: WARM_UP_AT_ONCE }, (_unused, i) => {
          const member = members[i % members.length]!
          return member.ask('post', textOf(turn + i, member.name))
        }),
      )
    say(`${members.length} processes are one circle with ${WARM_UP_ENTRIES} entries; ${minutes} min begin`)
    const began = Date.now()
    const end = began + minutes * 60_000
    let sampledAt = began
    let restartedAt = began
    let restarts = 0
    for (let turn = 0; Date.now() < end; turn++) {
      const member = members[Math.floor(Math.random() * members.length)]!
      await member.ask('post', textOf(turn, member.name))
      if (turn % 10 === 0) await members[turn % members.length]!.ask('look')
      await pause(POST_EVERY_MS)
      const now = Date.now()
      if (now - restartedAt >= RESTART_EVERY_MS) {
        restartedAt = now
        await members[WATCHED + (restarts % (members.length - WATCHED))]!.restart(restarts % 2 === 0)
        restarts++
      }
      if (now - sampledAt < SAMPLE_EVERY_MS) continue
      sampledAt = now
      for (const [i, one] of watched.entries()) samples[i]!.push((await one.ask('sample')) as Sample)
    }
    const all = async () => (await Promise.all(members.map((m) => m.ask('sample')))) as Sample[]
    let entries: number[] = []
    await until(
      'everybody holds as much as everybody',
      async () => new Set((entries = (await all()).map((s) => s.entries))).size === 1,
      SETTLE_MS,
    )
    say(`${entries[0]} entries at each of ${members.length}, ${restarts} restarts`)
    return samples.map((of, i) => judge(watched[i]!.name, of, say)).every(Boolean)
  } finally {
    for (const member of members) await member.stop()
    rmSync(parent, { recursive: true, force: true })
  }
}

function judge(own: string, samples: readonly Sample[], say: (text: string) => void): boolean {
  const half = samples.slice(samples.length >> 1)
  const first = half[0]!
  const last = half.at(-1)!
  const rise = (of: (sample: Sample) => number) => growth(half.map(of))
  const perEntry = (s: Sample) => s.diskBytes / Math.max(1, s.entries)
  const checks: [what: string, good: boolean][] = [
    [
      `heap ${(first.heapBytes / MIB).toFixed(1)} → ${(last.heapBytes / MIB).toFixed(1)} MiB, slope ${(rise((s) => s.heapBytes) / MIB).toFixed(2)} MiB`,
      rise((s) => s.heapBytes) <= Math.max(HEAP_GROWTH_BYTES_MAX, HEAP_GROWTH_MAX * first.heapBytes),
    ],
    [`handles ${first.handles} → ${last.handles}`, rise((s) => s.handles) <= HANDLES_GROWTH_MAX],
    [`descriptors ${first.descriptors} → ${last.descriptors}`, rise((s) => s.descriptors) <= HANDLES_GROWTH_MAX],
    [
      `disk ${perEntry(first).toFixed(0)} → ${perEntry(last).toFixed(0)} B an entry (${last.entries} entries)`,
      perEntry(last) <= perEntry(first) * (1 + BYTES_PER_ENTRY_GROWTH_MAX),
    ],
  ]
  const wrong = checks.filter(([, good]) => !good)
  say(`${own}: ${checks.map(([what]) => what).join('; ')}; RSS ${(last.rssBytes / MIB).toFixed(0)} MiB`)
  for (const [what] of wrong) say(`  RISES: ${what}`)
  return wrong.length === 0
}
