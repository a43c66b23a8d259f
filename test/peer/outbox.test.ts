// Combining messages into frames, against a fake clock and a link that keeps what it is given.
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Outbox } from '../../main/peer/outbox'
import type { Link, Time } from '../../main/peer/ports'
import { FRAME_BYTES_MAX, FRAME_BYTES_TARGET, FRAME_MESSAGES_MAX } from '../../main/protocol/limits'
import { decodeFrame, encodeMessage, type Message } from '../../main/protocol/messages'
import { packNodes } from '../../main/protocol/packed'
import type { DeviceKey } from '../../shared/types'

const bob = 'b0'.repeat(32) as DeviceKey

const time: Time = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_800_000_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

interface FakeLink extends Link {
  sent: { at: number; frame: Uint8Array }[]
  congested: boolean
}
const fakeLink = (remote = bob): FakeLink => ({
  remote,
  path: 'loopback',
  address: { host: '127.0.0.1', port: 1 },
  openedAt: 0,
  remoteRun: 1,
  stats: { bytesIn: 0, bytesOut: 0, lastReceivedAt: 0 },
  sent: [],
  congested: false,
  send(frame) {
    this.sent.push({ at: Date.now(), frame })
    return !this.congested
  },
  pause: () => undefined,
  resume: () => undefined,
  close: () => undefined,
})
const outboxOf = (drained: (device: DeviceKey) => void = () => {}) => new Outbox(time, () => {}, drained)
const connected = (drained?: (device: DeviceKey) => void) => {
  const outbox = outboxOf(drained)
  const link = fakeLink()
  outbox.up(link)
  return { outbox, link }
}
/** A small message that tells which one it is. */
const small = (n: number): Message => ({
  type: 'announce',
  epoch: 0,
  author: 0,
  seq: n,
  mark: '00'.repeat(8),
  lo: 0,
  len: 1,
})
/** Small talk: it does not travel a tree. */
const talk = (n: number): Message => ({ type: 'epochs-want', after: n })
const ack: Message = { type: 'ack', tree: 0, mark: 'ab'.repeat(8) }
const big = (n: number, bytes: number): Message => ({
  type: 'run',
  device: bob,
  from: n,
  to: n,
  nodes: packNodes(
    Array.from({ length: Math.ceil(bytes / 60_000) }, (_unused, i) =>
      new Uint8Array(Math.min(60_000, bytes - i * 60_000)).fill(n % 251),
    ),
  ),
})
const numberOf = (message: Message) =>
  message.type === 'announce'
    ? message.seq
    : message.type === 'epochs-want'
      ? message.after
      : message.type === 'run'
        ? message.from
        : -1
const numbersOf = (frame: Uint8Array) => (decodeFrame(frame) ?? []).map(numberOf)
const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_unused, i) => from + i)

test('[C1] an idle link sends when the turn ends, and everything of that turn in one frame', () => {
  const { outbox, link } = connected()
  outbox.send(bob, small(1))
  outbox.send(bob, small(2))
  expect(link.sent).toEqual([])
  vi.advanceTimersByTime(0)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[1, 2]])
})

test('[C1] what comes within 50 ms of a frame collects and goes out together; after a pause the edge leads again', () => {
  const { outbox, link } = connected()
  outbox.send(bob, small(1))
  vi.advanceTimersByTime(0)
  const first = Date.now()
  for (let n = 2; n <= 5; n++) {
    vi.advanceTimersByTime(10)
    outbox.send(bob, small(n))
  }
  expect(link.sent).toHaveLength(1)
  vi.advanceTimersByTime(50)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[1], [2, 3, 4, 5]])
  expect(link.sent[1]!.at - first).toBeLessThanOrEqual(60)
  vi.advanceTimersByTime(50)
  outbox.send(bob, small(6))
  vi.advanceTimersByTime(0)
  expect(numbersOf(link.sent[2]!.frame)).toEqual([6])
})

test('[C1] small talk does not make the next node wait', () => {
  const { outbox, link } = connected()
  outbox.send(bob, talk(1))
  vi.advanceTimersByTime(1)
  outbox.send(bob, small(2))
  vi.advanceTimersByTime(0)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[1], [2]])
})

