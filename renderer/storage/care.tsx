// Decides how the database is looked after: checked in full, and given back what it does not need.
import { Minimize2, ShieldQuestion } from 'lucide-react'
import type { ScrubView } from '../../shared/storage-types'
import { call } from '../backend'
import { fullTime } from '../ui/time'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { tellError } from '../ui/toast'
import { useApp } from '../state'
import type { Begin } from './second-copy'

interface Props {
  busy: boolean
  scrub: ScrubView
  unused: number | null
  begin: Begin
}

export function Care({ busy, scrub, unused, begin }: Props) {
  const { dataDir } = useApp()
  const check = useAction()
  const compact = useAction()
  const t = text.storage.care
  return (
    <section aria-label={t.title}>
      <h2 className="group-title">{t.title}</h2>
      <div className="panel">
        <div className="line storage-line">
          <ShieldQuestion size={18} aria-hidden className="storage-icon" />
          <div className="line-text">
            <p className="line-title">{t.check}</p>
            <p className="line-hint">{t.checkHint}</p>
            {scrub.last && (
              <p className="line-hint">
                {scrub.last.bad === 0
                  ? t.checkedAll(fullTime(scrub.last.at, locale), scrub.last.checked)
                  : t.checkedBad(fullTime(scrub.last.at, locale), scrub.last.bad, scrub.last.checked)}
              </p>
            )}
            {scrub.done !== null && <p className="line-hint">{t.checking(scrub.done)}</p>}
            {check.problem && <Problem>{check.problem}</Problem>}
          </div>
          <Button
            size="small"
            disabled={busy || check.busy}
            onClick={() => void check.run(() => begin(() => call('storage.check', {})))}
          >
            {t.checkRun}
          </Button>
        </div>
        <div className="line storage-line">
          <Minimize2 size={18} aria-hidden className="storage-icon" />
          <div className="line-text">
            <p className="line-title">{t.compact}</p>
            <p className="line-hint">{t.compactHint(unused)}</p>
            {compact.problem && <Problem>{compact.problem}</Problem>}
          </div>
          <Button
            size="small"
            disabled={busy || compact.busy}
            onClick={() => void compact.run(() => begin(() => call('storage.compact', {})))}
          >
            {t.compactRun}
          </Button>
        </div>
        <div className="line storage-line">
          <div className="line-text">
            <p className="line-title">{t.folder}</p>
            <p className="mono storage-path">{dataDir}</p>
          </div>
          <Button size="small" onClick={() => void call('folder.show', {}).catch(tellError)}>
            {t.show}
          </Button>
        </div>
      </div>
    </section>
  )
}
