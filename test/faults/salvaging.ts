// kill -9 while a damaged database is set aside and read back into a new one, also at the first touch of it. However often it is
// interrupted, the new one ends with everything that could be read, and the old one is kept.
import { closeSync, cpSync, openSync, readdirSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { crypto } from '../../main/identity/sodium'
import { openTimelineStore, TIMELINE_FILE } from '../../main/store/timeline-store'
import { fill, judge, makeFolders, openHere, texts } from './folders'
import { killedWithin } from './kills'
import { lines } from './pairs'
import { pause, type Kind } from './rounds'

const PAGE_BYTES = 4096
const SALVAGE_MS = 60_000

/** Random bytes over some pages behind the schema's. */
function spoil(dir: string, at: (pages: number) => number, pages: number): void {
  const path = join(dir, TIMELINE_FILE)
  const handle = openSync(path, 'r+')
  try {
    const last = Math.floor(statSync(path).size / PAGE_BYTES) - 1
    for (let i = 0; i < pages; i++)
      writeSync(handle, new Uint8Array(PAGE_BYTES).fill(0xa5), 0, PAGE_BYTES, at(last) * PAGE_BYTES)
  } finally {
    closeSync(handle)
  }
}

/** Opens the folder and waits until everything that can be read of the damaged database is. */
async function salvaged(dir: string): Promise<Map<string, string>> {
  const opened = await openHere(dir)
  try {
    const end = Date.now() + SALVAGE_MS
    while ((await opened.call('state.get', {})).alerts.some(({ code }) => code === 'RECOVERING')) {
      if (Date.now() > end) throw new Error(`not salvaged within ${SALVAGE_MS} ms`)
      await pause(5)
    }
    return await texts(opened)
  } finally {
    await opened.close()
  }
}

export const salvaging: Kind = {
  about: 'kill -9 while a damaged database is read back',
  async round(round) {
    const [whole, killed] = ['whole', 'killed'].map((name) => join(round.dir, name)) as [string, string]
    const [made] = makeFolders(round.dir, ['Ann']) as [string]
    const posted = fill(made, lines(round, round.between(300, 1500), 800))
    // An earlier run has met damage; how much there is shows when it is read back.
    const store = openTimelineStore(made, crypto)
    store.noteDamage()
    store.close()
    const where = [round.chance(), round.chance()]
    spoil(made, (pages) => 2 + Math.floor(where.pop()! * (pages - 2)), 2)
    for (const copy of [whole, killed]) cpSync(made, copy, { recursive: true })
    const readable = await salvaged(whole)
    for (let kills = round.between(3, 8); kills > 0; kills--)
      await killedWithin(round, killed, ['timeline', '--limit', '1'], { name: 'salvage', aboutMs: 150 })
    const read = await salvaged(killed)
    round.note(`${readable.size} of ${posted.size} could be read; ${read.size} after kills`)
    const lost = [...readable.keys()].filter((id) => !read.has(id as never))
    if (lost.length) throw new Error(`${lost.length} entries that can be read are gone`)
    for (const [id, text] of read) if (posted.has(id) && posted.get(id) !== text) throw new Error(`changed: ${id}`)
    const asides = readdirSync(killed).filter((name) => /\.damaged-\d+$/.test(name))
    if (asides.length > 1) throw new Error(`set aside ${asides.length} times: ${asides.join(', ')}`)
    await judge(killed, read.keys(), false)
  },
}
