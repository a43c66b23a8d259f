// Proof files: what one says is checked from its bytes alone, and no changed byte of what it proves goes through.
import { describe, expect, test } from 'vitest'
import { checkProofFile, proofFile } from '../../main/peer/proof'
import type { FileRow } from '../../main/peer/receipt-keeper'
import { toHex } from '../../main/protocol/codec'
import { encodeEntries } from '../../main/protocol/cuts'
import type { Proven } from '../../main/protocol/receipts'
import { TwofoldError } from '../../shared/errors'
import { signedCheckpoint, vectorUpTo } from '../support/checkpoints'
import {
  NEW_YEAR,
  admitMember,
  crypto,
  follow,
  found,
  makePerson,
  recordOf,
  writeTimeline,
  type Person,
  everyField,
} from '../support/people'

const NOW = NEW_YEAR + 86_400_000
const [ann, ben, eve] = ['Ann', 'Ben', 'Eve'].map(makePerson) as [Person, Person, Person]
const founded = found(ann)
const admission = recordOf(founded, [admitMember(founded, ben)], [ann.device])
const withBen = follow(founded, admission)
const entries = writeTimeline(founded.circle, ben.device, 3, { epoch: 1 })
const removal = recordOf(
  withBen,
  [{ type: 'remove-member', member: ben.member, cutoffs: [{ device: ben.device.key, seq: 2 }] }],
  [ann.device],
)
const withoutBen = follow(withBen, removal)
const { fileName, content } = proofFile(entries[1]!, withBen, [admission.bytes], 'Ben', [])

interface File {
  format: string
  version: number
  about: string
  genesis: string
  epochs: string[]
  node: string
  holders?: FileRow[]
}
const file = JSON.parse(content) as File
const check = (text: string, now = NOW) => checkProofFile(crypto, text, now)
/** The code that a text is refused with, or null. */
const codeOf = (text: string, now = NOW): string | null => {
  try {
    check(text, now)
    return null
  } catch (error) {
    expect(error).toBeInstanceOf(TwofoldError)
    return (error as TwofoldError).code
  }
}
const changed = (change: Partial<Record<keyof File, unknown>>) => JSON.stringify({ ...file, ...change })

test('[N4] a proof file says who wrote what in which circle, with every step holding', () => {
  const result = check(content)
  expect(result).toMatchObject({ circle: 'Lab', circleId: founded.circle, memberName: 'Ben' })
  expect(everyField(result.node)).toEqual(entries[1])
  expect(result.steps.map(({ id, ok }) => [id, ok])).toEqual(
    ['encoding', 'id', 'signature', 'device', 'member', 'epoch', 'log', 'time'].map((id) => [id, true]),
  )
  expect(fileName).toBe(`${entries[1]!.id.slice(0, 12)}.twofold`)
  expect(content.endsWith('}\n')).toBe(true)
  expect(file.about).toBe('Entry 2 by Ben in the circle Lab. Check it anywhere: twofold verify FILE')
})

describe('[N4] one changed byte', () => {
  const flipped = (hex: string, at: number) =>
    hex.slice(0, at * 2) +
    (Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16) ^ 1).toString(16).padStart(2, '0') +
    hex.slice(at * 2 + 2)
  const places = (hex: string) => Array.from({ length: hex.length / 2 }, (_unused, at) => at)

  test('anywhere in the entry makes the proof false', () => {
    for (const at of places(file.node))
      expect(codeOf(changed({ node: flipped(file.node, at) })), `byte ${at}`).toBe('PROOF_FALSE')
  })
  test('anywhere in the founding record makes the proof false', () => {
    for (const at of places(file.genesis))
      expect(codeOf(changed({ genesis: flipped(file.genesis, at) })), `byte ${at}`).toBe('PROOF_FALSE')
  })
  test('anywhere in the member list makes the proof false', () => {
    const [record] = file.epochs
    for (const at of places(record!))
      expect(codeOf(changed({ epochs: [flipped(record!, at)] })), `byte ${at}`).toBe('PROOF_FALSE')
  })
})

