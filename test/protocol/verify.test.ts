// Rules N2, N4, N5: what makes a node be refused, each with its own code.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../main/protocol/codec'
import { signedMessage, type Purpose } from '../../main/protocol/crypto'
import { CLOCK_AHEAD_MS } from '../../main/protocol/limits'
import { decodeNode, makeNode, nodeMessage, type NodeFields, type TimelineNode } from '../../main/protocol/node'
import { addToRanges, gapsIn, linkCode, type Range } from '../../main/protocol/timeline'
import { membershipCode, signatureHolds, verifyNode } from '../../main/protocol/verify'
import type { CircleId, DeviceKey, NodeId } from '../../shared/types'
import {
  NEW_YEAR,
  admitDevice,
  admitMember,
  change,
  crypto,
  found,
  makeDevice,
  makePerson,
  write,
  writeTimeline,
} from '../support/people'

const alice = makePerson('Alice')
const bob = makePerson('Bob')
const mallory = makePerson('Mallory')
const founded = found(alice)
const withBob = change(founded, [admitMember(founded, bob)], alice)
const { circle } = founded
const NOW = NEW_YEAR + 3_600_000
const chain = writeTimeline(circle, bob.device, 5, { epoch: 1 })
const honest = chain[2]!
const check = (node: TimelineNode, now = NOW, list = withBob) => verifyNode(crypto, node, list, now)
/** What the store is asked: does it continue the node before? */
const fits = (node: TimelineNode) => linkCode(node, chain[1]!, null)

/** The node with one field changed; signed again by `by`, or still carrying the old signature. */
function tampered(fields: Partial<NodeFields>, by: 'old signature' | 'Mallory' | 'Bob'): TimelineNode {
  const sign = by === 'Bob' ? bob.device.sign : by === 'Mallory' ? mallory.device.sign : () => honest.signature
  const changed = makeNode(crypto, { ...honest, ...fields }, sign)
  const decoded = decodeNode(crypto, changed.bytes)
  if (!decoded.ok) throw new Error(decoded.code)
  return decoded.node
}

test('[N5] the honest node is believed, and fits', () => {
  expect(check(honest)).toBeNull()
  expect(fits(honest)).toBeNull()
})

