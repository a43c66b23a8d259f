// L1 on a real little LAN: three hosts in network namespaces, a switch between them, no internet and no default route.
// Needs root and iproute2: skipped elsewhere with a message, never under CI.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deviceOf, until } from './peers'

const id = `tf${process.pid}`
const HUB = `${id}hub`
/** A host with nothing but loopback. */
const LONELY = `${id}lo`
const hosts = [1, 2, 3].map((n) => ({ n, space: `${id}h${n}`, port: `p${n}` }))
const run = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

const possible = canMakeNamespaces()
if (!possible) console.warn('namespaces.test.ts: needs root and `ip netns`; CI must provide them')

function canMakeNamespaces(): boolean {
  try {
    run('netns', 'add', `${id}try`)
    run('netns', 'del', `${id}try`)
    return true
  } catch {
    return false
  }
}

interface Said {
  event: string
  remote?: string
  reason?: string
  text?: string
  code?: string
  path?: string
}

/** One peer process on one host, and what it said. */
class Host {
  readonly said: Said[] = []
  readonly #process: ChildProcess

  constructor(
    readonly name: string,
    space: string,
    worker: string,
    all: string[],
  ) {
    this.#process = spawn('ip', ['netns', 'exec', space, process.execPath, worker, name, id, all.join()], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const { stdout } = this.#process
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.said.push(JSON.parse(line) as Said))
  }

  /** How often this process linked to another, less how often it lost it. */
  linkedTo(name: string): boolean {
    return this.count('link', name) > this.count('linkClosed', name)
  }

  count(event: string, remote?: string): number {
    return this.said.filter((said) => said.event === event && (remote === undefined || said.remote === remote)).length
  }

  /** To all its links. */
  sends(text: string): void {
    this.#process.stdin?.write(`${text}\n`)
  }

  kill(): void {
    this.#process.kill('SIGKILL')
  }

  get gone(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null
  }
}

