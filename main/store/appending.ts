// Putting verified nodes in: one transaction a batch. What lies beside a node in its timeline is read once for a whole run,
// and the head is written once, so that a batch costs little more than its rows.
import type Database from 'better-sqlite3'
import type { DeviceKey, MemberKey, NodeId } from '../../shared/types'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import { fromHex, toHex } from '../protocol/codec'
import type { Head } from '../protocol/have'
import { standing } from '../protocol/kinds'
import { linkCode, type Place } from '../protocol/timeline'
import type { Believed } from './believed'
import type { Keys } from './keys'
import { id48OfNode, idOfRow, restOf } from './node-row'
import type { Counted, Positions, SpanChange } from './positions'
import type { References } from './references'

/** What a committed batch did. */
export interface Appended {
  outcomes: StoreOutcome[]
  /** The number of the commit, and what it changed of the sums (positions.ts). */
  commit: number
  changes: SpanChange[]
}

/** Timelines remembered from batch to batch. */
const TIMELINES_MAX = 4096

interface Parts {
  keys: Keys
  positions: Positions
  references: References
  believed: Believed
}

/** One timeline while a batch is put in. */
interface Timeline {
  height: number
  /** Highest seq that is here. */
  top: number
  /** Its head was moved by this batch. */
  moved: boolean
  /** Places that were looked at; null: nothing is there. */
  places: Map<number, Place | null>
}

/** The id becomes text only when somebody asks for it. */
const headAt = (height: number, place: Place): Head => ({
  height,
  timestamp: place.timestamp,
  get id() {
    return place.id
  },
})

