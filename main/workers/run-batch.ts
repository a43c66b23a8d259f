// Runs as the storing thread takes them: as many as fit into one short transaction, each judged by itself, so that one bad
// answer takes nothing away from the others.
import type { Crypto } from '../protocol/crypto'
import type { StoreItem } from '../protocol/engine'
import { itemsOfRun, judgeRun, resultOfRun, type RunResult } from '../protocol/runs'
import type { Committed, PackedRun } from './packing'

/**
 * One transaction: an own entry waits for it, so it is short. Not shorter, though, than what is written anyway: each node
 * touches pages of six trees, and few nodes would write as many of them as many do.
 */
const COMMIT_MS = 20
const NODES_MIN = 1024
const NODES_MAX = 4096
/** Nodes a millisecond, until it was measured. */
const RATE_FIRST = 30

export class RunBatches {
  private rate = RATE_FIRST

  /** How many of the first of these go together. At least one. */
  fitting(runs: readonly PackedRun[]): number {
    const most = Math.min(NODES_MAX, Math.max(NODES_MIN, this.rate * COMMIT_MS))
    let nodes = 0
    const end = runs.findIndex(({ run }) => (nodes += run.nodes.count) > most)
    return end < 0 ? runs.length : Math.max(1, end)
  }

  /** What became of each. `commit`: as the store's; throws as it does, and then nothing of it happened. */
  store(
    crypto: Crypto,
    runs: readonly PackedRun[],
    commit: (items: readonly StoreItem[], now: number) => Committed,
  ): { results: RunResult[]; committed: Omit<Committed, 'outcomes'> | null } {
    const judged = runs.map(({ run, rules }) => judgeRun(crypto, run, rules))
    const items = judged.flatMap((nodes, i) => (nodes ? itemsOfRun(runs[i]!.run, nodes) : []))
    if (!items.length) return { results: runs.map(() => ({ type: 'unusual' })), committed: null }
    const start = performance.now()
    const { outcomes, ...committed } = commit(items, runs[0]!.now)
    this.rate += (items.length / Math.max(1, performance.now() - start) - this.rate) / 8
    let at = 0
    const results = judged.map((nodes, i): RunResult => {
      if (!nodes) return { type: 'unusual' }
      const its = outcomes.slice(at, (at += nodes.length))
      return resultOfRun(nodes, its, runs[i]!.rules)
    })
    return { results, committed }
  }
}
