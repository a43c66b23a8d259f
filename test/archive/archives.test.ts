// Archives, exports, imports and backups on real folders: what goes out can be checked and taken in anywhere, what was changed on
// the way is told, and a restore is a new device.
import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkArchive } from '../../main/archive/check'
import { crypto } from '../../main/identity/sodium'
import type { JobResult, JobView } from '../../shared/storage-types'
import type { ErrorCode } from '../../shared/errors'
import { fill, makeFolders, openHere, postHere, texts, type OpenedFolder } from '../faults/folders'
import { tempFolder } from '../support/folder'

const code = (expected: ErrorCode) => expect.objectContaining({ code: expected })
const pace = () => Promise.resolve()

/** Follows a job to its end; throws what it was refused with. */
async function finished(opened: OpenedFolder, begun: Promise<JobView>): Promise<JobResult> {
  const { id } = await begun
  for (;;) {
    const job = (await opened.call('storage.job', {}))!
    expect(job.id).toBe(id)
    if (job.state === 'done') return job.result!
    if (job.state !== 'running') throw Object.assign(new Error(job.problem!.text), { code: job.problem!.code })
    await new Promise((resolve) => setImmediate(resolve))
  }
}
async function withFolder<T>(dir: string, work: (opened: OpenedFolder) => Promise<T>): Promise<T> {
  const opened = await openHere(dir)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}
const exported = (dir: string, form: 'archive' | 'json' | 'html', path: string) =>
  withFolder(dir, (opened) => finished(opened, opened.call('storage.export', { form, path })))
const imported = (dir: string, path: string) =>
  withFolder(dir, async (opened) => {
    const result = await finished(opened, opened.call('storage.import', { path }))
    if (result.kind !== 'import') throw new Error(result.kind)
    return result.report
  })

const HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(1)> [x](javascript:alert(1)) "quoted" & \'more\''
let parent = ''
let ann = ''
let bob = ''
let archive = ''
let jsonLines = ''

beforeAll(async () => {
  parent = tempFolder()
  ;[ann, bob] = makeFolders(join(parent, 'lab'), ['Ann', 'Bob']) as [string, string]
  await postHere(ann, [
    'one',
    '**two**',
    HOSTILE,
    '| a | b |\n| - | - |\n| 1 | 2 |',
    ...Array.from({ length: 40 }, (_u, i) => `more ${i}`),
  ])
  await withFolder(ann, async (opened) => {
    const [first] = [...(await texts(opened)).keys()]
    await opened.call('entry.react', { id: first!, text: '👍' })
    await opened.call('entry.edit', { id: first!, text: 'one, changed' })
    await opened.call('entry.bookmark', { id: first!, on: true })
  })
  archive = join(parent, 'lab.twofold-archive')
  jsonLines = join(parent, 'lab.jsonl')
  await exported(ann, 'archive', archive)
  await exported(ann, 'json', jsonLines)
})

