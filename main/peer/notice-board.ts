// The notice board of a circle on this device: keeps the notices that hold (rules M3, M4, M5, N6), hands new ones to all
// links, and compares with a peer when a link opens or the list changes, so that a notice reaches everybody even where
// its author and its reader are never online together.
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey, InviteId } from '../../shared/types'
import { NOTICES_MAX, NOTICES_PER_SIGNER_MAX } from '../protocol/limits'
import type { MemberList } from '../protocol/membership'
import type { AsideMessage } from '../protocol/engine'
import {
  decodeNotice,
  judgeNotice,
  makeNotice,
  noticeIdOf,
  outranks,
  slotOf,
  type KnownInvite,
  type Notice,
  type NoticeBody,
} from '../protocol/notices'
import type { FilesPort, Identity, Parts, Secrets } from './ports'

/** Notices in one message, in bytes: below the largest frame with a large one among them. */
const MESSAGE_BYTES = 100_000

export type NoticeOf<T extends NoticeBody['type']> = Extract<Notice, { type: T }>
interface Ports {
  parts: Pick<Parts, 'now'> & {
    secrets: Pick<Secrets, 'crypto'>
    files: Pick<FilesPort, 'readNotices' | 'writeNotices'>
  }
  identity: Identity
  list(): MemberList
  links(): DeviceKey[]
  send(to: DeviceKey, message: AsideMessage): void
  /** A notice of somebody else's is on the board and on the disk. */
  arrived(notice: Notice): void
  refused(code: ErrorCode, from: DeviceKey): void
}

export class NoticeBoard {
  private readonly places = new Map<string, Notice>()

  constructor(private readonly ports: Ports) {
    const { parts } = ports
    const kept = parts.files
      .readNotices()
      .flatMap((bytes) => decodeNotice(parts.secrets.crypto, ports.list().circle, bytes) ?? [])
    // Invites first: requests are judged by them.
    for (const first of [true, false])
      for (const notice of kept)
        if ((notice.type === 'invite' || notice.type === 'revocation') === first && this.judge(notice) === null)
          this.places.set(slotOf(notice), notice)
  }

  private judge(notice: Notice) {
    const { parts, list } = this.ports
    return judgeNotice(parts.secrets.crypto, list(), (id) => this.invite(id), notice, parts.now())
  }

  all<T extends Notice['type']>(type: T): NoticeOf<T>[] {
    return [...this.places.values()].filter((n): n is NoticeOf<T> => n.type === type)
  }
  at(slot: string): Notice | null {
    return this.places.get(slot) ?? null
  }
  invite(id: InviteId): KnownInvite | null {
    const notice = this.places.get(`invite ${id}`)
    return notice?.type === 'invite' ? { notice, revoked: this.places.has(`revocation ${id}`) } : null
  }

  private save(): void {
    this.ports.parts.files.writeNotices([...this.places.values()].map((n) => n.bytes))
  }

  /** Signs a notice, keeps it and tells all links. Throws as the disk does. */
  post(body: NoticeBody): void {
    const { parts, identity, list } = this.ports
    const notice = makeNotice(parts.secrets.crypto, list().circle, body, identity.device, identity.signAsDevice)
    const slot = slotOf(notice)
    const there = this.places.get(slot)
    if (there && !outranks(notice, there)) return
    this.places.set(slot, notice)
    try {
      this.save()
    } catch (error) {
      if (there) this.places.set(slot, there)
      else this.places.delete(slot)
      throw error
    }
    this.flood([notice], null)
  }

  private flood(notices: readonly Notice[], except: DeviceKey | null): void {
    for (const to of this.ports.links()) if (to !== except) this.sendTo(to, notices)
  }

  private sendTo(to: DeviceKey, notices: readonly Notice[]): void {
    let batch: Uint8Array[] = []
    let size = 0
    for (const { bytes } of notices) {
      if (size > 0 && size + bytes.length > MESSAGE_BYTES) {
        this.ports.send(to, { type: 'notices', notices: batch })
        batch = []
        size = 0
      }
      batch.push(bytes)
      size += bytes.length
    }
    if (batch.length) this.ports.send(to, { type: 'notices', notices: batch })
  }

  /** A link has opened: ask for what it has and we lack. */
  compare(to: DeviceKey): void {
    this.ports.send(to, { type: 'notices-have', ids: [...this.places.values()].map((n) => n.id) })
  }

  /** The list has changed: what it has settled goes, and what only now fits is asked for. */
  listChanged(): void {
    let gone = false
    for (const [slot, notice] of this.places) if (this.judge(notice) !== null) gone = this.places.delete(slot) || gone
    if (gone) this.save()
    for (const to of this.ports.links()) this.compare(to)
  }

  /** One signer alone never fills the board (rule H4). */
  private hasRoom(signer: DeviceKey): boolean {
    if (this.places.size >= NOTICES_MAX) return false
    let own = 0
    for (const notice of this.places.values()) if (notice.signer === signer) own++
    return own < NOTICES_PER_SIGNER_MAX
  }

  heard(from: DeviceKey, message: Extract<AsideMessage, { type: 'notices-have' | 'notices' }>): void {
    if (message.type === 'notices-have') {
      const theirs = new Set(message.ids)
      this.sendTo(
        from,
        [...this.places.values()].filter((n) => !theirs.has(n.id)),
      )
      return
    }
    const news: Notice[] = []
    const known = new Set([...this.places.values()].map(({ id }) => id))
    for (const bytes of message.notices) {
      // Known: not verified again.
      if (known.has(noticeIdOf(this.ports.parts.secrets.crypto, bytes))) continue
      const notice = decodeNotice(this.ports.parts.secrets.crypto, this.ports.list().circle, bytes)
      if (!notice) {
        this.ports.refused('NOTICE_MALFORMED', from)
        continue
      }
      const slot = slotOf(notice)
      const there = this.places.get(slot)
      if (there && (there.id === notice.id || !outranks(notice, there))) continue
      const code = this.judge(notice)
      if (code) {
        // Of an earlier or a later list: nobody's fault, and it comes again when the lists are equal.
        if (code !== 'EPOCH_NOT_NEXT') this.ports.refused(code, from)
        continue
      }
      if (!there && !this.hasRoom(notice.signer)) continue
      this.places.set(slot, notice)
      news.push(notice)
    }
    if (!news.length) return
    this.save()
    this.flood(news, from)
    for (const notice of news) if (this.places.get(slotOf(notice)) === notice) this.ports.arrived(notice)
  }
}
