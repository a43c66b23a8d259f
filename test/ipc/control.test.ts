// The local socket, with real sockets in a folder of its own: what passes, what is refused, and what is left behind.
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { connectControl, type ControlClient } from '../../main/ipc/control-client'
import { controlPath } from '../../main/ipc/control-path'
import { CONNECTIONS_MAX, startControl, type ControlServer } from '../../main/ipc/control-server'
import { LINE_BYTES_MAX } from '../../main/ipc/json-lines'
import type { Backend } from '../../main/ipc/dispatch'
import { TwofoldError } from '../../shared/errors'
import { fakeBackend } from './backend'

let dir: string
const cleanups: (() => unknown)[] = []
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tf-'))
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

const noReport = (during: string, error: unknown) => {
  throw new Error(`${during} was reported: ${String(error)}`)
}
async function start(backend: Backend = fakeBackend(), folder = dir): Promise<ControlServer> {
  const server = await startControl(folder, backend, noReport)
  cleanups.push(() => server.close())
  return server
}
async function client(folder = dir): Promise<ControlClient> {
  const connected = await connectControl(folder)
  if (!connected) throw new Error('nothing runs')
  cleanups.push(() => connected.close())
  return connected
}
/** A bare connection: what it receives until the other side ends it. */
async function raw(send: (socket: Socket) => void): Promise<string> {
  const socket = connect(controlPath(dir))
  let received = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => (received += chunk))
  socket.on('error', () => undefined)
  send(socket)
  await new Promise((resolve) => socket.once('close', resolve))
  return received
}

describe('calls and events', () => {
  test('a call goes there and back, a refusal with its own sentence', async () => {
    await start(
      fakeBackend({
        'draft.get': () => ({ text: 'ä\n"' }),
        'circle.join': () => {
          throw new TwofoldError('INVITE_EXPIRED', { when: 'Tuesday' })
        },
      }),
    )
    const own = await client()
    expect(await own.call('draft.get', {})).toEqual({ text: 'ä\n"' })
    await expect(own.call('circle.join', { link: 'twofold://x' })).rejects.toMatchObject({
      code: 'INVITE_EXPIRED',
      message: 'This invite expired on Tuesday. Ask for a new one.',
    })
    await expect(own.call('entry.inspect', { id: 'no' as never })).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
    await expect(own.call('nope' as never, {} as never)).rejects.toMatchObject({ code: 'BAD_ARGUMENTS' })
  })

  test('a thousand calls at once are all answered, a bounded number at a time', async () => {
    let running = 0
    let most = 0
    await start(
      fakeBackend({
        'identity.suggest': async ({ prefix }) => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setImmediate(resolve))
          running--
          return [prefix]
        },
      }),
    )
    const own = await client()
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, i) => own.call('identity.suggest', { prefix: `${i}` })),
    )
    expect(answers).toEqual(Array.from({ length: 1000 }, (_, i) => [`${i}`]))
    expect(most).toBeGreaterThan(1)
    expect(most).toBeLessThanOrEqual(32)
  })

  test('events go to those who asked, until they leave', async () => {
    const backend = fakeBackend({ 'draft.get': () => ({ text: '' }) })
    await start(backend)
    const listening = await client()
    const other = await client()
    const seen: unknown[] = []
    const stop = listening.on('link.opened', (payload) => seen.push(payload))
    await listening.call('draft.get', {})
    await other.call('draft.get', {})
    expect(backend.listenerCount()).toBe(1)
    backend.emit({ event: 'link.opened', payload: { link: 'twofold://a' } })
    backend.emit({ event: 'command', payload: { name: 'compose' } })
    await listening.call('draft.get', {})
    stop()
    backend.emit({ event: 'link.opened', payload: { link: 'twofold://b' } })
    await listening.call('draft.get', {})
    expect(seen).toEqual([{ link: 'twofold://a' }])
    listening.close()
    await vi.waitFor(() => expect(backend.listenerCount()).toBe(0))
  })

  test('an answer larger than a line is refused, and the connection goes on', async () => {
    await start(
      fakeBackend({
        'entry.proof': () => ({ fileName: 'a', content: 'x'.repeat(LINE_BYTES_MAX) }),
        'draft.get': () => ({ text: '' }),
      }),
    )
    const own = await client()
    await expect(own.call('entry.proof', { id: 'a'.repeat(64) as never })).rejects.toMatchObject({
      code: 'BAD_ARGUMENTS',
    })
    expect(await own.call('draft.get', {})).toEqual({ text: '' })
  })
})

