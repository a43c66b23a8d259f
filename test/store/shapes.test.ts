// Databases of earlier versions, and how a node lies in the database of this one: everything that was in the old file is in
// the new one, byte by byte, and what is damaged costs no more than itself.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../main/protocol/codec'
import type { StoreItem } from '../../main/protocol/engine'
import { encodeContent } from '../../main/protocol/kinds'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { openReadable, type KnownKeys } from '../../main/store/readable-nodes'
import { TIMELINE_FILE, openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { storeAsVersion1 as storeAs1 } from '../support/version-1'
import { toVersion2 } from '../support/version-2'
import { NEW_YEAR, crypto, makeCircle, writeTimeline, type Device } from '../support/people'

const { people, list } = makeCircle(3)
const memberOf = (key: DeviceKey): MemberKey => people.find((one) => one.device.key === key)!.member
const item = (node: TimelineNode): StoreItem => ({
  node,
  origin: { from: people[1]!.device.key, how: 'sync', tree: null },
  arrival: null,
})

/** A timeline of every kind of node, long and short, about its own earlier ones. */
function mixed(device: Device, count: number): TimelineNode[] {
  const nodes: TimelineNode[] = []
  for (let seq = 1; seq <= count; seq++) {
    const head = nodes.at(-1)
    const target = nodes[seq >> 1]?.id
    const text = 'tea '.repeat((seq * 37) % 900)
    const content =
      target === undefined || seq % 5 === 0
        ? ({ kind: 'post', text } as const)
        : seq % 5 === 1
          ? ({ kind: 'reply', target, text } as const)
          : seq % 5 === 2
            ? ({ kind: 'reaction', target, text: '👍' } as const)
            : seq % 5 === 3
              ? ({ kind: 'edit', target, text } as const)
              : ({ kind: 'post', text: '' } as const)
    nodes.push(
      makeNode(
        crypto,
        {
          circle: list.circle,
          device: device.key,
          seq,
          ...(head && { backlink: head.id }),
          // Of every width: before 1970's 32 bits end, and after.
          timestamp: seq < 4 ? seq * 100 : NEW_YEAR + seq * 1000,
          epoch: 1,
          ...(seq === 7 ? { kind: 999, body: Uint8Array.of(1, 2, 3) } : encodeContent(content)),
        },
        device.sign,
      ),
    )
  }
  return nodes
}

const storeAsVersion1 = (dir: string, nodes: readonly TimelineNode[], received: number): void =>
  storeAs1(
    dir,
    people.map(({ device, member }) => ({ device: device.key, member })),
    nodes,
    received,
  )

const said = (store: TimelineStore) => ({
  have: store.have(),
  all: [...store.all()].map((one) => ({ ...one, node: toHex(one.node.bytes) })),
  windows: [null, ...people.map((one) => one.member)].flatMap((scope) =>
    (['written', 'reached'] as const).map((order) => ({
      total: store.total(scope),
      rows: store.window(scope, 0, 500, order).map(({ node }) => node.id),
      histogram: store.histogram(scope, order),
    })),
  ),
  runs: people.map(({ device }) => store.readRun(device.key, 1, 300, 256, 1e7).map(toHex)),
})

describe('a folder of version 0.1', () => {
  test('[N1] opens as one of this version: every byte, place, order and count as if it had been stored by it', () => {
    const timelines = people.map((one, i) => mixed(one.device, 300 - 100 * i))
    // One timeline whole, one with gaps, one without its beginning.
    const nodes = timelines.flatMap((timeline, i) =>
      timeline.filter(({ seq }) => (i === 1 ? seq % 50 !== 17 : i === 2 ? seq > 30 : true)),
    )
    const old = tempFolder()
    storeAsVersion1(old, nodes, NEW_YEAR)
    const before = openTimelineStore(old, crypto)
    // A disk that had room for the old file must not be filled by what bringing it forward has logged.
    expect(statSync(join(old, `${TIMELINE_FILE}-wal`)).size).toBeLessThan(64 * 1024)
    const fresh = openTimelineStore(tempFolder(), crypto)
    for (const one of people) fresh.knowDevice(one.device.key, one.member)
    fresh.append(nodes.map(item), memberOf, NEW_YEAR)
    expect(said(before)).toEqual(said(fresh))
    expect(said(before).all.map(({ node }) => node)).toEqual(nodes.map((node) => toHex(node.bytes)))
    // It goes on from there, across the old gaps too.
    const missing = timelines.flat().filter((node) => !nodes.includes(node))
    for (const store of [before, fresh])
      expect(store.append(missing.map(item), memberOf, NEW_YEAR + 1).every((o) => o.type === 'stored')).toBe(true)
    expect(said(before)).toEqual(said(fresh))
    before.close()
    fresh.close()
  })

  test('[N1] a damaged one is read in its own shape', () => {
    const dir = tempFolder()
    const nodes = mixed(people[0]!.device, 20)
    storeAsVersion1(dir, nodes, NEW_YEAR)
    expect(readableNodes(join(dir, TIMELINE_FILE), null).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id))
  })
})

