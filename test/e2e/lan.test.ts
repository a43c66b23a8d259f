// The main job on a LAN without internet: three hosts in network namespaces, two of them with windows.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { electronRuntime, root } from '../../scripts/electron-runtime.mjs'
import type { AppState, NetworkView } from '../../shared/types'
import { mustRun, newFolder, startPeer, twofold, twofoldJson, type Folder, type Peer } from './command-line'
import { waitFor } from '../support/wait'
import { canMakeNamespaces, makeLan, type Lan } from './lan'

const possible = canMakeNamespaces()
if (!possible) console.warn('lan.test.ts: needs root and `ip netns`; CI must provide them')

/** No DHT nodes at all: like a LAN whose router leads nowhere. */
const env = { TWOFOLD_BOOTSTRAP: '', TWOFOLD_TEST: '1' }

/** A window on a host. It is driven through the folder's local socket, which namespaces do not divide. */
async function openWindow(within: readonly string[], dataFolder: string): Promise<{ kill(): Promise<void> }> {
  const { exe } = await electronRuntime()
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const [program, ...rest] = [...within, exe, ...asRoot, root, '--data', dataFolder]
  const child: ChildProcess = spawn(program!, rest, { env: { ...process.env, ...env }, stdio: 'ignore' })
  return {
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

describe.skipIf(!possible && !process.env.CI)('[L1] on a LAN without internet', () => {
  let lan: Lan
  let folders: Folder[] = []
  const windows: { kill(): Promise<void> }[] = []
  let carol: Peer | undefined
  let a = ''
  let b = ''
  let c = ''
  const texts = async (folder: string) =>
    (await twofoldJson<{ id: string; verified: boolean }>(folder, ['timeline'], { env })).map(
      (l) => `${l.id} ${l.verified}`,
    )
  const runs = (folder: string) => async () =>
    (await twofold(folder, ['state'], { env })).out.includes('"listening":true')
  const sees = async (folder: string, name: string) => {
    const [network] = await twofoldJson<NetworkView>(folder, ['peers'], { env })
    return network!.links.some((link) => link.memberName === name)
  }

  beforeAll(async () => {
    lan = makeLan(3)
    folders = ['ann', 'bob', 'carol'].map(newFolder)
    ;[a, b, c] = folders.map((f) => f.path) as [string, string, string]
    for (const [folder, name] of [
      [a, 'Ann'],
      [b, 'Bob'],
      [c, 'Carol'],
    ] as const)
      await mustRun(folder, ['init', '--name', name], { env })
    await mustRun(a, ['circle', 'create', '--name', 'LAN'], { env })
  })
  afterAll(async () => {
    await Promise.allSettled([...windows.map((w) => w.kill()), carol?.stop()])
    lan?.remove()
    for (const folder of folders) folder.remove()
  })

  test('Bob and Carol join Ann, whose window is on another host', async () => {
    windows.push(await openWindow(lan.on(0), a))
    await waitFor('Ann to listen', runs(a))
    const [invite] = await twofoldJson<{ link: string; words: string }>(a, ['invite', '--uses', '2'], { env })
    const bob = await twofold(b, ['join', invite!.link, '--timeout', '30'], { env, within: lan.on(1) })
    expect(bob).toMatchObject({ code: 0 })
    // From 12 words alone: the beacon is all there is to find Ann by.
    const joined = await twofold(c, ['join', invite!.words, '--timeout', '60'], { env, within: lan.on(2) })
    expect(joined).toMatchObject({ code: 0 })
  })

  test('Bob’s window sees Ann within 5 s of its start', async () => {
    const startedAt = Date.now()
    windows.push(await openWindow(lan.on(1), b))
    await waitFor('Bob to see Ann', async () => (await runs(b)()) && (await sees(b, 'Ann')), 5000)
    console.log(`Bob’s window saw Ann ${Date.now() - startedAt} ms after its process was started`)
    const [state] = await twofoldJson<AppState>(b, ['state'], { env })
    expect(state!.network.links.find((l) => l.memberName === 'Ann')).toMatchObject({ path: 'lan' })
    expect(state!.network.internet).not.toBe('up')
  })

  test('all three have what each wrote', async () => {
    carol = await startPeer(c, { env, within: lan.on(2) })
    for (const [folder, text] of [
      [a, 'from Ann'],
      [b, 'from Bob'],
      [c, 'from Carol'],
    ] as const)
      expect((await twofold(folder, ['post', text], { env })).code).toBe(0)
    for (const folder of [a, b, c])
      await waitFor(`three entries in ${folder}`, async () => (await texts(folder)).length === 3)
    expect(await texts(b)).toEqual(await texts(a))
    expect(await texts(c)).toEqual(await texts(a))
  })

  test('Bob is killed while 1,000 entries are written, and has all of them when he is back', async () => {
    await windows[1]!.kill()
    const input = Array.from({ length: 500 }, (_unused, i) => `entry ${i}`).join('\n')
    const ended = await Promise.all([a, c].map((folder) => twofold(folder, ['post', '--lines'], { env, input })))
    expect(ended.map((e) => e.code)).toEqual([0, 0])
    windows.push(await openWindow(lan.on(1), b))
    await waitFor('Bob to have caught up', async () => (await runs(b)()) && (await texts(b)).length === 1003)
    await waitFor('all to be equal', async () => JSON.stringify(await texts(a)) === JSON.stringify(await texts(b)))
    expect((await texts(b)).every((line) => line.endsWith('true'))).toBe(true)
  })

  test('a host on no network says so, and goes on', async () => {
    const folder = newFolder('island')
    expect((await twofold(folder.path, ['init', '--name', 'Robinson'], { env })).code).toBe(0)
    expect((await twofold(folder.path, ['circle', 'create', '--name', 'Island'], { env })).code).toBe(0)
    const peer = await startPeer(folder.path, { env, within: lan.island })
    await waitFor('the problem to be told', async () => {
      const [network] = await twofoldJson<NetworkView>(folder.path, ['peers'], { env })
      return network!.problems.some((p) => p.code === 'NO_INTERFACE')
    })
    expect((await twofold(folder.path, ['post', 'Day 1'], { env })).code).toBe(0)
    await peer.stop()
    folder.remove()
  })
})