describe('[C3] a proof file with holders', () => {
  const AT = NEW_YEAR + 60_000
  const annHeld = writeTimeline(founded.circle, ann.device, 2)
  const late = [{ epoch: 1, author: 0, seq: 7, tree: 1 as const }]
  const signed = [
    signedCheckpoint(founded.circle, ann.device, AT, vectorUpTo(annHeld[1]!, entries[2]!), late),
    signedCheckpoint(founded.circle, ben.device, AT + 5000, vectorUpTo(annHeld[0]!, entries[1]!)),
  ]
  const fileOf = (holders: readonly Proven[]) =>
    JSON.parse(proofFile(entries[1]!, withBen, [admission.bytes], 'Ben', holders).content) as File
  const held = fileOf(signed)
  const rows = held.holders!
  const withRow = (change: Partial<Record<keyof FileRow, unknown>>, at = 0) =>
    JSON.stringify({ ...held, holders: rows.map((row, i) => (i === at ? { ...row, ...change } : row)) })

  test('names each of them with the time up to which they signed, after the other steps', () => {
    const { steps } = check(JSON.stringify(held))
    expect(steps.map(({ id, ok }) => [id, ok])).toEqual(
      ['encoding', 'id', 'signature', 'device', 'member', 'epoch', 'log', 'time', 'holders'].map((id) => [id, true]),
    )
    expect(steps.at(-1)!.sentence).toBe(
      'Held and verified by 2 other devices, each by its own signature: Ann (2026-01-01 00:01:00 UTC), Ben (2026-01-01 00:01:05 UTC).',
    )
    expect(steps.at(-1)!.raw).toEqual([
      ['Ann', rows[0]!.signature],
      ['Ben', rows[1]!.signature],
    ])
  })
  test('without any holder is the file of the entry alone', () => {
    expect(fileOf([])).toEqual(file)
    expect(check(JSON.stringify({ ...held, holders: [] })).steps).toHaveLength(8)
  })

  const flip = (hex: string, at: number) =>
    hex.slice(0, at * 2) +
    (Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16) ^ 1).toString(16).padStart(2, '0') +
    hex.slice(at * 2 + 2)
  test.each(['device', 'late', 'signature', 'vector'] as const)(
    'one changed byte anywhere in “%s” makes it false',
    (field) => {
      for (let at = 0; at < rows[0]![field].length / 2; at++)
        expect(codeOf(withRow({ [field]: flip(rows[0]![field], at) })), `byte ${at}`).toBe('PROOF_FALSE')
    },
  )
  test('another time makes it false', () => {
    for (const at of [AT - 1, AT + 1, 0, 2 ** 52]) expect(codeOf(withRow({ at })), String(at)).toBe('PROOF_FALSE')
  })
  test.each<[string, string]>([
    ['another holder’s signature', withRow({ signature: rows[1]!.signature })],
    ['another holder’s name', withRow({ device: rows[1]!.device })],
    ['a vector of nothing that others signed', withRow({ vector: toHex(encodeEntries(vectorUpTo(annHeld[0]!))) })],
    [
      'a checkpoint of another circle',
      JSON.stringify(fileOf([signedCheckpoint(found(ben).circle, ann.device, AT, vectorUpTo(entries[1]!))])),
    ],
    ['a stranger', JSON.stringify(fileOf([signedCheckpoint(founded.circle, eve.device, AT, vectorUpTo(entries[1]!))]))],
    [
      'somebody who signed for less',
      JSON.stringify(fileOf([signedCheckpoint(founded.circle, ann.device, AT, vectorUpTo(entries[0]!))])),
    ],
    [
      'somebody who signed for another author alone',
      JSON.stringify(fileOf([signedCheckpoint(founded.circle, ann.device, AT, vectorUpTo(annHeld[1]!))])),
    ],
    [
      'somebody who signed for another entry in its place',
      JSON.stringify(
        fileOf([
          signedCheckpoint(founded.circle, ann.device, AT, [
            { device: ben.device.key, height: 2, head: entries[0]!.id },
          ]),
        ]),
      ),
    ],
  ])('[PROOF_FALSE] %s', (_what, text) => {
    expect(codeOf(text)).toBe('PROOF_FALSE')
  })
  test.each<[string, string]>([
    ['a field too many', withRow({ extra: 1 } as never)],
    ['no time', withRow({ at: undefined })],
    ['a negative time', withRow({ at: -1 })],
    ['a fraction of a time', withRow({ at: 1.5 })],
    ['half a byte', withRow({ signature: rows[0]!.signature.slice(1) })],
    ['holders that are no list', JSON.stringify({ ...held, holders: rows[0] })],
  ])('[PROOF_FILE_INVALID] %s', (_what, text) => {
    expect(codeOf(text)).toBe('PROOF_FILE_INVALID')
  })
})

