// Two peers on networks that only a bad router joins: a fifth of the datagrams is lost, and a quarter of the others comes late, so
// that what was sent later comes first. Entries travel both ways meanwhile. Both end with the same. (The kernel's own netem is
// not built in everywhere; the router is a process of ours, in a namespace of its own.)
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../../scripts/electron-runtime.mjs'
import { waitFor } from '../support/wait'
import { canMakeNamespaces } from '../e2e/lan'
import { postHere } from './folders'
import { demandEqual, end, lines, makePair, post, start, stateOf, untilEqual } from './pairs'
import type { Kind } from './rounds'

const LOST = 0.2
const PORT = 46_000
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

/** Ann at 10.79.1.2, Bob at 10.79.2.2, the router at .1 of both; it forwards nothing by itself. */
function makeNetworks(): { ann: string; bob: string; router: string; remove(): void } {
  const id = `tfl${process.pid}`
  const [ann, bob, router] = [`${id}a`, `${id}b`, `${id}r`] as const
  const made: string[] = []
  try {
    for (const space of [ann, bob, router]) {
      ip('netns', 'add', space)
      made.push(space)
      ip('-n', space, 'link', 'set', 'lo', 'up')
    }
    for (const [space, net] of [
      [ann, 1],
      [bob, 2],
    ] as const) {
      ip('-n', router, 'link', 'add', `r${net}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
      ip('-n', router, 'addr', 'add', `10.79.${net}.1/24`, 'dev', `r${net}`)
      ip('-n', space, 'addr', 'add', `10.79.${net}.2/24`, 'dev', 'eth0')
      ip('-n', router, 'link', 'set', `r${net}`, 'up')
      ip('-n', space, 'link', 'set', 'eth0', 'up')
    }
  } catch (error) {
    for (const space of made) ip('netns', 'del', space)
    throw error
  }
  return { ann, bob, router, remove: () => made.forEach((space) => ip('netns', 'del', space)) }
}

export const losing: Kind = {
  about: 'a fifth of all datagrams lost, others late and out of order',
  impossible: () => (canMakeNamespaces() ? null : 'it needs root and network namespaces'),
  async round(round) {
    const networks = makeNetworks()
    const [a, b] = makePair(round)
    const acknowledged = new Set<string>()
    let relay: ReturnType<typeof spawn> | null = null
    try {
      const own = { env: { TWOFOLD_BIND: '' } }
      a.options = { ...own, within: ['ip', 'netns', 'exec', networks.ann] }
      b.options = { ...own, within: ['ip', 'netns', 'exec', networks.bob] }
      for (const id of (await postHere(a.dir, lines(round, round.between(50, 400), 1200))).keys()) acknowledged.add(id)
      for (const id of (await postHere(b.dir, lines(round, round.between(0, 60), 400))).keys()) acknowledged.add(id)
      await Promise.all([start(a), start(b)])
      await waitFor(
        'both to listen',
        async () => (await stateOf(a)).network.listening && (await stateOf(b)).network.listening,
      )
      const [portA, portB] = [(await stateOf(a)).network.port, (await stateOf(b)).network.port]
      const script = join(root, 'test/faults/lossy-relay.cjs')
      const ways = [
        `10.79.1.1:${PORT}>10.79.2.2:${portB}>10.79.2.1:0`,
        `10.79.2.1:${PORT}>10.79.1.2:${portA}>10.79.1.1:0`,
      ]
      relay = spawn(
        'ip',
        ['netns', 'exec', networks.router, process.execPath, script, String(round.seed), String(LOST), ...ways],
        {
          stdio: ['pipe', 'pipe', 'inherit'],
        },
      )
      const said: string[] = []
      createInterface({ input: relay.stdout! }).on('line', (line) => said.push(line))
      await waitFor('the router', () => said.includes('listening'))
      await a.peer!.control.call('network.addAddress', { address: `10.79.1.1:${PORT}` })
      await b.peer!.control.call('network.addAddress', { address: `10.79.2.1:${PORT}` })
      await waitFor('a link through the router', async () => (await stateOf(a)).network.links.length > 0, 60_000)
      for (let i = 0; i < 12; i++) await post(i % 2 ? a : b, `through the bad router ${i}`, acknowledged)
      await untilEqual(a, b)
      relay.stdin!.end()
      await waitFor('what the router did', () => said.length > 1)
      const { passed, dropped, late } = JSON.parse(said[1]!) as { passed: number; dropped: number; late: number }
      round.note(`${passed} datagrams passed, ${dropped} lost, ${late} late`)
      if (dropped < 10 || late < 10) throw new Error(`the router had nothing to lose: ${said[1]}`)
      await demandEqual(a, b, acknowledged)
    } finally {
      relay?.kill('SIGKILL')
      await end(a, b)
      networks.remove()
    }
  },
}
