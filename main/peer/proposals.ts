// Changes of the member list that this device asks for (rules M2, M3, M5): what is wanted, the record that would bring it,
// and the agreement that decides. A want stays until the list shows it, over restarts and whatever else is decided
// meanwhile. A lone admin is the case in which his own vote is the majority.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { Agreement, type AgreementEffect, type AgreementEvent, type Value } from '../protocol/agreement'
import { fromHex } from '../protocol/codec'
import { EPOCH_CHANGES_MAX } from '../protocol/limits'
import {
  certifyEpoch,
  decodeProposal,
  epochMessage,
  secretHash,
  type Proposal,
  type SecretRotation,
} from '../protocol/epoch-record'
import { checkProposal, proposeEpoch } from '../protocol/epochs'
import {
  adminOf,
  applyChanges,
  currentMember,
  devicesAt,
  devicesOf,
  isCurrentDevice,
  majority,
  voters,
  type Change,
  type MemberList,
} from '../protocol/membership'
import type { ListKeeper } from './list-keeper'
import type { NoticeBoard } from './notice-board'
import type { FilesPort, Identity, Parts, Secrets, Want } from './ports'

/** Two who outbid each other wait for random times up to this, doubled each time, at most by RETRY_DOUBLINGS. */
const RETRY_MS = 1500
const RETRY_DOUBLINGS = 5
/** What every admin wants by itself is left to the first of them for this long, so that they do not outbid each other. */
const BY_ITSELF_MS = 2000

interface Ports {
  parts: Pick<Parts, 'now' | 'log'> & {
    secrets: Pick<Secrets, 'crypto' | 'randomBytes' | 'sealTo'>
    files: Pick<FilesPort, 'readAgreement' | 'writeAgreement'>
  }
  identity: Identity
  keeper: ListKeeper
  board: Pick<NoticeBoard, 'post' | 'all'>
  /** Last entry of a device that is accepted when it is removed (rule M5). */
  topOf(device: DeviceKey): number
  /** Wants that follow from notices: newcomers with an open invite, members who leave. */
  byThemselves(): Want[]
  changed(): void
}

export const wantKey = (want: Want): string =>
  want.type === 'set-role' || want.type === 'remove-member'
    ? `${want.type} ${want.member}`
    : `${want.type} ${want.device}`

export class Proposals {
  private machine: Agreement | null = null
  private retryAt = 0
  private tries = 0
  /** When each want that follows from a notice was first seen. */
  private readonly seenAt = new Map<string, number>()

  constructor(private readonly ports: Ports) {}

  private get list(): MemberList {
    return this.ports.keeper.list
  }
  /** This device belongs to an admin. */
  private get admin(): boolean {
    return adminOf(this.list, this.ports.identity.device) !== null
  }

  /** Begins with what the disk and the board hold; called at the start and whenever the list has changed. */
  renew(): void {
    const { identity, parts, board, keeper } = this.ports
    const { list } = this
    const { crypto } = parts.secrets
    const machine = new Agreement({
      number: list.epoch + 1,
      me: identity.device,
      voters: voters(list),
      majority: majority(list),
      state: parts.files.readAgreement(),
      sign: (id, ballot) => identity.signAsDevice(epochMessage(list.circle, id, ballot)),
      valid: (value) => {
        const proposal = decodeProposal(crypto, value.bytes)
        return proposal !== null && checkProposal(crypto, list, proposal).ok
      },
    })
    this.machine = machine
    this.tries = 0
    this.retryAt = 0
    // Who is an admin no more has nothing to ask for.
    const open = this.admin ? keeper.file.wants.filter((want) => !this.settled(want)) : []
    if (open.length !== keeper.file.wants.length) keeper.save({ wants: open })
    this.act({ type: 'recall' })
    for (const notice of board.all('agreement'))
      if (this.machine === machine && notice.signer !== identity.device)
        this.act({ type: 'heard', statement: notice.statement })
    if (this.machine === machine) this.offer()
  }