test.each<[string, string]>([
  ['nothing', ''],
  ['no JSON', content.slice(0, -3)],
  ['JSON of something else', '[]'],
  ['null', 'null'],
  ['another format', changed({ format: 'twofold' })],
  ['a later version', changed({ version: 2 })],
  ['a sentence that is no text', changed({ about: 1 })],
  ['a field too many', JSON.stringify({ ...file, extra: 1 })],
  ['no entry', changed({ node: undefined })],
  ['an entry of no bytes', changed({ node: '' })],
  ['half a byte', changed({ node: file.node.slice(1) })],
  ['capital letters', changed({ node: file.node.toUpperCase() })],
  ['what is not hex', changed({ genesis: `zz${file.genesis}` })],
  ['records that are no list', changed({ epochs: file.epochs[0] })],
  ['a record that is no text', changed({ epochs: [null] })],
])('[PROOF_FILE_INVALID] %s', (_what, text) => {
  expect(codeOf(text)).toBe('PROOF_FILE_INVALID')
})

test.each<[string, string]>([
  ['an entry that is cut', changed({ node: file.node.slice(0, -2) })],
  ['an entry with a byte behind its end', changed({ node: `${file.node}00` })],
  ['no record that admits its author', changed({ epochs: [] })],
  ['a record twice', changed({ epochs: [file.epochs[0], file.epochs[0]] })],
  ['a record of nonsense', changed({ epochs: ['00'] })],
  ['another circle of the same name and people', changed({ genesis: toHex(found(ben).genesis.bytes), epochs: [] })],
  [
    'an entry of a stranger',
    changed({ node: toHex(writeTimeline(founded.circle, eve.device, 1, { epoch: 1 })[0]!.bytes) }),
  ],
])('[PROOF_FALSE] %s', (_what, text) => {
  expect(codeOf(text)).toBe('PROOF_FALSE')
})

test('[M5] what a removed device wrote up to the cut-off stays provable, what lies behind it is not', () => {
  const proofOf = (i: number, list = withoutBen, records = [admission.bytes, removal.bytes]) =>
    codeOf(proofFile(entries[i]!, list, records, 'Ben', []).content)
  expect([proofOf(0), proofOf(1)]).toEqual([null, null])
  expect(proofOf(2)).toBe('PROOF_FALSE')
  const later = writeTimeline(founded.circle, ben.device, 1, { epoch: 2, after: entries[1]! })[0]!
  expect(codeOf(proofFile(later, withoutBen, [admission.bytes, removal.bytes], 'Ben', []).content)).toBe('PROOF_FALSE')
})

test('[N4] an entry from the future is not proven yet', () => {
  expect(codeOf(content, entries[1]!.timestamp - 5 * 60_000)).toBeNull()
  expect(codeOf(content, entries[1]!.timestamp - 5 * 60_000 - 1)).toBe('PROOF_FALSE')
})

// Once, the complaint quoted what it was given, escape sequences and all.
test.each([
  ['an escape sequence', '\u001b[2J\u001b]0;owned\u0007'],
  ['a second line', '\n\rtwofold: the proof holds'],
  ['a hundred thousand letters', 'g'.repeat(100_000)],
])('[PROOF_FILE_INVALID] what is told about a file with %s is one short line without controls', (_what, hostile) => {
  let message = ''
  try {
    check(changed({ genesis: hostile }))
  } catch (error) {
    message = (error as Error).message
  }
  expect(message).toMatch(/^[^\p{Cc}]{1,500}$/u)
})
