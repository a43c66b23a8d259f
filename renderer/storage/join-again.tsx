// Decides how a device that was restored from a backup is let in again: with an invite, like a newcomer, beside what it has.
import { useState } from 'react'
import { call } from '../backend'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { TextField } from '../ui/field'

export function JoinAgain() {
  const t = text.alerts.rejoin
  const [open, setOpen] = useState(false)
  const [link, setLink] = useState('')
  const { busy, problem, clear, run } = useAction()
  const close = () => {
    clear()
    setOpen(false)
  }
  const join = async () => {
    if (link.trim() !== '' && (await run(() => call('circle.join', { link })))) close()
  }
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t.button}
      </Button>
      <Dialog open={open} onClose={close} title={t.title} lead={t.lead}>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            void join()
          }}
        >
          <TextField
            label={t.link}
            problem={problem}
            value={link}
            first
            onChange={(event) => {
              setLink(event.target.value)
              clear()
            }}
          />
          <div className="dialog-actions">
            <Button onClick={close}>{text.action.cancel}</Button>
            <Button type="submit" look="primary" disabled={busy || link.trim() === ''}>
              {t.join}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}
