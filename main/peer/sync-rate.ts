// How fast nodes come by catching up: counted in seconds, told as the mean of the last few whole ones.

const WINDOW_S = 5

export class SyncRate {
  /** Nodes by second, the newest last. */
  private readonly seconds: { at: number; n: number }[] = []

  note(nodes: number, now: number): void {
    const at = Math.floor(now / 1000)
    const last = this.seconds.at(-1)
    if (last?.at === at) last.n += nodes
    else this.seconds.push({ at, n: nodes })
    while (this.seconds.length > WINDOW_S + 1) this.seconds.shift()
  }

  /** Nodes a second; 0: none came in the last seconds. */
  perSecond(now: number): number {
    const at = Math.floor(now / 1000)
    const known = this.seconds.filter((one) => one.at >= at - WINDOW_S && one.at < at)
    if (!known.length) return this.seconds.at(-1)?.at === at ? this.seconds.at(-1)!.n : 0
    return Math.round(known.reduce((sum, { n }) => sum + n, 0) / Math.max(1, at - known[0]!.at))
  }
}