describe('who takes too much', () => {
  test('connections beyond the bound are closed at once; when one leaves, another may come', async () => {
    await start(fakeBackend({ 'draft.get': () => ({ text: '' }) }))
    const open = await Promise.all(Array.from({ length: CONNECTIONS_MAX }, () => client()))
    for (const one of open) await one.call('draft.get', {})
    expect(await raw((socket) => socket.write('{"id":1,"call":"draft.get","input":{}}\n'))).toBe('')
    open[0]!.close()
    await vi.waitFor(async () => expect(await (await client()).call('draft.get', {})).toEqual({ text: '' }))
  })

  test('who asks and never reads is cut off, and the others go on', async () => {
    const large = 'x'.repeat(LINE_BYTES_MAX / 2)
    await start(
      fakeBackend({ 'entry.proof': () => ({ fileName: 'a', content: large }), 'draft.get': () => ({ text: '' }) }),
    )
    const socket = connect(controlPath(dir))
    cleanups.push(() => socket.destroy())
    socket.on('error', () => undefined)
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.pause()
    const ask = (id: number) => `${JSON.stringify({ id, call: 'entry.proof', input: { id: 'a'.repeat(64) } })}\n`
    socket.write(Array.from({ length: 32 }, (_unused, id) => ask(id)).join(''))
    expect(await (await client()).call('draft.get', {})).toEqual({ text: '' })
    // What the system had taken is read to its end, which comes before the last answer.
    let received = 0
    socket.on('data', (chunk) => (received += chunk.length))
    socket.resume()
    await ended
    expect(received).toBeLessThan(32 * large.length)
  })
})

describe('who may connect', () => {
  test.skipIf(process.platform === 'win32')('the socket and its folder are this user’s only', async () => {
    chmodSync(dir, 0o755)
    const { path } = await start()
    expect(path).toBe(join(dir, 'control.sock'))
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
  })

  test.skipIf(process.platform === 'win32')('a long path becomes a hashed name in a folder of this user', async () => {
    const runtime = join(dir, 'run')
    vi.stubEnv('XDG_RUNTIME_DIR', runtime)
    const long = join(dir, 'x'.repeat(120))
    mkdirSync(long)
    symlinkSync(long, join(dir, 'short'))
    const { path } = await start(fakeBackend({ 'draft.get': () => ({ text: 'long' }) }), long)
    expect(dirname(path)).toBe(join(runtime, `twofold-${process.getuid?.()}`))
    expect(Buffer.byteLength(path)).toBeLessThanOrEqual(100)
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700)
    expect(controlPath(join(dir, 'short'))).toBe(path)
    expect(controlPath(`${long}y`)).not.toBe(path)
    expect(await (await client(long)).call('draft.get', {})).toEqual({ text: 'long' })
  })

  test.skipIf(process.platform === 'win32')('a link in the place of the folder is refused by both ends', async () => {
    const runtime = join(dir, 'run')
    vi.stubEnv('XDG_RUNTIME_DIR', runtime)
    const long = join(dir, 'x'.repeat(120))
    mkdirSync(join(dir, 'elsewhere'))
    mkdirSync(runtime)
    symlinkSync(join(dir, 'elsewhere'), join(runtime, `twofold-${process.getuid?.()}`))
    await expect(startControl(long, fakeBackend(), noReport)).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' })
    const imposter = createServer()
    await new Promise<void>((resolve) => imposter.listen(controlPath(long), resolve))
    cleanups.push(() => new Promise((resolve) => imposter.close(resolve)))
    await expect(connectControl(long)).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' })
  })

  test.skipIf(process.getuid?.() !== 0)('a folder of another user is refused', async () => {
    chownSync(dir, 1234, 1234)
    await expect(startControl(dir, fakeBackend(), noReport)).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' })
  })
})

