// Entry of a thread that checks signatures and nothing else.
import { parentPort } from 'node:worker_threads'
import { crypto } from './identity/sodium'
import { checkPacked, type PackedChecks } from './workers/packing'
import { standBack } from './workers/stand-back'

/** Behind everything else: whatever is checked waits for the store anyway. */
standBack(10)

parentPort?.on('message', (packed: PackedChecks) => {
  const holds = checkPacked(crypto, packed)
  parentPort?.postMessage(holds, [holds.buffer])
})
