// How a bench says what it measured: a line a figure for people, and with --json one last line for programs.
import { cpus, totalmem } from 'node:os'

export interface Figure {
  name: string
  value: number
  unit: string
  /** What it is a ratio to or was measured beside, in words. */
  against: string
  /** As a sentence: '≤ 2.5'. */
  target: string
  reached: boolean
}

const machine = () => ({
  cores: cpus().length,
  cpu: cpus()[0]?.model ?? '',
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
})

export function report(bench: string, figures: readonly Figure[]): void {
  for (const { name, value, unit, against, target, reached } of figures)
    console.log(
      `${reached ? 'ok  ' : 'MISS'}  ${name.padEnd(22)} ${String(value).padStart(10)} ${unit.padEnd(8)} ${target.padEnd(10)} ${against}`,
    )
  if (process.argv.includes('--json')) console.log(JSON.stringify({ bench, machine: machine(), figures }))
}

export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
export const median = (values: readonly number[]): number => percentile(values, 0.5)
export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits))
