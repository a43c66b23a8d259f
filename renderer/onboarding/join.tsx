// Decides how an invite is looked at before anything is accepted: paste it, see whose circle it is, then join.
import { Ticket } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { InvitePreview } from '../../shared/types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { shortTime } from '../ui/time'
import { LinkForm, useLinkInput } from './link-input'

export function Join({ link, onBack }: { link: string | null; onBack: () => void }) {
  const [preview, setPreview] = useState<InvitePreview | null>(null)
  const { busy, problem, run } = useAction()
  const look = useCallback(async (invite: string) => {
    setPreview(await call('invite.preview', { link: invite }))
    return null
  }, [])
  const input = useLinkInput(link, look)
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
            onClick={() => void run(() => call('circle.join', { link: input.typed.trim() }))}
          >
            {text.join.accept}
          </Button>
        </div>
      </div>
    )
  }
  return <LinkForm id="join-link" rows={4} words={text.join} input={input} onBack={onBack} />
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