test('[C1] a clock that is set back holds nothing up', () => {
  const { outbox, link } = connected()
  outbox.send(bob, small(1))
  vi.advanceTimersByTime(0)
  vi.setSystemTime(Date.now() - 600_000)
  outbox.send(bob, small(2))
  vi.advanceTimersByTime(50)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[1], [2]])
})

test('[C1] an acknowledgement rides on what comes within 50 ms, else it goes alone then', () => {
  const { outbox, link } = connected()
  outbox.send(bob, ack)
  vi.advanceTimersByTime(30)
  expect(link.sent).toEqual([])
  outbox.send(bob, small(1))
  vi.advanceTimersByTime(0)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[-1, 1]])
  vi.advanceTimersByTime(1000)
  outbox.send(bob, ack)
  vi.advanceTimersByTime(49)
  expect(link.sent).toHaveLength(1)
  vi.advanceTimersByTime(1)
  expect(numbersOf(link.sent[1]!.frame)).toEqual([-1])
})

describe.each([
  ['in all', { total: 100_000, perPeer: null }],
  ['to one peer', { total: null, perPeer: 100_000 }],
])('[C1] a cap of 100,000 bytes a second %s', (_what, caps) => {
  test('is kept over any second but the first, nothing is lost, and the rest is told when it is gone', () => {
    const drained = vi.fn<(device: DeviceKey) => void>()
    const { outbox, link } = connected(drained)
    outbox.setCaps(caps)
    const start = Date.now()
    for (const n of upTo(1, 10)) {
      outbox.send(bob, big(n, 60_000))
      outbox.flushed(bob)
    }
    expect(outbox.flushed(bob)).toBe(false)
    vi.advanceTimersByTime(20_000)
    expect(drained).toHaveBeenCalledWith(bob)
    expect(outbox.flushed(bob)).toBe(true)
    expect(link.sent.flatMap(({ frame }) => numbersOf(frame))).toEqual(upTo(1, 10))
    const largest = Math.max(...link.sent.map(({ frame }) => frame.length))
    for (let from = start; from < start + 20_000; from += 100) {
      const bytes = link.sent
        .filter(({ at }) => at > from && at <= from + 1000)
        .reduce((sum, { frame }) => sum + frame.length, 0)
      // A bucket may go into debt by one frame.
      expect(bytes).toBeLessThanOrEqual(100_000 + largest)
    }
  })

  test('lifted, it holds nothing back', () => {
    const { outbox, link } = connected()
    outbox.setCaps(caps)
    outbox.setCaps({ total: null, perPeer: null })
    for (const n of upTo(1, 10)) outbox.send(bob, big(n, 70_000))
    expect(link.sent.flatMap(({ frame }) => numbersOf(frame))).toEqual(upTo(1, 10))
  })
})

test('[C1] 64 KiB together go out without waiting', () => {
  const { outbox, link } = connected()
  outbox.send(bob, big(1, 40_000))
  expect(link.sent).toEqual([])
  outbox.send(bob, big(2, 40_000))
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[1, 2]])
  vi.advanceTimersByTime(1000)
  expect(link.sent).toHaveLength(1)
})

test('[C1] a frame holds at most the messages and the bytes that its receiver accepts', () => {
  const { outbox, link } = connected()
  for (const n of upTo(1, FRAME_MESSAGES_MAX + 1)) outbox.send(bob, small(n))
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([upTo(1, FRAME_MESSAGES_MAX)])
  vi.advanceTimersByTime(50)
  expect(numbersOf(link.sent[1]!.frame)).toEqual([FRAME_MESSAGES_MAX + 1])

  // Small ones wait below the target, and what comes then would burst the frame with them.
  outbox.send(bob, big(1, 60_000))
  const huge = big(2, 1_020_000)
  expect(encodeMessage(huge).length).toBeLessThan(FRAME_BYTES_MAX)
  outbox.send(bob, huge)
  const rest = link.sent.slice(2)
  expect(rest.map(({ frame }) => numbersOf(frame))).toEqual([[1], [2]])
  for (const { frame } of rest) expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX)
})

