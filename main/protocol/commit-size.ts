// How many nodes one transaction takes. An own entry waits for it, so it is short. Not shorter, though, than what is written
// anyway: each node touches pages of six trees, and few nodes would write as many of them as many do.

const COMMIT_MS = 20
/** Nodes a millisecond, until it was measured. */
const RATE_FIRST = 30

export class CommitSize {
  private rate = RATE_FIRST

  /** Bounds of `nodes`, whatever the rate. */
  constructor(
    private readonly min: number,
    private readonly max: number,
  ) {}

  /** So many take about as long as a transaction may. */
  get nodes(): number {
    return Math.min(this.max, Math.max(this.min, Math.floor(this.rate * COMMIT_MS)))
  }

  /** How long the last one took. */
  took(nodes: number, ms: number): void {
    this.rate += (nodes / Math.max(1, ms) - this.rate) / 8
  }
}
