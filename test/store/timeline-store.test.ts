// The timeline store's contract (rules N4, N6, N8, R4): what it answers to appends in any order, and that everything it
// says afterwards agrees with a plain model of the same nodes, before and after it is opened again.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { toHex } from '../../main/protocol/codec'
import type { StoreItem } from '../../main/protocol/engine'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { lockFolder } from '../../main/store/folder-lock'
import { TIMELINE_FILE, openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import type { DeviceKey, MemberKey, NodeId } from '../../shared/types'
import { tempFolder } from '../support/folder'
import { MemoryStore } from '../../main/simulator/store'
import { NEW_YEAR, crypto, makeCircle, makeDevice, write, writeTimeline } from '../support/people'

const { people, list } = makeCircle(3)
const { circle } = list
const DAY = 86_400_000
const NOW = NEW_YEAR + 30 * DAY
/** The first person has two devices. */
const phone = makeDevice('phone')
const devices = [...people.map((p) => p.device), phone]
const memberOf = (key: DeviceKey): MemberKey => people[devices.findIndex((d) => d.key === key) % 3]!.member
const [alice, bob] = people as [(typeof people)[0], (typeof people)[0]]

const open: TimelineStore[] = []
function openStore(dir = tempFolder()): TimelineStore {
  const store = openTimelineStore(dir, crypto)
  open.push(store)
  return store
}
afterEach(() => {
  for (const store of open.splice(0)) store.close()
})
const item = (node: TimelineNode, from: DeviceKey | null = bob.device.key): StoreItem => ({
  node,
  origin: from === null ? { from: null, how: 'own', tree: null } : { from, how: 'tree', tree: 1 },
  arrival: null,
})
const append = (store: TimelineStore, ...nodes: TimelineNode[]) =>
  store.append(
    nodes.map((n) => item(n)),
    memberOf,
    NOW,
  )
const chain = writeTimeline(circle, alice.device, 10, { epoch: 1 })
const node = (seq: number) => chain[seq - 1]!
const forked = (seq: number, fields: Partial<TimelineNode> = {}) =>
  makeNode(crypto, { ...node(seq), body: new Uint8Array([1, 66]), ...fields }, alice.device.sign)

describe('append', () => {
  test('[N4] in order: each moves the head', () => {
    const store = openStore()
    expect(append(store, node(1), node(2))).toEqual([
      { type: 'stored', head: { height: 1, id: node(1).id, timestamp: node(1).timestamp } },
      { type: 'stored', head: { height: 2, id: node(2).id, timestamp: node(2).timestamp } },
    ])
    expect(store.height(alice.device.key)).toBe(2)
    expect(toHex(store.at(alice.device.key, 2)!.bytes)).toBe(toHex(node(2).bytes))
    expect(store.at(alice.device.key, 3)).toBeNull()
  })

  test('[R4] newest first: each floats, until the first closes the gap and tells the head', () => {
    const store = openStore()
    expect(append(store, node(4), node(3), node(2))).toEqual([2, 3, 4].map(() => ({ type: 'stored', head: null })))
    expect(store.height(alice.device.key)).toBe(0)
    expect(store.byId(node(3).id)?.linked).toBe(false)
    expect(append(store, node(1))).toEqual([
      { type: 'stored', head: { height: 4, id: node(4).id, timestamp: node(4).timestamp } },
    ])
    expect(store.byId(node(3).id)?.linked).toBe(true)
  })

  test('[R4] a gap that closes halfway gives the head below the next gap', () => {
    const store = openStore()
    append(store, node(6), node(3))
    expect(append(store, node(1), node(2))).toEqual([
      { type: 'stored', head: { height: 1, id: node(1).id, timestamp: node(1).timestamp } },
      { type: 'stored', head: { height: 3, id: node(3).id, timestamp: node(3).timestamp } },
    ])
    expect(store.have()).toEqual(
      new Map([
        [
          alice.device.key,
          { height: 3, head: node(3).id, headTime: node(3).timestamp, floating: [{ from: 6, to: 6 }] },
        ],
      ]),
    )
  })

  test('[N6] the same node twice is a duplicate, in one batch too', () => {
    const store = openStore()
    expect(append(store, node(1), node(1)).map((o) => o.type)).toEqual(['stored', 'duplicate'])
    expect(append(store, node(1))).toEqual([{ type: 'duplicate' }])
    expect(store.total(null)).toBe(1)
  })

  test('[N6] another node for a taken place is an equivocation: the first stays, the pair is kept, once', () => {
    const store = openStore()
    append(store, node(1), node(2))
    expect(append(store, forked(2))).toEqual([{ type: 'equivocation' }])
    expect(append(store, forked(2, { body: new Uint8Array([1, 67]) }))).toEqual([{ type: 'equivocation' }])
    expect(store.at(alice.device.key, 2)?.id).toBe(node(2).id)
    expect(store.equivocations()).toEqual([{ device: alice.device.key, seq: 2 }])
    expect(store.total(null)).toBe(2)
  })

  test.each<[string, TimelineNode[], TimelineNode, string]>([
    ['a backlink to another node', [node(1)], forked(2, { backlink: 'ab'.repeat(32) as NodeId }), 'BACKLINK_MISMATCH'],
    ['a node that the one above does not link to', [node(3)], forked(2), 'BACKLINK_MISMATCH'],
    [
      'a time no later than the one below',
      [node(1)],
      forked(2, { timestamp: node(1).timestamp }),
      'TIMESTAMP_NOT_LATER',
    ],
  ])('[N4] refused: %s, and nothing changes', (_what, before, bad, code) => {
    const store = openStore()
    append(store, ...before)
    const have = store.have()
    expect(append(store, bad)).toEqual([{ type: 'refused', code }])
    expect(store.have()).toEqual(have)
    expect(store.total(null)).toBe(1)
    expect(store.byId(bad.id)).toBeNull()
  })

  test('[N4] a node later than the one above it', () => {
    const store = openStore()
    const late = forked(2, { timestamp: node(5).timestamp })
    const above = write({
      circle,
      device: alice.device,
      seq: 3,
      backlink: late.id,
      timestamp: node(3).timestamp,
      epoch: 1,
    })
    append(store, above)
    expect(append(store, late)).toEqual([{ type: 'refused', code: 'TIMESTAMP_NOT_LATER' }])
  })

  test('[N4] a batch is one whole: when a part of it throws, nothing of it is there', () => {
    const store = openStore()
    const stranger = writeTimeline(circle, makeDevice('stranger'), 1)[0]!
    const failing = (key: DeviceKey): MemberKey => {
      if (key === stranger.device) throw new RangeError('no such device')
      return memberOf(key)
    }
    const batch = [node(1), stranger].map((n) => item(n))
    expect(() => store.append(batch, failing, NOW)).toThrow(RangeError)
    expect(store.total(null)).toBe(0)
    expect(store.have()).toEqual(new Map())
    expect(append(store, node(1))).toEqual([
      { type: 'stored', head: { height: 1, id: node(1).id, timestamp: node(1).timestamp } },
    ])
    expect(store.byId(node(1).id)?.member).toBe(alice.member)
  })

  test('[N8] who handed it over, over which tree, and when, are kept', () => {
    const store = openStore()
    store.knowDevice(bob.device.key, bob.member)
    store.append([item(node(1)), item(node(2), null)], memberOf, NOW)
    expect(store.byId(node(1).id)).toMatchObject({
      node: { id: node(1).id, seq: 1 },
      member: alice.member,
      receivedAt: NOW,
      linked: true,
      via: bob.device.key,
      tree: 1,
    })
    expect(store.byId(node(2).id)).toMatchObject({ via: null, tree: null })
  })
})

describe('a cut-off', () => {
  test.each([0, 3, 5, 10])(
    '[M5] at %i: what is behind it is out of every count, window and run, and stays out',
    (seq) => {
      const dir = tempFolder()
      const store = openTimelineStore(dir, crypto)
      const model = new MemoryStore()
      const theirs = writeTimeline(circle, bob.device, 3, { epoch: 1 })
      const nodes = [...chain.filter((n) => n.seq !== 6), ...theirs]
      append(store, ...nodes)
      model.append(nodes.map((n) => item(n)))
      const left = store.cutOff(alice.device.key, seq)
      expect(left).toEqual(model.cutOff(alice.device.key, seq))
      const check = (s: TimelineStore) => {
        expect(s.have()).toEqual(model.have())
        expect(s.total(null)).toBe(model.order.length)
        expect(s.total(alice.member)).toBe(model.order.length - 3)
        expect(
          s
            .window(null, 0, 99)
            .map((n) => n.node.id)
            .sort(),
        ).toEqual(model.ids())
        expect(s.readRun(alice.device.key, 1, 10, 99, 1e6)).toHaveLength(seq === 10 ? 4 : 0)
      }
      check(store)
      expect(store.cutOff(alice.device.key, seq)).toEqual(left)
      expect(store.cutOff('ee'.repeat(32) as DeviceKey, seq)).toBeNull()
      store.close()
      check(openStore(dir))
    },
  )
})

/** Random timelines of four devices over several days, appended in a random order, some with forks. */
const history = fc.record({
  counts: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 4, maxLength: 4 }),
  step: fc.constantFrom(1, 3_600_000, 2 * DAY + 1, DAY / 2),
  order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  fork: fc.option(fc.record({ device: fc.nat(3), seq: fc.integer({ min: 1, max: 12 }) })),
  drop: fc.array(fc.nat(), { maxLength: 6 }),
})

