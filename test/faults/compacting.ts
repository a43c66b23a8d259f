// kill -9 while a database is compacted, in whichever of its steps. Nothing is lost, and it can be done again.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { TIMELINE_FILE } from '../../main/store/timeline-store'
import { fill, judge, judgeCopy, makeFolders, openHere } from './folders'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { ran } from './processes'
import type { Kind } from './rounds'

/** Pages that nothing is on, all over the file: what long use leaves. */
function holes(dir: string): void {
  const db = new Database(join(dir, TIMELINE_FILE))
  try {
    db.exec(`CREATE TABLE holes (n INTEGER PRIMARY KEY, bytes BLOB);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) INSERT INTO holes SELECT i, randomblob(9000) FROM n;
      DROP TABLE holes`)
  } finally {
    db.close()
  }
}

/** What runs at the end of it and at every start may free some. */
const UNUSED_MAX = 50
function unused(dir: string): number {
  const db = new Database(join(dir, TIMELINE_FILE))
  try {
    return db.pragma('freelist_count', { simple: true }) as number
  } finally {
    db.close()
  }
}

export const compacting: Kind = {
  about: 'kill -9 while compacting',
  async round(round) {
    const [dir] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = fill(dir, lines(round, round.between(200, 800), 3000))
    // Opened once, so that the search's index and trees are in it.
    await (await openHere(dir)).close()
    holes(dir)
    for (let kills = round.between(4, 8); kills > 0; kills--) {
      await killedWithin(round, dir, ['compact'], { name: 'compact', aboutMs: 200 })
      await judgeCopy(dir, posted.keys(), posted.size)
    }
    const { code, err } = await ran(dir, ['compact'])
    if (code !== 0) throw new Error(`doing it again ended with ${code}: ${err}`)
    await judge(dir, posted.keys(), true, posted.size)
    const left = unused(dir)
    if (left > UNUSED_MAX) throw new Error(`${left} pages are unused after it`)
  },
}
