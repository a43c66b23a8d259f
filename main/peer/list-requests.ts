// What a person asks for about the member list (rules M3, M5, N7): removing, roles, leaving, a lost device, recovery. An
// admin's wish goes to the agreement; a member's own goes on the notice board, and the admins do it by themselves.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { certifyEpoch, epochMessage } from '../protocol/epoch-record'
import { adminOf, currentMember, devicesOf, isCurrentDevice, majority, voters } from '../protocol/membership'
import type { Admission } from './admission'
import type { ListKeeper } from './list-keeper'
import type { NoticeBoard } from './notice-board'
import type { Identity, Parts, Want } from './ports'
import { wantKey, type Proposals } from './proposals'
import type { Signing } from './signing'

interface Ports {
  parts: Pick<Parts, 'now'>
  identity: Identity
  keeper: ListKeeper
  board: Pick<NoticeBoard, 'at' | 'post'>
  proposals: Proposals
  admission: Pick<Admission, 'approve'>
  signing: Pick<Signing, 'ready'>
  /** Last entry of a device that is here. */
  topOf(device: DeviceKey): number
  changed(): void
}

/** Names of the admins who have to agree; empty: it is done. */
interface Asked {
  waitingFor: string[]
}

export class ListRequests {
  constructor(private readonly ports: Ports) {}

  private get list() {
    return this.ports.keeper.list
  }

  private async ask(want: Want): Promise<Asked> {
    const { signing, proposals, changed } = this.ports
    await signing.ready()
    proposals.ask([want])
    changed()
    const key = wantKey(want)
    return { waitingFor: proposals.wants().some((w) => wantKey(w) === key) ? this.waitingFor() : [] }
  }

  private member(key: MemberKey) {
    const member = currentMember(this.list, key)
    if (!member) throw new TwofoldError('MEMBER_UNKNOWN')
    return member
  }

  /** Rule M5: cuts sessions, fixes what was accepted last, and gives the circle a new secret. */
  removeMember(key: MemberKey): Promise<Asked> {
    if (this.member(key).founder) throw new TwofoldError('MEMBER_IS_FOUNDER')
    return this.ask({ type: 'remove-member', member: key, askedAt: this.ports.parts.now() })
  }

  setRole(key: MemberKey, role: 'admin' | 'member'): Promise<Asked> {
    this.member(key)
    return this.ask({ type: 'set-role', member: key, role, askedAt: this.ports.parts.now() })
  }

  /** An admin asks for it, or a member for a device of his own: then the admins do by themselves. */
  async removeDevice(device: DeviceKey): Promise<Asked> {
    const { parts, identity, keeper, board, signing } = this.ports
    const record = this.list.devices.get(device)
    if (!record || !isCurrentDevice(this.list, device)) throw new TwofoldError('DEVICE_UNKNOWN')
    if (devicesOf(this.list, record.member).length < 2)
      throw new TwofoldError('LAST_DEVICE', { name: keeper.memberName(record.member) })
    const want: Want = { type: 'remove-device', device, askedAt: parts.now() }
    if (adminOf(this.list, identity.device)) return this.ask(want)
    if (record.member !== identity.member || device === identity.device) throw new TwofoldError('NOT_ADMIN')
    await signing.ready()
    board.post({ type: 'drop', device })
    return { waitingFor: this.adminNames() }
  }

  /** This member wants to be off the list. From here on this device writes no more; the admins take it off. */
  async leave(): Promise<Asked> {
    const { identity, keeper, board, proposals, signing, changed } = this.ports
    const me = this.member(identity.member)
    if (me.founder) throw new TwofoldError('FOUNDER_STAYS')
    await signing.ready()
    board.post({ type: 'leave' })
    proposals.tick()
    changed()
    return { waitingFor: keeper.standing === 'removed' ? [] : this.adminNames() }
  }
  get leaving(): boolean {
    return this.ports.board.at(`leave ${this.ports.identity.device}`) !== null
  }

  async approve(id: string): Promise<void> {
    await this.ports.signing.ready()
    this.ports.admission.approve(id)
  }

  /** `key`: of something asked for. */
  withdraw(key: string): void {
    this.ports.proposals.withdraw(key)
    this.ports.changed()
  }

  /** Names of those whose vote the agreement waits for. */
  waitingFor(): string[] {
    const { proposals, keeper } = this.ports
    return proposals.waitingFor().map((member) => keeper.memberName(member))
  }
  adminNames(): string[] {
    return voters(this.list).map((device) => this.ports.keeper.nameOf(device))
  }

  /** The only admin, with none of his devices left: his root key may put this one in their place (rule N7). */
  get mayRecover(): boolean {
    const { identity, keeper } = this.ports
    const { member, device } = identity
    return (
      identity.signAsMember !== null &&
      keeper.standing === 'provisional' &&
      !this.list.devices.has(device) &&
      currentMember(this.list, member)?.role === 'admin' &&
      majority(this.list) === 1
    )
  }
  recover(): void {
    if (!this.mayRecover) throw new TwofoldError('RECOVERY_NOT_POSSIBLE')
    const { identity, keeper, proposals, topOf } = this.ports
    const { member, device, signAsMember } = identity
    if (!signAsMember) throw new TwofoldError('ROOT_KEY_ELSEWHERE')
    const { list } = this
    const proposal = proposals.proposal([
      { type: 'admit-device', member, device, certificate: identity.certificate(list.circle) },
      ...devicesOf(list, member).map(({ key }) => ({ type: 'remove-device' as const, device: key, seq: topOf(key) })),
    ])
    const ballot = { round: 0, by: device }
    const signature = signAsMember(epochMessage(list.circle, proposal.id, ballot))
    const refused = keeper.accept([certifyEpoch(proposal, ballot, [{ signer: member, signature }]).bytes])
    if (refused) throw new TwofoldError(refused)
  }
}