describe('a folder of the second shape', () => {
  test('[N8] opens with the same nodes; they arrived in the order in which they were stored, whatever the clock did', () => {
    const HOUR = 3_600_000
    const nodes = mixed(people[0]!.device, 200)
    const dir = tempFolder()
    storeAsVersion1(dir, nodes, NEW_YEAR)
    // Hour by hour; from row 101 on the clock was two days early, and from 151 on it was right again.
    const received = nodes.map(
      (_node, i) => NEW_YEAR + Math.floor(i / 10) * HOUR - (i >= 100 && i < 150 ? 48 * HOUR : 0),
    )
    toVersion2(dir, new Map(received.map((at, i) => [i + 1, at])))
    const store = openTimelineStore(dir, crypto)
    expect([...store.all()].map((one) => [toHex(one.node.bytes), one.receivedAt])).toEqual(
      nodes.map((node, i) => [toHex(node.bytes), received[i]]),
    )
    const entries = [...store.all()].filter(({ node }) => ![3, 4, 5].includes(node.kind)).map(({ row }) => row)
    for (const scope of [null, people[0]!.member]) {
      expect(store.window(scope, 0, 500, 'reached').map(({ row }) => row)).toEqual(entries.toReversed())
      const { spans } = store.histogram(scope, 'reached')
      expect(spans.reduce((sum, { n }) => sum + n, 0)).toBe(entries.length)
    }
    // An hour that has begun stays begun: those of the early clock are in the hour of the row before them.
    const hours = store.histogram(null, 'reached').spans.map(({ start }) => (start - NEW_YEAR) / HOUR)
    expect(hours).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19])
    // The index of words is filled anew.
    expect(store.find({ match: 'words', from: 0, to: NEW_YEAR, limit: 9 })).toEqual([])
    expect(store.toIndex(500).map(({ row, fresh }) => [row, fresh])).toEqual(nodes.map((_node, i) => [i + 1, true]))
    store.close()
  })
})

function readableNodes(path: string, known: KnownKeys | null): TimelineNode[] {
  const readable = openReadable(path, crypto, known)
  try {
    return readable.between(1, readable.rows)
  } finally {
    readable.close()
  }
}

describe('a stored node', () => {
  test('[N1] comes back byte by byte, in whatever order its timeline came', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(mixed(people[0]!.device, 20), { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (nodes, batch) => {
          const store = openTimelineStore(tempFolder(), crypto)
          for (let i = 0; i < nodes.length; i += batch)
            store.append(nodes.slice(i, i + batch).map(item), memberOf, NEW_YEAR)
          for (const node of nodes) {
            const { bytes, backlink, circle, body, signature, epoch, kind } = store.byId(node.id)!.node
            expect(toHex(bytes)).toBe(toHex(node.bytes))
            expect({ backlink, circle, epoch, kind, body: toHex(body), signature: toHex(signature) }).toEqual({
              backlink: node.backlink,
              circle: node.circle,
              epoch: node.epoch,
              kind: node.kind,
              body: toHex(node.body),
              signature: toHex(node.signature),
            })
          }
          store.close()
        },
      ),
      { numRuns: 12 },
    )
  })

  test('[N1] is found again where the keys of devices and circle were lost: its id tells which fit', () => {
    const dir = tempFolder()
    const store = openTimelineStore(dir, crypto)
    const nodes = people.flatMap((one) => writeTimeline(list.circle, one.device, 20, { epoch: 1 }))
    store.append(nodes.map(item), memberOf, NEW_YEAR)
    store.close()
    const path = join(dir, TIMELINE_FILE)
    const db = new Database(path)
    db.exec("UPDATE devices SET key = 'x' || id; UPDATE ledger SET circle = NULL")
    db.close()
    expect(readableNodes(path, null)).toEqual([])
    const known = { circle: list.circle, devices: people.map((one) => one.device.key) }
    expect(new Set(readableNodes(path, known).map(({ id }) => id))).toEqual(new Set(nodes.map(({ id }) => id)))
  })
})
