// Places without a scan (docs/protocol.md, "Store"): totals, windows, positions and the histogram against a plain sorted
// list, for thousands of entries in one span of time, in both orders, while entries come and go.
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openPositions, type Counted } from '../../main/store/positions'
import { migrate } from '../../main/store/schema'

const HOUR = 3_600_000
const MEMBERS = [1, 2, 3]

interface Entry extends Counted {
  row: number
  receivedMs: number
}
function setUp() {
  const db = new Database(':memory:')
  migrate(db)
  for (const id of MEMBERS) db.prepare('INSERT INTO members (id, key) VALUES (?, ?)').run(id, String(id))
  db.exec("INSERT INTO devices (id, key, member) VALUES (1, 'd', 1)")
  const insert = db.prepare(
    "INSERT INTO nodes (rowid, device, seq, member, id48, timestamp, received, via, entry, rest) VALUES (?, 1, ?, ?, ?, ?, ?, 0, 1, x'')",
  )
  const positions = openPositions(db)
  const model: Entry[] = []
  let row = 0
  let commit = 0
  /** The clock, at first at some hour. */
  let clockMs = 5 * HOUR - 1000
  const change = (entries: Entry[], by: 1 | -1) => {
    const changes = db.transaction(() => {
      for (const e of entries)
        if (by === 1) {
          insert.run(e.row, e.row, e.member, e.written.tie, e.written.at, e.receivedMs)
          e.reached.at = positions.arriving(e.receivedMs, e.row)
        } else db.prepare('DELETE FROM nodes WHERE rowid = ?').run(e.row)
      db.exec('UPDATE ledger SET commits = commits + 1')
      return positions.count(entries, by)
    })()
    positions.follow(++commit, changes)
    positions.settle()
  }
  return {
    db,
    positions,
    model,
    /** `laterMs`: than the one before; below 0 the clock has gone back. */
    add(items: { member: number; at: number; tie: number; laterMs: number }[]) {
      const entries = items.map(({ member, at, tie, laterMs }): Entry => {
        row++
        clockMs += laterMs
        // Two ids never share their first 48 bits here, as hardly ever anywhere.
        return {
          row,
          member,
          written: { at, tie: tie - (tie % 128) + (row % 128) },
          reached: { at: 0, tie: row },
          receivedMs: clockMs,
        }
      })
      change(entries, 1)
      model.push(...entries)
    },
    remove(indices: number[]) {
      const gone = [...new Set(indices.map((i) => model[i % Math.max(1, model.length)]))].filter((e) => e !== undefined)
      change(gone, -1)
      for (const e of gone) model.splice(model.indexOf(e), 1)
    },
    /** Everything that can be asked, against the plain list. `clock`: it never went back. */
    check(samples: number[], clock = true) {
      for (const order of ['written', 'reached'] as const)
        for (const member of [0, ...MEMBERS]) {
          const sorted = model
            .filter((e) => member === 0 || e.member === member)
            .sort((a, b) => (order === 'reached' ? 0 : b.written.at - a.written.at) || b[order].tie - a[order].tie)
          expect(positions.total(order, member)).toBe(sorted.length)
          const { spans, spanMs } = positions.histogram(order, member)
          expect(spans.reduce((sum, { n }) => sum + n, 0)).toBe(sorted.length)
          for (const { start, n } of spans)
            expect(sorted.filter((e) => e[order].at >= start && e[order].at < start + spanMs)).toHaveLength(n)
          for (const sample of samples) {
            const start = sample % (sorted.length + 3)
            expect(positions.page(order, member, start, 7)).toEqual(sorted.slice(start, start + 7).map((e) => e.row))
            const at = sorted[start]
            if (!at) continue
            expect(positions.position(order, member, at[order])).toBe(start)
            const momentOf = (e: Entry) => (order === 'written' ? e.written.at : e.receivedMs)
            if (clock || order === 'written')
              for (const moment of [momentOf(at), momentOf(at) + 1, momentOf(at) - 30 * HOUR])
                expect(positions.after(order, member, moment)).toBe(sorted.filter((e) => momentOf(e) > moment).length)
            const to = sorted[(start + sample) % sorted.length]!
            const [i, j] = [sorted.indexOf(at), sorted.indexOf(to)].sort((a, b) => a - b) as [number, number]
            if (i !== j) expect(positions.between(order, member, sorted[i]![order], sorted[j]![order])).toBe(j - i - 1)
          }
        }
    },
  }
}

const item = fc.record({
  member: fc.constantFrom(...MEMBERS),
  at: fc.oneof(fc.integer({ min: 0, max: 3 * 24 * HOUR }), fc.integer({ min: 0, max: 50 })),
  tie: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
  laterMs: fc.oneof(fc.integer({ min: 0, max: 2 * HOUR }), fc.constant(0), fc.constant(30 * HOUR)),
})

describe('places', () => {
  test('[N8] are those of a sorted list after every arrival and removal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ add: fc.array(item, { maxLength: 12 }), remove: fc.array(fc.nat(), { maxLength: 3 }) }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.array(fc.nat(200), { minLength: 2, maxLength: 4 }),
        (steps, samples) => {
          const world = setUp()
          for (const { add, remove } of steps) {
            world.add(add)
            world.remove(remove)
            world.check(samples)
          }
          expect(world.positions.total('written', 0)).toBe(world.model.length)
          world.db.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  test('[N8] thousands in one hour: anchors are followed, and dropped where something comes between', () => {
    const world = setUp()
    const many = (count: number, from: number, step: number) =>
      Array.from({ length: count }, (_unused, i) => ({
        member: MEMBERS[i % 3]!,
        at: from + i * step,
        tie: (i * 7919) % 1_000_003,
        // All of them arrive within one millisecond, as a batch does.
        laterMs: 0,
      }))
    world.add(many(6000, 0, 500))
    const samples = [0, 1, 1023, 1024, 1025, 2500, 4095, 5998, 5999]
    world.check(samples)
    world.add(many(40, 250, 60_000))
    world.check(samples)
    world.remove([3, 700, 3100, 5900])
    world.check(samples)
    world.add(many(1500, 3_100_000, 300))
    world.check([...samples, 7000])
    expect(world.positions.total('written', 0)).toBe(world.model.length)
    world.db.close()
  }, 60_000)

  test('[N8] a clock that goes back changes no order and no place', () => {
    const world = setUp()
    const one = (at: number, laterMs: number) => ({ member: MEMBERS[at % 3]!, at, tie: at * 1000, laterMs })
    const years = 2 * 365 * 24 * HOUR
    world.add([one(1, 0), one(2, HOUR), one(3, years), one(4, -years), one(5, 7 * HOUR), one(6, years), one(7, -HOUR)])
    world.check([0, 1, 2, 3, 4, 5, 6], false)
    expect(world.positions.histogram('reached', 0).spans.map(({ n }) => n)).toEqual([1, 1, 3, 2])
    world.db.close()
  })

  test('[N8] what a rolled-back batch counted is not followed', () => {
    const world = setUp()
    world.add([{ member: 1, at: 5, tie: 1, laterMs: 5 }])
    world.check([0])
    const entry: Counted = { member: 1, written: { at: 6, tie: 2 }, reached: { at: 6, tie: 99 } }
    expect(() =>
      world.db.transaction(() => {
        world.positions.count([entry], 1)
        throw new Error('full')
      })(),
    ).toThrow('full')
    world.check([0])
    expect(world.db.prepare('SELECT SUM(entries) AS n FROM members').get()).toEqual({ n: 1 })
    world.db.close()
  })
})
