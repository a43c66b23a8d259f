// Rule N1: one value has exactly one encoding, and a decoder refuses every other.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DecodeError,
  Reader,
  Writer,
  concat,
  decodeWhole,
  equalBytes,
  fromHex,
  toHex,
  utf8,
  utf8Text,
} from '../../main/protocol/codec'
import { decodeCapability, decodeLink, LINK_PREFIX } from '../../main/protocol/invite'
import { decodeJoin, encodeJoin, JOIN_REFUSALS, type JoinMessage } from '../../main/protocol/join-messages'
import { decodeContent, encodeContent, validName, type Content } from '../../main/protocol/kinds'
import {
  BODY_BYTES_MAX,
  CLOCK_AHEAD_MS,
  FRAME_MESSAGES_MAX,
  KIND_MAX,
  NODE_BYTES_MAX,
  PULL_NODES_MAX,
  PULL_RANGES_MAX,
  TEXT_BYTES_MAX,
  TIME_MS_MAX,
} from '../../main/protocol/limits'
import { decodeNotice, makeNotice } from '../../main/protocol/notices'
import { decodeEpoch, certifyEpoch } from '../../main/protocol/epoch-record'
import { decodeGenesis, makeGenesis } from '../../main/protocol/genesis'
import { decodeFrame, encodeMessage, type Message } from '../../main/protocol/messages'
import { decodeNode, makeNode, type NodeFields } from '../../main/protocol/node'
import { packNodes } from '../../main/protocol/packed'
import type { CircleId, DeviceKey, EpochId, InviteId, MemberKey, NodeId } from '../../shared/types'
import { crypto, everyField, makePerson } from '../support/people'
import golden from './golden.json'

const alice = makePerson('Alice')
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const hex32 = bytes(32).map(toHex)
/** Sizes on both sides of every boundary of a varint. */
const uint = fc.oneof(
  fc.constantFrom(0, 1, 0xfc, 0xfd, 0xff, 0x100, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
)
/** Moments: as far as a date can be made of them. */
const time = uint.map((n) => Math.min(n, TIME_MS_MAX))

const nodeFields: fc.Arbitrary<NodeFields> = fc
  .record({
    circle: hex32.map((h) => h as CircleId),
    seq: uint.filter((n) => n > 0),
    backlink: hex32.map((h) => h as NodeId),
    timestamp: time,
    epoch: uint,
    kind: fc.nat(KIND_MAX),
    body: fc.uint8Array({ maxLength: 300 }),
  })
  .map(({ backlink, ...rest }) => ({ ...rest, device: alice.device.key, ...(rest.seq > 1 && { backlink }) }))
const node = nodeFields.map((fields) => makeNode(crypto, fields, alice.device.sign))

const content: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constant('post' as const), text: fc.string({ unit: 'grapheme', maxLength: 60 }) }),
  fc.record({
    kind: fc.constantFrom('reply' as const, 'edit' as const),
    target: hex32.map((h) => h as NodeId),
    text: fc.string(),
  }),
  fc.record({
    kind: fc.constant('reaction' as const),
    target: hex32.map((h) => h as NodeId),
    text: fc.constantFrom('👍', '', 'ok'),
  }),
  fc.record({ kind: fc.constant('retract' as const), target: hex32.map((h) => h as NodeId) }),
  fc.record({ kind: fc.constant('profile' as const), name: fc.string({ maxLength: 60 }) }),
)

