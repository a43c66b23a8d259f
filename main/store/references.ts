// Who speaks about whom: reactions, edits, retractions and replies by the entry that they name, whichever came first. What
// follows from them for a row is decided in main/protocol/folding.ts.
import type Database from 'better-sqlite3'
import type { NodeId } from '../../shared/types'
import { id48Of } from './row-numbers'

/** Kinds on the wire (rule N3). */
const REPLY = 2
/** A thread is followed this far; a longer one says so. */
const THREAD_MAX = 10_000
/** Answers are counted up to here on a row: 'more than 999' is enough to know. */
const REPLIES_COUNTED_MAX = 1000

export function openReferences(db: Database.Database) {
  const add = db.prepare('INSERT OR IGNORE INTO refs VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM refs WHERE target48 = ? AND kind = ? AND node = ?')
  const changes = db.prepare<[string], { target48: number; node: number }>(
    `SELECT target48, node FROM refs WHERE target48 IN (SELECT value FROM json_each(?)) AND kind <> ${REPLY}`,
  )
  // Down the replies from one entry; UNION drops what was reached before, so nothing can go round in a circle.
  const below = (limit: number) => `
    WITH RECURSIVE thread(node, id48) AS (
      SELECT r.node, n.id48 FROM refs r JOIN nodes n ON n.rowid = r.node WHERE r.target48 = ? AND r.kind = ${REPLY}
      UNION
      SELECT r.node, n.id48 FROM thread t JOIN refs r ON r.target48 = t.id48 AND r.kind = ${REPLY} JOIN nodes n ON n.rowid = r.node
      LIMIT ${limit}
    )`
  const counted = db.prepare<[number], { n: number }>(`${below(REPLIES_COUNTED_MAX)} SELECT COUNT(*) AS n FROM thread`)
  const answered = db.prepare<[string], { target48: number }>(
    `SELECT DISTINCT target48 FROM refs WHERE target48 IN (SELECT value FROM json_each(?)) AND kind = ${REPLY}`,
  )
  const thread = db.prepare<[number], { node: number }>(`${below(THREAD_MAX)} SELECT node FROM thread`)

  return {
    add: (target: NodeId, kind: number, node: number): void => void add.run(id48Of(target), kind, node),
    remove: (target: NodeId, kind: number, node: number): void => void remove.run(id48Of(target), kind, node),

    /** Row numbers of the reactions, edits and retractions that name any of these ids, by the id's first 48 bits. */
    changesOf(ids: readonly NodeId[]): Map<number, number[]> {
      const found = new Map<number, number[]>()
      for (const { target48, node } of changes.iterate(JSON.stringify(ids.map(id48Of)))) {
        const nodes = found.get(target48)
        if (nodes) nodes.push(node)
        else found.set(target48, [node])
      }
      return found
    },
    /** How many answers there are below each of these ids, also to answers; at most 1,000 are counted. */
    repliesTo(ids: readonly NodeId[]): Map<number, number> {
      const found = new Map<number, number>()
      for (const { target48 } of answered.all(JSON.stringify(ids.map(id48Of))))
        found.set(target48, counted.get(target48)!.n)
      return found
    },
    /** Row numbers of everything below one id. */
    thread: (root: NodeId): number[] => thread.all(id48Of(root)).map((row) => row.node),
  }
}
