// When a started device may sign (rule N7).
import { expect, test } from 'vitest'
import { Claim } from '../../main/peer/claim'
import type { DeviceKey } from '../../shared/types'

const me = 'aa'.repeat(32) as DeviceKey
const START = 1_000_000
type Links = Parameters<Claim['look']>[4]
/** A link that opened when the device started; `height`: what its other end tells of our timeline, null: nothing yet. */
const link = (height: number | null, openedAt = START) =>
  ({
    openedAt,
    compared: height !== null,
    heights: new Map(height === null ? [] : [[me, height]]),
  }) as unknown as Links extends Iterable<infer L> ? L : never

function held(startedAt: number | null, at: number, height: number, alone: boolean, links: Links): boolean {
  const claim = new Claim(startedAt)
  claim.look(at, me, height, alone, links)
  return claim.held
}

test('[N7] alone in the circle, or without a network, there is nobody to ask', () => {
  expect(held(START, START, 3, true, [])).toBe(false)
  expect(held(null, START, 3, false, [])).toBe(false)
})

test('[N7] without any link for 4 s it writes as a lone laptop must', () => {
  expect(held(START, START + 3999, 3, false, [])).toBe(true)
  expect(held(START, START + 4000, 3, false, [])).toBe(false)
})

test('[N7] with a link it waits until its other end has told, has had 4 s, and knows of no longer timeline', () => {
  for (const [what, at, links, waits] of [
    ['it has not told yet', START + 60_000, [link(null)], true],
    ['a twin may not have shown yet', START + 3999, [link(3)], true],
    ['it knows of more than is here', START + 60_000, [link(4)], true],
    ['it has what is here', START + 4000, [link(3)], false],
    ['it has less', START + 4000, [link(0)], false],
    ['one of two has told', START + 5000, [link(null), link(2)], false],
    ['the link has just opened', START + 60_000, [link(3, START + 59_000)], true],
  ] as const)
    expect(held(START, at, 3, false, links), what).toBe(waits)
})

test('[N7] what waits is let go once, and it stays so', async () => {
  const claim = new Claim(START)
  const order: string[] = []
  const waiting = claim.ready().then(() => order.push('ready'))
  claim.look(START, me, 0, false, [link(null)])
  expect([claim.held, order]).toEqual([true, []])
  claim.look(START + 4000, me, 0, false, [link(0)])
  await waiting
  claim.look(START + 5000, me, 0, false, [link(9)])
  expect([claim.held, order]).toEqual([false, ['ready']])
  await claim.ready()
})

test('[N7] a clock that is set back does not make a device wait for it to catch up', () => {
  const claim = new Claim(START)
  claim.look(START + 1000, me, 0, false, [link(0, START + 900)])
  const before = START - 3_600_000
  claim.look(before, me, 0, false, [link(0, START + 900)])
  claim.look(before + 3000, me, 0, false, [link(0, START + 900)])
  expect(claim.held, 'three seconds and a tenth').toBe(true)
  claim.look(before + 4000, me, 0, false, [link(0, START + 900)])
  expect(claim.held).toBe(false)
})
