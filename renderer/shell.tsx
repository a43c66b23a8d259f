// Decides the frame around the circle: which view stands in the middle, which entry is chosen, what is open beside and
// above it, and what keys and system commands do.
import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { Alert, Filter, NodeId, Row } from '../shared/types'
import { call, on } from './backend'
import { GO_PENDING_MS, readKey, type KeyAction } from './commands/keys'
import type { ComposerHandle } from './compose/composer'
import { resumed, tellStanding } from './resting'
import { useApp } from './state'
import { text } from './text'
import { FIRST_VIEW } from './timeline/first-view'
import type { ListHandle } from './timeline/list'
import type { SearchHandle } from './timeline/search-bar'
import { Sidebar } from './timeline/sidebar'
import { Timeline } from './timeline/timeline'
import type { EntryKeys } from './timeline/use-entry-actions'
import { isFiltered, type ViewSpec } from './timeline/view-spec'
import { Button } from './ui/button'
import { useAction } from './ui/action'
import { Confirm, Dialog } from './ui/dialog'
import { Problem } from './ui/field'
import { ShellContext, type Shell, type View } from './ui/shell-context'
import { tell, tellError } from './ui/toast'

// Read when they are first opened: the timeline is what a start waits for.
const Circle = lazy(async () => ({ default: (await import('./circle/circle')).Circle }))
const Network = lazy(async () => ({ default: (await import('./network/network')).Network }))
const Storage = lazy(async () => ({ default: (await import('./storage/storage')).Storage }))
const JoinAgain = lazy(async () => ({ default: (await import('./storage/join-again')).JoinAgain }))
const Settings = lazy(async () => ({ default: (await import('./settings/settings')).Settings }))
const Inspector = lazy(async () => ({ default: (await import('./inspector/inspector')).Inspector }))
const Palette = lazy(async () => ({ default: (await import('./commands/palette')).Palette }))
const GoToDate = lazy(async () => ({ default: (await import('./timeline/go-to-date')).GoToDate }))
const Shortcuts = lazy(async () => ({ default: (await import('./commands/shortcuts')).Shortcuts }))
const AddDeviceDialog = lazy(async () => ({ default: (await import('./circle/add-device')).AddDeviceDialog }))
const InviteDialog = lazy(async () => ({ default: (await import('./circle/invites')).InviteDialog }))

type Open = 'palette' | 'shortcuts' | 'invite' | 'device' | 'date' | null
const EVERYONE: View = { name: 'timeline', ...FIRST_VIEW }
const MINE: View = { name: 'timeline', scope: { type: 'mine' } }
const BOOKMARKS: View = { name: 'timeline', scope: { type: 'bookmarks' } }
const NO_FILTER: Filter = {}

