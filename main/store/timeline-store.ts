// The timeline store: verified nodes in one SQLite file. `append` is one synchronous transaction; what it answers is all
// that the engine knows of the disk. Reading is by window, by range and by id; nothing here scans a timeline.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey, NodeId } from '../../shared/types'
import { fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { DeviceHave, HaveVector } from '../protocol/have'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { addToRanges, linkCode, type Place, type Range } from '../protocol/timeline'
import { checkpointTable } from './checkpoints'
import { fileError, makePrivateFile } from './files'
import { migrate } from './schema'

export const TIMELINE_FILE = 'timeline.sqlite'
const DAY_MS = 86_400_000
/** SQLite's own wait for a lock that another program holds (a backup tool); then DATABASE_LOCKED. */
const BUSY_MS = 2000
/** Pages that may be read again at once; the file is read by window, so a small cache does. */
const CACHE_KIB = 8192
/** Place 0 in `days` and `via`: everyone, nobody. */
const NOBODY = 0

/** What a window reads of a node. */
export interface StoredNode {
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
  device: DeviceKey
  member: MemberKey
  seq: number
  received: number
  height: number
  via: DeviceKey | null
  tree: 0 | 1 | null
  bytes: Uint8Array
}

const id48Of = (id: NodeId): number => Number.parseInt(id.slice(0, 12), 16)
const dayOf = (timestamp: number): number => Math.floor(timestamp / DAY_MS)

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
    'INSERT INTO nodes (device, seq, member, id48, timestamp, received, via, tree, id, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const headOf = db.prepare<[number], { height: number; head: Uint8Array | null; member: number }>(
    'SELECT height, head, member FROM devices WHERE id = ?',
  )
  const setHead = db.prepare('UPDATE devices SET height = ?, head = ? WHERE id = ?')
  const countDay = db.prepare('INSERT INTO days VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET n = n + 1')
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

  function appendOne(item: StoreItem, member: MemberKey, now: number): StoreOutcome {
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
    insert.run(
      device,
      node.seq,
      row,
      id48Of(node.id),
      node.timestamp,
      now,
      via,
      origin.tree,
      fromHex(node.id),
      node.bytes,
    )
    countDay.run(row, dayOf(node.timestamp))
    countDay.run(NOBODY, dayOf(node.timestamp))
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
    (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number) =>
      items.map((item) => appendOne(item, memberOf(item.node.device), now)),
  )

  // ---------------------------------------------------------------- reading
  const SELECT = `SELECT d.key AS device, m.key AS member, n.seq, n.received, d.height, v.key AS via, n.tree, n.bytes
    FROM nodes n JOIN devices d ON d.id = n.device JOIN members m ON m.id = n.member LEFT JOIN devices v ON v.id = n.via`
  const stored = (row: NodeRow): StoredNode => ({
    node: decoded(row.bytes),
    member: row.member,
    receivedAt: row.received,
    linked: row.seq <= row.height,
    via: row.via,
    tree: row.tree,
  })
  const windowOfAll = db.prepare<[number, number, number], NodeRow>(
    `${SELECT} WHERE n.timestamp < ? ORDER BY n.timestamp DESC, n.id48 DESC LIMIT ? OFFSET ?`,
  )
  const windowOfMember = db.prepare<[number, number, number, number], NodeRow>(
    `${SELECT} WHERE n.member = ? AND n.timestamp < ? ORDER BY n.timestamp DESC, n.id48 DESC LIMIT ? OFFSET ?`,
  )
  const days = db.prepare<[number], { day: number; n: number }>(
    'SELECT day, n FROM days WHERE member = ? ORDER BY day DESC',
  )
  const total = db.prepare<[number], { n: number }>('SELECT COALESCE(SUM(n), 0) AS n FROM days WHERE member = ?')
  const newerDays = db.prepare<[number, number], { n: number }>(
    'SELECT COALESCE(SUM(n), 0) AS n FROM days WHERE member = ? AND day > ?',
  )
  const newerInDay = db.prepare<[number, number, number], { n: number }>(
    'SELECT COUNT(*) AS n FROM nodes WHERE timestamp < ? AND (timestamp, id48) > (?, ?)',
  )
  const newerInDayOfMember = db.prepare<[number, number, number, number], { n: number }>(
    'SELECT COUNT(*) AS n FROM nodes WHERE member = ? AND timestamp < ? AND (timestamp, id48) > (?, ?)',
  )
  const BETWEEN = 'timestamp BETWEEN ? AND ? AND (timestamp, id48) < (?, ?) AND (timestamp, id48) > (?, ?)'
  type Keys = [number, number, number, number, number, number]
  const betweenAll = db.prepare<Keys, { n: number }>(`SELECT COUNT(*) AS n FROM nodes WHERE ${BETWEEN}`)
  const betweenOfMember = db.prepare<[number, ...Keys], { n: number }>(
    `SELECT COUNT(*) AS n FROM nodes WHERE member = ? AND ${BETWEEN}`,
  )
  const byId = db.prepare<[number, Uint8Array], NodeRow & { rowid: number }>(
    `${SELECT.replace('SELECT', 'SELECT n.rowid,')} WHERE n.id48 = ? AND n.id = ?`,
  )
  const run = db.prepare<[number, number, number], { seq: number; bytes: Uint8Array }>(
    'SELECT seq, bytes FROM nodes WHERE device = ? AND seq BETWEEN ? AND ? ORDER BY seq DESC',
  )
  const timelines = db.prepare<[], { id: number; key: DeviceKey; height: number; head: Uint8Array | null }>(
    'SELECT id, key, height, head FROM devices',
  )
  const above = db.prepare<[number, number], { seq: number }>(
    'SELECT seq FROM nodes WHERE device = ? AND seq > ? ORDER BY seq',
  )
  const everyRow = db.prepare<[number, number], NodeRow & { rowid: number }>(
    `${SELECT.replace('SELECT', 'SELECT n.rowid,')} WHERE n.rowid > ? ORDER BY n.rowid LIMIT ?`,
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
    'SELECT COUNT(*) AS n FROM nodes WHERE member = ? AND rowid > ?',
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

  const behind = db.prepare<[number, number], { rowid: number; member: number; timestamp: number }>(
    'SELECT rowid, member, timestamp FROM nodes WHERE device = ? AND seq > ?',
  )
  const putAside = db.prepare(
    'INSERT OR IGNORE INTO cut_off (device, seq, bytes) SELECT device, seq, bytes FROM nodes WHERE rowid = ?',
  )
  const forget = db.prepare('DELETE FROM nodes WHERE rowid = ?')
  const uncountDay = db.prepare('UPDATE days SET n = n - 1 WHERE member = ? AND day = ?')
  const cutAll = db.transaction((device: number, seq: number) => {
    for (const row of behind.all(device, seq)) {
      putAside.run(row.rowid)
      forget.run(row.rowid)
      uncountDay.run(row.member, dayOf(row.timestamp))
      uncountDay.run(NOBODY, dayOf(row.timestamp))
    }
    if (headOf.get(device)!.height > seq) setHead.run(seq, place.get(device, seq)?.id ?? null, device)
  })

  /** Row number of a scope in `days`; null: that member has nothing here. */
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
        return appendAll.immediate(items, memberOf, now)
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
      cutAll.immediate(id, seq)
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

    total: (scope: StoreScope): number => {
      const id = scopeId(scope)
      return id === null ? 0 : total.get(id)!.n
    },
    /** Rows [start, start + count) of a scope, newest first by (timestamp, id): rule N8. */
    window(scope: StoreScope, start: number, count: number): StoredNode[] {
      const id = scopeId(scope)
      if (id === null) return []
      let skip = start
      for (const { day, n } of days.iterate(id)) {
        if (skip >= n) {
          skip -= n
          continue
        }
        const before = (day + 1) * DAY_MS
        return (id === NOBODY ? windowOfAll.all(before, count, skip) : windowOfMember.all(id, before, count, skip)).map(
          stored,
        )
      }
      return []
    },
    /** Where a node stands in a scope: how many are newer. */
    position(scope: StoreScope, node: Pick<TimelineNode, 'id' | 'timestamp'>): number {
      const id = scopeId(scope)
      if (id === null) return 0
      const day = dayOf(node.timestamp)
      const end = (day + 1) * DAY_MS
      const inDay =
        id === NOBODY
          ? newerInDay.get(end, node.timestamp, id48Of(node.id))!
          : newerInDayOfMember.get(id, end, node.timestamp, id48Of(node.id))!
      return newerDays.get(id, day)!.n + inDay.n
    },

    /** How many of a scope stand strictly between two of its nodes, the newer one given first. */
    between(
      scope: StoreScope,
      newer: Pick<TimelineNode, 'id' | 'timestamp'>,
      older: Pick<TimelineNode, 'id' | 'timestamp'>,
    ): number {
      const id = scopeId(scope)
      if (id === null) return 0
      const keys = [
        older.timestamp,
        newer.timestamp,
        newer.timestamp,
        id48Of(newer.id),
        older.timestamp,
        id48Of(older.id),
      ] as const
      return (id === NOBODY ? betweenAll.get(...keys)! : betweenOfMember.get(id, ...keys)!).n
    },

    /** Every node in the order it was stored, for checking all of them again. */
    *all(): Generator<StoredNode> {
      const CHUNK = 500
      for (let last = 0; ;) {
        // Runs while the caller iterates, so it is guarded here.
        const rows = guarded(() => everyRow.all(last, CHUNK).map((row) => ({ rowid: row.rowid, node: stored(row) })))
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
