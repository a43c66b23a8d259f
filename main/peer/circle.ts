// A circle on this device, running: list, store, engine, network and admission put together, and what a person can ask of
// them. It holds no rule of the protocol; those are in main/protocol.
import { TwofoldError, anyOf, sentence, type ErrorCode } from '../../shared/errors'
import type {
  Alert,
  CircleView,
  DeviceKey,
  EntryVersion,
  Filter,
  Histogram,
  HoldersView,
  Inspection,
  ListChangeView,
  MemberKey,
  MemberView,
  NetworkLive,
  NetworkView,
  NodeId,
  Order,
  Presence,
  Row,
  Scope,
  SyncView,
  ViewChange,
} from '../../shared/types'
import { Engine, type StoreItem } from '../protocol/engine'
import type { HaveVector } from '../protocol/have'
import { neighboursOf } from '../protocol/heirs'
import { circleBeaconKey } from '../protocol/invite'
import { decodeContent, encodeContent, isEntry, type Content } from '../protocol/kinds'
import { CLOCK_AHEAD_MS } from '../protocol/limits'
import {
  adminOf,
  certifyEpoch,
  currentMember,
  devicesAt,
  deviceMessage,
  devicesOf,
  epochMessage,
  isCurrentDevice,
  majority,
  voters,
  type MemberList,
} from '../protocol/membership'
import type { HaveEntry } from '../protocol/messages'
import { decodeNode, makeNode, type TimelineNode } from '../protocol/node'
import { forkHolds, frozenList, inviteCode, type Notice } from '../protocol/notices'
import { Rings } from '../protocol/rings'
import { verifyNode } from '../protocol/verify'
import { Admission } from './admission'
import { Claim, Runs } from './claim'
import { copied, type CopyForm } from './copying'
import { Driver } from './driver'
import { HeldPosts } from './held-posts'
import { Indexer } from './indexer'
import { inspect } from './inspect'
import { ListKeeper } from './list-keeper'
import { changeLog, memberViews, wantText } from './member-views'
import { Meter } from './meter'
import { networkLive } from './network-live'
import { NoticeBoard } from './notice-board'
import type { CircleFile, Identity, Link, NetworkPort, Parts, SettingsFile, StoredNode, StorePort, Want } from './ports'
import { Problems } from './problems'
import { forkProofFile, proofFile } from './proof'
import { Proposals, wantKey } from './proposals'
import { ReceiptKeeper, readProven } from './receipt-keeper'
import { Rows } from './rows'
import { tagOf, tagPrefix } from './search'
import { Views } from './views'
import { editOf, postOf, reactionOf, retractionOf } from './writing'

/** A link that no rule asks for is kept this long: a joining circle settles, an on-demand link is used again. */
const SPARE_LINK_MS = 60_000
const SPARE_CHECK_MS = 15_000
/** How often the agreement and the claim are looked at. */
const LOOK_EVERY_MS = 500
/** A device that is on no ring yet keeps links with as many others: enough to read from, and few for them. */
const PROVISIONAL_LINKS = 6
/** Word of a peer older than this is 'offline'. */
const SEEN_MS = 120_000
/** Tags offered while one is typed. */
const TAGS_MAX = 8
/** Nodes, and bytes of them, that are looked at at once for where two histories part. */
const BRANCH_NODES = 128
const BRANCH_BYTES = 262_144
// Names in the store's table of single values.
export const META_OWN_HELD = 'own-held'
const META_COPIED = 'copied'
/** When a device was last linked to this one, for the runs that follow. */
const seenKey = (device: DeviceKey) => `seen ${device}`

export interface CircleHooks {
  changed(): void
  viewChanged(change: ViewChange): void
  /** This device is no longer on the list. */
  removed(): void
  portChanged(port: number): void
}

interface Damage {
  file: string
  recovered: number
}

const contentOf = (text: string, replyTo: NodeId | undefined): Content =>
  replyTo === undefined ? { kind: 'post', text } : { kind: 'reply', target: replyTo, text }

export class Circle {
  readonly admission: Admission
  readonly store: StorePort
  private readonly keeper: ListKeeper
  private readonly board: NoticeBoard
  private readonly proposals: Proposals
  private readonly claim: Claim
  private readonly runs = new Runs()
  private readonly held: HeldPosts
  private readonly run: number
  private readonly engine: Engine
  private readonly driver: Driver
  private readonly receipts: ReceiptKeeper
  private readonly meter: Meter
  private readonly views: Views
  private readonly rows: Rows
  private readonly indexer: Indexer
  private network: NetworkPort | null = null
  private settings: SettingsFile
  private ownHeld: number
  private readonly unread = new Map<MemberKey, number>()
  private readonly refusedByCode = new Map<string, number>()
  private readonly problems = new Problems()
  private storeCode: ErrorCode | null = null
  /** Links that have told that they hold what we hold: the first time shows, the others are routine. */
  private readonly inStepWith = new Set<DeviceKey>()
  private readonly damage: Damage | null
  private changeLog: ListChangeView[] | null = null
  private spareTimer: NodeJS.Timeout | undefined
  private lookTimer: NodeJS.Timeout | undefined
  /** How many devices were demoted when it was last told. */
  private demoted = 0

