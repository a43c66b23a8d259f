// Decides the left side: the circle, the streams, its members with presence and unread counts, the other views, and one
// line that says how far this device is.
import { Bookmark, CircleUserRound, HardDrive, Layers, Network, Settings, UserPlus, Users } from 'lucide-react'
import { startTransition, useEffect, useId, useMemo, useState, type ReactNode } from 'react'
import type { MemberView, Scope } from '../../shared/types'
import { useApp } from '../state'
import { locale, text } from '../text'
import { Avatar, presenceWords, shortKey } from '../ui/avatar'
import { IconButton, Tooltip } from '../ui/button'
import { Mark } from '../ui/mark'
import { useNow } from '../ui/now'
import { useShell, type View } from '../ui/shell-context'
import { SavedSearches } from './saved-searches'
import { syncWords } from './sync-strip'
import { isFiltered } from './view-spec'

/** With more members than this a filter helps more than it takes. */
const FILTER_FROM = 12
const MINUTE_MS = 60_000
const BADGE_MAX = 999
/** Members drawn with the first rows of a start: about what a window shows; the others follow when those stand there. */
const FIRST_MEMBERS = 16
const FOLLOW_MS = 100

const rank = { self: 0, online: 0, seen: 1, offline: 2 } as const
const isHere = (member: MemberView) => rank[member.presence.state] < 2

const sameView = (a: View, b: View): boolean => {
  if (a.name !== 'timeline' || b.name !== 'timeline') return a.name === b.name
  // A search is a place of its own.
  if (isFiltered(a) !== isFiltered(b)) return false
  return (
    a.scope.type === b.scope.type &&
    (a.scope.type !== 'member' || (b.scope.type === 'member' && a.scope.member === b.scope.member))
  )
}

export function Sidebar({ onLeave }: { onLeave: () => void }) {
  const app = useApp()
  const shell = useShell()
  const now = useNow(MINUTE_MS)
  const [filter, setFilter] = useState('')
  const members = useMemo(() => app.circle?.members.filter((member) => !member.removed) ?? [], [app.circle])
  const shown = useMemo(() => {
    const wanted = filter.trim().toLocaleLowerCase()
    return members
      .filter((member) => !member.me && member.name.toLocaleLowerCase().includes(wanted))
      .sort((a, b) => rank[a.presence.state] - rank[b.presence.state] || a.name.localeCompare(b.name, locale))
  }, [members, filter])
  const all = useFollowing(members.length > FIRST_MEMBERS)
  const online = members.filter((member) => !member.me && isHere(member)).length
  const unread = members.reduce((sum, member) => sum + member.unread, 0)
  const words = syncWords(app)
  const item = (view: View, label: string, icon: ReactNode, amount = 0, amountWords = '') => (
    <NavItem
      current={sameView(shell.view, view)}
      label={label}
      icon={icon}
      amount={amount}
      amountWords={amountWords}
      onClick={() => {
        shell.go(view)
        onLeave()
      }}
    />
  )
  const stream = (scope: Scope): View => ({ name: 'timeline', scope })
  return (
    <nav className="sidebar" aria-label={text.nav.label}>
      <header className="sidebar-head">
        <Mark sizePx={30} />
        <div className="sidebar-circle">
          <strong className="ellipsis" title={app.circle?.name}>
            {app.circle?.name ?? text.app.name}
          </strong>
          <span className="ellipsis">{text.nav.summary(members.length, online)}</span>
        </div>
        {app.circle?.admin && app.phase.phase === 'circle' && (
          <IconButton label={text.nav.invite} onClick={shell.invite}>
            <UserPlus size={17} aria-hidden />
          </IconButton>
        )}
      </header>
      <div className="sidebar-scroll scrolls">
        <ul>
          <li>
            {item(
              stream({ type: 'everyone' }),
              text.nav.everyone,
              <Layers size={17} aria-hidden />,
              unread,
              unread > 0 ? text.nav.unread(unread) : '',
            )}
          </li>
          <li>{item(stream({ type: 'mine' }), text.nav.mine, <CircleUserRound size={17} aria-hidden />)}</li>
          <li>{item(stream({ type: 'bookmarks' }), text.nav.bookmarks, <Bookmark size={17} aria-hidden />)}</li>
        </ul>
        <SavedSearches
          current={shell.view.name === 'timeline' ? shell.view : null}
          onOpen={({ scope, order, filter }) => {
            shell.go({ name: 'timeline', scope, order, filter })
            onLeave()
          }}
        />
        {members.length > 1 && (
          <>
            <h2 className="sidebar-title" id="sidebar-members">
              {text.nav.members}
            </h2>
            {members.length > FILTER_FROM && (
              <input
                className="input sidebar-filter"
                type="search"
                placeholder={text.nav.filter}
                aria-label={text.nav.filter}
                value={filter}
                onChange={(event) => setFilter(event.target.value)}
              />
            )}
            <ul aria-labelledby="sidebar-members">
              {(all ? shown : shown.slice(0, FIRST_MEMBERS)).map((member) => (
                <li key={member.key}>
                  <Tooltip side="right" content={<Devices member={member} now={now} />}>
                    {item(
                      stream({ type: 'member', member: member.key }),
                      member.name,
                      <Avatar memberKey={member.key} name={member.name} sizePx={24} presence={member.presence} />,
                      member.unread,
                      member.unread > 0
                        ? `${presenceWords(member.presence, now)}, ${text.nav.unread(member.unread)}`
                        : presenceWords(member.presence, now),
                    )}
                  </Tooltip>
                </li>
              ))}
            </ul>
            {shown.length === 0 && <p className="sidebar-none">{text.nav.noMatch}</p>}
          </>
        )}
      </div>
      <ul className="sidebar-foot">
        <li>
          {item(
            { name: 'circle' },
            text.nav.circle,
            <Users size={17} aria-hidden />,
            app.circle?.requests.length ?? 0,
            app.circle && app.circle.requests.length > 0 ? text.nav.requests(app.circle.requests.length) : '',
          )}
        </li>
        <li>{item({ name: 'network' }, text.nav.network, <Network size={17} aria-hidden />)}</li>
        <li>{item({ name: 'storage' }, text.nav.storage, <HardDrive size={17} aria-hidden />)}</li>
        <li>{item({ name: 'settings' }, text.nav.settings, <Settings size={17} aria-hidden />)}</li>
      </ul>
      <button
        type="button"
        className="sidebar-status"
        data-tone={words.tone}
        data-testid="sync-status"
        onClick={() => {
          shell.go({ name: 'network' })
          onLeave()
        }}
      >
        <span className="sidebar-light" aria-hidden />
        <span className="sidebar-status-words">
          <span>{words.title}</span>
          {words.hint && <span>{words.hint}</span>}
        </span>
      </button>
    </nav>
  )
}

