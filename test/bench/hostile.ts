// `npm run bench -- hostile [--posts N] [--attack NAME] [--json]`: honest peers, each the built command line in a process of its
// own, and one hostile member on real sockets. How long an entry takes to and from those whom he attacks, to the screen, beside the
// same right before; what the attacked need more of memory; and how soon he is out. He attacks as many at once as there are cores
// besides his own: on one core the attacked would only wait for each other, which on machines of their own they do not.
import { fork } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DeviceKey, Row } from '../../shared/types'
import { fill, makeFolders } from '../faults/folders'
import { startPeer, type PeerProcess } from '../faults/processes'
import { waitFor } from '../support/wait'
import { builtMain } from './built'
import { ATTACKS, type Attack } from './hostile/attacks'
import { runMallory, type Order, type Said, type Victim } from './hostile/mallory'
import { median, percentile, report, rounded } from './report'

const HONEST = 5
const ATTACKED = Math.min(HONEST, Math.max(1, availableParallelism() - 1))
/** What can be pulled. */
const HISTORY = 5000
/** As in a lively circle: somebody writes each so often. */
const BETWEEN_MS = 120
const SETTLES_MS = 120_000
const MEMORY_EVERY_MS = 50
/** A slow reader runs in so much of each of these. */
const TURN_MS = 1000

