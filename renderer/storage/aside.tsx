// Decides how files are shown that were set aside because they were damaged: nothing was deleted, and nothing has to be kept.
import { FileWarning, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { AsideFile } from '../../shared/storage-types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Button, IconButton } from '../ui/button'
import { Confirm } from '../ui/dialog'
import { Problem } from '../ui/field'
import { fullTime } from '../ui/time'
import { tellError } from '../ui/toast'

interface AsideProps {
  files: readonly AsideFile[]
  onGone: () => void
}

export function Aside({ files, onGone }: AsideProps) {
  const t = text.storage.aside
  const [doomed, setDoomed] = useState<AsideFile | null>(null)
  const { busy, problem, run } = useAction()
  if (!files.length) return null
  const remove = async (file: string) => {
    if (!(await run(() => call('storage.forget', { file })))) return
    setDoomed(null)
    onGone()
  }
  return (
    <section aria-label={t.title}>
      <h2 className="group-title">{t.title}</h2>
      <div className="panel">
        <p className="line-hint storage-lead">{t.what}</p>
        {files.map((file) => (
          <div className="line storage-line" key={file.file}>
            <FileWarning size={18} aria-hidden className="storage-icon" />
            <div className="line-text">
              <p className="mono storage-path">{file.file}</p>
              <p className="line-hint">{t.about(file.bytes, fullTime(file.at, locale))}</p>
            </div>
            <div className="storage-actions">
              <Button size="small" onClick={() => void call('folder.show', { file: file.file }).catch(tellError)}>
                {text.storage.care.show}
              </Button>
              <IconButton label={t.remove(file.file)} onClick={() => setDoomed(file)}>
                <Trash2 size={15} aria-hidden />
              </IconButton>
            </div>
          </div>
        ))}
      </div>
      <Confirm
        open={doomed !== null}
        onClose={() => setDoomed(null)}
        onConfirm={() => doomed && void remove(doomed.file)}
        title={t.removeTitle}
        confirm={t.removeConfirm}
        busy={busy}
      >
        <p>{t.removeWhat}</p>
        {problem && <Problem>{problem}</Problem>}
      </Confirm>
    </section>
  )
}
