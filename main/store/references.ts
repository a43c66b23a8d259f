// Who speaks about whom: reactions, edits, retractions and replies by the entry that they name, whichever came first. What
// follows from them for a row is decided in main/protocol/folding.ts.
import type Database from 'better-sqlite3'
import type { NodeId } from '../../shared/types'
import { id48Of } from './node-row'

/** Kinds on the wire (rule N3). */
const REPLY = 2
/** A thread is followed this far; a longer one says so. */
const THREAD_MAX = 10_000

export type References = ReturnType<typeof openReferences>

export function openReferences(db: Database.Database) {
  const add = db.prepare('INSERT OR IGNORE INTO refs VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM refs WHERE target48 = ? AND kind = ? AND node = ?')
  // One walk of the index for everything about some entries: how many of each kind, and which, unless they are answers.
  const about = db.prepare<[string], { target48: number; kind: number; n: number; nodes: string | null }>(
    `SELECT target48, kind, COUNT(*) AS n, CASE WHEN kind <> ${REPLY} THEN group_concat(node) END AS nodes
     FROM refs WHERE target48 IN (SELECT value FROM json_each(?)) GROUP BY target48, kind`,
  )
  // Down the replies from one entry; UNION drops what was reached before, so nothing can go round in a circle.
  const BELOW = `
    WITH RECURSIVE thread(node, id48) AS (
      SELECT r.node, n.id48 FROM refs r JOIN nodes n ON n.rowid = r.node WHERE r.target48 = ? AND r.kind = ${REPLY}
      UNION
      SELECT r.node, n.id48 FROM thread t JOIN refs r ON r.target48 = t.id48 AND r.kind = ${REPLY} JOIN nodes n ON n.rowid = r.node
      LIMIT ${THREAD_MAX}
    )`
  const thread = db.prepare<[number], { node: number }>(`${BELOW} SELECT node FROM thread`)

  return {
    add: (target: NodeId, kind: number, node: number): void => void add.run(id48Of(target), kind, node),
    remove: (target: NodeId, kind: number, node: number): void => void remove.run(id48Of(target), kind, node),

    /** Row numbers of reactions, edits and retractions, and how many answers, by the first 48 bits of the id they name. */
    about(ids: readonly NodeId[]): Map<number, { changes: number[]; replies: number }> {
      const found = new Map<number, { changes: number[]; replies: number }>()
      for (const { target48, kind, n, nodes } of about.all(JSON.stringify(ids.map(id48Of)))) {
        const one = found.get(target48) ?? { changes: [], replies: 0 }
        if (kind === REPLY) one.replies = n
        else one.changes.push(...nodes!.split(',').map(Number))
        found.set(target48, one)
      }
      return found
    },
    /** Row numbers of everything below one id. */
    thread: (root: NodeId): number[] => thread.all(id48Of(root)).map((row) => row.node),
  }
}
