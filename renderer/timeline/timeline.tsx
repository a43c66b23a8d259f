// Decides what stands in the middle: one view of the timeline with its composer, its search, its progress, and what it says
// while it is loading, empty or cannot be read.
import {
  ArrowDownNarrowWide,
  Bookmark,
  CloudOff,
  Copy,
  Feather,
  FileCheck2,
  Inbox,
  RefreshCcw,
  Search,
  SearchX,
  UserPlus,
  X,
} from 'lucide-react'
import {
  useCallback,
  useEffect,
  useImperativeHandle,
  useReducer,
  useRef,
  useState,
  type Ref,
  type RefObject,
} from 'react'
import type { Filter, NodeId, Row, Scope } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { Composer, type ComposerHandle } from '../compose/composer'
import { useApp } from '../state'
import { text } from '../text'
import { presenceWords } from '../ui/avatar'
import { Button, IconButton } from '../ui/button'
import { Empty } from '../ui/empty'
import { useNow } from '../ui/now'
import { useKeepPage, type Standing } from '../resting'
import { useShell } from '../ui/shell-context'
import { PageHead } from '../ui/page-head'
import { HistoryDialog, RetractDialog } from './entry-dialogs'
import { HeldPosts } from './held-posts'
import { hasFirstView } from './first-view'
import { TimelineList, type ListHandle } from './list'
import { isText } from './row-tools'
import { SearchBar, type SearchHandle } from './search-bar'
import { SyncStrip } from './sync-strip'
import { useEntryActions, type EntryKeys } from './use-entry-actions'
import { ViewSession } from './view-session'
import { isFiltered, specKey, type ViewSpec } from './view-spec'
import './timeline.css'
import './entries.css'

/** Texts that say 'today' are renewed this often. */
const MINUTE_MS = 60_000

interface TimelineProps {
  spec: ViewSpec
  onSpec: (spec: ViewSpec) => void
  /** The search stands open, whether or not it narrows anything yet. */
  searching: boolean
  onSearching: (open: boolean) => void
  selected: NodeId | null
  onSelect: (row: Row) => void
  replyTo: Row | null
  onReply: (row: Row | null) => void
  editing: Row | null
  onEditing: (row: Row | null) => void
  list: RefObject<ListHandle | null>
  composer: RefObject<ComposerHandle | null>
  search: RefObject<SearchHandle | null>
  keys: Ref<EntryKeys>
  /** The list stands there and can be asked to move. */
  onReady: () => void
  openNavigation: () => void
  /** Where a window that was put away was being read. */
  reading: Standing['reading']
}

