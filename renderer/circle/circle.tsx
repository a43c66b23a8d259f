// Decides how the circle is shown: who waits for an answer first, then its members and devices, its invites, and the log
// of every change of the list.
import { Menu } from '@base-ui/react/menu'
import { Tabs } from '@base-ui/react/tabs'
import { Ellipsis, History, Rows3, UserMinus, UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { CircleView, JoinRequestView, MemberView } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Avatar, presenceWords, shortKey } from '../ui/avatar'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Empty } from '../ui/empty'
import { Problem } from '../ui/field'
import { useNow } from '../ui/now'
import { PageHead } from '../ui/page-head'
import { useShell } from '../ui/shell-context'
import { relativeTime, shortTime } from '../ui/time'
import { tell } from '../ui/toast'
import { Invites } from './invites'
import './circle.css'

const MINUTE_MS = 60_000

export function Circle({ openNavigation }: { openNavigation: () => void }) {
  const { circle, phase } = useApp()
  const shell = useShell()
  const now = useNow(MINUTE_MS)
  if (!circle) return null
  const writable = phase.phase === 'circle'
  return (
    <>
      <PageHead
        title={text.circle.title}
        note={`${circle.name} · ${text.circle.since(circle.epoch)} · ${circle.approval === 'auto' ? text.circle.approvalAuto : text.circle.approvalAsk}`}
        openNavigation={openNavigation}
      >
        {circle.admin && writable && (
          <Button look="primary" onClick={shell.invite}>
            <UserPlus size={15} aria-hidden />
            {text.circle.newInvite}
          </Button>
        )}
      </PageHead>
      <div className="page scrolls">
        <div className="page-column">
          {circle.requests.length > 0 && <Requests requests={circle.requests} now={now} />}
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
        <p className="line-title">{text.circle.asks(request.name)}</p>
        <p className="line-hint">
          {text.circle.asked(relativeTime(request.askedAt, now, locale))} · {text.circle.compareKey}{' '}
          <span className="mono">{shortKey(request.member)}</span>
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

function Members({ circle, writable, now }: { circle: CircleView; writable: boolean; now: number }) {
  const [removing, setRemoving] = useState<MemberView | null>(null)
  const here = circle.members.filter((member) => !member.removed)
  const gone = circle.members.filter((member) => member.removed)
  const line = (member: MemberView) => (
    <MemberLine
      key={member.key}
      member={member}
      now={now}
      onRemove={circle.admin && writable && !member.me && member.role !== 'founder' ? () => setRemoving(member) : null}
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
      <Removal member={removing} onClose={() => setRemoving(null)} />
    </>
  )
}

function MemberLine({ member, now, onRemove }: { member: MemberView; now: number; onRemove: (() => void) | null }) {
  const shell = useShell()
  const devices = member.devices.filter((device) => !device.removed)
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
        {devices.length > 1 && (
          <ul className="member-devices">
            {devices.map((device) => (
              <li key={device.key}>
                <span className="presence" data-state={device.presence.state} aria-hidden />
                {text.circle.device(shortKey(device.key))}
                <span>
                  {presenceWords(device.presence, now)} · {text.presence.heights(device.height, device.announcedHeight)}{' '}
                  · {text.circle.addedIn(device.addedInEpoch)}
                </span>
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
              {onRemove && (
                <>
                  <Menu.Separator className="menu-rule" />
                  <Menu.Item className="menu-item" data-tone="bad" onClick={onRemove}>
                    <UserMinus size={15} aria-hidden />
                    {text.circle.remove}
                  </Menu.Item>
                </>
              )}
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </li>
  )
}

function Removal({ member, onClose }: { member: MemberView | null; onClose: () => void }) {
  const { busy, problem, clear, run } = useAction()
  // The dialog keeps its words while it fades.
  const [last, setLast] = useState(member)
  if (member && member !== last) setLast(member)
  const name = last?.name ?? ''
  const close = () => {
    clear()
    onClose()
  }
  const remove = async () => {
    if (!member) return
    const done = await run(() => call('member.remove', { member: member.key }))
    if (!done) return
    tell(text.circle.removed(member.name))
    close()
  }
  return (
    <Confirm
      open={member !== null}
      onClose={close}
      onConfirm={() => void remove()}
      title={text.circle.removeTitle(name)}
      confirm={text.circle.removeConfirm(name)}
      busy={busy}
    >
      <ul className="removal">
        {text.circle.removeWhat.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {problem && <Problem>{problem}</Problem>}
    </Confirm>
  )
}

function Log({ circle }: { circle: CircleView }) {
  if (circle.changes.length === 0) return <Empty icon={History} title={text.circle.noChanges} />
  return (
    <ol className="panel" aria-label={text.circle.log}>
      {[...circle.changes]
        .sort((a, b) => b.epoch - a.epoch)
        .map((change) => (
          <li key={`${change.epoch} ${change.text}`} className="line">
            <span className="tag">{text.circle.list(change.epoch)}</span>
            <div className="line-text">
              <p>{change.text}</p>
              <p className="line-hint">
                {shortTime(change.timestamp, locale)}
                {change.agreedBy.length > 0 && ` · ${text.circle.agreedBy(change.agreedBy.join(', '))}`}
              </p>
            </div>
          </li>
        ))}
    </ol>
  )
}
