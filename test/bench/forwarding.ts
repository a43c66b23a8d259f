// `npm run bench -- forwarding`: a circle of 100 real peers in a few processes (real sockets on loopback, real SQLite), and
// the same peers handing everything to everybody. Counters are the product's own; datagrams are the kernel's.
// --peers N, --seconds S, --modes full,brief,naive, --json.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runHost, type HostReport, type Mode } from './forwarding/host'
import { Hosted } from './forwarding/hosted'
import { FIGURES, type FigureOf } from './figures'
import { report, type Measured } from './report'
import type { NodeId } from '../../shared/types'

const KILLED = 10
const MODES = ['full', 'brief', 'naive'] as const
const PER_PROCESS = 30
const argument = (name: string, standard: number) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? standard : Number(process.argv[at + 1])
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** UDP datagrams sent by this machine since it started; null where the system does not tell. */
function datagrams(): number | null {
  try {
    const lines = readFileSync('/proc/net/snmp', 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('Udp:'))
    const at = lines[0]!.split(' ').indexOf('OutDatagrams')
    return Number(lines[1]!.split(' ')[at])
  } catch {
    return null
  }
}

interface Round {
  nodes: number
  sends: number
  most: number
  duplicates: number
  announced: number
  bytes: number
  coverage: number
  t50Ms: number
  t99Ms: number
  t100Ms: number
  framesPerS: number
  datagramsPerS: number | null
  cpuMsPerS: number
  links: number
  repaired: number
}

class Circle {
  readonly hosts: Hosted[]
  readonly dir = mkdtempSync(join(tmpdir(), 'twofold-forwarding-'))

  constructor(
    readonly n: number,
    readonly mode: Mode,
  ) {
    // The last process holds those that are killed.
    const groups: number[][] = []
    for (let i = 0; i < n - KILLED; i += PER_PROCESS)
      groups.push(Array.from({ length: Math.min(PER_PROCESS, n - KILLED - i) }, (_unused, k) => i + k))
    groups.push(Array.from({ length: KILLED }, (_unused, k) => n - KILLED + k))
    this.hosts = groups.map((peers) => new Hosted({ dir: this.dir, circle: n, seed: 1, mode, peers }))
  }

  get victims(): Hosted {
    return this.hosts.at(-1)!
  }
  hostOf(peer: number): Hosted {
    return this.hosts.find((h) => h.setup.peers.includes(peer))!
  }

  async reports(): Promise<HostReport[]> {
    return Promise.all(this.hosts.map((h) => h.report()))
  }

  /** Started, and every wanted link up. The seconds that it took. */
  async start(): Promise<number> {
    const began = Date.now()
    await Promise.all(this.hosts.map((h) => h.start()))
    let before = -1
    for (;;) {
      const links = (await this.reports()).flatMap((r) => r.peers).reduce((sum, p) => sum + p.links, 0)
      if (links === before && links > 0) return (Date.now() - began) / 1000
      before = links
      await sleep(3000)
    }
  }

  /** Posts at a rate by everybody in turn, waits until nothing more arrives, and tells what happened. */
  async round(rate: number, seconds: number, among = this.n): Promise<Round> {
    await Promise.all(this.hosts.map((h) => h.reset()))
    const outBefore = datagrams()
    const began = Date.now()
    let posted = 0
    while (Date.now() - began < seconds * 1000) {
      const due = Math.floor(((Date.now() - began) / 1000) * rate) + 1
      for (; posted < due; posted++) void this.hostOf((posted * 37) % among).post((posted * 37) % among)
      await sleep(5)
    }
    const writingMs = Date.now() - began
    const out = datagrams()
    const during = await this.reports()
    await this.settled(posted)
    return this.measure(await this.reports(), during, writingMs, outBefore === null ? null : (out ?? 0) - outBefore)
  }

  /** Until all hold all of a round, or for 30 s nothing has come. */
  private async settled(posted: number): Promise<void> {
    let last = -1
    for (let still = 0; still < 30; still++) {
      const counts = (await this.reports()).flatMap((r) => r.peers.map((p) => Object.keys(p.arrivals).length))
      const sum = counts.reduce((total, c) => total + c, 0)
      if (sum === posted * counts.length) return
      if (sum !== last) still = 0
      last = sum
      await sleep(1000)
    }
  }

