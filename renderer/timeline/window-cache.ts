// Decides which rows of a view are known here. The backend answers windows by position and tells where rows were
// inserted; this keeps a bounded set of rows, moves them when positions move, and says which pages are to be asked for.
import { ROW_UNSAID, type NodeId, type Row, type ViewChange, type ViewWindow } from '../../shared/types'
import { movedPosition } from './anchored-list'

/** Rows asked for at once: about a screen and a half of short entries. */
const PAGE_ROWS = 50
/** Rows kept: 24 pages, some 3 MB of render trees; far more than two screens and their neighbours. */
const ROWS_MAX = 1_200
/** Answers that overtook the change that they belong to. */
const EARLY_MAX = 8

interface Known {
  row: Row
  /** False after rows changed in place: still painted, but asked for again. */
  fresh: boolean
}

interface Page {
  start: number
  count: number
}

export class WindowCache {
  readonly viewId: number
  version: number
  total: number
  #rows = new Map<number, Known>()
  #early: ViewWindow[] = []
  #asked = new Set<number>()

  constructor(opened: ViewWindow) {
    this.viewId = opened.viewId
    this.version = opened.version
    this.total = opened.total
    this.#put(opened)
  }

  at(position: number): Row | undefined {
    return this.#rows.get(position)?.row
  }

  positionOf(id: NodeId): number | undefined {
    for (const [position, known] of this.#rows) if (known.row.id === id) return position
    return undefined
  }

  get size(): number {
    return this.#rows.size
  }

  /** An answer came. 'stale': it is too old, ask again. 'early': it overtook its change and waits for it. */
  take(window: ViewWindow): 'taken' | 'stale' | 'early' {
    this.#asked.delete(window.start)
    if (window.version < this.version) return 'stale'
    if (window.version > this.version) {
      this.#early = [...this.#early, window].slice(-EARLY_MAX)
      return 'early'
    }
    this.#put(window)
    return 'taken'
  }

  /** The page that was asked for from `start` is answered or failed: it may be asked for again. */
  release(start: number): void {
    this.#asked.delete(start)
  }

  /**
   * A change came. 'moved': known rows stand where they belong now. 'lost': the count does not fit what was inserted
   * (rows went away or changes were missed), so nothing known can be trusted. 'old': it was part of what is here.
   */
  change(change: ViewChange): 'moved' | 'lost' | 'old' {
    if (change.version <= this.version) return 'old'
    const fits = change.total === this.total + change.inserted.length - change.removed.length
    this.version = change.version
    this.total = change.total
    this.#asked.clear()
    if (!fits) this.#rows.clear()
    else {
      const moved = new Map<number, Known>()
      for (const [position, known] of this.#rows) {
        const at = movedPosition(position, change)
        if (at !== null) moved.set(at, change.touched ? { ...known, fresh: false } : known)
      }
      this.#rows = moved
    }
    const due = this.#early.filter((window) => window.version === this.version)
    this.#early = this.#early.filter((window) => window.version > this.version)
    for (const window of due) this.#put(window)
    return fits ? 'moved' : 'lost'
  }

  /** Pages to ask for so that [first, last] and one page on either side are known. Marks them as asked. */
  ask(first: number, last: number): Page[] {
    const pages: Page[] = []
    const firstPage = Math.max(0, Math.floor(first / PAGE_ROWS) - 1)
    const lastPage = Math.floor(Math.min(last, this.total - 1) / PAGE_ROWS) + 1
    for (let page = firstPage; page <= lastPage; page += 1) {
      const start = page * PAGE_ROWS
      const count = Math.min(PAGE_ROWS, this.total - start)
      if (count <= 0 || this.#asked.has(start) || this.#complete(start, count)) continue
      this.#asked.add(start)
      pages.push({ start, count })
    }
    // What is on the screen first, its neighbours after it.
    const middle = (first + last) / 2
    return pages.sort((a, b) => Math.abs(a.start + a.count / 2 - middle) - Math.abs(b.start + b.count / 2 - middle))
  }

  /** Forgets what is farthest from [first, last] once more than ROWS_MAX rows are known. */
  trim(first: number, last: number): void {
    if (this.#rows.size <= ROWS_MAX) return
    const distance = (position: number) => Math.max(first - position, position - last, 0)
    const far = [...this.#rows.keys()].sort((a, b) => distance(b) - distance(a)).slice(0, this.#rows.size - ROWS_MAX)
    for (const position of far) this.#rows.delete(position)
  }

  #complete(start: number, count: number): boolean {
    for (let position = start; position < start + count; position += 1)
      if (!this.#rows.get(position)?.fresh) return false
    return true
  }

  #put(window: ViewWindow): void {
    window.rows.forEach((row, index) =>
      this.#rows.set(window.start + index, { row: { ...ROW_UNSAID, ...row }, fresh: true }),
    )
  }
}
