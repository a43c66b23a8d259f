// Letting newcomers in (rule M4, L3), on the side of the admin who made the invite: which keys pass the firewall for the
// join protocol alone, what is told to whom, and when a request becomes a change of the list.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, InviteCode, InviteId, InviteView, JoinRequestView, MemberKey } from '../../shared/types'
import { fromHex, toHex } from '../protocol/codec'
import {
  INVITE_SECRET_BYTES,
  decodeCapability,
  encodeCapability,
  encodeLink,
  inviteBeaconKey,
  inviteIdOf,
  inviteSlotSeed,
  inviteTopic,
  signCapability,
  type Capability,
} from '../protocol/invite'
import {
  decodeJoin,
  encodeJoin,
  joinProofMessage,
  type JoinMessage,
  type JoinRefusal,
  type JoinRequest,
} from '../protocol/join-messages'
import { currentMember, deviceMessage, isCurrentDevice, type Change, type MemberList } from '../protocol/membership'
import { PROTOCOL_VERSION } from '../protocol/messages'
import type { CircleFile, Identity, Link, Parts, StoredInvite } from './ports'

/** Requests that may wait for approval; more are refused, so a leaked link cannot fill the disk. */
const REQUESTS_MAX = 200
/** Bytes of epoch records in one answer, well below the largest frame. */
const RECORDS_BYTES_MAX = 600_000

interface OpenInvite {
  stored: StoredInvite
  capability: Capability
  slots: DeviceKey[]
  beaconKey: Uint8Array
  topic: Uint8Array
}

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now' | 'log' | 'qr'>
  identity: Identity
  list(): MemberList
  file(): CircleFile
  save(change: Partial<CircleFile>): void
  secret(): Uint8Array
  epochBytes(): readonly Uint8Array[]
  /** Certifies and applies changes of the list. Throws NOT_ADMIN, ADMINS_NEEDED and the like. */
  commit(changes: Change[]): void
  /** Where this device can be reached directly, for the link. */
  addresses(): { host: string; port: number }[]
  announce(topic: Uint8Array): () => void
  /** The beacon has other keys from now on. */
  beaconChanged(): void
  changed(): void
}

export class Admission {
  private readonly invites = new Map<InviteId, OpenInvite>()
  private readonly slotOf = new Map<DeviceKey, InviteId>()
  private readonly links = new Map<DeviceKey, { link: Link; request: (JoinRequest & { invite: InviteId }) | null }>()
  private readonly announced = new Map<InviteId, () => void>()

  constructor(private readonly ports: Ports) {
    for (const stored of ports.file().invites) this.add(stored)
  }

  private add(stored: StoredInvite): OpenInvite | null {
    const { crypto, keyPairFromSeed } = this.ports.parts.secrets
    const capability = decodeCapability(crypto, fromHex(stored.capability))
    if (!capability) return null
    const secret = fromHex(stored.secret)
    const slots = Array.from(
      { length: capability.usesMax },
      (_unused, i) => toHex(keyPairFromSeed(inviteSlotSeed(crypto, secret, i)).publicKey) as DeviceKey,
    )
    const invite = {
      stored,
      capability,
      slots,
      beaconKey: inviteBeaconKey(crypto, secret),
      topic: inviteTopic(crypto, secret),
    }
    this.invites.set(capability.invite, invite)
    for (const slot of slots) this.slotOf.set(slot, capability.invite)
    return invite
  }

  /** Whoever holds it may still talk: not expired, not withdrawn. Used-up ones answer those who were admitted by them. */
  private live(invite: OpenInvite): boolean {
    return !invite.stored.revoked && this.ports.parts.now() < invite.capability.expiresAt
  }

  /** The firewall's question: the key of one use of a live invite. */
  admits(remote: DeviceKey): boolean {
    const id = this.slotOf.get(remote)
    const invite = id === undefined ? undefined : this.invites.get(id)
    return invite !== undefined && this.live(invite)
  }

  /** Newest first: the beacon has room for a few. */
  beaconKeys(): Uint8Array[] {
    return [...this.invites.values()]
      .filter((i) => this.live(i))
      .sort((a, b) => b.stored.createdAt - a.stored.createdAt)
      .map((i) => i.beaconKey)
  }

  /** Makes live invites findable over the internet too; called when the network starts and after each change. */
  announce(): void {
    for (const [id, invite] of this.invites) {
      const stop = this.announced.get(id)
      if (this.live(invite) && !stop) this.announced.set(id, this.ports.announce(invite.topic))
      else if (!this.live(invite) && stop) {
        stop()
        this.announced.delete(id)
      }
    }
  }

  /** The network was stopped: its look-ups are gone with it. */
  forgetAnnouncements(): void {
    this.announced.clear()
  }

