// Virtual time: timers fire in order of their time (and of their making), and nothing waits for anything real. The
// product's own loops run on it unchanged, because it stands in for setTimeout and clearTimeout while a world runs.
interface Timer {
  at: number
  order: number
  run: () => void
}
const before = (a: Timer, b: Timer) => a.at < b.at || (a.at === b.at && a.order < b.order)

export class Clock {
  private readonly heap: Timer[] = []
  private readonly waiting = new Set<number>()
  private made = 0

  constructor(public now: number) {}

  after(delayMs: number, run: () => void): number {
    const timer = { at: this.now + Math.max(0, Math.round(delayMs)), order: ++this.made, run }
    this.waiting.add(timer.order)
    let i = this.heap.push(timer) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(timer, this.heap[parent]!)) break
      this.heap[i] = this.heap[parent]!
      i = parent
    }
    this.heap[i] = timer
    return timer.order
  }

  cancel(id: number): void {
    this.waiting.delete(id)
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

  /** Runs every timer up to `end` (or until `done`), with the product's timers on this clock. */
  runTo(end: number, done?: () => boolean): void {
    const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout }
    globalThis.setTimeout = ((run: () => void, delayMs = 0) => this.after(delayMs, run)) as unknown as typeof setTimeout
    globalThis.clearTimeout = ((id: number) => this.cancel(id)) as unknown as typeof clearTimeout
    try {
      while (this.heap.length && this.heap[0]!.at <= end) {
        const timer = this.heap[0]!
        this.pop()
        if (!this.waiting.delete(timer.order)) continue
        this.now = timer.at
        timer.run()
        if (done?.()) return
      }
      this.now = end
    } finally {
      Object.assign(globalThis, real)
    }
  }
}

/** xorshift32: all chance of a world, from its seed. */
export function seededRandom(seed: number): () => number {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e37_79b9) >>> 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4_294_967_296
  }
}
