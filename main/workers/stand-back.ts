// Threads that work in bulk stand back behind the main loop and the window: on few cores all of them want to run at once, and
// what a person waits for is on those two.
import { setPriority } from 'node:os'

/** To be called in the thread itself. `nice`: 1 (a little) to 19 (only when nothing else runs). Does nothing but on Linux. */
export function standBack(nice: number): void {
  // Elsewhere a priority is the whole process's. On Linux it is the calling thread's (setpriority(2), "C library/kernel
  // differences").
  if (process.platform !== 'linux') return
  try {
    setPriority(nice)
  } catch {
    // Already further back, in a process that was started so.
  }
}
