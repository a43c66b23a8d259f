// The timeline store: verified nodes in one SQLite file. `append` is one synchronous transaction; what it answers is all
// that the engine knows of the disk. Reading is by window, by range and by id; nothing here scans a timeline. Places are
// kept by positions.ts, who speaks about whom by references.ts, words by finder.ts, what is only ours by keepsakes.ts.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey, NodeId, Order } from '../../shared/types'
import { fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { DeviceHave, HaveVector } from '../protocol/have'
import { decodeContent, isEntry } from '../protocol/kinds'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { addToRanges, linkCode, type Place, type Range } from '../protocol/timeline'
import { checkpointTable } from './checkpoints'
import { fileError, makePrivateFile } from './files'
import { docOf, openFinder } from './finder'
import { openKeepsakes } from './keepsakes'
import { openPositions, type Counted, type Key } from './positions'
import { openReferences } from './references'
import { id48Of } from './row-numbers'
import { migrate } from './schema'

export const TIMELINE_FILE = 'timeline.sqlite'
/** SQLite's own wait for a lock that another program holds (a backup tool); then DATABASE_LOCKED. */
const BUSY_MS = 2000
/** Pages that may be read again at once; the file is read by window, so a small cache does. */
const CACHE_KIB = 8192
/** Member 0 in `spans` and device 0 in `via`: everyone, nobody. */
const NOBODY = 0

/** What a window reads of a node. */
export interface StoredNode {
  /** Its row number: rises in the order of storing. */
  row: number
  node: TimelineNode
  member: MemberKey
  /** ms since 1970 UTC, this device's clock. */
  receivedAt: number
  /** Nodes 1 … seq of its device are all here. */
  linked: boolean
  /** Who handed over the first copy; null: written here. */
  via: DeviceKey | null
  tree: 0 | 1 | null
}
/** Null: everyone. */
export type StoreScope = MemberKey | null

interface NodeRow {
  rowid: number
  device: DeviceKey
  member: MemberKey
  seq: number
  received: number
  height: number
  via: DeviceKey | null
  tree: 0 | 1 | null
  bytes: Uint8Array
}

/** What SQLite's refusal means for a person. */
function storeError(error: unknown, dir: string): unknown {
  const code = (error as { code?: string }).code ?? ''
  if (code === 'SQLITE_FULL' || code.startsWith('SQLITE_IOERR')) return new TwofoldError('DISK_FULL')
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return new TwofoldError('DATABASE_LOCKED')
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM'))
    return fileError(error, dir)
  return isDamage(error) ? new TwofoldError('DATABASE_DAMAGED_NOW') : error
}
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test((error as { code?: string }).code ?? '')

export type TimelineStore = ReturnType<typeof openTimelineStore>

/**
 * Opens the database of a folder. After a run that did not close it, SQLite's own check runs first. Throws what `isDamage` recognises when the file is damaged, DATABASE_NEWER,
 * DATABASE_LOCKED, FOLDER_UNWRITABLE.
 */
export function openTimelineStore(dir: string, crypto: Crypto) {
  let db: Database.Database
  try {
    const path = join(dir, TIMELINE_FILE)
    // Made by us, so that it and the files that SQLite puts beside it are readable by this user only.
    makePrivateFile(path)
    db = new Database(path, { timeout: BUSY_MS })
  } catch (error) {
    throw isDamage(error) ? error : 'syscall' in (error as object) ? fileError(error, dir) : storeError(error, dir)
  }
  try {
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    db.pragma(`cache_size = -${CACHE_KIB}`)
    migrate(db)
    const clean = db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'clean'").get()
    if (clean?.value === '0') {
      const found = db.pragma('quick_check(1)', { simple: true })
      if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' })
    }
    db.exec("INSERT INTO meta VALUES ('clean', '0') ON CONFLICT DO UPDATE SET value = '0'")
  } catch (error) {
    db.close()
    throw isDamage(error) ? error : storeError(error, dir)
  }

  /** Damage was met: this run does not end cleanly, so the next start checks and salvages. */
  let damaged = false
  const failure = (error: unknown): unknown => {
    damaged ||= isDamage(error)
    return storeError(error, dir)
  }
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw failure(error)
    }
  }

  // ---------------------------------------------------------------- keys ↔ row numbers
  const deviceIds = new Map<DeviceKey, number>()
  const memberIds = new Map<MemberKey, number>()
  const findMember = db.prepare<[string], { id: number }>('SELECT id FROM members WHERE key = ?')
  const addMember = db.prepare<[string], { id: number }>('INSERT INTO members (key) VALUES (?) RETURNING id')
  const findDevice = db.prepare<[string], { id: number }>('SELECT id FROM devices WHERE key = ?')
  const addDevice = db.prepare<[string, number], { id: number }>(
    'INSERT INTO devices (key, member) VALUES (?, ?) RETURNING id',
  )

  function memberId(key: MemberKey): number {
    let id = memberIds.get(key)
    if (id === undefined) memberIds.set(key, (id = (findMember.get(key) ?? addMember.get(key)!).id))
    return id
  }
  function deviceId(key: DeviceKey, member: MemberKey | null): number | null {
    let id = deviceIds.get(key)
    if (id === undefined) {
      const found = findDevice.get(key) ?? (member === null ? undefined : addDevice.get(key, memberId(member)))
      if (!found) return null
      deviceIds.set(key, (id = found.id))
    }
    return id
  }

  const positions = openPositions(db)
  const references = openReferences(db)
  const finder = openFinder(db)
  const keepsakes = openKeepsakes(db)

  // ---------------------------------------------------------------- append
  interface PlaceRow {
    id: Uint8Array
    timestamp: number
    bytes: Uint8Array
  }
  const place = db.prepare<[number, number], PlaceRow>(
    'SELECT id, timestamp, bytes FROM nodes WHERE device = ? AND seq = ?',
  )
  const insert = db.prepare(
    'INSERT INTO nodes (device, seq, member, id48, timestamp, received, via, tree, entry, id, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const headOf = db.prepare<[number], { height: number; head: Uint8Array | null; member: number }>(
    'SELECT height, head, member FROM devices WHERE id = ?',
  )
  const setHead = db.prepare('UPDATE devices SET height = ?, head = ? WHERE id = ?')
  const addProof = db.prepare('INSERT OR IGNORE INTO equivocations VALUES (?, ?, ?, ?)')

  const decoded = (bytes: Uint8Array): TimelineNode => {
    const result = decodeNode(crypto, bytes)
    if (!result.ok) throw Object.assign(new Error(`stored node: ${result.code}`), { code: 'SQLITE_CORRUPT' })
    return result.node
  }
  const placeAt = (device: number, seq: number): Place | null => {
    const row = seq < 1 ? undefined : place.get(device, seq)
    return row ? decoded(row.bytes) : null
  }

  function appendOne(item: StoreItem, member: MemberKey, now: number, counted: Counted[]): StoreOutcome {
    const { node, origin } = item
    const device = deviceId(node.device, member)!
    const there = place.get(device, node.seq)
    if (there) {
      if (toHex(there.id) === node.id) return { type: 'duplicate' }
      addProof.run(device, node.seq, node.bytes, now)
      return { type: 'equivocation' }
    }
    const code = linkCode(node, placeAt(device, node.seq - 1), placeAt(device, node.seq + 1))
    if (code) return { type: 'refused', code }
    const via = origin.from === null ? NOBODY : (deviceId(origin.from, null) ?? NOBODY)
    const row = memberId(member)
    const content = decodeContent(node.kind, node.body)
    const entry = isEntry(content)
    const id48 = id48Of(node.id)
    const { lastInsertRowid } = insert.run(
      device,
      node.seq,
      row,
      id48,
      node.timestamp,
      now,
      via,
      origin.tree,
      entry ? 1 : 0,
      fromHex(node.id),
      node.bytes,
    )
    const rowid = Number(lastInsertRowid)
    if (content && 'target' in content) references.add(content.target, node.kind, rowid)
    if (entry)
      counted.push({ member: row, written: { at: node.timestamp, tie: id48 }, reached: { at: now, tie: rowid } })
    const before = headOf.get(device)!
    if (node.seq !== before.height + 1) return { type: 'stored', head: null }
    let height = node.seq
    let head: Uint8Array = fromHex(node.id)
    let { timestamp } = node
    for (let next = place.get(device, height + 1); next; next = place.get(device, height + 1)) {
      height++
      head = next.id
      timestamp = next.timestamp
    }
    setHead.run(height, head, device)
    return { type: 'stored', head: { height, id: toHex(head) as NodeId, timestamp } }
  }

  const appendAll = db.transaction(
    (
      items: readonly StoreItem[],
      memberOf: (device: DeviceKey) => MemberKey,
      now: number,
      counted: Counted[],
    ): StoreOutcome[] => {
      const outcomes = items.map((item) => appendOne(item, memberOf(item.node.device), now, counted))
      positions.count(counted, 1)
      return outcomes
    },
  )

  // ---------------------------------------------------------------- reading
  const SELECT = `SELECT n.rowid, d.key AS device, m.key AS member, n.seq, n.received, d.height, v.key AS via, n.tree, n.bytes
    FROM nodes n JOIN devices d ON d.id = n.device JOIN members m ON m.id = n.member LEFT JOIN devices v ON v.id = n.via`
  const stored = (row: NodeRow): StoredNode => ({
    row: row.rowid,
    node: decoded(row.bytes),
    member: row.member,
    receivedAt: row.received,
    linked: row.seq <= row.height,
    via: row.via,
    tree: row.tree,
  })
  const byRows = db.prepare<[string], NodeRow>(`${SELECT} WHERE n.rowid IN (SELECT value FROM json_each(?))`)
  /** In the order of the row numbers given; what is not here any more is left out. */
  function rowsOf(rows: readonly number[]): StoredNode[] {
    const found = new Map(byRows.all(JSON.stringify(rows)).map((row) => [row.rowid, stored(row)]))
    return rows.flatMap((row) => found.get(row) ?? [])
  }
  const byId = db.prepare<[number, Uint8Array], NodeRow>(`${SELECT} WHERE n.id48 = ? AND n.id = ?`)
  const byIds = db.prepare<[string], NodeRow>(`${SELECT} WHERE n.id48 IN (SELECT value FROM json_each(?))`)
  const keyById = db.prepare<
    [number, Uint8Array],
    { timestamp: number; id48: number; received: number; rowid: number }
  >('SELECT timestamp, id48, received, rowid FROM nodes WHERE id48 = ? AND id = ?')
  const rowsAfter = db.prepare<[number, number], NodeRow>(`${SELECT} WHERE n.rowid > ? ORDER BY n.rowid LIMIT ?`)
  const keysOf = db.prepare<[string], { rowid: number; timestamp: number; received: number }>(
    'SELECT rowid, timestamp, received FROM nodes WHERE rowid IN (SELECT value FROM json_each(?))',
  )
  const entries = db.prepare<[], { n: number }>('SELECT COALESCE(SUM(entries), 0) AS n FROM members')
  const entriesOf = db.prepare<[number], { n: number }>('SELECT entries AS n FROM members WHERE id = ?')
  const run = db.prepare<[number, number, number], { seq: number; bytes: Uint8Array }>(
    'SELECT seq, bytes FROM nodes WHERE device = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC',
  )
  const timelines = db.prepare<[], { id: number; key: DeviceKey; height: number; head: Uint8Array | null }>(
    'SELECT id, key, height, head FROM devices',
  )
  const above = db.prepare<[number, number], { seq: number }>(
    'SELECT seq FROM nodes WHERE device = ? AND seq > ? ORDER BY seq',
  )
  const getMeta = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?')
  const setMeta = db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
  const addAck = db.prepare('INSERT OR IGNORE INTO acks VALUES (?, ?)')
  const acksOf = db.prepare<[number], { key: DeviceKey }>(
    'SELECT d.key FROM acks a JOIN devices d ON d.id = a.device WHERE a.node = ?',
  )
  const lastRow = db.prepare<[], { n: number | null }>('SELECT MAX(rowid) AS n FROM nodes')
  const seenOf = db.prepare<[number], { seen: number }>('SELECT seen FROM members WHERE id = ?')
  const setSeen = db.prepare('UPDATE members SET seen = ? WHERE id = ?')
  const unreadOf = db.prepare<[number, number], { n: number }>(
    'SELECT COUNT(*) AS n FROM nodes WHERE member = ? AND entry = 1 AND rowid > ?',
  )
  const proofs = db.prepare<[], { key: DeviceKey; seq: number }>(
    'SELECT d.key, e.seq FROM equivocations e JOIN devices d ON d.id = e.device',
  )

  function haveOfDevice(t: { id: number; height: number; head: Uint8Array | null }): DeviceHave {
    let floating: Range[] = []
    for (const { seq } of above.iterate(t.id, t.height)) floating = addToRanges(floating, seq)
    const top = t.head && place.get(t.id, t.height)
    return { height: t.height, ...(top && { head: toHex(top.id) as NodeId, headTime: top.timestamp }), floating }
  }

  const behind = db.prepare<
    [number, number],
    {
      rowid: number
      member: number
      timestamp: number
      id48: number
      received: number
      entry: number
      bytes: Uint8Array
    }
  >('SELECT rowid, member, timestamp, id48, received, entry, bytes FROM nodes WHERE device = ? AND seq > ?')
  const putAside = db.prepare(
    'INSERT OR IGNORE INTO cut_off (device, seq, bytes) SELECT device, seq, bytes FROM nodes WHERE rowid = ?',
  )
  const forget = db.prepare('DELETE FROM nodes WHERE rowid = ?')
  const forgetTree = db.prepare('DELETE FROM trees WHERE node = ?')
  const forgetBookmark = db.prepare('DELETE FROM bookmarks WHERE node = ?')
  const cutAll = db.transaction((device: number, seq: number, counted: Counted[]) => {
    const docs = new Map<number, [timestamp: number, id48: number]>()
    /** Rows whose words have to be looked at again. */
    const again: number[] = []
    for (const row of behind.all(device, seq)) {
      const { kind, body } = decoded(row.bytes)
      const content = decodeContent(kind, body)
      putAside.run(row.rowid)
      forget.run(row.rowid)
      forgetTree.run(row.rowid)
      forgetBookmark.run(row.rowid)
      if (content && 'target' in content) {
        references.remove(content.target, kind, row.rowid)
        const about = keyById.get(id48Of(content.target), fromHex(content.target))
        if (about) again.push(about.rowid)
      }
      if (!row.entry) continue
      docs.set(docOf(row.timestamp, row.id48), [row.timestamp, row.id48])
      counted.push({
        member: row.member,
        written: { at: row.timestamp, tie: row.id48 },
        reached: { at: row.received, tie: row.rowid },
      })
    }
    positions.count(counted, -1)
    finder.put(
      null,
      [...docs.keys()].map((doc) => ({ doc, content: null })),
    )
    for (const [timestamp, id48] of docs.values()) again.push(...finder.sharing(timestamp, id48))
    if (again.length) finder.rewind(Math.min(...again) - 1)
    if (headOf.get(device)!.height > seq) setHead.run(seq, place.get(device, seq)?.id ?? null, device)
  })

  /** What a node is ordered by; null: it is not here. */
  function keyOf(node: Pick<TimelineNode, 'id' | 'timestamp'>, order: Order): Key | null {
    if (order === 'written') return { at: node.timestamp, tie: id48Of(node.id) }
    const row = keyById.get(id48Of(node.id), fromHex(node.id))
    return row ? { at: row.received, tie: row.rowid } : null
  }

  /** Row number of a scope in `spans`; null: that member has nothing here. */
  const scopeId = (scope: StoreScope): number | null =>
    scope === null ? NOBODY : (memberIds.get(scope) ?? findMember.get(scope)?.id ?? null)

  const methods = {
    /** Appends a batch in one transaction: all of it, or (thrown: DISK_FULL, DATABASE_LOCKED) nothing. */
    append: (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): StoreOutcome[] => {
      const known = [deviceIds.size, memberIds.size]
      // What we wrote ourselves is on the disk before anybody hears of it: after a power cut our own timeline must not be
      // shorter here than elsewhere (rule N7). What others wrote comes again.
      const own = items.some((item) => item.origin.how === 'own')
      try {
        if (own) db.pragma('synchronous = FULL')
        const counted: Counted[] = []
        const outcomes = appendAll.immediate(items, memberOf, now, counted)
        positions.follow(counted, 1)
        return outcomes
      } catch (error) {
        // Row numbers handed out inside a transaction that was rolled back are not true.
        if (known[0] !== deviceIds.size || known[1] !== memberIds.size) {
          deviceIds.clear()
          memberIds.clear()
        }
        throw error
      } finally {
        if (own) db.pragma('synchronous = NORMAL')
      }
    },

    /**
     * Takes what a removed device wrote behind its cut-off out of the timeline (rule M5). The bytes are kept aside, and
     * what is left of the timeline is told: its height, head and runs.
     */
    cutOff(device: DeviceKey, seq: number): DeviceHave | null {
      const id = deviceId(device, null)
      if (id === null) return null
      const counted: Counted[] = []
      cutAll.immediate(id, seq, counted)
      positions.follow(counted, -1)
      return haveOfDevice(timelines.all().find((t) => t.id === id)!)
    },

    /** Height and head of every timeline, and the runs above a gap: the engine's have-vector at start. */
    have(): HaveVector {
      const have: HaveVector = new Map()
      for (const t of timelines.all()) {
        const known = haveOfDevice(t)
        if (known.height || known.floating.length) have.set(t.key, known)
      }
      return have
    },

    /** The newest nodes of [from, to] that connect downward from `to`: ascending bytes, at most `max`, about `bytesMax`. */
    readRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): Uint8Array[] {
      const id = deviceId(device, null)
      if (id === null) return []
      const out: Uint8Array[] = []
      let expected = to
      let size = 0
      for (const row of run.iterate(id, from, to)) {
        if (row.seq !== expected-- || out.length === max || (size > 0 && size + row.bytes.length > bytesMax)) break
        size += row.bytes.length
        out.push(row.bytes)
      }
      return out.reverse()
    },

    /** The node at one place, or null. */
    at(device: DeviceKey, seq: number): TimelineNode | null {
      const id = deviceId(device, null)
      const row = id === null ? undefined : place.get(id, seq)
      return row ? decoded(row.bytes) : null
    },
    height: (device: DeviceKey): number => {
      const id = deviceId(device, null)
      return id === null ? 0 : headOf.get(id)!.height
    },
    byId(id: NodeId): StoredNode | null {
      const row = byId.get(id48Of(id), fromHex(id))
      return row ? stored(row) : null
    },

    /** Entries of a scope: nodes that are shown by themselves. */
    total: (scope: StoreScope): number => {
      if (scope === null) return entries.get()!.n
      const id = scopeId(scope)
      return id === null ? 0 : entriesOf.get(id)!.n
    },
    /** Entries [start, start + count) of a scope, newest first (rule N8), or last arrived first. */
    window(scope: StoreScope, start: number, count: number, order: Order = 'written'): StoredNode[] {
      const id = scopeId(scope)
      return id === null ? [] : rowsOf(positions.page(order, id, start, count))
    },
    /** Where an entry stands in a scope: how many are before it. */
    position(scope: StoreScope, node: Pick<TimelineNode, 'id' | 'timestamp'>, order: Order = 'written'): number {
      const id = scopeId(scope)
      const key = keyOf(node, order)
      return id === null || !key ? 0 : positions.position(order, id, key)
    },
    /** How many of a scope were written (or arrived) after a moment, ms since 1970 UTC. */
    countAfter(scope: StoreScope, order: Order, at: number): number {
      const id = scopeId(scope)
      return id === null ? 0 : positions.after(order, id, at)
    },
    /** Entries per hour (everyone) or day (a member), oldest first. */
    histogram(scope: StoreScope, order: Order): { spanMs: number; spans: { start: number; n: number }[] } {
      const id = scopeId(scope)
      return id === null ? { spanMs: 1, spans: [] } : positions.histogram(order, id)
    },

    /** How many of a scope stand strictly between two of its entries, the one before given first. */
    between(
      scope: StoreScope,
      newer: Pick<TimelineNode, 'id' | 'timestamp'>,
      older: Pick<TimelineNode, 'id' | 'timestamp'>,
      order: Order = 'written',
    ): number {
      const id = scopeId(scope)
      const [high, low] = [keyOf(newer, order), keyOf(older, order)]
      return id === null || !high || !low ? 0 : positions.between(order, id, high, low)
    },

    /** Those of these nodes that are here, in no order. */
    byIds(ids: readonly NodeId[]): StoredNode[] {
      const wanted = new Set(ids)
      return byIds
        .all(JSON.stringify(ids.map(id48Of)))
        .map(stored)
        .filter(({ node }) => wanted.has(node.id))
    },
    /** Nodes by row number, in the order given. */
    rows: rowsOf,
    /** Nodes stored after a row number, in the order of storing. */
    rowsAfter: (row: number, limit: number): StoredNode[] => rowsAfter.all(row, limit).map(stored),
    /** When rows were written and arrived, for lists that are kept by row number. */
    timesOf: (rows: readonly number[]): Map<number, { timestamp: number; receivedAt: number }> =>
      new Map(
        keysOf
          .all(JSON.stringify(rows))
          .map((row) => [row.rowid, { timestamp: row.timestamp, receivedAt: row.received }]),
      ),
    /** Reactions, edits and retractions that name any of these entries, by the entry's id. */
    changesOf(ids: readonly NodeId[]): Map<NodeId, StoredNode[]> {
      const found = references.changesOf(ids)
      const nodes = new Map(rowsOf([...found.values()].flat()).map((node) => [node.row, node]))
      return new Map(
        ids.flatMap((id) => {
          const rows = found.get(id48Of(id))
          return rows ? [[id, rows.flatMap((row) => nodes.get(row) ?? [])] as const] : []
        }),
      )
    },
    /** Answers to each of these entries; those without are left out. */
    repliesTo(ids: readonly NodeId[]): Map<NodeId, number> {
      const found = references.repliesTo(ids)
      return new Map(
        ids.flatMap((id) => {
          const n = found.get(id48Of(id))
          return n === undefined ? [] : [[id, n] as const]
        }),
      )
    },
    /** Row numbers of all answers below an entry, in no order. */
    thread: references.thread,
    memberNumber: (member: MemberKey): number | null => scopeId(member),

    indexedTo: finder.indexedTo,
    notIndexed: finder.behind,
    putDocs: finder.put,
    find: finder.find,
    facets: finder.facets,
    /** The document of an entry, and everybody who shares it. */
    docOf(node: Pick<TimelineNode, 'id' | 'timestamp'>): { doc: number; rows: number[] } {
      const id48 = id48Of(node.id)
      return { doc: docOf(node.timestamp, id48), rows: finder.sharing(node.timestamp, id48) }
    },
    ...keepsakes,

    /** Every node in the order it was stored, for checking all of them again. */
    *all(): Generator<StoredNode> {
      const CHUNK = 500
      for (let last = 0; ;) {
        // Runs while the caller iterates, so it is guarded here.
        const rows = guarded(() => rowsAfter.all(last, CHUNK).map((row) => ({ rowid: row.rowid, node: stored(row) })))
        for (const { node } of rows) yield node
        if (rows.length < CHUNK) return
        last = rows.at(-1)!.rowid
      }
    },

    acknowledge(id: NodeId, by: DeviceKey): void {
      const row = byId.get(id48Of(id), fromHex(id))
      const device = deviceId(by, null)
      if (row && device !== null) addAck.run(row.rowid, device)
    },
    acknowledgedBy(id: NodeId): DeviceKey[] {
      const row = byId.get(id48Of(id), fromHex(id))
      return row ? acksOf.all(row.rowid).map((r) => r.key) : []
    },
    /** Registers a device before anything of it is stored, so that hand-overs by it can be noted. */
    knowDevice: (device: DeviceKey, member: MemberKey): void => void deviceId(device, member),

    unread(member: MemberKey): number {
      const id = scopeId(member)
      return id === null ? 0 : unreadOf.get(id, seenOf.get(id)!.seen)!.n
    },
    /** The row number up to which a member's entries were looked at. */
    seenTo(member: MemberKey): number {
      const id = scopeId(member)
      return id === null ? 0 : seenOf.get(id)!.seen
    },
    markSeen(members: readonly MemberKey[]): void {
      const last = lastRow.get()!.n ?? 0
      for (const member of members) {
        const id = scopeId(member)
        if (id !== null) setSeen.run(last, id)
      }
    },
    ...checkpointTable(db),
    equivocations: (): { device: DeviceKey; seq: number }[] => proofs.all().map((r) => ({ device: r.key, seq: r.seq })),

    meta: (key: string): string | null => getMeta.get(key)?.value ?? null,
    setMeta: (key: string, value: string): void => void setMeta.run(key, value),

    close(): void {
      try {
        if (!damaged) db.exec("UPDATE meta SET value = '1' WHERE key = 'clean'")
      } finally {
        db.close()
      }
    },
  }
  return guardedMethods(methods, guarded)
}

/** Every method with what SQLite refuses turned into what a person can act on. */
function guardedMethods<T extends object>(methods: T, guarded: <R>(work: () => R) => R): T {
  const entries = Object.entries(methods) as [string, (...args: unknown[]) => unknown][]
  return Object.fromEntries(
    entries.map(([name, method]) => [name, (...args: unknown[]) => guarded(() => method(...args))]),
  ) as T
}