  constructor(
    private readonly parts: Parts,
    private readonly identity: Identity,
    file: CircleFile,
    settings: SettingsFile,
    private readonly hooks: CircleHooks,
  ) {
    this.settings = settings
    const { crypto } = parts.secrets
    this.run = parts.now()
    this.claim = new Claim(parts.network ? this.run : null)
    this.keeper = new ListKeeper(parts, identity, file, () => this.onListChanged())
    const opened = parts.openStore()
    this.store = opened.store
    this.knowDevices()
    // A damaged database may have lost own nodes that others have: nothing is written before they were asked (rule N7).
    if (opened.damaged) this.keeper.save({ mustCatchUp: this.list.devices.size > 1 })
    this.held = new HeldPosts(this.store)
    this.board = new NoticeBoard({
      parts,
      identity,
      list: () => this.list,
      links: () => this.driver?.allLinks().map((link) => link.remote) ?? [],
      send: (to, message) => this.driver.tell(to, message),
      arrived: (notice) => this.onNotice(notice),
      refused: (code) => this.count(code),
    })
    const have = this.store.have()
    this.meter = new Meter(parts.now)
    this.engine = new Engine({
      crypto,
      sign: identity.signAsDevice,
      me: identity.device,
      list: this.judged,
      rings: new Rings(crypto),
      have,
      proven: readProven(this.store, crypto, this.keeper),
      app: parts.version,
      random: () => new DataView(parts.secrets.randomBytes(4).buffer).getUint32(0),
      mayRead: (device) => this.admission.mayRead(device),
    })
    this.receipts = new ReceiptKeeper(parts, this.store, this.engine.receipts, this.keeper, identity.device)
    this.ownHeld = Number(this.store.meta(META_OWN_HELD) ?? 0)
    this.driver = new Driver(parts, this.engine, this.store, {
      stored: (nodes) => this.onStored(nodes),
      epochsArrived: (_from, records) => this.onEpochs(records),
      epochsWanted: (after) => this.keeper.recordsAfter(after),
      inStep: (by) => this.onInStep(by),
      ownTimelineAhead: () => this.onOwnTimelineAhead(),
      ownHeld: (seq) => this.onOwnHeld(seq),
      receipts: () => this.onReceipts(),
      traffic: (way, device, bytes) => this.meter.count(way, device, bytes),
      refused: (code) => this.count(code),
      storeTrouble: (code) => this.onStoreTrouble(code),
      changed: () => this.hooks.changed(),
      aside: (from, message) => this.onAside(from, message),
      forked: (node) => this.onForked(node),
    })
    this.applyCaps()
    this.damage = opened.damaged && { file: opened.damaged.file, recovered: this.salvage(opened.damaged.salvaged) }
    this.rows = new Rows({
      parts,
      store: this.store,
      list: () => this.list,
      me: identity.device,
      member: identity.member,
      ownHeld: () => this.ownHeld,
    })
    this.views = new Views(
      this.store,
      this.rows,
      identity.member,
      (node) => this.keeper.memberOf(node.device),
      (change) => this.hooks.viewChanged(change),
      parts.now,
    )
    this.indexer = new Indexer({ parts, store: this.store, rows: this.rows, indexed: () => this.views.relist() })
    // Our own entries are never news to us.
    for (const member of this.list.members.keys())
      this.unread.set(member, member === identity.member ? 0 : this.store.unread(member))
    this.admission = new Admission({
      parts,
      identity,
      list: () => this.list,
      file: () => this.keeper.file,
      save: (change) => this.keeper.save(change),
      secret: () => this.keeper.secrets[0]!,
      epochBytes: () => this.keeper.epochBytes,
      board: this.board,
      ask: (wants) => this.proposals.ask(wants),
      agree: () => {
        if (!this.claim.held) this.proposals.tick()
      },
      addresses: () => (this.network?.status().localAddresses ?? []).flatMap((text) => this.hostPort(text)),
      announce: (topic) => this.network?.lookup(topic, 'announce') ?? (() => {}),
      beaconChanged: () => this.network?.refresh(),
      changed: () => this.hooks.changed(),
    })
    this.proposals = new Proposals({
      parts,
      identity,
      keeper: this.keeper,
      board: this.board,
      topOf: (device) => this.topOf(device),
      byThemselves: () => this.admission.wants(),
      changed: () => this.hooks.changed(),
    })
    this.look()
  }

  /** On the list, let in to read until the admins have agreed, or on it no longer. */
  get standing(): CircleView['standing'] {
    if (this.keeper.current) return 'member'
    return this.list.devices.has(this.identity.device) ? 'removed' : 'provisional'
  }
  /** The list as nodes are judged by: a device that signed two histories is stopped where they part (rule N6). */
  private get judged(): MemberList {
    return frozenList(this.list, this.board.all('fork'))
  }
  get copied(): boolean {
    return this.store.meta(META_COPIED) !== null
  }
  private get list(): MemberList {
    return this.keeper.list
  }

  private knowDevices(): void {
    for (const device of this.list.devices.values()) this.store.knowDevice(device.key, device.member)
  }
  private hostPort(text: string): { host: string; port: number }[] {
    const parsed = this.parts.parseHostPort(text)
    return parsed.ok ? [parsed] : []
  }

  /** Nodes read out of a damaged database: each is verified like a stranger's, then stored. */
  private salvage(nodes: readonly TimelineNode[]): number {
    // Alone, nobody can fill a gap in our own timeline: it goes on behind the last entry before it. The rest stays in the file.
    const alone = this.list.devices.size === 1
    const items = nodes
      .filter((node, i) => !alone || node.seq === i + 1)
      .filter((node) => verifyNode(this.parts.secrets.crypto, node, this.judged, this.parts.now()) === null)
      .map((node): StoreItem => ({ node, origin: { from: null, how: 'sync', tree: null }, arrival: null }))
    let recovered = 0
    const BATCH = 1000
    for (let i = 0; i < items.length; i += BATCH)
      recovered += this.driver.append(items.slice(i, i + BATCH)).filter((outcome) => outcome.type === 'stored').length
    return recovered
  }

  // -------------------------------------------------------------- network

