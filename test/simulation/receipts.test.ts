// Rules C2, C3, M7: who holds what, by signature.
import { describe, expect, test } from 'vitest'
import { checkpointHolds, roundMs } from '../../main/protocol/receipts'
import { crypto, makeCircle } from '../support/people'
import { World } from './world'

const circle = makeCircle(20)
const others = (world: World, me: string) => [...world.peers.keys()].filter((device) => device !== me).sort()

describe('twenty peers', () => {
  test('[C3] within two rounds everybody can name everybody as holder, with signatures that hold', () => {
    const world = new World(circle)
    const peers = world.everybody()
    world.run(3000)
    const node = peers[3]!.post()
    world.until(
      'all are named by all',
      () => peers.every((p) => p.engine.receipts.holders(node.device, 1).length === peers.length - 1),
      3 * roundMs(20),
    )
    for (const p of peers) {
      expect(p.engine.receipts.holders(node.device, 1).sort()).toEqual(others(world, p.key))
      for (const { checkpoint, entries } of p.engine.receipts.proven.values()) {
        expect(checkpointHolds(crypto, circle.list.circle, checkpoint)).toBe(true)
        expect(entries.some((e) => e.device === node.device && e.height >= 1)).toBe(true)
      }
      expect(p.refused.size).toBe(0)
    }
  })

  test('[C3] who lacks an entry is not named, and is as soon as it has it', () => {
    const world = new World(circle)
    const peers = world.everybody()
    world.run(3000)
    const away = peers[7]!
    away.stop()
    const node = peers[3]!.post()
    const reader = peers[0]!
    world.until('the others are named', () => reader.engine.receipts.holders(node.device, 1).length === 18, 30_000)
    expect(reader.engine.receipts.holders(node.device, 1)).not.toContain(away.key)
    away.start()
    world.linkAll()
    world.until(
      'it is named too',
      () => reader.engine.receipts.holders(node.device, 1).includes(away.key),
      2 * roundMs(20) + 10_000,
    )
    expect(away.holds(node)).toBe(true)
  })

  test('[C3] what was proven before is known after a restart, alone', () => {
    const world = new World(circle)
    const peers = world.everybody()
    world.run(3000)
    const node = peers[3]!.post()
    const reader = peers[0]!
    world.until('all are named', () => reader.engine.receipts.holders(node.device, 1).length === 19, 30_000)
    reader.stop()
    reader.start()
    expect(reader.engine.receipts.holders(node.device, 1)).toHaveLength(19)
  })

  test('[C2] a calm circle says so once a minute, and everybody passes on to two at most', () => {
    const world = new World(circle)
    const peers = world.everybody()
    world.run(30_000)
    const counters = () => peers.map((p) => ({ ...p.engine.receipts.counters }))
    const before = counters()
    world.run(120_000)
    const after = counters()
    const checked = after.map((c, i) => c.checked - before[i]!.checked)
    // Nineteen others, twice in two minutes, once more where the window cuts.
    for (const count of checked) expect(count).toBeLessThanOrEqual(3 * 19)
    for (const count of checked) expect(count).toBeGreaterThanOrEqual(19)
    const sent = after.reduce((sum, c, i) => sum + c.sent - before[i]!.sent, 0)
    expect(sent).toBe(checked.reduce((sum, c) => sum + c, 0))
    for (const p of peers)
      for (const other of others(world, p.key))
        expect(world.clock.at - p.engine.lastSeen(other as never)!).toBeLessThan(75_000)
  })
})

test('[C2] a checkpoint that its device did not sign is counted, proves nothing and is not passed on', () => {
  const world = new World(circle)
  const peers = world.everybody(19)
  world.run(8000)
  const alice = peers[0]!
  const mallory = world.rogue(circle.people[19]!.device, alice)
  const ring = alice.engine.ring(1)!
  const digest = new Uint8Array(32)
  const signature = new Uint8Array(64).fill(7)
  const entry = (signer: number) => ({ signer, lo: 0, len: 20, late: [], signature })
  const sent = peers.map((p) => p.engine.receipts.counters.sent)
  mallory.say({
    type: 'checkpoints',
    epoch: 1,
    at: world.clock.at,
    digest,
    entries: [entry(ring.position.get(peers[5]!.key)!)],
  })
  world.run(300)
  expect(alice.refused.get('CHECKPOINT_INVALID')).toBe(1)
  expect([...alice.engine.receipts.proven.values()].some((p) => p.checkpoint.signature === signature)).toBe(false)
  expect(peers.map((p) => p.engine.receipts.counters.sent)).toEqual(sent)
  // Nobody of that number, and an epoch that nobody knows.
  mallory.say({ type: 'checkpoints', epoch: 1, at: world.clock.at, digest, entries: [entry(9999)] })
  mallory.say({ type: 'checkpoints', epoch: 99, at: world.clock.at, digest, entries: [entry(1)] })
  world.run(300)
  expect(alice.refused.get('CHECKPOINT_INVALID')).toBe(2)
  expect(mallory.closed).toBeNull()
})