  private measure(reports: HostReport[], during: HostReport[], writingMs: number, sentDatagrams: number | null): Round {
    const peers = reports.flatMap((r) => r.peers)
    const posted = Object.assign({}, ...reports.map((r) => r.posted)) as Record<NodeId, number>
    const ids = Object.keys(posted) as NodeId[]
    const per = ids.length * peers.length
    const sum = (of: (p: (typeof peers)[number]) => number) => peers.reduce((total, p) => total + of(p), 0)
    const times = ids.map((id) =>
      peers.map((p) => (p.arrivals[id] === undefined ? Infinity : p.arrivals[id] - posted[id]!)).sort((a, b) => a - b),
    )
    const meanAt = (share: number) =>
      times.reduce((total, t) => total + t[Math.ceil(share * t.length) - 1]!, 0) / times.length
    const seconds = writingMs / 1000
    return {
      nodes: ids.length,
      sends: sum((p) => p.sent) / per,
      most: Math.max(...peers.map((p) => p.sent / ids.length)),
      duplicates: sum((p) => p.duplicates) / per,
      announced: sum((p) => p.announced) / per,
      bytes: sum((p) => p.bytes) / per,
      coverage: times.flat().filter(Number.isFinite).length / per,
      t50Ms: meanAt(0.5),
      t99Ms: meanAt(0.99),
      t100Ms: meanAt(1),
      framesPerS: during.flatMap((r) => r.peers).reduce((total, p) => total + p.frames, 0) / seconds / peers.length,
      datagramsPerS: sentDatagrams === null ? null : sentDatagrams / seconds / peers.length,
      cpuMsPerS: during.reduce((total, r) => total + r.cpuUs, 0) / 1000 / seconds / peers.length,
      links: sum((p) => p.links) / peers.length,
      repaired: sum((p) => p.retried + p.takenOver + p.pulled),
    }
  }

  /** Kills ten peers without a word while others write, starts them again, and sees that they get everything. */
  async killed(rate: number, seconds: number): Promise<{ others: Round; coverage: number; backMs: number }> {
    const rest = this.n - KILLED
    await Promise.all(this.hosts.map((h) => h.reset()))
    const alive = this.hosts.filter((h) => h !== this.victims)
    this.victims.kill()
    const began = Date.now()
    let posted = 0
    while (Date.now() - began < seconds * 1000) {
      const due = Math.floor(((Date.now() - began) / 1000) * rate) + 1
      for (; posted < due; posted++) void this.hostOf((posted * 37) % rest).post((posted * 37) % rest)
      await sleep(5)
    }
    const writingMs = Date.now() - began
    await sleep(5000)
    const reports = await Promise.all(alive.map((h) => h.report()))
    const others = this.measure(reports, reports, writingMs, null)
    const backAt = Date.now()
    await this.victims.restart()
    const total = Math.max(...reports.flatMap((r) => r.peers.map((p) => p.stored)))
    let share = 0
    while (Date.now() - backAt < 60_000) {
      const back = (await this.victims.report()).peers
      share = back.filter((p) => p.stored >= total).length / back.length
      if (share === 1) break
      await sleep(100)
    }
    return { others, coverage: share, backMs: Date.now() - backAt }
  }

  /** Nobody writes: what links cost. */
  async idle(seconds: number): Promise<Round & { bytesPerS: number; rssMiB: number }> {
    await Promise.all(this.hosts.map((h) => h.reset()))
    const before = datagrams()
    await sleep(seconds * 1000)
    const after = datagrams()
    const reports = await this.reports()
    const round = this.measure(reports, reports, seconds * 1000, before === null ? null : (after ?? 0) - before)
    const bytes = reports.flatMap((r) => r.peers).reduce((total, p) => total + p.bytes, 0)
    return {
      ...round,
      bytesPerS: bytes / seconds / this.n,
      rssMiB: reports.reduce((total, r) => total + r.rssMiB, 0) / this.n,
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.hosts.map((h) => h.stop()))
    rmSync(this.dir, { recursive: true, force: true })
  }
}

