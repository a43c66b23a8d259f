// Invites (rule M4): a 16-byte secret from which everything that the two sides must share is derived, and a capability
// signed by an admin's device that says which circle it opens, until when and how often. The link carries both; the 12
// words carry the secret alone, and the capability is then told by whoever answers.
import type { CircleId, DeviceKey, InviteId } from '../../shared/types'
import { DecodeError, Writer, concat, decodeWhole, equalBytes, fromHex, toHex, utf8 } from './codec'
import { labelledHash, signedMessage, type Crypto, type Sign } from './crypto'
import { validName } from './kinds'
import { NAME_BYTES_MAX } from './limits'
import type { Approval } from './genesis'

const LINK_VERSION = 1
const LINK_CHECK_BYTES = 4
export const INVITE_SECRET_BYTES = 16
export const INVITE_USES_MAX = 100
/** Where the inviter could be reached when the link was made; hints for networks without multicast. */
const ADDRESSES_MAX = 4
const ADDRESS_BYTES_MAX = 64
export const LINK_PREFIX = 'twofold://join/'
/** A link for a further device of the member who shows it. */
export const DEVICE_LINK_PREFIX = 'twofold://device/'

/** What an admin signs. Any member can check it. */
export interface Capability {
  invite: InviteId
  circle: CircleId
  circleName: string
  inviterName: string
  /** The admin's device that made it. */
  inviter: DeviceKey
  /** The list under which it was made: a later removal of a member ends it (rule M5). */
  epoch: number
  /** ms since 1970 UTC. */
  expiresAt: number
  usesMax: number
  approval: Approval
  signature: Uint8Array
}
export interface InviteLink extends Capability {
  secret: Uint8Array
  addresses: { host: string; port: number }[]
}

/** Public name of an invite: tells nothing about the secret. */
export const inviteIdOf = (crypto: Crypto, secret: Uint8Array): InviteId =>
  toHex(labelledHash(crypto, 'invite-id', secret).subarray(0, 16)) as InviteId
/** 32-byte seed of the key pair with which the holder of use `slot` opens the connection: the firewall knows it. */
export const inviteSlotSeed = (crypto: Crypto, secret: Uint8Array, slot: number): Uint8Array =>
  labelledHash(crypto, 'invite-slot', secret, new Writer().uint(slot).finish())
/** Key of the LAN beacon by which holder and inviter find each other. */
export const inviteBeaconKey = (crypto: Crypto, secret: Uint8Array): Uint8Array =>
  labelledHash(crypto, 'invite-beacon', secret)
/** Topic under which the inviter can be looked up over the internet. */
export const inviteTopic = (crypto: Crypto, secret: Uint8Array): Uint8Array =>
  labelledHash(crypto, 'invite-topic', secret)
/** Key of the LAN beacon of a circle's members. */
export const circleBeaconKey = (crypto: Crypto, secret: Uint8Array): Uint8Array =>
  labelledHash(crypto, 'circle-beacon', secret)

function writeCapability(w: Writer, c: Omit<Capability, 'signature'>): Writer {
  return w
    .hex(c.invite, 16)
    .hex(c.circle, 32)
    .text(c.circleName)
    .text(c.inviterName)
    .hex(c.inviter, 32)
    .uint(c.epoch)
    .uint(c.expiresAt)
    .uint(c.usesMax)
    .flag(c.approval === 'ask')
}
const capabilityMessage = (crypto: Crypto, c: Omit<Capability, 'signature'>): Uint8Array =>
  signedMessage('invite', crypto.hash(writeCapability(new Writer(), c).finish()))

export const signCapability = (crypto: Crypto, c: Omit<Capability, 'signature'>, sign: Sign): Capability => ({
  ...c,
  signature: sign(capabilityMessage(crypto, c)),
})
/** Whether the device that it names really signed it. That this device belongs to an admin is for the list to say. */
export const capabilityHolds = (crypto: Crypto, c: Capability): boolean =>
  crypto.verify(c.signature, capabilityMessage(crypto, c), fromHex(c.inviter))

export const encodeCapability = (c: Capability): Uint8Array =>
  writeCapability(new Writer(), c).fixed(c.signature, 64).finish()

