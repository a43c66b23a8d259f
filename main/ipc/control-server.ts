// The second transport of the contract: a local socket that only this user can open, so that a command line can talk to a
// running Twofold. JSON lines: {id, call, input} → {id, reply}; {subscribe: true} → {event, payload} from then on.
// Which bytes are accepted, how many calls run at once and when a peer is cut off is decided here; what a call does is not.
import { chmodSync, lstatSync, unlinkSync } from 'node:fs'
import { createServer, connect, type Server, type Socket } from 'node:net'
import { dirname } from 'node:path'
import * as v from 'valibot'
import type { Reply } from '../../shared/ipc-contract'
import { TwofoldError } from '../../shared/errors'
import { controlPath, makePrivateFolder } from './control-path'
import { badArguments, dispatch, type Backend, type Report } from './dispatch'
import { jsonLines, LINE_BYTES_MAX } from './json-lines'

/** Command lines at once; more are refused by the system. */
export const CONNECTIONS_MAX = 32
/** Calls of one connection that run at once; the socket is not read while so many run. */
const CALLS_MAX = 32
/** Bytes that may wait for a connection that does not read; then it is cut off. */
const WAITING_BYTES_MAX = 4 * LINE_BYTES_MAX
/** How long a socket file may take to answer whether anybody listens. Local, so a guess on the long side. */
const PROBE_MS = 1000

const request = v.union([
  v.strictObject({ id: v.pipe(v.number(), v.safeInteger()), call: v.string(), input: v.optional(v.unknown()) }),
  v.strictObject({ subscribe: v.literal(true) }),
])

export interface ControlServer {
  path: string
  /** Stops listening, cuts every connection, removes the socket file. */
  close(): Promise<void>
}

/**
 * Listens for this folder. The caller owns the folder (it holds its lock), so a socket file that nobody answers is stale and
 * is removed. Throws FOLDER_IN_USE when somebody does answer, FOLDER_UNWRITABLE when the place is not safely ours.
 */
export async function startControl(
  dir: string,
  backend: Pick<Backend, 'handlers' | 'subscribe'>,
  report: Report,
): Promise<ControlServer> {
  const path = controlPath(dir)
  makePrivateFolder(path)
  await removeStale(path)
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serve(socket, backend, report)
  })
  server.maxConnections = CONNECTIONS_MAX
  await listen(server, path)
  // The folder was 0700 before: nobody else could have connected in between.
  if (process.platform !== 'win32') chmodSync(path, 0o600)
  server.on('error', (error) => report('control', error))
  return {
    path,
    close: () =>
      new Promise((resolve) => {
        // Node removes the socket file with it.
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function serve(socket: Socket, backend: Pick<Backend, 'handlers' | 'subscribe'>, report: Report): void {
  let running = 0
  let unsubscribe: (() => void) | undefined
  const waiting: { id: number; call: string; input: unknown }[] = []

  const send = (message: unknown): boolean => {
    if (socket.destroyed || !socket.writable) return true
    const line = `${JSON.stringify(message)}\n`
    if (Buffer.byteLength(line) > LINE_BYTES_MAX) return false
    socket.write(line)
    if (socket.writableLength > WAITING_BYTES_MAX) socket.destroy()
    return true
  }
  const answer = async (id: number, call: string, input: unknown) => {
    running++
    const reply: Reply<unknown> = await dispatch(backend.handlers, call, input, report)
    if (!send({ id, reply }))
      send({ id, reply: badArguments('The answer is larger than 8 MiB. Ask for less at once.') })
    running--
    next()
  }
  const next = () => {
    while (running < CALLS_MAX) {
      const first = waiting.shift()
      if (!first) break
      void answer(first.id, first.call, first.input)
    }
    // One chunk may bring more requests than may run; no further chunk is read until they have begun.
    if (waiting.length > 0) socket.pause()
    else socket.resume()
  }
  const garbage = (why: string) => {
    waiting.length = 0
    unsubscribe?.()
    send({ id: null, reply: badArguments(why) })
    socket.end()
    // What still comes is thrown away, so that the one error can be read before the connection ends.
    socket.removeAllListeners('data')
    socket.resume()
  }
  const read = jsonLines((value) => {
    const parsed = v.safeParse(request, value)
    if (!parsed.success) return garbage('A line is not a request.')
    if ('subscribe' in parsed.output) unsubscribe ??= backend.subscribe((pushed) => void send(pushed))
    else waiting.push({ id: parsed.output.id, call: parsed.output.call, input: parsed.output.input })
  }, garbage)

  socket.on('data', (chunk) => {
    read(chunk)
    if (socket.writable) next()
  })
  socket.on('error', () => socket.destroy())
  socket.once('close', () => {
    waiting.length = 0
    unsubscribe?.()
  })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new TwofoldError('FOLDER_IN_USE')
          : new TwofoldError('FOLDER_UNWRITABLE', { folder: dirname(path) }),
      )
    })
    server.listen(path, () => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}

/** Removes a socket that a crash left behind, after a connect to it has failed. Anything but a socket is left alone. */
async function removeStale(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (!stat) return
  if (!stat.isSocket()) throw new TwofoldError('FOLDER_UNWRITABLE', { folder: path })
  if (await answers(path)) throw new TwofoldError('FOLDER_IN_USE')
  unlinkSync(path)
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    const done = (heard: boolean) => {
      socket.destroy()
      resolve(heard)
    }
    socket.setTimeout(PROBE_MS, () => done(true))
    socket.once('connect', () => done(true))
    socket.once('error', (error: NodeJS.ErrnoException) =>
      done(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'),
    )
  })
}