const f = (value: number | null, digits = 1) => (value === null ? '?' : value.toFixed(digits))
const HEAD = [
  '',
  'sends',
  'max',
  'dup',
  'announced',
  'bytes',
  't50 ms',
  't99 ms',
  't100 ms',
  'frames/s',
  'datagr./s',
  'CPU ms/s',
  'links',
  'repairs',
  'reached',
]
const line = (what: string, r: Round): string[] => [
  what,
  f(r.sends, 2),
  f(r.most, 2),
  f(r.duplicates, 2),
  f(r.announced, 2),
  f(r.bytes, 0),
  f(r.t50Ms, 0),
  f(r.t99Ms, 0),
  f(r.t100Ms, 0),
  f(r.framesPerS),
  f(r.datagramsPerS),
  f(r.cpuMsPerS, 2),
  f(r.links),
  String(r.repaired),
  `${f(100 * r.coverage, r.coverage === 1 ? 0 : 2)} %`,
]
function print(rows: string[][]): void {
  const widths = HEAD.map((_cell, i) => Math.max(...rows.map((r) => r[i]!.length)))
  for (const r of rows)
    console.log(r.map((cell, i) => (i ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  '))
}

async function main(): Promise<void> {
  const n = argument('peers', 100)
  const seconds = argument('seconds', 10)
  const rows: string[][] = [HEAD]
  // What a run leaves out stays null.
  const measured = Object.fromEntries(Object.keys(FIGURES.forwarding).map((name) => [name, null])) as Record<
    FigureOf<'forwarding'>,
    Measured | null
  >
  const at10 = new Map<Mode, Round>()
  const wanted = process.argv[process.argv.indexOf('--modes') + 1] ?? ''
  const modes = process.argv.includes('--modes') ? MODES.filter((mode) => wanted.split(',').includes(mode)) : MODES
  for (const mode of modes) {
    const circle = new Circle(n, mode)
    const took = await circle.start()
    console.error(`${mode}: ${n} peers linked in ${took.toFixed(1)} s`)
    // What hands everything to everybody cannot keep up with more on one machine.
    for (const rate of mode === 'naive' ? [1, 10] : [1, 10, 100]) {
      const round = await circle.round(rate, mode === 'naive' && rate > 1 ? Math.min(3, seconds) : seconds)
      if (rate === 10) at10.set(mode, round)
      rows.push(line(`${mode} ${rate}/s`, round))
      if (mode !== 'naive' && rate === 10) {
        measured[`forwarding.${mode}.sends`] = {
          value: round.sends,
          against: `payload copies per node and peer, ${n} real peers`,
        }
        measured[`forwarding.${mode}.reached`] = {
          value: 100 * round.coverage,
          against: 'of peers that hold each node in the end',
        }
      }
      console.error(`${mode} at ${rate}/s: done`)
    }
    if (mode !== 'naive') {
      const { others, coverage, backMs } = await circle.killed(10, seconds)
      rows.push(line(`${mode} 10/s, ${KILLED} killed`, others))
      measured[`forwarding.${mode}.killed`] = {
        value: 100 * Math.min(coverage, others.coverage),
        against: `delivered with ${KILLED} killed and restarted; they were back with everything after ${backMs} ms`,
      }
    }
    const idle = await circle.idle(seconds)
    console.log(
      `${mode}: idle ${f(idle.bytesPerS, 0)} B/s, ${f(idle.framesPerS)} frames/s, ${f(idle.datagramsPerS)} datagrams/s, ${f(idle.cpuMsPerS, 2)} ms CPU/s and ${f(idle.rssMiB)} MiB a peer, ${f(idle.links)} links`,
    )
    await circle.stop()
  }
  print(rows)
  const naive = at10.get('naive')
  for (const mode of ['full', 'brief'] as const) {
    const ours = at10.get(mode)
    if (!ours || !naive) continue
    if (ours.datagramsPerS !== null && naive.datagramsPerS !== null)
      measured[`forwarding.${mode}.datagrams`] = {
        value: ours.datagramsPerS / naive.datagramsPerS,
        against: 'datagrams a second and peer, both at 10 nodes/s',
      }
    measured[`forwarding.${mode}.cpu`] = {
      value: ours.cpuMsPerS / naive.cpuMsPerS,
      against: 'CPU while writing, both at 10 nodes/s',
    }
  }
  report('forwarding', measured)
}

if (process.argv.includes('--host')) runHost()
else await main()