describe('what is not a request', () => {
  const garbage: [string, string | Buffer][] = [
    ['no JSON', 'hello\n'],
    ['no request', '{"id":"x"}\n'],
    ['a list', '[]\n'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22, 0x0a])],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
  ]
  test.each(garbage)('%s gets one error and the end', async (_name, bytes) => {
    await start()
    const received = await raw((socket) => socket.write(bytes))
    expect(received.trim().split('\n')).toHaveLength(1)
    expect(JSON.parse(received)).toMatchObject({ id: null, reply: { ok: false, code: 'BAD_ARGUMENTS' } })
  })

  test('a line without an end is cut off at the bound', async () => {
    await start(fakeBackend({ 'draft.get': () => ({ text: '' }) }))
    const received = await raw((socket) => {
      const piece = Buffer.alloc(1024 * 1024, 'x')
      for (let i = 0; i <= LINE_BYTES_MAX / piece.length; i++) socket.write(piece)
    })
    expect(JSON.parse(received)).toMatchObject({ id: null, reply: { ok: false, code: 'BAD_ARGUMENTS' } })
    expect(await (await client()).call('draft.get', {})).toEqual({ text: '' })
  })

  test('requests behind garbage are not run', async () => {
    let ran = 0
    await start(fakeBackend({ 'draft.get': () => ({ text: `${++ran}` }) }))
    await raw((socket) => socket.write('garbage\n{"id":1,"call":"draft.get"}\n'))
    expect(ran).toBe(0)
  })
})

describe('beginning and end', () => {
  test('nothing runs: null', async () => {
    expect(await connectControl(dir)).toBeNull()
    expect(await connectControl(join(dir, 'not there'))).toBeNull()
  })

  test('calls under way end with NOT_RUNNING when the server stops, and nothing is left', async () => {
    const server = await start(fakeBackend({ 'draft.get': () => new Promise(() => undefined) }))
    const own = await client()
    const waiting = own.call('draft.get', {})
    const refused = expect(waiting).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    await server.close()
    await refused
    await own.closed
    await expect(own.call('draft.get', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    expect(existsSync(server.path)).toBe(false)
    expect(await connectControl(dir)).toBeNull()
  })

  test('a client that closes ends its own calls', async () => {
    await start(fakeBackend({ 'draft.get': () => new Promise(() => undefined) }))
    const own = await client()
    const refused = expect(own.call('draft.get', {})).rejects.toMatchObject({ code: 'NOT_RUNNING' })
    own.close()
    await refused
  })

  test.skipIf(process.platform === 'win32')('a socket that a crash left behind is replaced', async () => {
    const code = `require('net').createServer().listen(${JSON.stringify(controlPath(dir))}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', code])
    expect(existsSync(controlPath(dir))).toBe(true)
    expect(await connectControl(dir)).toBeNull()
    await start(fakeBackend({ 'draft.get': () => ({ text: 'new' }) }))
    expect(await (await client()).call('draft.get', {})).toEqual({ text: 'new' })
  })

  test('a socket that answers is left alone', async () => {
    await start(fakeBackend({ 'draft.get': () => ({ text: 'first' }) }))
    await expect(startControl(dir, fakeBackend(), noReport)).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
    expect(await (await client()).call('draft.get', {})).toEqual({ text: 'first' })
  })

  test.skipIf(process.platform === 'win32')('a file in its place is left alone', async () => {
    writeFileSync(controlPath(dir), 'mine')
    await expect(startControl(dir, fakeBackend(), noReport)).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' })
    await expect(connectControl(dir)).rejects.toMatchObject({ code: 'FOLDER_UNWRITABLE' })
  })
})
