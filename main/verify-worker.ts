// Entry of a thread that checks signatures and nothing else.
import { parentPort } from 'node:worker_threads'
import { crypto } from './identity/sodium'
import { checkPacked, type PackedChecks } from './workers/packing'

parentPort?.on('message', (packed: PackedChecks) => {
  const holds = checkPacked(crypto, packed)
  parentPort?.postMessage(holds, [holds.buffer])
})
