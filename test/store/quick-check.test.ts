// A database whose run did not end in order and that is checked beside: it stays unchecked until somebody says that it is sound.
import { closeSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quickCheck } from '../../main/store/quick-check'
import { TIMELINE_FILE, openTimelineStore } from '../../main/store/timeline-store'
import { tempFolder } from '../support/folder'
import { crypto, makeCircle, NEW_YEAR, writeTimeline } from '../support/people'

const { people, list } = makeCircle(1)
const chain = writeTimeline(list.circle, people[0]!.device, 300, { epoch: 0 })

test('[N9] a sound database is found sound beside its own connection, and a damaged one is not', () => {
  const dir = tempFolder()
  const store = openTimelineStore(dir, crypto)
  store.append(
    chain.map((node) => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null })),
    () => people[0]!.member,
    NEW_YEAR,
  )
  expect(quickCheck(dir)).toBeNull()
  store.close()
  const path = join(dir, TIMELINE_FILE)
  const handle = openSync(path, 'r+')
  writeSync(handle, new Uint8Array(4096).fill(0xa5), 0, 4096, Math.floor(statSync(path).size / 2 / 4096) * 4096)
  closeSync(handle)
  expect(quickCheck(dir)).not.toBeNull()
  truncateSync(path, 100)
  expect(quickCheck(dir)).not.toBeNull()
})

test('[N9] a large file is left to be checked beside, and asked for again until it was', () => {
  const dir = tempFolder()
  // Left as by a crash: never closed. Grown over the bound by bytes that SQLite never looks at.
  openTimelineStore(dir, crypto)
  const beside = () => {
    const handle = openSync(join(dir, TIMELINE_FILE), 'r+')
    writeSync(handle, new Uint8Array(1), 0, 1, 70_000_000)
    closeSync(handle)
    return openTimelineStore(dir, crypto, { checkBeside: true })
  }
  const first = beside()
  expect(first.unchecked()).toBe(true)
  first.close()
  const second = openTimelineStore(dir, crypto, { checkBeside: true })
  expect(second.unchecked(), 'closed in order, and still not checked').toBe(true)
  second.checked()
  expect(second.unchecked()).toBe(false)
  second.close()
  const third = openTimelineStore(dir, crypto, { checkBeside: true })
  expect(third.unchecked()).toBe(false)
  third.close()
})
