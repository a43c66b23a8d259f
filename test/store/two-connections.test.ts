// Two connections to one database, as when a thread stores in bulk while the main loop reads and writes: what is kept in
// memory of places follows every commit exactly once, however late and in whatever order it is told.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoreItem } from '../../main/protocol/engine'
import type { TimelineNode } from '../../main/protocol/node'
import type { Appended } from '../../main/store/appending'
import { openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import { packBatch, unpackBatch } from '../../main/workers/packing'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'

const { people, list } = makeCircle(3)
const memberOf = (key: DeviceKey): MemberKey => people.find((one) => one.device.key === key)!.member
const timelines = people.map((one, i) =>
  writeTimeline(list.circle, one.device, 60, { epoch: 1, stepMs: 100_000 + 7 * i, startMs: NEW_YEAR + i }),
)
const item = (node: TimelineNode): StoreItem => ({
  node,
  origin: { from: people[1]!.device.key, how: 'sync', tree: null },
  arrival: null,
})
const byOrder = (a: TimelineNode, b: TimelineNode) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1)

/** Everything that depends on sums in memory, against a plain list. */
function agrees(store: TimelineStore, stored: readonly TimelineNode[], samples: readonly number[]): void {
  for (const scope of [null, ...people.map((one) => one.member)]) {
    const rows = stored.filter((node) => scope === null || memberOf(node.device) === scope).sort(byOrder)
    expect(store.total(scope)).toBe(rows.length)
    expect(store.histogram(scope, 'written').spans.reduce((sum, { n }) => sum + n, 0)).toBe(rows.length)
    for (const sample of samples) {
      const start = sample % (rows.length + 1)
      expect(store.window(scope, start, 5).map(({ node }) => node.id)).toEqual(
        rows.slice(start, start + 5).map(({ id }) => id),
      )
      if (rows[start]) expect(store.position(scope, rows[start])).toBe(start)
    }
    expect(store.window(scope, 0, 500, 'reached')).toHaveLength(rows.length)
  }
}

const step = fc.oneof(
  fc.record({
    type: fc.constantFrom('here' as const, 'beside' as const),
    device: fc.nat(2),
    from: fc.integer({ min: 1, max: 60 }),
    count: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({ type: fc.constant('tell' as const), which: fc.nat(20) }),
  fc.record({ type: fc.constant('cut' as const), device: fc.nat(2), seq: fc.nat(60) }),
  fc.record({ type: fc.constant('read' as const), at: fc.nat(100) }),
)

describe('two connections', () => {
  test('[N8] every read is true at once, whether or not it was told what the other one has committed', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 4, maxLength: 30 }),
        fc.array(fc.nat(200), { minLength: 2, maxLength: 3 }),
        (steps, samples) => {
          const dir = tempFolder()
          const main = openTimelineStore(dir, crypto)
          for (const one of people) main.knowDevice(one.device.key, one.member)
          const beside = openTimelineStore(dir, crypto, { beside: true })
          let stored: TimelineNode[] = []
          let untold: Appended[] = []
          let now = NEW_YEAR
          for (const one of steps) {
            now += 1000
            if (one.type === 'here' || one.type === 'beside') {
              const nodes = timelines[one.device]!.slice(one.from - 1, one.from - 1 + one.count)
              const items = nodes.map(item)
              let outcomes
              if (one.type === 'here') outcomes = main.append(items, memberOf, now)
              else {
                const committed = beside.commit(unpackBatch(packBatch(items, memberOf, now)), memberOf, now)
                untold.push(committed)
                outcomes = committed.outcomes
              }
              stored = [...stored, ...nodes.filter((_node, i) => outcomes[i]!.type === 'stored')]
            } else if (one.type === 'tell' && untold.length) {
              // In any order, and it does no harm to be told twice.
              const told = untold[one.which % untold.length]!
              main.follow(told.commit, told.changes)
              if (one.which % 3) untold = untold.filter((other) => other !== told)
            } else if (one.type === 'cut') {
              const device = people[one.device]!.device.key
              main.cutOff(device, one.seq)
              stored = stored.filter((node) => node.device !== device || node.seq <= one.seq)
            } else if (one.type === 'read') agrees(main, stored, [one.at])
          }
          agrees(main, stored, samples)
          for (const told of untold) main.follow(told.commit, told.changes)
          agrees(main, stored, samples)
          beside.close()
          main.close()
        },
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  test('[N8] answers of one reading are about one state, whatever is committed meanwhile', () => {
    const dir = tempFolder()
    const main = openTimelineStore(dir, crypto)
    const beside = openTimelineStore(dir, crypto, { beside: true })
    main.append(timelines[0]!.slice(0, 10).map(item), memberOf, NEW_YEAR)
    main.reading(() => {
      expect(main.total(null)).toBe(10)
      beside.append(timelines[1]!.slice(0, 10).map(item), memberOf, NEW_YEAR)
      expect(main.total(null)).toBe(10)
      expect(main.window(null, 0, 50)).toHaveLength(10)
    })
    expect(main.total(null)).toBe(20)
    expect(main.window(null, 0, 50)).toHaveLength(20)
    beside.close()
    main.close()
  })

  test('[N7] the one beside says nothing about how the run ended', () => {
    const dir = tempFolder()
    const main = openTimelineStore(dir, crypto)
    const beside = openTimelineStore(dir, crypto, { beside: true })
    beside.close()
    expect(main.meta('clean')).toBe('0')
    main.close()
  })
})
