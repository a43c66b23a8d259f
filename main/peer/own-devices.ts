// A further device of this member (rule M4), on the side of the device that shows the code: whoever comes with it is told six
// digits, the person compares them, and only then the root key certifies the new device for this circle. The root key itself
// never leaves; the new device can certify nobody. Everything after that is an ordinary request to join.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, InviteId, JoinRequestView } from '../../shared/types'
import { DEVICE_CODES, type JoinMessage, type JoinRefusal } from '../protocol/join-messages'
import { currentMember, deviceMessage, isCurrentDevice, type MemberList } from '../protocol/membership'
import type { Identity, Link, Parts } from './ports'

/** Devices that may ask with one code: the person's own, and a few slips. Whoever photographed it can ask too. */
const ASKS_MAX = 4

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now'>
  identity: Identity
  list(): MemberList
  send(link: Link, message: JoinMessage): void
  refuse(link: Link, code: JoinRefusal): void
  /** The invite has served. */
  done(invite: InviteId): void
  changed(): void
}

interface Ask {
  device: DeviceKey
  invite: InviteId
  code: number
  askedAt: number
  answer: 'open' | 'yes' | 'no'
  /** Null: it was cut off, and asks again. */
  link: Link | null
}

export class OwnDevices {
  private readonly asks = new Map<DeviceKey, Ask>()

  constructor(private readonly ports: Ports) {}

  /** Throws ROOT_KEY_ELSEWHERE: this device can certify none. */
  demandRootKey(): void {
    if (!this.ports.identity.signAsMember) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
  }

  /** A device asks over a link that a code of ours has opened. */
  asked(link: Link, device: DeviceKey, invite: InviteId): void {
    const { parts, list, refuse, changed } = this.ports
    const known = this.asks.get(device)
    if (known) {
      known.link = link
      this.tell(known)
      return
    }
    const others = [...this.asks.values()].filter((ask) => ask.invite === invite).length
    // A key that was ever on the list does not come back (rule M5).
    if (others >= ASKS_MAX || list().devices.has(device)) return refuse(link, 'JOIN_REFUSED')
    const random = parts.secrets.randomBytes(8)
    const code = Number(new DataView(random.buffer, random.byteOffset).getBigUint64(0) % BigInt(DEVICE_CODES))
    const ask: Ask = { device, invite, code, askedAt: parts.now(), answer: 'open', link }
    this.asks.set(device, ask)
    this.tell(ask)
    changed()
  }

  private tell({ device, code, answer, link }: Ask): void {
    const { identity, list, send, refuse } = this.ports
    if (!link) return
    const { circle } = list()
    const me = currentMember(list(), identity.member)
    if (answer === 'no' || !me || !identity.signAsMember) return refuse(link, 'JOIN_REFUSED')
    if (answer === 'open') return send(link, { type: 'device-code', code })
    const certificate = identity.signAsMember(deviceMessage(circle, me.key, device))
    send(link, { type: 'device-granted', member: me.key, name: me.name, certificate })
  }

  linkDown(link: Link): void {
    for (const ask of this.asks.values()) if (ask.link === link) ask.link = null
  }

  /** False: it is no device of ours that asks. */
  answer(id: string, yes: boolean): boolean {
    const ask = this.asks.get(id as DeviceKey)
    if (ask?.answer !== 'open') return false
    ask.answer = yes ? 'yes' : 'no'
    this.tell(ask)
    this.ports.changed()
    return true
  }

  /** Those that wait for the person. `live`: whether an invite still lets somebody in. */
  requests(live: (invite: InviteId) => boolean): JoinRequestView[] {
    const { identity } = this.ports
    return [...this.asks.values()]
      .filter((ask) => ask.answer === 'open' && ask.link && live(ask.invite))
      .map(({ device, code, askedAt }) => ({
        id: device,
        name: identity.name,
        member: identity.member,
        device,
        askedAt,
        code: String(code).padStart(6, '0'),
      }))
  }

  /** The list has changed: what has come to its end is forgotten. */
  listChanged(): void {
    for (const { device, invite } of this.asks.values())
      if (isCurrentDevice(this.ports.list(), device)) {
        this.asks.delete(device)
        this.ports.done(invite)
      }
  }
}