export function openAppending(db: Database.Database, { keys, positions, references, believed }: Parts) {
  const around = db.prepare<
    [number, number, number],
    { seq: number; id48: number; timestamp: number; backlink: Uint8Array | null; tail: Uint8Array }
  >(
    'SELECT seq, id48, timestamp, backlink, substr(rest, 1, 26) AS tail FROM nodes WHERE device = ? AND seq BETWEEN ? AND ?',
  )
  const insert = db.prepare(
    'INSERT INTO nodes (rowid, device, seq, member, id48, timestamp, received, via, tree, entry, backlink, rest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const headOf = db.prepare<[number], { height: number; top: number | null }>(
    'SELECT height, (SELECT MAX(seq) FROM nodes WHERE device = id) AS top FROM devices WHERE id = ?',
  )
  const seqsAbove = db
    .prepare<[number, number], number>('SELECT seq FROM nodes WHERE device = ? AND seq > ? ORDER BY seq')
    .pluck()
  const setHead = db.prepare('UPDATE devices SET height = ?, head = ? WHERE id = ?')
  const addProof = db.prepare('INSERT OR IGNORE INTO equivocations VALUES (?, ?, ?, ?)')
  const note = db.prepare<[string | null, number], { commits: number }>(
    'UPDATE ledger SET commits = commits + 1, circle = COALESCE(circle, ?), last = ? RETURNING commits',
  )

  const ledger = db.prepare<[], { commits: number; last: number }>('SELECT commits, last FROM ledger')
  /** Timelines as the last batch left them, true as long as nobody else has committed since. */
  const timelines = new Map<number, Timeline>()
  let trueAt = -1

  /** Of a timeline only the place at its top is remembered from batch to batch: what comes next is checked against it. */
  function settle(): void {
    if (timelines.size > TIMELINES_MAX) timelines.clear()
    for (const timeline of timelines.values()) {
      timeline.moved = false
      const top = timeline.places.get(timeline.top)
      timeline.places.clear()
      // What is remembered is no part of a whole batch.
      if (top) timeline.places.set(timeline.top, { id: top.id, timestamp: top.timestamp, backlink: top.backlink })
    }
  }

  /** Reads places [from, to] of a timeline that were not looked at yet. */
  function look(device: number, { places, top }: Timeline, from: number, to: number): void {
    let unknown = false
    for (let seq = from; seq <= to; seq++)
      if (!places.has(seq)) {
        places.set(seq, null)
        unknown ||= seq <= top
      }
    // Above the top there is nothing.
    if (!unknown) return
    for (const row of around.all(device, from, to))
      // Those of this very batch are known better than before.
      if (!places.get(row.seq))
        places.set(row.seq, {
          id: idOfRow(row.id48, row.tail),
          timestamp: row.timestamp,
          ...(row.backlink && { backlink: toHex(row.backlink) as NodeId }),
        })
  }

  const append = db.transaction(
    (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): Appended => {
      const counted: Counted[] = []
      const before = ledger.get()!
      if (before.commits !== trueAt) timelines.clear()
      trueAt = -1
      let row = before.last
      /** The hour in which all of them arrive: looked at with the first that is stored. */
      let arrived = -1

      function timelineOf(device: number): Timeline {
        let timeline = timelines.get(device)
        if (!timeline) {
          const { height, top } = headOf.get(device)!
          timelines.set(device, (timeline = { height, top: top ?? 0, moved: false, places: new Map() }))
        }
        return timeline
      }
      function placeAt(device: number, timeline: Timeline, seq: number): Place | null {
        if (seq < 1) return null
        if (!timeline.places.has(seq)) look(device, timeline, seq, seq)
        return timeline.places.get(seq)!
      }

      function one(item: StoreItem, at: number): StoreOutcome {
        const { node, origin } = item
        const { seq } = node
        const member = memberOf(node.device)
        const device = keys.device(node.device, member)!
        const timeline = timelineOf(device)
        if (!timeline.places.has(seq + 1) || !timeline.places.has(seq)) {
          let last = seq
          for (
            let next = at + 1;
            items[next]?.node.device === node.device && items[next]!.node.seq === last + 1;
            next++
          )
            last++
          look(device, timeline, Math.max(1, seq - 1), last + 1)
        }
        const there = timeline.places.get(seq)
        if (there) {
          if (there.id === node.id) return { type: 'duplicate' }
          addProof.run(device, seq, node.bytes, now)
          return { type: 'equivocation' }
        }
        const below = placeAt(device, timeline, seq - 1)
        const above = timeline.places.get(seq + 1)!
        const code = linkCode(node, below, above)
        if (code) return { type: 'refused', code }
        // Rule N9: what neither its own signature nor a run proves stands by the node above it, or not at all.
        if (item.chain === 'above' && !above) return { type: 'refused', code: 'SIGNATURE_INVALID' }
        const via = origin.from === null ? 0 : (keys.device(origin.from, null) ?? 0)
        const memberNumber = keys.member(member)
        const { entry, target } = standing(node.kind, node.body)
        const id48 = id48OfNode(node)
        row++
        if (arrived < 0) arrived = positions.arriving(now, row)
        insert.run(
          row,
          device,
          seq,
          memberNumber,
          id48,
          node.timestamp,
          now,
          via,
          origin.tree,
          entry ? 1 : 0,
          below || seq === 1 ? null : fromHex(node.backlink!),
          restOf(node),
        )
        if (target) references.add(target, node.kind, row)
        if (entry)
          counted.push({
            member: memberNumber,
            written: { at: node.timestamp, tie: id48 },
            reached: { at: arrived, tie: row },
          })
        if (item.chain) believed.add(device, seq)
        timeline.places.set(seq, node)
        timeline.top = Math.max(timeline.top, seq)
        if (seq !== timeline.height + 1) return { type: 'stored', head: null }
        let height = seq
        // What floated above was checked against its neighbours when it was stored: now all of it is linked.
        if (above)
          for (const next of seqsAbove.iterate(device, seq)) {
            if (next !== height + 1) break
            height = next
          }
        const head = height === seq ? node : placeAt(device, timeline, height)!
        timeline.height = height
        timeline.moved = true
        return { type: 'stored', head: headAt(height, head) }
      }

      const outcomes = items.map(one)
      for (const [device, { height, moved, places }] of timelines)
        if (moved) setHead.run(height, fromHex(places.get(height)!.id), device)
      believed.flush()
      const changes = positions.count(counted, 1)
      const { commits } = note.get(items[0]?.node.circle ?? null, row)!
      return { outcomes, commit: commits, changes }
    },
  )

  return (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): Appended => {
    // What was remembered inside a transaction that was rolled back is not true.
    const done = keys.forgetting(() => believed.forgetting(() => append.immediate(items, memberOf, now)))
    settle()
    trueAt = done.commit
    return done
  }
}
