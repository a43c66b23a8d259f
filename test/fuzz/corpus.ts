// Inputs that once reached code which the seeds do not, kept small: a file a target, base64 a line.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const DIR = 'test/fuzz/corpus'
/** A corpus stays readable in a review: so many inputs of so many bytes. */
const INPUTS_MAX = 32
const BYTES_MAX = 1024

const fileOf = (target: string) => join(DIR, `${target}.txt`)

export function readCorpus(target: string): Uint8Array[] {
  const file = fileOf(target)
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => Uint8Array.from(Buffer.from(line, 'base64')))
}

/** Adds what was found, shortest first, as far as there is room. How many came in. */
export function growCorpus(target: string, found: readonly Uint8Array[]): number {
  const known = readCorpus(target)
  const lines = new Set(known.map((input) => Buffer.from(input).toString('base64')))
  const before = lines.size
  for (const input of [...found].sort((a, b) => a.length - b.length)) {
    if (lines.size >= INPUTS_MAX || input.length > BYTES_MAX) break
    lines.add(Buffer.from(input).toString('base64'))
  }
  if (lines.size > before) writeFileSync(fileOf(target), `${[...lines].join('\n')}\n`)
  return lines.size - before
}
