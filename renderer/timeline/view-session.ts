// Carries one open view: opens it, asks for the pages that the list shows, applies the changes that the backend tells,
// and closes it. What is known stands in a WindowCache; listeners hear that something changed and repaint.
import type { Histogram, NodeId, Row, ViewChange, ViewWindow } from '../../shared/types'
import { call, codeOf, on } from '../backend'
import { whenPutAway } from '../resting'
import { openView, takeFirstView } from './first-view'
import type { ViewSpec } from './view-spec'
import { WindowCache } from './window-cache'

/** Changes are told at once; after this long one that is missing was lost. */
const CHANGE_LATE_MS = 500
/** Rows that come with a jump: a tall screen of short entries. */
const JUMP_ROWS = 40

type Heard = { change: ViewChange; outcome: 'moved' | 'lost' } | null

export class ViewSession {
  readonly spec: ViewSpec
  #cache: WindowCache | null = null
  #listeners = new Set<(heard: Heard) => void>()
  #before: ViewChange[] = []
  #shown = { first: 0, last: 0 }
  #closed = false
  #off: () => void
  error: unknown = null
  /** The view lists no more than this many of what there is. */
  more = false
  /** Entries that a search cannot find yet. */
  notIndexed = 0

  constructor(spec: ViewSpec) {
    const { scope, order, filter } = spec
    this.spec = { scope, ...(order && { order }), ...(filter && { filter }) }
    // Changes may be told before the answer to 'view.open' is here; they wait for it.
    const ends = [on('view.changed', (change) => this.#hear(change)), whenPutAway(() => this.close())]
    this.#off = () => ends.forEach((end) => end())
    const opened = takeFirstView(spec)
    if (opened) this.#begin(opened)
    else void this.#open()
  }

  get closed(): boolean {
    return this.#closed
  }

  get opened(): boolean {
    return this.#cache !== null
  }
  get total(): number {
    return this.#cache?.total ?? 0
  }

  at(position: number): Row | undefined {
    return this.#cache?.at(position)
  }
  positionHere(id: NodeId): number | undefined {
    return this.#cache?.positionOf(id)
  }

  /** The row at a position that is being shown, as soon as its page is here. */
  async rowAt(position: number): Promise<Row> {
    const here = this.at(position)
    if (here) return here
    return new Promise((resolve) => {
      const off = this.listen(() => {
        const row = this.at(position)
        if (!row) return
        off()
        resolve(row)
      })
    })
  }

  /** Where a node stands, also far from what is known here; undefined: not in this view. */
  async position(id: NodeId): Promise<number | undefined> {
    const here = this.positionHere(id)
    if (here !== undefined) return here
    if (!this.#cache) return undefined
    const at = await call('view.position', { viewId: this.#cache.viewId, id })
    return at < 0 ? undefined : at
  }

  /**
   * Where the first entry of a moment or before it stands; undefined while the view is not open. The rows around it come
   * with the answer, so that a jump has them to paint.
   */
  async positionAt(time: number): Promise<number | undefined> {
    const cache = this.#cache
    if (!cache) return undefined
    const answer = await call('view.at', { viewId: cache.viewId, time, count: JUMP_ROWS })
    if (cache === this.#cache) cache.take(answer)
    return answer.position
  }
  async histogram(bins: number): Promise<Histogram | undefined> {
    return this.#cache ? call('view.histogram', { viewId: this.#cache.viewId, bins }) : undefined
  }

  /** The list shows [first, last]: asks for what is missing there and a page around it, forgets what is far. */
  show(first: number, last: number): void {
    this.#shown = { first, last }
    const cache = this.#cache
    if (!cache || cache.total === 0) return
    cache.trim(first, last)
    for (const page of cache.ask(first, last)) void this.#fetch(cache, page.start, page.count)
  }

  listen(listener: (heard: Heard) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): void {
    this.#closed = true
    this.#off()
    if (this.#cache) call('view.close', { viewId: this.#cache.viewId }).catch(() => undefined)
    this.#listeners.clear()
  }

  async #open(): Promise<void> {
    try {
      const opened = await openView(this.spec)
      if (this.#closed) {
        await call('view.close', { viewId: opened.viewId }).catch(() => undefined)
        return
      }
      this.#begin(opened)
    } catch (error) {
      this.error = error
      this.#tell(null)
    }
  }

  #begin(opened: ViewWindow): void {
    this.#cache = new WindowCache(opened)
    this.#note(opened)
    this.error = null
    this.#tell(null)
    for (const change of this.#before.splice(0)) this.#hear(change)
  }

  async #fetch(cache: WindowCache, start: number, count: number): Promise<void> {
    try {
      const answer = await call('view.window', { viewId: cache.viewId, start, count })
      cache.release(start)
      const outcome = cache.take(answer)
      if (this.#closed) return
      this.#note(answer)
      if (outcome === 'taken') this.#tell(null)
      else if (outcome === 'stale') this.show(this.#shown.first, this.#shown.last)
      else setTimeout(() => this.#adopt(answer), CHANGE_LATE_MS)
    } catch (error) {
      cache.release(start)
      // The backend forgot the view (it was restarted): a new one shows the same.
      if (codeOf(error) === 'VIEW_UNKNOWN' && !this.#closed && this.#cache === cache) {
        this.#cache = null
        await this.#open()
      }
    }
  }

  #note({ more, notIndexed }: ViewWindow): void {
    this.more = more
    this.notIndexed = notIndexed
  }

  /** The change that an answer belongs to never came: what the answer says holds, and nothing else is known. */
  #adopt({ viewId, version, total }: ViewWindow): void {
    if (!this.#closed) this.#hear({ viewId, version, total, inserted: [], removed: [], touched: true })
  }

  #hear(change: ViewChange): void {
    if (!this.#cache) {
      this.#before.push(change)
      return
    }
    if (change.viewId !== this.#cache.viewId) return
    const outcome = this.#cache.change(change)
    if (outcome !== 'old') this.#tell({ change, outcome })
  }

  #tell(heard: Heard): void {
    for (const listener of this.#listeners) listener(heard)
  }
}
