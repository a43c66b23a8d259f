// `twofold simulate` (rules F7, R1–R6): what forwarding costs, how fast it is, and that nothing is missing in the end. Time is
// virtual and one seed gives one result, so figures can be held against bounds.
import { describe, expect, test, vi } from 'vitest'
import { reportOf } from '../../main/simulator/report'
import { simulate, type SimulateOptions } from '../../main/simulator/simulate'
import { simulationKeys as keys } from '../support/people'

vi.setConfig({ testTimeout: 120_000 })

const options = (over: Partial<SimulateOptions>): SimulateOptions => ({
  peers: 100,
  rate: 4,
  nodes: 40,
  mode: 'full',
  jump: 0,
  latencyMs: 80,
  offline: 0,
  crash: 0,
  drop: 0,
  splitS: 0,
  loss: 0,
  stale: 0,
  receipts: true,
  seed: 1,
  ...over,
})

test('[F7] one seed, one result, to the byte; another seed, another', () => {
  const faulty = { peers: 20, nodes: 20, crash: 10, drop: 10, loss: 5, mode: 'auto' } as const
  const once = JSON.stringify(simulate(keys, options(faulty)))
  expect(JSON.stringify(simulate(keys, options(faulty)))).toBe(once)
  expect(JSON.stringify(simulate(keys, options({ ...faulty, seed: 2 })))).not.toBe(once)
})

describe('100 peers, nothing wrong', () => {
  test('[F7] FULL: two copies a node and peer, half a second, seventeen links, everybody named as holder', () => {
    const { twofold, fullMesh, authorToAll, push2 } = simulate(keys, options({}))
    expect(twofold.sends.mean).toBeLessThanOrEqual(1.99)
    expect(twofold.sends.max).toBeLessThanOrEqual(4)
    expect(twofold.duplicates).toBeLessThanOrEqual(1)
    expect(twofold.bytesPerPeer).toBeLessThanOrEqual(807)
    expect(twofold.t50Ms!).toBeLessThanOrEqual(280 * 1.05)
    expect(twofold.t100Ms!).toBeLessThanOrEqual(570 * 1.05)
    expect(twofold.links).toBeLessThanOrEqual(18)
    expect(twofold.coverage).toBe(1)
    expect(twofold.receipts.share!).toBeGreaterThan(0.95)
    expect(twofold.refused).toEqual({})
    // What the others cost on the same latencies.
    expect(fullMesh.sends.mean).toBeGreaterThan(90)
    expect(authorToAll.sends).toEqual({ mean: 0.99, max: 99 })
    expect(push2.coverage).toBeLessThan(0.9)
  })

  test('[F7] BRIEF: one copy a node and peer, the physical minimum, and no more than seventeen links', () => {
    const { twofold } = simulate(keys, options({ mode: 'brief' }))
    expect(twofold.sends.mean).toBeLessThanOrEqual(1.01)
    expect(twofold.sends.max).toBeLessThanOrEqual(4)
    expect(twofold.duplicates).toBeLessThanOrEqual(0.02)
    expect(twofold.bytesPerPeer).toBeLessThanOrEqual(477)
    expect(twofold.t100Ms!).toBeLessThanOrEqual(840 * 1.05)
    expect(twofold.links).toBeLessThanOrEqual(17)
    expect(twofold.coverage).toBe(1)
  })

  test('[F7] auto: an author that sees more than 30 nodes a second goes over to BRIEF', () => {
    const slow = simulate(keys, options({ peers: 20, rate: 5, mode: 'auto' })).twofold
    expect(slow.announcements).toBeLessThan(0.05)
    const fast = simulate(keys, options({ peers: 20, rate: 100, nodes: 400, mode: 'auto' })).twofold
    expect(fast.announcements).toBeGreaterThan(0.4)
    expect(fast.sends.mean).toBeLessThan(1.6)
    expect(fast.coverage).toBe(1)
  })
})

describe('100 peers, and something is wrong: in the end everybody online holds everything', () => {
  test.each<[string, Partial<SimulateOptions>]>([
    ['30 % vanish without a word', { crash: 30 }],
    ['30 % vanish without a word, BRIEF', { crash: 30, mode: 'brief' }],
    ['5 % hand nothing on', { drop: 5 }],
    ['30 % know an old list', { stale: 30 }],
    ['20 % of frames are lost, some doubled and overtaking', { loss: 20 }],
    ['30 % are known to be offline', { offline: 30 }],
    ['nodes jump freely', { jump: 2 }],
  ])('[R1] %s', (_what, over) => {
    const { twofold } = simulate(keys, options(over))
    expect(twofold.coverage).toBe(1)
    // An honest peer that fails is made up for; it is not taken for a dropper. Links of ours lose nothing that they carry.
    if (!over.loss) expect(twofold.droppers.honest).toBe(0)
  })

  test('[R5] a network that was parted for 60 s is equal again within seconds', () => {
    const { twofold } = simulate(keys, options({ splitS: 60, rate: 1 }))
    expect(twofold.coverage).toBe(1)
    expect(twofold.healedMs!).toBeLessThanOrEqual(5800)
  })
})

test('[F7] the report names every design and what went wrong', () => {
  const result = simulate(keys, options({ peers: 12, nodes: 5, drop: 10, splitS: 5 }))
  const text = reportOf(result)
  for (const word of ['Twofold', 'full mesh', 'author to all', 'push to 2', 'split', 'droppers', 'receipts'])
    expect(text).toContain(word)
})
