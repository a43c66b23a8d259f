// Letting newcomers in (rules M4, L3), on any member's side: which keys pass the firewall for the join protocol alone, who
// is let in to read while the admins agree, and what newcomers and leavers make the admins want.
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey, InviteCode, InviteId, InviteView, JoinRequestView } from '../../shared/types'
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
} from '../protocol/invite'
import { validName } from '../protocol/kinds'
import { decodeJoin, encodeJoin, type JoinMessage, type JoinRefusal, type JoinRequest } from '../protocol/join-messages'
import { admins, currentMember, isCurrentDevice, usesOf, type MemberList } from '../protocol/membership'
import { PROTOCOL_VERSION } from '../protocol/messages'
import { inviteCode, requestCode, requestHolds, type KnownInvite } from '../protocol/notices'
import type { NoticeBoard, NoticeOf } from './notice-board'
import { OwnDevices } from './own-devices'
import type { CircleFile, Identity, Link, Parts, StoredInvite, Want } from './ports'

/** Requests that may wait for approval; more are refused, so a leaked link cannot fill the disk. */
const REQUESTS_MAX = 200
/** Invites announced over the internet at once: as many topics as main/net keeps. */
const ANNOUNCED_MAX = 16
/** Bytes of epoch records in one answer, well below the largest frame. */
const RECORDS_BYTES_MAX = 600_000

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now' | 'log' | 'qr'>
  identity: Identity
  list(): MemberList
  file(): CircleFile
  save(change: Partial<CircleFile>): void
  secret(): Uint8Array
  epochBytes(): readonly Uint8Array[]
  board: NoticeBoard
  /** Asks for changes of the list. Throws NOT_ADMIN and why they do not fit. */
  ask(wants: Want[]): void
  /** Something is wanted by itself now: where this device alone is the majority, it is done at once. */
  agree(): void
  /** Where this device can be reached directly, for the link. */
  addresses(): { host: string; port: number }[]
  announce(topic: Uint8Array): () => void
  /** Somebody who wants to join was told no, by code. */
  refused(code: JoinRefusal): void
  /** The beacon has other keys from now on. */
  beaconChanged(): void
  /** Whoever holds this key of an invite has sent what no newcomer sends. */
  offence(slot: DeviceKey, code: ErrorCode): void
  changed(): void
}

export class Admission {
  private readonly links = new Map<DeviceKey, { link: Link; request: JoinRequest | null; answered: boolean }>()
  private readonly announced = new Map<InviteId, () => void>()
  private readonly ownDevices: OwnDevices

  constructor(private readonly ports: Ports) {
    this.ownDevices = new OwnDevices({
      parts: ports.parts,
      identity: ports.identity,
      list: () => ports.list(),
      send: (link, message) => this.send(link, message),
      refuse: (link, code) => this.refuse(link, code),
      done: (invite) => this.revoke(invite),
      changed: () => ports.changed(),
    })
  }

  // -------------------------------------------------------------- who passes

  /** The invite that a key is one use of. */
  private inviteOfSlot(slot: DeviceKey): KnownInvite | null {
    for (const notice of this.ports.board.all('invite'))
      if (notice.slots.includes(slot)) return this.ports.board.invite(notice.capability.invite)
    return null
  }

  /** Whoever holds it may still talk: used-up ones answer those who were admitted by them. */
  private live(invite: KnownInvite): boolean {
    const code = inviteCode(this.ports.list(), invite, this.ports.parts.now())
    return code === null || code === 'INVITE_USED_UP'
  }
  private liveInvites(): KnownInvite[] {
    return this.ports.board
      .all('invite')
      .flatMap((n) => this.ports.board.invite(n.capability.invite) ?? [])
      .filter((invite) => this.live(invite))
  }

  /** The firewall's question: the key of one use of a live invite. */
  admits(remote: DeviceKey): boolean {
    const invite = this.inviteOfSlot(remote)
    return invite !== null && this.live(invite)
  }

  /** Rule M4: let in to read, while the admins agree. */
  mayRead(device: DeviceKey): boolean {
    const notice = this.ports.board.at(`join ${device}`)
    return notice?.type === 'join' && this.byItself(notice)
  }

  /** Nobody is asked: a member's own device, or a newcomer whose invite says so. Who was removed is always asked about. */
  private byItself({ request, invite }: Pick<NoticeOf<'join'>, 'request' | 'invite'>): boolean {
    const list = this.ports.list()
    if (list.devices.has(request.device) || this.declined(request.device)) return false
    if (currentMember(list, request.member)) return true
    const known = this.ports.board.invite(invite)
    return (
      known?.notice.capability.approval === 'auto' && this.codeOf(known) === null && !list.members.has(request.member)
    )
  }
  private declined(device: DeviceKey): boolean {
    return this.ports.board.at(`decline ${device}`) !== null
  }

