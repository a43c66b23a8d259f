// Decides how the circle is shown: who waits for an answer first, and what waits for other admins, then its members and
// devices, its invites, and the log of every change of the list.
import { Menu } from '@base-ui/react/menu'
import { Tabs } from '@base-ui/react/tabs'
import {
  Ellipsis,
  History,
  LogOut,
  MonitorSmartphone,
  Rows3,
  ShieldCheck,
  ShieldOff,
  UserMinus,
  UserPlus,
} from 'lucide-react'
import { useState } from 'react'
import type { CircleView, DeviceView, JoinRequestView, MemberView, WantView } from '../../shared/types'
import { call } from '../backend'
import { saveForkProof } from '../inspector/proof-file'
import { anyOf } from '../language'
import { useApp } from '../state'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Avatar, presenceWords, shortKey } from '../ui/avatar'
import { Button } from '../ui/button'
import { Empty } from '../ui/empty'
import { Problem } from '../ui/field'
import { useNow } from '../ui/now'
import { PageHead } from '../ui/page-head'
import { useShell } from '../ui/shell-context'
import { relativeTime, shortTime } from '../ui/time'
import { tell, tellError } from '../ui/toast'
import { Invites } from './invites'
import { ListActionDialog, type ListAction } from './list-action'
import './circle.css'

const MINUTE_MS = 60_000

export function Circle({ openNavigation }: { openNavigation: () => void }) {
  const { circle, phase } = useApp()
  const shell = useShell()
  const now = useNow(MINUTE_MS)
  if (!circle) return null
  const writable = phase.phase === 'circle' && circle.standing === 'member' && !circle.copied
  return (
    <>
      <PageHead
        title={text.circle.title}
        note={`${circle.name} · ${text.circle.since(circle.epoch)} · ${circle.approval === 'auto' ? text.circle.approvalAuto : text.circle.approvalAsk}`}
        openNavigation={openNavigation}
      >
        {writable && (
          <>
            <Button onClick={shell.addDevice}>
              <MonitorSmartphone size={15} aria-hidden />
              {text.circle.newDevice}
            </Button>
            {circle.admin && (
              <Button look="primary" onClick={shell.invite}>
                <UserPlus size={15} aria-hidden />
                {text.circle.newInvite}
              </Button>
            )}
          </>
        )}
      </PageHead>
      <div className="page scrolls">
        <div className="page-column">
          {circle.requests.length > 0 && <Requests requests={circle.requests} now={now} />}
          {circle.wants.length > 0 && <Wants circle={circle} now={now} />}
          <Tabs.Root defaultValue="members">
            <Tabs.List className="tabs" aria-label={text.circle.title}>
              <Tabs.Tab className="tab" value="members">
                {text.circle.members}
              </Tabs.Tab>
              <Tabs.Tab className="tab" value="invites">
                {text.circle.invites}
              </Tabs.Tab>
              <Tabs.Tab className="tab" value="log">
                {text.circle.log}
              </Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel className="tab-panel" value="members">
              <Members circle={circle} writable={writable} now={now} />
            </Tabs.Panel>
            <Tabs.Panel className="tab-panel" value="invites">
              <Invites circle={circle} now={now} />
            </Tabs.Panel>
            <Tabs.Panel className="tab-panel" value="log">
              <Log circle={circle} />
            </Tabs.Panel>
          </Tabs.Root>
        </div>
      </div>
    </>
  )
}

function Requests({ requests, now }: { requests: readonly JoinRequestView[]; now: number }) {
  return (
    <section className="requests" aria-label={text.circle.requests}>
      <h2 className="group-title">{text.circle.requests}</h2>
      <p className="line-hint">{text.circle.requestsWhat}</p>
      <ul>
        {requests.map((request) => (
          <Request key={request.id} request={request} now={now} />
        ))}
      </ul>
    </section>
  )
}