function nodesOf(h: typeof history extends fc.Arbitrary<infer T> ? T : never): TimelineNode[] {
  const timelines = h.counts.map((count, i) =>
    writeTimeline(circle, devices[i]!, count, {
      epoch: 1,
      stepMs: h.step,
      startMs: NEW_YEAR + Math.floor((i * h.step) / 2) - (i < 2 ? 0 : 1),
    }),
  )
  const all = timelines.flat()
  if (h.fork) {
    const original = timelines[h.fork.device]![h.fork.seq - 1]
    if (original)
      all.push(makeNode(crypto, { ...original, body: new Uint8Array([1, 70]) }, devices[h.fork.device]!.sign))
  }
  for (const at of h.drop) if (all.length) all.splice(at % all.length, 1)
  return all
    .map((n, i) => [h.order[i % 60]! * 100 + i, n] as const)
    .sort((a, b) => a[0] - b[0])
    .map(([, n]) => n)
}
/** Rule N8, newest first; ties of 48 bits do not occur here. */
const byOrder = (a: TimelineNode, b: TimelineNode) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1)

describe('against a plain model', () => {
  test('[N4] every outcome, every have-vector and every run is the model’s, before and after opening again', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 7 }), (h, batch) => {
        const dir = tempFolder()
        const store = openTimelineStore(dir, crypto)
        const model = new MemoryStore()
        const nodes = nodesOf(h)
        for (let i = 0; i < nodes.length; i += batch) {
          const items = nodes.slice(i, i + batch).map((n) => item(n))
          expect(store.append(items, memberOf, NOW)).toEqual(model.append(items))
        }
        const agree = (s: TimelineStore) => {
          expect(s.have()).toEqual(model.have())
          expect(
            s
              .equivocations()
              .map((e) => `${e.device}${e.seq}`)
              .sort(),
          ).toEqual(model.proofs.map((p) => `${p.device}${p.seq}`).sort())
          expect([...s.all()].map((n) => n.node.id)).toEqual(model.order.map((node) => node.id))
          for (const device of devices) {
            for (const [from, to, max, bytesMax] of [
              [1, 12, 256, 1e6],
              [3, 9, 4, 1e6],
              [1, 12, 256, 400],
              [5, 5, 1, 1],
            ] as const) {
              expect(s.readRun(device.key, from, to, max, bytesMax).map(toHex)).toEqual(
                model.readRun(device.key, from, to, max, bytesMax).map(toHex),
              )
            }
          }
        }
        agree(store)
        store.close()
        const again = openTimelineStore(dir, crypto)
        agree(again)
        again.close()
      }),
      { numRuns: 40 },
    )
  }, 30_000)

  test('[N8] windows, positions, counts between, and totals agree with a sorted list, for everyone and each member', () => {
    fc.assert(
      fc.property(history, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 12 }), (h, a, b, count) => {
        const store = openTimelineStore(tempFolder(), crypto)
        append(store, ...nodesOf(h))
        const all = [...store.all()].map((n) => n.node).sort(byOrder)
        for (const scope of [null, ...people.map((p) => p.member)]) {
          const rows = all.filter((n) => scope === null || memberOf(n.device) === scope)
          expect(store.total(scope)).toBe(rows.length)
          const start = a % (rows.length + 2)
          expect(store.window(scope, start, count).map((n) => n.node.id)).toEqual(
            rows.slice(start, start + count).map((n) => n.id),
          )
          rows.forEach((n, i) => expect(store.position(scope, n)).toBe(i))
          if (rows.length < 2) continue
          const [x, y] = [a % rows.length, b % rows.length].sort((p, q) => p - q) as [number, number]
          if (x !== y) expect(store.between(scope, rows[x]!, rows[y]!)).toBe(y - x - 1)
        }
        store.close()
      }),
      { numRuns: 60 },
    )
  }, 30_000)
})

