// When nodes arrived: they lie in the order of their arrival, so which hour began with which row tells the hour of each. The
// clock of this device may go back; the hour never does, so that order and hours agree.
import type Database from 'better-sqlite3'
import { HOUR_MS } from './arrival-order'
import type { Key } from './positions'

export function openArrivals(db: Database.Database) {
  const lastHour = db.prepare<[], { hour: number | null }>('SELECT MAX(hour) AS hour FROM arrivals')
  const begin = db.prepare('INSERT INTO arrivals VALUES (?, ?)')
  const from = db.prepare<[number], { row: number }>('SELECT row FROM arrivals WHERE hour >= ? ORDER BY hour LIMIT 1')
  const of = db.prepare<[number], { hour: number }>(
    'SELECT hour FROM arrivals WHERE row <= ? ORDER BY row DESC LIMIT 1',
  )
  const next = db.prepare<[number], { rowid: number; received: number }>(
    'SELECT rowid, received FROM nodes WHERE rowid >= ? ORDER BY rowid LIMIT 1',
  )
  const last = db.prepare<[], { n: number | null }>('SELECT MAX(rowid) AS n FROM nodes')

  /** The first row of a moment's hour or later, ms; beyond all rows: nothing came since. */
  const firstRow = (at: number): number => from.get(Math.floor(at / HOUR_MS))?.row ?? Number.MAX_SAFE_INTEGER
  /** The hour of a row, as ms. */
  const hourOf = (row: number): number => (of.get(row)?.hour ?? 0) * HOUR_MS

  return {
    firstRow,
    hourOf,
    /** The hour in which rows from `row` on arrive, as ms. */
    arriving(now: number, row: number): number {
      const hour = Math.floor(now / HOUR_MS)
      const before = lastHour.get()!.hour
      if (before !== null && before >= hour) return before * HOUR_MS
      begin.run(hour, row)
      return hour * HOUR_MS
    },
    /** The place behind all that had arrived at a moment, ms. Where the clock went back it is one of several. */
    keyAt(at: number): Key {
      const hour = Math.floor(at / HOUR_MS) * HOUR_MS
      let low = firstRow(hour)
      let high = Math.min(firstRow(hour + HOUR_MS), (last.get()!.n ?? 0) + 1)
      // Rows below low had arrived, those from high on had not.
      while (low < high) {
        const middle = Math.floor((low + high) / 2)
        const row = next.get(middle)
        if (!row || row.rowid >= high || row.received > at) high = middle
        else low = row.rowid + 1
      }
      return { at: hour, tie: low - 1 }
    },
  }
}
