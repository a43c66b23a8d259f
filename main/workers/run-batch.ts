// Runs as the storing thread takes them: as many as fit into one short transaction, each judged by itself, so that one bad
// answer takes nothing away from the others.
import { CommitSize } from '../protocol/commit-size'
import type { Crypto } from '../protocol/crypto'
import type { StoreItem } from '../protocol/engine'
import { itemsOfRun, judgeRun, resultOfRun, type RunResult } from '../protocol/runs'
import type { Committed, PackedRun } from './packing'

/** Nodes of one transaction. */
const NODES_MIN = 1024
const NODES_MAX = 4096

export class RunBatches {
  private readonly size = new CommitSize(NODES_MIN, NODES_MAX)

  /** How many of the first of these go together. At least one. */
  fitting(runs: readonly PackedRun[]): number {
    const most = this.size.nodes
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
    this.size.took(items.length, performance.now() - start)
    let at = 0
    const results = judged.map((nodes, i): RunResult => {
      if (!nodes) return { type: 'unusual' }
      const its = outcomes.slice(at, (at += nodes.length))
      return resultOfRun(nodes, its, runs[i]!.rules)
    })
    return { results, committed }
  }
}