function Request({ request, now }: { request: JoinRequestView; now: number }) {
  const { busy, problem, run } = useAction()
  const answer = (name: 'request.approve' | 'request.refuse', done: string) =>
    run(async () => {
      await call(name, { id: request.id })
      tell(done)
    })
  return (
    <li className="request" data-testid="join-request">
      <Avatar memberKey={request.member} name={request.name} sizePx={40} />
      <div className="line-text">
        <p className="line-title">{request.code === null ? text.circle.asks(request.name) : text.device.asks}</p>
        <p className="line-hint">
          {text.circle.asked(relativeTime(Math.min(request.askedAt, now), now, locale))} ·{' '}
          {request.code === null ? text.circle.compareKey : text.device.digits}{' '}
          <span className="mono">{request.code ?? shortKey(request.member)}</span>
        </p>
        {problem && <Problem>{problem}</Problem>}
      </div>
      <Button
        disabled={busy}
        aria-label={text.circle.declineLabel(request.name)}
        onClick={() => void answer('request.refuse', text.circle.declined(request.name))}
      >
        {text.circle.decline}
      </Button>
      <Button
        look="primary"
        disabled={busy}
        aria-label={text.circle.approveLabel(request.name)}
        onClick={() => void answer('request.approve', text.circle.approved(request.name))}
      >
        {text.circle.approve}
      </Button>
    </li>
  )
}

function Wants({ circle, now }: { circle: CircleView; now: number }) {
  return (
    <section className="requests" aria-label={text.circle.wants}>
      <h2 className="group-title">{text.circle.wants}</h2>
      <p className="line-hint">
        {circle.waitingFor.length > 0 ? text.circle.waitsFor(anyOf(circle.waitingFor)) : text.circle.waits}
      </p>
      <ul>
        {circle.wants.map((want) => (
          <WantLine key={want.key} want={want} now={now} />
        ))}
      </ul>
    </section>
  )
}

function WantLine({ want, now }: { want: WantView; now: number }) {
  const { busy, problem, run } = useAction()
  const what = text.circle.wanted[want.what](want.name)
  return (
    <li className="request" data-testid="want">
      <div className="line-text">
        <p className="line-title">{what}</p>
        <p className="line-hint">{text.circle.asksAgain(relativeTime(Math.min(want.askedAt, now), now, locale))}</p>
        {problem && <Problem>{problem}</Problem>}
      </div>
      <Button
        disabled={busy}
        aria-label={text.circle.withdrawLabel(what)}
        onClick={() => void run(async () => void (await call('change.withdraw', { key: want.key })))}
      >
        {text.circle.withdraw}
      </Button>
    </li>
  )
}

function Members({ circle, writable, now }: { circle: CircleView; writable: boolean; now: number }) {
  const [action, setAction] = useState<ListAction | null>(null)
  const here = circle.members.filter((member) => !member.removed)
  const gone = circle.members.filter((member) => member.removed)
  const line = (member: MemberView) => (
    <MemberLine
      key={member.key}
      member={member}
      now={now}
      admin={circle.admin && writable}
      writable={writable}
      onAction={setAction}
    />
  )
  return (
    <>
      <ul className="panel" aria-label={text.circle.members}>
        {here.map(line)}
      </ul>
      {gone.length > 0 && (
        <>
          <h3 className="group-title members-gone">{text.circle.removedMembers}</h3>
          <ul className="panel" aria-label={text.circle.removedMembers}>
            {gone.map(line)}
          </ul>
        </>
      )}
      <ListActionDialog action={action} circle={circle} onClose={() => setAction(null)} />
    </>
  )
}

interface MemberLineProps {
  member: MemberView
  now: number
  /** This device's member may change the list. */
  admin: boolean
  writable: boolean
  onAction: (action: ListAction) => void
}

