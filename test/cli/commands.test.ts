// The command line from its arguments to its output and exit code, on a real backend without network.
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Io } from '../../main/cli/command'
import { commands } from '../../main/cli/commands'
import { isCommandLine, runCli } from '../../main/cli/run'
import type { OpenAlone } from '../../main/cli/session'
import { commandParts, openAlone } from '../../main/command-line'
import { Backend } from '../../main/peer/backend'
import { openTimelineStore } from '../../main/store/timeline-store'
import { TwofoldError } from '../../shared/errors'
import type { HoldersView, Inspection, NetworkView, Row } from '../../shared/types'
import { arrivalSentence, demotedLine, lastMinute, type liveJson } from '../../main/cli/forwarding-words'
import { fileRow } from '../../main/peer/receipt-keeper'
import { fromHex } from '../../main/protocol/codec'
import { signedCheckpoint, vectorUpTo } from '../support/checkpoints'
import { tempFolder } from '../support/folder'
import {
  admitMember,
  crypto,
  found,
  follow,
  makePerson,
  recordOf,
  write,
  writeTimeline,
  type Person,
} from '../support/people'
import { decodeGenesis } from '../../main/protocol/genesis'
import { circleFile, clockAt, identityOf, memoryFiles, partsOf } from '../peer/parts'

interface Ran {
  code: number
  out: string[]
  err: string[]
}
interface Given {
  input?: string
  files?: Record<string, string>
  open?: OpenAlone
  /** What the person at the terminal answers. */
  agrees?: boolean
}
const written: Record<string, string> = {}
afterEach(() => {
  for (const name of Object.keys(written)) delete written[name]
})

async function run(
  argv: string[],
  { input = '', files = {}, open = openAlone({}), agrees = true }: Given = {},
): Promise<Ran> {
  const out: string[] = []
  const err: string[] = []
  const parts = commandParts({})
  const io: Io = {
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
    readInput: () => Promise.resolve(input),
    agrees: () => Promise.resolve(agrees),
    async *inputLines() {
      yield* await Promise.resolve(input.split('\n'))
    },
    readFile(path) {
      const text = files[path]
      if (text === undefined) throw new TwofoldError('FILE_UNREADABLE', { file: path })
      return text
    },
    writeFile: (path, text) => void (written[path] = text),
    interrupted: new Promise(() => {}),
    now: () => Date.now(),
    ...parts,
    // Files of a test are in memory, and none of them is an archive.
    archives: { ...parts.archives, formOf: (path) => (path in files ? 'other' : parts.archives.formOf(path)) },
  }
  return { code: await runCli({ argv, env: {}, io, version: '9.9.9', openAlone: open }), out, err }
}
/** Whoever opens a folder in a test that should not. */
const never: OpenAlone = () => Promise.reject(new Error('no folder is to be opened'))
const json = <T>(lines: string[]) => lines.map((line) => JSON.parse(line) as T)

/** A folder with Ann's circle in it. */
async function founded(): Promise<string[]> {
  const data = ['--data', tempFolder()]
  expect((await run(['init', '--name', 'Ann', ...data])).code).toBe(0)
  expect((await run(['circle', 'create', '--name', 'Lab', ...data])).code).toBe(0)
  return data
}