export function ShellView({ link, onLinkDone }: { link: string | null; onLinkDone: () => void }) {
  const app = useApp()
  const stood = resumed()
  const [view, setView] = useState<View>(stood?.view ?? EVERYONE)
  const [selected, setSelected] = useState<Row | null>(stood?.selected ?? null)
  const [inspecting, setInspecting] = useState(stood?.inspecting ?? false)
  const [replyTo, setReplyTo] = useState<Row | null>(stood?.replyTo ?? null)
  const [editing, setEditing] = useState<Row | null>(null)
  const [searching, setSearching] = useState(stood?.searching ?? false)
  /** Only the list that the window begins with is put where it was. */
  const [reading, setReading] = useState(stood?.reading ?? null)
  const [open, setOpen] = useState<Open>(null)
  /** Dialogs that were open once stay mounted, so that they can close as they should. */
  const opened = useRef(new Set<Open>()).current
  opened.add(open)
  const [navigation, setNavigation] = useState(false)
  const list = useRef<ListHandle>(null)
  const composer = useRef<ComposerHandle>(null)
  const search = useRef<SearchHandle>(null)
  const entryKeys = useRef<EntryKeys>(null)
  /** What to do once the view that it needs stands there. */
  const [due, setDue] = useState<{ type: 'compose' } | { type: 'show'; id: NodeId } | null>(null)
  const writable = app.phase.phase === 'circle'

  const latestView = useRef(view)
  latestView.current = view
  const go = useCallback((next: View) => {
    setView(next)
    setReading(null)
    setSelected(null)
    setInspecting(false)
    setReplyTo(null)
    setEditing(null)
    setSearching(next.name === 'timeline' && isFiltered(next))
  }, [])
  /** The same view in another order or with another filter: what is written or chosen stays. */
  const respec = useCallback(({ scope, order, filter }: ViewSpec) => {
    setReading(null)
    setView({ name: 'timeline', scope, ...(order && { order }), ...(filter && { filter }) })
  }, [])
  const openSearch = useCallback(
    (wanted: boolean) => {
      const now = latestView.current
      if (wanted && (now.name !== 'timeline' || now.scope.type === 'thread')) go(EVERYONE)
      setSearching(wanted)
      if (wanted) search.current?.focus()
      else if (now.name === 'timeline' && isFiltered(now)) respec({ ...now, filter: NO_FILTER })
    },
    [go, respec],
  )
  const closeDialogs = useCallback(() => setOpen(null), [])

  const compose = useCallback(
    (row: Row | null) => {
      if (!writable) return
      const now = latestView.current
      setReplyTo(row)
      setEditing(null)
      // Other people's timelines have no composer of their own, except to answer.
      if (row === null && (now.name !== 'timeline' || (now.scope.type !== 'everyone' && now.scope.type !== 'mine')))
        go(EVERYONE)
      else if (row === null) setSearching(false)
      setDue({ type: 'compose' })
    },
    [writable, go],
  )
  const editEntry = useCallback(
    (row: Row) => {
      if (!writable || !row.own) return
      setReplyTo(null)
      setEditing(row)
      setDue({ type: 'compose' })
    },
    [writable],
  )
  const showEntry = useCallback(
    (id: NodeId) => {
      const show = async () => {
        const now = latestView.current
        if (now.name === 'timeline' && (await list.current?.show(id))) return
        if (now.name === 'timeline' && now.scope.type === 'everyone' && !isFiltered(now)) {
          tell(text.timeline.notHere)
          return
        }
        go(EVERYONE)
        setDue({ type: 'show', id })
      }
      show().catch(tellError)
    },
    [go],
  )
  const showInTimeline = useCallback(
    (id: NodeId) => {
      go(EVERYONE)
      setDue({ type: 'show', id })
    },
    [go],
  )
  const shell = useMemo<Shell>(
    () => ({
      view,
      go,
      compose,
      edit: editEntry,
      inspect: (row) => {
        setSelected(row)
        setInspecting(true)
      },
      showEntry,
      showInTimeline,
      search: () => openSearch(true),
      goToDate: () => setOpen('date'),
      invite: () => setOpen('invite'),
      addDevice: () => setOpen('device'),
      palette: () => setOpen('palette'),
      shortcuts: () => setOpen('shortcuts'),
    }),
    [view, go, compose, editEntry, showEntry, showInTimeline, openSearch],
  )

  const [ready, markReady] = useReducer((turn: number) => turn + 1, 0)
  // What is due waits until the list or the composer it needs has been mounted.
  useEffect(() => {
    if (due?.type === 'compose' && composer.current) {
      composer.current.focus()
      setDue(null)
    } else if (due?.type === 'show' && list.current) {
      const { id } = due
      setDue(null)
      list.current.show(id).then((found) => {
        if (!found) tell(text.timeline.notHere)
      }, tellError)
    }
  }, [due, ready, view])

  const act = (action: KeyAction): void => {
    switch (action) {
      case 'palette':
        setOpen('palette')
        break
      case 'shortcuts':
        setOpen('shortcuts')
        break
      case 'compose':
        compose(null)
        break
      case 'reply':
        if (selected && (selected.kind === 'post' || selected.kind === 'reply')) compose(selected)
        break
      case 'open':
        if (selected) setInspecting(true)
        break
      case 'escape':
        if (navigation) setNavigation(false)
        else if (inspecting) setInspecting(false)
        else if (replyTo) setReplyTo(null)
        else if (editing) setEditing(null)
        else if (entryKeys.current?.unpick()) break
        else if (searching) openSearch(false)
        else if (view.name === 'timeline' && view.scope.type === 'thread') {
          // Back to where the thread was opened, at its entry.
          showInTimeline(view.scope.entry)
        } else setSelected(null)
        break
      case 'react':
        if (selected) entryKeys.current?.react(selected)
        break
      case 'bookmark':
        if (selected) entryKeys.current?.bookmark(selected)
        break
      case 'edit':
        if (selected) entryKeys.current?.edit(selected)
        break
      case 'thread':
        if (selected) entryKeys.current?.thread(selected)
        break
      case 'pick':
        if (selected) entryKeys.current?.pick(selected)
        break
      case 'search':
        openSearch(true)
        break
      case 'date':
        if (view.name !== 'timeline' || view.scope.type === 'thread') go(EVERYONE)
        setOpen('date')
        break
      case 'order':
        if (view.name === 'timeline' && view.scope.type !== 'thread')
          respec({ ...view, order: view.order === 'reached' ? 'written' : 'reached' })
        break
      case 'go-bookmarks':
        go(BOOKMARKS)
        break
      case 'next':
        list.current?.step(1)
        break
      case 'previous':
        list.current?.step(-1)
        break
      case 'page-down':
        list.current?.page(1)
        break
      case 'page-up':
        list.current?.page(-1)
        break
      case 'newest':
        list.current?.newest()
        break
      case 'oldest':
        list.current?.oldest()
        break
      case 'go-everyone':
        go(EVERYONE)
        break
      case 'go-mine':
        go(MINE)
        break
      case 'go-circle':
        go({ name: 'circle' })
        break
      case 'go-network':
        go({ name: 'network' })
        break
      case 'go-storage':
        go({ name: 'storage' })
        break
      case 'go-settings':
        go({ name: 'settings' })
        break
    }
  }
  useKeys(open === null && link === null, act)
  useEffect(() =>
    tellStanding(() => {
      // What was typed elsewhere than in the composer has no draft.
      const typed = view.name !== 'timeline' && [...document.querySelectorAll(TEXT_FIELDS)].some(hasText)
      if (typed || document.querySelector(POPUPS) !== null) return null
      return { view, selected, inspecting, replyTo, searching, reading: list.current?.reading() ?? null }
    }),
  )
  const acting = useRef(act)
  acting.current = act
  useEffect(
    () =>
      on('command', ({ name }) => {
        if (name === 'compose') acting.current('compose')
        else if (name === 'find-peers') {
          acting.current('go-network')
          call('network.refresh', {}).catch(tellError)
        } else if (name === 'invite') setOpen('invite')
        else acting.current('go-settings')
      }),
    [],
  )
  const newest = useCallback(() => acting.current('newest'), [])
  const openNavigation = useCallback(() => setNavigation(true), [])
  return (
    <ShellContext value={shell}>
      <div
        className="shell"
        data-inspector={(inspecting && selected !== null && view.name === 'timeline') || undefined}
        data-nav={navigation || undefined}
      >
        <a className="button skip" href="#main">
          {text.app.skip}
        </a>
        <Sidebar onLeave={() => setNavigation(false)} />
        <div className="nav-shade" role="presentation" onClick={() => setNavigation(false)} />
        <main className="main" id="main" tabIndex={-1}>
          <Alerts alerts={app.alerts} />
          {view.name === 'timeline' && (
            <Timeline
              spec={view}
              onSpec={respec}
              searching={searching}
              onSearching={openSearch}
              selected={selected?.id ?? null}
              onSelect={setSelected}
              replyTo={replyTo}
              onReply={setReplyTo}
              editing={editing}
              onEditing={setEditing}
              list={list}
              composer={composer}
              search={search}
              keys={entryKeys}
              onReady={markReady}
              openNavigation={openNavigation}
              reading={reading}
            />
          )}
          <Suspense>
            {view.name === 'circle' && <Circle openNavigation={openNavigation} />}
            {view.name === 'network' && <Network openNavigation={openNavigation} />}
            {view.name === 'storage' && <Storage openNavigation={openNavigation} />}
            {view.name === 'settings' && <Settings openNavigation={openNavigation} />}
          </Suspense>
        </main>
        <Suspense>
          {inspecting && selected && view.name === 'timeline' && (
            <Inspector row={selected} onClose={() => setInspecting(false)} />
          )}
        </Suspense>
      </div>
      <Suspense>
        {opened.has('palette') && <Palette open={open === 'palette'} onClose={closeDialogs} onNewest={newest} />}
      </Suspense>
      <Suspense>
        {opened.has('date') && (
          <GoToDate open={open === 'date'} onClose={closeDialogs} onDate={(time) => list.current?.goTo(time)} />
        )}
      </Suspense>
      <Suspense>{opened.has('shortcuts') && <Shortcuts open={open === 'shortcuts'} onClose={closeDialogs} />}</Suspense>
      <Suspense>
        {opened.has('invite') && <InviteDialog open={open === 'invite' && writable} onClose={closeDialogs} />}
      </Suspense>
      <Suspense>
        {opened.has('device') && <AddDeviceDialog open={open === 'device' && writable} onClose={closeDialogs} />}
      </Suspense>
      <Dialog
        open={link !== null}
        onClose={onLinkDone}
        title={text.opened.already}
        lead={text.opened.alreadyHint(app.circle?.name ?? '')}
      >
        <div className="dialog-actions">
          <Button look="primary" onClick={onLinkDone}>
            {text.action.ok}
          </Button>
        </div>
      </Dialog>
    </ShellContext>
  )
}

