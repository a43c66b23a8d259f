// Decides how it is told whom this device has no link with for what it did: what, since when, until when, and the press
// that lifts it.
import type { KeptOutView } from '../../shared/types'
import { call } from '../backend'
import { locale, text } from '../text'
import { Button } from '../ui/button'
import { momentIn, relativeTime } from '../ui/time'
import { tell, tellError } from '../ui/toast'

export function KeptOut({ keptOut, now }: { keptOut: readonly KeptOutView[]; now: number }) {
  const readmit = ({ device, memberName }: KeptOutView) =>
    call('network.readmit', { device }).then(() => tell(text.network.readmitted(memberName)), tellError)
  return (
    <section aria-label={text.network.keptOut} data-testid="kept-out">
      <h2 className="group-title">{text.network.keptOut}</h2>
      <ul className="panel" aria-live="polite">
        {keptOut.map((one) => (
          <li key={one.device} className="line">
            <div className="line-text">
              <p className="line-title">{one.memberName}</p>
              <p>{text.network.misdeed[one.misdeed]}</p>
              <p className="line-hint">
                {text.network.keptOutSince(
                  momentIn(one.since, now, locale),
                  relativeTime(one.until, now, locale),
                  momentIn(one.until, now, locale),
                )}
                {one.times > 1 && ` ${text.network.keptOutTimes(one.times)}`}
              </p>
            </div>
            <Button size="small" onClick={() => void readmit(one)}>
              {text.network.readmit}
              <span className="unseen"> {one.memberName}</span>
            </Button>
          </li>
        ))}
      </ul>
      <p className="line-hint under">{text.network.keptOutMeans}</p>
    </section>
  )
}