function MemberLine({ member, now, admin, writable, onAction }: MemberLineProps) {
  const shell = useShell()
  const devices = member.devices.filter((device) => !device.removed)
  const forked = devices.some((device) => device.forkedAt !== null)
  const mayRemoveDevice = (device: DeviceView) =>
    writable && devices.length > 1 && (admin || (member.me && device.presence.state !== 'self'))
  return (
    <li className="line member" data-testid="member" data-removed={member.removed || undefined}>
      <Avatar memberKey={member.key} name={member.name} presence={member.presence} />
      <div className="line-text">
        <p className="line-title">
          {member.name}
          {member.me && <span className="member-you"> {text.nav.you}</span>}
          {member.role !== 'member' && (
            <span className="tag" data-tone="accent">
              {text.circle.role[member.role]}
            </span>
          )}
          {member.removed && (
            <span className="tag" data-tone="bad">
              {text.nav.removed}
            </span>
          )}
        </p>
        <p className="line-hint">
          {member.me ? text.presence.self : presenceWords(member.presence, now)} · {text.circle.entries(member.entries)}{' '}
          · {text.circle.devices(devices.length)}
        </p>
        {(devices.length > 1 || forked) && (
          <ul className="member-devices">
            {devices.map((device) => (
              <li key={device.key}>
                <span className="presence" data-state={device.presence.state} aria-hidden />
                {text.circle.device(shortKey(device.key))}
                {device.votes && devices.length > 1 && (
                  <span className="tag" title={text.circle.votesHint}>
                    {text.circle.votes}
                  </span>
                )}
                {device.forkedAt !== null && (
                  <span className="tag" data-tone="bad">
                    {text.circle.forkedAt(device.forkedAt)}
                  </span>
                )}
                <span className="member-device-state">
                  {presenceWords(device.presence, now)} · {text.presence.heights(device.height, device.announcedHeight)}{' '}
                  · {text.circle.addedIn(device.addedInEpoch)}
                </span>
                {device.forkedAt !== null && (
                  <Button size="small" look="quiet" onClick={() => void saveForkProof(device.key).catch(tellError)}>
                    {text.circle.saveForkProof}
                  </Button>
                )}
                {mayRemoveDevice(device) && (
                  <Button
                    size="small"
                    look="quiet"
                    aria-label={text.circle.removeDeviceLabel(shortKey(device.key))}
                    onClick={() => onAction({ what: 'remove-device', member, device })}
                  >
                    {text.circle.removeDevice}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </div>
      <Menu.Root>
        <Menu.Trigger className="icon-button" aria-label={text.circle.moreAbout(member.name)}>
          <Ellipsis size={17} aria-hidden />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className="popup-place" sideOffset={4} align="end" positionMethod="fixed">
            <Menu.Popup className="menu">
              <Menu.Item
                className="menu-item"
                onClick={() =>
                  shell.go({
                    name: 'timeline',
                    scope: member.me ? { type: 'mine' } : { type: 'member', member: member.key },
                  })
                }
              >
                <Rows3 size={15} aria-hidden />
                {text.circle.showTimeline}
              </Menu.Item>
              {!member.removed && <Changes member={member} admin={admin} writable={writable} onAction={onAction} />}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </li>
  )
}

/** What may be asked for about a member. */
function Changes({ member, admin, writable, onAction }: Omit<MemberLineProps, 'now'>) {
  const founder = member.role === 'founder'
  const items = [
    admin && member.role === 'member' && (
      <Menu.Item key="promote" className="menu-item" onClick={() => onAction({ what: 'promote', member })}>
        <ShieldCheck size={15} aria-hidden />
        {text.circle.promote}
      </Menu.Item>
    ),
    admin && member.role === 'admin' && (
      <Menu.Item key="demote" className="menu-item" onClick={() => onAction({ what: 'demote', member })}>
        <ShieldOff size={15} aria-hidden />
        {text.circle.demote}
      </Menu.Item>
    ),
    admin && !member.me && !founder && (
      <Menu.Item
        key="remove"
        className="menu-item"
        data-tone="bad"
        onClick={() => onAction({ what: 'remove', member })}
      >
        <UserMinus size={15} aria-hidden />
        {text.circle.remove}
      </Menu.Item>
    ),
    writable && member.me && !founder && (
      <Menu.Item key="leave" className="menu-item" data-tone="bad" onClick={() => onAction({ what: 'leave', member })}>
        <LogOut size={15} aria-hidden />
        {text.circle.leave}
      </Menu.Item>
    ),
  ].filter(Boolean)
  if (!items.length) return null
  return (
    <>
      <Menu.Separator className="menu-rule" />
      {items}
    </>
  )
}

function Log({ circle }: { circle: CircleView }) {
  if (circle.changes.length === 0) return <Empty icon={History} title={text.circle.noChanges} />
  return (
    <>
      {circle.notHeard.length > 0 && <p className="tab-lead">{text.circle.notHeard(circle.notHeard.join(', '))}</p>}
      {circle.notSeen.length > 0 && <p className="tab-lead">{text.circle.notSeen(circle.notSeen.join(', '))}</p>}
      <ol className="panel" aria-label={text.circle.log}>
        {[...circle.changes]
          .sort((a, b) => b.epoch - a.epoch)
          .map((change) => (
            <li key={change.epoch} className="line">
              <span className="tag">{text.circle.list(change.epoch)}</span>
              <div className="line-text">
                <p>
                  {change.changes.map(({ what, name }) => text.circle.changed[what](name)).join(' ') ||
                    text.circle.founded(change.agreedBy[0] ?? '', circle.name)}
                </p>
                <p className="line-hint">
                  {shortTime(change.timestamp, locale)}
                  {change.agreedBy.length > 0 && ` · ${text.circle.agreedBy(change.agreedBy.join(', '))}`}
                </p>
              </div>
            </li>
          ))}
      </ol>
    </>
  )
}