/** False with the first frames, true soon after them. */
function useFollowing(needed: boolean): boolean {
  const [following, setFollowing] = useState(!needed)
  useEffect(() => {
    const timer = setTimeout(() => startTransition(() => setFollowing(true)), FOLLOW_MS)
    return () => clearTimeout(timer)
  }, [])
  return following || !needed
}

interface NavItemProps {
  current: boolean
  label: string
  icon: ReactNode
  amount: number
  amountWords: string
  onClick: () => void
}

/** The tooltip around it hands over its own handlers, hence the rest. */
function NavItem({ current, label, icon, amount, amountWords, onClick, ...rest }: NavItemProps) {
  const id = useId()
  return (
    <button
      type="button"
      {...rest}
      className="nav-item"
      aria-current={current ? 'page' : undefined}
      aria-label={label}
      aria-describedby={amountWords === '' ? undefined : id}
      onClick={onClick}
    >
      <span className="nav-icon">{icon}</span>
      <span className="ellipsis nav-label">{label}</span>
      {amountWords !== '' && (
        <span id={id} hidden>
          {amountWords}
        </span>
      )}
      {amount > 0 && (
        <span className="badge" aria-hidden>
          {amount > BADGE_MAX ? `${BADGE_MAX}+` : amount}
        </span>
      )}
    </button>
  )
}

function Devices({ member, now }: { member: MemberView; now: number }) {
  const devices = member.devices.filter((device) => !device.removed)
  return (
    <>
      <strong>{member.name}</strong>
      {devices.length === 0 && <span>{text.presence.noDevices}</span>}
      {devices.map((device) => (
        <span key={device.key}>
          {shortKey(device.key)} · {presenceWords(device.presence, now)} ·{' '}
          {text.presence.heights(device.height, device.announcedHeight)}
        </span>
      ))}
    </>
  )
}
