// Decides how honestly progress is told: what is missing, who brings it, and why nothing moves when nothing does.
import type { AppState } from '../../shared/types'
import { useApp } from '../state'
import { text } from '../text'

export interface SyncWords {
  tone: 'good' | 'busy' | 'warn' | 'calm'
  title: string
  hint: string | null
}

export function syncWords({ sync, network, circle, settings }: AppState): SyncWords {
  const others =
    (circle?.members ?? []).some((member) => !member.me && !member.removed) ||
    (circle?.members.find((member) => member.me)?.devices.length ?? 0) > 1
  const { stalled, perSecond = 0 } = sync
  if (sync.missing > 0 && stalled && perSecond === 0)
    return {
      tone: 'warn',
      title: text.sync.missing(sync.missing),
      hint: text.sync.stalled(stalled.from, Math.ceil(stalled.againInMs / 1000)),
    }
  if (sync.missing > 0 && sync.from !== null) {
    const progress = text.sync.progress(sync.have, sync.have + sync.missing)
    const pace = perSecond > 0 ? ` · ${text.sync.pace(perSecond, Math.ceil(sync.missing / perSecond))}` : ''
    return { tone: 'busy', title: text.sync.fetching(sync.missing, sync.from), hint: progress + pace }
  }
  if (!settings.lan && !settings.internet) return { tone: 'warn', title: text.sync.off, hint: text.sync.offlineHint }
  if (sync.peersOnline === 0 && network.lan === 'no-interface')
    return { tone: 'warn', title: text.sync.offline, hint: text.sync.offlineHint }
  if (sync.missing > 0) return { tone: 'warn', title: text.sync.missing(sync.missing), hint: text.sync.missingHint }
  if (!others) return { tone: 'calm', title: text.sync.just, hint: null }
  if (sync.peersOnline === 0) return { tone: 'warn', title: text.sync.alone, hint: text.sync.aloneHint }
  return { tone: 'good', title: text.sync.upToDate, hint: text.sync.peers(sync.peersOnline) }
}

/** Only while entries are missing: that nobody else is online stands in the sidebar, and is no news to whoever reads. */
export function SyncStrip() {
  const app = useApp()
  const words = syncWords(app)
  const { have, missing } = app.sync
  // A device that has stopped gets nothing, for a reason that is told elsewhere.
  if (missing === 0 || app.circle?.copied) return null
  return (
    <div className="sync-strip" data-tone={words.tone} data-testid="sync-progress">
      <div className="sync-strip-words" role="status">
        <strong>{words.title}</strong>
        {words.hint && <span>{words.hint}</span>}
      </div>
      {words.tone === 'busy' && (
        <div
          className="progress"
          role="progressbar"
          aria-label={text.sync.label}
          aria-valuemin={0}
          aria-valuemax={have + missing}
          aria-valuenow={have}
        >
          <span style={{ width: `${(100 * have) / Math.max(1, have + missing)}%` }} />
        </div>
      )}
    </div>
  )
}