const given = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}
/** Throws when it is not there any more. */
function residentMiB({ process: peer }: PeerProcess): number {
  if (!peer.running) throw new Error(`a peer ended with ${peer.end}: ${peer.err.slice(-2000)}`)
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${peer.pid}/status`, 'utf8'))?.[1]) / 1024
}

class Circle {
  private readonly arrivals = new Map<string, (at: number) => void>()
  private posts = 0
  constructor(
    readonly peers: readonly PeerProcess[],
    readonly mallory: DeviceKey,
  ) {}

  /** Every peer's screen shows the newest entries; when each arrives is told. */
  async watch(): Promise<void> {
    for (const [i, { control }] of this.peers.entries()) {
      const { viewId } = await control.call('view.open', { scope: { type: 'everyone' } })
      control.on('view.changed', ({ inserted }) => {
        if (!inserted.length) return
        void control.call('view.window', { viewId, start: 0, count: 4 }).then(({ rows }: { rows: Row[] }) => {
          for (const { text } of rows) this.arrivals.get(`${i} ${text}`)?.(performance.now())
        })
      })
    }
  }

  /** Posts by all in turn; ms from each until each other one's screen has it, where either is attacked. */
  async delays(posts: number): Promise<number[]> {
    const taken: Promise<number>[] = []
    const others: Promise<number>[] = []
    for (let n = 0; n < posts; n++) {
      const writer = n % this.peers.length
      const text = `post ${this.posts++}`
      const at = performance.now()
      for (let i = 0; i < this.peers.length; i++) {
        if (i === writer) continue
        const here = new Promise<number>((resolve) => this.arrivals.set(`${i} ${text}`, (now) => resolve(now - at)))
        ;(i < ATTACKED || writer < ATTACKED ? taken : others).push(here)
      }
      await this.peers[writer]!.control.call('entry.post', { text })
      await sleep(BETWEEN_MS)
    }
    const late = sleep(SETTLES_MS, null, { ref: false })
    const all = await Promise.race([Promise.all([Promise.all(taken), Promise.all(others)]), late])
    if (all === null) throw new Error(`an entry did not reach everybody within ${SETTLES_MS} ms`)
    this.arrivals.clear()
    return all[0]
  }

  /** Those that have no link with him, and whether each keeps him out. */
  async out(): Promise<{ unlinked: number; keptOut: number; misdeeds: Set<string> }> {
    const sum = { unlinked: 0, keptOut: 0, misdeeds: new Set<string>() }
    for (const { control } of this.peers.slice(0, ATTACKED)) {
      const { keptOut, links } = await control.call('network.get', {})
      const one = keptOut.find(({ device }) => device === this.mallory)
      if (one) sum.misdeeds.add(one.misdeed)
      sum.keptOut += one ? 1 : 0
      sum.unlinked += links.some(({ device }) => device === this.mallory) ? 0 : 1
    }
    return sum
  }
  async readmit(): Promise<void> {
    for (const { control } of this.peers.slice(0, ATTACKED))
      await control.call('network.readmit', { device: this.mallory }).catch(() => undefined)
  }
}

interface Outcome {
  attack: Attack
  p50Ratio: number
  p95Ratio: number
  addedMiB: number
  /** From his first byte until nobody has a link with him any more; null: he is harmless. */
  outMs: number | null
  how: string
}

class Mallory {
  private readonly child
  private turn: NodeJS.Timeout | null = null
  constructor(dir: string) {
    this.child = fork(process.argv[1]!, ['--mallory', dir], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  }
  /** Fulfilled when he has his links. */
  async attacks(attack: Attack, victims: Victim[], author: DeviceKey): Promise<void> {
    const begun = new Promise<void>((resolve) => {
      const heard = ({ open }: Said) => {
        if (open < victims.length) return
        this.child.off('message', heard)
        resolve()
      }
      this.child.on('message', heard)
    })
    this.child.send({ attack: ATTACKS.indexOf(attack), victims, author } satisfies Order)
    await begun
    if (typeof attack.frozen !== 'number') return
    const { frozen } = attack
    this.turn = setInterval(() => {
      this.child.kill('SIGCONT')
      setTimeout(() => this.turn && this.child.kill('SIGSTOP'), frozen)
    }, TURN_MS)
  }
  rests(): void {
    if (this.turn) clearInterval(this.turn)
    this.turn = null
    this.child.kill('SIGCONT')
    this.child.send({ rest: true } satisfies Order)
  }
  leaves(): void {
    this.rests()
    this.child.disconnect()
  }
}

async function under(
  attack: Attack,
  circle: Circle,
  mallory: Mallory,
  victims: Victim[],
  posts: number,
): Promise<Outcome> {
  const before = await circle.delays(posts)
  const rest = circle.peers.map(residentMiB)
  let most = 0
  const watching = setInterval(() => {
    circle.peers.slice(0, ATTACKED).forEach((peer, i) => (most = Math.max(most, residentMiB(peer) - rest[i]!)))
  }, MEMORY_EVERY_MS)
  try {
    return await measured(attack, circle, mallory, victims, posts, before, () => most)
  } finally {
    clearInterval(watching)
  }
}

async function measured(
  attack: Attack,
  circle: Circle,
  mallory: Mallory,
  victims: Victim[],
  posts: number,
  before: number[],
  mostMiB: () => number,
): Promise<Outcome> {
  const began = performance.now()
  const begun = mallory.attacks(attack, victims, victims[0]!.device)
  let outMs: number | null = null
  const cutting = (async () => {
    if (attack.ends === 'harmless') return
    // He has to be heard before he can fall silent.
    if (attack.ends === 'lost') {
      await begun
      await waitFor('his link', async () => (await circle.out()).unlinked < ATTACKED, SETTLES_MS)
    }
    await waitFor(
      `him to be out after “${attack.name}”`,
      async () => {
        const { keptOut, unlinked } = await circle.out()
        return attack.ends === 'kept out' ? keptOut === ATTACKED && unlinked === ATTACKED : unlinked === ATTACKED
      },
      SETTLES_MS,
    )
    outMs = performance.now() - began
  })()
  await begun
  const during = await circle.delays(posts)
  await cutting
  const { misdeeds, keptOut, unlinked } = await circle.out()
  if (attack.ends === 'harmless' && unlinked)
    throw new Error(`no link any more after “${attack.name}”, which is harmless`)
  mallory.rests()
  await waitFor('him to be gone', async () => (await circle.out()).unlinked === ATTACKED, SETTLES_MS)
  await circle.readmit()
  if (attack.ends !== 'kept out' && keptOut) throw new Error(`kept out after “${attack.name}”, which is harmless`)
  return {
    attack,
    p50Ratio: median(during) / median(before),
    p95Ratio: percentile(during, 0.95) / percentile(before, 0.95),
    addedMiB: mostMiB(),
    outMs,
    how: attack.ends === 'kept out' ? `kept out for ${[...misdeeds].join(', ')}` : attack.ends,
  }
}

async function main(): Promise<void> {
  builtMain()
  const posts = Number(given('posts') ?? 40)
  const chosen = ATTACKS.filter(({ name }) => name.includes(given('attack') ?? ''))
  const dir = mkdtempSync(join(tmpdir(), 'twofold-hostile-'))
  const names = [...Array.from({ length: HONEST }, (_unused, i) => `Honest ${i}`), 'Mallory']
  const folders = makeFolders(dir, names)
  fill(
    folders[0]!,
    Array.from({ length: HISTORY }, (_unused, i) => `entry ${i} ${'h'.repeat(i % 400)}`),
  )
  const mallory = new Mallory(folders.at(-1)!)
  const peers: PeerProcess[] = []
  try {
    for (const folder of folders.slice(0, HONEST)) peers.push(await startPeer(folder))
    await waitFor(
      'all to hold the same',
      async () => {
        const states = await Promise.all(peers.map(({ control }) => control.call('state.get', {})))
        return states.every(({ sync, network }) => sync.have >= HISTORY && network.links.length === HONEST - 1)
      },
      SETTLES_MS,
    )
    const states = await Promise.all(peers.map(({ control }) => control.call('state.get', {})))
    const victims = states
      .slice(0, ATTACKED)
      .map(({ me, network }): Victim => ({ device: me!.device, port: network.port }))
    const member = states[0]!.circle!.members.find(({ name }) => name === 'Mallory')!
    const circle = new Circle(peers, member.devices[0]!.key)
    await circle.watch()
    // Claims are through, caches warm.
    await circle.delays(10)
    const outcomes: Outcome[] = []
    for (const attack of chosen) {
      const outcome = await under(attack, circle, mallory, victims, posts)
      outcomes.push(outcome)
      const { p50Ratio, p95Ratio, addedMiB, outMs, how } = outcome
      console.log(
        `${attack.name.padEnd(48)} p50 × ${rounded(p50Ratio)}, p95 × ${rounded(p95Ratio)}, + ${rounded(addedMiB, 1)} MiB, ${how}${outMs === null ? '' : ` after ${Math.round(outMs)} ms`}`,
      )
    }
    const worst = (of: (one: Outcome) => number) => outcomes.reduce((a, b) => (of(b) > of(a) ? b : a))
    const slow = worst(({ p50Ratio }) => p50Ratio)
    const slowest = worst(({ p95Ratio }) => p95Ratio)
    const large = worst(({ addedMiB }) => addedMiB)
    const kept = outcomes.filter(({ attack }) => attack.ends === 'kept out')
    const last = kept.length ? kept.reduce((a, b) => (b.outMs! > a.outMs! ? b : a)) : null
    report('hostile', {
      'hostile.deliveryRatio': {
        value: slow.p50Ratio,
        against: `median to and from ${ATTACKED} attacked of ${HONEST} peers, ${posts} posts, the same right before; worst of ${chosen.length}: ${slow.attack.name}`,
      },
      'hostile.deliveryP95Ratio': { value: slowest.p95Ratio, against: `the same; worst: ${slowest.attack.name}` },
      'hostile.memoryMiB': {
        value: large.addedMiB,
        against: `resident memory of an attacked peer, most of all, less right before; ${large.attack.name}`,
      },
      'hostile.cutOffMs': last && {
        value: last.outMs!,
        against: `from his first dial until he is kept out; slowest: ${last.attack.name}`,
      },
    })
  } finally {
    mallory.leaves()
    for (const { control, process: peer } of peers) {
      control.close()
      await peer.signal('SIGKILL')
    }
    if (!process.argv.includes('--keep')) rmSync(dir, { recursive: true, force: true })
  }
}

const folder = given('mallory')
if (folder !== undefined) runMallory(folder)
else if (process.platform === 'linux') await main()
else console.log('This bench reads /proc: it runs on Linux only.')
