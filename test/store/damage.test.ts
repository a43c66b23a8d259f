// What can go wrong with the files of a data folder: damage, a full disk, a crash in between. Nothing is lost that could
// be kept, nothing is half-written, and what is told is a code that a person can act on.
import type { AgreementState } from '../../main/protocol/agreement'
import { readAgreement, writeAgreement } from '../../main/store/agreement-file'
import type { DeviceKey, EpochId, MemberKey } from '../../shared/types'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toHex } from '../../main/protocol/codec'
import type { StoreItem } from '../../main/protocol/engine'
import type { TimelineNode } from '../../main/protocol/node'
import {
  clearJoining,
  readCircle,
  readJoining,
  writeCircle,
  writeJoining,
  type CircleFile,
} from '../../main/store/circle-file'
import { openFolder } from '../../main/store/files'
import { openOrSalvage, type DamagedStore } from '../../main/store/salvage'
import { readSettings, writeSettings } from '../../main/store/settings-file'
import { TIMELINE_FILE, openTimelineStore, type TimelineStore } from '../../main/store/timeline-store'
import type { ErrorCode } from '../../shared/errors'
import { tempFolder } from '../support/folder'
import { NEW_YEAR, crypto, makeCircle, writeTimeline } from '../support/people'

const { people, list } = makeCircle(2)
const memberOf = () => people[0]!.member
const chain = writeTimeline(list.circle, people[0]!.device, 600, { epoch: 1 })
const items = (nodes: readonly TimelineNode[], how: 'own' | 'sync' = 'sync'): StoreItem[] =>
  nodes.map((node) => ({ node, origin: { from: null, how, tree: null }, arrival: null }))
const AT = 1_800_000_000_000
const code = (expected: ErrorCode) => expect.objectContaining({ code: expected })

const PAGE = 4096
const overwrite = (path: string, from: number, bytes: Uint8Array) => {
  const handle = openSync(path, 'r+')
  writeSync(handle, bytes, 0, bytes.length, from)
  closeSync(handle)
}
const garbage = new Uint8Array(PAGE).fill(0xa5)

/** A folder whose process ended without closing: everything is in the main file, and nothing says 'clean'. */
function crashed(): { dir: string; path: string } {
  const made = tempFolder()
  const store = openTimelineStore(made, crypto)
  store.append(items(chain), memberOf, NEW_YEAR)
  const dir = tempFolder()
  for (const suffix of ['', '-wal']) copyFileSync(join(made, TIMELINE_FILE + suffix), join(dir, TIMELINE_FILE + suffix))
  store.close()
  // Once opened, the copy is one file, and still not closed in order.
  const again = openTimelineStore(dir, crypto)
  const kept = tempFolder()
  for (const suffix of ['', '-wal']) copyFileSync(join(dir, TIMELINE_FILE + suffix), join(kept, TIMELINE_FILE + suffix))
  again.close()
  return { dir: kept, path: join(kept, TIMELINE_FILE) }
}
/** Checkpointed: the WAL is in the file. `clean` still says that nobody closed it. */
function crashedWhole(): { dir: string; path: string } {
  const c = crashed()
  execFileSync(
    process.execPath,
    [
      '-e',
      `const db = new (require('better-sqlite3'))(${JSON.stringify(c.path)}); db.pragma('wal_checkpoint(TRUNCATE)'); db.close()`,
    ],
    { cwd: import.meta.dirname },
  )
  expect(statSync(c.path).size).toBeGreaterThan(100 * 1024)
  return c
}

/** Everything that can be read, in the order of storing. */
function allOf(damaged: DamagedStore): TimelineNode[] {
  const nodes: TimelineNode[] = []
  for (let read = damaged.read(0, 64); read; read = damaged.read(read.after, 64)) nodes.push(...read.nodes)
  return nodes
}

const pages = Math.floor(statSync(crashedWhole().path).size / PAGE)