describe('a signed archive', () => {
  test('[N2] is checked from nothing but its bytes, and says who signed it as a whole', async () => {
    const checked = await checkArchive(crypto, archive, Date.now(), pace)
    expect(checked).toMatchObject({ circle: 'Faults', nodes: 46, torn: false, signedBy: { memberName: 'Ann' } })
    expect(checked.timelines).toMatchObject([{ memberName: 'Ann', nodes: 46, seq: 46, linked: true }])
  })

  test('[N2] with any byte changed, or cut anywhere, it does not hold', async () => {
    const whole = readFileSync(archive)
    const path = join(parent, 'changed')
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, by) => {
        const bytes = Buffer.from(whole)
        bytes[at]! ^= by
        writeFileSync(path, bytes)
        await expect(checkArchive(crypto, path, Date.now(), pace), `byte ${at}`).rejects.toHaveProperty('code')
      }),
      { numRuns: 40 },
    )
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 19, max: whole.length - 1 }), async (to) => {
        writeFileSync(path, whole.subarray(0, to))
        // What is left may be sound in itself; then it is no longer signed as a whole.
        const checked = await checkArchive(crypto, path, Date.now(), pace).catch(() => null)
        expect(checked?.signedBy ?? null).toBeNull()
      }),
      { numRuns: 20 },
    )
  })

  test('[N5] is taken in by another member, verified like a stranger’s, and the second time everything is here already', async () => {
    expect(await imported(bob, archive)).toMatchObject({ nodes: 46, stored: 46, duplicates: 0, refused: [] })
    expect(await imported(bob, jsonLines)).toMatchObject({ nodes: 46, stored: 0, duplicates: 46, refused: [] })
    const [one, other] = await Promise.all([withFolder(ann, texts), withFolder(bob, texts)])
    expect(other).toEqual(one)
  })

  test('[N4] what does not hold is refused and told by code; nothing of another circle is taken', async () => {
    const [eve] = makeFolders(join(parent, 'other'), ['Eve']) as [string]
    await expect(imported(eve, archive)).rejects.toEqual(code('ARCHIVE_OTHER_CIRCLE'))
    const [, carl] = makeFolders(join(parent, 'again'), ['Ann', 'Carl']) as [string, string]
    await expect(imported(carl, archive)).rejects.toEqual(code('ARCHIVE_OTHER_CIRCLE'))
    const lines = readFileSync(jsonLines, 'utf8').split('\n')
    const forged = lines.map((line, i) => {
      if (i < 5 || !line.includes('"bytes"')) return line
      const value = JSON.parse(line) as { bytes: string }
      const bytes = Buffer.from(value.bytes, 'base64')
      // In what it says, before the 64 bytes of its signature.
      if (i % 7 === 0) bytes[bytes.length - 66]! ^= 1
      return JSON.stringify({ ...value, text: 'what the reader sees', bytes: bytes.toString('base64') })
    })
    forged.splice(8, 0, 'nonsense', '{"bytes":"AAAA"}')
    const path = join(parent, 'forged.jsonl')
    writeFileSync(path, forged.join('\n'))
    const [, dora] = makeFolders(join(parent, 'lab2'), ['Ann', 'Dora']) as [string, string]
    copyFileSync(join(ann, 'circle.json'), join(dora, 'circle.json'))
    copyFileSync(join(ann, 'circle.json'), join(dora, 'circle-copy.json'))
    // A folder of the circle whose device is on no list yet: it may read.
    const circle = JSON.parse(readFileSync(join(dora, 'circle.json'), 'utf8')) as object
    writeFileSync(join(dora, 'circle.json'), JSON.stringify({ ...circle, provisional: true }))
    const report = await imported(dora, path)
    expect(report.unreadable).toBe(1)
    expect(Object.fromEntries(report.refused.map((r) => [r.code, r.count]))).toMatchObject({ NODE_VERSION: 1 })
    expect(report.refused.find((r) => r.code === 'SIGNATURE_INVALID')!.count).toBeGreaterThan(3)
    for (const [, text] of await withFolder(dora, texts)) expect(text).not.toContain('what the reader sees')
  })

  test('[N9] what stands by the node above it alone is taken in, in any order; the newest, which nothing names, is not', async () => {
    const [carl, dora] = makeFolders(join(parent, 'chain'), ['Carl', 'Dora']) as [string, string]
    fill(
      carl,
      Array.from({ length: 400 }, (_unused, i) => `link ${i}`),
    )
    const path = join(parent, 'chain.jsonl')
    await exported(carl, 'json', path)
    const lines = readFileSync(path, 'utf8').split('\n')
    const places = lines.flatMap((line, i) => (line.includes('"bytes"') ? [i] : []))
    const spoiled = (places: readonly number[]) =>
      lines.map((line, i) => {
        if (!places.includes(i)) return line
        const value = JSON.parse(line) as { bytes: string }
        const bytes = Buffer.from(value.bytes, 'base64')
        bytes[bytes.length - 1]! ^= 1
        return JSON.stringify({ ...value, bytes: bytes.toString('base64') })
      })
    const inner = places.filter((_place, n) => n < 399 && n % 3 !== 0)
    const head = lines.slice(0, places[0])
    const backwards = [...head, ...spoiled(inner).slice(places[0]).filter(Boolean).reverse()]
    for (const [name, text] of [
      ['forwards', spoiled(inner)],
      ['backwards', backwards],
    ] as const) {
      const copy = join(parent, `dora ${name}`)
      cpSync(dora, copy, { recursive: true })
      writeFileSync(path, text.join('\n'))
      expect(await imported(copy, path), name).toMatchObject({ nodes: 400, stored: 400, refused: [] })
      expect(await imported(copy, path), name).toMatchObject({ nodes: 400, stored: 0, duplicates: 400, refused: [] })
    }
    writeFileSync(path, spoiled([places.at(-1)!, places.at(-2)!]).join('\n'))
    const report = await imported(dora, path)
    expect(report).toMatchObject({ nodes: 400, stored: 398 })
    expect(report.refused.map((r) => [r.code, r.count])).toEqual([['SIGNATURE_INVALID', 2]])
  })

  test('[N2] cancelling, or a name that is taken, leaves nothing half', async () => {
    const out = tempFolder()
    const path = join(out, 'taken')
    writeFileSync(path, 'mine')
    await expect(exported(ann, 'archive', path)).rejects.toEqual(code('FILE_EXISTS'))
    await withFolder(ann, async (opened) => {
      const begun = opened.call('storage.export', { form: 'json', path: join(out, 'new') })
      await opened.call('storage.cancel', {})
      await expect(finished(opened, begun)).rejects.toEqual(code('JOB_CANCELLED'))
      await expect(opened.call('storage.export', { form: 'json', path: 'relative' })).rejects.toEqual(
        code('BAD_ARGUMENTS'),
      )
    })
    expect(readdirSync(out)).toEqual(['taken'])
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })
})

