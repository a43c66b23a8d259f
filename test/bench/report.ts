// How a bench says what it measured: a line a figure for people, and with --json one last line for programs. What a figure's
// unit and target are stands in figures.ts; a bench only measures.
import { cpus, totalmem } from 'node:os'
import { FIGURES, type Bench, type Declared, type FigureOf } from './figures'

export interface Figure {
  name: string
  value: number
  unit: string
  /** What it is a ratio to or was measured beside, in words. */
  against: string
  /** As a sentence: '≤ 2.5'; '–': none. */
  target: string
  reached: boolean
}
export interface Report {
  bench: string
  machine: Record<string, string | number>
  figures: Figure[]
}
export interface Measured {
  value: number
  against: string
  /** Where the bound of the target follows from what this run measured. */
  bound?: number
}

const machine = () => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? '',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
})

function holds(value: number, is: '≤' | '≥' | '<' | '=', bound: number): boolean {
  switch (is) {
    case '≤':
      return value <= bound
    case '≥':
      return value >= bound
    case '<':
      return value < bound
    case '=':
      return value === bound
  }
}

/** What was measured beside what was declared. Throws where the target has no bound: such a figure could not fail. */
export function judge(name: string, { unit, target }: Declared, { value, against, bound }: Measured): Figure {
  const shown = { name, value: rounded(value, 3), unit, against }
  if (!target) return { ...shown, target: '–', reached: Number.isFinite(value) }
  const limit = target.bound ?? bound
  if (limit === undefined) throw new Error(`${name} has no bound`)
  return {
    ...shown,
    target: `${target.is} ${rounded(limit, 3)}`,
    // What could not be measured is not reached. As measured, not as rounded for the eye.
    reached: Number.isFinite(value) && holds(value, target.is, limit),
  }
}

/** `measured`: every figure of the bench; null for what this run left out (an option said so). */
export function reportOf<B extends Bench>(bench: B, measured: Readonly<Record<FigureOf<B>, Measured | null>>): Report {
  const figures = Object.entries<Declared>(FIGURES[bench]).flatMap(([name, declared]) => {
    const one = measured[name as FigureOf<B>]
    if (one === undefined) throw new Error(`${bench} gave no ${name}`)
    return one ? [judge(name, declared, one)] : []
  })
  return { bench, machine: machine(), figures }
}

/** A line a figure. */
export function table(figures: readonly Figure[]): string {
  const cells = figures.map(({ name, value, unit, against, target, reached }) => [
    target === '–' ? '' : reached ? 'ok' : 'MISS',
    name,
    String(value),
    unit,
    target,
    against,
  ])
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(0, ...cells.map((row) => row[column]!.length)))
  return cells
    .map((row) => row.map((cell, i) => (i === 2 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i] ?? 0))).join('  '))
    .join('\n')
}

export function report<B extends Bench>(bench: B, measured: Readonly<Record<FigureOf<B>, Measured | null>>): void {
  const made = reportOf(bench, measured)
  console.log(table(made.figures))
  if (process.argv.includes('--json')) console.log(JSON.stringify(made))
}

export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
export const median = (values: readonly number[]): number => percentile(values, 0.5)
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))
