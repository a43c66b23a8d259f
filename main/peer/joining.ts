// Joining a circle (rule M4), on the newcomer's side: find any member who knows the invite, check who it is, ask, wait, and
// come out with the circle's records, on the list or let in to read until the admins have agreed. It runs on a network of its
// own, whose key is that of one use of the invite, because the firewall of the circle knows no other key of ours yet. A further
// device of a member has no root key: it first asks the device that showed it the code for a certificate.
import { TwofoldError, sentence, type ErrorCode } from '../../shared/errors'
import type { CircleId, DeviceKey, InvitePreview, JoinState, SearchTrouble } from '../../shared/types'
import { equalBytes, fromHex, toHex } from '../protocol/codec'
import {
  LINK_PREFIX,
  decodeCapability,
  decodeLink,
  encodeCapability,
  inviteBeaconKey,
  inviteIdOf,
  inviteSlotSeed,
  inviteTopic,
  type Capability,
  type InviteLink,
} from '../protocol/invite'
import { decodeJoin, encodeJoin, joinProofMessage, ticketMessage, type JoinMessage } from '../protocol/join-messages'
import { decodeEpoch } from '../protocol/epoch-record'
import { acceptEpoch } from '../protocol/epochs'
import { decodeGenesis, type SignedGenesis } from '../protocol/genesis'
import {
  adminOf,
  currentMember,
  deviceMessage,
  foundedList,
  isCurrentDevice,
  type MemberList,
} from '../protocol/membership'
import { PROTOCOL_VERSION } from '../protocol/messages'
import type { CertifiedDevice, Identity, Link, NetworkPort, Parts } from './ports'

/** From words alone the number of uses is not known: the first slots are tried in turn, each for this long. */
const SLOT_TRY_MS = 12_000
const WORD_SLOTS = 8
/** 'Nobody found yet' becomes a sentence with what to check. */
const LONG_SEARCH_MS = 15_000

/** What a person pasted: a link, or 12 words. `forDevice`: for a further device of the one who made it. */
export type Invitation =
  | { secret: Uint8Array; link: InviteLink | null; forDevice: false }
  | { secret: Uint8Array; link: InviteLink; forDevice: true }

/** Throws LINK_INVALID, LINK_DAMAGED, INVITE_EXPIRED, INVITE_WORDS_INVALID. */
export function readInvitation(parts: Pick<Parts, 'secrets' | 'now'>, text: string): Invitation {
  const { secrets } = parts
  const looksLikeWords = !text.includes('://') && secrets.splitWords(text).length >= 3 && /\s/.test(text.trim())
  if (looksLikeWords && !text.toLowerCase().includes(LINK_PREFIX))
    return { secret: secrets.inviteSecretFromWords(text), link: null, forDevice: false }
  const decoded = decodeLink(secrets.crypto, text)
  if (!decoded.ok) throw new TwofoldError(decoded.code)
  const { link, forDevice } = decoded
  if (parts.now() >= link.expiresAt)
    throw new TwofoldError('INVITE_EXPIRED', {
      when: new Date(link.expiresAt).toISOString().slice(0, 16).replace('T', ' at ') + ' UTC',
    })
  return { secret: link.secret, link, forDevice }
}

export const previewOf = (capability: Capability | null, forDevice: boolean): InvitePreview => ({
  circleName: capability?.circleName ?? null,
  inviterName: capability?.inviterName ?? null,
  expiresAt: capability?.expiresAt ?? null,
  approval: capability?.approval ?? null,
  forDevice,
})

export interface Joined {
  genesis: Uint8Array
  epochs: Uint8Array[]
  secret: Uint8Array
  /** Let in to read: the admins have not agreed yet. */
  provisional: boolean
}
interface Ports {
  parts: Pick<Parts, 'secrets' | 'now' | 'log' | 'network'>
  /** Null: none yet, another device of the same member has to certify this one. */
  identity: Identity | null
  lan: boolean
  internet: boolean
  port: number
  changed(): void
  /** Keeps what the other device has certified. Throws as the disk does. */
  certified(device: CertifiedDevice): Identity
  joined(result: Joined): void
  failed(code: ErrorCode): void
}

