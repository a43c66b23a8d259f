// The sample circle that a bench runs on: one that `twofold seed` made before (--folder), or one made and removed here. A
// bench that writes gets a copy, so that every run begins with the same.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seedFolder } from '../../main/seed'

export const SAMPLE_ENTRIES = 1_000_000
const MEMBERS = 100
const DAYS = 1100
const TOLD_EVERY = 100_000

export async function makeSample(folder: string, entries: number): Promise<void> {
  console.error(`Making ${entries} entries…`)
  await seedFolder(process.env)(folder, { entries, members: MEMBERS, days: DAYS, random: 1 }, (n) => {
    if (n % TOLD_EVERY === 0) console.error(`${n}`)
  })
}

/** `parent`: for whatever else the bench writes; `remove` takes both away. */
export async function sampleFor(
  given: string | undefined,
  entries: number,
): Promise<{ folder: string; parent: string; remove(): void }> {
  const parent = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
  const folder = join(parent, 'sample')
  if (given === undefined) await makeSample(folder, entries)
  else cpSync(given, folder, { recursive: true })
  return { folder, parent, remove: () => rmSync(parent, { recursive: true, force: true }) }
}