  // -------------------------------------------------------------- invites

  create(hours: number, usesMax: number): InviteCode {
    const { parts, identity } = this.ports
    const list = this.ports.list()
    const me = currentMember(list, identity.member)
    if (me?.role !== 'admin') throw new TwofoldError('NOT_ADMIN')
    const secret = parts.secrets.randomBytes(INVITE_SECRET_BYTES)
    const now = parts.now()
    const capability = signCapability(
      parts.secrets.crypto,
      {
        invite: inviteIdOf(parts.secrets.crypto, secret),
        circle: list.circle,
        circleName: list.genesis.name,
        inviterName: me.name,
        inviter: identity.device,
        expiresAt: Math.round(now + hours * 3_600_000),
        usesMax,
        approval: list.genesis.approval,
      },
      identity.signAsDevice,
    )
    const stored: StoredInvite = {
      secret: toHex(secret),
      capability: toHex(encodeCapability(capability)),
      createdAt: now,
      usedBy: [],
      revoked: false,
    }
    this.ports.save({ invites: [...this.ports.file().invites, stored] })
    this.add(stored)
    this.announce()
    this.ports.beaconChanged()
    this.ports.changed()
    return this.show(capability.invite)
  }

  private get(id: InviteId): OpenInvite {
    const invite = this.invites.get(id)
    if (!invite) throw new TwofoldError('INVITE_UNKNOWN')
    return invite
  }

  show(id: InviteId): InviteCode {
    const { stored, capability } = this.get(id)
    const secret = fromHex(stored.secret)
    const link = encodeLink(this.ports.parts.secrets.crypto, {
      ...capability,
      secret,
      addresses: this.ports.addresses(),
    })
    return {
      id,
      link,
      words: this.ports.parts.secrets.wordsOf(secret).join(' '),
      qr: this.ports.parts.qr(link),
      expiresAt: capability.expiresAt,
      usesMax: capability.usesMax,
    }
  }

  private update(id: InviteId, change: Partial<StoredInvite>): void {
    const invite = this.get(id)
    const stored = { ...invite.stored, ...change }
    this.ports.save({ invites: this.ports.file().invites.map((i) => (i.secret === stored.secret ? stored : i)) })
    invite.stored = stored
  }

  revoke(id: InviteId): void {
    this.update(id, { revoked: true })
    for (const { link } of this.links.values())
      if (this.slotOf.get(link.remote) === id) this.refuse(link, 'INVITE_REVOKED')
    this.announce()
    this.ports.beaconChanged()
    this.ports.changed()
  }

  /** After a removal: no invite of before lets anybody in. */
  revokeAll(): void {
    for (const [id, invite] of this.invites) if (this.live(invite)) this.revoke(id)
  }

  views(): InviteView[] {
    const now = this.ports.parts.now()
    return [...this.invites.values()]
      .map(({ stored, capability }): InviteView => {
        const used = stored.usedBy.length
        const state = stored.revoked
          ? 'revoked'
          : used >= capability.usesMax
            ? 'used-up'
            : now >= capability.expiresAt
              ? 'expired'
              : 'open'
        return {
          id: capability.invite,
          createdAt: stored.createdAt,
          expiresAt: capability.expiresAt,
          usesMax: capability.usesMax,
          used,
          state,
        }
      })
      .sort((a, b) => b.createdAt - a.createdAt)
  }

  // -------------------------------------------------------------- requests

  requests(): JoinRequestView[] {
    return this.ports.file().requests.map((r) => ({
      id: r.device,
      name: r.name,
      member: r.member as MemberKey,
      device: r.device as DeviceKey,
      askedAt: r.askedAt,
    }))
  }

  private take(id: string) {
    const { requests } = this.ports.file()
    const request = requests.find((r) => r.device === id)
    if (!request) throw new TwofoldError('REQUEST_UNKNOWN')
    return { request, others: requests.filter((r) => r !== request) }
  }

  approve(id: string): void {
    const { request } = this.take(id)
    const capability = this.get(request.invite as InviteId)
    if (capability.stored.usedBy.length >= capability.capability.usesMax) throw new TwofoldError('INVITE_USED_UP')
    this.admit({
      invite: request.invite as InviteId,
      member: request.member as MemberKey,
      name: request.name,
      device: request.device as DeviceKey,
      certificate: fromHex(request.certificate),
    })
    this.ports.changed()
  }

  refuseRequest(id: string): void {
    const { request, others } = this.take(id)
    this.ports.save({ requests: others, refusedRequests: [...this.ports.file().refusedRequests, request.device] })
    for (const { link, request: asked } of this.links.values())
      if (asked?.device === request.device) this.refuse(link, 'JOIN_REFUSED')
    this.ports.changed()
  }