test('[N3] the page to read holds what entries say now, and nothing that somebody wrote becomes markup', async () => {
  const path = join(parent, 'lab.html')
  await exported(ann, 'html', path)
  const page = readFileSync(path, 'utf8')
  expect(page).toContain('one, changed')
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
  expect(page).toContain('<strong>two</strong>')
  expect(page).toContain('👍')
  expect(page).toContain("default-src 'none'")
  const tags = new Set([...page.matchAll(/<\/?([a-z0-9!]+)/g)].map(([, tag]) => tag))
  for (const tag of ['script', 'img', 'iframe', 'object', 'form', 'input', 'svg'])
    expect(tags.has(tag), tag).toBe(false)
  // Inside of tags only: what somebody wrote may well talk of such things.
  for (const [tag] of page.matchAll(/<[a-z][^>]*>/g)) expect(tag).not.toMatch(/\son\w+=|javascript:/i)
  expect(page.indexOf('one, changed')).toBeLessThan(page.indexOf('more 39'))
})

describe('a backup', () => {
  const words = async (dir: string): Promise<string> => {
    const { openIdentity } = await import('../../main/identity/keystore')
    const { fileVault } = await import('../../main/identity/vault')
    const { openFolder } = await import('../../main/store/files')
    return openIdentity(openFolder(dir), () => fileVault)!
      .words()
      .join(' ')
  }
  let backup = ''
  beforeAll(async () => {
    backup = join(parent, 'lab.twofold-backup')
    await withFolder(ann, (opened) => finished(opened, opened.call('storage.backup', { path: backup })))
  })

  test('[N7] is opened by the 24 words alone, and restores as a new device that has everything and writes nothing yet', async () => {
    const bytes = readFileSync(backup)
    // Long enough that cipher text does not hold them by chance.
    for (const plain of ['one, changed', 'more 38', 'more 39']) expect(bytes.includes(plain), plain).toBe(false)
    const dir = join(tempFolder(), 'restored')
    const before = await withFolder(ann, (opened) => opened.call('state.get', {}))
    const bobs = await words(bob)
    await withFolder(dir, async (opened) => {
      await expect(opened.call('backup.restore', { path: backup, words: bobs })).rejects.toEqual(code('BACKUP_WORDS'))
      await expect(opened.call('backup.restore', { path: backup, words: 'one two' })).rejects.toEqual(
        code('WORDS_COUNT'),
      )
      await opened.call('backup.restore', { path: backup, words: await words(ann) })
      const state = await opened.call('state.get', {})
      expect(state.me!.member).toBe(before.me!.member)
      expect(state.me!.device).not.toBe(before.me!.device)
      expect(state.circle).toMatchObject({ standing: 'provisional', rejoin: true, mayRecover: true })
      expect(state.alerts.map((a) => a.code)).toContain('REJOIN_NEEDED')
      expect(await texts(opened)).toEqual(await withFolder(ann, texts))
      const { total } = await opened.call('view.open', { scope: { type: 'bookmarks' } })
      expect(total).toBe(1)
      expect(await opened.call('entry.post', { text: 'kept' })).toBeNull()
    })
    // Ann is the only admin: her words put this device in the place of the lost one, and what was kept goes out.
    await withFolder(dir, async (opened) => {
      await opened.call('circle.recover', {})
      const state = await opened.call('state.get', {})
      expect(state.circle).toMatchObject({ standing: 'member', rejoin: false })
      expect([...(await texts(opened)).values()]).toContain('kept')
      expect(state.alerts.map((a) => a.code)).not.toContain('EQUIVOCATION')
    })
  })

  test('[N7] changed or cut short it is refused as damaged, or gives what stands before, and never anything else', async () => {
    const whole = readFileSync(backup)
    const mine = await words(ann)
    const path = join(parent, 'broken')
    for (const at of [20, 40, Math.floor(whole.length / 2), whole.length - 3]) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 4
      writeFileSync(path, bytes)
      await withFolder(join(tempFolder(), 'x'), async (opened) => {
        await expect(opened.call('backup.restore', { path, words: mine }), `byte ${at}`).rejects.toHaveProperty(
          'code',
          expect.stringMatching(/^BACKUP_(WORDS|DAMAGED)$/),
        )
      })
    }
    writeFileSync(path, whole.subarray(0, whole.length - 40))
    await withFolder(join(tempFolder(), 'x'), async (opened) => {
      await expect(opened.call('backup.restore', { path, words: mine })).rejects.toEqual(code('BACKUP_DAMAGED'))
    })
  })
})

