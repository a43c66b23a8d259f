// Decides how invites are made, handed over and withdrawn.
import { Ticket, UserPlus } from 'lucide-react'
import { useState } from 'react'
import type { CircleView, InviteCode, InviteView } from '../../shared/types'
import { call } from '../backend'
import { useApp } from '../state'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button, CopyButton } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Empty } from '../ui/empty'
import { Problem, Segments } from '../ui/field'
import { useShell } from '../ui/shell-context'
import { relativeTime, shortTime } from '../ui/time'
import { tell, tellError } from '../ui/toast'
import { Qr } from '../qr/qr'

const ID_SHOWN = 6

export function Invites({ circle, now }: { circle: CircleView; now: number }) {
  const { phase } = useApp()
  const shell = useShell()
  const [shown, setShown] = useState<InviteCode | null>(null)
  if (phase.phase !== 'circle' || circle.standing !== 'member')
    return <Empty icon={Ticket} title={text.circle.invites} hint={text.circle.notAdmin} />
  if (circle.invites.length === 0) {
    return (
      <Empty icon={Ticket} title={text.circle.noInvites} hint={text.circle.noInvitesHint}>
        <Button look="primary" onClick={shell.invite}>
          <UserPlus size={15} aria-hidden />
          {circle.admin ? text.circle.newInvite : text.circle.letDevice}
        </Button>
      </Empty>
    )
  }
  return (
    <>
      <p className="tab-lead">{circle.admin ? text.circle.inviteLead : text.circle.notAdmin}</p>
      {!circle.admin && (
        <p className="tab-lead">
          <Button size="small" onClick={shell.invite}>
            {text.circle.letDevice}
          </Button>
        </p>
      )}
      <ul className="panel" aria-label={text.circle.invites}>
        {circle.invites.map((invite) => (
          <InviteLine key={invite.id} invite={invite} admin={circle.admin} now={now} onShow={setShown} />
        ))}
      </ul>
      <Dialog open={shown !== null} onClose={() => setShown(null)} title={text.invite.ready} widthPx={560}>
        {shown && <Code code={shown} />}
      </Dialog>
    </>
  )
}

interface InviteLineProps {
  invite: InviteView
  admin: boolean
  now: number
  onShow: (code: InviteCode) => void
}

function InviteLine({ invite, admin, now, onShow }: InviteLineProps) {
  const { busy, problem, run } = useAction()
  const id = invite.id.slice(0, ID_SHOWN)
  const open = invite.state === 'open'
  return (
    <li className="line" data-testid="invite" data-state={invite.state}>
      <div className="line-text">
        <p className="line-title">
          <span className="mono">{id}</span>{' '}
          <span className="tag" data-tone={open ? 'good' : undefined}>
            {text.circle.inviteState[invite.state]}
          </span>
        </p>
        <p className="line-hint">
          {text.circle.uses(invite.used, invite.usesMax)} · {text.circle.expires(shortTime(invite.expiresAt, locale))} ·{' '}
          {invite.createdAt !== null
            ? text.circle.created(relativeTime(invite.createdAt, now, locale))
            : text.circle.invitedBy(invite.by)}
        </p>
        {problem && <Problem>{problem}</Problem>}
      </div>
      {open && (
        <>
          {(admin || invite.mine) && (
            <Button
              size="small"
              look="quiet"
              disabled={busy}
              aria-label={text.circle.revokeLabel(id)}
              onClick={() =>
                void run(async () => {
                  await call('invite.revoke', { id: invite.id })
                  tell(text.circle.revoked)
                })
              }
            >
              {text.circle.revoke}
            </Button>
          )}
          {invite.mine && (
            <Button
              size="small"
              disabled={busy}
              aria-label={text.circle.showLabel(id)}
              onClick={() => void run(async () => onShow(await call('invite.show', { id: invite.id })))}
            >
              {text.circle.show}
            </Button>
          )}
        </>
      )}
    </li>
  )
}

const HOURS = { hour: 1, day: 24, week: 24 * 7, month: 24 * 30 } as const
type Valid = keyof typeof HOURS
const validOptions: { value: Valid; label: string }[] = [
  { value: 'hour', label: text.invite.hour },
  { value: 'day', label: text.invite.day },
  { value: 'week', label: text.invite.week },
  { value: 'month', label: text.invite.month },
]
const usesOptions = ['1', '2', '5', '10', '50'].map((value) => ({ value, label: value }))

/** Asks how long and for how many, then shows the invite in its three forms. */
export function InviteDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const admin = useApp().circle?.admin === true
  const [valid, setValid] = useState<Valid>('day')
  const [uses, setUses] = useState('1')
  const [code, setCode] = useState<InviteCode | null>(null)
  const { busy, problem, clear, run } = useAction()
  const close = () => {
    onClose()
    clear()
    setCode(null)
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title={code ? text.invite.ready : admin ? text.invite.title : text.invite.deviceTitle}
      lead={
        code
          ? text.invite.readyLead(code.usesMax, shortTime(code.expiresAt, locale))
          : admin
            ? text.invite.lead
            : text.invite.deviceLead
      }
      widthPx={560}
    >
      {code ? (
        <Code code={code} />
      ) : (
        <>
          <div className="field">
            <span className="field-label">{text.invite.valid}</span>
            <Segments label={text.invite.valid} value={valid} options={validOptions} onChange={setValid} />
          </div>
          <div className="field">
            <span className="field-label">{text.invite.uses}</span>
            <Segments label={text.invite.uses} value={uses} options={usesOptions} onChange={setUses} />
          </div>
          {problem && <Problem>{problem}</Problem>}
          <div className="dialog-actions">
            <Button onClick={close}>{text.action.cancel}</Button>
            <Button
              look="primary"
              disabled={busy}
              onClick={() =>
                void run(async () => setCode(await call('invite.create', { hours: HOURS[valid], uses: Number(uses) })))
              }
            >
              {text.invite.create}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  )
}

function Code({ code }: { code: InviteCode }) {
  const words = code.words.split(/\s+/u).filter((word) => word !== '')
  const copy = () =>
    navigator.clipboard.writeText(code.link).catch((error: unknown) => {
      tellError(error)
    })
  return (
    <div className="code">
      <div className="code-qr">
        <Qr rows={code.qr} label={text.invite.qr} />
        <p>{text.invite.qrHint}</p>
      </div>
      <div className="code-forms">
        <div className="field">
          <span className="field-label">{text.invite.link}</span>
          <textarea
            className="input code-link scrolls"
            readOnly
            rows={4}
            aria-label={text.invite.link}
            value={code.link}
            onFocus={(event) => event.target.select()}
            onDoubleClick={() => void copy()}
          />
          <CopyButton value={code.link} label={text.invite.copyLink} />
        </div>
        <div className="field">
          <span className="field-label">{text.invite.words}</span>
          <span className="field-hint">{text.invite.wordsHint}</span>
          <ol className="code-words" aria-label={text.invite.words}>
            {words.map((word, index) => (
              // a word may come twice
              <li key={`${index} ${word}`}>{word}</li>
            ))}
          </ol>
          <CopyButton value={code.words} label={text.invite.copyWords} />
        </div>
      </div>
      <p className="code-keep">{text.invite.keep}</p>
    </div>
  )
}
