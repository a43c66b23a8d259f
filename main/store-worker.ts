// Entry of the thread that stores what comes in bulk. Batches go first; between them it indexes what was stored, and when
// there is nothing else to do it checks the signatures that were left for later (rule N9).
import { setImmediate, setTimeout } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { TwofoldError } from '../shared/errors'
import { crypto } from './identity/sodium'
import { Indexer } from './peer/indexer'
import { checkSome } from './peer/signatures'
import { facetsOf } from './render/facets'
import { RENDER_VERSION, renderMarkdown, renderPlain } from './render/markdown'
import { openTimelineStore } from './store/timeline-store'
import {
  unpackBatch,
  type FromStoreWorker,
  type PackedBatch,
  type StoreWorkerData,
  type ToStoreWorker,
} from './workers/packing'

/** Nodes indexed at once: their transaction takes some 10 ms. */
const BITE_NODES = 1600
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
const indexer = new Indexer({
  parts: {
    secrets: { crypto },
    render: renderMarkdown,
    renderPlain,
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

const batches: PackedBatch[] = []
let index = false
let signatures = false
let ending = false
let pausedUntil = 0
let awake: (() => void) | null = null

port.on('message', (message: ToStoreWorker) => {
  if (message.type === 'append') batches.push(message.batch)
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

function append(batch: PackedBatch): void {
  const members = new Map(batch.members)
  const start = performance.now()
  try {
    const items = unpackBatch(batch)
    waitForTurn()
    const committed = store.commit(items, (device) => members.get(device)!, batch.now)
    say({ type: 'appended', committed, tookMs: performance.now() - start })
  } catch (error) {
    if (!(error instanceof TwofoldError)) throw error
    say({ type: 'refused', code: error.code, details: { ...error.details } })
  }
  index = true
}

/** One bite of what is not urgent; false: there is nothing to do now. */
async function bite(): Promise<boolean> {
  if (Date.now() < pausedUntil) return false
  try {
    waitForTurn()
    if (index) {
      index = indexer.bite()
      return true
    }
    if (!signatures) return false
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
  for (;;) {
    const batch = batches.shift()
    if (batch) append(batch)
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