export class Joining {
  state: JoinState
  preview: InvitePreview
  private network: NetworkPort | null = null
  private timer: NodeJS.Timeout | null = null
  private slot = 0
  private over = false
  private capability: Capability | null
  private genesis: SignedGenesis | null = null
  private records: Uint8Array[] = []
  private readonly since: number
  /** The circle that the person wants to join: the link's, or from words the one that was confirmed. */
  private wanted: CircleId | null
  private found: Link | null = null
  /** The one member who is asked; others who answer wait until that link ends. */
  private asked: Link | null = null
  private lanPeers = new Set<DeviceKey>()
  private identity: Identity | null
  /** Of the device key, as long as there is no identity to keep it. */
  private readonly seed: Uint8Array

  constructor(
    private readonly invitation: Invitation,
    private readonly ports: Ports,
  ) {
    this.capability = invitation.link
    this.preview = previewOf(invitation.link, invitation.forDevice)
    this.identity = ports.identity
    this.seed = ports.parts.secrets.randomBytes(32)
    this.wanted = invitation.link?.circle ?? null
    this.since = ports.parts.now()
    this.state = this.searching(null)
  }

  private searching(detail: SearchTrouble | null): JoinState {
    return {
      step: 'searching',
      sinceMs: this.since,
      lanPeersSeen: this.lanPeers?.size ?? 0,
      internet: this.network?.status().internet ?? false,
      detail,
    }
  }

  async start(): Promise<void> {
    const { secrets } = this.ports.parts
    const uses = this.invitation.link?.usesMax ?? 1
    // A random use, so that newcomers who start together do not take the same key.
    this.slot = secrets.randomBytes(1)[0]! % uses
    await this.startNetwork()
  }

  private async startNetwork(): Promise<void> {
    const { parts, lan, internet, port } = this.ports
    const { secrets } = parts
    const { link, secret } = this.invitation
    if (!parts.network) throw new TwofoldError('INTERNAL')
    const beaconKey = inviteBeaconKey(secrets.crypto, secret)
    const network = await parts.network({
      run: this.since,
      keyPair: secrets.keyPairFromSeed(inviteSlotSeed(secrets.crypto, secret, this.slot)),
      // Any member may answer: whoever is found by the secret is asked who he is, and believed what the records say.
      mayConnect: () => true,
      beaconKeys: () => ({ announce: [], open: [beaconKey] }),
      lan,
      internet,
      preferredPort: port,
    })
    if (this.over) return void network.stop()
    this.network = network
    network.on('lanPeer', (peer) => {
      if (peer.up) this.lanPeers.add(peer.device)
      else this.lanPeers.delete(peer.device)
      // Only the device that showed the code can make this one its member's.
      if (peer.up && this.identity) network.want([...(link ? [link.inviter] : []), ...this.lanPeers])
      this.tell()
    })
    network.on('internet', () => this.tell())
    network.on('link', (l) => this.hello(l))
    network.on('frame', (l, frame) => this.frame(l, frame))
    network.on('linkClosed', (l) => {
      if (this.found === l) this.found = null
      if (this.asked !== l) return
      this.asked = null
      if (!this.over && this.state.step !== 'waiting-for-approval') this.set(this.searching(null))
    })
    await network.start()
    if (this.over) return void network.stop()
    if (link) {
      network.want([link.inviter])
      for (const { host, port: p } of link.addresses) network.addAddress(host, p)
    }
    if (internet) network.lookup(inviteTopic(secrets.crypto, secret), 'find')
    this.timer = setTimeout(() => void this.nextSlot(), SLOT_TRY_MS)
    this.tell()
  }

  /** Nobody answered: say what to check, and try another use: somebody else may be joining with this one. */
  private async nextSlot(): Promise<void> {
    if (this.over) return
    const slots = this.invitation.link?.usesMax ?? WORD_SLOTS
    if (slots > 1 && this.state.step === 'searching' && this.lanPeers.size) {
      this.slot = (this.slot + 1) % slots
      await this.network?.stop()
      try {
        if (!this.over) await this.startNetwork()
        return
      } catch (error) {
        this.ports.parts.log('error', 'joining', { error: String(error) })
      }
    }
    this.tell()
    this.timer = setTimeout(() => void this.nextSlot(), SLOT_TRY_MS)
  }

