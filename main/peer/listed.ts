// Views that are lists: a thread, bookmarks, and whatever a filter finds. Their row numbers are worked out when they are
// opened and again when something may have changed; then what differs is told as positions.
import type { Filter, MemberKey, NodeId, Order, Scope } from '../../shared/types'
import { decodeContent } from '../protocol/kinds'
import type { StorePort } from './ports'
import { narrows, questionOf } from './search'

/** Rows that such a view lists at most, the newest ones; it says when there are more. */
export const LISTED_MAX = 10_000
/** Answers above an answer that are followed to the entry that began it. */
const ABOVE_MAX = 1000
const EVER = Number.MAX_SAFE_INTEGER

export interface ListSpec {
  scope: Scope
  order: Order
  filter: Filter
}
export interface Listed {
  rows: number[]
  more: boolean
  terms: string[]
}

/** Whether a view is a list; the others are counted, whatever their size. */
export const isListed = ({ scope, filter }: ListSpec): boolean =>
  scope.type === 'thread' || scope.type === 'bookmarks' || narrows(filter)

/** The entry at which a thread begins, as far as it is here. */
function rootOf(store: StorePort, id: NodeId): NodeId | null {
  let stored = store.byId(id)
  const above = new Set<NodeId>()
  while (stored && above.size < ABOVE_MAX) {
    above.add(stored.node.id)
    const content = decodeContent(stored.node.kind, stored.node.body)
    const next = content?.kind === 'reply' && !above.has(content.target) ? store.byId(content.target) : null
    if (!next) return stored.node.id
    stored = next
  }
  return stored?.node.id ?? null
}

/** `me`: whose entries are 'mine'. */
export function list(store: StorePort, spec: ListSpec, me: MemberKey): Listed {
  const { scope, order, filter } = spec
  const { terms, match } = questionOf(
    filter,
    scope.type === 'mine' ? [me] : scope.type === 'member' ? [scope.member] : null,
    (member) => store.memberNumber(member),
  )
  let rows: number[] | null = null
  if (scope.type === 'thread') {
    const root = rootOf(store, scope.entry)
    rows = root === null ? [] : [store.byId(root)!.row, ...store.thread(root)]
  } else if (scope.type === 'bookmarks') rows = store.bookmarks(LISTED_MAX + 1)
  let more = (rows?.length ?? 0) > LISTED_MAX
  if (rows === null || narrows(filter)) {
    const found =
      match === null
        ? []
        : store.find({ match, from: filter.from ?? 0, to: filter.to ?? EVER, limit: rows ? EVER : LISTED_MAX + 1 })
    more ||= !rows && found.length > LISTED_MAX
    if (rows) {
      const within = new Set(found)
      rows = rows.filter((row) => within.has(row))
    } else rows = found
  }
  if (more) rows = rows.slice(0, LISTED_MAX)
  // What the index finds comes newest first already; a thread reads from its beginning.
  if (scope.type === 'thread' || scope.type === 'bookmarks' || order === 'reached') {
    // They arrived in the order of their rows.
    const times = order === 'written' ? store.timesOf(rows) : null
    const at = (row: number) => times?.get(row)?.timestamp ?? 0
    const newestFirst = (a: number, b: number) => at(b) - at(a) || b - a
    rows.sort(scope.type === 'thread' ? (a, b) => newestFirst(b, a) : newestFirst)
  }
  return { rows, more, terms }
}

/** What has to go and what has to come, so that one list becomes the other; null: their common rows changed places. */
export function difference(
  before: readonly number[],
  after: readonly number[],
): { removed: number[]; inserted: number[] } | null {
  const had = new Set(before)
  const has = new Set(after)
  const removed = before.flatMap((row, i) => (has.has(row) ? [] : [i]))
  const inserted = after.flatMap((row, i) => (had.has(row) ? [] : [i]))
  const stayed = before.filter((row) => has.has(row))
  const same = after.filter((row) => had.has(row)).every((row, i) => row === stayed[i])
  return same ? { removed, inserted } : null
}
