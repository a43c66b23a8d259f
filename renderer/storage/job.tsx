// Decides how long work is shown: what it is, how far it is, how it ended. Progress is counted; where nobody knows the end, no
// end is drawn.
import { CircleCheck, CircleSlash, CircleX, LoaderCircle } from 'lucide-react'
import type { JobView } from '../../shared/storage-types'
import { text } from '../text'
import { Button } from '../ui/button'

const PERCENT = 100

export function Job({ job, onCancel }: { job: JobView; onCancel: () => void }) {
  const { state, total, done } = job
  const running = state === 'running'
  const Icon = running ? LoaderCircle : state === 'done' ? CircleCheck : state === 'cancelled' ? CircleSlash : CircleX
  return (
    <section className="panel job" data-state={state} aria-label={text.storage.job.region}>
      <Icon size={19} aria-hidden className={running ? 'spin' : ''} />
      <div className="job-text">
        <p className="line-title">{running ? text.storage.job.running[job.kind] : text.storage.job.name[job.kind]}</p>
        {job.file && <p className="mono job-file">{job.file}</p>}
        {running ? (
          <p className="line-hint">{text.storage.job.progress(done, total)}</p>
        ) : (
          <p className="line-hint" role="status">
            {job.result ? text.storage.job.result(job.result) : job.problem?.text}
          </p>
        )}
        {running && (
          <progress
            className="job-bar"
            aria-label={text.storage.job.running[job.kind]}
            {...(total !== null && total > 0 && { value: Math.min(PERCENT, (done / total) * PERCENT), max: PERCENT })}
          />
        )}
        {job.result?.kind === 'import' && job.result.report.refused.length > 0 && (
          <ul className="job-list">
            {job.result.report.refused.map(({ code, text: why, count }) => (
              <li key={code}>
                <strong>{text.storage.amount(count)}</strong> {why}
              </li>
            ))}
          </ul>
        )}
        {job.result?.kind === 'check' && job.result.bad.length > 0 && (
          <ul className="job-list scrolls">
            {job.result.bad.map(({ id, code }) => (
              <li key={id} className="hex">
                {code} {id}
              </li>
            ))}
          </ul>
        )}
      </div>
      {running && (
        <Button size="small" onClick={onCancel}>
          {text.action.cancel}
        </Button>
      )}
    </section>
  )
}