describe('a damaged database', () => {
  test('[N9] a run that was not closed in order is checked, found sound, and used', () => {
    const { dir } = crashed()
    const { store, damaged } = openOrSalvage(dir, crypto, AT)
    expect(damaged).toBeNull()
    expect(store.total(null)).toBe(600)
    store.close()
  })

  const places = [0, 1, 2, 3, Math.floor(pages / 4), Math.floor(pages / 2), pages - 3, pages - 1]
  test.each(places)(
    '[N9] page %i overwritten by garbage: set aside, what can be read is read, a new one serves',
    (page) => {
      const { dir, path } = crashedWhole()
      overwrite(path, page * PAGE, garbage)
      const bytes = readFileSync(path)
      const { store, damaged } = openOrSalvage(dir, crypto, AT)
      // A page that no check reads (a free one) would be no damage; here every page is used.
      expect(damaged?.file).toBe(`${TIMELINE_FILE}.damaged-${AT}`)
      expect(
        readFileSync(join(dir, damaged!.file))
          .subarray(PAGE * 2)
          .equals(bytes.subarray(PAGE * 2)),
      ).toBe(true)
      const known = new Set(chain.map((n) => toHex(n.bytes)))
      const salvaged = allOf(damaged!)
      expect(salvaged.every((n) => known.has(toHex(n.bytes)))).toBe(true)
      expect(store.total(null)).toBe(0)
      const outcomes = store.append(items(salvaged), memberOf, NEW_YEAR)
      expect(outcomes.every((o) => o.type === 'stored')).toBe(true)
      damaged!.finished()
      damaged!.close()
      store.close()
      expect(openOrSalvage(dir, crypto, AT + 1).damaged).toBeNull()
    },
  )

  test('[N9] one garbage page in the middle costs few nodes, not all', () => {
    const { dir, path } = crashedWhole()
    overwrite(path, Math.floor(pages / 2) * PAGE, garbage)
    const { store, damaged } = openOrSalvage(dir, crypto, AT)
    expect(allOf(damaged!).length).toBeGreaterThan(500)
    store.close()
  })

  test.each<[string, (path: string) => void]>([
    ['cut in the middle', (path) => truncateSync(path, Math.floor(statSync(path).size / 2 / PAGE) * PAGE + 100)],
    ['cut after the first page', (path) => truncateSync(path, PAGE)],
    ['replaced by text', (path) => writeFileSync(path, 'This is not a database, sorry.\n'.repeat(500))],
    ['all zeros', (path) => writeFileSync(path, new Uint8Array(20 * PAGE))],
  ])('[N9] %s: set aside, and a new one serves', (_how, damage) => {
    const { dir, path } = crashedWhole()
    for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    damage(path)
    const { store, damaged } = openOrSalvage(dir, crypto, AT)
    expect(damaged?.file).toBe(`${TIMELINE_FILE}.damaged-${AT}`)
    expect(existsSync(join(dir, damaged!.file))).toBe(true)
    expect(store.append(items(chain.slice(0, 1)), memberOf, NEW_YEAR)).toMatchObject([{ type: 'stored' }])
    store.close()
  })

  test('[N9] an empty file is a new database', () => {
    const dir = tempFolder()
    writeFileSync(join(dir, TIMELINE_FILE), '')
    const { store, damaged } = openOrSalvage(dir, crypto, AT)
    expect(damaged).toBeNull()
    expect(store.total(null)).toBe(0)
    store.close()
  })

  test('[N9] damage that is met while running is told, and salvaged at the next start, although that run is closed in order', () => {
    const dir = tempFolder()
    const path = join(dir, TIMELINE_FILE)
    const before = openTimelineStore(dir, crypto)
    before.append(items(chain), memberOf, NEW_YEAR)
    before.close()
    // The run before was closed in order, so opening checks nothing. Only pages of the nodes themselves are damaged.
    const db = new Database(path, { readonly: true })
    const nodePages = db
      .prepare("SELECT pageno FROM dbstat WHERE name = 'nodes' AND pagetype = 'leaf'")
      .pluck()
      .all() as number[]
    db.close()
    expect(nodePages.length).toBeGreaterThan(20)
    for (const page of nodePages) overwrite(path, (page - 1) * PAGE, garbage)
    const running = openOrSalvage(dir, crypto, AT)
    expect(running.damaged).toBeNull()
    const next = writeTimeline(list.circle, people[0]!.device, 1, {
      epoch: 1,
      after: chain.at(-1)!,
      startMs: NEW_YEAR * 2,
    })
    expect(() => running.store.append(items(next), memberOf, NEW_YEAR)).toThrow(code('DATABASE_DAMAGED_NOW'))
    expect(() => running.store.window(null, 0, 600)).toThrow(code('DATABASE_DAMAGED_NOW'))
    expect(() => [...running.store.all()]).toThrow(code('DATABASE_DAMAGED_NOW'))
    running.store.close()
    const again = openOrSalvage(dir, crypto, AT)
    expect(again.damaged).not.toBeNull()
    again.store.close()
  })
})

