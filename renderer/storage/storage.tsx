// Decides what is told about the disk and in which order: what is under way, what takes space, the second copy, what can be
// taken out and in, and what was set aside.
import { useCallback, useRef, useState } from 'react'
import type { JobView, StorageView } from '../../shared/storage-types'
import { call, sentenceOf } from '../backend'
import { text } from '../text'
import { Empty } from '../ui/empty'
import { Problem } from '../ui/field'
import { PageHead } from '../ui/page-head'
import { usePolling } from '../ui/polling'
import { tellError } from '../ui/toast'
import { HardDrive } from 'lucide-react'
import { Aside } from './aside'
import { Care } from './care'
import { Job } from './job'
import { SecondCopy } from './second-copy'
import { TakeOut } from './take-out'
import { Space } from './space'
import './storage.css'

/** While something is under way, and else. */
const BUSY_MS = 400
const IDLE_MS = 5_000

export function Storage({ openNavigation }: { openNavigation: () => void }) {
  const [view, setView] = useState<StorageView | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [turn, setTurn] = useState(0)
  const running = view?.job?.state === 'running' || view?.use === null || view?.mirror.state === 'comparing'
  usePolling(
    () =>
      call('storage.get', {}).then(
        (next) => {
          setView(next)
          setError(null)
        },
        // What was known stays in sight.
        setError,
      ),
    running ? BUSY_MS : IDLE_MS,
    `${running} ${turn}`,
  )
  const page = useRef<HTMLDivElement>(null)
  /** Sets work going, and looks at once. What is refused is told where it was asked for. */
  const begin = useCallback(async (work: () => Promise<JobView | null>) => {
    const job = await work()
    if (job) setView((known) => known && { ...known, job })
    setTurn((n) => n + 1)
    page.current?.scrollTo({ top: 0 })
  }, [])
  const cancel = () => call('storage.cancel', {}).then(() => setTurn((n) => n + 1), tellError)
  const job = view?.job ?? null
  return (
    <>
      <PageHead
        title={text.storage.title}
        note={view ? text.storage.note(view.database, view.free) : text.storage.looking}
        openNavigation={openNavigation}
      />
      <div className="page scrolls" ref={page}>
        <div className="page-column storage">
          {error !== null && <Problem>{sentenceOf(error)}</Problem>}
          {!view && error !== null && (
            <Empty icon={HardDrive} title={text.storage.unknown} hint={text.storage.unknownHint} tone="bad" />
          )}
          {view && (
            <>
              {job && <Job job={job} onCancel={() => void cancel()} />}
              <Space view={view} />
              <SecondCopy mirror={view.mirror} busy={running} begin={begin} />
              <TakeOut busy={job?.state === 'running'} begin={begin} />
              <Care
                busy={job?.state === 'running'}
                scrub={view.scrub}
                unused={view.use?.unused ?? null}
                begin={begin}
              />
              <Aside files={view.aside} onGone={() => setTurn((n) => n + 1)} />
            </>
          )}
        </div>
      </div>
    </>
  )
}
