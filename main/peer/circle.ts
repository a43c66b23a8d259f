// A circle on this device, running: list, store, engine, network and admission put together, and what a person can ask of
// them. It holds no rule of the protocol; those are in main/protocol.
import { TwofoldError, sentence, type ErrorCode } from '../../shared/errors'
import type {
  Alert,
  CircleView,
  DeviceKey,
  HoldersView,
  Inspection,
  ListChangeView,
  MemberKey,
  MemberView,
  NetworkLive,
  NetworkView,
  NodeId,
  Presence,
  Row,
  Scope,
  SyncView,
  ViewChange,
} from '../../shared/types'
import { utf8 } from '../protocol/codec'
import { Engine, type StoreItem } from '../protocol/engine'
import type { HaveVector } from '../protocol/have'
import { neighboursOf } from '../protocol/heirs'
import { circleBeaconKey } from '../protocol/invite'
import { encodeContent, type Content } from '../protocol/kinds'
import { CLOCK_AHEAD_MS, TEXT_BYTES_MAX } from '../protocol/limits'
import { isCurrentDevice, type MemberList } from '../protocol/membership'
import { makeNode, type TimelineNode } from '../protocol/node'
import { Rings } from '../protocol/rings'
import { verifyNode } from '../protocol/verify'
import { Admission } from './admission'
import { Driver } from './driver'
import { inspect } from './inspect'
import { ListKeeper } from './list-keeper'
import { changeLog, memberViews } from './member-views'
import { Meter } from './meter'
import { networkLive } from './network-live'
import type { CircleFile, Identity, Link, NetworkPort, Parts, SettingsFile, StoredNode, StorePort } from './ports'
import { Problems } from './problems'
import { proofFile } from './proof'
import { ReceiptKeeper, readProven } from './receipt-keeper'
import { Rows } from './rows'
import { Views } from './views'

/** A link that no rule asks for is kept this long: a joining circle settles, an on-demand link is used again. */
const SPARE_LINK_MS = 60_000
const SPARE_CHECK_MS = 15_000
/** Word of a peer older than this is 'offline'. */
const SEEN_MS = 120_000
// Names in the store's table of single values.
const META_OWN_HELD = 'own-held'
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

