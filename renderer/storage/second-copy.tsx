// Decides how the second copy is chosen, and how it is told how it stands.
import { Copy, FolderOpen } from 'lucide-react'
import { useState } from 'react'
import type { JobView, MirrorView } from '../../shared/storage-types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Problem } from '../ui/field'
import { fullTime } from '../ui/time'

export type Begin = (work: () => Promise<JobView | null>) => Promise<void>

const tone = (state: MirrorView['state']) =>
  state === 'current' ? 'good' : state === 'off' || state === 'comparing' ? 'calm' : 'warn'

interface SecondCopyProps {
  mirror: MirrorView
  busy: boolean
  begin: Begin
}

export function SecondCopy({ mirror, busy, begin }: SecondCopyProps) {
  const t = text.storage.mirror
  const { busy: asking, problem, run } = useAction()
  const [ending, setEnding] = useState(false)
  const choose = () =>
    run(async () => {
      const { path } = await call('file.choose', { what: 'folder' })
      if (path !== null) await begin(() => call('mirror.set', { folder: path }))
    })
  const end = async () => {
    if (await run(() => begin(() => call('mirror.set', { folder: null })))) setEnding(false)
  }
  return (
    <section aria-label={t.title}>
      <h2 className="group-title">{t.title}</h2>
      <div className="panel">
        <div className="line storage-line">
          <Copy size={18} aria-hidden className="storage-icon" />
          <div className="line-text">
            <p className="line-title">{mirror.folder === null ? t.none : t.state(mirror.state, mirror.behind)}</p>
            {mirror.folder === null ? (
              <p className="line-hint">{t.noneHint}</p>
            ) : (
              <>
                <p className="mono storage-path">
                  <span className="sidebar-light" data-tone={tone(mirror.state)} aria-hidden />
                  {mirror.folder}
                </p>
                <p className="line-hint">
                  {t.amount(mirror.nodes, mirror.bytes)}{' '}
                  {mirror.checkedAt === null ? t.unchecked : t.checked(fullTime(mirror.checkedAt, locale))}
                </p>
                {mirror.broughtBack > 0 && <p className="line-hint">{t.broughtBack(mirror.broughtBack)}</p>}
                {mirror.rewritten && (
                  <p className="line-hint">
                    {t.rewritten(fullTime(mirror.rewritten.at, locale), mirror.rewritten.aside)}
                  </p>
                )}
              </>
            )}
            {problem && <Problem>{problem}</Problem>}
          </div>
          <div className="storage-actions">
            {mirror.folder !== null && (
              <Button
                size="small"
                disabled={busy || asking}
                onClick={() => void run(() => begin(() => call('mirror.check', {})))}
              >
                {t.check}
              </Button>
            )}
            <Button size="small" disabled={asking} onClick={() => void choose()}>
              <FolderOpen size={14} aria-hidden />
              {mirror.folder === null ? t.choose : t.change}
            </Button>
            {mirror.folder !== null && (
              <Button size="small" look="quiet" disabled={asking} onClick={() => setEnding(true)}>
                {t.end}
              </Button>
            )}
          </div>
        </div>
      </div>
      <Confirm
        open={ending}
        onClose={() => setEnding(false)}
        onConfirm={() => void end()}
        title={t.endTitle}
        confirm={t.end}
        busy={asking}
      >
        <p>{t.endWhat}</p>
      </Confirm>
    </section>
  )
}