describe('a second copy of own timelines', () => {
  const copyIn = (folder: string) =>
    join(
      folder,
      readdirSync(folder).find((name) => name.endsWith('.twofold-copy'))!,
    )
  const mirrored = async (): Promise<{ dir: string; folder: string }> => {
    const [dir] = makeFolders(tempFolder(), ['Ann']) as [string]
    const folder = join(tempFolder(), 'copy')
    await postHere(dir, ['first', 'second'])
    await withFolder(dir, (opened) => opened.call('mirror.set', { folder }))
    return { dir, folder }
  }
  const mirrorOf = (dir: string) =>
    withFolder(dir, async (opened) => {
      for (;;) {
        const { mirror } = await opened.call('storage.get', {})
        if (mirror.state !== 'comparing') return mirror
        await new Promise((resolve) => setImmediate(resolve))
      }
    })

  test('[N7] follows what is written, holds no key, and verifies by itself', async () => {
    const { dir, folder } = await mirrored()
    await postHere(dir, ['third'])
    expect(await mirrorOf(dir)).toMatchObject({ state: 'current', behind: 0, nodes: 3 })
    const checked = await checkArchive(crypto, copyIn(folder), Date.now(), pace)
    expect(checked).toMatchObject({ nodes: 3, signedBy: null, torn: false })
    await withFolder(dir, async (opened) => {
      await expect(opened.call('mirror.set', { folder: join(dir, 'inside') })).rejects.toEqual(code('MIRROR_INSIDE'))
    })
  })

  test('[N7] an old data folder that was put back is made whole from it before it writes: no fork', async () => {
    const { dir, folder } = await mirrored()
    const old = tempFolder()
    copyFileSync(join(dir, 'timeline.sqlite'), join(old, 'timeline.sqlite'))
    await postHere(dir, ['third', 'fourth'])
    for (const suffix of ['-wal', '-shm']) rmSync(join(dir, `timeline.sqlite${suffix}`), { force: true })
    copyFileSync(join(old, 'timeline.sqlite'), join(dir, 'timeline.sqlite'))
    await postHere(dir, ['fifth'])
    const all = await withFolder(dir, texts)
    expect([...all.values()].sort()).toEqual(['fifth', 'first', 'fourth', 'second', 'third'])
    expect((await checkArchive(crypto, copyIn(folder), Date.now(), pace)).nodes).toBe(5)
  })

  test('[N7] a torn end is written anew; damage is set aside and the file made again', async () => {
    const { dir, folder } = await mirrored()
    const path = copyIn(folder)
    truncateSync(path, statSync(path).size - 10)
    expect(await mirrorOf(dir)).toMatchObject({ state: 'current', nodes: 2, rewritten: null })
    const handle = openSync(path, 'r+')
    const byte = new Uint8Array(1)
    readSync(handle, byte, 0, 1, statSync(path).size - 100)
    byte[0]! ^= 1
    writeSync(handle, byte, 0, 1, statSync(path).size - 100)
    closeSync(handle)
    await withFolder(dir, async (opened) => {
      const result = await finished(opened, opened.call('mirror.check', {}))
      expect(result).toMatchObject({ kind: 'check-mirror', rewritten: true })
      const { mirror } = await opened.call('storage.get', {})
      expect(existsSync(mirror.rewritten!.aside)).toBe(true)
      expect(mirror).toMatchObject({ state: 'current', nodes: 2 })
    })
    expect((await checkArchive(crypto, path, Date.now(), pace)).nodes).toBe(2)
  })

  test('[N7] a folder that is missing is said to be, and caught up with when it is there again', async () => {
    const { dir, folder } = await mirrored()
    const path = copyIn(folder)
    const kept = readFileSync(path)
    rmSync(folder, { recursive: true })
    await postHere(dir, ['while it was away'])
    expect(await mirrorOf(dir)).toMatchObject({ state: 'missing', behind: 3 })
    await withFolder(dir, (opened) => opened.call('mirror.set', { folder }))
    writeFileSync(path, kept)
    expect(await mirrorOf(dir)).toMatchObject({ state: 'current', behind: 0, nodes: 3 })
  })
})
