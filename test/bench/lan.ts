// `npm run bench -- lan [--posts N] [--json]`: two peers in processes of their own on one link: from `entry.post` in one to the
// moment when the other's screen has the row in its hands. Beside it, in turn, a packet there and back between the same two.
import { fork } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newBackend } from '../support/backend'
import { waitFor } from '../support/wait'
import { median, percentile, report, rounded } from './report'

const LOOPBACK = '127.0.0.1'
/** As people write: link, view and combining are quiet before. */
const BETWEEN_MS = 250
const WARM_UP = 5
/** Beside the two round trips: signing, two commits, the tick of a screen at 60 Hz. */
const ALLOWED_MS = 20

/** Of this machine, not of a process: ms. */
const clock = (): number => Number(process.hrtime.bigint()) / 1e6
type Message = { link: string } | { linked: true; echoPort: number } | { text: string; at: number }

/** Joins, watches the stream of everyone, and tells when each row is here; sends packets back. */
async function reader(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'twofold-lan-'))
  const { backend, close } = await newBackend(folder, 'Bob')
  const { handlers } = backend
  const echo = createSocket('udp4')
  echo.on('message', (packet, { address, port }) => echo.send(packet, port, address))
  echo.bind(0, LOOPBACK)
  process.on('message', (message: Message) => {
    if (!('link' in message)) return
    void (async () => {
      await handlers['circle.join']({ link: message.link })
      await waitFor('the link', async () => (await handlers['state.get']({})).sync.peersOnline === 1)
      const { viewId } = await handlers['view.open']({ scope: { type: 'everyone' } })
      backend.subscribe((pushed) => {
        if (pushed.event !== 'view.changed' || pushed.payload.inserted.length === 0) return
        const [at] = pushed.payload.inserted
        void Promise.resolve(handlers['view.window']({ viewId, start: at!, count: 1 })).then((window) => {
          // What crosses to a window is JSON text (main/desktop/ipc.ts).
          const { rows } = typeof window === 'string' ? (JSON.parse(window) as { rows: { text: string }[] }) : window
          process.send!({ text: rows[0]?.text ?? '', at: clock() } satisfies Message)
        })
      })
      process.send!({ linked: true, echoPort: echo.address().port } satisfies Message)
    })()
  })
  process.on('disconnect', () => {
    echo.close()
    void close().then(() => {
      rmSync(folder, { recursive: true, force: true })
      process.exit(0)
    })
  })
}

function roundTrip(socket: Socket, port: number): Promise<number> {
  return new Promise((resolve) => {
    const at = clock()
    socket.once('message', () => resolve(clock() - at))
    socket.send('?'.repeat(300), port, LOOPBACK)
  })
}

async function main(): Promise<void> {
  const given = process.argv.indexOf('--posts')
  const posts = given < 0 ? 200 : Number(process.argv[given + 1])
  const folder = mkdtempSync(join(tmpdir(), 'twofold-lan-'))
  const { backend, close } = await newBackend(folder, 'Ann')
  await backend.handlers['circle.create']({ name: 'Bench', approval: 'auto', jump: 0 })
  const { link } = await backend.handlers['invite.create']({ hours: 1, uses: 1 })
  const child = fork(process.argv[1]!, ['--reader'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const arrivals = new Map<string, (at: number) => void>()
  const echoPort = await new Promise<number>((resolve) => {
    child.on('message', (message: Message) => {
      if ('linked' in message) resolve(message.echoPort)
      else if ('text' in message) arrivals.get(message.text)?.(message.at)
    })
    child.send({ link } satisfies Message)
  })
  const socket = createSocket('udp4')
  socket.bind(0, LOOPBACK)
  await new Promise((resolve) => socket.once('listening', resolve))
  const trips: number[] = []
  const taken: number[] = []
  for (let i = 0; i < posts + WARM_UP; i++) {
    await sleep(BETWEEN_MS)
    const trip = await roundTrip(socket, echoPort)
    const text = `post ${i}`
    const here = new Promise<number>((resolve) => arrivals.set(text, resolve))
    const at = clock()
    await backend.handlers['entry.post']({ text })
    const took = (await here) - at
    if (i < WARM_UP) continue
    trips.push(trip)
    taken.push(took)
  }
  socket.close()
  child.disconnect()
  await close()
  rmSync(folder, { recursive: true, force: true })
  const trip = percentile(trips, 0.95)
  report('lan', {
    'lan.postToVisibleP95Ms': {
      value: percentile(taken, 0.95),
      bound: 2 * trip + ALLOWED_MS,
      against: `${posts} posts, p50 ${rounded(median(taken), 1)} ms; packet there and back p50 ${rounded(median(trips))}, p95 ${rounded(trip)} ms, loopback`,
    },
  })
}

if (process.argv.includes('--reader')) void reader()
else await main()
