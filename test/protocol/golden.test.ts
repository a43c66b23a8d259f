// Frozen bytes (rules N1, N2, M1, M2): what was computed once, for fixed seeds, and checked against implementations that
// share nothing with ours: a BLAKE2b from the RFC, and Node's own Ed25519.
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import { fromHex, toHex, utf8 } from '../../main/protocol/codec'
import { blake2b } from '../support/blake2b'
import { NEW_YEAR, crypto, seedOf } from '../support/people'
import golden from './golden.json'
import { alice, goldenValues } from './golden-values'

const SPKI = '302a300506032b6570032100'
const PKCS8 = '302e020100300506032b657004220420'
const publicKey = (hex: string) => createPublicKey({ key: Buffer.from(SPKI + hex, 'hex'), format: 'der', type: 'spki' })
const privateKey = (seed: Uint8Array) =>
  createPrivateKey({ key: Buffer.from(PKCS8 + toHex(seed), 'hex'), format: 'der', type: 'pkcs8' })
const bytesOf = (hex: string) => Buffer.from(hex, 'hex')
const blake256 = (hex: string) => toHex(blake2b(bytesOf(hex), 32))
const message = (purpose: string, ...hex: string[]) =>
  Buffer.concat([Buffer.from(`twofold/${purpose}/v1\0`), ...hex.map(bytesOf)])

test('[N2] the independent BLAKE2b is one: 64 bytes of it are OpenSSL’s, 32 are ours', () => {
  for (const length of [0, 1, 127, 128, 129, 255, 256, 257, 1000]) {
    const bytes = Uint8Array.from({ length }, (_unused, i) => (i * 7 + length) & 255)
    expect(toHex(blake2b(bytes, 64))).toBe(createHash('blake2b512').update(bytes).digest('hex'))
    expect(toHex(blake2b(bytes, 32))).toBe(toHex(crypto.hash(bytes)))
  }
})

test('[N1] every encoding is, byte for byte, what it was when it was frozen', () => {
  expect(JSON.parse(JSON.stringify(goldenValues()))).toEqual(golden)
})

test('[N1] the first node is made of exactly these fields, spelled out by hand', () => {
  const text = '144772c3bcc39f652c20e4b896e7958c20f09f918b'
  const timestamp = 'ff88bbda769b010000' // 1 767 225 605 000, little-endian
  const unsigned = ['01', golden.genesis.id, golden.keys.device, '01', timestamp, '00', '01', '15', text].join('')
  expect(Buffer.from(text.slice(2), 'hex').length).toBe(20)
  expect(Buffer.from(timestamp.slice(2), 'hex').readBigUInt64LE()).toBe(BigInt(NEW_YEAR + 5000))
  expect(golden.nodes[0]!.bytes).toBe(unsigned + golden.nodes[0]!.signature)
})

test.each(golden.nodes.map((node, i) => [i, node] as const))(
  '[N2] node %i: id and signature hold by BLAKE2b and Ed25519 of others',
  (_i, node) => {
    const unsigned = node.bytes.slice(0, -128)
    expect(node.bytes.slice(-128)).toBe(node.signature)
    expect(blake256(unsigned)).toBe(node.id)
    const signed = message('node', golden.genesis.id, node.id)
    expect(verify(null, signed, publicKey(golden.keys.device), bytesOf(node.signature))).toBe(true)
    expect(sign(null, signed, privateKey(seedOf('device Alice'))).toString('hex')).toBe(node.signature)
  },
)

test('[M1] the circle’s id is the hash of its founding record, signed by the founder’s root key', () => {
  const { id, bytes } = golden.genesis
  const unsigned = bytes.slice(0, -128)
  expect(blake256(unsigned)).toBe(id)
  expect(verify(null, message('genesis', id), publicKey(golden.keys.root), bytesOf(bytes.slice(-128)))).toBe(true)
})

test('[M2] an epoch’s id is the hash of what its admins sign', () => {
  // Length-prefixed unsigned bytes (0xfd, u16), then the certificate.
  const { id, bytes } = golden.epochs[0]!
  const whole = bytesOf(bytes)
  expect(whole[0]).toBe(0xfd)
  const length = whole.readUInt16LE(1)
  const unsigned = whole.subarray(3, 3 + length).toString('hex')
  const rest = whole.subarray(3 + length)
  expect(blake256(unsigned)).toBe(id)
  // The ballot (round 0, by the founder's device), then one signer.
  expect(rest[0]).toBe(0)
  expect(rest.subarray(1, 33).toString('hex')).toBe(golden.keys.device)
  expect(rest[33]).toBe(1)
  expect(rest.subarray(34, 66).toString('hex')).toBe(golden.keys.device)
  const signed = message('epoch', golden.genesis.id, id, '0000000000000000', golden.keys.device)
  expect(verify(null, signed, publicKey(golden.keys.device), rest.subarray(66))).toBe(true)
})

test('[M4] a capability is signed over its hash, under a purpose of its own', () => {
  const unsigned = golden.capability.slice(0, -128)
  const signed = message('invite', blake256(unsigned))
  expect(verify(null, signed, publicKey(alice.device.key), bytesOf(golden.capability.slice(-128)))).toBe(true)
})

test('[F2] the seed of a route is the labelled hash of epoch, author and seq', () => {
  const epoch = golden.epochs[0]!.id
  const seed = blake2b(message('seed', epoch, golden.keys.device, 'fd2c01'), 32)
  const stripe = blake2b(message('stripe', epoch, golden.keys.device), 32)
  const view = new DataView(seed.buffer, seed.byteOffset)
  expect(golden.seed).toEqual({
    s0: view.getUint32(0),
    s1: view.getUint32(4),
    stripe: (stripe[0]! + 300) & 1,
    author: golden.ring.order.indexOf(golden.keys.device),
    jump: 0,
  })
})

test('[F1] the ring is sorted by the labelled hash of epoch and device', () => {
  const keys = golden.ring.order.map((device) => toHex(blake2b(message('ring', golden.epochs[0]!.id, device), 32)))
  expect(keys).toEqual([...keys].sort())
  expect(new Set(golden.ring.order).size).toBe(3)
})

test('[N2] the domain is the text of the purpose, a zero byte, and parts of fixed length', () => {
  expect(toHex(utf8('twofold/node/v1\0'))).toBe('74776f666f6c642f6e6f64652f763100')
  expect(fromHex(golden.genesis.id)).toHaveLength(32)
})
