// Members of one circle on one table: each with the product's own list, board, proposals and admission over memory, and
// links between them that carry records and notices in order. Links open and close, devices stop and come back from what
// is on their disk; nothing else of a peer is here.
import { secrets } from '../../main/identity/secrets'
import { Admission } from '../../main/peer/admission'
import { ListKeeper } from '../../main/peer/list-keeper'
import { NoticeBoard } from '../../main/peer/notice-board'
import type { Identity } from '../../main/peer/ports'
import { Proposals } from '../../main/peer/proposals'
import { toHex } from '../../main/protocol/codec'
import type { AsideMessage } from '../../main/protocol/engine'
import type { EpochRecord } from '../../main/protocol/epoch-record'
import type { MemberList } from '../../main/protocol/membership'
import type { Notice } from '../../main/protocol/notices'
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import type { Device, Person } from '../support/people'
import { circleFile, clockAt, identityOf, memoryFiles, type Clock, type MemoryFiles } from './parts'

type Packet = { to: Seat; from: Seat } & ({ message: AsideMessage } | { records: readonly Uint8Array[] })

export class Table {
  readonly clock: Clock = clockAt()
  readonly seats: Seat[] = []
  /** Where invites say that the inviter is, and the topics that are announced. */
  addresses: { host: string; port: number }[] = []
  readonly announced = new Set<string>()
  private readonly links = new Set<string>()
  private readonly packets: Packet[] = []

  constructor(
    readonly list: MemberList,
    readonly records: readonly EpochRecord[],
  ) {}

  seat(person: Person, device: Device = person.device, known = this.records.length): Seat {
    const seat = new Seat(
      this,
      identityOf(person, device),
      memoryFiles(circleFile(this.list, this.records.slice(0, known))),
    )
    this.seats.push(seat)
    return seat
  }

  private key = (a: Seat, b: Seat) => [a.identity.device, b.identity.device].sort().join(' ')
  linked(a: Seat, b: Seat): boolean {
    return a !== b && a.on && b.on && this.links.has(this.key(a, b))
  }
  link(a: Seat, b: Seat): void {
    this.links.add(this.key(a, b))
    a.linkUp(b)
    b.linkUp(a)
  }
  cut(a: Seat, b: Seat): void {
    this.links.delete(this.key(a, b))
  }
  /** Links everybody of a group with everybody else of it, and with nobody outside. */
  group(...groups: Seat[][]): void {
    this.links.clear()
    for (const group of groups)
      group.forEach((a, i) => {
        for (const b of group.slice(i + 1)) this.link(a, b)
      })
    this.settle()
  }

  send(packet: Packet): void {
    this.packets.push(packet)
  }
  /** Until nothing is under way. */
  settle(): void {
    for (let packet = this.packets.shift(); packet; packet = this.packets.shift())
      if (this.linked(packet.from, packet.to)) packet.to.arrive(packet)
  }
  /** Lets time pass for everybody, in steps of half a second. */
  pass(ms: number): void {
    for (let gone = 0; gone < ms; gone += 500) {
      this.clock.ms += 500
      for (const seat of this.seats) if (seat.on) seat.proposals.tick()
      this.settle()
    }
  }
}

export class Seat {
  keeper!: ListKeeper
  board!: NoticeBoard
  proposals!: Proposals
  admission!: Admission
  on = true
  readonly refused: ErrorCode[] = []
  readonly arrived: Notice[] = []
  /** Last entry that is here of each device. */
  readonly tops = new Map<DeviceKey, number>()

  constructor(
    readonly table: Table,
    readonly identity: Identity,
    readonly files: MemoryFiles,
  ) {
    this.start()
  }

  start(): void {
    this.on = true
    const { table, identity, files } = this
    const parts = { secrets, files, now: () => table.clock.ms, log: () => undefined, qr: () => [[true]] }
    this.keeper = new ListKeeper(parts, identity, files.circle!, () => this.listChanged())
    this.board = new NoticeBoard({
      parts,
      identity,
      list: () => this.keeper.list,
      links: () => this.linked().map((seat) => seat.identity.device),
      send: (to, message) => {
        const seat = this.linked().find((s) => s.identity.device === to)
        if (seat) table.send({ from: this, to: seat, message })
      },
      arrived: (notice) => {
        this.arrived.push(notice)
        if (notice.type === 'agreement') this.proposals.heard(notice.statement)
        else if (notice.type === 'join' || notice.type === 'leave' || notice.type === 'drop') this.proposals.tick()
      },
      refused: (code) => void this.refused.push(code),
    })
    this.admission = new Admission({
      parts,
      identity,
      list: () => this.keeper.list,
      file: () => this.keeper.file,
      save: (change) => this.keeper.save(change),
      secret: () => this.keeper.secrets[0]!,
      epochBytes: () => this.keeper.epochBytes,
      board: this.board,
      ask: (wants) => this.proposals.ask(wants),
      agree: () => this.proposals.tick(),
      addresses: () => table.addresses,
      announce: (topic) => {
        table.announced.add(toHex(topic))
        return () => table.announced.delete(toHex(topic))
      },
      refused: (code) => void this.refused.push(code),
      beaconChanged: () => undefined,
      offence: () => undefined,
      changed: () => undefined,
    })
    this.proposals = new Proposals({
      parts,
      identity,
      keeper: this.keeper,
      board: this.board,
      topOf: (device) => this.tops.get(device) ?? 0,
      byThemselves: () => this.admission.wants(),
      changed: () => undefined,
    })
    this.proposals.tick()
  }

  /** Ends without a word; what is on the disk stays. */
  stop(): void {
    this.on = false
    for (const seat of this.table.seats) this.table.cut(this, seat)
  }

  private linked(): Seat[] {
    return this.table.seats.filter((seat) => this.table.linked(this, seat))
  }

  linkUp(seat: Seat): void {
    this.tellRecords(seat)
    this.board.compare(seat.identity.device)
  }
  private tellRecords(to: Seat): void {
    this.table.send({ from: this, to, records: this.keeper.epochBytes })
  }

  private listChanged(): void {
    this.board.listChanged()
    this.admission.refresh()
    for (const seat of this.linked()) this.tellRecords(seat)
    this.proposals.renew()
  }

  arrive(packet: Packet): void {
    if ('records' in packet) {
      this.keeper.accept(packet.records)
      return
    }
    const { message } = packet
    if (message.type === 'notices-have' || message.type === 'notices')
      this.board.heard(packet.from.identity.device, message)
  }
}
