// Entry of a thread that checks a database after a run that did not end in order, and ends.
import { parentPort, workerData } from 'node:worker_threads'
import { quickCheck } from './store/quick-check'

parentPort?.postMessage(quickCheck((workerData as { dir: string }).dir))
