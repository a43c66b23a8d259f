// A command line's end of the control socket: finds out whether a Twofold runs on a folder, and calls it as if it were here.
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { lstatSync } from 'node:fs'
import * as v from 'valibot'
import type { CallName, EventName, Events, Input, Result } from '../../shared/ipc-contract'
import { isEvent } from '../../shared/ipc-contract'
import { TwofoldError, wording, type ErrorCode } from '../../shared/errors'
import { controlPath, isOurs } from './control-path'
import { jsonLines } from './json-lines'

const message = v.union([
  v.object({
    id: v.nullable(v.number()),
    reply: v.variant('ok', [
      v.object({ ok: v.literal(true), value: v.optional(v.unknown()) }),
      v.object({ ok: v.literal(false), code: v.string(), message: v.string() }),
    ]),
  }),
  v.object({ event: v.string(), payload: v.unknown() }),
])

export interface ControlClient {
  /** Rejects with the refusal's TwofoldError; with NOT_RUNNING when the other side goes away. */
  call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>>
  /** Returns the function that removes the listener. Events begin with the first listener. */
  on<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void
  /** Fulfilled when the connection has ended, by either side. */
  readonly closed: Promise<void>
  close(): void
}

/**
 * Null when nothing runs on this folder. Throws FOLDER_UNWRITABLE when something is there that is not this user's: its
 * answers could be anybody's.
 */
export async function connectControl(dir: string): Promise<ControlClient | null> {
  const path = controlPath(dir)
  if (process.platform !== 'win32') {
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (!stat) return null
    if (!stat.isSocket() || !isOurs(dirname(path)))
      throw new TwofoldError('FOLDER_UNWRITABLE', { folder: dirname(path) })
  }
  const socket = await open(path)
  return socket === null ? null : client(socket)
}

function open(path: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(null)
      else reject(new TwofoldError('FOLDER_UNWRITABLE', { folder: dirname(path) }))
    })
  })
}

function client(socket: Socket): ControlClient {
  interface Pending {
    resolve(value: unknown): void
    reject(error: TwofoldError): void
  }
  const pending = new Map<number, Pending>()
  const listeners = new Map<EventName, Set<(payload: never) => void>>()
  let lastId = 0
  let subscribed = false
  const rejectAll = (error: TwofoldError) => {
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }
  const write = (value: unknown) => socket.write(`${JSON.stringify(value)}\n`)

  const read = jsonLines(
    (value) => {
      const parsed = v.safeParse(message, value)
      if (!parsed.success) return void socket.destroy()
      if ('event' in parsed.output) {
        const { event, payload } = parsed.output
        // What a running Twofold of this user pushes is typed by the same contract; only the name is checked.
        if (isEvent(event)) for (const listener of listeners.get(event) ?? []) listener(payload as never)
        return
      }
      const { id, reply } = parsed.output
      if (id === null) return reply.ok ? undefined : rejectAll(remoteError(reply.code, reply.message))
      const waiting = pending.get(id)
      pending.delete(id)
      if (reply.ok) waiting?.resolve(reply.value)
      else waiting?.reject(remoteError(reply.code, reply.message))
    },
    () => void socket.destroy(),
  )
  socket.on('data', read)
  socket.on('error', () => socket.destroy())
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      rejectAll(new TwofoldError('NOT_RUNNING'))
      resolve()
    })
  })

  return {
    call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>> {
      return new Promise((resolve, reject) => {
        if (socket.destroyed || !socket.writable) return reject(new TwofoldError('NOT_RUNNING'))
        const id = ++lastId
        pending.set(id, { resolve: (value) => resolve(value as Result<K>), reject })
        write({ id, call: name, input })
      })
    },
    on(name, listener) {
      const known = listeners.get(name) ?? new Set()
      listeners.set(name, known)
      known.add(listener)
      if (!subscribed && socket.writable) {
        subscribed = true
        write({ subscribe: true })
      }
      return () => void known.delete(listener)
    },
    closed,
    close: () => {
      socket.end()
      socket.destroy()
    },
  }
}

/** The other side's refusal with its own sentence, which holds details that did not cross. */
function remoteError(code: string, sentence: string): TwofoldError {
  return new TwofoldError(Object.hasOwn(wording, code) ? (code as ErrorCode) : 'INTERNAL', {}, sentence)
}
