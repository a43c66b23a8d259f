// Finding entries by their words and facets (docs/protocol.md, "Search"). It is filled behind the timeline, in bulk; a
// document's number is made of its entry's time, so that matches come newest first and a span of time is a range.
// What stands in a document is decided outside (main/peer/indexer.ts); here it is only kept.
import type Database from 'better-sqlite3'
import { KIND, rewrites } from '../protocol/kinds'
import { contentOf } from './node-row'

/** Document numbers of one millisecond. Two entries of one millisecond rarely share one; then they share the document. */
const PER_MS = 2048
const AT = 'found-up-to'
/** Made for folders of version 0.1 by their migration (narrow-rows.ts). */
export const FURTHEST = 'found-furthest'

export interface Doc {
  doc: number
  /** Null: nothing of it can be found any more. */
  content: { body: string; facets: string } | null
  /** It was never put in before: nothing has to be taken out first. */
  fresh: boolean
}
/** What the index needs of a node. */
export interface ToIndex {
  row: number
  doc: number
  /** The member's number. */
  member: number
  kind: number
  body: Uint8Array
  /** Nothing that is here changes it or is changed by it, and nobody else is in its document. */
  alone: boolean
  fresh: boolean
}
export interface FindWhat {
  /** An expression of FTS5. */
  match: string
  /** ms since 1970 UTC, both included. */
  from: number
  to: number
  limit: number
}

/** Of the statement that reads them. */
type NextRow = [
  row: number,
  member: number,
  timestamp: number,
  id48: number,
  entry: 0 | 1,
  rest: Uint8Array,
  touched: 0 | 1,
]

export const docOf = (timestamp: number, id48: number): number => timestamp * PER_MS + (id48 % PER_MS)

