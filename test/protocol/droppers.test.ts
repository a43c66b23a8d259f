// Rule R6: who is found to hand nothing on, and that nobody else is.
import { describe, expect, test } from 'vitest'
import { Droppers, wilsonLow } from '../../main/protocol/droppers'
import {
  TREES,
  chain,
  makeRing,
  nodeSeed,
  partsOf,
  relative,
  type NodeSeed,
  type Tree,
} from '../../main/protocol/heirs'
import { toHex } from '../../main/protocol/codec'
import type { DeviceKey, EpochId } from '../../shared/types'
import { crypto, seedOf } from '../support/people'

const devices = Array.from({ length: 40 }, (_unused, i) => toHex(seedOf(`ring ${i}`)) as DeviceKey)
const ring = makeRing(crypto, toHex(seedOf('epoch')) as EpochId, devices)
const SECOND = 1000

/** Nodes by everybody in turn, one a second; `late` says which trees a device reports. */
function story(
  count: number,
  late: (device: DeviceKey, parent: DeviceKey, seed: NodeSeed, tree: Tree) => boolean,
  heardOf: (device: DeviceKey) => number = () => Infinity,
) {
  const droppers = new Droppers(heardOf)
  let now = 0
  for (let i = 0; i < count; i++, now += SECOND) {
    const seed = nodeSeed(crypto, ring, ring.order[i % ring.n]!, 1 + i)!
    const place = `1.${seed.author}.${1 + i}`
    droppers.sampled(place, ring, seed, now)
    for (const device of devices)
      for (const tree of TREES) {
        const path = chain(ring, seed, device, tree)!.path
        const parent = path.at(-2)
        if (parent !== undefined && late(device, parent, seed, tree)) droppers.late(place, tree, device, now)
      }
    droppers.tick(now)
  }
  droppers.tick(now + 20 * SECOND)
  return { droppers, now }
}

test('[R6] Wilson’s lower bound, against values computed by hand', () => {
  expect(wilsonLow(0, 10)).toBeCloseTo(0, 12)
  expect(wilsonLow(0, 0)).toBe(0)
  // (0.4 + 0.19208 - 1.96 · √(0.024 + 0.009604)) / 1.38416
  expect(wilsonLow(4, 10)).toBeCloseTo(0.16818, 4)
  expect(wilsonLow(10, 10)).toBeCloseTo(0.72247, 4)
  expect(wilsonLow(500, 1000)).toBeCloseTo(0.46907, 4)
})

describe('of all that was reported', () => {
  const bad = devices[7]!
  const author = (seed: NodeSeed) => ring.order[seed.author]!

  test('[R6] who hands nothing on is demoted, with the figures, and nobody else is', () => {
    const { droppers } = story(60, (_device, parent, seed) => parent === bad && author(seed) !== bad)
    expect([...droppers.demoted.keys()]).toEqual([bad])
    const demotion = droppers.demoted.get(bad)!
    expect(demotion.reason).toBe('drops')
    expect(demotion.counterparts).toBeGreaterThanOrEqual(4)
    expect(demotion.broken).toBeGreaterThanOrEqual(4)
    expect(demotion.of).toBeGreaterThanOrEqual(demotion.broken)
    expect(wilsonLow(demotion.broken, demotion.of)).toBeGreaterThan(0.1)
    expect(demotion.until - demotion.since).toBe(5 * 60 * SECOND)
  })

  test('[R6] who blames everybody without cause is demoted, and none of those he blames', () => {
    const { droppers } = story(60, (device) => device === bad)
    expect([...droppers.demoted].map(([device, d]) => [device, d.reason])).toEqual([[bad, 'accuses']])
  })

  test('[R6] one neighbour that blames one other harms nobody', () => {
    const { droppers } = story(200, (device, parent) => device === bad && parent === devices[8])
    expect(droppers.demoted.size).toBe(0)
  })

  test('[R6] where the one above missed it as well, the edge below is not broken', () => {
    const { droppers } = story(60, (device, parent) => parent === bad || device === bad || parent === undefined)
    // What `bad` says of itself makes every edge above it the broken one: it blames all its parents.
    expect([...droppers.demoted].map(([device, d]) => [device, d.reason])).toEqual([[bad, 'accuses']])
  })

  test('[R6] who was off meanwhile is not judged', () => {
    const { droppers } = story(
      60,
      (_device, parent) => parent === bad,
      (device) => (device === bad ? 0 : Infinity),
    )
    expect(droppers.demoted.size).toBe(0)
  })

  test('[R6] a few lost now and then are below the bound', () => {
    const { droppers } = story(400, (device, parent, seed, tree) => {
      const [chance] = crypto.hash(Buffer.from(`${device}${parent}${seed.author}${seed.s0}${tree}`))
      return parent === bad && chance! < 12
    })
    expect(droppers.demoted.size).toBe(0)
  })

  test('[R6] after its time a demoted device is tried again, with a clean record; the second time lasts twice as long', () => {
    const droppers = new Droppers(() => Infinity)
    let now = 0
    let seq = 0
    const drop = () => {
      for (const end = now + 120 * SECOND; now < end && !droppers.isDemoted(bad); now += SECOND) {
        seq++
        const seed = nodeSeed(crypto, ring, ring.order[seq % ring.n]!, seq)!
        const place = `1.${seed.author}.${seq}`
        droppers.sampled(place, ring, seed, now)
        const x = relative(ring, seed, bad)!
        for (const tree of TREES) {
          if (x === 0) continue
          for (const part of partsOf(chain(ring, seed, bad, tree)!.segment, x))
            for (const child of devices) {
              const path = chain(ring, seed, child, tree)!.path
              if (path.at(-2) === bad && part.len > 0) droppers.late(place, tree, child, now)
            }
        }
        droppers.tick(now)
      }
    }
    drop()
    const first = droppers.demoted.get(bad)!
    expect(first).toBeDefined()
    droppers.tick(first.until - 1)
    expect(droppers.isDemoted(bad)).toBe(true)
    droppers.tick(first.until)
    expect(droppers.isDemoted(bad)).toBe(false)
    now = first.until
    drop()
    const second = droppers.demoted.get(bad)!
    expect(second.until - second.since).toBe(10 * 60 * SECOND)
    expect(second.since).toBeGreaterThan(first.until)
  })
})
