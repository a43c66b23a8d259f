// Searches that somebody wants to look at again: a view and its filter, kept on this device alone. Two that show the same are
// one.
import { TwofoldError } from '../../shared/errors'
import type { Filter, Order, SavedSearch, Scope } from '../../shared/types'
import type { StorePort } from './ports'

const META = 'saved-searches'
/** More than a sidebar can show at a glance several times over. */
const SEARCHES_MAX = 50

interface Search {
  scope: Scope
  order?: Order | undefined
  filter: Filter
}

/** What two searches that show the same have in common. */
const keyOf = ({ scope, order, filter }: Search): string => {
  const parts = Object.entries(filter)
    .filter(([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return JSON.stringify([Object.values(scope), order ?? 'written', parts])
}

export class SavedSearches {
  private searches: SavedSearch[]

  constructor(private readonly store: Pick<StorePort, 'meta' | 'setMeta'>) {
    this.searches = JSON.parse(store.meta(META) ?? '[]') as SavedSearch[]
  }

  /** In the order of saving. */
  list(): SavedSearch[] {
    return this.searches
  }

  save({ scope, order = 'written', filter }: Search): void {
    const search = { key: keyOf({ scope, order, filter }), scope, order, filter }
    if (this.searches.some(({ key }) => key === search.key)) return
    if (this.searches.length >= SEARCHES_MAX) throw new TwofoldError('SEARCHES_MAX', { max: SEARCHES_MAX })
    this.keep([...this.searches, search])
  }

  forget(key: string): void {
    this.keep(this.searches.filter((search) => search.key !== key))
  }

  private keep(searches: SavedSearch[]): void {
    this.store.setMeta(META, JSON.stringify(searches))
    this.searches = searches
  }
}
