// Decides what is told about one entry: why it can be trusted, each check in a sentence with its bytes one press away,
// how it came here, and who has it.
import { BadgeCheck, Check, ChevronRight, CircleX, Download, FileWarning, X } from 'lucide-react'
import { useEffect, useReducer, useState } from 'react'
import type { Inspection, NodeId, ProofStep, Row } from '../../shared/types'
import { call, sentenceOf } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Avatar } from '../ui/avatar'
import { Button, CopyButton, IconButton } from '../ui/button'
import { Empty } from '../ui/empty'
import { Problem } from '../ui/field'
import { fullTime } from '../ui/time'
import { Holders } from './holders'
import { saveProof } from './proof-file'
import { Route } from './route'
import './inspector.css'

interface InspectorProps {
  row: Row
  onClose: () => void
}

export function Inspector({ row, onClose }: InspectorProps) {
  const [attempt, retry] = useReducer((turn: number) => turn + 1, 0)
  const { inspection, error } = useInspection(row.id, `${row.proof} ${row.waiting} ${attempt}`)
  return (
    <aside className="inspector" aria-label={text.inspector.title}>
      <header className="inspector-head">
        <h2>{text.inspector.title}</h2>
        <IconButton label={text.inspector.close} onClick={onClose}>
          <X size={17} aria-hidden />
        </IconButton>
      </header>
      <div className="inspector-body scrolls">
        <div className="inspector-who">
          <Avatar memberKey={row.member} name={row.memberName} sizePx={40} />
          <div>
            <strong>{row.memberName}</strong>
            <p className="inspector-excerpt">{inspection?.row.text}</p>
          </div>
        </div>
        <dl className="facts">
          <div>
            <dt>{text.inspector.written}</dt>
            <dd>{fullTime(row.timestamp, locale)}</dd>
          </div>
          {!row.mine && (
            <div>
              <dt>{text.inspector.reached}</dt>
              <dd>{fullTime(row.receivedAt, locale)}</dd>
            </div>
          )}
          <div>
            <dt>{text.inspector.place}</dt>
            <dd>{inspection ? text.inspector.placeValue(inspection.row.seq ?? 0, row.memberName) : ''}</dd>
          </div>
        </dl>
        {error ? (
          <Empty icon={FileWarning} tone="bad" title={text.inspector.failed} hint={sentenceOf(error)}>
            <Button onClick={retry}>{text.app.tryAgain}</Button>
          </Empty>
        ) : inspection ? (
          <Checked inspection={inspection} />
        ) : (
          <p className="inspector-wait" role="status">
            <span className="spinner" aria-hidden />
            {text.inspector.loading}
          </p>
        )}
      </div>
    </aside>
  )
}

/** What stands here belongs to the entry that was asked for last. */
function useInspection(id: NodeId, turn: string): { inspection: Inspection | null; error: unknown } {
  const [answer, setAnswer] = useState<{ id: NodeId; inspection: Inspection | null; error: unknown } | null>(null)
  useEffect(() => {
    let wanted = true
    call('entry.inspect', { id }).then(
      (inspection) => wanted && setAnswer({ id, inspection, error: null }),
      (error: unknown) => wanted && setAnswer({ id, inspection: null, error }),
    )
    return () => {
      wanted = false
    }
  }, [id, turn])
  return answer?.id === id ? answer : { inspection: null, error: null }
}

function Checked({ inspection }: { inspection: Inspection }) {
  const { proof, route, bytes, row, heldBy } = inspection
  const failed = proof.filter((step) => !step.ok).length
  const save = useAction()
  return (
    <>
      <section aria-label={text.inspector.proof}>
        <div className="inspector-title">
          <h3>{text.inspector.proof}</h3>
          <Button size="small" disabled={save.busy} onClick={() => void save.run(() => saveProof(row.id, false))}>
            <Download size={14} aria-hidden />
            {text.inspector.save}
          </Button>
        </div>
        {save.problem && <Problem>{save.problem}</Problem>}
        <p className="verdict" data-ok={failed === 0} data-testid="verdict">
          {failed === 0 ? <BadgeCheck size={18} aria-hidden /> : <CircleX size={18} aria-hidden />}
          {failed === 0 ? text.inspector.allHold(proof.length) : text.inspector.someFail(failed, proof.length)}
        </p>
        <ol className="proof">
          {proof.map((step) => (
            <Step key={step.id} step={step} />
          ))}
        </ol>
      </section>
      <Route route={route} mine={row.mine} />
      <Holders id={row.id} first={heldBy} />
      <section>
        <details className="raw">
          <summary>
            <ChevronRight size={14} aria-hidden />
            {text.inspector.bytes}
            <span>{text.inspector.bytesSize(bytes.length / 2)}</span>
          </summary>
          <pre className="hex scrolls">{bytes}</pre>
          <CopyButton value={bytes} label={text.action.copy} />
        </details>
      </section>
    </>
  )
}

function Step({ step }: { step: ProofStep }) {
  const name = text.inspector.step[step.id]
  return (
    <li className="step" data-ok={step.ok}>
      <details className="raw">
        <summary>
          <span className="unseen">{step.ok ? text.inspector.holds : text.inspector.fails}</span>
          <span className="step-sign">
            {step.ok ? <Check size={13} strokeWidth={3} aria-hidden /> : <X size={13} strokeWidth={3} aria-hidden />}
          </span>
          <span className="step-words">
            <strong>{name}</strong>
            <span>{step.sentence}</span>
          </span>
          <ChevronRight size={14} aria-hidden />
        </summary>
        <dl className="step-raw" aria-label={text.inspector.rawOf(name)}>
          {step.raw.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className="hex">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  )
}
