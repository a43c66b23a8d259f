// The timeline store: verified nodes in one SQLite file. `append` is one synchronous transaction; what it answers is all
// that the engine knows of the disk. Reading is by window, by range and by id; nothing here scans a timeline. Places are
// kept by positions.ts, who speaks about whom by references.ts, words by finder.ts, what is only ours by keepsakes.ts.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TwofoldError } from '../../shared/errors'
import type { CircleId, DeviceKey, MemberKey, NodeId, Order } from '../../shared/types'
import { fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { DeviceHave, HaveVector } from '../protocol/have'
import { standing } from '../protocol/kinds'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { addToRanges, type Range } from '../protocol/timeline'
import { openAppending, type Appended } from './appending'
import { openBelieved, type BelievedRange, type Missigned } from './believed'
import { checkpointTable } from './checkpoints'
import { fileError } from '../../shared/file-errors'
import { makePrivateFile } from './files'
import { docOf, openFinder } from './finder'
import { openKeepsakes } from './keepsakes'
import { openKeys } from './keys'
import {
  ID_TAIL_BYTES,
  damagedRow,
  id48Of,
  idOfRow,
  nodeOf,
  type NodeColumns,
  type RowNode,
  type RowSource,
} from './node-row'
import { openPositions, type Counted, type Key, type SpanChange } from './positions'
import { openReferences } from './references'
import { migrate } from './schema'
import { openServing } from './serving'
import { openSizes } from './sizes'

export const TIMELINE_FILE = 'timeline.sqlite'
/** SQLite checks so much in some tenths of a second. */
const CHECKED_HERE_BYTES_MAX = 67_108_864
/** SQLite's own wait for a lock that another program holds (a backup tool); then DATABASE_LOCKED. */
const BUSY_MS = 2000
/** Pages that may be read again at once; the file is read by window, so a small cache does. */
const CACHE_KIB = 8192
/** What comes in bulk goes to five places of the file at once; pages that do not stay in memory are read and written again. */
const BULK_CACHE_KIB = 65_536
/** Pages of the log beyond which it is written back while much comes in: 64 MiB (1.5 times as fast as SQLite's 1,000). */
const BULK_WAL_PAGES = 16_000
const WAL_PAGES = 1000
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
  /** Rule N9: its own signature, or the chain above it while that was not looked at. */
  signature: 'checked' | 'by-chain' | 'bad'
  /** Who handed over the first copy; null: written here. */
  via: DeviceKey | null
  tree: 0 | 1 | null
}
/** Null: everyone. */
export type StoreScope = MemberKey | null

/** Keys by their numbers: the same few hundred keys as text in every row would cost more than the row. */
interface NodeRow extends Omit<NodeColumns, 'device'> {
  rowid: number
  device: number
  member: number
  received: number
  height: number
  via: number
  tree: 0 | 1 | null
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
export function isDamage(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string }
  // The search's index says so in its own words.
  return /^SQLITE_(CORRUPT|NOTADB)/.test(code) || (code === 'SQLITE_ERROR' && message.includes('fts5'))
}

export type TimelineStore = ReturnType<typeof storeOn>

export interface StoreOptions {
  /** A connection beside the one that opened the folder: it neither checks the file nor says how the run ended. */
  beside?: boolean
  /** A large file is checked beside, by whoever opened it, who calls `checked` in the end. */
  checkBeside?: boolean
  /** Whose turn it is to write: `take` makes the connection beside this one wait after its transaction. */
  turn?: { take(): void; give(): void }
}

/**
 * Opens the database of a folder. After a run that did not close it, SQLite's own check runs first. Throws what `isDamage` recognises when the file is damaged, DATABASE_NEWER,
 * DATABASE_LOCKED, FOLDER_UNWRITABLE.
 */
