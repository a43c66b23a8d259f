// What a scrubber is made of (docs/protocol.md, "Store"): after any history of arrivals, early and late, of edits,
// retractions, reactions and cut-offs, totals, histogram and every place are those of a full count over the table, in both
// orders, for everyone and for each member.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StoreItem } from '../../main/protocol/engine'
import { encodeContent, type Content } from '../../main/protocol/kinds'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { TIMELINE_FILE, openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, crypto, makeCircle, makeDevice } from '../support/people'

const { people, list } = makeCircle(3)
const HOUR = 3_600_000
/** The first person has two devices. */
const devices = [...people.map((one) => one.device), makeDevice('phone')]
const memberOf = (key: DeviceKey): MemberKey => people[devices.findIndex((one) => one.key === key) % 3]!.member

const written = fc.record({
  device: fc.nat(3),
  what: fc.constantFrom<Content['kind']>('post', 'post', 'reply', 'reaction', 'edit', 'retract'),
  about: fc.nat(),
  laterMs: fc.constantFrom(1, 1000, HOUR / 3, 5 * HOUR, 30 * HOUR),
})
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      take: fc.integer({ min: 1, max: 12 }),
      late: fc.boolean(),
      clockMs: fc.constantFrom(0, 1, HOUR / 2, 26 * HOUR),
    }),
  },
  { weight: 1, arbitrary: fc.record({ cut: fc.nat(3), at: fc.nat(20) }) },
)

function nodesOf(
  history: readonly { device: number; what: Content['kind']; about: number; laterMs: number }[],
): TimelineNode[] {
  const nodes: TimelineNode[] = []
  const heads = new Map<number, TimelineNode>()
  let at = NEW_YEAR
  for (const { device, what, about, laterMs } of history) {
    at += laterMs
    const head = heads.get(device)
    const target = nodes.length ? nodes[about % nodes.length]!.id : null
    const text = `${nodes.length}`
    const content: Content =
      target === null || what === 'post' || what === 'profile'
        ? { kind: 'post', text }
        : what === 'retract'
          ? { kind: what, target }
          : { kind: what, target, text }
    const fields = {
      circle: list.circle,
      device: devices[device]!.key,
      seq: (head?.seq ?? 0) + 1,
      timestamp: at,
      epoch: 1,
    }
    const node = makeNode(
      crypto,
      { ...fields, ...(head && { backlink: head.id }), ...encodeContent(content) },
      devices[device]!.sign,
    )
    heads.set(device, node)
    nodes.push(node)
  }
  return nodes
}

const item = (node: TimelineNode): StoreItem => ({
  node,
  origin: { from: people[1]!.device.key, how: 'sync', tree: null },
  arrival: null,
})

/** Everything that is shown of places, against a full count. Row numbers say in which order they arrived. */
function agrees(store: TimelineStore, table: Database.Database, samples: readonly number[]): void {
  const all = table
    .prepare<[], { row: number; key: MemberKey; timestamp: number; id48: number; received: number }>(
      'SELECT n.rowid AS row, m.key, n.timestamp, n.id48, n.received FROM nodes n JOIN members m ON m.id = n.member WHERE n.entry = 1',
    )
    .all()
  for (const scope of [null, ...people.map(({ member }) => member)])
    for (const order of ['written', 'reached'] as const) {
      const rows = all
        .filter(({ key }) => scope === null || key === scope)
        .sort((a, b) => (order === 'written' ? b.timestamp - a.timestamp || b.id48 - a.id48 : b.row - a.row))
      expect(store.total(scope)).toBe(rows.length)
      const { spans, spanMs } = store.histogram(scope, order)
      const counted = new Map<number, number>()
      for (const { timestamp, received } of rows) {
        const start = Math.floor((order === 'written' ? timestamp : received) / spanMs) * spanMs
        counted.set(start, (counted.get(start) ?? 0) + 1)
      }
      expect(spans).toEqual([...counted].sort(([a], [b]) => a - b).map(([start, n]) => ({ start, n })))
      const window = store.window(scope, 0, rows.length + 5, order)
      expect(window.map(({ row }) => row)).toEqual(rows.map(({ row }) => row))
      window.forEach(({ node }, i) => expect(store.position(scope, node, order)).toBe(i))
      for (const sample of samples) {
        const start = sample % (rows.length + 1)
        expect(store.window(scope, start, 4, order).map(({ row }) => row)).toEqual(
          rows.slice(start, start + 4).map(({ row }) => row),
        )
        const { timestamp, received } = rows[start] ?? { timestamp: NEW_YEAR, received: NEW_YEAR }
        const moment = order === 'written' ? timestamp : received
        const after = rows.filter((one) => (order === 'written' ? one.timestamp : one.received) > moment).length
        expect(store.countAfter(scope, order, moment)).toBe(after)
      }
    }
}

test('[N8] totals, histogram and places are those of a full count, whatever came, changed or was cut off', () => {
  fc.assert(
    fc.property(
      fc.array(written, { minLength: 10, maxLength: 60 }),
      fc.array(step, { minLength: 3, maxLength: 12 }),
      fc.array(fc.nat(100), { minLength: 2, maxLength: 4 }),
      (history, steps, samples) => {
        const dir = tempFolder()
        const store = openTimelineStore(dir, crypto)
        const table = new Database(join(dir, TIMELINE_FILE), { readonly: true })
        const waiting = nodesOf(history)
        let clock = NEW_YEAR + 400 * HOUR
        for (const one of steps) {
          if ('cut' in one) store.cutOff(devices[one.cut]!.key, one.at)
          else {
            // Late: the newest first, so that what is before them comes afterwards.
            const taken = one.late ? waiting.splice(-one.take).reverse() : waiting.splice(0, one.take)
            clock += one.clockMs
            if (taken.length) store.append(taken.map(item), memberOf, clock)
          }
          agrees(store, table, samples)
        }
        store.close()
        const again = openTimelineStore(dir, crypto)
        agrees(again, table, samples)
        expect(again.total(null)).toBe(
          table.prepare<[], number>('SELECT COUNT(*) FROM nodes WHERE entry = 1').pluck().get(),
        )
        table.close()
        again.close()
      },
    ),
    { numRuns: 25 },
  )
}, 60_000)

test('[N8] a row number is never given twice, so nothing that is new is taken for old', () => {
  const store = openTimelineStore(tempFolder(), crypto)
  const nodes = nodesOf(
    Array.from({ length: 12 }, (_unused, i) => ({ device: i % 2, what: 'post', about: 0, laterMs: 1000 })),
  )
  const last = nodes.pop()!
  store.append(nodes.map(item), memberOf, NEW_YEAR)
  const highest = store.lastRow()
  store.putDocs(highest, [])
  store.cutOff(nodes.at(-1)!.device, 2)
  store.append([item(last)], memberOf, NEW_YEAR)
  expect(store.lastRow()).toBe(highest + 1)
  expect(store.toIndex(9).map(({ row }) => row)).toEqual([highest + 1])
  store.close()
})
