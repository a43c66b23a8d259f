// What a round of a fault test is given: its seed, chance that follows from it, and a place of its own.
import { seededRandom } from '../../main/simulator/random'
import { scratch } from './folders'

export interface Round {
  readonly seed: number
  /** Uniform in [0, 1), by the seed. */
  chance(): number
  /** A whole number in [from, to], by the seed. */
  between(from: number, to: number): number
  pick<T>(values: readonly T[]): T
  readonly dir: string
  /** A process was killed while it worked. */
  killed(): void
  /** A line for whoever looks into a failure. */
  note(text: string): void
}
export interface Kind {
  about: string
  /** Null: it can be tried here; else why not. */
  impossible?(): string | null
  round(round: Round): Promise<void>
}

export interface Failure {
  seed: number
  error: string
  notes: string[]
}
export interface Ran {
  /** Null: all was as it must be. */
  failure: Failure | null
  kills: number
}

/** Runs one round. */
export async function runRound(kind: Kind, seed: number, keep = false): Promise<Ran> {
  const random = seededRandom(seed)
  // The first values of neighbouring seeds resemble each other.
  for (let i = 0; i < 8; i++) random()
  const { path, remove } = scratch()
  const notes: string[] = []
  let kills = 0
  const between = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  try {
    await kind.round({
      seed,
      chance: random,
      between,
      pick: (values) => values[between(0, values.length - 1)]!,
      dir: path,
      killed: () => void kills++,
      note: (text) => void notes.push(text),
    })
    return { failure: null, kills }
  } catch (error) {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { failure: { seed, error: told, notes }, kills }
  } finally {
    if (!keep) remove()
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