export function openTimelineStore(dir: string, crypto: Crypto, options: StoreOptions = {}): TimelineStore {
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
    db.pragma(`cache_size = -${options.beside ? BULK_CACHE_KIB : CACHE_KIB}`)
    if (options.beside) {
      db.pragma(`wal_autocheckpoint = ${BULK_WAL_PAGES}`)
      return storeOn(db, dir, crypto, options)
    }
    migrate(db)
    const clean = db.prepare<[], { value: string }>("SELECT value FROM meta WHERE key = 'clean'").get()
    // What an earlier run met, though SQLite's own check may not see it.
    if (clean?.value === 'damaged') throw Object.assign(new Error('met while running'), { code: 'SQLITE_CORRUPT' })
    const beside = options.checkBeside === true && statSync(join(dir, TIMELINE_FILE)).size > CHECKED_HERE_BYTES_MAX
    if (clean?.value === '0' && !beside) {
      const found = db.pragma('quick_check(1)', { simple: true })
      if (found !== 'ok') throw Object.assign(new Error(String(found)), { code: 'SQLITE_CORRUPT' })
    }
    demandCounts(db)
    db.exec("INSERT INTO meta VALUES ('clean', '0') ON CONFLICT DO UPDATE SET value = '0'")
    return storeOn(db, dir, crypto, options, clean?.value === '0' && beside)
  } catch (error) {
    db.close()
    // Our statements are right, so it is the tables that they do not find, or an index that cannot be opened.
    if ((error as { code?: string }).code === 'SQLITE_ERROR')
      throw Object.assign(error as Error, { code: 'SQLITE_CORRUPT' })
    throw isDamage(error) ? error : storeError(error, dir)
  }
}

/**
 * Three sums that every transaction keeps equal: entries by member, by when they were written and by when they came. A page of
 * zeros in one of them would show a timeline without its entries, and SQLite would not mind.
 */
function demandCounts(db: Database.Database): void {
  const sums = db
    .prepare<[], { n: number }>(
      `SELECT COALESCE(SUM(entries), 0) AS n FROM members
       UNION ALL SELECT COALESCE(SUM(n), 0) FROM spans WHERE ordering = 0 AND member = ${NOBODY}
       UNION ALL SELECT COALESCE(SUM(n), 0) FROM spans WHERE ordering = 1 AND member = ${NOBODY}`,
    )
    .all()
  if (sums.some(({ n }) => n !== sums[0]!.n)) throw damagedRow('counts that differ')
}

