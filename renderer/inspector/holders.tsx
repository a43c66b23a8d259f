// Decides how it is told who holds an entry (rule C3): so many of so many, by name with the time up to which each signed,
// and those of whom nothing is known yet.
import { ChevronRight, Download } from 'lucide-react'
import { useState } from 'react'
import type { HoldersView, NodeId } from '../../shared/types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { shortKey } from '../ui/avatar'
import { Button } from '../ui/button'
import { Problem } from '../ui/field'
import { useNow } from '../ui/now'
import { usePolling } from '../ui/polling'
import { exactTime } from '../ui/time'
import { saveProof } from './proof-file'

/** Signatures come every few seconds. */
const EVERY_MS = 5_000
/** More than these are shown on demand. */
const OPEN_UP_TO = 12
const MINUTE_MS = 60_000

export function Holders({ id, first }: { id: NodeId; first: HoldersView }) {
  const view = useHolders(id, first)
  const now = useNow(MINUTE_MS)
  const save = useAction()
  const { of, held, unknown } = view
  const signed = held.filter((one) => !one.me).length
  return (
    <section aria-label={text.inspector.holders} data-testid="holders">
      <div className="inspector-title">
        <h3>{text.inspector.holders}</h3>
        <Button
          size="small"
          disabled={save.busy || signed === 0}
          onClick={() => void save.run(() => saveProof(id, true))}
        >
          <Download size={14} aria-hidden />
          {text.inspector.saveHolders}
        </Button>
      </div>
      {save.problem && <Problem>{save.problem}</Problem>}
      <p className="holders-count">{text.inspector.heldBy(held.length, of)}</p>
      <span className="holders-bar" aria-hidden>
        <span style={{ width: `${(100 * held.length) / Math.max(1, of)}%` }} />
      </span>
      <p className="route-lead">
        {signed === 0 ? text.inspector.holdersNone : text.inspector.holdersLead(unknown.length)}
      </p>
      <Names
        title={text.inspector.holdersHeld(held.length)}
        open={held.length <= OPEN_UP_TO}
        rows={held.map(({ device, memberName, me, at }) => ({
          device,
          name: memberName,
          note: me || at === null ? text.inspector.holdersMe : text.inspector.holdersUpTo(exactTime(at, now, locale)),
        }))}
      />
      {unknown.length > 0 && (
        <Names
          title={text.inspector.holdersUnknown(unknown.length)}
          open={unknown.length <= OPEN_UP_TO}
          rows={unknown.map(({ device, memberName }) => ({ device, name: memberName, note: shortKey(device) }))}
        />
      )}
    </section>
  )
}

/** What stands here belongs to the entry that was asked for last. */
function useHolders(id: NodeId, first: HoldersView): HoldersView {
  const [answer, setAnswer] = useState<{ id: NodeId; view: HoldersView } | null>(null)
  usePolling(
    () =>
      call('entry.holders', { id }).then(
        (view) => setAnswer({ id, view }),
        // What was known stays in sight; an entry that is gone is told by the pane itself.
        () => undefined,
      ),
    EVERY_MS,
    id,
  )
  return answer?.id === id ? answer.view : first
}

interface NamesProps {
  title: string
  open: boolean
  rows: { device: string; name: string; note: string }[]
}

function Names({ title, open, rows }: NamesProps) {
  return (
    <details className="raw holders" open={open}>
      <summary>
        <ChevronRight size={14} aria-hidden />
        {title}
      </summary>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keys */}
      <ul className="scrolls" tabIndex={0} aria-label={title}>
        {rows.map(({ device, name, note }) => (
          <li key={device}>
            <span className="ellipsis">{name}</span>
            <span>{note}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