export function readCapability(r: Parameters<Parameters<typeof decodeWhole>[1]>[0]): Capability {
  const name = () => {
    const text = r.text(NAME_BYTES_MAX)
    if (validName(text) !== text) throw new DecodeError('name')
    return text
  }
  return {
    invite: r.hex(16) as InviteId,
    circle: r.hex(32) as CircleId,
    circleName: name(),
    inviterName: name(),
    inviter: r.hex(32) as DeviceKey,
    epoch: r.uint(),
    expiresAt: r.time(),
    usesMax: r.uint(INVITE_USES_MAX),
    approval: r.flag() ? 'ask' : 'auto',
    signature: r.fixed(64),
  }
}
/** Decodes and checks the signature; null otherwise. */
export function decodeCapability(crypto: Crypto, bytes: Uint8Array): Capability | null {
  const c = decodeWhole(bytes, readCapability)
  return c && capabilityHolds(crypto, c) ? c : null
}

/** `forDevice`: for a further device of the inviter's member. */
export function encodeLink(crypto: Crypto, link: InviteLink, forDevice = false): string {
  const w = new Writer().uint(LINK_VERSION).fixed(link.secret, INVITE_SECRET_BYTES)
  const addresses = link.addresses.filter((a) => utf8(a.host).length <= ADDRESS_BYTES_MAX).slice(0, ADDRESSES_MAX)
  w.bytes(encodeCapability(link)).uint(addresses.length)
  for (const { host, port } of addresses) w.text(host).uint(port)
  const content = w.finish()
  const prefix = forDevice ? DEVICE_LINK_PREFIX : LINK_PREFIX
  return prefix + toBase64Url(concat(content, linkCheck(crypto, content, forDevice)))
}

/** The capability's signature does not cover the addresses; these bytes notice any slip in copying the link. */
const linkCheck = (crypto: Crypto, content: Uint8Array, forDevice: boolean): Uint8Array =>
  labelledHash(crypto, forDevice ? 'device-link' : 'link', content).subarray(0, LINK_CHECK_BYTES)

/**
 * Reads a link as a person pasted it: surrounding space, angle brackets and line breaks from a mail program are let
 * pass. LINK_INVALID: not a link of ours. LINK_DAMAGED: ours, but cut or changed (the signature covers what it says).
 */
export function decodeLink(
  crypto: Crypto,
  text: string,
): { ok: true; link: InviteLink; forDevice: boolean } | { ok: false; code: 'LINK_INVALID' | 'LINK_DAMAGED' } {
  const cleaned = text.replace(/[\s<>"]/g, '')
  const prefix = [LINK_PREFIX, DEVICE_LINK_PREFIX].find((p) => cleaned.toLowerCase().startsWith(p))
  if (!prefix) return { ok: false, code: 'LINK_INVALID' }
  const forDevice = prefix === DEVICE_LINK_PREFIX
  const bytes = fromBase64Url(cleaned.slice(prefix.length).replace(/\/$/, ''))
  const content = bytes?.subarray(0, Math.max(0, bytes.length - LINK_CHECK_BYTES))
  const whole = bytes && content && equalBytes(linkCheck(crypto, content, forDevice), bytes.subarray(content.length))
  const link =
    whole &&
    decodeWhole(content, (r) => {
      if (r.uint() !== LINK_VERSION) throw new DecodeError('version')
      const secret = r.fixed(INVITE_SECRET_BYTES)
      const capability = decodeCapability(crypto, r.bytes(2048))
      if (!capability || capability.invite !== inviteIdOf(crypto, secret)) throw new DecodeError('capability')
      const addresses = Array.from({ length: r.uint(ADDRESSES_MAX) }, () => ({
        host: r.text(ADDRESS_BYTES_MAX),
        port: r.uint(65_535),
      }))
      return { ...capability, secret, addresses }
    })
  return link ? { ok: true, link, forDevice } : { ok: false, code: 'LINK_DAMAGED' }
}

// ---------------------------------------------------------------- base64url (RFC 4648 §5, no padding, canonical)

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function toBase64Url(bytes: Uint8Array): string {
  let out = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let k = 0; k < Math.min(4, bytes.length - i + 1); k++) out += ALPHABET[(group >> (18 - 6 * k)) & 63]!
  }
  return out
}

function fromBase64Url(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null
  const out = new Uint8Array((text.length * 3) >> 2)
  let bits = 0
  let held = 0
  let at = 0
  for (const letter of text) {
    const value = ALPHABET.indexOf(letter)
    if (value < 0) return null
    bits = ((bits << 6) | value) & 0xffff
    held += 6
    if (held >= 8) {
      held -= 8
      out[at++] = (bits >> held) & 0xff
    }
  }
  return (bits & ((1 << held) - 1)) === 0 ? out : null
}
