// Decides what stands in the middle: one view of the timeline with its composer, its progress, and what it says while
// it is loading, empty or cannot be read.
import { CloudOff, Feather, Inbox, RefreshCcw, UserPlus } from 'lucide-react'
import { useCallback, useEffect, useMemo, useReducer, useRef, useState, type RefObject } from 'react'
import type { NodeId, Row, Scope } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { Composer, type ComposerHandle } from '../compose/composer'
import { useApp } from '../state'
import { text } from '../text'
import { presenceWords } from '../ui/avatar'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { useNow } from '../ui/now'
import { useShell } from '../ui/shell-context'
import { PageHead } from '../ui/page-head'
import { HeldPosts } from './held-posts'
import { TimelineList, type ListHandle } from './list'
import type { RowActions } from './row'
import { SyncStrip } from './sync-strip'
import { ViewSession } from './view-session'
import './timeline.css'

const scopeKey = (scope: Scope) => (scope.type === 'member' ? scope.member : scope.type)
/** Texts that say 'today' are renewed this often. */
const MINUTE_MS = 60_000

interface TimelineProps {
  scope: Scope
  selected: NodeId | null
  onSelect: (row: Row) => void
  replyTo: Row | null
  onReply: (row: Row | null) => void
  list: RefObject<ListHandle | null>
  composer: RefObject<ComposerHandle | null>
  /** The list stands there and can be asked to move. */
  onReady: () => void
  openNavigation: () => void
}

export function Timeline({
  scope,
  selected,
  onSelect,
  replyTo,
  onReply,
  list,
  composer,
  onReady,
  openNavigation,
}: TimelineProps) {
  const app = useApp()
  const shell = useShell()
  const now = useNow(MINUTE_MS)
  const [attempt, retry] = useReducer((turn: number) => turn + 1, 0)
  const key = scopeKey(scope)
  const session = useSession(scope, `${key} ${attempt}`)
  const [top, setTop] = useState(true)
  const member = scope.type === 'member' ? app.circle?.members.find((one) => one.key === scope.member) : undefined
  const name =
    scope.type === 'everyone' ? text.nav.everyone : scope.type === 'mine' ? text.nav.mine : (member?.name ?? '')
  const writable = app.phase.phase === 'circle'

  const unread =
    scope.type === 'member'
      ? (member?.unread ?? 0)
      : scope.type === 'everyone'
        ? (app.circle?.members ?? []).reduce((sum, one) => sum + one.unread, 0)
        : 0
  useSeen(scope, key, unread > 0 && top)
  useFresh(session, selected, onSelect)

  const handlers = useRef({ shell, onSelect, onReply })
  handlers.current = { shell, onSelect, onReply }
  const actions = useMemo<RowActions>(
    () => ({
      select: (row) => handlers.current.onSelect(row),
      inspect: (row) => handlers.current.shell.inspect(row),
      reply: writable ? (row) => handlers.current.shell.compose(row) : null,
      showTarget: (id) => handlers.current.shell.showEntry(id),
    }),
    [writable],
  )
  const posted = useCallback(() => list.current?.newest(), [list])
  const othersTimeline = scope.type === 'member' && !member?.me
  return (
    <section className="timeline" aria-label={text.timeline.list(name)}>
      <PageHead
        title={name}
        note={
          session?.opened
            ? `${text.timeline.entries(session.total)}${member ? ` · ${presenceWords(member.presence, now)}` : ''}`
            : text.timeline.loading
        }
        openNavigation={openNavigation}
      />
      <SyncStrip />
      <HeldPosts now={now} />
      {(!othersTimeline || replyTo || !writable) && (
        <Composer ref={composer} replyTo={replyTo} onReplyDone={() => onReply(null)} onPosted={posted} />
      )}
      {session?.error ? (
        <Empty icon={CloudOff} tone="bad" title={text.timeline.failed} hint={sentenceOf(session.error)}>
          <Button onClick={retry}>
            <RefreshCcw size={15} aria-hidden />
            {text.app.tryAgain}
          </Button>
        </Empty>
      ) : session?.opened && session.total === 0 ? (
        <Nothing scope={scope} name={name} />
      ) : session?.opened ? (
        <TimelineList
          key={`${key} ${attempt}`}
          ref={list}
          session={session}
          name={name}
          selected={selected}
          now={now}
          actions={actions}
          onTop={setTop}
          onReady={onReady}
        />
      ) : (
        <Opening />
      )}
    </section>
  )
}

/** One session per scope, closed when the scope is left; the component repaints when it has news. */
function useSession(scope: Scope, key: string): ViewSession | null {
  const [session, setSession] = useState<ViewSession | null>(null)
  const [, repaint] = useReducer((turn: number) => turn + 1, 0)
  const wanted = useRef(scope)
  wanted.current = scope
  useEffect(() => {
    const opened = new ViewSession(wanted.current)
    setSession(opened)
    const off = opened.listen(repaint)
    return () => {
      off()
      opened.close()
    }
  }, [key])
  return session && scopeKey(session.scope) === scopeKey(scope) ? session : null
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
