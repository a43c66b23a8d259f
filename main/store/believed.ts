// Rule N9: which nodes are believed by the chain above them because their own signature was not looked at yet, and those
// whose own signature turned out not to hold. Both survive a restart; ranges are few, one per stretch of bulk sync.
import type Database from 'better-sqlite3'
import type { DeviceKey } from '../../shared/types'
import { addToRanges, type Range } from '../protocol/timeline'

export type Believed = ReturnType<typeof openBelieved>

export interface BelievedRange extends Range {
  device: DeviceKey
}
export interface Missigned {
  device: DeviceKey
  seq: number
  /** ms since 1970 UTC, this device's clock. */
  found: number
}

export function openBelieved(db: Database.Database) {
  const touching = db.prepare<[number, number, number], { first: number; last: number }>(
    'SELECT first, last FROM believed WHERE device = ? AND first <= ? AND last >= ? ORDER BY first',
  )
  const insert = db.prepare('INSERT INTO believed VALUES (?, ?, ?)')
  const remove = db.prepare('DELETE FROM believed WHERE device = ? AND first = ?')
  const some = db.prepare<[], { key: DeviceKey; first: number; last: number }>(
    'SELECT d.key, b.first, b.last FROM believed b JOIN devices d ON d.id = b.device LIMIT 1',
  )
  const sum = db.prepare<[], { n: number }>('SELECT COALESCE(SUM(last - first + 1), 0) AS n FROM believed')
  const addMissigned = db.prepare('INSERT OR IGNORE INTO missigned VALUES (?, ?, ?)')
  const isMissigned = db.prepare<[number, number], { found: number }>(
    'SELECT found FROM missigned WHERE device = ? AND seq = ?',
  )
  const allMissigned = db.prepare<[], Missigned>(
    'SELECT d.key AS device, m.seq, m.found FROM missigned m JOIN devices d ON d.id = m.device ORDER BY m.device, m.seq',
  )
  const cutMissigned = db.prepare('DELETE FROM missigned WHERE device = ? AND seq > ?')

  /** Of the open transaction, by device. */
  const added = new Map<number, Range[]>()

  /** Takes [from, to] out of a device's ranges. */
  function clear(device: number, from: number, to: number): void {
    for (const { first, last } of touching.all(device, to, from)) {
      remove.run(device, first)
      if (first < from) insert.run(device, first, from - 1)
      if (last > to) insert.run(device, to + 1, last)
    }
  }

  return {
    /** To be called inside the transaction that stores the node; `flush` writes all of a batch. */
    add(device: number, seq: number): void {
      const ranges = added.get(device)
      const last = ranges?.at(-1)
      if (last && last.to + 1 === seq) last.to = seq
      else added.set(device, addToRanges(ranges ?? [], seq))
    },
    flush(): void {
      for (const [device, ranges] of added)
        for (const range of ranges) {
          let { from, to } = range
          for (const { first, last } of touching.all(device, to + 1, from - 1)) {
            from = Math.min(from, first)
            to = Math.max(to, last)
            remove.run(device, first)
          }
          insert.run(device, from, to)
        }
      added.clear()
    },
    /** Runs a transaction; what it added is forgotten if it is rolled back. */
    forgetting<T>(transaction: () => T): T {
      try {
        return transaction()
      } finally {
        added.clear()
      }
    },

    holds: (device: number, seq: number): boolean => touching.get(device, seq, seq) !== undefined,
    missigned: (device: number, seq: number): boolean => isMissigned.get(device, seq) !== undefined,
    /** Some stretch of which nothing was checked yet; null: every signature was. */
    next(): BelievedRange | null {
      const row = some.get()
      return row ? { device: row.key, from: row.first, to: row.last } : null
    },
    count: (): number => sum.get()!.n,
    clear,
    note: (device: number, seq: number, now: number): void => void addMissigned.run(device, seq, now),
    allMissigned: (): Missigned[] => allMissigned.all(),
    cutOff(device: number, seq: number): void {
      clear(device, seq + 1, Number.MAX_SAFE_INTEGER)
      cutMissigned.run(device, seq)
    },
  }
}
