// What can be done with a row. Null: not here and now (a removed device writes nothing).
import type { NodeId, Row } from '../../shared/types'

export interface RowActions {
  /** `range`: from the one selected last up to this one; `add`: this one as well. */
  select: (row: Row, how?: 'range' | 'add') => void
  inspect: (row: Row) => void
  reply: ((row: Row) => void) | null
  /** '' takes one's own reaction back. */
  react: ((row: Row, what: string) => void) | null
  edit: ((row: Row) => void) | null
  retract: ((row: Row) => void) | null
  bookmark: (row: Row) => void
  thread: (row: Row) => void
  history: (row: Row) => void
  pick: (row: Row) => void
  /** The text as it was written. */
  copyText: (row: Row) => void
  copy: (rows: readonly Row[], form: 'markdown' | 'quote') => void
  showTarget: (id: NodeId) => void
  /** Null in the timeline itself. */
  showInTimeline: ((row: Row) => void) | null
}