  heard(statement: Extract<AgreementEvent, { type: 'heard' }>['statement']): void {
    this.act({ type: 'heard', statement })
    this.ports.changed()
  }

  /** Time passes: bids again where somebody else has bid more. */
  tick(): void {
    const now = this.ports.parts.now()
    // Also where the list has changed while this device did not vote.
    if (this.machine?.number !== this.list.epoch + 1) {
      this.renew()
      return
    }
    this.offer()
    if (now < this.retryAt) return
    const chance = this.ports.parts.secrets.randomBytes(1)[0]! / 256
    this.retryAt = now + RETRY_MS * (0.5 + chance) * 2 ** Math.min(this.tries++, RETRY_DOUBLINGS)
    if (this.tries > 1) this.act({ type: 'retry' })
  }

  /** Something is being agreed on, or waits to be: `tick` may have something to do at any moment. */
  get busy(): boolean {
    const { machine, admin } = this
    if (!machine || (machine.open && admin)) return true
    return admin && [...this.ports.keeper.file.wants, ...this.ports.byThemselves()].some((want) => !this.settled(want))
  }

  // -------------------------------------------------------------- wants

  private settled(want: Want): boolean {
    const { list } = this
    switch (want.type) {
      case 'admit':
        return list.devices.has(want.device)
      case 'set-role':
        return (currentMember(list, want.member)?.role ?? want.role) === want.role
      case 'remove-member':
        return !currentMember(list, want.member)
      case 'remove-device':
        return !isCurrentDevice(list, want.device)
    }
  }

  private change(want: Want, list: MemberList): Change | null {
    switch (want.type) {
      case 'admit': {
        const { member, name, device } = want
        const certificate = fromHex(want.certificate)
        return currentMember(list, member)
          ? { type: 'admit-device', member, device, certificate }
          : { type: 'admit-member', member, name, device, certificate, invite: want.invite }
      }
      case 'set-role':
        return { type: 'set-role', member: want.member, role: want.role }
      case 'remove-member':
        return {
          type: 'remove-member',
          member: want.member,
          cutoffs: devicesOf(list, want.member).map(({ key }) => ({ device: key, seq: this.ports.topOf(key) })),
        }
      case 'remove-device':
        return { type: 'remove-device', device: want.device, seq: want.seq ?? this.ports.topOf(want.device) }
    }
  }

  /** What this device asks for and the list does not show yet. */
  wants(): Want[] {
    const now = this.ports.parts.now()
    const first = voters(this.list)[0] === this.ports.identity.device
    const own = this.ports.keeper.file.wants
    const keys = new Set(own.map(wantKey))
    const others = this.ports.byThemselves().filter((want) => {
      const key = wantKey(want)
      const since = this.seenAt.get(key) ?? now
      this.seenAt.set(key, since)
      return !keys.has(key) && (first || now - since >= BY_ITSELF_MS)
    })
    return [...own, ...others].filter((want) => !this.settled(want))
  }

  /** The record that brings all wants that fit together, or null. */
  private value(): Value | null {
    const { crypto } = this.ports.parts.secrets
    const { list } = this
    const changes: Change[] = []
    for (const want of this.wants()) {
      if (changes.length === EPOCH_CHANGES_MAX) break
      const change = this.change(want, list)
      if (change && applyChanges(crypto, list, [...changes, change], list.epochIds[0]!, list.timestamp + 1).ok)
        changes.push(change)
    }
    if (!changes.length) return null
    const { id, unsigned } = this.proposal(changes)
    return { id, bytes: unsigned }
  }

  /** The record that these changes make. Throws why they do not fit. */
  proposal(changes: Change[]): Proposal {
    const { secrets, now } = this.ports.parts
    const { list } = this
    const applied = applyChanges(secrets.crypto, list, changes, list.epochIds[0]!, list.timestamp + 1)
    if (!applied.ok) throw new TwofoldError(applied.code)
    const removes = changes.some((c) => c.type === 'remove-member' || c.type === 'remove-device')
    const rotation = removes ? this.rotation(applied.list) : undefined
    const proposed = proposeEpoch(secrets.crypto, list, changes, now(), rotation)
    if (!proposed.ok) throw new TwofoldError(proposed.code)
    return proposed.proposal
  }