  private set(state: JoinState): void {
    this.state = state
    this.ports.changed()
  }

  private tell(): void {
    if (this.over || this.state.step !== 'searching') return
    const long = this.ports.parts.now() - this.since > LONG_SEARCH_MS
    const status = this.network?.status()
    const detail = !long
      ? null
      : status && !status.interfaces.length && !status.internet
        ? 'no-network'
        : this.lanPeers.size
          ? 'silent'
          : 'not-heard'
    this.set(this.searching(detail))
  }

  private send(link: Link, message: JoinMessage): void {
    link.send(encodeJoin(message))
  }

  private hello(link: Link): void {
    if (!this.identity && link.remote !== this.invitation.link?.inviter) return link.close('NOT_NEEDED')
    const invite = inviteIdOf(this.ports.parts.secrets.crypto, this.invitation.secret)
    this.send(link, { type: 'join-hello', version: PROTOCOL_VERSION, invite })
  }

  private frame(link: Link, bytes: Uint8Array): void {
    if (this.over) return
    const message = decodeJoin(bytes)
    switch (message?.type) {
      case 'join-info':
        return this.info(link, message)
      case 'join-pending':
        return this.set({ step: 'waiting-for-approval', by: message.by, circleName: this.capability?.circleName ?? '' })
      case 'device-code':
        return this.codeArrived(link, message.code)
      case 'device-granted':
        return this.granted(link, message)
      case 'join-accepted':
        this.records.push(...message.records)
        if (message.more) return
        this.set({ step: 'syncing-list' })
        return this.accepted(link, message.secret)
      case 'join-refused':
        // A member that has not heard of the invite says nothing about it: others may have.
        if (message.code === 'INVITE_UNKNOWN' && this.invitation.link && link.remote !== this.invitation.link.inviter)
          return link.close('NOT_NEEDED')
        return this.end(() => this.ports.failed(message.code))
      default:
        link.close('FRAME_MALFORMED')
    }
  }

  private info(link: Link, message: Extract<JoinMessage, { type: 'join-info' }>): void {
    const { secrets } = this.ports.parts
    const { crypto } = secrets
    const capability = decodeCapability(crypto, message.capability)
    const genesis = decodeGenesis(crypto, message.genesis)
    const invite = inviteIdOf(crypto, this.invitation.secret)
    const expected = this.invitation.link
    const holds =
      capability !== null &&
      genesis !== null &&
      capability.invite === invite &&
      capability.circle === genesis.id &&
      (!expected || equalBytes(encodeCapability(expected), message.capability))
    if (!holds) return link.close('GENESIS_INVALID')
    if (this.asked && this.asked !== link) return
    this.capability = capability
    this.preview = previewOf(capability, this.invitation.forDevice)
    this.genesis = genesis
    this.records = []
    if (this.wanted === genesis.id) return this.ask(link, genesis, capability)
    this.found = link
    this.set({ step: 'confirm', circleName: capability.circleName, inviterName: capability.inviterName })
  }

  /** The person wants to join the circle that was found. */
  confirm(): void {
    if (!this.found || !this.genesis || !this.capability) return
    this.wanted = this.genesis.id
    this.ask(this.found, this.genesis, this.capability)
  }

  private ask(link: Link, genesis: SignedGenesis, capability: Capability): void {
    const { identity } = this
    const { parts } = this.ports
    const { crypto } = parts.secrets
    const { invite } = capability
    this.asked = link
    if (!identity) {
      this.set({ step: 'linking', code: null, name: capability.inviterName, circleName: capability.circleName })
      this.send(link, { type: 'device-ask', device: this.device })
      return
    }
    this.set({ step: 'asking', with: capability.inviterName })
    const slot = parts.secrets.keyPairFromSeed(inviteSlotSeed(crypto, this.invitation.secret, this.slot))
    const request = {
      member: identity.member,
      name: identity.name,
      device: identity.device,
      certificate: identity.certificate(genesis.id),
    }
    this.send(link, {
      type: 'join-request',
      ...request,
      proof: identity.signAsDevice(joinProofMessage(crypto, genesis.id, invite, request)),
      slot: toHex(slot.publicKey) as DeviceKey,
      ticket: parts.secrets.sign(slot, ticketMessage(genesis.id, invite, identity.device)),
    })
  }

