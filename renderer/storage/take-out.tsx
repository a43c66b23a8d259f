// Decides what can be taken out of Twofold and into it, and what each is good for.
import { Archive, Braces, FileText, Import, ShieldCheck } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ExportForm } from '../../shared/storage-types'
import { call } from '../backend'
import { useApp } from '../state'
import { text } from '../text'
import { useAction } from '../ui/action'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import type { Begin } from './second-copy'

interface Way {
  name: 'archive' | 'html' | 'json' | 'backup' | 'import'
  icon: LucideIcon
  ending: string
}
const WAYS: readonly Way[] = [
  { name: 'backup', icon: ShieldCheck, ending: 'twofold-backup' },
  { name: 'archive', icon: Archive, ending: 'twofold-archive' },
  { name: 'html', icon: FileText, ending: 'html' },
  { name: 'json', icon: Braces, ending: 'jsonl' },
  { name: 'import', icon: Import, ending: '' },
]
/** What no file system minds in a name. */
const plain = (name: string): string => name.replace(/[^\p{L}\p{N} _-]+/gu, ' ').trim() || 'Twofold'

export function TakeOut({ busy, begin }: { busy: boolean; begin: Begin }) {
  return (
    <section aria-label={text.storage.out.title}>
      <h2 className="group-title">{text.storage.out.title}</h2>
      <div className="panel">
        {WAYS.map((way) => (
          <WayLine key={way.name} way={way} busy={busy} begin={begin} />
        ))}
      </div>
    </section>
  )
}

function WayLine({ way: { name, icon: Icon, ending }, busy, begin }: { way: Way; busy: boolean; begin: Begin }) {
  const { circle } = useApp()
  const { busy: asking, problem, run } = useAction()
  const words = text.storage.out[name]
  const go = () =>
    run(async () => {
      const day = new Date().toISOString().slice(0, 10)
      const suggested = `${plain(circle?.name ?? '')} ${day}.${ending}`
      const { path } = await call('file.choose', name === 'import' ? { what: 'open' } : { what: 'save', suggested })
      if (path === null) return
      await begin(() => {
        if (name === 'import') return call('storage.import', { path })
        // The dialog has asked before a file is replaced.
        if (name === 'backup') return call('storage.backup', { path, replace: true })
        return call('storage.export', { form: name satisfies ExportForm, path, replace: true })
      })
    })
  return (
    <div className="line storage-line">
      <Icon size={18} aria-hidden className="storage-icon" />
      <div className="line-text">
        <p className="line-title">{words.title}</p>
        <p className="line-hint">{words.hint}</p>
        {problem && <Problem>{problem}</Problem>}
      </div>
      <Button size="small" disabled={busy || asking} onClick={() => void go()}>
        {words.button}
      </Button>
    </div>
  )
}
