// Decides how an invite is looked at before anything is accepted: paste it, see whose circle it is, then join.
import { Ticket } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { InvitePreview } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { Scan, usePictures } from '../qr/scan'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { focusOnMount } from '../ui/focus'
import { shortTime } from '../ui/time'

export function Join({ link, onBack }: { link: string | null; onBack: () => void }) {
  const [typed, setTyped] = useState(link ?? '')
  const [preview, setPreview] = useState<InvitePreview | null>(null)
  const { busy, problem, clear, run } = useAction()
  const look = useCallback(
    (invite: string) => {
      if (invite.trim() !== '') void run(async () => setPreview(await call('invite.preview', { link: invite.trim() })))
    },
    [run],
  )
  /** What a scanned code says; the answer is what is wrong with it, or null. */
  const take = useCallback(async (code: string): Promise<string | null> => {
    try {
      setPreview(await call('invite.preview', { link: code.trim() }))
      setTyped(code)
      return null
    } catch (error) {
      return sentenceOf(error)
    }
  }, [])
  const [refused, setRefused] = useState<string | null>(null)
  const pictures = usePictures(take, setRefused)
  useEffect(() => {
    if (link !== null) look(link)
  }, [link, look])
  if (preview) {
    return (
      <div className="first-form">
        <h1>{text.join.previewTitle}</h1>
        <Preview preview={preview} />
        <p className="first-note">{text.join.nothingYet}</p>
        {problem && <Problem>{problem}</Problem>}
        <div className="first-actions">
          <Button look="quiet" size="large" onClick={() => setPreview(null)}>
            {text.join.other}
          </Button>
          <Button
            look="primary"
            size="large"
            disabled={busy}
            onClick={() => void run(() => call('circle.join', { link: typed.trim() }))}
          >
            {text.join.accept}
          </Button>
        </div>
      </div>
    )
  }
  return (
    <form
      className="first-form"
      {...pictures}
      onSubmit={(event) => {
        event.preventDefault()
        look(typed)
      }}
    >
      <h1>{text.join.title}</h1>
      <p className="first-lead">{text.join.lead}</p>
      <div className="first-scan">
        <Scan take={take} />
        <span>{text.scan.orPicture}</span>
      </div>
      <div className="field">
        <label htmlFor="join-link">{text.join.field}</label>
        <textarea
          id="join-link"
          className="input join-link scrolls"
          rows={4}
          placeholder={text.join.placeholder}
          spellCheck={false}
          ref={focusOnMount}
          value={typed}
          aria-invalid={problem !== null || undefined}
          onChange={(event) => {
            setTyped(event.target.value)
            setRefused(null)
            clear()
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey) return
            event.preventDefault()
            look(typed)
          }}
        />
        {(problem ?? refused) && <Problem>{problem ?? refused}</Problem>}
      </div>
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.action.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={busy || typed.trim() === ''}>
          {busy ? text.join.looking : text.join.look}
        </Button>
      </div>
    </form>
  )
}

function Preview({ preview }: { preview: InvitePreview }) {
  const fact = (label: string, value: string | null) => (
    <div>
      <dt>{label}</dt>
      <dd data-unknown={value === null || undefined}>{value ?? text.join.unknown}</dd>
    </div>
  )
  const approval =
    preview.approval === null ? null : preview.approval === 'auto' ? text.join.approvalAuto : text.join.approvalAsk
  return (
    <div className="preview" data-testid="invite-preview">
      <span className="choice-icon">
        <Ticket size={22} aria-hidden />
      </span>
      <dl>
        {fact(text.join.circle, preview.circleName)}
        {fact(text.join.inviter, preview.inviterName)}
        {fact(text.join.expires, preview.expiresAt === null ? null : shortTime(preview.expiresAt, locale))}
        {fact(text.join.approval, approval)}
      </dl>
      {preview.circleName === null && <p>{text.join.wordsOnly}</p>}
    </div>
  )
}