export function openFinder(db: Database.Database) {
  const cursor = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = '${AT}'`)
  const setCursor = db.prepare(`INSERT INTO meta VALUES ('${AT}', ?) ON CONFLICT DO UPDATE SET value = excluded.value`)
  const last = db.prepare<[], { n: number | null }>('SELECT MAX(rowid) AS n FROM nodes')
  const remove = db.prepare('DELETE FROM found WHERE rowid = ?')
  const insert = db.prepare('INSERT INTO found (rowid, body, facets) VALUES (?, ?, ?)')
  const ATTACHED = `JOIN nodes n ON n.timestamp = f.rowid / ${PER_MS} AND n.id48 % ${PER_MS} = f.rowid % ${PER_MS} AND n.entry = 1`
  const find = db.prepare<[string, number, number, number], { rowid: number }>(
    `SELECT n.rowid FROM (SELECT rowid FROM found WHERE found MATCH ? AND rowid BETWEEN ? AND ? ORDER BY rowid DESC LIMIT ?) f ${ATTACHED}
     ORDER BY n.timestamp DESC, n.id48 DESC`,
  )
  // What would make an entry's words other than those of its own node is asked in the same walk.
  const next = db
    .prepare<[number, number]>(
      `SELECT n.rowid, n.member, n.timestamp, n.id48, n.entry, n.rest,
         EXISTS (SELECT 1 FROM refs r WHERE r.target48 = n.id48 AND r.kind BETWEEN ${KIND.edit} AND ${KIND.retract})
         OR EXISTS (SELECT 1 FROM nodes o WHERE o.timestamp = n.timestamp AND o.entry = 1 AND o.rowid <> n.rowid AND o.id48 % ${PER_MS} = n.id48 % ${PER_MS})
       FROM nodes n WHERE n.rowid > ? ORDER BY n.rowid LIMIT ?`,
    )
    .raw()
  const sharing = db.prepare<[number, number], { rowid: number }>(
    `SELECT rowid FROM nodes WHERE timestamp = ? AND id48 % ${PER_MS} = ? AND entry = 1`,
  )
  const sharingAll = db.prepare<[string], { rowid: number; timestamp: number; id48: number }>(
    `SELECT n.rowid, n.timestamp, n.id48 FROM (SELECT DISTINCT value FROM json_each(?)) at
     JOIN nodes n ON n.timestamp = at.value AND n.entry = 1`,
  )
  const words = db.prepare<[string, string, number], { term: string; doc: number }>(
    "SELECT term, doc FROM found_words WHERE term >= ? AND term < ? AND col = 'facets' ORDER BY doc DESC LIMIT ?",
  )

  const indexedTo = (): number => Number(cursor.get()?.value ?? 0)
  /** How far it has been at most: what lies behind may be in the index already, after a rewind. */
  const furthest = db.prepare<[], { value: string }>(`SELECT value FROM meta WHERE key = '${FURTHEST}'`)
  const setFurthest = db.prepare(
    `INSERT INTO meta VALUES ('${FURTHEST}', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
  )
  const indexedFurthest = (): number => Number(furthest.get()?.value ?? 0)
  const put = db.transaction((upTo: number | null, docs: readonly Doc[]) => {
    // In the order of their numbers, or FTS5 would write a segment for every step back.
    for (const { doc, content, fresh } of [...docs].sort((a, b) => a.doc - b.doc)) {
      if (!fresh) remove.run(doc)
      if (content) insert.run(doc, content.body, content.facets)
    }
    if (upTo === null) return
    setCursor.run(String(upTo))
    if (upTo > indexedFurthest()) setFurthest.run(String(upTo))
  })

  return {
    indexedFurthest,
    /** The next nodes that cannot be found yet, in the order of storing. Throws what `isDamage` recognises. */
    toIndex(limit: number): ToIndex[] {
      const furthest = indexedFurthest()
      return (next.all(indexedTo(), limit) as NextRow[]).map(([row, member, timestamp, id48, entry, rest, touched]) => {
        const { kind, body } = contentOf(rest)
        const alone = entry ? !touched : !rewrites(kind)
        return { row, doc: docOf(timestamp, id48), member, kind, body, alone, fresh: row > furthest }
      })
    },
    /** Row numbers that cannot be found yet: at least as many as there are entries among them. */
    behind: (): number => Math.max(0, (last.get()!.n ?? 0) - indexedTo()),
    /** Everything behind this row number is put in again. */
    rewind: (row: number): void => void (row < indexedTo() && setCursor.run(String(Math.max(0, row)))),
    put: (upTo: number | null, docs: readonly Doc[]): void => put.immediate(upTo, docs),
    /** Row numbers of the matches, newest first by time of writing. */
    find: ({ match, from, to, limit }: FindWhat): number[] => {
      const topMs = Math.floor(Number.MAX_SAFE_INTEGER / PER_MS) - 1
      const low = Math.min(from, topMs) * PER_MS
      return find.all(match, low, (Math.min(to, topMs) + 1) * PER_MS - 1, limit).map((row) => row.rowid)
    },
    /** Row numbers of the entries that share a document with one. */
    sharing: (timestamp: number, id48: number): number[] =>
      sharing.all(timestamp, id48 % PER_MS).map((row) => row.rowid),
    /** Row numbers of everybody in the documents of the entries of these moments, by document. */
    sharingAt(timestamps: readonly number[]): Map<number, number[]> {
      const byDoc = new Map<number, number[]>()
      for (const { rowid, timestamp, id48 } of sharingAll.all(JSON.stringify(timestamps))) {
        const doc = docOf(timestamp, id48)
        const rows = byDoc.get(doc)
        if (rows) rows.push(rowid)
        else byDoc.set(doc, [rowid])
      }
      return byDoc
    },
    /** Facets that begin so, the most frequent first. */
    facets: (prefix: string, limit: number): { facet: string; n: number }[] =>
      words.all(prefix, `${prefix}\uffff`, limit).map(({ term, doc }) => ({ facet: term, n: doc })),
  }
}