describe('calling it wrongly', () => {
  test.each<[string, string[]]>([
    ['a command that there is not', ['frobnicate']],
    ['a name of something else in JavaScript', ['constructor']],
    ['half of a command', ['circle']],
    ['a flag that there is not', ['post', 'hi', '--colour']],
    ['a flag of another command', ['members', '--limit', '3']],
    ['a flag without its value', ['timeline', '--limit']],
    ['a value for a flag that takes none', ['timeline', '--json=yes']],
    ['too many arguments', ['post', 'two', 'texts']],
    ['too few arguments', ['remove']],
    ['an argument where none is taken', ['members', 'Ben']],
  ])('%s exits with 2 and one line, and opens no folder', async (_what, argv) => {
    const ran = await run(argv, { open: never })
    expect(ran).toMatchObject({ code: 2, out: [] })
    expect(ran.err).toHaveLength(1)
    expect(ran.err[0]).toMatch(/^twofold: USAGE: [^\n]+$/)
    const machine = await run(
      [...argv.filter((a) => a !== '--json=yes'), ...(argv.includes('--json=yes') ? ['x'] : []), '--json'],
      { open: never },
    )
    expect(machine).toMatchObject({ code: 2, out: [] })
    expect(json(machine.err)).toMatchObject([{ error: { code: 'USAGE' } }])
  })

  test.each<[string, string[]]>([
    ['no name', ['init']],
    ['no name for a circle', ['circle', 'create']],
    ['a jump that there is not', ['circle', 'create', '--name', 'Two', '--jump', '4']],
    ['a jump that is no number', ['circle', 'create', '--name', 'Two', '--jump', 'far']],
    ['an approval that there is not', ['circle', 'create', '--name', 'Two', '--approval', 'maybe']],
    ['a limit that is no number', ['timeline', '--limit', 'many']],
    ['an empty limit', ['timeline', '--limit', '']],
    ['hours that are no number', ['invite', '--hours', 'NaN']],
    ['no text', ['post']],
    ['an unknown verb', ['address', 'dial', '192.168.1.20:1']],
  ])('%s exits with 2, and changes nothing', async (_what, argv) => {
    const data = await founded()
    const before = await run(['state', ...data])
    const ran = await run([...argv, ...data])
    expect(ran).toMatchObject({ code: 2, out: [] })
    expect(ran.err[0]).toMatch(/^twofold: USAGE: [^\n]+$/)
    expect((await run(['state', ...data])).out).toEqual(before.out)
  })

  // Once, this was refused by the contract, with exit code 1.
  test('a limit with a fraction exits with 2', async () => {
    const data = await founded()
    await run(['post', '--lines', ...data], { input: 'a\nb\nc' })
    expect(await run(['timeline', '--limit', '1.5', ...data])).toMatchObject({ code: 2, out: [] })
  })
})

describe('help', () => {
  test.each(Object.entries(commands))(
    'twofold %s --help names usage, what it does, flags and examples',
    async (name, command) => {
      const ran = await run([...name.split(' '), '--help'], { open: never })
      expect(ran).toMatchObject({ code: 0, err: [] })
      const text = ran.out.join('\n')
      expect(text).toContain(`Usage: twofold ${command.usage}`)
      expect(text).toContain(command.about)
      for (const flag of [...Object.keys(command.flags ?? {}), 'data', 'json', 'help'])
        expect(text).toContain(`--${flag}`)
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) expect(text).toContain(example)
      expect(isCommandLine(name.split(' '))).toBe(true)
    },
  )

  test('the overview names every command; the version is told', async () => {
    for (const argv of [[], ['help'], ['--help']]) {
      const { code, out } = await run(argv, { open: never })
      expect(code).toBe(0)
      for (const { usage, about } of Object.values(commands)) {
        expect(out[0]).toContain(usage)
        expect(out[0]).toContain(about)
      }
    }
    expect(await run(['--version'], { open: never })).toEqual({ code: 0, out: ['9.9.9'], err: [] })
    expect([isCommandLine([]), isCommandLine(['--hidden']), isCommandLine(['twofold://join/x'])]).toEqual([
      false,
      false,
      false,
    ])
  })
})

