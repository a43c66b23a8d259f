// `npm run bench -- idle [--peers N] [--seconds S] [--json]`: the built app, its window hidden, as one of 101 devices that have
// nothing to say, beside a minimal window in the same minute; and what 100 links cost a peer, by itself in a process.
// All in a network of its own, where that is possible.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { root } from '../../scripts/electron-runtime.mjs'
import { connectControl, type ControlClient } from '../../main/ipc/control-client'
import setup from '../e2e/display'
import { runHost } from './forwarding/host'
import { Hosted } from './forwarding/hosted'
import { memberFolder } from './idle/member'
import { hasOwnNetwork, inOwnNetwork } from './idle/own-network'
import { report, rounded } from './report'
import { family, memoryOf, minimalApp, Started } from './start/electron'

const SEED = 1
const PER_PROCESS = 25
/** Links that no rule asks for are given up after a minute (main/peer/connections.ts). */
const SETTLED_MS = 75_000
const env = { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' }
const argument = (name: string, standard: number) => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? standard : Number(process.argv[at + 1])
}

/** Of processes: CPU in ms since they started, and how often a thread of theirs woke up. */
function spent(pids: readonly number[]): { cpuMs: number; wakeUps: number } {
  let [cpuMs, wakeUps] = [0, 0]
  for (const pid of pids)
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const place = `/proc/${pid}/task/${thread}`
      cpuMs += Number(readFileSync(`${place}/schedstat`, 'utf8').split(' ')[0]) / 1e6
      wakeUps += Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`${place}/status`, 'utf8'))?.[1])
    }
  return { cpuMs, wakeUps }
}

async function over(seconds: number, apps: readonly Started[]) {
  const pids = apps.map((app) => family(app.child.pid!))
  const before = pids.map(spent)
  await sleep(seconds * 1000)
  return pids.map((one, i) => {
    const after = spent(one)
    return {
      cpuPercent: (after.cpuMs - before[i]!.cpuMs) / (10 * seconds),
      wakeUpsPerS: (after.wakeUps - before[i]!.wakeUps) / seconds,
    }
  })
}

async function linked(control: ControlClient): Promise<number> {
  return (await control.call('state.get', {})).sync.peersOnline
}
/** Waits until no more links come. */
async function settledLinks(count: () => Promise<number>): Promise<number> {
  for (let before = -1; ;) {
    const now = await count()
    if (now === before && now > 0) return now
    before = now
    await sleep(3000)
  }
}

async function main(): Promise<void> {
  const peers = argument('peers', 100)
  const seconds = argument('seconds', 60)
  const dir = mkdtempSync(join(tmpdir(), 'twofold-idle-'))
  const closeDisplay = await setup()
  const circle = { dir, circle: peers + 1, seed: SEED, mode: 'full' as const }
  const appFolder = join(dir, 'app')
  const beacon = memberFolder(appFolder, peers + 1, SEED, 0)

  // The last one is alone in its process, and everybody keeps a link with it.
  const hub = new Hosted({ ...circle, beacon, peers: [peers] })
  await hub.start()
  await hub.report()
  const alone = memoryOf([hub.pid])
  const groups: number[][] = []
  for (let i = 1; i < peers; i += PER_PROCESS)
    groups.push(Array.from({ length: Math.min(PER_PROCESS, peers - i) }, (_unused, k) => i + k))
  const others = groups.map((group) => new Hosted({ ...circle, beacon, peers: group, alsoWant: [peers] }))
  await Promise.all(others.map((one) => one.start()))

  const app = await Started.start(root, ['--data', appFolder], env, 'main')
  const minimal = await Started.start(minimalApp(dir), [])
  const control = await connectControl(appFolder)
  if (!control) throw new Error('the app has no control socket')
  await settledLinks(() => linked(control))
  for (const one of [app, minimal]) one.hide()
  const hubLinks = await settledLinks(async () => (await hub.report()).peers[0]!.links)
  await sleep(SETTLED_MS)
  const links = await linked(control)
  control.close()
  const [ours, smallest] = await over(seconds, [app, minimal])
  await hub.report()
  const withLinks = memoryOf([hub.pid])
  const stops = await app.stop()
  await minimal.stop()
  await Promise.all([hub, ...others].map((one) => one.stop()))
  rmSync(dir, { recursive: true, force: true })
  closeDisplay?.()

  report('idle', {
    'idle.cpuPercent': {
      value: ours!.cpuPercent,
      against: `all processes, ${seconds} s hidden, ${links} links in a circle of ${peers + 1}${hasOwnNetwork() ? '' : ', on a network with others'}; minimal window ${rounded(smallest!.cpuPercent)} %`,
    },
    'idle.memoryMiB': {
      value: withLinks.pss - alone.pss,
      against: `PSS of a peer with ${hubLinks} links, ${rounded(withLinks.pss, 1)} MiB, less the same without, ${rounded(alone.pss, 1)} MiB`,
    },
    'idle.wakeUps': {
      value: ours!.wakeUpsPerS,
      against: `voluntary context switches of all threads; minimal window ${rounded(smallest!.wakeUpsPerS, 1)}/s; ended in ${Math.round(stops)} ms`,
    },
  })
}

if (process.argv.includes('--host')) runHost()
else if (process.platform === 'linux') {
  const code = inOwnNetwork()
  if (code === null) await main()
  else process.exitCode = code
} else console.log('This bench reads /proc: it runs on Linux only.')