  async start(): Promise<void> {
    this.driver.start()
    this.indexer.wake()
    this.spareTimer = setInterval(() => this.dropSpareLinks(), SPARE_CHECK_MS)
    this.lookTimer = setInterval(() => this.look(), LOOK_EVERY_MS)
    await this.startNetwork()
  }

  private async startNetwork(): Promise<void> {
    if (!this.parts.network || this.standing === 'removed' || this.copied || this.network) return
    const network = this.parts.network({
      run: this.run,
      keyPair: this.identity.deviceKeys,
      mayConnect: (remote) => this.mayRead(remote) || this.admission.admits(remote),
      beaconKeys: () => {
        const keys = this.keeper.secrets.map((secret) => circleBeaconKey(this.parts.secrets.crypto, secret))
        return { announce: [keys[0]!, ...this.admission.beaconKeys()], open: keys }
      },
      lan: this.settings.lan,
      internet: this.settings.internet,
      preferredPort: this.settings.port,
    })
    this.network = network
    this.driver.use(network)
    network.on('link', (link) => this.guarded(link, () => this.onLink(link)))
    network.on('frame', (link, bytes) => this.guarded(link, () => this.route(link).frame(link, bytes)))
    network.on('drain', (link) => this.guarded(link, () => this.driver.drained(link)))
    network.on('linkClosed', (link) =>
      this.guarded(link, () => {
        this.driver.linkDown(link)
        this.meter.forget(link.remote)
        this.inStepWith.delete(link.remote)
        this.admission.linkDown(link)
        if (this.list.devices.has(link.remote)) this.store.setMeta(seenKey(link.remote), String(this.parts.now()))
        this.hooks.changed()
      }),
    )
    network.on('lanPeer', ({ device, up }) => {
      if (up) this.problems.over('MULTICAST_BLOCKED')
      this.driver.handle({ type: 'reachable', device, reachable: up })
    })
    network.on('internet', (up) => {
      this.driver.handle({ type: 'reachable', device: null, reachable: up })
      if (up) this.problems.over('DHT_UNREACHABLE')
      this.hooks.changed()
    })
    network.on('interfaces', (addresses) => {
      if (addresses.length) this.problems.over('NO_INTERFACE')
      // Another network: what the old one blocked is no longer true.
      this.problems.over('MULTICAST_BLOCKED', 'PORT_IN_USE')
      this.hooks.changed()
    })
    network.on('problem', ({ code, detail }) => this.problem(code, detail))
    network.on('refused', () => this.hooks.changed())
    for (const address of this.settings.manualAddresses)
      for (const { host, port } of this.hostPort(address)) network.addAddress(host, port)
    try {
      await network.start()
    } catch (error) {
      this.problem('LISTEN_FAILED', error instanceof Error ? error.message : String(error))
      return
    }
    if (this.network !== network) return
    this.hooks.portChanged(network.status().port)
    this.chooseLinks()
    this.admission.announce()
    this.hooks.changed()
  }

