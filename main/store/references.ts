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
  const changes = db.prepare<[string], { target48: number; node: number }>(
    `SELECT target48, node FROM refs WHERE target48 IN (SELECT value FROM json_each(?)) AND kind <> ${REPLY}`,
  )
  // Down the replies from one entry; UNION drops what was reached before, so nothing can go round in a circle.
  const BELOW = `
    WITH RECURSIVE thread(node, id48) AS (
      SELECT r.node, n.id48 FROM refs r JOIN nodes n ON n.rowid = r.node WHERE r.target48 = ? AND r.kind = ${REPLY}
      UNION
      SELECT r.node, n.id48 FROM thread t JOIN refs r ON r.target48 = t.id48 AND r.kind = ${REPLY} JOIN nodes n ON n.rowid = r.node
      LIMIT ${THREAD_MAX}
    )`
  const answers = db.prepare<[string], { target48: number; n: number }>(
    `SELECT target48, COUNT(*) AS n FROM refs WHERE target48 IN (SELECT value FROM json_each(?)) AND kind = ${REPLY} GROUP BY target48`,
  )
  const thread = db.prepare<[number], { node: number }>(`${BELOW} SELECT node FROM thread`)

  return {
    add: (target: NodeId, kind: number, node: number): void => void add.run(id48Of(target), kind, node),
    remove: (target: NodeId, kind: number, node: number): void => void remove.run(id48Of(target), kind, node),

    /** Row numbers of the reactions, edits and retractions that name any of these ids, by the id's first 48 bits. */
    changesOf(ids: readonly NodeId[]): Map<number, number[]> {
      const found = new Map<number, number[]>()
      for (const { target48, node } of changes.all(JSON.stringify(ids.map(id48Of)))) {
        const nodes = found.get(target48)
        if (nodes) nodes.push(node)
        else found.set(target48, [node])
      }
      return found
    },
    /** How many answers there are to each of these ids. */
    repliesTo: (ids: readonly NodeId[]): Map<number, number> =>
      new Map(answers.all(JSON.stringify(ids.map(id48Of))).map((row) => [row.target48, row.n])),
    /** Row numbers of everything below one id. */
    thread: (root: NodeId): number[] => thread.all(id48Of(root)).map((row) => row.node),
  }
}
