// The long work that a person sets going on a circle (check, compact, export, import, backup): one at a time, in slices, with
// progress that is counted and not guessed, and an end that is told. Cancelling ends it at the next piece.
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { JobKind, JobResult, JobView } from '../../shared/storage-types'
import type { Step } from '../protocol/archive'
import { pacer } from './pace'
import type { Time } from './ports'

interface Ports {
  parts: Pick<Time, 'now'> & {
    log(level: 'info' | 'warn' | 'error', what: string, details?: Readonly<Record<string, unknown>>): void
  }
  changed(): void
}

export class Jobs {
  private job: JobView | null = null
  private running: { cancelled: boolean; ended: Promise<void> } | null = null
  private lastId = 0

  constructor(private readonly ports: Ports) {}

  view(): JobView | null {
    return this.job
  }

  /** `total`: null where nobody knows before the end. Throws JOB_RUNNING. */
  start(kind: JobKind, file: string | null, total: number | null, work: (step: Step) => Promise<JobResult>): JobView {
    if (this.running) throw new TwofoldError('JOB_RUNNING')
    const { parts, changed } = this.ports
    const job: JobView = {
      id: ++this.lastId,
      kind,
      file,
      state: 'running',
      done: 0,
      total,
      startedAt: parts.now(),
      result: null,
      problem: null,
    }
    this.job = job
    const pace = pacer()
    const running = { cancelled: false, ended: Promise.resolve() }
    this.running = running
    const step: Step = async (done) => {
      job.done = done
      if (running.cancelled) throw new TwofoldError('JOB_CANCELLED')
      await pace()
      if (running.cancelled) throw new TwofoldError('JOB_CANCELLED')
    }
    running.ended = work(step).then(
      (result) => {
        job.state = 'done'
        job.result = result
        job.done = job.total ?? job.done
      },
      (error: unknown) => {
        const code: ErrorCode = error instanceof TwofoldError ? error.code : 'INTERNAL'
        if (!(error instanceof TwofoldError))
          parts.log('error', kind, { error: error instanceof Error ? error.stack : String(error) })
        job.state = code === 'JOB_CANCELLED' ? 'cancelled' : 'failed'
        job.problem = { code, text: error instanceof TwofoldError ? error.message : new TwofoldError(code).message }
      },
    )
    void running.ended.then(() => {
      this.running = null
      changed()
    })
    changed()
    return job
  }

  cancel(): void {
    if (this.running) this.running.cancelled = true
  }

  /** Ends what runs, and waits for it: nothing touches the store afterwards. */
  async stop(): Promise<void> {
    this.cancel()
    await this.running?.ended
  }
}
