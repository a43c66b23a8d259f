// Entry of the thread that stores what comes in bulk. Batches go first; between them it indexes what was stored, and when
// there is nothing else to do it checks the signatures that were left for later (rule N9).
import { setImmediate, setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { TwofoldError } from '../shared/errors'
import { crypto } from './identity/sodium'
import { Indexer } from './peer/indexer'
import { checkSome } from './peer/signatures'
import { openTimelineStore } from './store/timeline-store'
import { RunBatches } from './workers/run-batch'
import {
  packOutcomes,
  unpackBatch,
  type FromStoreWorker,
  type StoreWorkerData,
  type ToStoreWorker,
} from './workers/packing'
import { standBack } from './workers/stand-back'

/** Behind the main loop, which may wait for its transaction, but not far. */
standBack(5)

/** Nodes indexed at once: their transaction takes some 20 ms. */
const BITE_NODES = 4000
/** Rest after a bite of checking: half a core at most, and the main loop never waits for the write lock for long. */
const CHECK_REST_MS = 4
/** The main thread gives its turn back within a transaction; looked at again after this in case it died in it. */
const TURN_MS = 50
/** After a disk that is full or a file that is locked: indexing and checking go on later. */
const RETRY_MS = 30_000

const port = parentPort!
const { dir, turn } = workerData as StoreWorkerData
const wanting = new Int32Array(turn)
const store = openTimelineStore(dir, crypto, { beside: true })
const say = (message: FromStoreWorker, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer)
const log = () => undefined
let indexer: Indexer | null = null

/** The renderer is read when something is to be indexed: whoever waits for the thread waits for the database alone. */
async function openIndexer(): Promise<Indexer> {
  const [{ facetsOf }, { RENDER_VERSION, renderMarkdown }] = await Promise.all([
    import('./render/facets'),
    import('./render/markdown'),
  ])
  return new Indexer({
    parts: {
      secrets: { crypto },
      render: renderMarkdown,
      renderVersion: RENDER_VERSION,
      facets: facetsOf,
      log,
      now: Date.now,
    },
    store,
    rows: { takeMade: () => [] },
    biteNodes: BITE_NODES,
    indexed: () => say({ type: 'indexed' }),
  })
}

type Job = Extract<ToStoreWorker, { id: number }>
const jobs: Job[] = []
const runs = new RunBatches()
let index = false
let signatures = false
let ending = false
let pausedUntil = 0
let awake: (() => void) | null = null

port.on('message', (message: ToStoreWorker) => {
  if ('id' in message) jobs.push(message)
  else if (message.type === 'end') ending = true
  else {
    index ||= message.index
    signatures ||= message.signatures
  }
  awake?.()
})

/** Lets the main thread write first. */
function waitForTurn(): void {
  for (let wanted = Atomics.load(wanting, 0); wanted > 0; wanted = Atomics.load(wanting, 0))
    if (Atomics.wait(wanting, 0, wanted, TURN_MS) === 'timed-out') return
}

function append({ id, batch }: Extract<Job, { type: 'append' }>): void {
  const members = new Map(batch.members)
  const start = performance.now()
  const items = unpackBatch(batch)
  waitForTurn()
  const { outcomes: each, ...committed } = store.commit(items, (device) => members.get(device)!, batch.now)
  const outcomes = packOutcomes(items, each)
  say({ type: 'appended', id, outcomes, committed, tookMs: performance.now() - start }, [outcomes.each.buffer])
}

function storeRuns(together: readonly Extract<Job, { type: 'run' }>[]): void {
  const packed = together.map((job) => job.packed)
  const members = new Map(packed.map(({ rules }) => [rules.author.key, rules.author.member]))
  const { results, committed } = runs.store(crypto, packed, (items, now) => {
    waitForTurn()
    return store.commit(items, (device) => members.get(device)!, now)
  })
  results.forEach((result, i) =>
    say({ type: 'ran', id: together[i]!.id, result, committed: i === 0 ? committed : null }),
  )
}

/** The next batch, or as many runs as go together. */
function work(): void {
  const end = jobs.findIndex(({ type }) => type !== 'run')
  const waiting = (end < 0 ? jobs : jobs.slice(0, end)) as Extract<Job, { type: 'run' }>[]
  const together = jobs.splice(0, end === 0 ? 1 : runs.fitting(waiting.map((job) => job.packed)))
  try {
    const first = together[0]!
    if (first.type === 'append') append(first)
    else storeRuns(together as typeof waiting)
  } catch (error) {
    if (!(error instanceof TwofoldError)) throw error
    for (const { id } of together) say({ type: 'refused', id, code: error.code, details: { ...error.details } })
  }
  index = true
}

/** One bite of what is not urgent; false: there is nothing to do now. */
async function bite(): Promise<boolean> {
  if (Date.now() < pausedUntil) return false
  try {
    if (index) {
      indexer ??= await openIndexer()
      waitForTurn()
      index = indexer.bite()
      return true
    }
    if (!signatures) return false
    waitForTurn()
    const checked = checkSome(crypto, store, Date.now())
    signatures = checked !== null
    if (checked?.bad.length) say({ type: 'missigned', device: checked.device, seqs: checked.bad })
    await setTimeout(CHECK_REST_MS)
    return true
  } catch (error) {
    if (!(error instanceof TwofoldError)) throw error
    pausedUntil = Date.now() + RETRY_MS
    return false
  }
}

async function run(): Promise<void> {
  say({ type: 'ready' })
  for (;;) {
    if (jobs.length) work()
    else if (ending) return
    else if (!(await bite())) {
      say({ type: 'idle' })
      await new Promise<void>((resolve) => (awake = resolve))
      awake = null
    }
    // Lets messages in.
    await setImmediate()
  }
}

run()
  .then(() => {
    store.close()
    say({ type: 'ended' })
    port.close()
  })
  .catch((error: unknown) =>
    say({ type: 'failed', error: error instanceof Error ? (error.stack ?? '') : String(error) }),
  )
