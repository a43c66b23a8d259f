// What only this device keeps beside its nodes: render trees that were made once, and bookmarks. All of it can be made
// again or is nobody else's business; none of it is ever sent.
import type Database from 'better-sqlite3'

export function openKeepsakes(db: Database.Database) {
  const trees = db.prepare<[string, number], { node: number; tree: string }>(
    'SELECT node, tree FROM trees WHERE node IN (SELECT value FROM json_each(?)) AND version = ?',
  )
  const putTree = db.prepare(
    'INSERT INTO trees VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, tree = excluded.tree',
  )
  const putAll = db.transaction((version: number, made: readonly (readonly [number, string])[]) => {
    for (const [node, tree] of made) putTree.run(node, version, tree)
  })
  const dropTrees = db.prepare<[string]>('DELETE FROM trees WHERE node IN (SELECT value FROM json_each(?))')
  const mark = db.prepare('INSERT OR IGNORE INTO bookmarks VALUES (?, ?)')
  const unmark = db.prepare('DELETE FROM bookmarks WHERE node = ?')
  const marked = db.prepare<[string], { node: number }>(
    'SELECT node FROM bookmarks WHERE node IN (SELECT value FROM json_each(?))',
  )
  const allMarked = db.prepare<[number], { node: number }>('SELECT node FROM bookmarks ORDER BY at DESC LIMIT ?')

  return {
    /** Trees that this version of the renderer made, as JSON by row number. */
    trees: (nodes: readonly number[], version: number): Map<number, string> =>
      new Map(trees.all(JSON.stringify(nodes), version).map((row) => [row.node, row.tree])),
    putTrees: (version: number, made: readonly (readonly [number, string])[]): void => putAll.immediate(version, made),
    /** Forgets the trees of texts that no longer hold. */
    dropTrees: (nodes: readonly number[]): void => void dropTrees.run(JSON.stringify(nodes)),
    bookmark: (node: number, at: number | null): void => void (at === null ? unmark.run(node) : mark.run(node, at)),
    bookmarked: (nodes: readonly number[]): Set<number> =>
      new Set(marked.all(JSON.stringify(nodes)).map((row) => row.node)),
    /** Row numbers, the newest bookmark first. */
    bookmarks: (limit: number): number[] => allMarked.all(limit).map((row) => row.node),
  }
}