export function Timeline(props: TimelineProps) {
  const { spec, onSpec, searching, onSearching, selected, onSelect, replyTo, onReply, editing, onEditing } = props
  const { list, composer, search, keys, onReady, openNavigation, reading } = props
  const { scope } = spec
  const app = useApp()
  const shell = useShell()
  const now = useNow(MINUTE_MS)
  const [attempt, retry] = useReducer((turn: number) => turn + 1, 0)
  const key = specKey(spec)
  const session = useSession(spec, `${key} ${attempt}`)
  const [top, setTop] = useState(reading === null)
  const member = scope.type === 'member' ? app.circle?.members.find((one) => one.key === scope.member) : undefined
  const name = nameOf(scope, member?.name ?? '')
  const writable = app.phase.phase === 'circle'
  const filtered = isFiltered(spec)

  const unread =
    scope.type === 'member'
      ? (member?.unread ?? 0)
      : scope.type === 'everyone'
        ? (app.circle?.members ?? []).reduce((sum, one) => sum + one.unread, 0)
        : 0
  useSeen(scope, key, unread > 0 && top && !filtered)
  useFresh(session, selected, onSelect)
  const entries = useEntryActions({
    viewKey: key,
    writable,
    narrowed: scope.type !== 'everyone' || filtered,
    selected,
    list,
    onSelect,
  })
  useImperativeHandle(keys, () => entries.keys)
  const { actions, picked } = entries
  useKeepPage(picked.size > 0)
  const posted = useCallback(() => {
    if (scope.type === 'thread') list.current?.oldest()
    else list.current?.newest()
  }, [list, scope.type])
  const others = scope.type !== 'everyone' && scope.type !== 'mine' && !member?.me
  const reached = spec.order === 'reached'
  const note = !session?.opened
    ? text.timeline.loading
    : filtered
      ? text.search.results(session.total, session.more)
      : `${text.timeline.entries(session.total)}${member ? ` · ${presenceWords(member.presence, now)}` : ''}`
  // A thread is answered below its last entry.
  const beginning = useBeginning(scope, session, key)
  const writer = (
    <Composer
      ref={composer}
      replyTo={replyTo}
      {...(beginning && { thread: beginning })}
      onReplyDone={() => onReply(null)}
      editing={editing}
      onEditDone={() => onEditing(null)}
      onPosted={posted}
    />
  )
  return (
    <section className="timeline" aria-label={text.timeline.list(name)}>
      <PageHead
        title={name}
        note={note}
        openNavigation={openNavigation}
        {...(scope.type === 'thread' && { onBack: () => shell.showInTimeline(scope.entry) })}
      >
        {scope.type !== 'thread' && (
          <>
            <IconButton
              label={reached ? text.timeline.byReached : text.timeline.byWritten}
              aria-pressed={reached}
              onClick={() => onSpec({ ...spec, order: reached ? 'written' : 'reached' })}
            >
              {reached ? <Inbox size={17} aria-hidden /> : <ArrowDownNarrowWide size={17} aria-hidden />}
            </IconButton>
            <IconButton label={text.search.open} aria-pressed={searching} onClick={() => onSearching(!searching)}>
              <Search size={17} aria-hidden />
            </IconButton>
          </>
        )}
      </PageHead>
      {searching && (
        <SearchBar
          ref={search}
          spec={spec}
          byMember={scope.type === 'everyone' || scope.type === 'bookmarks'}
          session={session}
          onFilter={(filter: Filter) => onSpec({ ...spec, filter })}
          onClose={() => onSearching(false)}
        />
      )}
      <SyncStrip />
      <HeldPosts now={now} />
      {scope.type !== 'thread' && (replyTo || editing || (!searching && (!others || !writable))) && writer}
      {session?.error ? (
        <Empty icon={CloudOff} tone="bad" title={text.timeline.failed} hint={sentenceOf(session.error)}>
          <Button onClick={retry}>
            <RefreshCcw size={15} aria-hidden />
            {text.app.tryAgain}
          </Button>
        </Empty>
      ) : session?.opened && session.total === 0 ? (
        filtered ? (
          <NothingFound notIndexed={session.notIndexed} onClear={() => onSpec({ ...spec, filter: {} })} />
        ) : (
          <Nothing scope={scope} name={name} />
        )
      ) : session?.opened ? (
        <TimelineList
          key={`${key} ${attempt}`}
          ref={list}
          session={session}
          name={name}
          selected={selected}
          picked={picked}
          now={now}
          actions={actions}
          onTop={setTop}
          onReady={onReady}
          reading={reading}
        />
      ) : (
        <Opening />
      )}
      {(replyTo || editing || beginning) && scope.type === 'thread' && writer}
      {picked.size > 0 && (
        <div className="picked" role="toolbar" aria-label={text.timeline.selection}>
          <span role="status">{text.timeline.picked(picked.size)}</span>
          <Button size="small" onClick={() => actions.copy([...picked.values()], 'markdown')}>
            <Copy size={14} aria-hidden />
            {text.timeline.copyMarkdown}
          </Button>
          <Button size="small" onClick={() => actions.copy([...picked.values()], 'quote')}>
            <FileCheck2 size={14} aria-hidden />
            {text.timeline.copyQuote}
          </Button>
          <IconButton label={text.timeline.unpickAll} onClick={entries.unpick}>
            <X size={15} aria-hidden />
          </IconButton>
        </div>
      )}
      <HistoryDialog row={entries.history} onClose={entries.closeHistory} />
      <RetractDialog row={entries.retracting} onClose={entries.closeRetract} />
    </section>
  )
}

function nameOf(scope: Scope, member: string): string {
  switch (scope.type) {
    case 'everyone':
      return text.nav.everyone
    case 'mine':
      return text.nav.mine
    case 'member':
      return member
    case 'thread':
      return text.timeline.thread
    case 'bookmarks':
      return text.timeline.bookmarksTitle
  }
}

/** What a thread begins with, as far as it can be answered; it stays when the list has moved far from it. */
function useBeginning({ type }: Scope, session: ViewSession | null, key: string): Row | null {
  const seen = useRef<{ key: string; row: Row } | null>(null)
  const row = type === 'thread' ? session?.at(0) : undefined
  if (row) seen.current = { key, row }
  const first = seen.current?.key === key ? seen.current.row : null
  return first && isText(first) && !first.retracted ? first : null
}