const device = hex32.map((h) => h as DeviceKey)
const range = fc.tuple(uint, uint).map(([a, b]) => ({ from: Math.max(1, Math.min(a, b)), to: Math.max(1, a, b) }))
const small = fc.uint8Array({ maxLength: 400 })
const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    type: fc.constant('part' as const),
    tree: fc.constantFrom(0 as const, 1 as const),
    lo: fc.nat(10_000),
    len: fc.nat(10_000),
    id: hex32.map((h) => h as NodeId),
  }),
  fc.record({
    type: fc.constant('hello' as const),
    version: uint,
    epoch: uint,
    epochId: hex32.map((h) => h as EpochId),
    app: fc.string({ maxLength: 16 }),
  }),
  fc.record({
    type: fc.constant('node' as const),
    tree: fc.constantFrom(0 as const, 1 as const),
    brief: fc.boolean(),
    lo: fc.nat(10_000),
    len: fc.nat(10_000),
    bytes: small,
  }),
  fc.record({
    type: fc.constant('ack' as const),
    tree: fc.constantFrom(0 as const, 1 as const),
    mark: hex32.map((h) => h.slice(0, 16)),
  }),
  fc.record({
    type: fc.constant('announce' as const),
    epoch: uint,
    author: fc.nat(10_000),
    seq: uint,
    mark: hex32.map((h) => h.slice(0, 16)),
    lo: fc.nat(10_000),
    len: fc.nat(10_000),
  }),
  fc.record({
    type: fc.constant('checkpoints' as const),
    epoch: uint,
    at: time,
    digest: bytes(32),
    entries: fc.array(
      fc.record({
        signer: fc.nat(10_000),
        lo: fc.nat(10_000),
        len: fc.nat(10_000),
        late: fc.array(
          fc.record({
            epoch: uint,
            author: fc.nat(10_000),
            seq: uint,
            tree: fc.constantFrom(0 as const, 1 as const),
          }),
          { maxLength: 4 },
        ),
        signature: bytes(64),
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({ type: fc.constant('digest' as const), epoch: uint, cut: uint, digest: bytes(32) }),
  fc.record({ type: fc.constant('same' as const), digest: bytes(32) }),
  fc.record({
    type: fc.constant('have' as const),
    question: fc.boolean(),
    cut: uint,
    entries: fc.array(fc.record({ device, height: uint.filter((n) => n > 0), head: hex32.map((h) => h as NodeId) }), {
      maxLength: 4,
    }),
  }),
  fc.record({
    type: fc.constant('pull' as const),
    ranges: fc.array(
      fc.tuple(device, range).map(([d, r]) => ({ device: d, ...r })),
      { maxLength: 4 },
    ),
  }),
  fc
    .tuple(device, range, fc.array(small, { maxLength: 3 }))
    .map(([d, r, nodes]) => ({ type: 'run' as const, device: d, ...r, nodes: packNodes(nodes) })),
  fc.record({ type: fc.constant('epochs-want' as const), after: uint }),
  fc.record({ type: fc.constant('epochs' as const), records: fc.array(small, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('notices-have' as const), ids: fc.array(bytes(16).map(toHex), { maxLength: 4 }) }),
  fc.record({ type: fc.constant('notices' as const), notices: fc.array(small, { maxLength: 3 }) }),
  fc.constant({ type: 'secret-want' as const }),
  fc.record({ type: fc.constant('secret' as const), secret: bytes(32) }),
  fc.record({ type: fc.constantFrom('run-mark' as const, 'alive-want' as const), mark: bytes(16) }),
  fc.record({
    type: fc.constant('alive' as const),
    asked: bytes(16),
    run: uint,
    mark: bytes(16),
    signature: bytes(64),
  }),
  fc.record({ type: fc.constant('branch-want' as const), device, to: uint }),
  fc.record({ type: fc.constant('branch' as const), device, nodes: fc.array(small, { maxLength: 3 }) }),
)

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .map(validName)
  .filter((n) => n !== null)
const joinMessage: fc.Arbitrary<JoinMessage> = fc.oneof(
  fc.record({
    type: fc.constant('join-hello' as const),
    version: uint,
    invite: bytes(16).map((b) => toHex(b) as InviteId),
  }),
  fc.record({ type: fc.constant('join-info' as const), capability: small, genesis: small }),
  fc.record({
    type: fc.constant('join-request' as const),
    member: hex32.map((h) => h as MemberKey),
    name,
    device,
    certificate: bytes(64),
    proof: bytes(64),
    slot: device,
    ticket: bytes(64),
  }),
  fc.record({ type: fc.constant('join-pending' as const), by: name }),
  fc.record({
    type: fc.constant('join-accepted' as const),
    secret: bytes(32),
    records: fc.array(small, { maxLength: 3 }),
    more: fc.boolean(),
  }),
  fc.record({ type: fc.constant('join-refused' as const), code: fc.constantFrom(...JOIN_REFUSALS) }),
  fc.record({ type: fc.constant('device-ask' as const), device }),
  fc.record({ type: fc.constant('device-code' as const), code: fc.nat(999_999) }),
  fc.record({
    type: fc.constant('device-granted' as const),
    member: hex32.map((h) => h as MemberKey),
    name,
    certificate: bytes(64),
  }),
)

/** What each decoder makes of bytes: its value encoded again, or null when it refuses them. */
const again: Record<string, { valid: readonly string[]; decode: (b: Uint8Array) => Uint8Array | null }> = {
  node: {
    valid: golden.nodes.map((n) => n.bytes),
    decode(b) {
      const decoded = decodeNode(crypto, b)
      if (!decoded.ok) return null
      const { signature } = decoded.node
      return makeNode(crypto, decoded.node, () => signature).bytes
    },
  },
  frame: {
    valid: [...Object.values(golden.messages), golden.messages.ack + golden.messages.hello],
    decode(b) {
      const messages = decodeFrame(b)
      return messages && concat(...messages.map(encodeMessage))
    },
  },
  join: {
    valid: Object.values(golden.join),
    decode(b) {
      const decoded = decodeJoin(b)
      return decoded && encodeJoin(decoded)
    },
  },
  epoch: {
    valid: golden.epochs.map((e) => e.bytes),
    decode(b) {
      const record = decodeEpoch(crypto, b)
      return record && certifyEpoch(record, record.ballot, record.signatures).bytes
    },
  },
  genesis: {
    valid: [golden.genesis.bytes],
    decode(b) {
      const genesis = decodeGenesis(crypto, b)
      const signature = b.slice(-64)
      return genesis && makeGenesis(crypto, genesis, () => signature).bytes
    },
  },
  notice: {
    valid: Object.values(golden.notices),
    decode(b) {
      const notice = decodeNotice(crypto, golden.genesis.id as CircleId, b)
      const signature = b.slice(-64)
      return notice && makeNotice(crypto, golden.genesis.id as CircleId, notice, notice.signer, () => signature).bytes
    },
  },
  capability: { valid: [golden.capability], decode: (b) => (decodeCapability(crypto, b) ? b : null) },
}

describe('varints', () => {
  test('[N1] round trip, in the shortest of four forms', () => {
    fc.assert(
      fc.property(uint, (n) => {
        const encoded = new Writer().uint(n).finish()
        expect(encoded.length).toBe(n < 0xfd ? 1 : n <= 0xffff ? 3 : n <= 0xffff_ffff ? 5 : 9)
        expect(decodeWhole(encoded, (r) => r.uint())).toBe(n)
      }),
    )
  })

  test.each([
    ['252 in 16 bits', 'fdfc00'],
    ['0 in 16 bits', 'fd0000'],
    ['65 535 in 32 bits', 'feffff0000'],
    ['1 in 32 bits', 'fe01000000'],
    ['2³²−1 in 64 bits', 'ffffffffff00000000'],
    ['0 in 64 bits', 'ff0000000000000000'],
    ['2⁵³, beyond what is exact', 'ff00000000000020' + '00'],
    ['2⁵³+1, which rounds to 2⁵³', 'ff01000000000020' + '00'],
    ['2⁶⁴−1', 'ffffffffffffffffff'],
    ['cut after the mark', 'fd'],
    ['cut in the middle', 'fe0102'],
    ['nothing', ''],
  ])('[N1] refused: %s', (_what, encoded) => {
    expect(decodeWhole(fromHex(encoded), (r) => r.uint())).toBeNull()
  })

  test('[N1] what is not a safe unsigned integer is never written', () => {
    for (const n of [-1, 0.5, Number.NaN, Infinity, 2 ** 53]) expect(() => new Writer().uint(n)).toThrow(RangeError)
  })
})

test('[N1] hex is lowercase and of whole bytes, both ways', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (b) => {
      expect(equalBytes(fromHex(toHex(b)), b)).toBe(true)
      expect(toHex(b)).toBe(Buffer.from(b).toString('hex'))
    }),
  )
  for (const bad of ['0', 'AB', 'zz', '0g', ' 0']) expect(() => fromHex(bad)).toThrow(RangeError)
})

test('[N1] a writer holds what is put in, however much and in whatever pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 700 }), { maxLength: 12 }), (parts) => {
      const w = new Writer()
      for (const part of parts) w.bytes(part)
      const read = decodeWhole(w.finish(), (r) => parts.map((part) => r.bytes(part.length)))
      expect(read?.every((b, i) => equalBytes(b, parts[i]!))).toBe(true)
    }),
  )
})

