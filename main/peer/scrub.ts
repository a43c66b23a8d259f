// Once in a month everything that is stored is read and checked again, a little at a time while nobody notices: what a disk
// changes in old entries would otherwise be met only by whoever scrolls there. It goes on where it was after a restart. What it
// finds is told in Storage; the next start then reads the database back, and the circle brings what is missing.
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import type { ScrubView } from '../../shared/storage-types'
import type { Parts, StorePort } from './ports'

const DAY_MS = 86_400_000
const EVERY_MS = 30 * DAY_MS
/** Between two pieces of some 10 ms: a five-hundredth of a core, and a million entries within 11 hours. */
const REST_MS = 5_000
/** A timer takes no more than 24 days. */
const LOOK_AGAIN_MS = DAY_MS
/** Pieces after which it is noted how far it is: ten minutes of work that a crash may cost. */
const NOTED_PIECES = 120
/** Name in the store's table of single values. */
const META_SCRUB = 'scrub'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const kept = v.object({
  /** When the next one begins, ms since 1970 UTC. */
  due: count,
  /** The row number up to which this one has come; 0: it has not begun. */
  after: count,
  checked: count,
  bad: count,
  last: v.nullable(v.object({ at: count, checked: count, bad: count })),
})
type Kept = v.InferOutput<typeof kept>

interface Ports {
  parts: Pick<Parts, 'now' | 'after' | 'log'>
  store: Pick<StorePort, 'meta' | 'setMeta'>
  /** Checks what is stored behind a row; null: that was all. */
  checkSome(after: number): { after: number; checked: number; bad: { id: string; code: string }[] } | null
  /** Something that a person has asked for runs. */
  busy(): boolean
}

export class Scrub {
  private state: Kept
  private pieces = 0
  private cancel: (() => void) | null = null

  constructor(private readonly ports: Ports) {
    this.state = this.read()
  }

  private read(): Kept {
    const { parts, store } = this.ports
    const fresh: Kept = { due: parts.now() + EVERY_MS, after: 0, checked: 0, bad: 0, last: null }
    try {
      const parsed = v.safeParse(kept, JSON.parse(store.meta(META_SCRUB) ?? 'null'))
      // A clock that was set back must not put it off for ever.
      return parsed.success ? { ...parsed.output, due: Math.min(parsed.output.due, fresh.due) } : fresh
    } catch {
      return fresh
    }
  }
  private write(): void {
    this.pieces = 0
    try {
      this.ports.store.setMeta(META_SCRUB, JSON.stringify(this.state))
    } catch (error) {
      // A full disk: it goes on from an earlier place after a restart.
      if (!(error instanceof TwofoldError)) throw error
    }
  }

  view(): ScrubView {
    const { last, after, checked } = this.state
    return { last, done: after > 0 ? checked : null }
  }

  start(): void {
    if (this.ports.store.meta(META_SCRUB) === null) this.write()
    this.wait()
  }
  stop(): void {
    this.cancel?.()
    this.cancel = null
    if (this.pieces) this.write()
  }

  /** A person had everything checked: the next one is due a month from now. */
  done(checked: number, bad: number): void {
    const at = this.ports.parts.now()
    this.state = { due: at + EVERY_MS, after: 0, checked: 0, bad: 0, last: { at, checked, bad } }
    this.write()
  }

  private wait(): void {
    const { parts } = this.ports
    const left = this.state.due - parts.now()
    this.cancel = parts.after(left > 0 ? Math.min(left, LOOK_AGAIN_MS) : REST_MS, () => {
      if (this.state.due <= parts.now()) this.piece()
      this.wait()
    })
  }

  private piece(): void {
    const { parts, checkSome, busy } = this.ports
    if (busy()) return
    try {
      const found = checkSome(this.state.after)
      if (!found) {
        const { checked, bad } = this.state
        parts.log(bad ? 'error' : 'info', 'everything was checked', { checked, bad })
        this.done(checked, bad)
        return
      }
      this.state.after = found.after
      this.state.checked += found.checked
      this.state.bad += found.bad.length
      if (found.bad.length || ++this.pieces >= NOTED_PIECES) this.write()
    } catch (error) {
      // Damage that SQLite itself meets is told and mended by whoever opens the database.
      if (!(error instanceof TwofoldError)) throw error
      parts.log('error', 'scrub', { code: error.code })
    }
  }
}
