// Threads of the real thing that stall, or die, in the middle of a first sync: what is written here waits for none of them,
// and nothing is lost, or stored twice. The newcomer runs in this process, its threads from the build with something before
// them; who serves it is the built command line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Running } from '../../main/assemble'
import { seedFolder } from '../../main/seed'
import type { AppState, Inspection, NodeId, Scope, ViewWindow } from '../../shared/types'
import { builtMain } from '../bench/built'
import { startPeer, twofoldJson, type Peer } from '../e2e/command-line'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'

const ENTRIES = 4000
const MEMBERS = 10
let parent: string
let holder: string
let nodes: number
let peer: Peer
let newcomer: Running | null = null

beforeAll(async () => {
  parent = mkdtempSync(join(tmpdir(), 'twofold-threads-'))
  holder = join(parent, 'holder')
  const options = { entries: ENTRIES, members: MEMBERS, days: 300, random: 3 }
  nodes = (await seedFolder({})(holder, options, () => undefined)).nodes
  peer = await startPeer(holder)
})
afterEach(async () => {
  await newcomer?.close()
  newcomer = null
})
afterAll(async () => {
  await peer?.stop()
  rmSync(parent, { recursive: true, force: true })
})

/** A folder with the entries of the threads, `before` in front of the one that stores. */
function threadsWith(name: string, before: string): string {
  const built = builtMain()
  const dir = mkdtempSync(join(parent, `${name}-`))
  const entry = (file: string) => `require(${JSON.stringify(join(built, file))})\n`
  for (const file of ['verify-worker.cjs', 'check-worker.cjs']) writeFileSync(join(dir, file), entry(file))
  const start = "const { parentPort } = require('node:worker_threads')\n"
  writeFileSync(join(dir, 'store-worker.cjs'), start + before + entry('store-worker.cjs'))
  return dir
}
async function joins(name: string, threads: string) {
  newcomer = await newBackend(join(parent, name), name, threads)
  const { handlers } = newcomer.backend
  const [invite] = await twofoldJson<{ link: string }>(holder, ['invite'])
  await handlers['circle.join']({ link: invite!.link })
  const sync = async () => ((await handlers['state.get']({})) as AppState).sync
  await waitFor('the first entries', async () => (await sync()).have > 0)
  return { handlers, sync }
}
const rowsOf = async (scope: Scope): Promise<string[]> => {
  const { rows } = (await newcomer!.backend.handlers['view.open']({ scope })) as ViewWindow
  return rows.map(({ id }) => id)
}
async function sameNewest(): Promise<void> {
  const mine = await rowsOf({ type: 'everyone' })
  const theirs = await twofoldJson<{ id: string }>(holder, ['timeline', '--limit', String(mine.length)])
  expect(mine).toEqual(theirs.map(({ id }) => id))
}

test('[R4] an own entry is committed, handed on and acknowledged while nothing of a first sync gets ahead', async () => {
  const gate = join(parent, 'gate')
  const { handlers, sync } = await joins(
    'stalled',
    threadsWith(
      'stalling',
      `const { existsSync } = require('node:fs')
       const on = parentPort.on.bind(parentPort)
       const held = []
       parentPort.on = (name, listener) => on(name, (message) => message.type === 'run' ? held.push([listener, message]) : listener(message))
       const timer = setInterval(() => {
         if (!existsSync(${JSON.stringify(gate)})) return
         clearInterval(timer)
         parentPort.on = on
         for (const [listener, message] of held.splice(0)) listener(message)
         held.push = ([listener, message]) => listener(message)
       }, 20)
      `,
    ),
  )
  // It is kept until the device may write (rule N7).
  await handlers['entry.post']({ text: 'Here already' })
  const own = async () => (await rowsOf({ type: 'mine' }))[0]
  await waitFor('it to be committed', async () => (await own()) !== undefined)
  const id = (await own())! as NodeId
  await waitFor('it to be acknowledged', async () => {
    const { route } = (await handlers['entry.inspect']({ id })) as Inspection
    return route.acknowledgedBy.length > 0
  })
  expect((await sync()).missing).toBeGreaterThan(nodes / 2)
  writeFileSync(gate, '')
  nodes++
  await waitFor('all the rest', async () => (await sync()).have === nodes && (await sync()).missing === 0)
  await sameNewest()
})

test('[N9] a thread that dies after a commit that nobody has heard of takes nothing away, and the rest is stored without it', async () => {
  const { sync } = await joins(
    'bereaved',
    threadsWith(
      'dying',
      `const post = parentPort.postMessage.bind(parentPort)
       let ran = 0
       parentPort.postMessage = (message, transfer) => {
         if (message.type === 'ran' && ++ran === 6) process.exit(1)
         post(message, transfer)
       }
      `,
    ),
  )
  await waitFor('all', async () => (await sync()).have === nodes && (await sync()).missing === 0)
  await sameNewest()
})