describe.skipIf(!possible && !process.env.CI)('a LAN without internet', () => {
  // The bigger keys first: which side dials must not matter, so the test pulls both ends.
  const names = ['alice', 'bob', 'carol']
    .map((name) => `${name}-${id}`)
    .toSorted((a, b) => (deviceOf(a) < deviceOf(b) ? 1 : -1))
  const [alice, bob, carol] = names as [string, string, string]
  const twin = `dave-${id}`
  const lonely = [`erin-${id}`, `frank-${id}`]
  const all = [...names, twin, ...lonely]
  const running = new Map<string, Host>()
  const old: Host[] = []
  const far: string[] = []
  let folder = ''

  const start = (name: string, n: number): Host => {
    const before = running.get(name)
    if (before) old.push(before)
    const host = new Host(name, `${id}h${n}`, join(folder, 'peer-process.mjs'), all)
    running.set(name, host)
    return host
  }
  const hostOf = (name: string): Host => running.get(name) as Host
  const complete = () =>
    [...running.values()].every((one) =>
      [...running.values()].every((other) => one === other || one.linkedTo(other.name)),
    )
  /** Measured from now. */
  const completed = async (what: string) => {
    const startedAt = Date.now()
    await until(`all linked: ${what}`, complete, 20_000)
    const ms = Date.now() - startedAt
    console.log(`${what}: all linked after ${ms} ms`)
    return ms
  }
  const started = (host: Host) => until(`start of ${host.name}`, () => host.count('started') === 1)

  beforeAll(async () => {
    // Inside node_modules, where the bundle finds the packages that it leaves out.
    const cache = join(import.meta.dirname, '../../node_modules/.cache')
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'net-test-'))
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        ssr: join(import.meta.dirname, 'peer-process.ts'),
        outDir: folder,
        target: 'node20.18',
        rollupOptions: { output: { entryFileNames: '[name].mjs' } },
      },
    })
    run('netns', 'add', HUB)
    run('-n', HUB, 'link', 'add', 'br0', 'type', 'bridge')
    run('-n', HUB, 'link', 'set', 'br0', 'up')
    for (const { n, space, port } of hosts) {
      run('netns', 'add', space)
      run('-n', HUB, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
      run('-n', HUB, 'link', 'set', port, 'master', 'br0', 'up')
      run('-n', space, 'addr', 'add', `10.77.0.${n}/24`, 'dev', 'eth0')
      run('-n', space, 'link', 'set', 'lo', 'up')
      run('-n', space, 'link', 'set', 'eth0', 'up')
    }
    run('netns', 'add', LONELY)
    run('-n', LONELY, 'link', 'set', 'lo', 'up')
  }, 60_000)

  afterAll(async () => {
    const started = [...running.values(), ...old]
    for (const host of started) host.kill()
    await until('the end of all', () => started.every((host) => host.gone))
    for (const space of [HUB, LONELY, ...far, ...hosts.map((host) => host.space)]) {
      try {
        run('netns', 'del', space)
      } catch {
        // It was never made: beforeAll has already failed.
      }
    }
    if (folder) rmSync(folder, { recursive: true, force: true })
  })

  test('[L1] three hosts are connected within 5 s of the start of the last', async () => {
    const begun = [start(alice, 1), start(bob, 2), start(carol, 3)]
    await Promise.all(begun.map(started))
    expect(await completed('three hosts')).toBeLessThan(5_000)
    await until('frames both ways', () => begun.every((host) => host.count('frame') >= 2))
    expect(begun.flatMap((host) => host.said.filter(({ event }) => event === 'problem'))).toEqual([])
  }, 30_000)

  test('[L1] two instances on one machine, with two other hosts', async () => {
    await started(start(twin, 1))
    expect(await completed('a second instance on a host')).toBeLessThan(5_000)
  }, 30_000)

  test('[L1] kill -9 and restart with the same key, of the bigger and of the smaller one', async () => {
    for (const [name, n] of [
      [alice, 1],
      [carol, 3],
    ] as const) {
      const others = [...running.keys()].filter((other) => other !== name)
      const before = new Map(others.map((other) => [other, hostOf(other).count('link', name)]))
      hostOf(name).kill()
      await until(`${name} is gone`, () => hostOf(name).gone)
      const again = start(name, n)
      await started(again)
      const startedAt = Date.now()
      await until('links of the new run', () =>
        others.every((other) => again.linkedTo(other) && hostOf(other).count('link', name) > (before.get(other) ?? 0)),
      )
      const ms = Date.now() - startedAt
      console.log(`kill -9 and restart: linked after ${ms} ms`)
      expect(ms).toBeLessThan(5_000)
    }
    await completed('after the restarts')
  }, 60_000)

  test('[L1] a short loss of the cable costs no link', async () => {
    const lost = () => [...running.values()].reduce((sum, host) => sum + host.count('linkClosed'), 0)
    const before = lost()
    run('-n', HUB, 'link', 'set', 'p2', 'down')
    await until('the carrier is lost', () =>
      run('-n', `${id}h2`, 'link', 'show', 'eth0').toString().includes('NO-CARRIER'),
    )
    hostOf(bob).sends('into the dark')
    run('-n', HUB, 'link', 'set', 'p2', 'up')
    const others = [...running.values()].filter(({ name }) => name !== bob)
    await until('the frame', () => others.every((host) => host.said.some(({ text }) => text === 'into the dark')))
    expect(lost()).toBe(before)
  }, 30_000)

  test('[L1] the cable is pulled until the links are lost, and plugged in again', async () => {
    const others = [...running.keys()].filter((other) => other !== bob)
    run('-n', HUB, 'link', 'set', 'p2', 'down')
    await until(
      'links of bob lost',
      () => others.every((other) => !hostOf(other).linkedTo(bob) && !hostOf(bob).linkedTo(other)),
      60_000,
    )
    run('-n', HUB, 'link', 'set', 'p2', 'up')
    expect(await completed('cable plugged in')).toBeLessThan(5_000)
  }, 90_000)

  test('[L1] a new address on the same cable', async () => {
    const others = [...running.keys()].filter((other) => other !== bob)
    const before = others.map((other) => hostOf(other).count('link', bob))
    run('-n', `${id}h2`, 'addr', 'flush', 'dev', 'eth0')
    run('-n', `${id}h2`, 'addr', 'add', '10.77.0.22/24', 'dev', 'eth0')
    const startedAt = Date.now()
    await until(
      'links to the new address',
      () => others.every((other, i) => hostOf(other).count('link', bob) > (before[i] ?? 0)),
      40_000,
    )
    await completed('new address')
    console.log(`new address: all linked ${Date.now() - startedAt} ms after the change`)
  }, 90_000)

  test('[L1] without any interface two instances meet on loopback, and others once there is one', async () => {
    const [erin, frank] = lonely.map((name) => new Host(name, LONELY, join(folder, 'peer-process.mjs'), all)) as [
      Host,
      Host,
    ]
    old.push(erin, frank)
    await until('erin and frank linked', () => erin.linkedTo(frank.name) && frank.linkedTo(erin.name))
    expect(erin.said.filter(({ event }) => event === 'problem')).toMatchObject([{ code: 'NO_INTERFACE' }])

    const startedAt = Date.now()
    run('-n', HUB, 'link', 'add', 'p9', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', LONELY)
    run('-n', HUB, 'link', 'set', 'p9', 'master', 'br0', 'up')
    run('-n', LONELY, 'addr', 'add', '10.77.0.9/24', 'dev', 'eth0')
    run('-n', LONELY, 'link', 'set', 'eth0', 'up')
    await until('links over the new interface', () =>
      names.every((name) => erin.linkedTo(name) && frank.linkedTo(name)),
    )
    console.log(`an interface appeared: linked after ${Date.now() - startedAt} ms`)
    expect(Date.now() - startedAt).toBeLessThan(5_000)
    expect(erin.count('problem')).toBe(1)
    erin.kill()
    frank.kill()
  }, 30_000)

  test('[L1] a program that holds the mDNS port alone is reported, and outlived', async () => {
    const space = `${id}mdns`
    far.push(space)
    run('netns', 'add', space)
    run('-n', space, 'link', 'set', 'lo', 'up')
    const hold = `require('dgram').createSocket('udp4').bind(5353, '0.0.0.0', () => console.log('held'))`
    const holder = spawn('ip', ['netns', 'exec', space, process.execPath, '-e', hold])
    let held = false
    holder.stdout.once('data', () => (held = true))
    await until('the port is held', () => held)
    const [one, two] = lonely.map((name) => new Host(name, space, join(folder, 'peer-process.mjs'), all))
    if (!one || !two) throw new Error('two hosts')
    old.push(one, two)
    const reported = ({ said }: Host) => said.some(({ code }) => code === 'BEACON_PORT_IN_USE')
    await until('the problem', () => reported(one) && reported(two))
    expect(one.count('link')).toBe(0)
    holder.kill()
    await until('the link', () => one.linkedTo(two.name) && two.linkedTo(one.name), 20_000)
    one.kill()
    two.kill()
    await until('their end', () => one.gone && two.gone)
  }, 30_000)

  test('[L2] a LAN path is preferred: a link over public addresses moves when a private one is heard', async () => {
    // Two hosts with public addresses that are in no common subnet, as behind two routers.
    const spaces = [`${id}w1`, `${id}w2`]
    far.push(...spaces)
    for (const space of spaces) run('netns', 'add', space)
    const cable = (name: string) =>
      run('-n', `${id}w1`, 'link', 'add', name, 'type', 'veth', 'peer', 'name', name, 'netns', `${id}w2`)
    cable('wan')
    spaces.forEach((space, i) => {
      run('-n', space, 'addr', 'add', `198.51.100.${i + 1}/32`, 'dev', 'wan')
      run('-n', space, 'link', 'set', 'wan', 'up')
      run('-n', space, 'route', 'add', `198.51.100.${2 - i}/32`, 'dev', 'wan')
    })
    const [one, two] = spaces.map((space, i) => new Host(lonely[i] ?? '', space, join(folder, 'peer-process.mjs'), all))
    if (!one || !two) throw new Error('two hosts')
    old.push(one, two)
    await until('a link over the public addresses', () => one.linkedTo(two.name) && two.linkedTo(one.name))
    cable('lan')
    spaces.forEach((space, i) => {
      run('-n', space, 'addr', 'add', `10.78.0.${i + 1}/24`, 'dev', 'lan')
      run('-n', space, 'link', 'set', 'lan', 'up')
    })
    const startedAt = Date.now()
    await until('the second link', () => one.count('link') === 2 && two.count('link') === 2)
    console.log(`LAN preferred: moved after ${Date.now() - startedAt} ms`)
    expect(one.said.filter(({ event }) => event === 'link').map(({ path }) => path)).toEqual(['internet', 'lan'])
    expect([...one.said, ...two.said].some(({ reason }) => reason === 'LAN_PREFERRED')).toBe(true)
  }, 30_000)
})