describe('reading', () => {
  test('[R4] a run goes downward from its top without a gap, within both bounds', () => {
    const store = openStore()
    append(store, ...chain.filter((n) => n.seq !== 4))
    const seqs = (from: number, to: number, max = 256, bytesMax = 1e6) =>
      store
        .readRun(alice.device.key, from, to, max, bytesMax)
        .map((b) => chain.find((n) => toHex(n.bytes) === toHex(b))!.seq)
    expect(seqs(1, 10)).toEqual([5, 6, 7, 8, 9, 10])
    expect(seqs(1, 4)).toEqual([])
    expect(seqs(1, 3)).toEqual([1, 2, 3])
    expect(seqs(6, 8)).toEqual([6, 7, 8])
    expect(seqs(1, 10, 2)).toEqual([9, 10])
    expect(seqs(1, 10, 256, 1)).toEqual([10])
    expect(seqs(1, 10, 256, node(10).bytes.length + node(9).bytes.length)).toEqual([9, 10])
    expect(seqs(11, 20)).toEqual([])
    expect(store.readRun(bob.device.key, 1, 5, 9, 1e6)).toEqual([])
  })

  test('[N8] what is not here is null, nothing, or zero', () => {
    const store = openStore()
    expect(store.byId(node(1).id)).toBeNull()
    expect(store.at(alice.device.key, 1)).toBeNull()
    expect(store.height(alice.device.key)).toBe(0)
    expect(store.total(alice.member)).toBe(0)
    expect(store.window(null, 0, 10)).toEqual([])
    expect(store.window(alice.member, 5, 10)).toEqual([])
    expect(store.unread(alice.member)).toBe(0)
    expect(store.meta('nothing')).toBeNull()
  })

  test('[M7] unread counts what came since the member was last seen', () => {
    const store = openStore()
    append(store, node(1), node(2), ...writeTimeline(circle, bob.device, 3, { epoch: 1 }))
    expect([alice, bob].map((p) => store.unread(p.member))).toEqual([2, 3])
    store.markSeen([alice.member])
    expect([alice, bob].map((p) => store.unread(p.member))).toEqual([0, 3])
    // An older node that comes later is news too.
    append(store, node(4), node(3))
    expect(store.unread(alice.member)).toBe(2)
    store.markSeen([alice.member, bob.member, 'ee'.repeat(32) as MemberKey])
    expect([alice, bob].map((p) => store.unread(p.member))).toEqual([0, 0])
  })

  test('[R1] acknowledgements are kept per node, once per device, and for nodes that are here', () => {
    const dir = tempFolder()
    const store = openTimelineStore(dir, crypto)
    append(store, node(1))
    store.knowDevice(bob.device.key, bob.member)
    store.acknowledge(node(1).id, bob.device.key)
    store.acknowledge(node(1).id, bob.device.key)
    store.acknowledge(node(1).id, 'ee'.repeat(32) as DeviceKey)
    store.acknowledge(node(2).id, bob.device.key)
    store.close()
    const again = openStore(dir)
    expect(again.acknowledgedBy(node(1).id)).toEqual([bob.device.key])
    expect(again.acknowledgedBy(node(2).id)).toEqual([])
  })

  test('[N8] single values are kept', () => {
    const dir = tempFolder()
    const store = openTimelineStore(dir, crypto)
    store.setMeta('own-held', '3')
    store.setMeta('own-held', '4')
    store.close()
    expect(openStore(dir).meta('own-held')).toBe('4')
  })
})