test('[N1] text is strict UTF-8: what is not is null, and a byte order mark stays', () => {
  for (const bad of ['ff', 'c0af', 'eda080', 'f4908080', 'e282']) expect(utf8Text(fromHex(bad))).toBeNull()
  expect(utf8Text(utf8('\ufeffx'))).toBe('\ufeffx')
})

test('[N1] a flag is 0 or 1, bytes no longer than allowed, and nothing follows the end', () => {
  expect(decodeWhole(fromHex('02'), (r) => r.flag())).toBeNull()
  expect(decodeWhole(fromHex('03010203'), (r) => r.bytes(2))).toBeNull()
  expect(decodeWhole(fromHex('0100'), (r) => r.uint())).toBeNull()
  expect(() => new Reader(new Uint8Array()).fixed(1)).toThrow(DecodeError)
})

test('[N1] only a decoder’s refusal becomes null; a bug is thrown', () => {
  expect(() =>
    decodeWhole(new Uint8Array(), () => {
      throw new TypeError('bug')
    }),
  ).toThrow(TypeError)
})

describe('nodes', () => {
  test('[N1] decode of encode gives every field back, and the same id', () => {
    fc.assert(
      fc.property(nodeFields, (fields) => {
        const made = makeNode(crypto, fields, alice.device.sign)
        const decoded = decodeNode(crypto, made.bytes)
        expect(decoded.ok && everyField(decoded.node)).toEqual(made)
        if (decoded.ok) expect(equalBytes(decoded.node.body, fields.body)).toBe(true)
      }),
    )
  })

  test('[N1] every other byte string next to a valid one is refused, or is itself canonical', () => {
    fc.assert(
      fc.property(node, fc.nat(), fc.integer({ min: 1, max: 255 }), (made, at, change) => {
        const mutated = made.bytes.slice()
        mutated[at % mutated.length]! ^= change
        const decoded = decodeNode(crypto, mutated)
        if (!decoded.ok) return
        expect(decoded.node.id === made.id).toBe(at % mutated.length >= mutated.length - 64)
        expect(toHex(makeNode(crypto, decoded.node, () => decoded.node.signature).bytes)).toBe(toHex(mutated))
      }),
      { numRuns: 400 },
    )
  })

  test('[N1] own nonsense is a bug and throws: a backlink at seq 1, none later, a body too long', () => {
    const fields: NodeFields = {
      circle: 'a'.repeat(64) as CircleId,
      device: alice.device.key,
      seq: 1,
      timestamp: 1,
      epoch: 0,
      kind: 1,
      body: new Uint8Array(),
    }
    expect(() => makeNode(crypto, { ...fields, backlink: 'a'.repeat(64) as NodeId }, alice.device.sign)).toThrow(
      RangeError,
    )
    expect(() => makeNode(crypto, { ...fields, seq: 2 }, alice.device.sign)).toThrow(RangeError)
    expect(() => makeNode(crypto, { ...fields, body: new Uint8Array(BODY_BYTES_MAX + 1) }, alice.device.sign)).toThrow(
      RangeError,
    )
  })

  const unsigned = (parts: { version?: string; seq: string; backlink?: string; kind?: string; body?: string }) =>
    fromHex(
      [
        parts.version ?? '01',
        'aa'.repeat(32),
        alice.device.key,
        parts.seq,
        parts.backlink ?? '',
        '05',
        '00',
        parts.kind ?? '01',
        parts.body ?? '00',
        'cc'.repeat(64),
      ].join(''),
    )
  test.each([
    ['another version', unsigned({ version: '02', seq: '01' }), 'NODE_VERSION'],
    ['version 0', unsigned({ version: '00', seq: '01' }), 'NODE_VERSION'],
    ['a version not in its shortest form', unsigned({ version: 'fd0100', seq: '01' }), 'NODE_ENCODING'],
    ['seq 0', unsigned({ seq: '00', backlink: 'bb'.repeat(32) }), 'NODE_ENCODING'],
    ['seq 1 with a backlink', unsigned({ seq: '01', backlink: 'bb'.repeat(32) }), 'NODE_ENCODING'],
    ['seq 2 without one', unsigned({ seq: '02' }), 'NODE_ENCODING'],
    ['seq not in its shortest form', unsigned({ seq: 'fd0100' }), 'NODE_ENCODING'],
    ['a kind out of bounds', unsigned({ seq: '01', kind: 'fe00000100' }), 'NODE_ENCODING'],
    ['a body that claims more than there is', unsigned({ seq: '01', body: 'fd0010' }), 'NODE_ENCODING'],
    [
      'a body too long',
      fromHex(
        [
          '01',
          'aa'.repeat(32),
          alice.device.key,
          '01',
          '05',
          '00',
          '01',
          'fd3dff',
          '00'.repeat(BODY_BYTES_MAX + 1),
          'cc'.repeat(64),
        ].join(''),
      ),
      'NODE_ENCODING',
    ],
    ['nothing', new Uint8Array(), 'NODE_ENCODING'],
    ['exactly 64 KiB of nothing', new Uint8Array(NODE_BYTES_MAX).fill(1), 'NODE_ENCODING'],
    ['one byte more than 64 KiB', new Uint8Array(NODE_BYTES_MAX + 1).fill(1), 'NODE_TOO_LARGE'],
  ])('[N1] refused: %s', (_what, encoded, code) => {
    expect(decodeNode(crypto, encoded)).toEqual({ ok: false, code })
  })

  test('[N1] the largest node that the bounds allow fits into 64 KiB; one byte more of body does not decode', () => {
    const max = Number.MAX_SAFE_INTEGER
    const fields: NodeFields = {
      circle: 'a'.repeat(64) as CircleId,
      device: alice.device.key,
      seq: max,
      backlink: 'b'.repeat(64) as NodeId,
      timestamp: TIME_MS_MAX,
      epoch: max,
      kind: KIND_MAX,
      body: new Uint8Array(BODY_BYTES_MAX),
    }
    const largest = makeNode(crypto, fields, alice.device.sign)
    expect(largest.bytes.length).toBeLessThanOrEqual(NODE_BYTES_MAX)
    const decoded = decodeNode(crypto, largest.bytes)
    expect(decoded.ok && everyField(decoded.node)).toEqual(largest)
    const text = 'x'.repeat(TEXT_BYTES_MAX)
    for (const c of [
      { kind: 'post', text },
      { kind: 'reply', target: 'c'.repeat(64) as NodeId, text },
    ] as const) {
      const { kind, body } = encodeContent(c)
      expect(body.length).toBeLessThanOrEqual(BODY_BYTES_MAX)
      expect(decodeContent(kind, body)).toEqual(c)
    }
    const tooLong = encodeContent({ kind: 'post', text: `${text}x` })
    expect(decodeContent(tooLong.kind, tooLong.body)).toBeNull()
    expect(CLOCK_AHEAD_MS).toBe(300_000)
  })
})