test('[N9] a setting aside that was interrupted anywhere is brought to its end, and nothing of it is lost', () => {
  for (const at of ['before', 'after the database', 'after all'] as const) {
    const { dir, path } = crashedWhole()
    writeFileSync(`${path}-wal`, 'a log')
    const file = `${TIMELINE_FILE}.damaged-${AT}`
    overwrite(path, Math.floor(pages / 2) * PAGE, garbage)
    writeFileSync(join(dir, 'timeline.salvaging'), file)
    if (at !== 'before') copyFileSync(path, join(dir, file))
    if (at !== 'before') rmSync(path)
    if (at === 'after all') rmSync(`${path}-wal`)
    const { store, damaged } = openOrSalvage(dir, crypto, AT + 1)
    expect(damaged?.file, at).toBe(file)
    expect(allOf(damaged!).length, at).toBeGreaterThan(500)
    expect(store.total(null)).toBe(0)
    damaged!.close()
    store.close()
    // The run ended before it was through: the next one begins again with the same file.
    const again = openOrSalvage(dir, crypto, AT + 2)
    expect(again.damaged?.file).toBe(file)
    again.damaged!.finished()
    again.damaged!.close()
    again.store.close()
    const last = openOrSalvage(dir, crypto, AT + 3)
    expect(last.damaged).toBeNull()
    last.store.close()
  }
})

test('[N9] damage that is met within one reading of several is noted although that reading is undone', () => {
  const dir = tempFolder()
  const store = openTimelineStore(dir, crypto)
  store.append(items(chain.slice(0, 5)), memberOf, NEW_YEAR)
  expect(() => store.reading(() => store.damage())).toThrow(code('DATABASE_DAMAGED_NOW'))
  // Killed here: nothing was closed.
  const kept = tempFolder()
  for (const suffix of ['', '-wal']) copyFileSync(join(dir, TIMELINE_FILE + suffix), join(kept, TIMELINE_FILE + suffix))
  store.close()
  for (const folder of [dir, kept]) {
    const again = openOrSalvage(folder, crypto, AT)
    expect(again.damaged).not.toBeNull()
    expect(allOf(again.damaged!)).toHaveLength(5)
    again.damaged!.close()
    again.store.close()
  }
})

