// What a link knows of an other side that takes nothing (rule C1), on a stream that does as it is told. On udx the system takes
// what its program does not read, so that a real one stalls only by accident.
import { EventEmitter } from 'node:events'
import type { SecretStream } from 'hyperdht'
import { expect, test } from 'vitest'
import { encodeGreeting } from '../../main/net/framing'
import { SEND_QUEUE_BYTES_MAX, STALLED_MS } from '../../main/net/limits'
import { PeerLink } from '../../main/net/link'
import { deviceOf } from './peers'

/** Takes what is written as far as `room` says. */
class Stream extends EventEmitter {
  room = true
  destroyed = false
  readonly isInitiator = true
  write(): boolean {
    return this.room
  }
  end(): void {}
  destroy(): void {
    this.destroyed = true
    this.emit('close')
  }
  sendKeepAlive(): void {}
}

function greeted() {
  const stream = new Stream()
  let now = 1_000_000
  const ends: string[] = []
  const link = new PeerLink(stream as unknown as SecretStream, {
    remote: deviceOf('bob'),
    path: 'lan',
    address: { host: '192.168.1.2', port: 1 },
    run: 1,
    now: () => now,
    greeted: () => {},
    frame: () => {},
    drain: () => {},
    closed: (_link, reason) => ends.push(reason),
  })
  stream.emit('data', encodeGreeting(1))
  return { stream, link, ends, pass: (ms: number) => (now += ms), at: () => now }
}

test('[C1] a link that nothing drains from says for how long; a drain, and a sleep of this machine, begin anew', () => {
  const { stream, link, pass, at } = greeted()
  link.send(new Uint8Array(100))
  pass(STALLED_MS)
  expect(link.stalledMs(at())).toBe(0)
  stream.room = false
  expect(link.send(new Uint8Array(100))).toBe(false)
  pass(1000)
  link.send(new Uint8Array(100))
  pass(STALLED_MS - 1000)
  expect(link.stalledMs(at())).toBe(STALLED_MS)
  expect(link.queuedBytes).toBe(2 * 104)
  link.woke(at())
  expect(link.stalledMs(at())).toBe(0)
  stream.emit('drain')
  pass(STALLED_MS)
  expect([link.stalledMs(at()), link.queuedBytes]).toEqual([0, 0])
})

test('[C1] what waits for one link is bounded, whoever sends and whatever is not read', () => {
  const { stream, link, ends } = greeted()
  stream.room = false
  const frame = new Uint8Array(1_000_000)
  for (let sent = 0; sent <= SEND_QUEUE_BYTES_MAX; sent += frame.length) {
    expect(link.queuedBytes).toBeLessThanOrEqual(SEND_QUEUE_BYTES_MAX)
    link.send(frame)
  }
  expect(ends).toEqual(['SEND_QUEUE_FULL'])
  expect(stream.destroyed).toBe(true)
})
