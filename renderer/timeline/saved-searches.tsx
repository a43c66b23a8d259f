// Decides how a saved search is called, and how the sidebar lists them.
import { SearchCheck, X } from 'lucide-react'
import type { CircleView, Filter, SavedSearch, Scope } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { locale, text } from '../text'
import { shortDay } from '../ui/time'
import { tellError } from '../ui/toast'
import { specKey, type ViewSpec } from './view-spec'

const memberName = (circle: CircleView | null, key: string): string =>
  circle?.members.find((member) => member.key === key)?.name ?? key.slice(0, 8)

function filterWords(circle: CircleView | null, { text: words, members, kinds, has, mentions, from, to }: Filter) {
  return [
    words?.trim() ?? '',
    ...(members ?? []).map((key) => memberName(circle, key)),
    ...(kinds ?? []).map((kind) => (kind === 'post' ? text.search.posts : text.search.replies)),
    ...(has ?? []).map((what) => text.search.hasName[what]),
    mentions === undefined ? '' : text.search.mentions(memberName(circle, mentions)),
    from === undefined ? '' : `${text.search.from} ${shortDay(from, locale)}`,
    to === undefined ? '' : `${text.search.to} ${shortDay(to, locale)}`,
  ].filter((part) => part !== '')
}
const scopeWords = (circle: CircleView | null, scope: Scope): string[] =>
  scope.type === 'mine'
    ? [text.nav.mine]
    : scope.type === 'bookmarks'
      ? [text.nav.bookmarks]
      : scope.type === 'member'
        ? [memberName(circle, scope.member)]
        : []

/** What it looks for, in the words of its fields. */
export const searchName = (circle: CircleView | null, { scope, filter }: SavedSearch): string =>
  [...filterWords(circle, filter), ...scopeWords(circle, scope)].join(' · ')

/** The saved one that shows what a view shows. */
export const savedAs = (searches: readonly SavedSearch[], spec: ViewSpec): SavedSearch | undefined =>
  searches.find((search) => specKey(search) === specKey(spec))

interface SavedSearchesProps {
  current: ViewSpec | null
  onOpen: (search: SavedSearch) => void
}

export function SavedSearches({ current, onOpen }: SavedSearchesProps) {
  const { circle } = useApp()
  const searches = circle?.searches ?? []
  if (!searches.length) return null
  const here = current && savedAs(searches, current)
  return (
    <>
      <h2 className="sidebar-title" id="sidebar-searches">
        {text.nav.searches}
      </h2>
      <ul aria-labelledby="sidebar-searches">
        {searches.map((search) => {
          const name = searchName(circle, search)
          return (
            <li key={search.key} className="saved-search">
              <button
                type="button"
                className="nav-item"
                aria-current={search === here ? 'page' : undefined}
                title={name}
                onClick={() => onOpen(search)}
              >
                <span className="nav-icon">
                  <SearchCheck size={17} aria-hidden />
                </span>
                <bdi className="ellipsis nav-label">{name}</bdi>
              </button>
              <button
                type="button"
                className="icon-button saved-search-forget"
                aria-label={text.search.forget(name)}
                title={text.search.forget(name)}
                onClick={() => void call('search.forget', { key: search.key }).catch(tellError)}
              >
                <X size={14} aria-hidden />
              </button>
            </li>
          )
        })}
      </ul>
    </>
  )
}
