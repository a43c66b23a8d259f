// Rule R6 in a circle of 100: a peer that hands nothing on becomes a leaf soon, and nobody else does.
import { expect, test } from 'vitest'
import { Dropper } from '../../main/simulator/dropper'
import { latencyBetween } from '../../main/simulator/random'
import { rememberingCrypto } from '../../main/simulator/circle'
import { QuietDisk } from '../../main/simulator/store'
import { World } from '../../main/simulator/world'
import { NEW_YEAR, crypto, makeCircle } from '../support/people'

const N = 100
const circle = makeCircle(N)
const SEEDS = 30
const SHARDS = 6

test.each(Array.from({ length: SHARDS }, (_unused, i) => i))(
  '[R6] one dropper among 100: found within 60 of the nodes that it dropped, and no honest peer is (seeds of shard %i)',
  (shard) => {
    for (let seed = 1 + shard; seed <= SEEDS; seed += SHARDS) {
      const world = new World({
        crypto: rememberingCrypto(crypto),
        circle,
        startAt: NEW_YEAR + 86_400_000,
        seed,
        redial: true,
        network: {
          latencyMs: (a, b) => latencyBetween(seed, a, b, 80),
          loss: 0,
          duplication: 0,
          reordering: false,
        },
        disk: () => new QuietDisk(),
      })
      const bad = seed % N
      let dropper: Dropper | undefined
      const peers = circle.people.map((_person, i) =>
        world.peer(i, new QuietDisk(), {
          mode: seed % 2 ? 'full' : 'brief',
          ...(i === bad && {
            machine: (engine, self) => (dropper = new Dropper(engine, self.key, crypto)),
          }),
        }),
      )
      for (const peer of peers) peer.start()
      world.run(8000)
      const honest = peers.filter((p) => p.index !== bad)
      const key = peers[bad]!.key
      const demotedBy = () => honest.filter((p) => p.engine.droppers.isDemoted(key)).length
      for (let i = 0; demotedBy() * 2 <= honest.length; i++) {
        honest[Math.floor(world.random() * honest.length)]!.post()
        world.run(1000)
        expect(dropper!.dropped.size, `seed ${seed}: dropped, and not found`).toBeLessThanOrEqual(60)
      }
      // The word goes round, and some more is written.
      for (let i = 0; i < 10; i++) {
        honest[i]!.post()
        world.run(500)
      }
      for (const peer of honest)
        expect(
          [...peer.engine.droppers.demoted.keys()].filter((device) => device !== key),
          `seed ${seed}`,
        ).toEqual([])
    }
  },
  240_000,
)
