// The keys of a folder (rule N7): how they are kept, what damage is called, and that a restore is always a new device.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  adoptIdentity,
  confirmWords,
  createIdentity,
  discardIdentity,
  openIdentity,
  renewIdentity,
  type Identity,
} from '../../main/identity/keystore'
import {
  crypto,
  keyFromPassphrase,
  keyPairFromSeed,
  open,
  openSealed,
  randomBytes,
  seal,
  sealTo,
  signer,
} from '../../main/identity/sodium'
import { fileVault, passphraseVault, type Vault } from '../../main/identity/vault'
import { entropyFromWords } from '../../main/identity/words'
import { equalBytes, fromHex, toHex, utf8 } from '../../main/protocol/codec'
import { openFolder } from '../../main/store/files'
import type { ErrorCode } from '../../shared/errors'
import { tempFolder } from '../support/folder'
import type { CircleId } from '../../shared/types'
import { makePerson, seedOf } from '../support/people'

const code = (expected: ErrorCode) => expect.objectContaining({ code: expected })
const message = utf8('hello')
/** A keychain's vault, as the desktop hands one in. */
const chainKey = seedOf('keychain')
const keychain: Vault = {
  kind: 'keychain',
  seal: (plain) => seal(chainKey, plain),
  open: (sealed) => open(chainKey, sealed)!,
}
const publicPart = ({ name, member, device, restored, confirmed, keptBy }: Identity) => ({
  name,
  member,
  device,
  restored,
  confirmed,
  keptBy,
})