  /**
   * Live invites in the order in which they are made findable, for there is room for a few: our own first, then everybody's
   * newest, everybody's second newest and so on, so that nobody's many keep out another's one.
   */
  private inTurns(): KnownInvite[] {
    const turns = new Map<DeviceKey, number>()
    return this.liveInvites()
      .sort((a, b) => b.notice.capability.expiresAt - a.notice.capability.expiresAt)
      .map((invite) => {
        const { inviter } = invite.notice.capability
        const turn = turns.get(inviter) ?? 0
        turns.set(inviter, turn + 1)
        return { invite, turn: inviter === this.ports.identity.device ? -1 : turn }
      })
      .sort((a, b) => a.turn - b.turn)
      .map(({ invite }) => invite)
  }

  /** The beacon takes the first few. */
  beaconKeys(): Uint8Array[] {
    return this.inTurns().map((i) => i.notice.beaconKey)
  }

  /** Makes live invites findable over the internet too; called when the network starts and after each change. */
  announce(): void {
    const some = this.inTurns().slice(0, ANNOUNCED_MAX)
    const live = new Map(some.map(({ notice }) => [notice.capability.invite, notice.topic]))
    // First those that go, for there is room for no more.
    for (const [id, stop] of this.announced)
      if (!live.has(id)) {
        stop()
        this.announced.delete(id)
      }
    for (const [id, topic] of live) if (!this.announced.has(id)) this.announced.set(id, this.ports.announce(topic))
  }

  /** The network was stopped: its look-ups are gone with it. */
  forgetAnnouncements(): void {
    this.announced.clear()
  }

  // -------------------------------------------------------------- invites

