// Where entries stand (rule N8 and by arrival) without scanning: counts per span of time are kept in the database and, for
// the scopes in use, in memory as sums that follow every commit exactly once, whichever connection made it; inside a crowded span every 1,024th entry is remembered as an anchor. So a total, a
// position, a window and the histogram cost the same at a thousand and at a million entries.
import type Database from 'better-sqlite3'
import type { Order } from '../../shared/types'
import { HOUR_MS } from './arrival-order'
import { openArrivals } from './arrivals'

/** Everyone by the hour; a single member writes less. */
const spanMsOf = (member: number): number => (member === 0 ? HOUR_MS : 24 * HOUR_MS)
/** Entries between two anchors: at most this many index entries are stepped over, some 50 µs. */
const STEP = 1024
/** Scopes whose sums are kept in memory: everyone and the members last looked at, in two orders. */
const SCOPES_MAX = 64

/**
 * What orders entries. As written: the time, ms, then the id's first 48 bits. As they reached this device: the row number; `at`
 * is then the hour in which it came, as ms, and follows from it.
 */
export interface Key {
  at: number
  tie: number
}
const before = (a: Key, b: Key): boolean => a.at < b.at || (a.at === b.at && a.tie < b.tie)

/** An entry that came or went, with all that places depend on. */
export interface Counted {
  member: number
  written: Key
  reached: Key
}

/** What one commit changed of one span of a scope. */
export interface SpanChange {
  order: Order
  member: number
  span: number
  by: number
  /** The least key that came or went: every place behind it has moved. */
  least: Key
}

interface Sums {
  /** Spans that hold entries, ascending, how many each, and how many are older than each. */
  spans: number[]
  counts: number[]
  older: number[]
  total: number
  stale: boolean
  /** By span: the keys of every STEP-th entry, counted from the span's oldest. */
  anchors: Map<number, Key[]>
}

type Counting = Database.Statement<unknown[], { n: number }>
interface Statements {
  page: Database.Statement<unknown[], { rowid: number }>
  pageFrom: Database.Statement<unknown[], { rowid: number }>
  first: Database.Statement<unknown[], Key>
  next: Database.Statement<unknown[], Key>
  newer: Counting
  upTo: Counting
  between: Counting
  /** Moments and keys as these statements take them. */
  moment(at: number): number
  key(key: Key): number[]
  /** A key as `first` and `next` give it. */
  keyOf(found: Key): Key
}

const ORDERS: readonly Order[] = ['written', 'reached']
/** Commits of another connection whose changes came before those of an earlier one; with more, sums are read anew. */
const EARLY_MAX = 256

/** A number for (span, member, order): spans are below 2³⁰, members of the table below 2²⁰. */
const nameOf = (order: number, member: number, span: number): number => (span * 2 ** 20 + member) * 2 + order

export type Positions = ReturnType<typeof openPositions>