describe.each<[string, Vault]>([
  ['a file', fileVault],
  ['a passphrase', passphraseVault('correct horse')],
  ['the keychain', keychain],
])('kept by %s', (_how, vault) => {
  test('[N7] made, closed, opened: the same keys, the same words', () => {
    const dir = tempFolder()
    const files = openFolder(dir)
    expect(openIdentity(files, () => vault)).toBeNull()
    const made = createIdentity(files, vault, 'Ann')
    expect(publicPart(made)).toMatchObject({ name: 'Ann', restored: false, confirmed: false, keptBy: vault.kind })
    const opened = openIdentity(files, (keptBy) => {
      expect(keptBy).toBe(vault.kind)
      return vault
    })!
    expect(publicPart(opened)).toEqual(publicPart(made))
    expect(opened.words()).toEqual(made.words())
    expect(crypto.verify(opened.signAsDevice(message), message, fromHex(made.device))).toBe(true)
    expect(crypto.verify(opened.signAsMember!(message), message, fromHex(made.member))).toBe(true)
    expect(crypto.verify(opened.signAsDevice(message), message, fromHex(made.member))).toBe(false)
    expect(statSync(join(dir, 'keys.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(dir)).toEqual(['keys.json'])
  })
})

test('[N7] with a passphrase or a keychain the file holds no secret in the clear', () => {
  for (const vault of [passphraseVault('correct horse'), keychain]) {
    const dir = tempFolder()
    const made = createIdentity(openFolder(dir), vault, 'Ann')
    const file = readFileSync(join(dir, 'keys.json'), 'utf8')
    const bytes = Buffer.from((JSON.parse(file) as { sealed: string }).sealed, 'base64').toString('hex')
    for (const secret of [entropyFromWords(made.words().join(' ')), made.deviceKeys.secretKey.slice(0, 32)]) {
      expect(bytes).not.toContain(toHex(secret))
    }
  }
})

test('[N7] an identity is never written over', () => {
  const files = openFolder(tempFolder())
  const made = createIdentity(files, fileVault, 'Ann')
  expect(() => createIdentity(files, fileVault, 'Bob')).toThrow(code('IDENTITY_EXISTS'))
  expect(openIdentity(files, () => fileVault)?.member).toBe(made.member)
})

test('[N7] restored from its words: the same member, and a new device, every time', () => {
  const original = createIdentity(openFolder(tempFolder()), fileVault, 'Ann')
  const restored = [0, 1].map(() =>
    createIdentity(openFolder(tempFolder()), fileVault, 'Ann', entropyFromWords(original.words().join(' '))),
  )
  for (const again of restored) {
    expect(again.member).toBe(original.member)
    expect(again.words()).toEqual(original.words())
    expect(publicPart(again)).toMatchObject({ restored: true, confirmed: true })
  }
  expect(new Set([original, ...restored].map((i) => i.device)).size).toBe(3)
})

test('[N7] two new identities share nothing', () => {
  const [a, b] = [0, 1].map(() => createIdentity(openFolder(tempFolder()), fileVault, 'Ann')) as [Identity, Identity]
  expect(new Set([a.member, a.device, b.member, b.device]).size).toBe(4)
  expect(a.words()).not.toEqual(b.words())
})

test('[N7] words that were checked are remembered as checked; keys that were discarded are gone', () => {
  const files = openFolder(tempFolder())
  const made = createIdentity(files, fileVault, 'Ann')
  confirmWords(files)
  const opened = openIdentity(files, () => fileVault)!
  expect([opened.confirmed, opened.device]).toEqual([true, made.device])
  discardIdentity(files)
  discardIdentity(files)
  confirmWords(files)
  expect(openIdentity(files, () => fileVault)).toBeNull()
  expect(createIdentity(files, fileVault, 'Bob').member).not.toBe(made.member)
})

test('[N7] the wrong passphrase is called so', () => {
  const files = openFolder(tempFolder())
  createIdentity(files, passphraseVault('correct horse'), 'Ann')
  expect(() => openIdentity(files, () => passphraseVault('battery staple'))).toThrow(code('PASSPHRASE_WRONG'))
  expect(() => openIdentity(files, () => passphraseVault(''))).toThrow(code('PASSPHRASE_WRONG'))
  expect(openIdentity(files, () => passphraseVault('correct horse'))?.name).toBe('Ann')
})

test('[N7] a passphrase is the same however the keyboard composes its letters', () => {
  const salt = new Uint8Array(16)
  expect(toHex(keyFromPassphrase('caf\u00e9', salt))).toBe(toHex(keyFromPassphrase('cafe\u0301', salt)))
})

describe('a damaged file of keys', () => {
  const dir = tempFolder()
  const files = openFolder(dir)
  createIdentity(files, fileVault, 'Ann')
  const good = files.read('keys.json')!
  const parsed = JSON.parse(good) as Record<string, unknown>
  const other = createIdentity(openFolder(tempFolder()), fileVault, 'Bob')

  test.each<[string, string]>([
    ['empty', ''],
    ['cut', good.slice(0, 200)],
    ['not JSON', 'keys'],
    ['another version', JSON.stringify({ ...parsed, version: 2 })],
    ['a field too many', JSON.stringify({ ...parsed, more: 1 })],
    ['a field missing', JSON.stringify({ ...parsed, device: undefined })],
    ['sealed bytes that are no base64', JSON.stringify({ ...parsed, sealed: '***' })],
    ['sealed bytes cut', JSON.stringify({ ...parsed, sealed: Buffer.alloc(63).toString('base64') })],
    ['no sealed bytes', JSON.stringify({ ...parsed, sealed: '' })],
    ['other sealed bytes', JSON.stringify({ ...parsed, sealed: Buffer.alloc(64).toString('base64') })],
    ['another member’s key', JSON.stringify({ ...parsed, member: other.member })],
    ['another device’s key', JSON.stringify({ ...parsed, device: other.device })],
  ])('[N7] %s: KEYS_DAMAGED, and the file is left as it is', (_how, text) => {
    files.write('keys.json', text)
    expect(() => openIdentity(files, () => fileVault)).toThrow(code('KEYS_DAMAGED'))
    expect(files.read('keys.json')).toBe(text)
    expect(() => createIdentity(files, fileVault, 'Ann')).toThrow(code('IDENTITY_EXISTS'))
    files.write('keys.json', good)
    expect(openIdentity(files, () => fileVault)?.name).toBe('Ann')
  })

  test.each([0, 3, 15, 16, 17, 40, 55])(
    '[N7] %i sealed bytes under a passphrase: a refusal that a person can read, not a crash',
    (length) => {
      const sealed = Buffer.alloc(length, 7).toString('base64')
      files.write('keys.json', JSON.stringify({ ...parsed, keptBy: 'passphrase', sealed }))
      const refusal = expect.objectContaining({ code: expect.stringMatching(/^(KEYS_DAMAGED|PASSPHRASE_WRONG)$/) })
      expect(() => openIdentity(files, () => passphraseVault('x'))).toThrow(refusal)
    },
  )
})

describe('boxes', () => {
  const key = seedOf('key')
  const ann = keyPairFromSeed(seedOf('ann'))
  const bob = keyPairFromSeed(seedOf('bob'))

  test('[M5] what is sealed opens with its key, and is different each time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (plain) => {
        const [a, b] = [seal(key, plain), seal(key, plain)]
        expect(equalBytes(open(key, a)!, plain)).toBe(true)
        expect(equalBytes(a, b)).toBe(false)
        expect(open(seedOf('other'), a)).toBeNull()
        const sealed = sealTo(ann.publicKey, plain)
        expect(equalBytes(openSealed(ann, sealed)!, plain)).toBe(true)
        expect(openSealed(bob, sealed)).toBeNull()
      }),
      { numRuns: 50 },
    )
  })

  test('[L3] whatever bytes are opened, and every changed bit of a real box, give null and never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (bytes) => {
        expect(open(key, bytes)).toBeNull()
        expect(openSealed(ann, bytes)).toBeNull()
      }),
      { numRuns: 300 },
    )
    const boxes = [
      [seal(key, message), (b: Uint8Array) => open(key, b)],
      [sealTo(ann.publicKey, message), (b: Uint8Array) => openSealed(ann, b)],
    ] as const
    for (const [box, opener] of boxes) {
      for (let bit = 0; bit < box.length * 8; bit++) {
        const changed = box.slice()
        changed[bit >> 3]! ^= 1 << (bit & 7)
        // The top bit of an X25519 key is ignored by its standard: that box is the same box.
        const opened = opener(changed)
        if (opened) expect([bit, toHex(opened)]).toEqual([255, toHex(message)])
      }
      for (let length = 0; length < box.length; length++) expect(opener(box.slice(0, length))).toBeNull()
    }
  })

  test('[N2] signatures of any shape are judged, never thrown at', () => {
    const signature = signer(ann)(message)
    expect(crypto.verify(signature, message, ann.publicKey)).toBe(true)
    expect(crypto.verify(signature, message, bob.publicKey)).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 40 }), (s, k) => {
        expect(crypto.verify(s, message, ann.publicKey)).toBe(false)
        expect(crypto.verify(signature, message, k)).toBe(false)
        expect(crypto.verify(new Uint8Array(64).fill(s[0] ?? 0), message, new Uint8Array(32).fill(k[0] ?? 0))).toBe(
          false,
        )
      }),
    )
  })

  test('[M1] random bytes are of the length asked for, and not twice the same', () => {
    expect([0, 1, 16, 32].map((n) => randomBytes(n).length)).toEqual([0, 1, 16, 32])
    expect(toHex(randomBytes(32))).not.toBe(toHex(randomBytes(32)))
  })
})

