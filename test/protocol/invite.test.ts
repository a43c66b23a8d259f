// Rule M4: an invite link says exactly what an admin signed, or nothing.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../main/protocol/codec'
import {
  INVITE_USES_MAX,
  LINK_PREFIX,
  capabilityHolds,
  circleBeaconKey,
  decodeCapability,
  decodeLink,
  encodeCapability,
  encodeLink,
  inviteBeaconKey,
  inviteIdOf,
  inviteSlotSeed,
  inviteTopic,
  signCapability,
  type Capability,
  type InviteLink,
} from '../../main/protocol/invite'
import { TIME_MS_MAX } from '../../main/protocol/limits'
import type { CircleId, InviteId } from '../../shared/types'
import { NEW_YEAR, crypto, found, makePerson, seedOf } from '../support/people'

const alice = makePerson('Alice')
const mallory = makePerson('Mallory')
const secret = seedOf('invite').slice(0, 16)
const terms: Omit<Capability, 'signature'> = {
  invite: inviteIdOf(crypto, secret),
  circle: found(alice).circle,
  circleName: 'Lab',
  inviterName: 'Alice',
  inviter: alice.device.key,
  epoch: 0,
  expiresAt: NEW_YEAR + 604_800_000,
  usesMax: 10,
  approval: 'auto',
}
const capability = signCapability(crypto, terms, alice.device.sign)
const bare: InviteLink = { ...capability, secret, addresses: [] }
const full: InviteLink = {
  ...bare,
  addresses: [
    { host: '192.168.1.20', port: 49_737 },
    { host: 'fe80::1', port: 1 },
  ],
}
const text = encodeLink(crypto, full)
const linkCodeOf = (pasted: string) => {
  const decoded = decodeLink(crypto, pasted)
  return decoded.ok ? null : decoded.code
}
const DAMAGED = expect.stringMatching(/^LINK_(INVALID|DAMAGED)$/)

test('[M4] round trip, with and without addresses', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.nat(INVITE_USES_MAX),
      fc.maxSafeNat().map((n) => Math.min(n, TIME_MS_MAX)),
      fc.constantFrom('auto' as const, 'ask' as const),
      fc.array(fc.record({ host: fc.string({ minLength: 1, maxLength: 20 }), port: fc.nat(65_535) }), { maxLength: 4 }),
      (key, usesMax, expiresAt, approval, addresses) => {
        const c = signCapability(
          crypto,
          { ...terms, invite: inviteIdOf(crypto, key), usesMax, expiresAt, approval },
          alice.device.sign,
        )
        const link: InviteLink = { ...c, secret: key, addresses }
        for (const forDevice of [false, true])
          expect(decodeLink(crypto, encodeLink(crypto, link, forDevice))).toEqual({ ok: true, link, forDevice })
      },
    ),
  )
})

test('[M4] a link for a person and a link for a device are not made from each other', () => {
  for (const forDevice of [false, true]) {
    const text = encodeLink(crypto, full, forDevice)
    const other = forDevice ? text.replace('//device/', '//join/') : text.replace('//join/', '//device/')
    expect(decodeLink(crypto, other)).toEqual({ ok: false, code: 'LINK_DAMAGED' })
  }
})

test('[M4] more addresses than fit, or too long ones, are left out', () => {
  const many = Array.from({ length: 6 }, (_unused, i) => ({ host: `10.0.0.${i}`, port: i }))
  const decoded = decodeLink(
    crypto,
    encodeLink(crypto, { ...bare, addresses: [{ host: 'x'.repeat(65), port: 1 }, ...many] }),
  )
  expect(decoded.ok && decoded.link.addresses).toEqual(many.slice(0, 4))
})

