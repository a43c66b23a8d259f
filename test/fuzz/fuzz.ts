// The loop of the fuzzer: makes inputs, runs them, keeps those that reach new code, and tells what went wrong, with the
// input made small.
import type { Coverage } from './coverage'
import { Mutator } from './mutate'
import type { Outcome, Target } from './target'

/** Inputs between two looks at the counters: a look takes some ms, whatever was run. */
const BATCH = 512
/** Inputs kept beyond the seeds; more would mostly say the same. */
const KEPT_MAX = 512

export interface Failure {
  input: Uint8Array
  error: unknown
}
export interface FuzzResult {
  target: string
  runs: number
  outcomes: Record<Outcome, number>
  failures: Failure[]
  /** Inputs that reached new code. */
  found: Uint8Array[]
  /** Blocks of code reached; 0: not counted. */
  blocks: number
  slowest: { ms: number; bytes: number }
}

async function attempt(target: Target, input: Uint8Array): Promise<{ outcome: Outcome } | { error: unknown }> {
  try {
    const outcome = target.run(input)
    return { outcome: typeof outcome === 'string' ? outcome : await outcome }
  } catch (error) {
    return { error }
  }
}

/** What tells two findings apart: the place where it was thrown. */
const placeOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.stack?.split('\n')[1] ?? error.message}` : String(error)

/** A shorter input that fails in the same place. */
async function shrink(target: Target, { input, error }: Failure): Promise<Failure> {
  const place = placeOf(error)
  let best: Failure = { input, error }
  for (let piece = input.length >> 1; piece >= 1; piece >>= 1)
    for (let at = 0; at + piece <= best.input.length;) {
      const shorter = new Uint8Array(best.input.length - piece)
      shorter.set(best.input.subarray(0, at))
      shorter.set(best.input.subarray(at + piece), at)
      const result = await attempt(target, shorter)
      if ('error' in result && placeOf(result.error) === place) best = { input: shorter, error: result.error }
      else at += piece
    }
  return best
}

export async function fuzz(
  target: Target,
  options: { runs: number; seed: number; corpus?: readonly Uint8Array[]; coverage?: Coverage; failuresMax?: number },
): Promise<FuzzResult> {
  const { runs, seed, corpus = [], coverage, failuresMax = 5 } = options
  const mutator = new Mutator(seed)
  const outcomes: Record<Outcome, number> = { refused: 0, accepted: 0, same: 0 }
  const failures = new Map<string, Failure>()
  const found: Uint8Array[] = []
  const known = [...target.seeds, ...corpus]
  let slowest = { ms: 0, bytes: 0 }
  let done = 0
  const run = async (input: Uint8Array) => {
    const start = performance.now()
    const result = await attempt(target, input)
    const ms = performance.now() - start
    if (ms > slowest.ms) slowest = { ms, bytes: input.length }
    if ('outcome' in result) outcomes[result.outcome]++
    else if (!failures.has(placeOf(result.error))) failures.set(placeOf(result.error), { input, error: result.error })
    done++
  }
  for (const input of known) await run(input)
  coverage?.fresh()
  while (done < runs && failures.size < failuresMax) {
    const batch = Array.from({ length: Math.min(BATCH, runs - done) }, () => mutator.next(known, target))
    for (const input of batch) await run(input)
    if (!coverage || found.length >= KEPT_MAX) continue
    const fresh = coverage.fresh()
    if (!fresh.length) continue
    const input = await guilty(target, coverage, batch, new Set(fresh))
    if (!input) continue
    known.push(input)
    found.push(input)
  }
  const small: Failure[] = []
  for (const failure of failures.values()) small.push(await shrink(target, failure))
  return { target: target.name, runs: done, outcomes, failures: small, found, blocks: coverage?.size ?? 0, slowest }
}

/** One input of the batch that reaches one of these blocks, by halving; null: it was not an input (code that runs once). */
async function guilty(
  target: Target,
  coverage: Coverage,
  batch: readonly Uint8Array[],
  blocks: ReadonlySet<string>,
): Promise<Uint8Array | null> {
  let suspects = batch
  while (suspects.length > 1) {
    const half = suspects.slice(0, suspects.length >> 1)
    coverage.start()
    for (const input of half) await attempt(target, input)
    suspects = coverage.hits(blocks) ? half : suspects.slice(half.length)
  }
  coverage.start()
  await attempt(target, suspects[0]!)
  return coverage.hits(blocks) ? suspects[0]! : null
}