export function openPositions(db: Database.Database) {
  const arrivals = openArrivals(db)
  const statements = new Map<string, Statements>()
  const cached = new Map<string, Sums>()

  const statementsOf = (order: Order, member: number): Statements => {
    const name = `${order} ${member === 0}`
    const known = statements.get(name)
    if (known) return known
    const written = order === 'written'
    const time = written ? 'timestamp' : 'rowid'
    const [columns, key] = written ? ['(timestamp, id48)', '(?, ?)'] : ['rowid', '?']
    const from = `FROM nodes WHERE entry = 1${member === 0 ? '' : ' AND member = ?'}`
    const newest = `ORDER BY ${time} DESC${written ? ', id48 DESC' : ''}`
    const oldest = `ORDER BY ${time}${written ? ', id48' : ''}`
    const select = written ? 'timestamp AS at, id48 AS tie' : '0 AS at, rowid AS tie'
    const made: Statements = {
      page: db.prepare(`SELECT rowid ${from} AND ${time} < ? ${newest} LIMIT ? OFFSET ?`),
      pageFrom: db.prepare(`SELECT rowid ${from} AND ${columns} <= ${key} ${newest} LIMIT ? OFFSET ?`),
      first: db.prepare(`SELECT ${select} ${from} AND ${time} >= ? ${oldest} LIMIT 1`),
      next: db.prepare(`SELECT ${select} ${from} AND ${columns} >= ${key} ${oldest} LIMIT 1 OFFSET ${STEP}`),
      newer: db.prepare(`SELECT COUNT(*) AS n ${from} AND ${time} < ? AND ${columns} > ${key}`),
      upTo: db.prepare(`SELECT COUNT(*) AS n ${from} AND ${columns} > ${key} AND ${columns} <= ${key}`),
      between: db.prepare(`SELECT COUNT(*) AS n ${from} AND ${columns} > ${key} AND ${columns} < ${key}`),
      moment: written ? (at) => at : arrivals.firstRow,
      key: written ? (one) => [one.at, one.tie] : (one) => [one.tie],
      keyOf: written ? (found) => found : ({ tie }) => ({ at: arrivals.hourOf(tie), tie }),
    }
    statements.set(name, made)
    return made
  }
  const scoped = (member: number, ...values: number[]): number[] => (member === 0 ? values : [member, ...values])

  const readSpans = db.prepare<[number, number], { span: number; n: number }>(
    'SELECT span, n FROM spans WHERE ordering = ? AND member = ? AND n > 0 ORDER BY span',
  )
  const addToSpan = db.prepare('INSERT INTO spans VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n')
  const addToMember = db.prepare('UPDATE members SET entries = entries + ? WHERE id = ?')

  function sumsOf(order: Order, member: number): Sums {
    const name = `${order} ${member}`
    let sums = cached.get(name)
    if (!sums) {
      const rows = readSpans.all(ORDERS.indexOf(order), member)
      sums = {
        spans: rows.map((row) => row.span),
        counts: rows.map((row) => row.n),
        older: [],
        total: 0,
        stale: true,
        anchors: new Map(),
      }
      if (cached.size >= SCOPES_MAX) cached.delete(cached.keys().next().value!)
    } else cached.delete(name)
    cached.set(name, sums)
    if (sums.stale) {
      let total = 0
      sums.older = sums.counts.map((n) => (total += n) - n)
      sums.total = total
      sums.stale = false
    }
    return sums
  }

  /** Index of the first span whose number is at least `span`. */
  function spanIndex(spans: readonly number[], span: number): number {
    let low = 0
    let high = spans.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (spans[middle]! < span) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Anchors of a span, made as far as `enough` asks. */
  function anchorsOf(
    order: Order,
    member: number,
    sums: Sums,
    at: number,
    enough: (last: Key, count: number) => boolean,
  ) {
    const span = sums.spans[at]!
    const { first, next, moment, key, keyOf } = statementsOf(order, member)
    let anchors = sums.anchors.get(span)
    if (!anchors?.length)
      sums.anchors.set(span, (anchors = [keyOf(first.get(...scoped(member, moment(span * spanMsOf(member))))!)]))
    const most = Math.floor((sums.counts[at]! - 1) / STEP) + 1
    while (anchors.length < most && !enough(anchors.at(-1)!, anchors.length)) {
      const last = anchors.at(-1)!
      anchors.push(keyOf(next.get(...scoped(member, ...key(last)))!))
    }
    return anchors
  }

  /** Row numbers [start, start + count), newest first. */
  function page(order: Order, member: number, start: number, count: number): number[] {
    const sums = sumsOf(order, member)
    if (start >= sums.total) return []
    const rank = sums.total - 1 - start
    let low = 0
    let high = sums.spans.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (sums.older[middle]! <= rank) low = middle
      else high = middle - 1
    }
    const inSpan = rank - sums.older[low]!
    const skip = sums.counts[low]! - 1 - inSpan
    const { page: fromEnd, pageFrom, moment, key } = statementsOf(order, member)
    if (skip <= STEP) {
      const end = moment((sums.spans[low]! + 1) * spanMsOf(member))
      return fromEnd.all(...scoped(member, end, count, skip)).map((row) => row.rowid)
    }
    const wanted = Math.ceil(inSpan / STEP)
    const anchor = anchorsOf(order, member, sums, low, (_last, made) => made > wanted)[wanted]!
    return pageFrom.all(...scoped(member, ...key(anchor), count, wanted * STEP - inSpan)).map((row) => row.rowid)
  }

  /** How many entries of a scope are newer than a key. */
  function position(order: Order, member: number, key: Key): number {
    const sums = sumsOf(order, member)
    const spanMs = spanMsOf(member)
    const span = Math.floor(key.at / spanMs)
    const at = spanIndex(sums.spans, span)
    if (at === sums.spans.length) return 0
    const newerSpans = sums.total - sums.older[at]! - (sums.spans[at] === span ? sums.counts[at]! : 0)
    if (sums.spans[at] !== span) return newerSpans
    const { newer, upTo, moment, key: values } = statementsOf(order, member)
    const n = sums.counts[at]!
    const newerHere = () => newer.get(...scoped(member, moment((span + 1) * spanMs), ...values(key)))!.n
    if (n <= 2 * STEP) return newerSpans + newerHere()
    const anchors = anchorsOf(order, member, sums, at, (last) => !before(last, key))
    const index = anchors.findIndex((anchor) => !before(anchor, key))
    if (index < 0) return newerSpans + newerHere()
    const anchor = anchors[index]!
    return newerSpans + n - 1 - index * STEP + upTo.get(...scoped(member, ...values(key), ...values(anchor)))!.n
  }

  // ---------------------------------------------------------------- what changes, here and over other connections
  const commits = db.prepare<[], { commits: number }>('SELECT commits FROM ledger')
  /** The commit that the sums in memory stand for. */
  let known = 0
  const early = new Map<number, readonly SpanChange[]>()

  function apply(changes: readonly SpanChange[]): void {
    for (const { order, member, span, by, least } of changes) {
      const sums = cached.get(`${order} ${member}`)
      if (!sums) continue
      const at = spanIndex(sums.spans, span)
      sums.stale = true
      if (sums.spans[at] === span) sums.counts[at]! += by
      else {
        sums.spans.splice(at, 0, span)
        sums.counts.splice(at, 0, by)
      }
      if (sums.counts[at] === 0) {
        sums.spans.splice(at, 1)
        sums.counts.splice(at, 1)
      }
      // Every anchor behind the change has another rank now.
      const anchors = sums.anchors.get(span)
      while (anchors?.length && !before(anchors.at(-1)!, least)) anchors.pop()
    }
  }

  return {
    /** Counts entries in the database; to be called inside the transaction that stores or removes them. */
    count(entries: readonly Counted[], by: 1 | -1): SpanChange[] {
      const changes = new Map<number, SpanChange>()
      const members = new Map<number, number>()
      /** By member, what was changed last in each order: mostly the same span again. */
      const lately = new Map<number, (SpanChange | undefined)[]>()
      const change = (member: number, key: Key, ordering: number): void => {
        let last = lately.get(member)
        if (!last) lately.set(member, (last = []))
        const span = Math.floor(key.at / spanMsOf(member))
        let one = last[ordering]
        if (one?.span !== span) {
          const name = nameOf(ordering, member, span)
          last[ordering] = one = changes.get(name)
          if (!one) {
            changes.set(name, (last[ordering] = { order: ORDERS[ordering]!, member, span, by, least: key }))
            return
          }
        }
        one.by += by
        if (before(key, one.least)) one.least = key
      }
      for (const { member, written, reached } of entries) {
        members.set(member, (members.get(member) ?? 0) + by)
        change(0, written, 0)
        change(0, reached, 1)
        change(member, written, 0)
        change(member, reached, 1)
      }
      for (const { order, member, span, by: n } of changes.values())
        addToSpan.run(ORDERS.indexOf(order), member, span, n)
      for (const [member, n] of members) addToMember.run(n, member)
      return [...changes.values()]
    },

    /** Follows in memory what a commit changed, whichever connection made it. Commits are numbered by the ledger. */
    follow(commit: number, changes: readonly SpanChange[]): void {
      if (commit <= known) return
      if (commit === known + 1) {
        apply(changes)
        known = commit
      } else if (early.size < EARLY_MAX) early.set(commit, changes)
    },

    /** Brings the sums to what the open transaction reads; to be called first in it. */
    settle(): void {
      const now = commits.get()!.commits
      while (known < now) {
        const changes = early.get(known + 1)
        if (!changes) break
        apply(changes)
        known++
      }
      if (known !== now) cached.clear()
      known = now
      for (const commit of early.keys()) if (commit <= now) early.delete(commit)
    },

    page,
    position,
    total: (order: Order, member: number): number => sumsOf(order, member).total,
    /** How many entries of a scope were written (or arrived) after a moment, ms. */
    after: (order: Order, member: number, at: number): number =>
      position(order, member, order === 'written' ? { at, tie: Number.MAX_SAFE_INTEGER } : arrivals.keyAt(at)),
    /** How many stand strictly between two keys, the newer one given first. */
    between(order: Order, member: number, newer: Key, older: Key): number {
      const { between, key } = statementsOf(order, member)
      return between.get(...scoped(member, ...key(older), ...key(newer)))!.n
    },
    /** The key of a row in the order of arrival. */
    reached: (row: number): Key => ({ at: arrivals.hourOf(row), tie: row }),
    /** The hour in which rows from this one on arrive, as ms; to be called inside the transaction that stores them. */
    arriving: arrivals.arriving,
    /** Entries per span that holds any, oldest first: start in ms since 1970 UTC, and how many. */
    histogram(order: Order, member: number): { spanMs: number; spans: { start: number; n: number }[] } {
      const sums = sumsOf(order, member)
      const spanMs = spanMsOf(member)
      return { spanMs, spans: sums.spans.map((span, i) => ({ start: span * spanMs, n: sums.counts[i]! })) }
    },
  }
}