describe('refusals exit with 1, one line, and a code', () => {
  test.each<[string, string[], string]>([
    ['writing without an identity', ['post', 'hi'], 'IDENTITY_MISSING'],
    ['joining without an identity', ['join', 'twofold://join/x'], 'IDENTITY_MISSING'],
    ['a circle without an identity', ['circle', 'create', '--name', 'Lab'], 'IDENTITY_MISSING'],
    ['invites without a circle', ['invites'], 'CIRCLE_MISSING'],
    ['requests without a circle', ['requests'], 'CIRCLE_MISSING'],
    ['approving without a circle', ['approve', 'Ben'], 'CIRCLE_MISSING'],
    ['a name that is none', ['init', '--name', ' '], 'NAME_INVALID'],
    ['words that are none', ['init', '--name', 'Ann', '--restore'], 'WORDS_COUNT'],
    ['an address that is none', ['address', 'add', 'nowhere'], 'ADDRESS_INVALID'],
    ['a proof file that is not there', ['verify', 'gone.twofold'], 'FILE_UNREADABLE'],
  ])('%s', async (_what, argv, code) => {
    const open: OpenAlone = (dir) => openAlone({})(dir, false)
    const data = ['--data', tempFolder()]
    const ran = await run([...argv, ...data], { open })
    expect(ran).toMatchObject({ code: 1, out: [] })
    expect(ran.err).toHaveLength(1)
    expect(ran.err[0]).toMatch(new RegExp(`^twofold: ${code}: [^\\n]+$`))
    const machine = await run([...argv, ...data, '--json'], { open })
    expect(machine).toMatchObject({ code: 1, out: [] })
    const [{ error }] = json<{ error: { code: string; message: string } }>(machine.err) as [
      { error: { code: string; message: string } },
    ]
    expect(error.code).toBe(code)
    expect(ran.err[0]).toBe(`twofold: ${code}: ${error.message}`)
  })

  test('what cannot be: a second identity, a second circle, unknown entries, members and requests', async () => {
    const data = await founded()
    const id = 'ab'.repeat(32)
    for (const [argv, code] of [
      [['init', '--name', 'Eve'], 'IDENTITY_EXISTS'],
      [['circle', 'create', '--name', 'Two'], 'CIRCLE_EXISTS'],
      [['post', '   '], 'TEXT_EMPTY'],
      [['post', 'hi', '--reply-to', id], 'ENTRY_UNKNOWN'],
      [['post', 'hi', '--reply-to', 'abc'], 'BAD_ARGUMENTS'],
      [['route', id], 'ENTRY_UNKNOWN'],
      [['holders', id], 'ENTRY_UNKNOWN'],
      [['holders', id, '--export', 'never.twofold'], 'ENTRY_UNKNOWN'],
      [['proof', id], 'ENTRY_UNKNOWN'],
      [['revoke', 'ab'.repeat(16)], 'INVITE_UNKNOWN'],
      [['timeline', '--member', 'Nobody'], 'MEMBER_UNKNOWN'],
      [['approve', 'Nobody'], 'REQUEST_UNKNOWN'],
    ] as const) {
      const ran = await run([...argv, ...data])
      expect(ran, argv.join(' ')).toMatchObject({ code: 1, out: [] })
      expect(ran.err, argv.join(' ')).toEqual([expect.stringMatching(new RegExp(`^twofold: ${code}: [^\n]+$`))])
    }
    expect((await run(['timeline', ...data])).err).toEqual(['Nothing has been written yet. Begin: twofold post TEXT'])
  })
})