test('[N3] what a node says round-trips, and a body or kind that is not ours is null, never an error', () => {
  fc.assert(
    fc.property(content, (c) => {
      const { kind, body } = encodeContent(c)
      expect(decodeContent(kind, body)).toEqual(c)
      expect(decodeContent(kind, Uint8Array.from([...body, 0]))).toBeNull()
    }),
  )
  expect(decodeContent(999, new Uint8Array())).toBeNull()
})

test('[C1] messages round-trip, alone and combined into one frame', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (messages) => {
      expect(decodeFrame(concat(...messages.map(encodeMessage)))).toEqual(messages)
    }),
  )
})

test('[F8] what is decoded keeps memory of its own: a held node does not hold its whole frame', () => {
  const nodeBytes = fromHex(golden.nodes[0]!.bytes)
  // Frames come from main/net as Buffers, whose `slice` is a view.
  const frame = Buffer.from(encodeMessage({ type: 'node', tree: 0, brief: false, lo: 0, len: 1, bytes: nodeBytes }))
  const [decoded] = decodeFrame(frame)!
  frame.fill(0)
  expect(decoded?.type === 'node' && toHex(decoded.bytes)).toBe(toHex(nodeBytes))
})

test('[M4] join messages round-trip', () => {
  fc.assert(
    fc.property(joinMessage, (m) => {
      expect(decodeJoin(encodeJoin(m))).toEqual(m)
    }),
  )
})

