// What keeps links alive and finds the dead ones (rule L2), on links that do as they are told; with real sockets it is in namespaces.test.ts.
import { expect, test } from 'vitest'
import { KEEP_ALIVE_MS, SILENT_BEATS_MAX, SLEPT_MS } from '../../main/net/limits'
import { Pulse, type Alive } from '../../main/net/pulse'
import { deviceOf } from './peers'

class Link implements Alive {
  packetsIn = 0
  probes = 0
  ended: string | null = null
  constructor(
    readonly initiator: boolean,
    readonly remote = deviceOf('bob'),
  ) {}
  probe(): void {
    this.probes++
  }
  cut(code: string): void {
    this.ended = code
  }
}

function beating(...links: Link[]) {
  const pulse = new Pulse()
  let now = 1_000_000
  const beat = (ms = KEEP_ALIVE_MS) => {
    now += ms
    pulse.tick(
      links.filter(({ ended }) => ended === null),
      now,
    )
  }
  beat()
  return beat
}

test('[L2] the side that dialled keeps a link alive, the other one only listens', () => {
  const [dialled, taken] = [new Link(true), new Link(false)]
  const beat = beating(dialled, taken)
  for (let i = 0; i < 10; i++) {
    dialled.packetsIn++
    taken.packetsIn++
    beat()
  }
  expect([dialled.probes, taken.probes]).toEqual([11, 0])
  expect([dialled.ended, taken.ended]).toEqual([null, null])
})

test('[L2] ticks between beats do nothing', () => {
  const link = new Link(true)
  const beat = beating(link)
  for (let i = 0; i < 4; i++) beat(KEEP_ALIVE_MS / 5)
  expect(link.probes).toBe(1)
  beat(KEEP_ALIVE_MS / 5)
  expect(link.probes).toBe(2)
})

test.for([true, false])(
  '[L2] a link on which nothing comes any more is cut, by either side (dialled: %s)',
  (initiator) => {
    const link = new Link(initiator)
    const beat = beating(link)
    link.packetsIn = 7
    beat()
    for (let i = 1; i < SILENT_BEATS_MAX; i++) beat()
    expect(link.ended).toBe(null)
    beat()
    expect(link.ended).toBe('LOST')
  },
)

test('[L2] one packet in time begins anew', () => {
  const link = new Link(false)
  const beat = beating(link)
  for (let i = 0; i < 20; i++) {
    if (i % SILENT_BEATS_MAX === 0) link.packetsIn++
    beat()
  }
  expect(link.ended).toBe(null)
})

test.for([SLEPT_MS, -60_000])('[L2] a machine that slept, or whose clock was set, blames nobody (%d ms)', (ms) => {
  const link = new Link(false)
  const beat = beating(link)
  for (let i = 1; i < SILENT_BEATS_MAX; i++) beat()
  beat(ms)
  for (let i = 1; i < SILENT_BEATS_MAX; i++) beat()
  expect(link.ended).toBe(null)
  beat()
  expect(link.ended).toBe('LOST')
})