describe('small files', () => {
  test('[N7] are made for this user alone, and replaced whole', () => {
    const dir = join(tempFolder(), 'data')
    const files = openFolder(dir)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(files.read('a.json')).toBeNull()
    files.write('a.json', 'one')
    files.write('a.json', 'two')
    expect(files.read('a.json')).toBe('two')
    expect(statSync(join(dir, 'a.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['a.json'])
    files.remove('a.json')
    files.remove('a.json')
    expect(files.read('a.json')).toBeNull()
  })

  test('[N7] what a crash left beside is not read, and does not disturb', () => {
    const dir = tempFolder()
    const files = openFolder(dir)
    files.write('a.json', 'old')
    writeFileSync(join(dir, 'a.json.new'), 'ha')
    expect(files.read('a.json')).toBe('old')
    files.write('a.json', 'new')
    expect(files.read('a.json')).toBe('new')
    expect(readdirSync(dir)).toEqual(['a.json'])
  })

  test('[N7] a folder that cannot be is told', () => {
    const dir = tempFolder()
    writeFileSync(join(dir, 'file'), '')
    expect(() => openFolder(join(dir, 'file', 'data'))).toThrow(code('FOLDER_UNWRITABLE'))
    const files = openFolder(join(dir, 'gone'))
    rmSync(join(dir, 'gone'), { recursive: true })
    expect(() => files.write('a.json', 'x')).toThrow(code('FOLDER_UNWRITABLE'))
  })

  test('[N7] a folder that exists keeps the permissions that its owner gave it', () => {
    const dir = tempFolder()
    chmodSync(dir, 0o750)
    openFolder(dir)
    expect(statSync(dir).mode & 0o777).toBe(0o750)
  })

  test('[M1] settings: kept; unreadable ones are set aside and the standard ones used', () => {
    const dir = tempFolder()
    const files = openFolder(dir)
    const { settings } = readSettings(files, AT)
    expect(settings).toMatchObject({ theme: 'system', lan: true, internet: true })
    const changed = { ...settings, theme: 'dark' as const, manualAddresses: ['10.0.0.1:4000'], port: 65_535 }
    writeSettings(files, changed)
    expect(readSettings(files, AT)).toEqual({ settings: changed, setAside: null })
    const bad = [
      '{',
      '',
      'null',
      '[]',
      '{"version":2}',
      JSON.stringify({ version: 1, ...changed, port: 70_000 }),
      JSON.stringify({ version: 1, ...changed, more: 1 }),
    ]
    bad.forEach((text, i) => {
      files.write('settings.json', text)
      expect(readSettings(files, AT + i)).toEqual({ settings, setAside: `settings.json.damaged-${AT + i}` })
      expect(files.read(`settings.json.damaged-${AT + i}`)).toBe(text)
      expect(readSettings(files, AT)).toEqual({ settings, setAside: null })
    })
  })

  test('[M1] the circle’s file round-trips, and a damaged one is never taken for none', () => {
    const files = openFolder(tempFolder())
    expect(readCircle(files, AT)).toBeNull()
    const circle: CircleFile = {
      version: 1,
      genesis: 'ab',
      epochs: ['cd', 'ef'],
      secrets: ['00'],
      invites: [{ secret: '11', capability: '22', createdAt: 5 }],
      wants: [
        { type: 'set-role', askedAt: 6, member: '22'.repeat(32) as MemberKey, role: 'admin' },
        { type: 'remove-device', askedAt: 7, device: '33'.repeat(32) as DeviceKey, seq: 3 },
      ],
      provisional: true,
      mustCatchUp: true,
    }
    writeCircle(files, circle)
    expect(readCircle(files, AT)).toEqual(circle)
    for (const bad of [
      '',
      '{',
      '{}',
      JSON.stringify({ ...circle, secrets: [] }),
      JSON.stringify({ ...circle, genesis: 'xyz' }),
    ]) {
      files.write('circle.json', bad)
      // The second copy serves: it may be a step behind, so others are asked before anything is written.
      expect(readCircle(files, AT), bad).toEqual({ ...circle, mustCatchUp: true })
      expect(files.read(`circle.json.damaged-${AT}`)).toBe(bad)
      expect(readCircle(files, AT)).toEqual({ ...circle, mustCatchUp: true })
      files.write('circle.json', bad)
      files.write('circle-copy.json', bad)
      expect(() => readCircle(files, AT), bad).toThrow(code('CIRCLE_DAMAGED'))
      expect(files.read('circle.json'), 'left as it is').toBe(bad)
      writeCircle(files, circle)
    }
  })

  test('[M4] a joining that has begun is known after a restart; a damaged note of it is none', () => {
    const files = openFolder(tempFolder())
    expect(readJoining(files, AT)).toBeNull()
    writeJoining(files, 'twofold://join/x')
    expect(readJoining(files, AT)).toBe('twofold://join/x')
    files.write('joining.json', '{"version":1')
    expect(readJoining(files, AT)).toBeNull()
    expect(files.read(`joining.json.damaged-${AT}`)).toBe('{"version":1')
    clearJoining(files)
    expect(files.read('joining.json')).toBeNull()
  })
})

// A disk that is really full: a file system of 1 MiB. Needs root; skipped elsewhere with a message, never under CI.
const disk = join(tempFolder(), 'disk')
const possible = canMount()
if (!possible) console.warn('damage.test.ts: a full disk needs root and mount; CI must provide them')

function canMount(): boolean {
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
afterAll(() => {
  if (possible) execFileSync('umount', ['-l', disk])
})

describe.skipIf(!possible && !process.env.CI)('a full disk', () => {
  const ballast = join(disk, 'ballast')
  /** Takes all the space but about `leave` bytes. */
  function fill(leave: number): void {
    rmSync(ballast, { force: true })
    const handle = openSync(ballast, 'w')
    try {
      for (;;) writeSync(handle, garbage)
    } catch {
      // Full.
    } finally {
      closeSync(handle)
    }
    const { size } = statSync(ballast)
    truncateSync(ballast, Math.max(0, size - leave))
  }
  let store: TimelineStore

  beforeAll(() => {
    store = openTimelineStore(disk, crypto)
    store.append(items(chain.slice(0, 10)), memberOf, NEW_YEAR)
  })

  test('[R4] a batch that does not fit is refused as DISK_FULL, and nothing of it is there', () => {
    fill(8 * PAGE)
    const have = store.have()
    expect(() => store.append(items(chain.slice(10)), memberOf, NEW_YEAR)).toThrow(code('DISK_FULL'))
    expect(store.have()).toEqual(have)
    expect(store.total(null)).toBe(10)
    expect(store.window(null, 0, 20)).toHaveLength(10)
  })

  test('[N7] an own post on a full disk is refused too', () => {
    fill(0)
    const own = () => store.append(items(chain.slice(10, 60), 'own'), memberOf, NEW_YEAR)
    expect(own).toThrow(code('DISK_FULL'))
    expect(store.height(people[0]!.device.key)).toBe(10)
  })

  test('[N7] a small file that does not fit leaves the old one whole, and nothing beside it', () => {
    rmSync(ballast, { force: true })
    const files = openFolder(disk)
    files.write('keys.json', 'the old keys')
    for (const leave of [0, PAGE, 3 * PAGE]) {
      fill(leave)
      expect(() => files.write('keys.json', 'x'.repeat(8 * PAGE)), `${leave} bytes left`).toThrow(code('DISK_FULL'))
      expect(files.read('keys.json')).toBe('the old keys')
      expect(readdirSync(disk)).not.toContain('keys.json.new')
    }
  })

  test('[R4] when there is space again, everything goes on, and the file is sound', () => {
    rmSync(ballast, { force: true })
    expect(store.append(items(chain.slice(10)), memberOf, NEW_YEAR).every((o) => o.type === 'stored')).toBe(true)
    store.close()
    const again = openOrSalvage(disk, crypto, AT)
    expect(again.damaged).toBeNull()
    expect(again.store.have().get(people[0]!.device.key)).toMatchObject({ height: 600, floating: [] })
    again.store.close()
  })
})

test('[M3] what was promised round-trips, and a damaged file is never taken for nothing promised', () => {
  const files = openFolder(tempFolder())
  expect(readAgreement(files)).toBeNull()
  const [a, b] = ['aa', 'bb'].map((x) => x.repeat(32)) as [DeviceKey, DeviceKey]
  const value = { id: 'cc'.repeat(32) as EpochId, bytes: Uint8Array.of(1, 2, 3) }
  const state: AgreementState = {
    number: 7,
    mine: { ballot: { round: 2, by: a }, value: null },
    promised: { round: 3, by: b },
    accepted: { ballot: { round: 1, by: b }, value },
  }
  writeAgreement(files, state)
  expect(readAgreement(files)).toEqual(state)
  for (const bad of ['', '{', '{}', JSON.stringify({ ...state, version: 1, promised: { round: -1, by: a } })]) {
    files.write('agreement.json', bad)
    expect(() => readAgreement(files)).toThrow(expect.objectContaining({ code: 'AGREEMENT_DAMAGED' }) as Error)
    expect(files.read('agreement.json'), 'left as it is').toBe(bad)
  }
})
