// Virtual time: timers fire in order of their time (and of their making), and nothing waits for anything real.
import type { Time } from '../peer/ports'

interface Timer {
  at: number
  order: number
  /** Null: called off. */
  run: (() => void) | null
}
const before = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order)

/** A binary heap of timers. Times are whole ms. */
export class Clock implements Time {
  private readonly heap: Timer[] = []
  private made = 0

  /** `at`: ms since 1970 UTC. */
  constructor(public at: number) {}

  now(): number {
    return this.at
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.at + Math.max(0, Math.ceil(ms)), order: ++this.made, run }
    let i = this.heap.push(timer) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(timer, this.heap[parent]!)) break
      this.heap[i] = this.heap[parent]!
      i = parent
    }
    this.heap[i] = timer
    return () => (timer.run = null)
  }

  private pop(): void {
    const last = this.heap.pop()!
    if (!this.heap.length) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= this.heap.length) break
      if (child + 1 < this.heap.length && before(this.heap[child + 1]!, this.heap[child]!)) child++
      if (!before(this.heap[child]!, last)) break
      this.heap[i] = this.heap[child]!
      i = child
    }
    this.heap[i] = last
  }

  /** Runs every timer up to `end`, or until `done` says so. */
  runTo(end: number, done?: () => boolean): void {
    while (this.heap.length && this.heap[0]!.at <= end) {
      const timer = this.heap[0]!
      this.pop()
      if (!timer.run) continue
      this.at = timer.at
      timer.run()
      if (done?.()) return
    }
    this.at = end
  }
}