describe.each(Object.entries(again))('%s bytes', (_what, { valid, decode }) => {
  test('[N1] each valid one decodes and encodes to itself', () => {
    for (const hex of valid) expect(toHex(decode(fromHex(hex)) ?? new Uint8Array())).toBe(hex)
  })

  test('[N1] every changed byte gives a refusal or another canonical value', () => {
    for (const hex of valid) {
      for (let at = 0; at < hex.length / 2; at++) {
        for (const flip of [0x01, 0x80, 0xff]) {
          const mutated = fromHex(hex)
          mutated[at]! ^= flip
          const back = decode(mutated)
          if (back && !equalBytes(back, mutated)) expect(toHex(back), `byte ${at}`).toBe(toHex(mutated))
        }
      }
    }
    expect(valid.length).toBeGreaterThan(0)
  })

  test('[N1] cut anywhere or made longer it is refused', () => {
    for (const hex of valid) {
      const whole = fromHex(hex)
      for (let length = 0; length < whole.length; length++) {
        // A frame cut between two messages is a shorter frame.
        const back = decode(whole.slice(0, length))
        if (back) expect(toHex(back)).toBe(hex.slice(0, 2 * length))
      }
      expect(decode(Uint8Array.from([...whole, 0])), 'one byte more').toBeNull()
    }
  })

  test('[N4] random bytes, and random bytes after a valid beginning, never throw', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.uint8Array({ maxLength: 200 }), (which, cut, tail) => {
        const start = fromHex(valid[which % valid.length]!)
        for (const b of [tail, Uint8Array.from([...start.slice(0, cut % start.length), ...tail])]) {
          const back = decode(b)
          if (back) expect(toHex(back)).toBe(toHex(b))
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('[N4] random text never makes a link decoder throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: 'binary' }), (a, b) => {
      for (const text of [a, b, LINK_PREFIX + a, LINK_PREFIX + b]) expect(decodeLink(crypto, text).ok).toBe(false)
    }),
  )
})

test('[N4] random bodies of every kind never make a content decoder throw', () => {
  fc.assert(
    fc.property(fc.nat(8), fc.uint8Array({ maxLength: 120 }), (kind, body) => {
      const decoded = decodeContent(kind, body)
      if (decoded) expect(toHex(encodeContent(decoded).body)).toBe(toHex(body))
    }),
    { numRuns: 500 },
  )
})

describe('bounds of messages', () => {
  const writer = (type: number) => new Writer().uint(type)
  const range1 = (w: Writer, n: number) => {
    for (let i = 0; i < n; i++) w.hex('aa'.repeat(32), 32).uint(1).uint(1)
    return w
  }
  test.each([
    ['an empty frame', new Uint8Array(), false],
    ['an unknown message', writer(99).finish(), false],
    ['message type 0', writer(0).finish(), false],
    ['tree 2', writer(3).uint(2).hex('aa'.repeat(32), 32).finish(), false],
    [
      'a height of 0',
      writer(6).flag(false).uint(1).hex('aa'.repeat(32), 32).uint(0).hex('bb'.repeat(32), 32).finish(),
      false,
    ],
    ['a range from 0', writer(7).uint(1).hex('aa'.repeat(32), 32).uint(0).uint(5).finish(), false],
    ['a range backwards', writer(7).uint(1).hex('aa'.repeat(32), 32).uint(6).uint(5).finish(), false],
    ['as many ranges as allowed', range1(writer(7).uint(PULL_RANGES_MAX), PULL_RANGES_MAX).finish(), true],
    ['one range more', range1(writer(7).uint(PULL_RANGES_MAX + 1), PULL_RANGES_MAX + 1).finish(), false],
    [
      'one node more in a run',
      concat(
        writer(8)
          .hex('aa'.repeat(32), 32)
          .uint(1)
          .uint(999)
          .uint(PULL_NODES_MAX + 1)
          .finish(),
        new Uint8Array(PULL_NODES_MAX + 1),
      ),
      false,
    ],
    [
      'a node larger than a node',
      concat(
        writer(2)
          .uint(0)
          .uint(0)
          .uint(1)
          .uint(NODE_BYTES_MAX + 1)
          .finish(),
        new Uint8Array(NODE_BYTES_MAX + 1),
      ),
      false,
    ],
    ['seen more than a day ago', writer(11).uint(1).hex('aa'.repeat(32), 32).uint(86_401).finish(), false],
    ['an app name too long', writer(1).uint(1).uint(0).hex('aa'.repeat(32), 32).text('x'.repeat(65)).finish(), false],
    [
      'as many messages as allowed',
      concat(...Array.from({ length: FRAME_MESSAGES_MAX }, () => encodeMessage({ type: 'epochs-want', after: 0 }))),
      true,
    ],
    [
      'one message more',
      concat(...Array.from({ length: FRAME_MESSAGES_MAX + 1 }, () => encodeMessage({ type: 'epochs-want', after: 0 }))),
      false,
    ],
  ])('[F8] %s: decodes %s', (_what, frame, fine) => {
    expect(decodeFrame(frame) !== null).toBe(fine)
  })

  test('[F8] a count that promises more than the frame holds costs nothing', () => {
    expect(decodeFrame(writer(6).flag(false).uint(10_000).finish())).toBeNull()
    expect(decodeFrame(writer(6).flag(false).uint(10_001).finish())).toBeNull()
  })
})

describe('names', () => {
  test.each([
    ['  Ann  ', 'Ann'],
    ['e\u0301', 'é'],
    ['', null],
    ['   ', null],
    ['a\nb', null],
    ['a\u0007b', null],
    ['a\u202eb', null],
    ['a\u2028b', null],
    ['\ud800', null],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), null],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
  ])('[M1] %j is kept as %j', (text, kept) => {
    expect(validName(text)).toBe(kept)
  })

  test('[M1] what is kept is kept again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const kept = validName(text)
        if (kept !== null) expect(validName(kept)).toBe(kept)
      }),
      { numRuns: 1000 },
    )
  })
})