function storeOn(
  db: Database.Database,
  dir: string,
  crypto: Crypto,
  { beside = false, turn }: StoreOptions,
  /** The run before did not end in order, and the file was not looked at since. */
  unchecked = false,
) {
  /** Damage was met: this run does not end cleanly, so the next start checks and salvages. */
  let damaged = false
  let noted = false
  /** On the disk at once, since the run may be killed; within a transaction, which is about to be undone, right after it. */
  const writeDamage = (): void => {
    if (!damaged || noted || db.inTransaction) return
    noted = true
    try {
      db.exec("UPDATE meta SET value = 'damaged' WHERE key = 'clean'")
    } catch {
      // A database that takes not even this does not pass the check of the next start.
    }
  }
  const noteDamage = (): void => {
    damaged = true
    writeDamage()
  }
  const failure = (error: unknown): unknown => {
    if (isDamage(error)) noteDamage()
    return storeError(error, dir)
  }
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      writeDamage()
      throw failure(error)
    }
  }

  function inTurn<T>(name: string, work: () => T): T {
    if (!turn || !WRITES.has(name)) return work()
    turn.take()
    try {
      return work()
    } finally {
      turn.give()
    }
  }

  const keys = openKeys(db)
  const positions = openPositions(db)
  const references = openReferences(db)
  const believed = openBelieved(db)
  const finder = openFinder(db)
  const keepsakes = openKeepsakes(db)
  const appendAll = openAppending(db, { keys, positions, references, believed })

  /** Several answers about one state of the database, whatever another connection commits meanwhile. */
  function reading<T>(work: () => T): T {
    if (db.inTransaction) return work()
    return db.transaction(() => {
      positions.settle()
      return work()
    })()
  }

  // ---------------------------------------------------------------- reading
  const readCircle = db.prepare<[], { circle: CircleId | null }>('SELECT circle FROM ledger')
  let circle: CircleId | null = null
  const placeOf = db.prepare<[number, number], { id48: number; timestamp: number; rest: Uint8Array }>(
    'SELECT id48, timestamp, rest FROM nodes WHERE device = ? AND seq = ?',
  )
  const backlinkOf = db.prepare<[number, number], { backlink: Uint8Array | null }>(
    'SELECT backlink FROM nodes WHERE device = ? AND seq = ?',
  )
  const idAt = (device: number, seq: number): NodeId | null => {
    const row = placeOf.get(device, seq)
    return row ? idOfRow(row.id48, row.rest) : null
  }
  const source: RowSource = {
    circle() {
      circle ??= readCircle.get()!.circle
      if (circle === null) throw damagedRow('nodes of no circle')
      return circle
    },
    backlinkAt: (device, seq) =>
      guarded(() => {
        const number = keys.device(device, null)!
        const kept = backlinkOf.get(number, seq)?.backlink
        return kept ? (toHex(kept) as NodeId) : idAt(number, seq - 1)
      }),
  }

  const serving = openServing(db, keys, () => source.circle())

  const SELECT = `SELECT n.rowid, n.device, n.member, n.seq, n.id48, n.timestamp, n.received, d.height, n.via, n.tree, n.rest
    FROM nodes n JOIN devices d ON d.id = n.device`
  const known = <T>(key: T | null): T => {
    if (key === null) throw damagedRow('a row of nobody')
    return key
  }
  const stored = (row: NodeRow): StoredNode & { node: RowNode } => ({
    row: row.rowid,
    node: nodeOf({ ...row, device: known(keys.deviceKey(row.device)) }, source),
    member: known(keys.memberKey(row.member)),
    receivedAt: row.received,
    linked: row.seq <= row.height,
    // Asked for only where a proof is shown: two questions a row would double the cost of a window.
    get signature() {
      return guarded(() =>
        believed.holds(row.device, row.seq) ? 'by-chain' : believed.missigned(row.device, row.seq) ? 'bad' : 'checked',
      )
    },
    via: row.via === NOBODY ? null : keys.deviceKey(row.via),
    tree: row.tree,
  })
  const decoded = (bytes: Uint8Array): TimelineNode => {
    const result = decodeNode(crypto, bytes)
    if (!result.ok) throw damagedRow(`stored node: ${result.code}`)
    return result.node
  }
  /** With what their bytes need: who shows them hashes them, and must not have to ask for each. */
  const WHOLE = SELECT.replace(
    'FROM nodes n',
    `, n.backlink, p.id48 AS below48, substr(p.rest, 1, ${ID_TAIL_BYTES}) AS belowTail
    FROM nodes n LEFT JOIN nodes p ON p.device = n.device AND p.seq = n.seq - 1`,
  )
  interface WholeRow extends NodeRow {
    backlink: Uint8Array | null
    below48: number | null
    belowTail: Uint8Array | null
  }
  const wholeByRows = db.prepare<[string], WholeRow>(`${WHOLE} WHERE n.rowid IN (SELECT value FROM json_each(?))`)
  const wholeByIds = db.prepare<[string], WholeRow>(`${WHOLE} WHERE n.id48 IN (SELECT value FROM json_each(?))`)
  function whole(row: WholeRow): StoredNode {
    const one = stored(row)
    const { backlink, below48, belowTail } = row
    if (backlink) one.node.follows(toHex(backlink) as NodeId)
    else if (below48 !== null && belowTail) one.node.follows(idOfRow(below48, belowTail))
    return one
  }
  /** In the order of the row numbers given; what is not here any more is left out. */
  function wholeRowsOf(rows: readonly number[]): StoredNode[] {
    const found = new Map(wholeByRows.all(JSON.stringify(rows)).map((row) => [row.rowid, whole(row)]))
    return rows.flatMap((row) => found.get(row) ?? [])
  }
  const byId48 = db.prepare<[number], NodeRow>(`${SELECT} WHERE n.id48 = ?`)
  function findById(id: NodeId): NodeRow | undefined {
    return byId48.all(id48Of(id)).find((row) => idOfRow(row.id48, row.rest) === id)
  }
  const rowsAfter = db.prepare<[number, number], NodeRow>(`${SELECT} WHERE n.rowid > ? ORDER BY n.rowid LIMIT ?`)
  const keysOf = db.prepare<[string], { rowid: number; timestamp: number; received: number }>(
    'SELECT rowid, timestamp, received FROM nodes WHERE rowid IN (SELECT value FROM json_each(?))',
  )
  const entries = db.prepare<[], { n: number }>('SELECT COALESCE(SUM(entries), 0) AS n FROM members')
  const entriesOf = db.prepare<[number], { n: number }>('SELECT entries AS n FROM members WHERE id = ?')
  const headOf = db.prepare<[number], { height: number }>('SELECT height FROM devices WHERE id = ?')
  const setHead = db.prepare('UPDATE devices SET height = ?, head = ? WHERE id = ?')
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
    const top = t.head && placeOf.get(t.id, t.height)
    return { height: t.height, ...(top && { head: idOfRow(top.id48, top.rest), headTime: top.timestamp }), floating }
  }

  const behind = db.prepare<[number, number], NodeRow & { entry: number }>(
    `${SELECT.replace('SELECT', 'SELECT n.entry,')} WHERE n.device = ? AND n.seq > ? ORDER BY n.seq DESC`,
  )
  const putAside = db.prepare('INSERT OR IGNORE INTO cut_off (device, seq, bytes) VALUES (?, ?, ?)')
  const note = db.prepare<[], { commits: number }>('UPDATE ledger SET commits = commits + 1 RETURNING commits')
  const forget = db.prepare('DELETE FROM nodes WHERE rowid = ?')
  const forgetTree = db.prepare('DELETE FROM trees WHERE node = ?')
  const forgetBookmark = db.prepare('DELETE FROM bookmarks WHERE node = ?')
  const cutAll = db.transaction((device: number, seq: number) => {
    const counted: Counted[] = []
    const docs = new Map<number, [timestamp: number, id48: number]>()
    /** Rows whose words have to be looked at again. */
    const again: number[] = []
    // From the top down: a node's bytes need the id of the one below.
    for (const row of behind.all(device, seq)) {
      const { node } = stored(row)
      const { target } = standing(node.kind, node.body)
      putAside.run(device, row.seq, node.bytes)
      forget.run(row.rowid)
      forgetTree.run(row.rowid)
      forgetBookmark.run(row.rowid)
      if (target) {
        references.remove(target, node.kind, row.rowid)
        const about = findById(target)
        if (about) again.push(about.rowid)
      }
      if (!row.entry) continue
      docs.set(docOf(row.timestamp, row.id48), [row.timestamp, row.id48])
      counted.push({
        member: row.member,
        written: { at: row.timestamp, tie: row.id48 },
        reached: positions.reached(row.rowid),
      })
    }
    const changes = positions.count(counted, -1)
    believed.cutOff(device, seq)
    finder.put(
      null,
      [...docs.keys()].map((doc) => ({ doc, content: null, fresh: false })),
    )
    for (const [timestamp, id48] of docs.values()) again.push(...finder.sharing(timestamp, id48))
    if (again.length) finder.rewind(Math.min(...again) - 1)
    const head = idAt(device, seq)
    if (headOf.get(device)!.height > seq) setHead.run(seq, head && fromHex(head), device)
    return { commit: note.get()!.commits, changes }
  })

  /** What a node is ordered by; null: it is not here. */
  function keyOf(node: Pick<TimelineNode, 'id' | 'timestamp'>, order: Order): Key | null {
    if (order === 'written') return { at: node.timestamp, tie: id48Of(node.id) }
    const row = findById(node.id)
    return row ? positions.reached(row.rowid) : null
  }

  /** Row number of a scope in `spans`; null: that member has nothing here. */
  const scopeId = (scope: StoreScope): number | null => (scope === null ? NOBODY : keys.knownMember(scope))

  const methods = {
    /** Appends a batch in one transaction: all of it, or (thrown: DISK_FULL, DATABASE_LOCKED) nothing. */
    append: (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): StoreOutcome[] => {
      if (!items.length) return []
      const { outcomes, commit, changes } = methods.commit(items, memberOf, now)
      positions.follow(commit, changes)
      return outcomes
    },
    /** The same, for whoever tells another connection what was changed. `items`: not empty. */
    commit: (items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): Appended => {
      // What we wrote ourselves is on the disk before anybody hears of it: after a power cut our own timeline must not be
      // shorter here than elsewhere (rule N7). What others wrote comes again.
      const own = items.some((item) => item.origin.how === 'own')
      try {
        if (own) db.pragma('synchronous = FULL')
        return appendAll(items, memberOf, now)
      } finally {
        if (own) db.pragma('synchronous = NORMAL')
      }
    },

    /**
     * Takes what a removed device wrote behind its cut-off out of the timeline (rule M5). The bytes are kept aside, and
     * what is left of the timeline is told: its height, head and runs.
     */
    cutOff(device: DeviceKey, seq: number): DeviceHave | null {
      const id = keys.device(device, null)
      if (id === null) return null
      const { commit, changes } = cutAll.immediate(id, seq)
      positions.follow(commit, changes)
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

    ...serving,

    /** The node at one place, or null. */
    at(device: DeviceKey, seq: number): TimelineNode | null {
      const id = keys.device(device, null)
      const row = id === null ? undefined : placeOf.get(id, seq)
      return row ? nodeOf({ device, seq, ...row }, source) : null
    },
    height: (device: DeviceKey): number => {
      const id = keys.device(device, null)
      return id === null ? 0 : headOf.get(id)!.height
    },
    byId(id: NodeId): StoredNode | null {
      const row = findById(id)
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
      return id === null ? [] : reading(() => wholeRowsOf(positions.page(order, id, start, count)))
    },
    /** Where an entry stands in a scope: how many are before it. */
    position(scope: StoreScope, node: Pick<TimelineNode, 'id' | 'timestamp'>, order: Order = 'written'): number {
      return reading(() => {
        const id = scopeId(scope)
        const key = keyOf(node, order)
        return id === null || !key ? 0 : positions.position(order, id, key)
      })
    },
    /** How many of a scope were written (or arrived) after a moment, ms since 1970 UTC. */
    countAfter(scope: StoreScope, order: Order, at: number): number {
      const id = scopeId(scope)
      return id === null ? 0 : reading(() => positions.after(order, id, at))
    },
    /** Entries per hour (everyone) or day (a member), oldest first. */
    histogram(scope: StoreScope, order: Order): { spanMs: number; spans: { start: number; n: number }[] } {
      const id = scopeId(scope)
      return id === null ? { spanMs: 1, spans: [] } : reading(() => positions.histogram(order, id))
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
      return wholeByIds
        .all(JSON.stringify(ids.map(id48Of)))
        .map(whole)
        .filter(({ node }) => wanted.has(node.id))
    },
    /** Nodes by row number, in the order given. */
    rows: wholeRowsOf,
    /** Nodes stored after a row number, in the order of storing. */
    rowsAfter: (row: number, limit: number): StoredNode[] => rowsAfter.all(row, limit).map(stored),
    /** When rows were written and arrived, for lists that are kept by row number. */
    timesOf: (rows: readonly number[]): Map<number, { timestamp: number; receivedAt: number }> =>
      new Map(
        keysOf
          .all(JSON.stringify(rows))
          .map((row) => [row.rowid, { timestamp: row.timestamp, receivedAt: row.received }]),
      ),
    /** Reactions, edits and retractions that name any of these entries, and how many answers; those without are left out. */
    aboutOf(ids: readonly NodeId[]): Map<NodeId, { changes: StoredNode[]; replies: number }> {
      const found = references.about(ids)
      if (!found.size) return new Map()
      const nodes = new Map(
        wholeRowsOf([...found.values()].flatMap(({ changes }) => changes)).map((node) => [node.row, node]),
      )
      return new Map(
        ids.flatMap((id) => {
          const one = found.get(id48Of(id))
          if (!one) return []
          const { changes, replies } = one
          return [[id, { changes: changes.flatMap((row) => nodes.get(row) ?? []), replies }] as const]
        }),
      )
    },
    /** Row numbers of all answers below an entry, in no order. */
    thread: references.thread,
    memberNumber: (member: MemberKey): number | null => scopeId(member),

    toIndex: finder.toIndex,
    indexedFurthest: finder.indexedFurthest,
    /** Row numbers of everybody in the documents of the entries of these moments, by document. */
    sharingAt: finder.sharingAt,
    notIndexed: finder.behind,
    putDocs: finder.put,
    find: finder.find,
    facets: finder.facets,
    /** The number of the document of an entry. */
    docOf: (node: Pick<TimelineNode, 'id' | 'timestamp'>): number => docOf(node.timestamp, id48Of(node.id)),
    ...keepsakes,

    /** Follows in memory what the connection beside this one has committed. */
    follow: (commit: number, changes: readonly SpanChange[]): void => positions.follow(commit, changes),
    /** While the connection beside this one stores in bulk, it alone writes the log back: this one must not be held up. */
    bulk: (on: boolean): void => void db.pragma(`wal_autocheckpoint = ${on ? 0 : WAL_PAGES}`),
    unchecked: (): boolean => unchecked,
    /** It was checked and found sound. */
    checked(): void {
      unchecked = false
    },
    /** The connection beside this one has met damage: this run does not end cleanly either. */
    damagedElsewhere: noteDamage,

    /** Several answers about one state of the database, whatever another connection commits meanwhile. */
    reading,
    /** Rule N9: some stretch whose own signatures were not checked yet, or null; and how many there are in all. */
    believed: (): BelievedRange | null => believed.next(),
    believedCount: (): number => believed.count(),
    /** Notes that the signatures of a stretch were looked at, and which of them do not hold. */
    signaturesChecked: (range: BelievedRange, bad: readonly number[], now: number): void =>
      db
        .transaction(() => {
          const device = keys.device(range.device, null)!
          believed.clear(device, range.from, range.to)
          for (const seq of bad) believed.note(device, seq, now)
        })
        .immediate(),
    missigned: (): Missigned[] => believed.allMissigned(),

    /** Every node in the order it was stored, read as a stranger's: for checking all of them again. */
    *all(): Generator<StoredNode> {
      const CHUNK = 500
      for (let last = 0; ;) {
        // Runs while the caller iterates, so it is guarded here.
        const rows = guarded(() =>
          rowsAfter.all(last, CHUNK).map((row) => {
            const one = stored(row)
            return { rowid: row.rowid, one: { ...one, node: decoded(one.node.bytes) } }
          }),
        )
        for (const { one } of rows) yield one
        if (rows.length < CHUNK) return
        last = rows.at(-1)!.rowid
      }
    },

    acknowledge(id: NodeId, by: DeviceKey): void {
      const row = findById(id)
      const device = keys.device(by, null)
      if (row && device !== null) addAck.run(row.rowid, device)
    },
    acknowledgedBy(id: NodeId): DeviceKey[] {
      const row = findById(id)
      return row ? acksOf.all(row.rowid).map((r) => r.key) : []
    },
    /** Registers a device before anything of it is stored, so that hand-overs by it can be noted. */
    knowDevice: (device: DeviceKey, member: MemberKey): void => void keys.device(device, member),

    unread(member: MemberKey): number {
      const id = scopeId(member)
      const seen = id === null ? 0 : seenOf.get(id)!.seen
      if (id === null || seen >= (lastRow.get()!.n ?? 0)) return 0
      // Counting goes over all that the member wrote; nothing was looked at yet: that number is kept.
      return seen === 0 ? entriesOf.get(id)!.n : unreadOf.get(id, seen)!.n
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

    ...openSizes(db),
    /** What was read is not what was stored: told, and salvaged at the next start. */
    /** As `damage`, for whoever goes on with what is sound. */
    noteDamage,
    damage(): never {
      throw Object.assign(new Error('a stored node is not what was signed'), { code: 'SQLITE_CORRUPT' })
    },

    meta: (key: string): string | null => getMeta.get(key)?.value ?? null,
    setMeta: (key: string, value: string): void => void setMeta.run(key, value),

    close(): void {
      try {
        // What bulk left in the log goes to the file, and the log is emptied, unless somebody reads: then it is done later.
        if (beside) db.pragma('wal_checkpoint(TRUNCATE)')
        else if (damaged) writeDamage()
        else if (!unchecked) db.exec("UPDATE meta SET value = '1' WHERE key = 'clean'")
      } catch (error) {
        // Everything that was answered is stored; without the mark the next start checks the file.
        if ((error as { code?: string }).code !== 'SQLITE_FULL') throw error
      } finally {
        db.close()
      }
    },
  }
  return guardedMethods(
    methods,
    turn ? (name, work) => guarded(() => inTurn(name, work)) : (_name, work) => guarded(work),
  )
}

/** Methods that write. Reading waits for nobody. */
const WRITES: ReadonlySet<string> = new Set([
  'append',
  'cutOff',
  'putDocs',
  'putTrees',
  'dropTrees',
  'bookmark',
  'acknowledge',
  'knowDevice',
  'markSeen',
  'keepCheckpoints',
  'setMeta',
  'signaturesChecked',
  'compactIndex',
  'compact',
  'close',
] satisfies (keyof TimelineStore)[])

/** Every method with what SQLite refuses turned into what a person can act on. */
function guardedMethods<T extends object>(methods: T, guarded: <R>(name: string, work: () => R) => R): T {
  const entries = Object.entries(methods) as [string, (...args: unknown[]) => unknown][]
  return Object.fromEntries(
    entries.map(([name, method]) => [name, (...args: unknown[]) => guarded(name, () => method(...args))]),
  ) as T
}
