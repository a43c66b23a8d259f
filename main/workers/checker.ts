// Checks a large database in a thread of its own: a million entries take seconds, in which a window would show nothing.
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

/** Null: it is sound; else what is wrong. Rejects when the thread is lost. `entries`: where the built entries are. */
export function checkBeside(entries: string, dir: string): Promise<string | null> {
  const worker = new Worker(join(entries, 'check-worker.cjs'), { workerData: { dir } })
  // Whoever ends the program does not wait for it; the next start checks again.
  worker.unref()
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('the checking thread ended without an answer')))
  })
}