  /** Rule M5: a new circle secret for everybody on the list that will be. */
  private rotation(after: MemberList): SecretRotation {
    const { secrets } = this.ports.parts
    const secret = secrets.randomBytes(32)
    return {
      hash: secretHash(secrets.crypto, secret),
      boxes: devicesAt(after).map((device) => ({ device, box: secrets.sealTo(fromHex(device), secret) })),
    }
  }

  private offer(): void {
    if (!this.admin || !this.machine || this.machine.decided) return
    if (this.machine.proposing) return
    const value = this.value()
    if (value) this.act({ type: 'want', value })
  }

  /**
   * Asks for changes of the list. They are done when this returns if this device alone is the majority; else they wait
   * for other admins. Throws NOT_ADMIN, or why they do not fit the list as it is.
   */
  ask(wants: Want[]): void {
    const { keeper } = this.ports
    const { crypto } = this.ports.parts.secrets
    if (!this.admin) throw new TwofoldError('NOT_ADMIN')
    const { list } = this
    const changes = wants.flatMap((want) => (this.settled(want) ? [] : (this.change(want, list) ?? [])))
    if (!changes.length) throw new TwofoldError('EPOCH_CHANGE_INVALID')
    const fits = applyChanges(crypto, list, changes, list.epochIds[0]!, list.timestamp + 1)
    if (!fits.ok) throw new TwofoldError(fits.code)
    const before = keeper.file.wants
    const keys = new Set(wants.map(wantKey))
    keeper.save({ wants: [...before.filter((want) => !keys.has(wantKey(want))), ...wants] })
    try {
      if (!this.machine) this.renew()
      this.offer()
    } catch (error) {
      // The disk refused: nothing was said, and nothing is wanted later without anybody remembering it.
      if (this.list === list) keeper.save({ wants: before })
      throw error
    }
  }

  /** Does not ask for it any more. What is proposed already may still be decided. */
  withdraw(key: string): void {
    const { keeper } = this.ports
    keeper.save({ wants: keeper.file.wants.filter((want) => wantKey(want) !== key) })
  }

  /** Admins whose vote is waited for, by member; empty when nothing is being agreed on. */
  waitingFor(): MemberKey[] {
    if (!this.machine?.open) return []
    return this.machine.missing().map((device) => this.list.devices.get(device)!.member)
  }

  // -------------------------------------------------------------- the agreement

  private act(event: AgreementEvent): void {
    const { machine } = this
    if (machine) this.carryOut(machine, machine.handle(event))
  }

  private carryOut(machine: Agreement, effects: readonly AgreementEffect[]): void {
    const { parts, board, keeper, identity } = this.ports
    const { list } = this
    try {
      for (const effect of effects) {
        switch (effect.type) {
          case 'write':
            parts.files.writeAgreement(effect.state)
            break
          case 'say':
            // Who only listens says nothing: its statements would be nobody's.
            if (adminOf(list, identity.device))
              board.post({
                type: 'agreement',
                number: machine.number,
                previous: list.epochIds[list.epoch]!,
                statement: effect.statement,
              })
            break
          case 'decided': {
            const { value, ballot, signatures } = effect.certificate
            const proposal = decodeProposal(parts.secrets.crypto, value.bytes)
            const refused = proposal && keeper.accept([certifyEpoch(proposal, ballot, signatures).bytes])
            if (refused !== null) parts.log('error', 'agreement', { code: refused ?? 'EPOCH_MALFORMED' })
            return
          }
        }
      }
    } catch (error) {
      // What was not written was not said. The machine is made anew from the disk at the next tick.
      this.machine = null
      throw error
    }
  }
}
