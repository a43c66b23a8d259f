// Decides how a new device becomes one of a member who is in the circle already: scan or paste what the other device shows,
// see whose it will be and what that means, then ask.
import { MonitorSmartphone } from 'lucide-react'
import { useCallback, useState } from 'react'
import type { InvitePreview } from '../../shared/types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { shortTime } from '../ui/time'
import { LinkForm, useLinkInput } from './link-input'

interface Found {
  link: string
  preview: InvitePreview
}

export function LinkDevice({ link, onBack }: { link: string | null; onBack: () => void }) {
  const [found, setFound] = useState<Found | null>(null)
  const { busy, problem, run } = useAction()
  const look = useCallback(async (given: string): Promise<string | null> => {
    const preview = await call('invite.preview', { link: given })
    if (!preview.forDevice) return text.device.notForDevice
    setFound({ link: given, preview })
    return null
  }, [])
  const input = useLinkInput(link, look)
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
  const words = { ...text.device, placeholder: 'twofold://device/…' }
  return <LinkForm id="device-link" rows={3} words={words} input={input} onBack={onBack} />
}