describe('the file', () => {
  test('[N8] an empty file, of version 0, is brought to the newest shape; one of a later version is left alone', () => {
    const dir = tempFolder()
    const empty = new Database(join(dir, TIMELINE_FILE))
    expect(empty.pragma('user_version', { simple: true })).toBe(0)
    empty.close()
    const store = openTimelineStore(dir, crypto)
    append(store, node(1))
    store.close()
    const db = new Database(join(dir, TIMELINE_FILE))
    const version = db.pragma('user_version', { simple: true }) as number
    expect(version).toBeGreaterThan(0)
    db.pragma(`user_version = ${version + 1}`)
    db.close()
    expect(() => openTimelineStore(dir, crypto)).toThrow(expect.objectContaining({ code: 'DATABASE_NEWER' }))
    const later = new Database(join(dir, TIMELINE_FILE))
    expect(later.pragma('user_version', { simple: true })).toBe(version + 1)
    later.pragma(`user_version = ${version}`)
    later.close()
    expect(openStore(dir).total(null)).toBe(1)
  })

  test('[N7] UNIQUE(device, seq): the database itself refuses a second node for one place', () => {
    const dir = tempFolder()
    const store = openTimelineStore(dir, crypto)
    append(store, node(1))
    store.close()
    const db = new Database(join(dir, TIMELINE_FILE))
    expect(() =>
      db.exec(
        'INSERT INTO nodes SELECT 99, device, seq, member, id48, timestamp, received, via, tree, entry, backlink, rest FROM nodes',
      ),
    ).toThrow(/UNIQUE/)
    db.close()
  })

  test('[N7] one Twofold per folder: a second, in this process or another, is told so', () => {
    const dir = tempFolder()
    const unlock = lockFolder(dir)
    expect(() => lockFolder(dir)).toThrow(expect.objectContaining({ code: 'FOLDER_IN_USE' }))
    const file = join(dir, 'lock.sqlite')
    expect(existsSync(file)).toBe(true)
    const other = () =>
      spawnSync(
        process.execPath,
        ['-e', `new (require('better-sqlite3'))(${JSON.stringify(file)}, { timeout: 0 }).exec('BEGIN EXCLUSIVE')`],
        {
          cwd: import.meta.dirname,
          encoding: 'utf8',
        },
      )
    expect(other()).toMatchObject({ status: 1, stderr: expect.stringContaining('SQLITE_BUSY') })
    unlock()
    expect(other()).toMatchObject({ status: 0, stderr: '' })
    lockFolder(dir)()
  })

  test('[N7] the lock of a process that died is free', () => {
    const dir = tempFolder()
    const file = join(dir, 'lock.sqlite')
    const died = spawnSync(
      process.execPath,
      [
        '-e',
        `new (require('better-sqlite3'))(${JSON.stringify(file)}).exec('BEGIN EXCLUSIVE'); process.kill(process.pid, 'SIGKILL')`,
      ],
      { cwd: import.meta.dirname },
    )
    expect(died.signal).toBe('SIGKILL')
    lockFolder(dir)()
    expect(existsSync(file)).toBe(true)
  })

  test('[N8] a database that another program has locked: DATABASE_LOCKED, and afterwards everything goes on', () => {
    const dir = tempFolder()
    const store = openStore(dir)
    append(store, node(1))
    const other = new Database(join(dir, TIMELINE_FILE))
    other.exec('BEGIN IMMEDIATE')
    expect(() => append(store, node(2))).toThrow(expect.objectContaining({ code: 'DATABASE_LOCKED' }))
    other.exec('ROLLBACK')
    other.close()
    expect(append(store, node(2))).toMatchObject([{ type: 'stored' }])
  })
})