  /** This device's key, before there is an identity. */
  private get device(): DeviceKey {
    return toHex(this.ports.parts.secrets.keyPairFromSeed(this.seed).publicKey) as DeviceKey
  }

  private codeArrived(link: Link, code: number): void {
    if (link !== this.asked || this.state.step !== 'linking') return link.close('FRAME_MALFORMED')
    this.set({ ...this.state, code: String(code).padStart(6, '0') })
  }

  /** The person has said yes on the other device: from here on this one is its member's, and asks to join like any other. */
  private granted(link: Link, grant: Extract<JoinMessage, { type: 'device-granted' }>): void {
    const { genesis, capability, seed, device } = this
    const { crypto } = this.ports.parts.secrets
    const { member, name, certificate } = grant
    if (link !== this.asked || this.state.step !== 'linking' || !genesis || !capability)
      return link.close('FRAME_MALFORMED')
    if (!crypto.verify(certificate, deviceMessage(genesis.id, member, device), fromHex(member)))
      return link.close('CERTIFICATE_INVALID')
    this.identity = this.ports.certified({ name, member, seed, circle: genesis.id, certificate })
    this.ask(link, genesis, capability)
  }

  /** Checks every record from the founding on; nothing is taken on the word of whoever answered. */
  private accepted(link: Link, secret: Uint8Array): void {
    const { crypto } = this.ports.parts.secrets
    if (!this.genesis) return link.close('FRAME_MALFORMED')
    let list: MemberList = foundedList(this.genesis)
    for (const bytes of this.records) {
      const record = decodeEpoch(crypto, bytes)
      const next = record && acceptEpoch(crypto, list, record)
      if (!next?.ok) return link.close('EPOCH_UNCERTIFIED')
      list = next.list
    }
    if (!this.identity) return link.close('FRAME_MALFORMED')
    const { device, member } = this.identity
    const provisional = !isCurrentDevice(list, device)
    // Whoever answers is a member by these records, and so is whoever invites; a plain member invites members only.
    const inviter = this.capability?.inviter
    const holds =
      inviter !== undefined &&
      isCurrentDevice(list, link.remote) &&
      isCurrentDevice(list, inviter) &&
      (adminOf(list, inviter) !== null || currentMember(list, member) !== null) &&
      (!this.invitation.forDevice || list.devices.get(inviter)?.member === member) &&
      !(provisional && list.devices.has(device))
    if (!holds) return link.close('EPOCH_UNCERTIFIED')
    const result: Joined = { genesis: this.genesis.bytes, epochs: this.records, secret, provisional }
    this.end(() => this.ports.joined(result))
  }

  private end(then: () => void): void {
    this.over = true
    void this.stop().finally(then)
  }

  async stop(): Promise<void> {
    this.over = true
    if (this.timer) clearTimeout(this.timer)
    await this.network?.stop()
    this.network = null
  }
}

function troubleSentence(trouble: SearchTrouble, who: string): string {
  switch (trouble) {
    case 'no-network':
      return 'this machine is on no network.'
    case 'silent':
      return `${who} was heard on this network but does not answer. Was the invite withdrawn?`
    case 'not-heard':
      return `Twofold has to be running at ${who}’s; on the same network, or with internet on both sides.`
  }
}

/** Where joining stands, in one English sentence. `inviter`: null while unknown. */
export function joinSentence(state: JoinState, inviter: string | null): string {
  switch (state.step) {
    case 'searching':
      return state.detail
        ? sentence('INVITER_UNREACHABLE', {
            detail: troubleSentence(state.detail, inviter ?? 'the person who invited you'),
          })
        : 'Looking for whoever made this invite …'
    case 'confirm':
      return `These words are an invite by ${state.inviterName} to ${state.circleName}.`
    case 'asking':
      return `Found ${state.with}; asking to be let in …`
    case 'linking':
      return state.code === null
        ? `Found the other device of ${state.name}; asking …`
        : `Say yes on the other device of ${state.name}, if it shows ${state.code} too.`
    case 'waiting-for-approval':
      return `Waiting for ${state.by} to approve. This goes on by itself, also after a restart.`
    case 'syncing-list':
      return 'Approved; getting the member list …'
  }
}