  private admit(request: Omit<JoinRequest, 'proof'> & { invite: InviteId }): void {
    const { member, name, device, certificate, invite } = request
    const known = currentMember(this.ports.list(), member) !== null
    this.ports.commit([
      known
        ? { type: 'admit-device', member, device, certificate }
        : { type: 'admit-member', member, name, device, certificate },
    ])
    this.update(invite, { usedBy: [...this.get(invite).stored.usedBy, device] })
    this.ports.save({ requests: this.ports.file().requests.filter((r) => r.device !== device) })
    for (const { link, request: asked } of this.links.values()) if (asked?.device === device) this.accept(link)
  }

  // -------------------------------------------------------------- the join protocol

  linkUp(link: Link): void {
    this.links.set(link.remote, { link, request: null })
  }
  linkDown(link: Link): void {
    if (this.links.get(link.remote)?.link === link) this.links.delete(link.remote)
  }

  private send(link: Link, message: JoinMessage): void {
    link.send(encodeJoin(message))
  }
  private refuse(link: Link, code: JoinRefusal): void {
    this.send(link, { type: 'join-refused', code })
  }

  frame(link: Link, bytes: Uint8Array): void {
    const entry = this.links.get(link.remote)
    const id = this.slotOf.get(link.remote)
    const invite = id === undefined ? undefined : this.invites.get(id)
    if (!entry || !invite || id === undefined) return
    const message = decodeJoin(bytes)
    if (!message) {
      link.close('FRAME_MALFORMED')
      return
    }
    switch (message.type) {
      case 'join-hello':
        if (message.version !== PROTOCOL_VERSION) this.refuse(link, 'PROTOCOL_VERSION')
        else if (message.invite !== id) this.refuse(link, 'INVITE_UNKNOWN')
        else if (!this.live(invite)) this.refuse(link, invite.stored.revoked ? 'INVITE_REVOKED' : 'INVITE_EXPIRED')
        else
          this.send(link, {
            type: 'join-info',
            capability: encodeCapability(invite.capability),
            genesis: this.ports.list().genesis.bytes,
          })
        return
      case 'join-request':
        entry.request = { ...message, invite: id }
        this.asked(link, message, invite)
        return
      default:
        link.close('FRAME_MALFORMED')
    }
  }

  private asked(link: Link, request: JoinRequest, invite: OpenInvite): void {
    const { crypto } = this.ports.parts.secrets
    const list = this.ports.list()
    const { member, device, certificate, proof } = request
    const id = invite.capability.invite
    const signed =
      crypto.verify(certificate, deviceMessage(list.circle, member, device), fromHex(member)) &&
      crypto.verify(proof, joinProofMessage(crypto, list.circle, id, request), fromHex(device))
    if (!signed) return this.refuse(link, 'JOIN_PROOF_INVALID')
    // Asked before, and the answer was lost on the way.
    if (isCurrentDevice(list, device)) return this.accept(link)
    if (list.devices.has(device)) return this.refuse(link, 'JOIN_REFUSED')
    if (!this.live(invite)) return this.refuse(link, invite.stored.revoked ? 'INVITE_REVOKED' : 'INVITE_EXPIRED')
    if (invite.stored.usedBy.length >= invite.capability.usesMax) return this.refuse(link, 'INVITE_USED_UP')
    const file = this.ports.file()
    if (file.refusedRequests.includes(device)) return this.refuse(link, 'JOIN_REFUSED')
    // A member who brings a device certified by his own root key needs nobody's approval; who was removed always does.
    const removed = list.members.get(member)?.removedIn !== undefined
    if (currentMember(list, member) || (invite.capability.approval === 'auto' && !removed)) {
      this.admit({ ...request, invite: id })
      this.ports.changed()
      return
    }
    if (!file.requests.some((r) => r.device === device)) {
      if (file.requests.length >= REQUESTS_MAX) return this.refuse(link, 'JOIN_REFUSED')
      const stored = {
        invite: id,
        member,
        name: request.name,
        device,
        certificate: toHex(certificate),
        proof: toHex(proof),
        askedAt: this.ports.parts.now(),
      }
      this.ports.save({ requests: [...file.requests, stored] })
      this.ports.changed()
    }
    this.send(link, { type: 'join-pending', by: invite.capability.inviterName })
  }

  private accept(link: Link): void {
    const secret = this.ports.secret()
    const records = this.ports.epochBytes()
    let batch: Uint8Array[] = []
    let size = 0
    for (const record of records) {
      if (size > 0 && size + record.length > RECORDS_BYTES_MAX) {
        this.send(link, { type: 'join-accepted', secret, records: batch, more: true })
        batch = []
        size = 0
      }
      batch.push(record)
      size += record.length
    }
    this.send(link, { type: 'join-accepted', secret, records: batch, more: false })
  }
}