describe('writing, reading and proving', () => {
  test('the 24 words are printed once, and restore the same member', async () => {
    const data = ['--data', tempFolder()]
    const { out, err } = await run(['init', '--name', 'Ann', '--json', ...data])
    const [made] = json<{ name: string; member: string; device: string; words: string[] }>(out)
    expect(made).toMatchObject({ name: 'Ann', keysKeptBy: 'file' })
    expect(made!.words).toHaveLength(24)
    expect(err, 'a word about keys without encryption').toHaveLength(1)
    const again = await run(['init', '--name', 'Ann', '--restore', '--json', '--data', tempFolder()], {
      input: made!.words.join('\n'),
    })
    const [restored] = json<{ member: string; device: string; words?: string[] }>(again.out)
    expect(restored!.member).toBe(made!.member)
    expect(restored!.device).not.toBe(made!.device)
    expect(restored!.words).toBeUndefined()
  })

  test('post takes its argument, standard input, or every line of it that says something', async () => {
    const data = await founded()
    const one = await run(['post', '--json', 'first', ...data])
    const [first] = json<Row>(one.out)
    expect(first).toMatchObject({ text: 'first', seq: 1, memberName: 'Ann', verified: true })
    expect((await run(['post', '-', ...data], { input: 'a whole\n\nnote\n' })).code).toBe(0)
    const lines = await run(['post', '--lines', ...data], { input: 'one\n\n  \ntwo\r\nthree' })
    expect(lines).toMatchObject({ code: 0, err: [] })
    expect(lines.out).toHaveLength(3)
    for (const id of lines.out) expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect((await run(['post', ...data, '--reply-to', first!.id, '--', '--not a flag'])).code).toBe(0)
    const all = json<{ text: string; seq: number; kind: string; target?: string }>(
      (await run(['timeline', '--json', ...data])).out,
    )
    expect(all.map(({ text }) => text)).toEqual(['--not a flag', 'three', 'two', 'one', 'a whole\n\nnote', 'first'])
    expect(all[0]).toMatchObject({ kind: 'reply', target: first!.id })
    const two = await run(['timeline', '--json', '--limit', '2', ...data])
    expect(json<{ seq: number }>(two.out).map(({ seq }) => seq)).toEqual([6, 5])
    const text = (await run(['timeline', ...data])).out.join('\n')
    expect(text).toContain('    a whole\n    \n    note')
    expect(await run(['verify', ...data])).toMatchObject({ code: 0, out: ['All 6 entries hold.'] })
  })

  test('a proof that one folder exports holds on a machine with no folder, and a changed one does not', async () => {
    const data = await founded()
    const [id] = (await run(['post', 'believe me', ...data])).out
    const printed = (await run(['proof', id!, ...data])).out.join('\n')
    expect(await run(['proof', id!, '--out', 'entry.twofold', ...data])).toMatchObject({ code: 0, out: [] })
    const content = written['entry.twofold']!
    expect(content.trimEnd()).toBe(printed)
    const files = { 'entry.twofold': content }
    const good = await run(['verify', 'entry.twofold'], { files, open: never })
    expect(good).toMatchObject({ code: 0, err: [] })
    expect(good.out[0]).toMatch(/^The proof holds: written by Ann in the circle Lab, \d{4}-\d\d-\d\d \d\d:\d\d\.$/)
    expect(good.out[1], 'what is proved').toBe('  > believe me')
    expect(good.out.slice(2, -1)).toHaveLength(8)
    for (const line of good.out.slice(2, -1)) expect(line).toMatch(/^ {2}✓ /)
    const machine = await run(['verify', '--json', 'entry.twofold'], { files, open: never })
    expect(json(machine.out)).toMatchObject([{ ok: true, id, memberName: 'Ann', circle: 'Lab' }])
    for (const [text, code] of [
      [
        content.replace(/("node": "[0-9a-f]{200})(..)/, (_all, head, byte) => `${head}${byte === 'ff' ? '00' : 'ff'}`),
        'PROOF_FALSE',
      ],
      ['{}', 'PROOF_FILE_INVALID'],
      ['\u0000\u001b[2J', 'PROOF_FILE_INVALID'],
    ] as const) {
      const bad = await run(['verify', 'entry.twofold'], { files: { 'entry.twofold': text }, open: never })
      expect(bad).toMatchObject({ code: 1, out: [] })
      expect(bad.err).toEqual([expect.stringMatching(new RegExp(`^twofold: ${code}: [^\\p{Cc}]+$`, 'u'))])
    }
  })

  test('an entry is changed, reacted to, remembered, found, quoted with its proof and withdrawn', async () => {
    const data = await founded()
    const [id] = (await run(['post', 'Tea is at *four* #tea', ...data])).out
    const [answer] = (await run(['post', 'Fine', '--reply-to', id!, ...data])).out
    expect(await run(['edit', id!, 'Tea is at *five* #tea', ...data])).toMatchObject({ code: 0, out: ['Changed.'] })
    expect(await run(['react', id!, '👍', ...data])).toMatchObject({ code: 0, out: ['Done.'] })
    expect(await run(['bookmark', id!, ...data])).toMatchObject({ code: 0, out: ['Bookmarked.'] })
    const found = json<Row>((await run(['search', 'five', '--json', ...data])).out)
    expect(found).toMatchObject([
      {
        id,
        text: 'Tea is at *five* #tea',
        replies: 1,
        bookmarked: true,
        edited: { times: 1 },
        reactions: [{ text: '👍' }],
      },
    ])
    for (const words of [['#te'], ['tea', '--member', 'Ann'], ['--kind', 'post'], ['--after', '2020-01-01']])
      expect((await run(['search', ...words, '--json', ...data])).out, words.join(' ')).toHaveLength(
        1 + Number(words[0] === '--after'),
      )
    expect(await run(['search', 'four', ...data])).toMatchObject({ code: 0, out: [], err: ['Nothing was found.'] })
    expect(json<Row>((await run(['thread', answer!, '--json', ...data])).out).map((row) => row.id)).toEqual([
      id,
      answer,
    ])
    expect(json<Row>((await run(['bookmarks', '--json', ...data])).out).map((row) => row.id)).toEqual([id])
    expect(json<Row>((await run(['history', id!, '--json', ...data])).out).map((row) => row.text)).toEqual([
      'Tea is at *four* #tea',
      'Tea is at *five* #tea',
    ])
    const quote = (await run(['copy', id!, answer!, '--form', 'quote', ...data])).out.join('\n')
    const checked = await run(['verify', '--json', 'quote.md'], { files: { 'quote.md': quote }, open: never })
    expect(json(checked.out)).toMatchObject([
      { ok: true, text: 'Tea is at *five* #tea' },
      { ok: true, text: 'Fine' },
    ])
    expect((await run(['copy', id!, ...data])).out[0]).toMatch(
      /^\*\*Ann\*\*, [^\n]+ \(edited [^\n]+\)\n\nTea is at \*five\* #tea$/,
    )
    expect((await run(['retract', id!, ...data])).code).toBe(0)
    expect((await run(['timeline', ...data])).out.join()).toContain('[withdrawn by its author]')
    expect((await run(['search', 'five', '--json', ...data])).out).toEqual([])
    for (const again of [
      ['edit', id!, 'x'],
      ['react', id!, '👍'],
      ['retract', id!],
      ['copy', id!],
    ])
      expect((await run([...again, ...data])).err, again[0]).toEqual([expect.stringContaining('ENTRY_RETRACTED')])
    expect((await run(['verify', ...data])).code).toBe(0)
  })

  test.each<[string[], string]>([
    [['react', 'ab'.repeat(32), 'no such entry'], 'ENTRY_UNKNOWN'],
    [['edit', 'ab'.repeat(32), 'text'], 'ENTRY_UNKNOWN'],
    [['thread', 'ab'.repeat(32)], 'ENTRY_UNKNOWN'],
    [['bookmark', 'ab'.repeat(32)], 'ENTRY_UNKNOWN'],
  ])('%j is refused by name', async (argv, code) => {
    expect(await run([...argv, ...(await founded())])).toMatchObject({ code: 1, err: [expect.stringContaining(code)] })
  })
  test('a reaction that is no reaction, an edit that says nothing', async () => {
    const data = await founded()
    const [id] = (await run(['post', 'tea', ...data])).out
    const codes = async (...argv: string[]) => (await run([...argv, ...data])).err
    expect(await codes('react', id!, 'x'.repeat(33))).toEqual([expect.stringContaining('REACTION_INVALID')])
    expect(await codes('react', id!, 'a\u202eb')).toEqual([expect.stringContaining('REACTION_INVALID')])
    expect(await codes('edit', id!, '  ')).toEqual([expect.stringContaining('TEXT_EMPTY')])
    expect(await codes('search')).toEqual([expect.stringContaining('USAGE')])
    expect(await codes('search', '--after', 'soon')).toEqual([expect.stringContaining('USAGE')])
  })

  test('seed makes a circle whose every entry holds, in an empty folder only', async () => {
    const dir = join(tempFolder(), 'sample')
    const made = await run(['seed', '--entries', '300', '--members', '5', '--days', '40', '--data', dir, '--json'])
    expect(made.code).toBe(0)
    expect(json(made.out)).toMatchObject([{ members: 5, entries: 300 }])
    const rows = json<Row>((await run(['timeline', '--json', '--data', dir])).out)
    expect(rows).toHaveLength(300)
    expect(new Set(rows.map((row) => row.memberName)).size).toBeGreaterThan(1)
    expect(rows.some((row) => row.replies > 0) && rows.some((row) => row.reactions.length > 0)).toBe(true)
    const checked = await run(['verify', '--json', '--data', dir])
    expect(json<{ checked: number; bad: unknown[] }>(checked.out)[0]).toMatchObject({ bad: [] })
    expect((await run(['seed', '--entries', '1', '--data', dir])).err).toEqual([
      expect.stringContaining('FOLDER_TAKEN'),
    ])
    const used = await founded()
    expect((await run(['seed', ...used])).err).toEqual([expect.stringContaining('FOLDER_TAKEN')])
    expect(await run(['seed', '--entries', '1'], { open: never })).toMatchObject({ code: 2 })
  })

  test('the agreement is tried without a folder, the same seed giving the same result', async () => {
    const argv = ['simulate', 'agreement', '--admins', '3', '--schedules', '200', '--seed', '7', '--json']
    const ran = await run(argv, { open: never })
    expect(ran).toMatchObject({ code: 0, err: [] })
    const [result] = json<Record<string, number>>(ran.out)
    expect(Object.keys(result!)).toEqual(['schedules', 'committed', 'doubleCertificates', 'stalled', 'maxRounds'])
    expect(result).toMatchObject({ schedules: 200, doubleCertificates: 0, stalled: 0 })
    expect((await run(argv, { open: never })).out).toEqual(ran.out)
    expect(await run(['simulate', 'agreement', '--admins', '8'], { open: never })).toMatchObject({ code: 2 })
  })

  test('invites are made, listed and withdrawn', async () => {
    const data = await founded()
    const [invite] = json<{ id: string; link: string; words: string; usesMax: number }>(
      (await run(['invite', '--uses', '3', '--hours', '0.5', '--json', ...data])).out,
    )
    expect(invite).toMatchObject({ usesMax: 3, link: expect.stringMatching(/^twofold:\/\/join\//) as string })
    expect((await run(['invites', ...data])).out[0]).toMatch(new RegExp(`^ID .*\n${invite!.id}  – +open +0/3  `))
    expect(await run(['revoke', invite!.id, ...data])).toMatchObject({ code: 0, out: ['Withdrawn.'] })
    expect(json((await run(['invites', '--json', ...data])).out)).toMatchObject([{ id: invite!.id, state: 'revoked' }])
    for (const flags of [
      ['--uses', '0'],
      ['--uses', '101'],
      ['--hours', '0'],
      ['--hours', '99999'],
    ])
      expect((await run(['invite', ...flags, ...data])).code, flags.join(' ')).not.toBe(0)
    expect((await run(['requests', ...data])).err).toEqual(['Nobody waits.'])
    expect((await run(['peers', ...data])).err[0]).toContain('Nothing runs on this folder')
  })
})

describe('a circle with two members of one name', () => {
  const ann = makePerson('Ann')
  const bens = ['Ben, first', 'Ben, second'].map((label) => ({ ...makePerson(label), name: 'Ben' }))
  const [first, second] = bens as [(typeof bens)[0], (typeof bens)[0]]
  const hostile =
    'red \u001b[31m, \u009b1A up, back\r, bell \u0007, turned \u202e and \u2066 isolated\ttab\n2026-01-01 00:00  Ann'

  async function folder(): Promise<OpenAlone> {
    const dir = tempFolder()
    const start = found(ann)
    const record = recordOf(
      start,
      [first, second].map((ben) => admitMember(start, ben)),
      [ann.device],
    )
    const list = follow(start, record)
    const clock = clockAt()
    const store = openTimelineStore(dir, crypto)
    for (const { device, member } of [ann, first, second]) store.knowDevice(device.key, member)
    const nodes = [
      write({ circle: list.circle, device: first.device, seq: 1, timestamp: clock.ms - 1000, epoch: 1, text: hostile }),
      write({
        circle: list.circle,
        device: second.device,
        seq: 1,
        timestamp: clock.ms - 2000,
        epoch: 1,
        text: 'plain',
      }),
    ]
    store.append(
      nodes.map((node) => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null })),
      (device) => [first, second].find((p) => p.device.key === device)!.member,
      clock.ms,
    )
    store.close()
    const files = memoryFiles(circleFile(list, [record]))
    return async () => {
      const backend = new Backend(
        partsOf(dir, clock, {
          files,
          identity: {
            open: () => identityOf(ann),
            create: () => identityOf(ann),
            adopt: () => identityOf(ann),
            confirm() {},
            discard() {},
            renew: () => identityOf(ann),
          },
        }),
      )
      await backend.start()
      return { backend, close: () => backend.close() }
    }
  }

  test('timeline shows control characters and bidi overrides instead of obeying them, and no line passes for another entry', async () => {
    const open = await folder()
    const { out } = await run(['timeline'], { open })
    const text = out.join('\n')
    expect(text.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    expect(text).toContain(
      'red \ufffd[31m, \ufffd1A up, back\ufffd, bell \ufffd, turned \ufffd and \ufffd isolated\ttab',
    )
    expect(text.split('\n').filter((line) => line.includes('Ann'))).toEqual(['    2026-01-01 00:00  Ann'])
    const machine = await run(['timeline', '--json'], { open })
    expect(machine.out.join('\n')).not.toMatch(/\u001b|\u0007|\r/)
    expect(json<{ text: string }>(machine.out)[0]!.text, 'a program gets what was written').toBe(hostile)
  })

  test('--member takes a key or eight digits of it, and asks back when a name means two', async () => {
    const open = await folder()
    const texts = async (member: string) =>
      json<{ text: string }>((await run(['timeline', '--json', '--member', member], { open })).out).map(
        ({ text }) => text,
      )
    expect(await texts(second.member)).toEqual(['plain'])
    expect(await texts(second.member.slice(0, 8))).toEqual(['plain'])
    expect(await texts('Ann')).toEqual([])
    const two = await run(['timeline', '--member', 'Ben'], { open })
    expect(two).toMatchObject({ code: 2, out: [] })
    for (const { member } of bens) expect(two.err[0]).toContain(member.slice(0, 12))
    expect((await run(['timeline', '--member', second.member.slice(0, 7)], { open })).code, 'too few digits').toBe(1)
    expect((await run(['remove', 'Ben'], { open })).code).toBe(2)
    expect(await run(['remove', first.member], { open })).toMatchObject({ code: 0 })
    expect(await texts('Ben'), 'one is left of that name').toEqual(['plain'])
    const members = await run(['members'], { open })
    expect(members.out[0]!.split('\n')).toHaveLength(4)
    expect(members.out[0]).toMatch(/Ben +removed/)
    expect((await run(['remove', 'Ann'], { open })).err.at(-1)).toContain('MEMBER_IS_FOUNDER')
  })
})

describe('what forwarding did', () => {
  const [ann, ben, carol] = ['Ann', 'Ben', 'Carol'].map(makePerson) as [Person, Person, Person]

  /** Ann's folder: an entry of Ben that came from Carol on tree A, and one that came while catching up; Ben has signed. */
  async function folder(): Promise<{ open: OpenAlone; ids: string[]; signedAt: number }> {
    const dir = tempFolder()
    const start = found(ann)
    const record = recordOf(
      start,
      [ben, carol].map((person) => admitMember(start, person)),
      [ann.device],
    )
    const list = follow(start, record)
    const clock = clockAt()
    const store = openTimelineStore(dir, crypto)
    for (const { device, member } of [ann, ben, carol]) store.knowDevice(device.key, member)
    const nodes = writeTimeline(list.circle, ben.device, 2, { epoch: 1 })
    const origins = [
      { from: carol.device.key, how: 'tree', tree: 0 } as const,
      { from: ben.device.key, how: 'sync', tree: null } as const,
    ]
    store.append(
      nodes.map((node, i) => ({ node, origin: origins[i]!, arrival: null })),
      () => ben.member,
      clock.ms,
    )
    const signedAt = clock.ms - 5000
    const proven = signedCheckpoint(list.circle, ben.device, signedAt, vectorUpTo(nodes[0]!))
    const { device, at, late, signature, vector } = fileRow(proven)
    store.keepCheckpoints([
      {
        device: device as Person['device']['key'],
        at,
        late: fromHex(late),
        signature: fromHex(signature),
        vector: fromHex(vector),
        digest: proven.checkpoint.digest,
      },
    ])
    store.close()
    const files = memoryFiles(circleFile(list, [record]))
    const open: OpenAlone = async () => {
      const backend = new Backend(
        partsOf(dir, clock, {
          files,
          identity: {
            open: () => identityOf(ann),
            create: () => identityOf(ann),
            adopt: () => identityOf(ann),
            renew: () => identityOf(ann),
            confirm() {},
            discard() {},
          },
        }),
      )
      await backend.start()
      return { backend, close: () => backend.close() }
    }
    return { open, ids: nodes.map((node) => node.id), signedAt }
  }

  test('[C3] holders names who signed for an entry and of whom nothing is known, and exports what verify accepts', async () => {
    const { open, ids, signedAt } = await folder()
    const [view] = json<HoldersView>((await run(['holders', ids[0]!, '--json'], { open })).out)
    expect(view!.of).toBe(3)
    expect(new Map(view!.held.map(({ memberName, at }) => [memberName, at]))).toEqual(
      new Map([
        ['Ann', null],
        ['Ben', signedAt],
      ]),
    )
    expect(view!.unknown.map(({ memberName }) => memberName)).toEqual(['Carol'])
    const told = (await run(['holders', ids[0]!], { open })).out.join('\n')
    expect(told).toMatch(/^Held by 2 of 3\.\nMEMBER +HOLDS IT +DEVICE\n/)
    expect(told).toMatch(/Ann +this device/)
    expect(told).toMatch(/Ben +up to 2026-01-01 00:00:55/)
    expect(told).toMatch(/Carol +not known/)
    expect((await run(['holders', ids[1]!], { open })).out[0], 'Ben signed for less').toMatch(/^Held by 1 of 3\./)

    const exported = await run(['holders', ids[0]!, '--export', 'held.twofold', '--json'], { open })
    expect(json(exported.out)).toMatchObject([{ of: 3, exported: 'held.twofold' }])
    const checked = await run(['verify', 'held.twofold'], { files: written, open: never })
    expect(checked).toMatchObject({ code: 0, err: [] })
    expect(checked.out).toContain(
      '  ✓ Held and verified by 1 other device, each by its own signature: Ben (2026-01-01 00:00:55 UTC).',
    )
    const machine = await run(['verify', 'held.twofold', '--json'], { files: written, open: never })
    expect(json<{ steps: { id: string }[] }>(machine.out)[0]!.steps.at(-1)).toMatchObject({ id: 'holders', ok: true })
    expect((await run(['proof', ids[0]!], { open })).out[0], 'a plain proof brings none').not.toContain('"holders"')
  })

  test('[F10] route says who handed an entry over, and when', async () => {
    const { open, ids } = await folder()
    const [route] = json<Inspection['route']>((await run(['route', ids[0]!, '--json'], { open })).out)
    expect(route!.cameFrom).toMatchObject({ memberName: 'Carol', how: 'tree', tree: 0, at: clockAt().ms })
    const told = (await run(['route', ids[0]!], { open })).out
    expect(told.slice(0, 2).map((line) => line.slice(0, 8))).toEqual(['Tree A: ', 'Tree B: '])
    expect(told[2]).toBe(arrivalSentence(route!))
    expect(told[2]).toMatch(/^First copy from Carol, on tree A, .*2026-01-01 00:01:00\./)
    expect((await run(['route', ids[1]!], { open })).out[2]).toBe(
      'First copy from Ben, while catching up, 2026-01-01 00:01:00.',
    )
  })

  test('[F10] the sentence tells a planned hop from one that skipped somebody and from a stand-in', () => {
    const hop = (name: string) => ({ device: ann.device.key, member: ann.member, memberName: name })
    const came = (at: number | null) =>
      arrivalSentence({
        ring: [],
        acknowledgedBy: [],
        trees: [{ tree: 1, edges: [], path: ['Ben', 'Carol', 'Dora', 'Ann'].map(hop) }],
        cameFrom: { ...hop('Carol'), how: 'tree', tree: 1, at: clockAt().ms, hop: at },
      })
    expect(came(2)).toBe('First copy from Carol, on tree B, hop 3 of 3, 2026-01-01 00:01:00.')
    expect(came(1)).toBe(
      'First copy from Carol, on tree B, hop 2 of 3, 2026-01-01 00:01:00. It skipped 1 of the path that could not be reached.',
    )
    expect(came(null)).toBe(
      'First copy from Carol, on tree B, 2026-01-01 00:01:00. It stood in for a device of the path that could not be reached or was late.',
    )
  })

  test('peers tells what moved in the last minute, and who is demoted, why and until when', async () => {
    const { open } = await folder()
    const machine = await run(['peers', '--json'], { open })
    const [network] = json<NetworkView & { live: ReturnType<typeof liveJson> }>(machine.out)
    expect(network!.live).toEqual({ lastMinute: { sent: 0, received: 0 }, peers: [], demoted: [] })
    expect(network!.links).toEqual([])
    const bare = await run(['peers', '--json', '--data', tempFolder()])
    expect(json<object>(bare.out)[0], 'no circle, no ring').not.toHaveProperty('live')

    const traffic = { sent: Array.from({ length: 300 }, () => 2), received: Array.from({ length: 300 }, (_, i) => i) }
    expect(lastMinute(traffic)).toEqual({ sent: 120, received: 16_170 })
    const demotion = {
      device: ben.device.key,
      memberName: 'Ben',
      reason: 'drops' as const,
      text: 'Ben did not hand on 31 of 58 entries that were its to hand on; 9 devices missed them.',
      since: clockAt().ms,
      until: clockAt().ms + 300_000,
    }
    expect(demotedLine(demotion)).toBe(
      'Demoted since 2026-01-01 00:01:00, tried again 2026-01-01 00:06:00: Ben did not hand on 31 of 58 entries that were its to hand on; 9 devices missed them.',
    )
  })

  test('[F4] circle create takes how entries jump, which is in the founding record', async () => {
    const data = ['--data', tempFolder()]
    await run(['init', '--name', 'Ann', ...data])
    const made = await run(['circle', 'create', '--name', 'Fleet', '--jump', '2', '--json', ...data])
    expect(json(made.out)).toMatchObject([{ name: 'Fleet', approval: 'auto', jump: 2 }])
    const [id] = (await run(['post', 'hello', ...data])).out
    const proof = JSON.parse((await run(['proof', id!, ...data])).out.join('\n')) as { genesis: string }
    expect(decodeGenesis(crypto, fromHex(proof.genesis))).toMatchObject({ name: 'Fleet', jump: 2 })
  })
})