/** What a person can do about a notice, next to it. Both are said in full and asked once more. */
function AlertAction({ code }: { code: string }) {
  const { circle } = useApp()
  const [asking, setAsking] = useState(false)
  const { busy, problem, clear, run } = useAction()
  const action =
    code === 'DEVICE_COPIED'
      ? ({ words: text.alerts.renew, name: 'device.renew' } as const)
      : (code === 'PROVISIONAL' || code === 'REJOIN_NEEDED') && circle?.mayRecover
        ? ({ words: text.alerts.recover, name: 'circle.recover' } as const)
        : null
  if (!action) return code === 'REJOIN_NEEDED' ? <JoinAgain /> : null
  const close = () => {
    clear()
    setAsking(false)
  }
  return (
    <>
      {code === 'REJOIN_NEEDED' && <JoinAgain />}
      <Button size="small" onClick={() => setAsking(true)}>
        {action.words.button}
      </Button>
      <Confirm
        open={asking}
        onClose={close}
        onConfirm={() =>
          void run(async () => {
            await call(action.name, {})
            setAsking(false)
          })
        }
        title={action.words.title}
        confirm={action.words.confirm}
        busy={busy}
      >
        <ul className="removal">
          {action.words.what.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {problem && <Problem>{problem}</Problem>}
      </Confirm>
    </>
  )
}

const alertIcons = { info: Info, warning: TriangleAlert, error: CircleAlert } as const

function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  // A restore in progress is told where one would write.
  const shown = alerts.filter((alert) => alert.code !== 'RESTORING')
  return (
    <div className="alerts" role="region" aria-label={text.alerts.region} aria-live="polite">
      {shown.map((alert) => {
        const Icon = alertIcons[alert.severity]
        return (
          <div key={alert.code} className="alert" data-severity={alert.severity} data-code={alert.code}>
            <Icon size={16} aria-hidden />
            <p>{alert.text}</p>
            <AlertAction code={alert.code} />
            <button
              type="button"
              className="icon-button"
              aria-label={text.alerts.dismiss(alert.text)}
              onClick={() => void call('alert.dismiss', { code: alert.code }).catch(tellError)}
            >
              <X size={15} aria-hidden />
            </button>
          </div>
        )
      })}
    </div>
  )
}