const later = NOW + CLOCK_AHEAD_MS + 1
const rows: [field: string, fields: Partial<NodeFields>, stale: string, byMallory: string, byBob: string | null][] = [
  ['circle', { circle: 'ab'.repeat(32) as CircleId }, 'CIRCLE_MISMATCH', 'CIRCLE_MISMATCH', 'CIRCLE_MISMATCH'],
  ['device (Alice’s)', { device: alice.device.key }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', 'SIGNATURE_INVALID'],
  [
    'device (a stranger’s)',
    { device: mallory.device.key },
    'DEVICE_NOT_IN_EPOCH',
    'DEVICE_NOT_IN_EPOCH',
    'DEVICE_NOT_IN_EPOCH',
  ],
  [
    'device (no key at all)',
    { device: 'ff'.repeat(32) as DeviceKey },
    'DEVICE_NOT_IN_EPOCH',
    'DEVICE_NOT_IN_EPOCH',
    'DEVICE_NOT_IN_EPOCH',
  ],
  ['seq', { seq: 4 }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', null],
  ['backlink', { backlink: '00'.repeat(32) as NodeId }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', null],
  ['timestamp', { timestamp: honest.timestamp + 1 }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', null],
  ['timestamp (ahead)', { timestamp: later }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', 'TIMESTAMP_AHEAD'],
  ['epoch (before he joined)', { epoch: 0 }, 'DEVICE_NOT_IN_EPOCH', 'DEVICE_NOT_IN_EPOCH', 'DEVICE_NOT_IN_EPOCH'],
  ['epoch (to come)', { epoch: 2 }, 'EPOCH_UNKNOWN', 'EPOCH_UNKNOWN', 'EPOCH_UNKNOWN'],
  ['kind', { kind: 2 }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', null],
  ['body', { body: new Uint8Array([1, 2]) }, 'SIGNATURE_INVALID', 'SIGNATURE_INVALID', null],
]
describe.each(rows)('[N5] changed %s', (_field, fields, stale, byMallory, byBob) => {
  test('with the old signature', () => expect(check(tampered(fields, 'old signature'))).toBe(stale))
  test('signed again by another key', () => expect(check(tampered(fields, 'Mallory'))).toBe(byMallory))
  test('signed again by its own author', () => expect(check(tampered(fields, 'Bob'))).toBe(byBob))
})

test('[N4] what its author signed anew still has to fit the log', () => {
  expect(fits(tampered({ backlink: '00'.repeat(32) as NodeId }, 'Bob'))).toBe('BACKLINK_MISMATCH')
  expect(fits(tampered({ timestamp: chain[1]!.timestamp }, 'Bob'))).toBe('TIMESTAMP_NOT_LATER')
  expect(linkCode(tampered({ body: new Uint8Array([1, 2]) }, 'Bob'), chain[1]!, chain[3]!)).toBe('BACKLINK_MISMATCH')
  expect(linkCode(tampered({ timestamp: chain[3]!.timestamp }, 'Bob'), null, chain[3]!)).toBe('BACKLINK_MISMATCH')
  expect(linkCode(honest, null, null)).toBeNull()
  expect(linkCode(honest, chain[1]!, chain[3]!)).toBeNull()
  const place = { id: 'a' as NodeId, timestamp: 5 }
  expect(
    linkCode({ id: 'b' as NodeId, timestamp: 6 }, null, { id: 'c' as NodeId, backlink: 'b' as NodeId, timestamp: 6 }),
  ).toBe('TIMESTAMP_NOT_LATER')
  expect(linkCode({ id: 'b' as NodeId, backlink: 'a' as NodeId, timestamp: 5 }, place, null)).toBe(
    'TIMESTAMP_NOT_LATER',
  )
})

test('[N5] every single changed bit of a node is refused by decoding or verifying, or is not the same node', () => {
  for (let bit = 0; bit < honest.bytes.length * 8; bit++) {
    const bytes = honest.bytes.slice()
    bytes[bit >> 3]! ^= 1 << (bit & 7)
    const decoded = decodeNode(crypto, bytes)
    if (decoded.ok) expect(check(decoded.node), `bit ${bit}`).not.toBeNull()
  }
  expect(check(honest)).toBeNull()
})

test('[N5] a signature of zeros, or of a key that is no point, is a refusal and not an error', () => {
  const zeros = makeNode(crypto, honest, () => new Uint8Array(64))
  expect(check(zeros)).toBe('SIGNATURE_INVALID')
  for (const device of ['00', 'ff', '01'].map((b) => b.repeat(32) as DeviceKey)) {
    expect(signatureHolds(crypto, makeNode(crypto, { ...honest, device }, bob.device.sign))).toBe(false)
  }
})

test('[N2] a signature for another purpose, or for another circle, is none for a node', () => {
  const purposes: Purpose[] = ['epoch', 'genesis', 'device', 'invite', 'join']
  const parts = [Buffer.from(circle, 'hex'), Buffer.from(honest.id, 'hex')]
  for (const purpose of purposes) {
    const node = makeNode(crypto, honest, () => bob.device.sign(signedMessage(purpose, ...parts)))
    expect(node.id).toBe(honest.id)
    expect(check(node), purpose).toBe('SIGNATURE_INVALID')
  }
  expect(check(makeNode(crypto, honest, () => bob.device.sign(signedMessage('node', ...parts))))).toBeNull()
  // Signed over this very id, but as a node of another circle.
  const elsewhere = makeNode(crypto, honest, () => bob.device.sign(nodeMessage('cd'.repeat(32) as CircleId, honest.id)))
  expect(check(elsewhere)).toBe('SIGNATURE_INVALID')
  expect(check(makeNode(crypto, honest, () => bob.device.sign(parts[1]!)))).toBe('SIGNATURE_INVALID')
})

test('[N4] five minutes ahead to the millisecond is believed; one more is held', () => {
  const node = write({ circle, device: bob.device, seq: 1, timestamp: NOW + CLOCK_AHEAD_MS, epoch: 1 })
  expect(check(node)).toBeNull()
  expect(check(node, NOW - 1)).toBe('TIMESTAMP_AHEAD')
  expect(check(node, NOW + 10 * CLOCK_AHEAD_MS)).toBeNull()
})

describe('who may have written it', () => {
  const phone = makeDevice('Bob’s phone')
  const withPhone = change(withBob, [admitDevice(withBob, bob, phone)], alice)
  const gone = change(withPhone, [{ type: 'remove-device', device: bob.device.key, seq: 3 }], alice)
  const by = (device = bob.device, seq = 1, epoch = 1) =>
    membershipCode(
      write({
        circle,
        device,
        seq,
        epoch,
        timestamp: NEW_YEAR + 1,
        ...(seq > 1 && { backlink: 'ee'.repeat(32) as NodeId }),
      }),
      gone,
    )

  test.each([
    ['the founder in the founding epoch', alice.device, 1, 0, null],
    ['a member in the epoch that admitted him', bob.device, 1, 1, null],
    ['a member before it', bob.device, 1, 0, 'DEVICE_NOT_IN_EPOCH'],
    ['a device of an epoch not known here', bob.device, 1, 4, 'EPOCH_UNKNOWN'],
    ['a second device, in its epoch', phone, 1, 2, null],
    ['a second device, before it', phone, 1, 1, 'DEVICE_NOT_IN_EPOCH'],
    ['a removed device at its cut-off', bob.device, 3, 2, null],
    ['a removed device after its cut-off, in an old epoch', bob.device, 4, 2, 'DEVICE_REMOVED'],
    ['a removed device in the epoch that removed it', bob.device, 2, 3, 'DEVICE_NOT_IN_EPOCH'],
    ['the device that stays', phone, 9, 3, null],
    ['a stranger', mallory.device, 1, 1, 'DEVICE_NOT_IN_EPOCH'],
  ])('[M5] %s', (_who, device, seq, epoch, code) => {
    expect(by(device, seq, epoch)).toBe(code)
  })
})

describe('ranges', () => {
  const seqs = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 })
  const members = (ranges: readonly Range[]) =>
    ranges.flatMap((r) => Array.from({ length: r.to - r.from + 1 }, (_u, i) => r.from + i))

  test('[R4] adding seqs in any order gives ascending, disjoint, non-adjacent ranges of exactly those seqs', () => {
    fc.assert(
      fc.property(seqs, (added) => {
        let ranges: Range[] = []
        for (const seq of added) ranges = addToRanges(ranges, seq)
        expect(members(ranges)).toEqual([...new Set(added)].sort((a, b) => a - b))
        for (let i = 1; i < ranges.length; i++) expect(ranges[i]!.from).toBeGreaterThan(ranges[i - 1]!.to + 1)
      }),
    )
  })

  test('[R4] gaps are what is left', () => {
    fc.assert(
      fc.property(seqs, fc.integer({ min: 1, max: 45 }), fc.integer({ min: 0, max: 45 }), (added, from, to) => {
        let ranges: Range[] = []
        for (const seq of added) ranges = addToRanges(ranges, seq)
        const here = new Set(added)
        const missing = Array.from({ length: Math.max(0, to - from + 1) }, (_u, i) => from + i).filter(
          (s) => !here.has(s),
        )
        expect(members(gapsIn(ranges, from, to))).toEqual(missing)
      }),
    )
  })
})

test('[N2] the id covers all but the signature', () => {
  const other = makeNode(crypto, honest, mallory.device.sign)
  expect(other.id).toBe(honest.id)
  expect(toHex(other.signature)).not.toBe(toHex(honest.signature))
})
