// A simulated peer that takes part in the member list: beside engine and driver it runs the list keeper, the notice board and
// the proposals that ship, over the links of the simulation. Its small files outlive it as its disk does.
import type { DeviceKey, MemberKey } from '../../shared/types'
import { ListKeeper } from '../peer/list-keeper'
import { NoticeBoard } from '../peer/notice-board'
import type { CircleFile, Identity, Want } from '../peer/ports'
import { Proposals } from '../peer/proposals'
import type { AgreementState } from '../protocol/agreement'
import { fromHex, toHex } from '../protocol/codec'
import type { EpochRecord } from '../protocol/epoch-record'
import { deviceMessage } from '../protocol/membership'
import type { Person } from './circle'
import type { Disk, Peer, PeerSetup, World } from './world'

/** How often a peer looks at what only time brings (main/peer/circle.ts). */
const LOOK_EVERY_MS = 500
/** A started device votes no earlier: whether it has a twin would show by then (main/peer/claim.ts). */
const SILENT_MS = 4000
/** What a sealed secret takes; nobody opens one here. */
const SEALED_BYTES = 80
const NOTHING = new Uint8Array(0)

const identityOf = ({ name, member, device, sign }: Person): Identity => ({
  name,
  member,
  device: device.key,
  restored: false,
  confirmed: true,
  keptBy: 'file',
  signAsDevice: device.sign,
  signAsMember: sign,
  certificate: (circle) => sign(deviceMessage(circle, member, device.key)),
  deviceKeys: { publicKey: fromHex(device.key), secretKey: NOTHING },
  words: () => [],
})

export interface MemberEvents {
  /** A record is on this member's list. */
  adopted(member: Member, record: EpochRecord): void
  refused(code: string): void
}

export class Member {
  readonly peer: Peer
  keeper!: ListKeeper
  private board!: NoticeBoard
  private proposals!: Proposals
  private file: CircleFile
  private agreement: AgreementState | null = null
  private notices: readonly Uint8Array[] = []
  private starts = 0
  private startedAt = 0

  /** `records`: of the list that it begins with. */
  constructor(
    world: World,
    index: number,
    readonly person: Person,
    records: readonly EpochRecord[],
    disk: Disk,
    setup: PeerSetup,
    private readonly events: MemberEvents,
  ) {
    this.file = {
      version: 1,
      genesis: toHex(world.circle.list.genesis.bytes),
      epochs: records.map((record) => toHex(record.bytes)),
      secrets: ['00'.repeat(32)],
      invites: [],
      wants: [],
      provisional: false,
      mustCatchUp: false,
    }
    this.peer = world.peer(index, disk, {
      ...setup,
      linked: (device) => this.board.compare(device),
      hooks: {
        ...setup.hooks,
        epochsArrived: (_from, bytes) => void this.keeper.accept(bytes),
        epochsWanted: (after) => this.keeper.recordsAfter(after),
        aside: (from, message) => {
          if (message.type === 'notices' || message.type === 'notices-have') this.board.heard(from, message)
        },
      },
    })
  }

  get running(): boolean {
    return this.peer.running
  }
  /** On its own list. */
  get current(): boolean {
    return this.keeper.current
  }

  start(): void {
    const { peer, person, events } = this
    const { crypto } = peer.world
    const identity = identityOf(person)
    const parts = {
      secrets: {
        crypto,
        randomBytes: (count: number) => Uint8Array.from({ length: count }, () => Math.floor(peer.world.random() * 256)),
        sealTo: () => new Uint8Array(SEALED_BYTES),
        openSealed: () => null,
      },
      files: {
        writeCircle: (file: CircleFile) => void (this.file = file),
        readAgreement: () => this.agreement,
        writeAgreement: (state: AgreementState) => void (this.agreement = state),
        readNotices: () => [...this.notices],
        writeNotices: (notices: readonly Uint8Array[]) => void (this.notices = notices),
      },
      now: () => peer.now(),
      log: () => {},
    }
    this.keeper = new ListKeeper(parts, identity, this.file, () => this.listChanged())
    peer.knows(this.keeper.epochBytes)
    this.board = new NoticeBoard({
      parts,
      identity,
      list: () => this.keeper.list,
      links: () => (peer.running ? peer.driver.allLinks().map((link) => link.remote) : []),
      send: (to, message) => peer.driver.tell(to, message),
      arrived: (notice) => {
        if (notice.type === 'agreement' && this.votes) this.proposals.heard(notice.statement)
      },
      refused: (code) => events.refused(code),
    })
    this.proposals = new Proposals({
      parts,
      identity,
      keeper: this.keeper,
      board: this.board,
      topOf: (device) => {
        const known = peer.engine.have.get(device)
        return known?.floating.at(-1)?.to ?? known?.height ?? 0
      },
      byThemselves: () => [],
      changed: () => {},
    })
    this.startedAt = peer.world.clock.at
    peer.start()
    this.look(++this.starts)
  }
  stop(): void {
    this.peer.stop()
  }
  crash(): void {
    this.peer.crash()
  }

  /** It asks and votes: a twin of it would have shown. */
  get votes(): boolean {
    return this.peer.world.clock.at - this.startedAt >= SILENT_MS
  }
  private look(start: number): void {
    this.peer.world.clock.after(LOOK_EVERY_MS, () => {
      if (!this.running || this.starts !== start) return
      if (this.votes && this.current) this.proposals.tick()
      this.look(start)
    })
  }

  /** As Circle.onListChanged. */
  private listChanged(): void {
    const known = this.peer.records.length
    this.peer.adopt(this.keeper.epochBytes.slice(known))
    for (const record of this.peer.records.slice(known)) this.events.adopted(this, record)
    this.board.listChanged()
    if (this.votes) this.proposals.renew()
  }

  /** Throws NOT_ADMIN, or why it does not fit. */
  ask(want: Want): void {
    this.proposals.ask([want])
  }
  /** What it asked for and the list does not show yet. */
  get wants(): Want[] {
    return this.proposals.wants()
  }
  waitingFor(): MemberKey[] {
    return this.proposals.waitingFor()
  }
  isAdmin(device: DeviceKey = this.person.device.key): boolean {
    const member = this.keeper.list.devices.get(device)?.member
    return member !== undefined && this.keeper.list.members.get(member)?.role === 'admin' && this.keeper.current
  }
}