test('[C1] whatever is sent arrives once, in order, in frames that decode, at most 50 ms late', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          bytes: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 70_000 })),
          pauseMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 120 })),
        }),
        { maxLength: 30 },
      ),
      (plan) => {
        const { outbox, link } = connected()
        const asked: number[] = []
        plan.forEach(({ bytes, pauseMs }, i) => {
          asked.push(Date.now())
          outbox.send(bob, bytes ? big(i + 1, bytes) : small(i + 1))
          vi.advanceTimersByTime(pauseMs)
        })
        vi.advanceTimersByTime(50)
        const arrived = link.sent.flatMap(({ at, frame }) => numbersOf(frame).map((n) => ({ n, at })))
        expect(arrived.map(({ n }) => n)).toEqual(plan.map((_unused, i) => i + 1))
        for (const { n, at } of arrived) expect(at - asked[n - 1]!).toBeLessThanOrEqual(50)
        // A frame goes beyond the target by its last message only.
        for (const { frame } of link.sent)
          expect(frame.length).toBeLessThan(FRAME_BYTES_TARGET + encodeMessage(big(1, 70_000)).length)
      },
    ),
    { numRuns: 50 },
  )
})

test('[C1] messages for a device that is being dialled wait 1.5 s for its link, then are dropped', () => {
  const outbox = outboxOf()
  outbox.send(bob, small(1))
  vi.advanceTimersByTime(1000)
  outbox.send(bob, small(2))
  vi.advanceTimersByTime(500)
  const link = fakeLink()
  outbox.up(link)
  vi.advanceTimersByTime(0)
  expect(link.sent.map(({ frame }) => numbersOf(frame))).toEqual([[2]])
})

test('[C1] at most 256 messages wait for one device, the first ones', () => {
  const outbox = outboxOf()
  for (const n of upTo(1, 300)) outbox.send(bob, small(n))
  const link = fakeLink()
  outbox.up(link)
  vi.advanceTimersByTime(0)
  expect(link.sent.flatMap(({ frame }) => numbersOf(frame))).toEqual(upTo(1, 256))
})

test('[C1] what waited too long makes room for what comes now', () => {
  const outbox = outboxOf()
  for (const n of upTo(1, 256)) outbox.send(bob, small(n))
  vi.advanceTimersByTime(1500)
  outbox.send(bob, small(257))
  const link = fakeLink()
  outbox.up(link)
  vi.advanceTimersByTime(0)
  expect(link.sent.flatMap(({ frame }) => numbersOf(frame))).toEqual([257])
})

test('[C1] flushed() sends what waits and says whether the link is congested', () => {
  const { outbox, link } = connected()
  expect(outbox.flushed(bob), 'nothing waits').toBe(true)
  link.congested = true
  outbox.send(bob, small(1))
  expect(outbox.flushed(bob)).toBe(false)
  expect(numbersOf(link.sent[0]!.frame)).toEqual([1])
  link.congested = false
  outbox.send(bob, small(2))
  expect(outbox.flushed(bob)).toBe(true)
  vi.advanceTimersByTime(1000)
  expect(link.sent, 'the timer has nothing left to send').toHaveLength(2)
  expect(outbox.flushed('c0'.repeat(32) as DeviceKey), 'no link').toBe(true)
})

test('[C1] a link that went down is sent nothing more; flushAll sends what waits everywhere', () => {
  const { outbox, link } = connected()
  const carol = 'c0'.repeat(32) as DeviceKey
  const other = fakeLink(carol)
  outbox.up(other)
  outbox.send(bob, small(1))
  outbox.send(carol, small(2))
  outbox.down(bob)
  outbox.flushAll()
  expect(link.sent).toEqual([])
  expect(other.sent.map(({ frame }) => numbersOf(frame))).toEqual([[2]])
  vi.advanceTimersByTime(1000)
  expect(link.sent).toEqual([])
})