test('[M4] a device that another one has certified keeps that certificate for its circle, and has neither root key nor words', () => {
  const files = openFolder(tempFolder())
  const ann = makePerson('Ann')
  const seed = seedOf('new device')
  const circle = 'ab'.repeat(32) as CircleId
  const certificate = new Uint8Array(64).fill(7)
  adoptIdentity(files, keychain, { name: 'Ann', member: ann.member, seed, circle, certificate })
  expect(seed, 'the seed that was handed in stays the caller’s').toEqual(seedOf('new device'))
  const opened = openIdentity(files, () => keychain)!
  expect(publicPart(opened)).toMatchObject({ name: 'Ann', member: ann.member, restored: true, confirmed: true })
  expect(opened.device).toBe(toHex(keyPairFromSeed(seed).publicKey))
  expect(crypto.verify(opened.signAsDevice(message), message, fromHex(opened.device))).toBe(true)
  expect(opened.certificate(circle)).toEqual(certificate)
  expect(opened.signAsMember).toBeNull()
  expect(() => opened.words()).toThrow(code('ROOT_KEY_ELSEWHERE') as Error)
  expect(() => opened.certificate('cd'.repeat(32) as CircleId)).toThrow(code('ROOT_KEY_ELSEWHERE') as Error)
  expect(() => renewIdentity(files, () => keychain)).toThrow(code('ROOT_KEY_ELSEWHERE') as Error)
  expect(() => createIdentity(files, keychain, 'Ann')).toThrow(code('IDENTITY_EXISTS') as Error)
})