export class Circle {
  readonly admission: Admission
  readonly store: StorePort
  private readonly keeper: ListKeeper
  private readonly engine: Engine
  private readonly driver: Driver
  private readonly receipts: ReceiptKeeper
  private readonly meter: Meter
  private readonly views: Views
  private readonly rows: Rows
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
    this.keeper = new ListKeeper(parts, identity, file, () => this.onListChanged())
    const opened = parts.openStore()
    this.store = opened.store
    this.knowDevices()
    // A damaged database may have lost own nodes that others have: nothing is written before they were asked (rule N7).
    if (opened.damaged) this.keeper.save({ mustCatchUp: this.list.devices.size > 1 })
    const have = this.store.have()
    this.meter = new Meter(parts.now)
    this.engine = new Engine({
      crypto,
      sign: identity.signAsDevice,
      me: identity.device,
      list: this.list,
      rings: new Rings(crypto),
      have,
      proven: readProven(this.store, crypto, this.keeper),
      app: parts.version,
      random: () => new DataView(parts.secrets.randomBytes(4).buffer).getUint32(0),
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
    })
    this.applyCaps()
    this.damage = opened.damaged && { file: opened.damaged.file, recovered: this.salvage(opened.damaged.salvaged) }
    this.rows = new Rows({
      parts,
      store: this.store,
      list: () => this.list,
      me: identity.device,
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
      commit: (changes) => this.keeper.commit(changes),
      addresses: () => (this.network?.status().localAddresses ?? []).flatMap((text) => this.hostPort(text)),
      announce: (topic) => this.network?.lookup(topic, 'announce') ?? (() => {}),
      beaconChanged: () => this.network?.refresh(),
      changed: () => this.hooks.changed(),
    })
  }

  /** This device is on the list. */
  get current(): boolean {
    return this.keeper.current
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
      .filter((node) => verifyNode(this.parts.secrets.crypto, node, this.list, this.parts.now()) === null)
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
    this.spareTimer = setInterval(() => this.dropSpareLinks(), SPARE_CHECK_MS)
    await this.startNetwork()
  }

  private async startNetwork(): Promise<void> {
    if (!this.parts.network || !this.current || this.network) return
    const network = this.parts.network({
      keyPair: this.identity.deviceKeys,
      mayConnect: (remote) => isCurrentDevice(this.list, remote) || this.admission.admits(remote),
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
    network.on('link', (link) => this.guarded(link, () => this.route(link).linkUp(link)))
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
    return isCurrentDevice(this.list, link.remote) ? this.driver : this.admission
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
    return ring ? neighboursOf(ring, this.identity.device) : []
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
    this.driver.stop()
    this.receipts.save()
    this.views.stop()
    await this.stopNetwork()
    this.store.close()
  }

  // -------------------------------------------------------------- hooks of the driver

  private onStored(nodes: readonly TimelineNode[]): void {
    for (const node of nodes) {
      const member = this.keeper.memberOf(node.device)
      if (member !== this.identity.member) this.unread.set(member, (this.unread.get(member) ?? 0) + 1)
    }
    this.views?.stored(nodes)
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
    this.hooks.changed()
  }

  private onOwnTimelineAhead(): void {
    if (this.keeper.file.mustCatchUp || this.store.meta(META_COPIED)) return
    this.store.setMeta(META_COPIED, '1')
    this.parts.log('error', 'own timeline is ahead elsewhere')
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

  // -------------------------------------------------------------- list

  private onEpochs(records: readonly Uint8Array[]): void {
    const refused = this.keeper.accept(records)
    if (refused) this.count(refused)
  }

  /** Everything that depends on the list follows it. */
  private onListChanged(): void {
    this.knowDevices()
    for (const member of this.list.members.keys()) if (!this.unread.has(member)) this.unread.set(member, 0)
    this.driver.handle({ type: 'list-changed', list: this.list, have: this.cutOff() })
    this.chooseLinks()
    this.network?.refresh()
    this.views.touched()
    this.hooks.changed()
    if (this.current) return
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
    for (const device of this.list.devices.values()) {
      if (device.cutoffSeq === undefined || this.topOf(device.key) <= device.cutoffSeq) continue
      const left = this.store.cutOff(device.key, device.cutoffSeq)
      if (left) changed.set(device.key, left)
    }
    return changed
  }

  /** Rule M5: cuts sessions, fixes what was accepted last, and gives the circle a new secret. */
  removeMember(key: MemberKey): void {
    this.keeper.remove(key, (device) => this.topOf(device))
    // Whoever is removed may hold an invite that still lets somebody in.
    this.admission.revokeAll()
  }

  // -------------------------------------------------------------- writing

  private mayWrite(): void {
    if (!this.current) throw new TwofoldError('REMOVED_FROM_CIRCLE')
    if (this.store.meta(META_COPIED)) throw new TwofoldError('DEVICE_COPIED')
    // A gap in our own timeline (a damaged database): what belongs into it may be elsewhere, and must not be written twice.
    const gap = this.engine.have.get(this.identity.device)?.floating.length
    if (this.keeper.file.mustCatchUp || gap) throw new TwofoldError('RESTORING')
  }

  post(text: string, replyTo?: NodeId): Row {
    this.mayWrite()
    const trimmed = text.replace(/\s+$/, '')
    if (!trimmed.trim()) throw new TwofoldError('TEXT_EMPTY')
    const bytes = utf8(trimmed).length
    if (bytes > TEXT_BYTES_MAX) throw new TwofoldError('TEXT_TOO_LONG', { max: TEXT_BYTES_MAX, bytes })
    if (replyTo !== undefined && !this.store.byId(replyTo)) throw new TwofoldError('ENTRY_UNKNOWN')
    const content: Content =
      replyTo === undefined ? { kind: 'post', text: trimmed } : { kind: 'reply', target: replyTo, text: trimmed }
    return this.write(content)
  }

  private write(content: Content): Row {
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
    return this.rows.row(this.store.byId(node.id)!)
  }

  // -------------------------------------------------------------- reading

  openView = (scope: Scope) => this.views.open(scope)
  window = (id: number, start: number, count: number) => this.views.window(id, start, count)
  position = (id: number, node: NodeId) => this.views.position(id, node)
  closeView = (id: number) => this.views.close(id)

  markSeen(scope: Scope): void {
    const members =
      scope.type === 'everyone' ? [...this.list.members.keys()] : scope.type === 'mine' ? [] : [scope.member]
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

  /** Every stored node once more, against everything that rule N4 says of it. */
  verifyAll(): { checked: number; bad: { id: string; code: string }[] } {
    let checked = 0
    const bad: { id: string; code: string }[] = []
    for (const { node } of this.store.all()) {
      checked++
      const code = verifyNode(this.parts.secrets.crypto, node, this.list, this.parts.now())
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
      admin: this.keeper.admin,
      members: this.members(),
      changes: this.changes(),
      requests: this.admission.requests(),
      invites: this.admission.views(),
    }
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
      have: this.store.total(null),
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
    if (!this.current) add('REMOVED_FROM_CIRCLE', 'warning')
    else if (this.store.meta(META_COPIED)) add('DEVICE_COPIED', 'error')
    else if (this.keeper.file.mustCatchUp) add('RESTORING', 'info')
    if (this.store.equivocations().length) add('EQUIVOCATION', 'warning')
    return alerts
  }
}