const TEXT_FIELDS = 'input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable=true]'
const hasText = (field: Element): boolean => 'value' in field && field.value !== ''
const POPUPS = '[role=dialog], [role=alertdialog], [role=menu]'
/** Keys that mean something of their own on a focused control outside of the timeline. */
const isLetter = (key: string) => key.length === 1 && key !== ' '

function useKeys(listening: boolean, act: (action: KeyAction) => void): void {
  const acting = useRef(act)
  acting.current = act
  const going = useRef<ReturnType<typeof setTimeout> | null>(null)
  useEffect(() => {
    if (!listening) return
    const press = (event: KeyboardEvent) => {
      const target = event.target instanceof Element ? event.target : document.body
      if (event.defaultPrevented || target.closest(POPUPS)) return
      const wasGoing = going.current !== null
      const read = readKey(event, wasGoing, target.closest(TEXT_FIELDS) !== null)
      if (going.current !== null) {
        clearTimeout(going.current)
        going.current = null
      }
      if (read.going) {
        going.current = setTimeout(() => {
          going.current = null
        }, GO_PENDING_MS)
      }
      if (read.action === null) return
      const inList = target.closest('[data-timeline]') !== null
      const free = target === document.body || target.id === 'main' || inList
      if (!free && !isLetter(event.key) && event.key !== 'Escape') return
      if ((event.key === 'Enter' || event.key === ' ') && target.closest('a, button, summary')) return
      event.preventDefault()
      acting.current(read.action)
    }
    globalThis.addEventListener('keydown', press)
    return () => globalThis.removeEventListener('keydown', press)
  }, [listening])
}