/** One session per view, closed when the view is left; the component repaints when what it says of the view has changed. */
function useSession(spec: ViewSpec, key: string): ViewSession | null {
  // The first one is there with the first drawing, if the backend was quick enough.
  const [session, setSession] = useState<ViewSession | null>(() => (hasFirstView(spec) ? new ViewSession(spec) : null))
  const [, repaint] = useReducer((turn: number) => turn + 1, 0)
  const given = useRef(session)
  const wanted = useRef(spec)
  wanted.current = spec
  useEffect(() => {
    const opened = given.current && !given.current.closed ? given.current : new ViewSession(wanted.current)
    given.current = null
    setSession(opened)
    let said = ''
    const off = opened.listen(() => {
      const { total, more, notIndexed, error } = opened
      const says = `${opened.opened} ${total} ${more} ${notIndexed} ${error !== null}`
      // Rows are the list's own business: a page that arrives while one scrolls changes nothing here.
      if (says !== said) repaint()
      said = says
    })
    return () => {
      off()
      opened.close()
    }
  }, [key])
  return session && specKey(session.spec) === specKey(spec) ? session : null
}

/** The chosen row is a copy; when the backend tells it anew (acknowledged, renamed), so does whoever shows it. */
function useFresh(session: ViewSession | null, selected: NodeId | null, onSelect: (row: Row) => void): void {
  useEffect(() => {
    if (!session || selected === null) return
    return session.listen(() => {
      const position = session.positionHere(selected)
      const row = position === undefined ? undefined : session.at(position)
      if (row) onSelect(row)
    })
  }, [session, selected, onSelect])
}

/** Tells the backend that somebody looks at this view: its window has the focus and its newest entry is in sight. */
function useSeen(scope: Scope, key: string, due: boolean): void {
  const [focused, setFocused] = useState(() => document.hasFocus())
  const wanted = useRef(scope)
  wanted.current = scope
  useEffect(() => {
    const look = () => setFocused(document.hasFocus())
    globalThis.addEventListener('focus', look)
    globalThis.addEventListener('blur', look)
    return () => {
      globalThis.removeEventListener('focus', look)
      globalThis.removeEventListener('blur', look)
    }
  }, [])
  useEffect(() => {
    // A count that did not fall is told again with the next arrival.
    if (due && focused) call('member.seen', { scope: wanted.current }).catch(() => undefined)
  }, [key, due, focused])
}

function NothingFound({ notIndexed, onClear }: { notIndexed: number; onClear: () => void }) {
  return (
    <Empty
      icon={SearchX}
      title={notIndexed ? text.search.noneIndexing : text.search.none}
      hint={notIndexed ? text.search.noneIndexingHint(notIndexed) : text.search.noneHint}
    >
      <Button onClick={onClear}>{text.search.clear}</Button>
    </Empty>
  )
}

function Nothing({ scope, name }: { scope: Scope; name: string }) {
  const app = useApp()
  const shell = useShell()
  const writable = app.phase.phase === 'circle'
  const write = writable && (
    <Button look="primary" onClick={() => shell.compose(null)}>
      <Feather size={15} aria-hidden />
      {text.timeline.write}
    </Button>
  )
  if (scope.type === 'mine') {
    return (
      <Empty icon={Feather} title={text.timeline.emptyMine} hint={text.timeline.emptyMineHint}>
        {write}
      </Empty>
    )
  }
  if (scope.type === 'bookmarks')
    return <Empty icon={Bookmark} title={text.timeline.emptyBookmarks} hint={text.timeline.emptyBookmarksHint} />
  if (scope.type === 'member')
    return <Empty icon={Inbox} title={text.timeline.emptyMember(name)} hint={text.timeline.emptyMemberHint} />
  if (app.sync.missing > 0)
    return <Empty icon={Inbox} title={text.timeline.emptySyncing} hint={text.timeline.emptySyncingHint} />
  const alone = (app.circle?.members.filter((member) => !member.removed).length ?? 1) <= 1
  return (
    <Empty
      icon={Feather}
      title={alone ? text.timeline.emptyAlone : text.timeline.emptyEveryone}
      hint={alone ? text.timeline.emptyAloneHint : text.timeline.emptyEveryoneHint}
    >
      {write}
      {app.circle?.admin && writable && (
        <Button onClick={shell.invite}>
          <UserPlus size={15} aria-hidden />
          {text.nav.invite}
        </Button>
      )}
    </Empty>
  )
}

const BONES = [96, 132, 84, 110, 92]
function Opening() {
  return (
    <div className="list opening" role="status" aria-label={text.timeline.loading}>
      {BONES.map((heightPx, index) => (
        <div key={heightPx} className="row-slot row-placeholder" style={{ height: heightPx }}>
          <span className="bone bone-face" />
          <div>
            <span className="bone" style={{ width: 120 }} />
            <span className="bone" style={{ width: `${88 - index * 9}%` }} />
            {heightPx > 95 && <span className="bone" style={{ width: `${48 + index * 6}%` }} />}
          </div>
        </div>
      ))}
    </div>
  )
}