  /**
   * A plain member's invite lets in further devices of members only. `forDevice`: of this member, certified by this device.
   * Throws ROOT_KEY_ELSEWHERE, and as the disk does.
   */
  create(hours: number, usesMax: number, forDevice = false): InviteCode {
    if (forDevice) this.ownDevices.demandRootKey()
    const { parts, identity, board } = this.ports
    const { crypto, randomBytes, keyPairFromSeed } = parts.secrets
    const list = this.ports.list()
    const me = currentMember(list, identity.member)
    if (!me) throw new TwofoldError('REMOVED_FROM_CIRCLE')
    const secret = randomBytes(INVITE_SECRET_BYTES)
    const now = parts.now()
    const capability = signCapability(
      crypto,
      {
        invite: inviteIdOf(crypto, secret),
        circle: list.circle,
        circleName: list.genesis.name,
        inviterName: me.name,
        inviter: identity.device,
        epoch: list.epoch,
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
      ...(forDevice && { forDevice }),
    }
    this.ports.save({ invites: [...this.ports.file().invites, stored] })
    board.post({
      type: 'invite',
      capability,
      beaconKey: inviteBeaconKey(crypto, secret),
      topic: inviteTopic(crypto, secret),
      slots: Array.from(
        { length: usesMax },
        (_unused, i) => toHex(keyPairFromSeed(inviteSlotSeed(crypto, secret, i)).publicKey) as DeviceKey,
      ),
    })
    this.refresh()
    return this.show(capability.invite)
  }

  private own(): { stored: StoredInvite; capability: NonNullable<ReturnType<typeof decodeCapability>> }[] {
    return this.ports.file().invites.flatMap((stored) => {
      const capability = decodeCapability(this.ports.parts.secrets.crypto, fromHex(stored.capability))
      return capability ? [{ stored, capability }] : []
    })
  }

  show(id: InviteId): InviteCode {
    const { secrets, qr } = this.ports.parts
    const found = this.own().find(({ capability }) => capability.invite === id)
    if (!found) throw new TwofoldError('INVITE_UNKNOWN')
    const { stored, capability } = found
    const secret = fromHex(stored.secret)
    const addresses = this.ports.addresses()
    const link = encodeLink(secrets.crypto, { ...capability, secret, addresses }, stored.forDevice)
    const { expiresAt, usesMax } = capability
    return { id, link, words: secrets.wordsOf(secret).join(' '), qr: qr(link), expiresAt, usesMax }
  }

  /** An admin withdraws any invite, everybody else his own. */
  revoke(id: InviteId): void {
    const invite = this.ports.board.invite(id)
    const own = this.own().find(({ capability }) => capability.invite === id)
    const expiresAt = invite?.notice.capability.expiresAt ?? own?.capability.expiresAt
    if (expiresAt === undefined) throw new TwofoldError('INVITE_UNKNOWN')
    if (expiresAt > this.ports.parts.now()) this.ports.board.post({ type: 'revocation', invite: id, expiresAt })
    this.refresh()
  }

  /** Invites known here, those of other members too. */
  views(): InviteView[] {
    const list = this.ports.list()
    const now = this.ports.parts.now()
    const own = new Map(this.own().map((o) => [o.capability.invite, o]))
    const others = this.ports.board.all('invite').filter((n) => !own.has(n.capability.invite))
    const all = [...[...own.values()].map((o) => o.capability), ...others.map((n) => n.capability)]
    return all
      .map((capability): InviteView => {
        const { invite: id, expiresAt, usesMax, inviterName } = capability
        const known = this.ports.board.invite(id)
        const code = known ? inviteCode(list, known, now) : now >= expiresAt ? 'INVITE_EXPIRED' : 'INVITE_REVOKED'
        const mine = own.get(id)
        return {
          id,
          createdAt: mine?.stored.createdAt ?? null,
          by: inviterName,
          mine: mine !== undefined,
          forDevice: mine?.stored.forDevice === true,
          expiresAt,
          usesMax,
          used: usesOf(list, id),
          state:
            code === 'INVITE_REVOKED'
              ? 'revoked'
              : code === 'INVITE_EXPIRED'
                ? 'expired'
                : code === 'INVITE_USED_UP'
                  ? 'used-up'
                  : 'open',
        }
      })
      .sort((a, b) => (b.createdAt ?? 0) - (a.createdAt ?? 0) || b.expiresAt - a.expiresAt)
  }

  // -------------------------------------------------------------- what is wanted

  private wantOf({ request, invite, askedAt }: NoticeOf<'join'>): Want {
    const { member, name, device, certificate } = request
    return { type: 'admit', member, name, device, certificate: toHex(certificate), invite, askedAt }
  }

  /** What every admin wants without being asked: newcomers with an open invite, and whoever wants to go. */
  wants(): Want[] {
    const { board } = this.ports
    const list = this.ports.list()
    const now = this.ports.parts.now()
    return [
      ...board.all('join').flatMap((notice) => (this.byItself(notice) ? this.wantOf(notice) : [])),
      ...board.all('leave').map((n): Want => {
        return { type: 'remove-member', member: list.devices.get(n.signer)!.member, askedAt: now }
      }),
      ...board.all('drop').map((n): Want => ({ type: 'remove-device', device: n.device, askedAt: now })),
    ]
  }

  /** Requests that an admin has to decide about, and devices of our own that the person has to compare. */
  requests(): JoinRequestView[] {
    const list = this.ports.list()
    const wanted = new Set(this.ports.file().wants.flatMap((w) => (w.type === 'admit' ? w.device : [])))
    const newcomers = this.ports.board
      .all('join')
      .filter(
        (n) =>
          !list.devices.has(n.request.device) &&
          !this.byItself(n) &&
          !this.declined(n.request.device) &&
          !wanted.has(n.request.device),
      )
      .map(({ request: { device, name, member }, askedAt }) => ({
        id: device,
        name,
        member,
        device,
        askedAt,
        code: null,
      }))
    const own = this.ownDevices.requests((id) => {
      const invite = this.ports.board.invite(id)
      return invite !== null && this.live(invite)
    })
    return [...own, ...newcomers]
  }

  private request(id: string): NoticeOf<'join'> {
    const notice = this.ports.board.at(`join ${id}`)
    if (notice?.type !== 'join' || this.declined(notice.request.device)) throw new TwofoldError('REQUEST_UNKNOWN')
    return notice
  }

  approve(id: string): void {
    if (this.ownDevices.answer(id, true)) return
    const notice = this.request(id)
    const code = inviteCode(this.ports.list(), this.ports.board.invite(notice.invite), this.ports.parts.now())
    if (code && code !== 'INVITE_EXPIRED') throw new TwofoldError(code)
    this.ports.ask([this.wantOf(notice)])
    this.refresh()
  }

  refuseRequest(id: string): void {
    if (this.ownDevices.answer(id, false)) return
    const { request } = this.request(id)
    this.ports.board.post({ type: 'decline', device: request.device, at: this.ports.parts.now() })
    this.refresh()
  }

  // -------------------------------------------------------------- the join protocol

  linkUp(link: Link): void {
    this.links.set(link.remote, { link, request: null, answered: false })
  }
  linkDown(link: Link): void {
    if (this.links.get(link.remote)?.link === link) this.links.delete(link.remote)
    this.ownDevices.linkDown(link)
  }

  private send(link: Link, message: JoinMessage): void {
    link.send(encodeJoin(message))
  }
  private refuse(link: Link, code: JoinRefusal): void {
    this.ports.refused(code)
    this.send(link, { type: 'join-refused', code })
  }

  /** Board or list have changed: whoever waits on a link is told what has become of the request. */
  refresh(): void {
    this.ownDevices.listChanged()
    this.announce()
    this.ports.beaconChanged()
    for (const entry of this.links.values()) {
      const { link, request, answered } = entry
      const invite = this.inviteOfSlot(link.remote)
      if (request && isCurrentDevice(this.ports.list(), request.device)) {
        if (!answered) this.accept(entry)
      } else if (request && this.declined(request.device)) this.refuse(link, 'JOIN_REFUSED')
      else if (!invite || !this.live(invite)) this.refuse(link, this.codeOf(invite) ?? 'INVITE_UNKNOWN')
    }
    this.ports.changed()
  }

  private codeOf(invite: KnownInvite | null) {
    return inviteCode(this.ports.list(), invite, this.ports.parts.now())
  }

  frame(link: Link, bytes: Uint8Array): void {
    const entry = this.links.get(link.remote)
    const invite = this.inviteOfSlot(link.remote)
    if (!entry || !invite) return
    const message = decodeJoin(bytes)
    switch (message?.type) {
      case 'join-hello': {
        if (message.version !== PROTOCOL_VERSION) return this.refuse(link, 'PROTOCOL_VERSION')
        if (invite.notice.capability.invite !== message.invite) return this.refuse(link, 'INVITE_UNKNOWN')
        if (!this.live(invite)) return this.refuse(link, this.codeOf(invite)!)
        const capability = encodeCapability(invite.notice.capability)
        return this.send(link, { type: 'join-info', capability, genesis: this.ports.list().genesis.bytes })
      }
      case 'join-request': {
        const { type: _type, ...request } = message
        entry.request = request
        return this.asked(entry, request, invite)
      }
      case 'device-ask': {
        const { invite: id } = invite.notice.capability
        const own = this.own().find(({ capability }) => capability.invite === id)
        if (!own?.stored.forDevice) return this.refuse(link, 'INVITE_UNKNOWN')
        if (!this.live(invite)) return this.refuse(link, this.codeOf(invite)!)
        return this.ownDevices.asked(link, message.device, id)
      }
      default:
        this.ports.offence(link.remote, 'FRAME_MALFORMED')
        link.close('FRAME_MALFORMED')
    }
  }

  private asked(entry: { link: Link; answered: boolean }, request: JoinRequest, invite: KnownInvite): void {
    const { link } = entry
    const { board, parts } = this.ports
    const { capability, slots } = invite.notice
    const { device, member, slot } = request
    let list = this.ports.list()
    if (!slots.includes(slot) || !requestHolds(parts.secrets.crypto, list, capability.invite, request)) {
      this.ports.offence(link.remote, 'JOIN_PROOF_INVALID')
      return this.refuse(link, 'JOIN_PROOF_INVALID')
    }
    // Asked before, and the answer was lost on the way.
    if (isCurrentDevice(list, device)) return this.accept(entry)
    if (requestCode(list, capability.inviter, request) || this.declined(device))
      return this.refuse(link, 'JOIN_REFUSED')
    const known = currentMember(list, member) !== null
    const code = this.codeOf(invite)
    if (code && !(known && code === 'INVITE_USED_UP')) return this.refuse(link, code)
    const waiting = board.all('join').filter((n) => !this.declined(n.request.device))
    if (!board.at(`join ${device}`)) {
      // Those who were let in to read, and wait for the admins to agree, have used it too.
      const pending = waiting.filter(
        (n) => n.invite === capability.invite && !list.members.has(n.request.member) && this.byItself(n),
      ).length
      if (!known && usesOf(list, capability.invite) + pending >= capability.usesMax)
        return this.refuse(link, 'INVITE_USED_UP')
      if (waiting.length >= REQUESTS_MAX) return this.refuse(link, 'JOIN_REFUSED')
      board.post({ type: 'join', invite: capability.invite, askedAt: parts.now(), request })
      this.ports.agree()
      list = this.ports.list()
    }
    this.ports.changed()
    if (entry.answered) return
    if (isCurrentDevice(list, device) || this.mayRead(device)) return this.accept(entry)
    const names = admins(list).map((admin) => admin.name)
    // One of several decides; where their names together are no name any more, the first stands for all.
    this.send(link, { type: 'join-pending', by: validName(names.join(' or ')) ?? names[0]! })
  }

  private accept(entry: { link: Link; answered: boolean }): void {
    const { link } = entry
    entry.answered = true
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
