// Decides how a further device of one's own is added: what it means is said first, then the code is shown, and whoever comes
// with it is let in only after the digits on both screens were compared.
import { useState } from 'react'
import type { InviteCode, JoinRequestView } from '../../shared/types'
import { call } from '../backend'
import { Qr } from '../qr/qr'
import { useApp } from '../state'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button, CopyButton } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Digits } from '../ui/digits'
import { Problem } from '../ui/field'
import { shortTime } from '../ui/time'
import { tell } from '../ui/toast'

export function AddDeviceDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { circle, me } = useApp()
  const [code, setCode] = useState<InviteCode | null>(null)
  const { busy, problem, clear, run } = useAction()
  const close = () => {
    onClose()
    clear()
    setCode(null)
  }
  const asking = circle?.requests.filter((request) => request.code !== null) ?? []
  return (
    <Dialog
      open={open}
      onClose={close}
      title={text.device.addTitle}
      lead={code ? text.device.addLead(shortTime(code.expiresAt, locale)) : ''}
      widthPx={520}
    >
      {me?.rootKey === false ? (
        <p>{text.device.elsewhere}</p>
      ) : code ? (
        <div className="add-device">
          {asking.length > 0 ? (
            <ul className="add-device-asks">
              {asking.map((request) => (
                <Asking key={request.id} request={request} onDone={close} />
              ))}
            </ul>
          ) : (
            <>
              <div className="add-device-qr">
                <Qr rows={code.qr} label={text.device.qr} />
              </div>
              <p role="status">{text.device.waiting}</p>
              <CopyButton value={code.link} label={text.invite.copyLink} />
            </>
          )}
        </div>
      ) : (
        <>
          <ul className="consequences">
            {text.device.there.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
          {problem && <Problem>{problem}</Problem>}
          <div className="dialog-actions">
            <Button onClick={close}>{text.action.cancel}</Button>
            <Button
              look="primary"
              disabled={busy}
              onClick={() => void run(async () => setCode(await call('device.invite', {})))}
            >
              {text.device.show}
            </Button>
          </div>
        </>
      )}
    </Dialog>
  )
}

/** 'Is this your new device?' */
function Asking({ request, onDone }: { request: JoinRequestView; onDone: () => void }) {
  const { busy, problem, run } = useAction()
  const answer = (name: 'request.approve' | 'request.refuse', done: string) =>
    run(async () => {
      await call(name, { id: request.id })
      tell(done)
      if (name === 'request.approve') onDone()
    })
  return (
    <li data-testid="device-request">
      <p>{text.device.compare}</p>
      <Digits code={request.code ?? ''} />
      {problem && <Problem>{problem}</Problem>}
      <div className="dialog-actions">
        <Button disabled={busy} onClick={() => void answer('request.refuse', text.device.refused)}>
          {text.device.differ}
        </Button>
        <Button look="primary" disabled={busy} onClick={() => void answer('request.approve', text.device.added)}>
          {text.device.same}
        </Button>
      </div>
    </li>
  )
}
