// The sample circle that a bench runs on: one that `twofold seed` made before (--folder), or one made and removed here. A
// bench that writes gets a copy, so that every run begins with the same.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crypto } from '../../main/identity/sodium'
import type { StorePort } from '../../main/peer/ports'
import { seedFolder } from '../../main/seed'
import { openTimelineStore } from '../../main/store/timeline-store'
import { indexAll } from './indexing'

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

/** What an earlier version made is brought to the shape of this one, index included: that is not what is measured. */
function bringForward(folder: string): void {
  openTimelineStore(folder, crypto).close()
  const store = openTimelineStore(folder, crypto, { beside: true })
  indexAll(store as unknown as StorePort, true)
  store.close()
}

/** `parent`: for whatever else the bench writes; `remove` takes both away. */
export async function sampleFor(
  given: string | undefined,
  entries: number,
): Promise<{ folder: string; parent: string; remove(): void }> {
  const parent = mkdtempSync(join(tmpdir(), 'twofold-bench-'))
  const folder = join(parent, 'sample')
  if (given === undefined) await makeSample(folder, entries)
  else {
    cpSync(given, folder, { recursive: true })
    bringForward(folder)
  }
  return { folder, parent, remove: () => rmSync(parent, { recursive: true, force: true }) }
}
