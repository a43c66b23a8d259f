// Decides the two dialogs about one entry: its history with what each change did, and the question before it is withdrawn.
import { useEffect, useState } from 'react'
import type { EntryVersion, Row } from '../../shared/types'
import { call } from '../backend'
import { locale, text } from '../text'
import { useAction } from '../ui/action'
import { Confirm, Dialog } from '../ui/dialog'
import { Problem } from '../ui/field'
import { fullTime } from '../ui/time'
import { tell, tellError } from '../ui/toast'

export function HistoryDialog({ row, onClose }: { row: Row | null; onClose: () => void }) {
  const [versions, setVersions] = useState<EntryVersion[] | null>(null)
  const id = row?.id
  useEffect(() => {
    setVersions(null)
    if (id === undefined) return
    let wanted = true
    call('entry.history', { id }).then((answer) => wanted && setVersions(answer), tellError)
    return () => {
      wanted = false
    }
  }, [id])
  const newestFirst = [...(versions ?? [])].map((version, index) => ({ version, index })).reverse()
  return (
    <Dialog
      open={row !== null}
      onClose={onClose}
      title={text.timeline.historyTitle}
      lead={row ? text.timeline.historyLead(row.memberName) : ''}
      widthPx={640}
    >
      {versions === null ? (
        <p className="inspector-wait" role="status">
          <span className="spinner" aria-hidden />
          {text.timeline.loading}
        </p>
      ) : (
        <ol className="history scrolls" tabIndex={0} aria-label={text.timeline.historyTitle}>
          {newestFirst.map(({ version, index }) => (
            <li key={version.id}>
              <h3>
                {index === 0 ? text.timeline.historyFirst : text.timeline.historyEdit(index)}
                <time dateTime={new Date(version.timestamp).toISOString()}>{fullTime(version.timestamp, locale)}</time>
              </h3>
              <p className="history-text">
                {version.differences.length === 0
                  ? version.text
                  : version.differences.map((part, at) =>
                      part.change === 'same' ? (
                        part.text
                      ) : part.change === 'added' ? (
                        <ins key={at} aria-label={`${text.timeline.added}: ${part.text}`}>
                          {part.text}
                        </ins>
                      ) : (
                        <del key={at} aria-label={`${text.timeline.removedWords}: ${part.text}`}>
                          {part.text}
                        </del>
                      ),
                    )}
              </p>
            </li>
          ))}
        </ol>
      )}
    </Dialog>
  )
}

export function RetractDialog({ row, onClose }: { row: Row | null; onClose: () => void }) {
  const { busy, problem, clear, run } = useAction()
  const close = () => {
    clear()
    onClose()
  }
  const retract = async () => {
    if (!row || busy) return
    if (await run(() => call('entry.retract', { id: row.id }))) {
      close()
      tell(text.timeline.retracted)
    }
  }
  const points = (title: string, all: readonly string[]) => (
    <>
      <h3 className="confirm-title">{title}</h3>
      <ul className="confirm-points">
        {all.map((point) => (
          <li key={point}>{point}</li>
        ))}
      </ul>
    </>
  )
  return (
    <Confirm
      open={row !== null}
      onClose={close}
      onConfirm={() => void retract()}
      title={text.timeline.retractTitle}
      confirm={text.timeline.retractConfirm}
      busy={busy}
    >
      {points(text.timeline.retractCan, text.timeline.retractCanList)}
      {points(text.timeline.retractCannot, text.timeline.retractCannotList)}
      {problem && <Problem>{problem}</Problem>}
    </Confirm>
  )
}
