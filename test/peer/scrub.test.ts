// The monthly check of everything: when it begins, that it goes on after a restart, that it makes way, and what it tells.
import { describe, expect, test } from 'vitest'
import { Scrub } from '../../main/peer/scrub'

const DAY = 86_400_000
const START = 1_800_000_000_000

/** A machine whose time a test moves, and `nodes` entries of which some are bad. */
function machine(nodes: number, bad: readonly number[] = []) {
  const meta = new Map<string, string>()
  let now = START
  let due: { at: number; run: () => void } | null = null
  let busy = false
  let looked = 0
  const open = () =>
    new Scrub({
      parts: {
        now: () => now,
        after(ms, run) {
          const mine = (due = { at: now + ms, run })
          return () => void (due === mine && (due = null))
        },
        log: () => undefined,
      },
      store: { meta: (key) => meta.get(key) ?? null, setMeta: (key, value) => void meta.set(key, value) },
      checkSome(after) {
        if (after >= nodes) return null
        looked++
        const upTo = Math.min(nodes, after + 128)
        const found = bad.filter((row) => row > after && row <= upTo)
        return { after: upTo, checked: upTo - after, bad: found.map((id) => ({ id: `${id}`, code: 'NODE_CHANGED' })) }
      },
      busy: () => busy,
    })
  return {
    open,
    /** Lets time pass; how often it was woken. */
    pass(ms: number): number {
      const end = now + ms
      let woken = 0
      for (; due && due.at <= end; woken++) {
        const { at, run } = due
        due = null
        now = at
        run()
      }
      now = end
      return woken
    },
    jump: (ms: number) => void (now += ms),
    work: (on: boolean) => void (busy = on),
    looked: () => looked,
  }
}

describe('the monthly check', () => {
  test('[N5] begins a month after the first start, looks at everything once, and tells what it found', () => {
    const m = machine(1000, [300, 301])
    const scrub = m.open()
    scrub.start()
    expect(m.pass(29 * DAY)).toBeLessThanOrEqual(29)
    expect([m.looked(), scrub.view()]).toEqual([0, { last: null, done: null }])
    m.pass(DAY + 15_000)
    expect(scrub.view().done).toBeGreaterThan(0)
    m.pass(60_000)
    expect(scrub.view()).toMatchObject({ last: { checked: 1000, bad: 2 }, done: null })
    expect(m.looked()).toBe(8)
    // And again a month later, not before.
    m.pass(29 * DAY)
    expect(m.looked()).toBe(8)
    m.pass(2 * DAY)
    expect(m.looked()).toBe(16)
  })

  test('[N5] goes on where it was after a restart, also where it was due while nothing ran', () => {
    const m = machine(128 * 20)
    const before = m.open()
    before.start()
    before.stop()
    m.jump(40 * DAY)
    const first = m.open()
    first.start()
    m.pass(51_000)
    expect(m.looked()).toBe(10)
    first.stop()
    expect(m.pass(DAY)).toBe(0)
    const second = m.open()
    expect(second.view().done).toBe(1280)
    second.start()
    m.pass(60_000)
    expect([m.looked(), second.view().last?.checked]).toEqual([20, 2560])
  })

  test('[N5] makes way for what a person has asked for; a check by hand counts as one', () => {
    const m = machine(128 * 4)
    const scrub = m.open()
    scrub.start()
    m.work(true)
    m.pass(31 * DAY)
    expect(m.looked()).toBe(0)
    scrub.done(512, 0)
    m.work(false)
    m.pass(29 * DAY)
    expect([m.looked(), scrub.view().last]).toEqual([0, { at: START + 31 * DAY, checked: 512, bad: 0 }])
  })

  test('[N5] a clock that was set back puts it off by a month at most', () => {
    const m = machine(128)
    m.jump(365 * DAY)
    m.open().start()
    m.jump(-365 * DAY)
    const scrub = m.open()
    scrub.start()
    m.pass(30 * DAY + 20_000)
    expect(scrub.view().last?.checked).toBe(128)
  })
})