describe('a damaged link', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

  test.each([
    ['without addresses', encodeLink(crypto, bare)],
    ['with addresses', text],
  ])('[M4] every other letter at every place is noticed, %s', (_what, whole) => {
    for (let at = LINK_PREFIX.length; at < whole.length; at++) {
      for (const letter of [
        alphabet[(alphabet.indexOf(whole[at]!) + 1) % 64]!,
        alphabet[(alphabet.indexOf(whole[at]!) + 32) % 64]!,
      ]) {
        expect(linkCodeOf(whole.slice(0, at) + letter + whole.slice(at + 1)), `letter ${at}`).toBe('LINK_DAMAGED')
      }
    }
    expect(linkCodeOf(whole)).toBeNull()
  })

  test('[M4] any other letter at any place is noticed', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, letter) => {
        const changed = text.slice(0, at) + letter + text.slice(at + 1)
        // The scheme is read in any case.
        fc.pre(changed.toLowerCase() !== text.toLowerCase() || changed.slice(15) !== text.slice(15))
        expect(linkCodeOf(changed)).toEqual(DAMAGED)
      }),
      { numRuns: 500 },
    )
  })

  test('[M4] cut anywhere, or with something behind it', () => {
    for (let length = 0; length < text.length; length++)
      expect(linkCodeOf(text.slice(0, length)), `length ${length}`).toEqual(DAMAGED)
    for (const tail of ['A', 'AA', 'AAAA', '=', '==', '?x=1', '#x', '.'])
      expect(linkCodeOf(text + tail), tail).toBe('LINK_DAMAGED')
  })

  test('[M4] letters swapped or left out', () => {
    fc.assert(
      fc.property(fc.integer({ min: LINK_PREFIX.length, max: text.length - 2 }), (at) => {
        expect(linkCodeOf(text.slice(0, at) + text.slice(at + 1))).toBe('LINK_DAMAGED')
        fc.pre(text[at] !== text[at + 1])
        expect(linkCodeOf(text.slice(0, at) + text[at + 1]! + text[at]! + text.slice(at + 2))).toBe('LINK_DAMAGED')
      }),
    )
  })
})

test.each([
  ['space around it', `  ${text}\n`],
  ['angle brackets', `<${text}>`],
  ['quotation marks', `"${text}"`],
  ['line breaks of a mail program', text.replace(/.{20}/g, '$&\r\n')],
  ['a scheme in capitals', text.replace('twofold://join/', 'TWOFOLD://Join/')],
  ['a slash that a browser added', `${text}/`],
])('[M4] forgiven: %s', (_what, pasted) => {
  expect(decodeLink(crypto, pasted)).toEqual({ ok: true, link: full, forDevice: false })
})

test.each(['', 'twofold://', 'twofold:/join/abc', 'https://example.org/', text.slice(10), 'join/abc'])(
  '[M4] not a link of ours: %s',
  (pasted) => {
    expect(linkCodeOf(pasted)).toBe('LINK_INVALID')
  },
)

describe('the capability', () => {
  test('[M4] says what was signed, by whom it was signed', () => {
    expect(decodeCapability(crypto, encodeCapability(capability))).toEqual(capability)
    expect(capabilityHolds(crypto, capability)).toBe(true)
  })

  test.each<[string, Partial<Capability>]>([
    ['more uses', { usesMax: 100 }],
    ['a later end', { expiresAt: terms.expiresAt + 1 }],
    ['no approval', { approval: 'ask' }],
    ['another circle', { circle: 'ab'.repeat(32) as CircleId }],
    ['another circle name', { circleName: 'Club' }],
    ['another inviter name', { inviterName: 'Mallory' }],
    ['another inviter', { inviter: mallory.device.key }],
    ['another invite', { invite: 'ab'.repeat(16) as InviteId }],
  ])('[M4] changed to %s it is none', (_what, terms2) => {
    expect(decodeCapability(crypto, encodeCapability({ ...capability, ...terms2 }))).toBeNull()
    expect(linkCodeOf(encodeLink(crypto, { ...bare, ...terms2 }))).toBe('LINK_DAMAGED')
  })

  test('[M4] with the secret of another invite the link is damaged', () => {
    expect(linkCodeOf(encodeLink(crypto, { ...bare, secret: seedOf('other').slice(0, 16) }))).toBe('LINK_DAMAGED')
  })

  test('[M4] a name that nobody may have is not shown', () => {
    const bad = signCapability(crypto, { ...terms, inviterName: 'Ali\u202ece' }, alice.device.sign)
    expect(decodeCapability(crypto, encodeCapability(bad))).toBeNull()
  })
})

test('[M4] everything derived from a secret is different, and says nothing of another secret', () => {
  const of = (s: Uint8Array) => [
    inviteIdOf(crypto, s),
    ...[0, 1, 2].map((slot) => toHex(inviteSlotSeed(crypto, s, slot))),
    toHex(inviteBeaconKey(crypto, s)),
    toHex(inviteTopic(crypto, s)),
    toHex(circleBeaconKey(crypto, s)),
  ]
  const all = [...of(secret), ...of(seedOf('other').slice(0, 16))]
  expect(new Set(all).size).toBe(all.length)
  expect(of(secret)).toEqual(of(secret))
})
