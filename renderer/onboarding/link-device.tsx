// Decides how a new device becomes one of a member who is in the circle already: scan or paste what the other device shows,
// see whose it will be and what that means, then ask.
import { MonitorSmartphone } from 'lucide-react'
import { useCallback, useEffect, useState } from 'react'
import type { InvitePreview } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { Scan, usePictures } from '../qr/scan'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { shortTime } from '../ui/time'

interface Found {
  link: string
  preview: InvitePreview
}

export function LinkDevice({ link, onBack }: { link: string | null; onBack: () => void }) {
  const [typed, setTyped] = useState('')
  const [found, setFound] = useState<Found | null>(null)
  const [refused, setRefused] = useState<string | null>(null)
  const { busy, problem, run } = useAction()
  /** What is wrong with a link, or null. */
  const take = useCallback(async (given: string): Promise<string | null> => {
    try {
      const preview = await call('invite.preview', { link: given.trim() })
      if (!preview.forDevice) return text.device.notForDevice
      setFound({ link: given.trim(), preview })
      return null
    } catch (error) {
      return sentenceOf(error)
    }
  }, [])
  const pictures = usePictures(take, setRefused)
  useEffect(() => {
    if (link !== null) void take(link).then(setRefused)
  }, [link, take])
  if (found) {
    const { circleName, inviterName, expiresAt } = found.preview
    return (
      <div className="first-form">
        <h1>{text.device.previewTitle(inviterName ?? '')}</h1>
        <div className="preview" data-testid="device-preview">
          <span className="choice-icon">
            <MonitorSmartphone size={22} aria-hidden />
          </span>
          <dl>
            <div>
              <dt>{text.join.circle}</dt>
              <dd>{circleName}</dd>
            </div>
            <div>
              <dt>{text.device.member}</dt>
              <dd>{inviterName}</dd>
            </div>
            <div>
              <dt>{text.join.expires}</dt>
              <dd>{expiresAt === null ? '' : shortTime(expiresAt, locale)}</dd>
            </div>
          </dl>
        </div>
        <ul className="consequences">
          {text.device.here.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {problem && <Problem>{problem}</Problem>}
        <div className="first-actions">
          <Button look="quiet" size="large" onClick={() => setFound(null)}>
            {text.action.back}
          </Button>
          <Button
            look="primary"
            size="large"
            disabled={busy}
            onClick={() => void run(() => call('circle.join', { link: found.link }))}
          >
            {text.device.accept}
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
        void take(typed).then(setRefused)
      }}
    >
      <h1>{text.device.title}</h1>
      <p className="first-lead">{text.device.lead}</p>
      <div className="first-scan">
        <Scan take={take} />
        <span>{text.scan.orPicture}</span>
      </div>
      <div className="field">
        <label htmlFor="device-link">{text.device.field}</label>
        <textarea
          id="device-link"
          className="input join-link scrolls"
          rows={3}
          placeholder="twofold://device/…"
          spellCheck={false}
          value={typed}
          aria-invalid={refused !== null || undefined}
          onChange={(event) => {
            setTyped(event.target.value)
            setRefused(null)
          }}
        />
        {refused && <Problem>{refused}</Problem>}
      </div>
      <div className="first-actions">
        <Button look="quiet" size="large" onClick={onBack}>
          {text.action.back}
        </Button>
        <Button type="submit" look="primary" size="large" disabled={typed.trim() === ''}>
          {text.device.look}
        </Button>
      </div>
    </form>
  )
}
