// Which view is open: a scope in an order, narrowed by a filter. Two specs with one key show the same.
import type { Filter, Order, Row, Scope } from '../../shared/types'

export interface ViewSpec {
  scope: Scope
  order?: Order
  filter?: Filter
}

const tidy = (filter: Filter = {}): [string, unknown][] =>
  Object.entries(filter)
    .filter(([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))

export const specKey = ({ scope, order = 'written', filter }: ViewSpec): string =>
  JSON.stringify([Object.values(scope), order, tidy(filter)])
export const isFiltered = (spec: ViewSpec): boolean => tidy(spec.filter).length > 0

/** The time that orders a row in this view. */
export const timeIn = ({ order }: ViewSpec, row: Row): number => (order === 'reached' ? row.receivedAt : row.timestamp)
/** A thread reads from its beginning; everything else begins with the newest. */
export const oldestFirst = ({ scope }: ViewSpec): boolean => scope.type === 'thread'