  /** What a peer set off may fail on a full disk or a locked file; that is told, and the peer goes on. */
  private guarded(link: Link, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof TwofoldError)) {
        // A bug of ours that this peer's bytes have found: it costs the link, not the process.
        this.parts.log('error', 'bug', {
          from: link.remote.slice(0, 8),
          error: error instanceof Error ? error.stack : String(error),
        })
        link.close('INTERNAL')
        return
      }
      this.parts.log('error', 'refused by this machine', { code: error.code })
      this.onStoreTrouble(error.code)
    }
  }

  /** Members speak the circle's protocol; holders of an invite the join protocol alone (rule L3). */
  private route(link: Link): Pick<Driver, 'linkUp' | 'frame'> {
    return this.mayRead(link.remote) ? this.driver : this.admission
  }
  private mayRead(device: DeviceKey): boolean {
    return isCurrentDevice(this.list, device) || this.admission.mayRead(device)
  }

  /** Whoever was let in to read, and whose invite or request no longer holds. */
  private dropStrangers(): void {
    for (const link of this.driver.allLinks()) if (!this.mayRead(link.remote)) link.close('JOIN_REFUSED')
  }

  private onLink(link: Link): void {
    this.route(link).linkUp(link)
    if (!this.mayRead(link.remote)) return
    this.board.compare(link.remote)
    const twin = this.runs.opened(link.remote, link.remoteRun)
    if (twin !== null) this.driver.tell(link.remote, { type: 'twin', run: twin })
    if (this.keeper.lacksSecret()) this.driver.tell(link.remote, { type: 'secret-want' })
  }

  private problem(code: string, detail: string): void {
    this.parts.log('warn', 'network', { code, detail })
    this.problems.note(code, detail, this.parts.now())
    this.hooks.changed()
  }

  private async stopNetwork(): Promise<void> {
    const { network } = this
    this.network = null
    this.driver.use(null)
    this.admission.forgetAnnouncements()
    await network?.stop()
  }

  /** The devices that we keep links with (rule F5). Both ends of a link come to the same answer: fingers are mutual. */
  private wanted(): DeviceKey[] {
    const ring = this.engine.ring(this.list.epoch)
    if (!ring) return []
    if (this.standing === 'provisional') {
      const online = new Set(this.network?.status().lanPeers.map((p) => p.device))
      const heardFirst = [...ring.order].sort((a, b) => Number(online.has(b)) - Number(online.has(a)))
      return heardFirst.slice(0, PROVISIONAL_LINKS)
    }
    return neighboursOf(ring, this.identity.device)
  }

  private chooseLinks(): void {
    this.network?.want(this.wanted())
  }

  /** Links from a time when the circle was smaller, or dialled for one hand-over, end when they have served. */
  private dropSpareLinks(): void {
    const wanted = new Set(this.wanted())
    const before = this.parts.now() - SPARE_LINK_MS
    for (const link of this.driver.allLinks())
      if (!wanted.has(link.remote) && link.openedAt < before && !this.engine.awaits(link.remote))
        link.close('NOT_NEEDED')
  }

  async applySettings(settings: SettingsFile): Promise<void> {
    const before = this.settings
    this.settings = settings
    this.applyCaps()
    if (before.lan !== settings.lan || before.internet !== settings.internet) {
      await this.stopNetwork()
      this.problems.clear()
      await this.startNetwork()
    }
  }

  private applyCaps(): void {
    const bytes = (kib: number) => (kib ? kib * 1024 : null)
    this.driver.setCaps({ total: bytes(this.settings.capKiB), perPeer: bytes(this.settings.capPeerKiB) })
  }

  addAddress(host: string, port: number): void {
    this.network?.addAddress(host, port)
  }
  removeAddress(host: string, port: number): void {
    this.network?.removeAddress(host, port)
  }
  refresh(): void {
    this.network?.refresh()
  }

  async stop(): Promise<void> {
    clearInterval(this.spareTimer)
    clearInterval(this.lookTimer)
    this.driver.stop()
    this.indexer.stop()
    this.receipts.save()
    this.views.stop()
    await this.stopNetwork()
    this.store.close()
  }

  // -------------------------------------------------------------- hooks of the driver

  private onStored(nodes: readonly TimelineNode[]): void {
    for (const node of nodes) {
      const member = this.keeper.memberOf(node.device)
      if (member !== this.identity.member && isEntry(decodeContent(node.kind, node.body)))
        this.unread.set(member, (this.unread.get(member) ?? 0) + 1)
    }
    this.views?.stored(nodes)
    this.indexer?.wake()
    // A closed gap turns floating rows into linked ones.
    if (nodes.length > 1) this.views?.touched()
    this.hooks.changed()
  }

  private count(code: string): void {
    this.refusedByCode.set(code, (this.refusedByCode.get(code) ?? 0) + 1)
    this.hooks.changed()
  }

  private onInStep(by: DeviceKey): void {
    if (!this.inStepWith.has(by)) {
      this.inStepWith.add(by)
      this.hooks.changed()
    }
    if (!this.keeper.file.mustCatchUp) return
    this.keeper.save({ mustCatchUp: false })
    if (!this.claim.held) this.releaseHeld()
    this.hooks.changed()
  }

  private onOwnTimelineAhead(): void {
    if (this.keeper.file.mustCatchUp || this.store.meta(META_COPIED)) return
    this.stopWriting('own timeline is ahead elsewhere')
  }

  /** Rule N7: for good. The network goes too, so that the other one with this key keeps its links. */
  private stopWriting(why: string): void {
    if (this.copied) return
    this.store.setMeta(META_COPIED, '1')
    this.parts.log('error', why)
    void this.stopNetwork()
    this.hooks.changed()
  }

  private onOwnHeld(seq: number): void {
    if (seq <= this.ownHeld) return
    this.ownHeld = seq
    try {
      this.store.setMeta(META_OWN_HELD, String(seq))
    } catch (error) {
      // Told again by the next acknowledgement.
      if (!(error instanceof TwofoldError)) throw error
    }
    this.views.touched()
  }

  private onReceipts(): void {
    this.receipts.touched()
    // What every checkpoint may change is asked for by whoever shows it; only a demotion is news for all.
    if (this.engine.droppers.demoted.size === this.demoted) return
    this.demoted = this.engine.droppers.demoted.size
    this.hooks.changed()
  }

  private onStoreTrouble(code: ErrorCode | null): void {
    if (this.storeCode === code) return
    this.storeCode = code
    this.hooks.changed()
  }

  // -------------------------------------------------------------- notices, agreement, claim

  /** A look at what only time brings: whether this device may write, and how the agreement goes. */
  private look(): void {
    const { device } = this.identity
    const links = [...this.engine.links.values()].flatMap((state) => {
      const link = this.driver.linkOf(state.device)
      return link ? [{ compared: state.compared, heights: state.heights, openedAt: link.openedAt }] : []
    })
    const alone = devicesAt(this.list).every((d) => d === device)
    const before = this.claim.held
    this.claim.look(this.parts.now(), device, this.store.height(device), alone, links)
    if (this.claim.held || this.standing === 'removed' || this.copied) return
    try {
      this.proposals.tick()
    } catch (error) {
      if (!(error instanceof TwofoldError)) throw error
      this.onStoreTrouble(error.code)
    }
    if (before) this.releaseHeld()
  }

  private onAside(from: DeviceKey, message: Parameters<Driver['tell']>[1]): void {
    switch (message.type) {
      case 'notices-have':
      case 'notices':
        this.board.heard(from, message)
        return
      case 'secret-want':
        if (isCurrentDevice(this.list, from))
          this.driver.tell(from, { type: 'secret', secret: this.keeper.secrets[0]! })
        return
      case 'secret':
        if (this.keeper.learnSecret(message.secret)) this.network?.refresh()
        return
      case 'have':
        this.compareHeads(from, message.entries)
        return
      case 'branch-want': {
        const { device, to } = message
        const first = Math.max(1, to - BRANCH_NODES + 1)
        if (to < 1 || !this.list.devices.has(device)) return
        const nodes = this.store.readRun(device, first, to, BRANCH_NODES, BRANCH_BYTES)
        this.driver.tell(from, { type: 'branch', device, nodes })
        return
      }
      case 'branch':
        this.branchArrived(message.device, message.nodes)
        return
      case 'twin':
        // Of two runs with one key the later one stops, whatever their clocks say: both come to the same answer.
        if (message.run < this.run) this.stopWriting('this key is alive elsewhere')
        return
    }
  }

  /** Another id at a height that we have too: two histories. The other one is asked for, to prove it (rule N6). */
  private compareHeads(from: DeviceKey, entries: readonly HaveEntry[]): void {
    for (const { device, height, head } of entries) {
      const mine = this.engine.have.get(device)
      if (!mine || height > mine.height || !this.list.devices.has(device)) continue
      const id = height === mine.height ? mine.head : this.store.at(device, height)?.id
      if (id !== undefined && id !== head) this.driver.tell(from, { type: 'branch-want', device, to: height })
    }
  }

  /** The lowest place of the branch at which we have another node is the proof; the more so the lower it is. */
  private branchArrived(device: DeviceKey, nodes: readonly Uint8Array[]): void {
    for (const bytes of nodes) {
      const decoded = decodeNode(this.parts.secrets.crypto, bytes)
      if (!decoded.ok || decoded.node.device !== device) return
      const mine = this.store.at(device, decoded.node.seq)
      if (!mine || mine.id === decoded.node.id) continue
      this.onForked(decoded.node)
      return
    }
  }

  private onNotice(notice: Notice): void {
    switch (notice.type) {
      case 'agreement':
        if (!this.claim.held) this.proposals.heard(notice.statement)
        return
      case 'invite':
      case 'revocation':
      case 'decline':
        this.admission.refresh()
        this.dropStrangers()
        return
      case 'join':
      case 'leave':
      case 'drop':
        if (!this.claim.held) this.proposals.tick()
        this.hooks.changed()
        return
      case 'fork':
        this.freeze(notice)
        return
    }
  }

  /** Rule N6: the second node for a place is proof; everybody gets it. */
  private onForked(node: TimelineNode): void {
    const other = this.store.at(node.device, node.seq)
    if (!other || other.id === node.id || this.standing === 'removed') return
    const nodes = (other.id < node.id ? [other, node] : [node, other]) as [TimelineNode, TimelineNode]
    if (!forkHolds(this.parts.secrets.crypto, this.list, nodes)) return
    try {
      this.board.post({ type: 'fork', nodes })
    } catch (error) {
      // Noticed again at the next comparison; the batch that brought the node is stored all the same.
      if (!(error instanceof TwofoldError)) throw error
      this.onStoreTrouble(error.code)
      return
    }
    // After the store's answer has been dealt with: what follows changes what the engine judges by.
    queueMicrotask(() => {
      const notice = this.board.at(`fork ${node.device}`)
      if (notice?.type === 'fork') this.freeze(notice)
    })
  }

  private freeze(notice: Extract<Notice, { type: 'fork' }>): void {
    if (notice.nodes[0].device === this.identity.device) this.stopWriting('this device signed two histories')
    this.driver.handle({ type: 'list-changed', list: this.judged, have: this.cutOff() })
    this.views.touched()
    this.hooks.changed()
  }

  // -------------------------------------------------------------- list

  private onEpochs(records: readonly Uint8Array[]): void {
    const refused = this.keeper.accept(records)
    if (refused) this.count(refused)
  }

  /** Everything that depends on the list follows it. */
  private onListChanged(): void {
    this.knowDevices()
    for (const member of this.list.members.keys()) if (!this.unread.has(member)) this.unread.set(member, 0)
    if (this.standing === 'member' && this.keeper.file.provisional) this.keeper.save({ provisional: false })
    this.driver.handle({ type: 'list-changed', list: this.judged, have: this.cutOff() })
    this.board.listChanged()
    this.admission.refresh()
    this.dropStrangers()
    this.chooseLinks()
    this.network?.refresh()
    if (this.keeper.lacksSecret())
      for (const link of this.driver.allLinks()) this.driver.tell(link.remote, { type: 'secret-want' })
    if (!this.claim.held) {
      this.proposals.renew()
      this.releaseHeld()
    }
    this.views.touched()
    this.views.relist()
    this.indexer.wake()
    this.hooks.changed()
    if (this.standing !== 'removed') return
    void this.stopNetwork()
    this.hooks.removed()
  }

  /** Highest seq that is here of a device, gaps or not. */
  private topOf(device: DeviceKey): number {
    const known = this.engine.have.get(device)
    return known?.floating.at(-1)?.to ?? known?.height ?? 0
  }

  /** Rule M5, also where more had arrived than the admin knew of: every peer ends up with the same timeline. */
  private cutOff(): HaveVector {
    const changed: HaveVector = new Map()
    for (const device of this.judged.devices.values()) {
      if (device.cutoffSeq === undefined || this.topOf(device.key) <= device.cutoffSeq) continue
      const left = this.store.cutOff(device.key, device.cutoffSeq)
      if (left) changed.set(device.key, left)
    }
    return changed
  }

  /** Names of the admins who have to agree; empty: it is done. */
  private async ask(want: Want): Promise<{ waitingFor: string[] }> {
    await this.claim.ready()
    this.proposals.ask([want])
    this.hooks.changed()
    return { waitingFor: this.waits(want) ? this.waitingFor() : [] }
  }
  private waits(want: Want): boolean {
    const key = wantKey(want)
    return this.proposals.wants().some((w) => wantKey(w) === key)
  }
  private waitingFor(): string[] {
    return this.proposals.waitingFor().map((member) => this.keeper.memberName(member))
  }

  private member(key: MemberKey) {
    const member = currentMember(this.list, key)
    if (!member) throw new TwofoldError('MEMBER_UNKNOWN')
    return member
  }

  /** Rule M5: cuts sessions, fixes what was accepted last, and gives the circle a new secret. */
  removeMember(key: MemberKey): Promise<{ waitingFor: string[] }> {
    if (this.member(key).founder) throw new TwofoldError('MEMBER_IS_FOUNDER')
    return this.ask({ type: 'remove-member', member: key, askedAt: this.parts.now() })
  }
  setRole(key: MemberKey, role: 'admin' | 'member'): Promise<{ waitingFor: string[] }> {
    this.member(key)
    return this.ask({ type: 'set-role', member: key, role, askedAt: this.parts.now() })
  }
  /** An admin asks for it, or a member for a device of his own: then the admins do by themselves. */
  async removeDevice(device: DeviceKey): Promise<{ waitingFor: string[] }> {
    const record = this.list.devices.get(device)
    if (!record || !isCurrentDevice(this.list, device)) throw new TwofoldError('DEVICE_UNKNOWN')
    if (devicesOf(this.list, record.member).length < 2)
      throw new TwofoldError('LAST_DEVICE', { name: this.keeper.memberName(record.member) })
    const want: Want = { type: 'remove-device', device, askedAt: this.parts.now() }
    if (adminOf(this.list, this.identity.device)) return this.ask(want)
    if (record.member !== this.identity.member || device === this.identity.device) throw new TwofoldError('NOT_ADMIN')
    await this.claim.ready()
    this.board.post({ type: 'drop', device })
    return { waitingFor: this.adminNames() }
  }
  /** This member wants to be off the list. From here on this device writes no more; the admins take it off. */
  async leave(): Promise<{ waitingFor: string[] }> {
    const me = this.member(this.identity.member)
    if (me.founder) throw new TwofoldError('FOUNDER_STAYS')
    await this.claim.ready()
    this.board.post({ type: 'leave' })
    this.proposals.tick()
    this.hooks.changed()
    return { waitingFor: this.standing === 'removed' ? [] : this.adminNames() }
  }
  private get leaving(): boolean {
    return this.board.at(`leave ${this.identity.device}`) !== null
  }
  private adminNames(): string[] {
    return voters(this.list).map((device) => this.keeper.nameOf(device))
  }
  async approve(id: string): Promise<void> {
    await this.claim.ready()
    this.admission.approve(id)
  }
  withdraw(key: string): void {
    this.proposals.withdraw(key)
    this.hooks.changed()
  }

  /** The only admin, with none of his devices left: his root key may put this one in their place (rule N7). */
  private get mayRecover(): boolean {
    const { member, device } = this.identity
    return (
      this.standing === 'provisional' &&
      !this.list.devices.has(device) &&
      currentMember(this.list, member)?.role === 'admin' &&
      majority(this.list) === 1
    )
  }
  recover(): void {
    if (!this.mayRecover) throw new TwofoldError('RECOVERY_NOT_POSSIBLE')
    const { member, device, signAsMember } = this.identity
    const { list } = this
    const proposal = this.proposals.proposal([
      { type: 'admit-device', member, device, certificate: signAsMember(deviceMessage(list.circle, member, device)) },
      ...devicesOf(list, member).map(({ key }) => ({
        type: 'remove-device' as const,
        device: key,
        seq: this.topOf(key),
      })),
    ])
    const ballot = { round: 0, by: device }
    const signature = signAsMember(epochMessage(list.circle, proposal.id, ballot))
    const refused = this.keeper.accept([certifyEpoch(proposal, ballot, [{ signer: member, signature }]).bytes])
    if (refused) throw new TwofoldError(refused)
  }

  // -------------------------------------------------------------- writing

  private mayWrite(): void {
    if (this.standing === 'removed' || this.leaving) throw new TwofoldError('REMOVED_FROM_CIRCLE')
    if (this.copied) throw new TwofoldError('DEVICE_COPIED')
    // A gap in our own timeline (a damaged database): what belongs into it may be elsewhere, and must not be written twice.
    const gap = this.engine.have.get(this.identity.device)?.floating.length
    if (this.keeper.file.mustCatchUp || gap) throw new TwofoldError('RESTORING')
  }

  /** Null: kept until this device is on the list. */
  async post(text: string, replyTo?: NodeId): Promise<Row | null> {
    const content = postOf(this.store, text, replyTo)
    if (this.standing === 'provisional') {
      this.held.add(content.text, replyTo, this.parts.now())
      this.hooks.changed()
      return null
    }
    await this.signing()
    return this.rowOf(this.write(content))
  }

  /** Fulfilled when this device may sign an entry now: it is on the list, and the only one with its key. */
  private async signing(): Promise<void> {
    if (this.standing === 'provisional') throw new TwofoldError('NOT_ADMITTED')
    this.mayWrite()
    await this.claim.ready()
    this.mayWrite()
  }

  private releaseHeld(): void {
    if (this.standing !== 'member' || !this.held.list().length) return
    try {
      this.held.release(
        () => this.store.height(this.identity.device),
        ({ text, replyTo }) => {
          this.mayWrite()
          this.write(contentOf(text, replyTo))
        },
      )
    } catch (error) {
      // A full disk, or still catching up: tried again when that has changed.
      if (!(error instanceof TwofoldError)) throw error
    }
    this.hooks.changed()
  }

  /** Sets this member's reaction to an entry; '' takes it back. The entry's row afterwards, as with the next two. */
  async react(target: NodeId, text: string): Promise<Row> {
    await this.signing()
    const content = reactionOf(this.store, target, text, this.identity.member)
    if (content) this.write(content)
    return this.rowOf(target)
  }
  async edit(target: NodeId, text: string): Promise<Row> {
    await this.signing()
    const content = editOf(this.store, target, text, this.identity.member)
    if (content) this.write(content)
    return this.rowOf(target)
  }
  async retract(target: NodeId): Promise<Row> {
    await this.signing()
    this.write(retractionOf(this.store, target, this.identity.member))
    return this.rowOf(target)
  }

  private rowOf = (id: NodeId): Row => this.rows.row(this.stored(id))

  private write(content: Content): NodeId {
    const { device } = this.identity
    const seq = this.store.height(device) + 1
    const head = seq > 1 ? this.store.at(device, seq - 1)! : null
    const now = this.parts.now()
    const behindMs = head ? head.timestamp - now : 0
    if (behindMs > CLOCK_AHEAD_MS)
      throw new TwofoldError('CLOCK_BEHIND', { behind: `${Math.round(behindMs / 60_000)} minutes` })
    const node = makeNode(
      this.parts.secrets.crypto,
      {
        circle: this.list.circle,
        device,
        seq,
        ...(head && { backlink: head.id }),
        // Time rises along a timeline even where the clock stands still (rule N4).
        timestamp: Math.max(now, (head?.timestamp ?? 0) + 1),
        epoch: this.list.epoch,
        ...encodeContent(content),
      },
      this.identity.signAsDevice,
    )
    const [outcome] = this.driver.append([{ node, origin: { from: null, how: 'own', tree: null }, arrival: null }])
    if (outcome?.type !== 'stored') throw new Error(`own node was not stored: ${outcome?.type}`)
    return node.id
  }

  // -------------------------------------------------------------- reading

  openView = (scope: Scope, order?: Order, filter?: Filter) => this.views.open(scope, order, filter)
  window = (id: number, start: number, count: number) => this.views.window(id, start, count)
  position = (id: number, node: NodeId) => this.views.position(id, node)
  closeView = (id: number) => this.views.close(id)
  viewAt = (id: number, time: number): number => this.views.at(id, time)
  histogram = (id: number, bins: number): Histogram => this.views.histogram(id, bins)
  versions = (id: NodeId): EntryVersion[] => this.rows.versions(this.stored(id))

  /** Kept on this device alone. */
  bookmark(id: NodeId, on: boolean): void {
    this.store.bookmark(this.stored(id).row, on ? this.parts.now() : null)
    this.views.touched()
    this.views.relist()
  }

  /** Entries as text, oldest first. */
  copy(ids: readonly NodeId[], form: CopyForm): string {
    const nodes = [...new Set(ids)].map((id) => this.stored(id))
    const rows = this.rows.rows(nodes.sort((a, b) => a.node.timestamp - b.node.timestamp))
    // What is quoted is what the last edit says, so that is what is proved.
    return copied(rows, form, (row) => this.proof(this.versions(row.id).at(-1)?.id ?? row.id, false).content)
  }

  /** Tags in use that begin so, the most frequent first. */
  tags = (prefix: string): string[] => this.store.facets(tagPrefix(prefix), TAGS_MAX).map(({ facet }) => tagOf(facet))

  markSeen(scope: Scope): void {
    const members =
      scope.type === 'everyone' ? [...this.list.members.keys()] : scope.type === 'member' ? [scope.member] : []
    const unseen = members.filter((member) => this.unread.get(member))
    if (!unseen.length) return
    this.store.markSeen(unseen)
    for (const member of unseen) this.unread.set(member, 0)
    this.hooks.changed()
  }

  private stored(id: NodeId): StoredNode {
    const stored = this.store.byId(id)
    if (!stored) throw new TwofoldError('ENTRY_UNKNOWN')
    return stored
  }

  inspect(id: NodeId): Inspection {
    const { keeper, engine, store, rows, receipts } = this
    const { crypto } = this.parts.secrets
    return inspect({ crypto, me: this.identity.device, keeper, engine, store, rows, receipts }, this.stored(id))
  }

  holders(id: NodeId): HoldersView {
    return this.receipts.holders(this.stored(id).node)
  }

  proof(id: NodeId, holders: boolean): { fileName: string; content: string } {
    const { node } = this.stored(id)
    const held = holders ? this.receipts.evidence(node) : []
    return proofFile(node, this.list, this.keeper.epochBytes, this.keeper.nameOf(node.device), held)
  }

  /** Rule N6: what shows to anybody that a device signed two histories. */
  forkProof(device: DeviceKey): { fileName: string; content: string } {
    const notice = this.board.at(`fork ${device}`)
    if (notice?.type !== 'fork') throw new TwofoldError('FORK_UNKNOWN')
    return forkProofFile(notice.nodes, this.list, this.keeper.epochBytes, this.keeper.nameOf(device))
  }

  /** Every stored node once more, against everything that rule N4 says of it. */
  verifyAll(): { checked: number; bad: { id: string; code: string }[] } {
    let checked = 0
    const bad: { id: string; code: string }[] = []
    for (const { node } of this.store.all()) {
      checked++
      const code = verifyNode(this.parts.secrets.crypto, node, this.judged, this.parts.now())
      const below = node.seq > 1 ? this.store.at(node.device, node.seq - 1) : null
      if (code) bad.push({ id: node.id, code })
      else if (below && below.id !== node.backlink) bad.push({ id: node.id, code: 'BACKLINK_MISMATCH' })
    }
    return { checked, bad }
  }

  // -------------------------------------------------------------- state for a screen

  /** `heard`: when a device's beacon was last heard on the LAN. */
  private presence(device: DeviceKey, heard: ReadonlyMap<DeviceKey, number>): Presence {
    if (device === this.identity.device) return { state: 'self' }
    const link = this.driver.linkOf(device)
    if (link) return { state: 'online', path: link.path, sinceMs: link.openedAt }
    const before = Number(this.store.meta(seenKey(device)) ?? 0)
    const last = Math.max(heard.get(device) ?? 0, this.engine.lastSeen(device) ?? 0, before)
    if (last === 0) return { state: 'offline', lastSeenAt: null }
    const agoMs = Math.max(0, this.parts.now() - last)
    return agoMs <= SEEN_MS ? { state: 'seen', agoMs } : { state: 'offline', lastSeenAt: last }
  }

  private presences(): (device: DeviceKey) => Presence {
    const heard = new Map(this.network?.status().lanPeers.map((p) => [p.device, p.lastSeenAt]))
    return (device) => this.presence(device, heard)
  }

  members(): MemberView[] {
    return memberViews({
      keeper: this.keeper,
      me: this.identity.member,
      links: this.engine.links,
      have: this.engine.have,
      presence: this.presences(),
      entries: (member) => this.store.total(member),
      unread: (member) => this.unread.get(member) ?? 0,
      forkedAt: (device) => {
        const notice = this.board.at(`fork ${device}`)
        return notice?.type === 'fork' ? notice.nodes[0].seq : null
      },
    })
  }

  /** Made anew only when the list has changed. */
  changes(): ListChangeView[] {
    if (this.changeLog?.length !== this.keeper.epochBytes.length + 1)
      this.changeLog = changeLog(this.parts.secrets.crypto, this.keeper)
    return this.changeLog
  }

  view(): CircleView {
    return {
      id: this.list.circle,
      name: this.list.genesis.name,
      epoch: this.list.epoch,
      approval: this.list.genesis.approval,
      admin: this.keeper.admin && this.standing === 'member',
      standing: this.standing,
      mayRecover: this.mayRecover,
      copied: this.copied,
      wants: this.proposals.wants().map((want) => ({
        key: wantKey(want),
        text: wantText(this.keeper, want),
        askedAt: want.askedAt,
      })),
      waitingFor: this.waitingFor(),
      heldPosts: this.held.list(),
      notHeard: this.notHeard(),
      members: this.members(),
      changes: this.changes(),
      requests: this.admission.requests(),
      invites: this.admission.views(),
    }
  }

  /** Members on links whose greeting named an earlier list (rule M6). */
  private notHeard(): string[] {
    const behind = [...this.engine.links.values()].filter(
      (l) => l.epoch < this.list.epoch && this.list.devices.has(l.device),
    )
    return [...new Set(behind.map((l) => this.keeper.nameOf(l.device)))].sort()
  }

  networkView(): NetworkView {
    const status = this.network?.status()
    const { counters } = this.engine.forwarding
    const beacon = this.problems.beaconBlocked ? 'blocked' : 'on'
    return {
      listening: status?.listening ?? false,
      port: status?.port ?? 0,
      interfaces: status?.localAddresses ?? [],
      internet: !this.settings.internet ? 'off' : status?.internet ? 'up' : 'searching',
      lan: !this.settings.lan ? 'off' : status && !status.interfaces.length ? 'no-interface' : beacon,
      links: this.driver.allLinks().map((link) => ({
        device: link.remote,
        memberName: this.keeper.nameOf(link.remote),
        path: link.path,
        address: `${link.address.host}:${link.address.port}`,
        sinceMs: link.openedAt,
        srttMs: this.engine.links.get(link.remote)?.srttMs ?? null,
        bytesIn: link.stats.bytesIn,
        bytesOut: link.stats.bytesOut,
      })),
      problems: this.problems.list(),
      strangersRefused: status?.strangersRefused ?? 0,
      refused: Object.fromEntries(this.refusedByCode),
      copiesSent: counters.sent,
      copiesReceived: counters.received,
      entriesRouted: counters.nodes,
      manualAddresses: this.settings.manualAddresses,
    }
  }

  networkLive(): NetworkLive {
    const { engine, keeper, meter } = this
    const { device: me } = this.identity
    return networkLive({
      now: this.parts.now(),
      me,
      engine,
      keeper,
      meter,
      links: this.driver.allLinks(),
      presence: this.presences(),
    })
  }

  sync(): SyncView {
    const { catchUp } = this.engine
    const missing = catchUp.missing()
    return {
      missing,
      have: [...this.engine.have.values()].reduce(
        (sum, { height, floating }) => sum + height + floating.reduce((n, { from, to }) => n + to - from + 1, 0),
        0,
      ),
      from: missing && catchUp.lastFrom !== null ? this.keeper.nameOf(catchUp.lastFrom) : null,
      peersOnline: this.engine.links.size,
      compared: [...this.engine.links.values()].some((link) => link.compared),
    }
  }

  alerts(): Alert[] {
    const alerts: Alert[] = []
    const add = (code: ErrorCode, severity: Alert['severity'], details: Record<string, string | number> = {}) =>
      alerts.push({ code, severity, text: sentence(code, details) })
    if (this.storeCode) add(this.storeCode, 'error')
    if (this.damage) add('DATABASE_DAMAGED', 'warning', { file: this.damage.file, recovered: this.damage.recovered })
    if (this.standing === 'removed' || this.leaving) add('REMOVED_FROM_CIRCLE', 'warning')
    else if (this.copied) add('DEVICE_COPIED', 'error')
    else if (this.standing === 'provisional') this.provisionalAlert(add)
    else if (this.keeper.file.mustCatchUp) add('RESTORING', 'info')
    for (const { nodes } of this.board.all('fork'))
      if (isCurrentDevice(this.list, nodes[0].device))
        add('EQUIVOCATION', 'warning', { name: this.keeper.nameOf(nodes[0].device) })
    return alerts
  }

  private provisionalAlert(
    add: (code: ErrorCode, severity: Alert['severity'], details?: Record<string, string | number>) => void,
  ): void {
    const { device } = this.identity
    const request = this.board.at(`join ${device}`)
    const code = this.board.at(`decline ${device}`)
      ? 'JOIN_REFUSED'
      : request?.type === 'join' && !currentMember(this.list, request.request.member)
        ? inviteCode(this.list, this.board.invite(request.invite), this.parts.now())
        : null
    if (code) add('PROVISIONAL_ENDED', 'error', { why: sentence(code) })
    else add('PROVISIONAL', 'info', { waitingFor: anyOf(this.adminNames()) })
  }
}
