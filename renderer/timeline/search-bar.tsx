// Decides how one searches: a field that finds while one types, and filters beside it. What is searched is the view's own
// filter, so that going back, or opening an entry, never loses it.
import { Bookmark, BookmarkCheck, Search, X } from 'lucide-react'
import { useEffect, useImperativeHandle, useRef, useState, type Ref } from 'react'
import { HAS, type Filter, type Has, type MemberKey } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { text } from '../text'
import { Button, IconButton } from '../ui/button'
import { tellError } from '../ui/toast'
import { savedAs } from './saved-searches'
import type { ViewSession } from './view-session'
import { isFiltered, type ViewSpec } from './view-spec'

const NO_FILTER: Filter = {}
/** A pause in typing. */
const TYPING_MS = 140
const SEARCH_CHARS_MAX = 1000

export interface SearchHandle {
  focus: () => void
}
interface SearchBarProps {
  ref: Ref<SearchHandle>
  spec: ViewSpec
  /** Authors cannot be chosen where the view is one member's. */
  byMember: boolean
  session: ViewSession | null
  onFilter: (filter: Filter) => void
  onClose: () => void
}

const pad = (value: number) => String(value).padStart(2, '0')
const dayText = (ms: number | undefined): string => {
  if (ms === undefined) return ''
  const date = new Date(ms)
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
}
const dayMs = (day: string, end: boolean): number | undefined => {
  const ms = new Date(`${day}T${end ? '23:59:59.999' : '00:00'}`).getTime()
  return Number.isNaN(ms) || ms < 0 ? undefined : ms
}

export function SearchBar({ ref, spec, byMember, session, onFilter, onClose }: SearchBarProps) {
  const app = useApp()
  const filter: Filter = spec.filter ?? NO_FILTER
  const saved = savedAs(app.circle?.searches ?? [], spec)
  const keep = () => {
    const { scope, order } = spec
    const done = saved ? call('search.forget', { key: saved.key }) : call('search.save', { scope, order, filter })
    done.catch(tellError)
  }
  const field = useRef<HTMLInputElement>(null)
  useImperativeHandle(ref, () => ({ focus: () => field.current?.select() }))
  useEffect(() => field.current?.focus(), [])
  const [typed, setTyped] = useState(filter.text ?? '')
  const given = useRef(filter.text ?? '')
  // A tag that was pressed elsewhere changes the filter from outside.
  useEffect(() => {
    if ((filter.text ?? '') === given.current) return
    given.current = filter.text ?? ''
    setTyped(filter.text ?? '')
  }, [filter.text])
  const latest = useRef({ filter, onFilter })
  latest.current = { filter, onFilter }
  useEffect(() => {
    if (typed === given.current) return
    const timer = setTimeout(() => {
      given.current = typed
      latest.current.onFilter({ ...latest.current.filter, text: typed || undefined })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed])
  const set = (change: Filter) => onFilter({ ...filter, text: typed || undefined, ...change })
  const members = (app.circle?.members ?? []).filter((member) => member.entries > 0 || !member.removed)
  const narrowed = Object.entries(filter).some(([key, value]) => key !== 'text' && value !== undefined)
  const chosen = filter.has?.[0]
  return (
    <search className="search-bar">
      <div className="search-field">
        <Search size={16} aria-hidden />
        <input
          ref={field}
          type="text"
          inputMode="search"
          aria-label={text.search.label}
          aria-keyshortcuts="/"
          placeholder={text.search.placeholder}
          maxLength={SEARCH_CHARS_MAX}
          autoComplete="off"
          spellCheck={false}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            event.stopPropagation()
            if (typed === '') onClose()
            else setTyped('')
          }}
        />
        {isFiltered(spec) && (
          <IconButton
            label={saved ? text.search.saved : text.search.save}
            aria-pressed={saved !== undefined}
            onClick={keep}
          >
            {saved ? <BookmarkCheck size={16} aria-hidden /> : <Bookmark size={16} aria-hidden />}
          </IconButton>
        )}
        <IconButton label={text.search.close} onClick={onClose}>
          <X size={16} aria-hidden />
        </IconButton>
      </div>
      <div className="search-filters">
        {byMember && (
          <label>
            <span>{text.search.by}</span>
            <select
              value={filter.members?.[0] ?? ''}
              onChange={(event) =>
                set({ members: event.target.value === '' ? undefined : [event.target.value as MemberKey] })
              }
            >
              <option value="">{text.search.anybody}</option>
              {members.map((member) => (
                <option key={member.key} value={member.key}>
                  {member.name}
                </option>
              ))}
            </select>
          </label>
        )}
        <label>
          <span>{text.search.kind}</span>
          <select
            value={filter.kinds?.[0] ?? ''}
            onChange={(event) =>
              set({ kinds: event.target.value === '' ? undefined : [event.target.value as 'post' | 'reply'] })
            }
          >
            <option value="">{text.search.anyKind}</option>
            <option value="post">{text.search.posts}</option>
            <option value="reply">{text.search.replies}</option>
          </select>
        </label>
        <label>
          <span>{text.search.has}</span>
          <select
            value={chosen ?? ''}
            onChange={(event) => set({ has: event.target.value === '' ? undefined : [event.target.value as Has] })}
          >
            <option value="">{text.search.hasAny}</option>
            {HAS.map((has) => (
              <option key={has} value={has}>
                {text.search.hasName[has]}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span>{text.search.from}</span>
          <input
            type="date"
            value={dayText(filter.from)}
            onChange={(event) => set({ from: dayMs(event.target.value, false) })}
          />
        </label>
        <label>
          <span>{text.search.to}</span>
          <input
            type="date"
            value={dayText(filter.to)}
            onChange={(event) => set({ to: dayMs(event.target.value, true) })}
          />
        </label>
        <label className="search-check">
          <input
            type="checkbox"
            checked={filter.mentions !== undefined}
            disabled={!app.me}
            onChange={(event) => set({ mentions: event.target.checked ? app.me?.member : undefined })}
          />
          <span>{text.search.mentionsMe}</span>
        </label>
        {narrowed && (
          <Button size="small" look="quiet" onClick={() => onFilter({ text: typed || undefined })}>
            {text.search.clear}
          </Button>
        )}
        <span className="unseen" role="status">
          {!session?.opened
            ? text.search.searching
            : narrowed || typed.trim() !== ''
              ? text.search.results(session.total, session.more)
              : ''}
        </span>
      </div>
      {session !== null && session.notIndexed > 0 && (
        <p className="search-indexing">
          <span className="spinner" aria-hidden />
          {text.search.indexing(session.notIndexed)}
        </p>
      )}
    </search>
  )
}
