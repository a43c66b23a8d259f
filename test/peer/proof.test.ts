// Proof files: what one says is checked from its bytes alone, and no changed byte of what it proves goes through.
import { describe, expect, test } from 'vitest'
import { checkProofFile, proofFile } from '../../main/peer/proof'
import { toHex } from '../../main/protocol/codec'
import { TwofoldError } from '../../shared/errors'
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
  expect(result.node).toEqual(entries[1])
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
