// A circle on this device, running: puts list, store, engine, network and what a person can do together, and says what
// follows from what. It holds no rule of the protocol; those are in main/protocol.
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey, NetworkLive, NetworkView, ViewChange } from '../../shared/types'
import { Engine, type AsideMessage, type StoreItem } from '../protocol/engine'
import { isCurrentDevice, type MemberList } from '../protocol/membership'
import type { TimelineNode } from '../protocol/node'
import type { Notice } from '../protocol/notices'
import { Rings } from '../protocol/rings'
import { Admission } from './admission'
import { Author } from './author'
import { CircleViews } from './circle-view'
import { readKeptOut, saveKeptOut } from './conduct-keeper'
import { Connections } from './connections'
import { CutOffs } from './cut-offs'
import { BulkWork } from './bulk-work'
import { Driver, type DriverHooks, type StoredRun } from './driver'
import { Forks } from './forks'
import { ListKeeper } from './list-keeper'
import { ListRequests } from './list-requests'
import { Mirror } from './mirror'
import { networkLive } from './network-live'
import { NoticeBoard, type NoticeOf } from './notice-board'
import type { CircleFile, Identity, Link, Parts, SettingsFile, StorePort } from './ports'
import { Proposals } from './proposals'
import { Reader } from './reader'
import { ReceiptKeeper, readProven } from './receipt-keeper'
import { Recovery } from './recovery'
import { SignatureChecker } from './signatures'
import { SyncRate } from './sync-rate'
import { Signing } from './signing'
import { Storage } from './storage'
import { Twins } from './twins'

/** How often the agreement and the claim are looked at while something is under way, and soon after anything has changed. */
const LOOK_MS = 500
/** The same when nothing is: only for a clock that was set. */
const LOOK_IDLE_MS = 60_000

export interface CircleHooks {
  changed(): void
  viewChanged(change: ViewChange): void
  /** This device is no longer on the list. */
  removed(): void
  portChanged(port: number): void
}

export class Circle {
  readonly store: StorePort
  readonly admission: Admission
  readonly requests: ListRequests
  readonly author: Author
  readonly reader: Reader
  readonly connections: Connections
  readonly views: CircleViews
  readonly storage: Storage
  readonly mirror: Mirror
  private readonly recovery: Recovery
  /** The database is looked at after a run that did not end in order; null: that is done, or was not needed. */
  private checking: Promise<void> | null = null
  private readonly keeper: ListKeeper
  private readonly board: NoticeBoard
  private readonly proposals: Proposals
  private readonly cutOffs: CutOffs
  private readonly forks: Forks
  private readonly signing: Signing
  private readonly twins: Twins
  private readonly engine: Engine
  private readonly work: BulkWork
  private readonly driver: Driver
  private readonly receipts: ReceiptKeeper
  private readonly refusedByCode = new Map<string, number>()
  private trouble: ErrorCode | null = null
  private readonly checker: SignatureChecker
  private readonly rate = new SyncRate()
  /** Entries whose own signature does not hold, by device (rule N9). */
  private missigned: ReadonlyMap<DeviceKey, number> = new Map()
  /** Links that have told that they hold what we hold: the first time shows, the others are routine. */
  private readonly inStepWith = new Set<DeviceKey>()
  /** How many devices were demoted when it was last told. */
  private demoted = 0
  private lookTimer: NodeJS.Timeout | undefined
  private lookAt = 0
  private stopped = false

  constructor(
    private readonly parts: Parts,
    private readonly identity: Identity,
    file: CircleFile,
    settings: SettingsFile,
    private readonly hooks: CircleHooks,
  ) {
    const { crypto } = parts.secrets
    const run = parts.now()
    const changed = () => this.changed()
    const tell = (to: DeviceKey, message: AsideMessage) => this.driver.tell(to, message)
    const have = () => this.engine.have
    const keeper = new ListKeeper(parts, identity, file, () => this.onListChanged())
    this.keeper = keeper
    const { list } = this.keeper
    const { store, damaged } = parts.openStore({ circle: list.circle, devices: [...list.devices.keys()] })
    this.store = store
    this.knowDevices()
    // A damaged database may have lost own nodes that others have: nothing is written before they were asked (rule N7).
    if (damaged) keeper.save({ mustCatchUp: keeper.list.devices.size > 1 })
    const append = (items: StoreItem[]) => this.driver.append(items)
    const judged = () => this.cutOffs.judged
    const entropy = () => parts.secrets.entropyFromWords(identity.words().join(' '))
    const alone = () => keeper.list.devices.size === 1
    this.recovery = new Recovery({ parts, store, damaged, entropy, judged, alone, append, changed })
    this.mirror = new Mirror({ parts, identity, keeper, store, judged, append, changed })
    const board = new NoticeBoard({
      parts,
      identity,
      list: () => keeper.list,
      links: () => this.driver?.allLinks().map((link) => link.remote) ?? [],
      send: tell,
      arrived: (notice) => this.onNotice(notice),
      // Other codes follow from lists and invites that differ, which is nobody's fault.
      refused: (code, from) => (code === 'NOTICE_MALFORMED' ? this.blamed(from, code) : this.count(code)),
    })
    this.board = board
    this.cutOffs = new CutOffs({ list: () => keeper.list, board, store, have })
    this.engine = new Engine({
      crypto,
      sign: identity.signAsDevice,
      me: identity.device,
      list: this.cutOffs.judged,
      rings: new Rings(crypto),
      have: store.have(),
      proven: readProven(store, crypto, keeper),
      keptOut: readKeptOut(store),
      app: parts.version,
      random: () => new DataView(parts.secrets.randomBytes(4).buffer).getUint32(0),
      mayRead: (device) => this.admission.mayRead(device),
    })
    this.receipts = new ReceiptKeeper(parts, store, this.engine.receipts, keeper, identity.device)
    this.work = new BulkWork({
      parts,
      store,
      indexed: () => this.reader.indexed(),
      missigned: (device) => this.onMissigned(device),
      reread: () => this.onReread(),
    })
    const driverHooks: DriverHooks = {
      stored: (nodes, exact) => this.onStored(nodes, exact),
      storedRun: (run) => this.onStoredRun(run),
      epochsArrived: (from, records) => this.onEpochs(from, records),
      epochsWanted: (after) => keeper.recordsAfter(after),
      inStep: (by) => this.onInStep(by),
      ownTimelineAhead: () => this.signing.ownTimelineAhead(),
      ownHeld: (seq) => {
        if (this.author.heldBy(seq)) this.reader.touched()
      },
      receipts: () => this.onReceipts(),
      traffic: (way, device, bytes) => this.connections.meter.count(way, device, bytes),
      refused: (code) => this.count(code),
      storeTrouble: (code) => this.onTrouble(code),
      changed,
      aside: (from, message) => this.onAside(from, message),
      forked: (node) => this.forks.found(node),
      keptOut: () => this.onKeptOut(),
      behindCutOff: () => this.cutOffAgain(),
    }
    this.driver = new Driver(parts, this.engine, store, driverHooks, this.work)
    this.forks = new Forks({
      parts,
      list: () => keeper.list,
      removed: () => keeper.standing === 'removed',
      board,
      store,
      have,
      tell,
      proven: (notice) => this.freeze(notice),
      trouble: (code) => this.onTrouble(code),
    })
    this.signing = new Signing({
      parts,
      run,
      me: identity.device,
      keeper,
      store,
      gap: () => (this.engine.have.get(identity.device)?.floating.length ?? 0) > 0,
      leaving: () => this.requests.leaving,
      recovering: () => this.recovery.view() !== null || this.checking !== null,
      recovered: () => this.recovered(),
      stopped: () => {
        // The network goes too, so that the other one with this key keeps its links.
        void this.connections.close()
        changed()
      },
    })
    this.twins = new Twins({
      parts,
      identity,
      run,
      list: () => keeper.list,
      runOf: (device) => this.driver.linkOf(device)?.remoteRun ?? null,
      tell,
      twin: () => this.signing.stop('this key is alive elsewhere'),
    })
    this.author = new Author({
      parts,
      identity,
      keeper,
      store,
      signing: this.signing,
      append,
      changed,
    })
    this.reader = new Reader({
      parts,
      identity,
      keeper,
      store,
      engine: this.engine,
      receipts: this.receipts,
      work: this.work,
      forkOf: (device) => this.forks.proofOf(device),
      heldElsewhere: () => this.author.heldElsewhere,
      viewChanged: (change) => hooks.viewChanged(change),
      changed,
    })
    this.admission = new Admission({
      parts,
      identity,
      list: () => keeper.list,
      file: () => keeper.file,
      save: (change) => keeper.save(change),
      secret: () => keeper.secrets[0]!,
      epochBytes: () => keeper.epochBytes,
      board,
      ask: (wants) => this.proposals.ask(wants),
      agree: () => {
        if (!this.signing.held) this.proposals.tick()
      },
      addresses: () => this.connections.addresses(),
      announce: (topic) => this.connections.announce(topic),
      refused: (code) => this.count(code),
      beaconChanged: () => this.connections.refresh(),
      offence: (slot, code) => this.blamed(slot, code),
      changed,
    })
    this.proposals = new Proposals({
      parts,
      identity,
      keeper,
      board,
      topOf: (device) => this.cutOffs.topOf(device),
      byThemselves: () => this.admission.wants(),
      changed,
    })
    this.requests = new ListRequests({
      parts,
      identity,
      keeper,
      board,
      proposals: this.proposals,
      admission: this.admission,
      signing: this.signing,
      topOf: (device) => this.cutOffs.topOf(device),
      changed,
    })
    this.connections = new Connections({
      parts,
      identity,
      run,
      settings,
      keeper,
      driver: this.driver,
      engine: this.engine,
      admission: this.admission,
      store,
      silenced: () => keeper.standing === 'removed' || this.signing.copied,
      linked: (link) => this.onLinked(link),
      unlinked: (link) => this.inStepWith.delete(link.remote),
      trouble: (code) => this.onTrouble(code),
      offence: (from, code) => this.blamed(from, code),
      portChanged: (port) => hooks.portChanged(port),
      tried: () => this.signing.networkTried(),
      changed,
    })
    this.views = new CircleViews({
      parts,
      identity,
      keeper,
      board,
      proposals: this.proposals,
      requests: this.requests,
      admission: this.admission,
      signing: this.signing,
      author: this.author,
      reader: this.reader,
      forks: this.forks,
      connections: this.connections,
      engine: this.engine,
      store,
      recovery: this.recovery,
      damaged: damaged !== null,
      checking: () => this.checking !== null,
      trouble: () => this.trouble,
      missigned: () => this.missigned,
      rate: this.rate,
      unchecked: () => store.believedCount(),
    })
    this.storage = new Storage({
      parts,
      identity,
      keeper,
      store,
      reader: this.reader,
      mirror: this.mirror,
      judged,
      append,
      entropy,
      changed,
    })
    this.mirror.use(settings.mirror)
    this.checker = new SignatureChecker({
      parts,
      store,
      idle: () => this.engine.landing.bytes === 0 && this.engine.catchUp.missing() === 0,
      elsewhere: () => this.work.checks(),
      found: (device) => this.onMissigned(device),
    })
    this.readMissigned()
    this.look()
  }

  get standing(): ListKeeper['standing'] {
    return this.keeper.standing
  }
  /** Restored from a backup, and not let in again. */
  get rejoining(): boolean {
    return this.keeper.rejoining
  }
  get copied(): boolean {
    return this.signing.copied
  }
  private get list(): MemberList {
    return this.keeper.list
  }

  private knowDevices(): void {
    for (const device of this.list.devices.values()) this.store.knowDevice(device.key, device.member)
  }

  /** Behind what is shown: nothing is written before the answer. */
  private checkStore(): Promise<void> | null {
    const { parts, store } = this
    if (!store.unchecked() || !parts.checkStore) return null
    const ended = parts.checkStore().then(
      (wrong) => {
        if (this.stopped) return
        if (wrong === null) store.checked()
        else {
          parts.log('error', 'the database is damaged', { found: wrong.slice(0, 200) })
          store.noteDamage()
          this.onTrouble('DATABASE_DAMAGED_NOW')
        }
      },
      (error: unknown) => parts.log('warn', 'the database was not checked', { error: String(error) }),
    )
    return ended.then(() => {
      this.checking = null
      this.hooks.changed()
    })
  }

  /** Fulfilled when all that can be had of our own timelines on this machine is here. */
  private async recovered(): Promise<void> {
    await this.checking
    await this.recovery.ready()
    await this.mirror.ready()
  }

  async start(): Promise<void> {
    this.reader.start()
    this.checking = this.checkStore()
    await this.recovery.start()
    // What was kept meanwhile goes out.
    void this.recovered().then(() => {
      if (!this.stopped && !this.signing.held && !this.copied) this.author.release()
    })
    this.checker.wake()
    this.lookIn(LOOK_MS)
    await this.connections.start()
    // Without a link it has nobody to tell anything.
    if (!this.stopped) this.driver.start()
    if (!this.stopped) this.storage.start()
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.lookTimer)
    this.driver.stop()
    this.receipts.save()
    this.checker.stop()
    this.reader.stop()
    this.recovery.stop()
    await this.storage.stop()
    await this.connections.stop()
    this.mirror.stop()
    await this.work.close()
    this.store.close()
  }

  networkView(): NetworkView {
    return this.connections.view(Object.fromEntries(this.refusedByCode))
  }

  networkLive(): NetworkLive {
    const { engine, keeper, connections } = this
    return networkLive({
      now: this.parts.now(),
      me: this.identity.device,
      engine,
      keeper,
      meter: connections.meter,
      links: this.driver.allLinks(),
      presence: connections.presences(),
    })
  }

  // -------------------------------------------------------------- what links bring

  private onLinked(link: Link): void {
    this.board.compare(link.remote)
    this.twins.linked(link)
    if (this.keeper.lacksSecret()) this.driver.tell(link.remote, { type: 'secret-want' })
  }

  private onStored(nodes: readonly TimelineNode[], exact: boolean): void {
    this.reader.stored(nodes, exact)
    this.rate.note(nodes.length, this.parts.now())
    this.checker.wake()
    this.mirror.stored(nodes.map((node) => node.device))
    this.changed()
  }

  private onStoredRun({ device, nodes, entries }: StoredRun): void {
    this.reader.storedRun(device, entries)
    this.rate.note(nodes.count, this.parts.now())
    this.checker.wake()
    this.mirror.stored([device])
    this.changed()
  }

  /** Threads are gone: what they have committed is what the database holds. */
  private onReread(): void {
    if (this.stopped) return
    try {
      this.driver.handle({ type: 'reread', have: this.store.have() })
      this.reader.changed()
    } catch (error) {
      if (!(error instanceof TwofoldError)) throw error
      this.onTrouble(error.code)
    }
    this.changed()
  }

  private onMissigned(device: DeviceKey): void {
    this.parts.log('warn', 'signatures do not hold', { device: device.slice(0, 8) })
    this.readMissigned()
    this.hooks.changed()
  }
  private readMissigned(): void {
    const byDevice = new Map<DeviceKey, number>()
    for (const { device } of this.store.missigned()) byDevice.set(device, (byDevice.get(device) ?? 0) + 1)
    this.missigned = byDevice
  }

  private count(code: string): void {
    this.refusedByCode.set(code, (this.refusedByCode.get(code) ?? 0) + 1)
    this.changed()
  }

  /** Something was refused that the engine has not seen (rule H2). */
  private blamed(from: DeviceKey, code: ErrorCode): void {
    this.count(code)
    this.driver.handle({ type: 'offence', from, code })
  }

  private onKeptOut(): void {
    saveKeptOut(this.store, this.engine.conduct)
    this.connections.keepOut()
    this.changed()
  }

  private onInStep(by: DeviceKey): void {
    if (!this.inStepWith.has(by)) {
      this.inStepWith.add(by)
      this.changed()
    }
    if (!this.signing.caughtUp()) return
    if (!this.signing.held) this.author.release()
    this.changed()
  }

  private onReceipts(): void {
    this.receipts.touched()
    // What every checkpoint may change is asked for by whoever shows it; only a demotion is news for all.
    if (this.engine.droppers.demoted.size === this.demoted) return
    this.demoted = this.engine.droppers.demoted.size
    this.changed()
  }

  private onTrouble(code: ErrorCode | null): void {
    if (this.trouble === code) return
    this.trouble = code
    this.changed()
  }

  private onAside(from: DeviceKey, message: AsideMessage): void {
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
        if (this.keeper.learnSecret(message.secret)) this.connections.refresh()
        return
      case 'have':
      case 'branch-want':
      case 'branch':
        this.forks.heard(from, message)
        return
      case 'run-mark':
      case 'alive-want':
      case 'alive':
        this.twins.heard(from, message)
        return
    }
  }

  private onNotice(notice: Notice): void {
    switch (notice.type) {
      case 'agreement':
        if (!this.signing.held) this.proposals.heard(notice.statement)
        return
      case 'invite':
      case 'revocation':
      case 'decline':
        this.admission.refresh()
        this.connections.dropStrangers()
        return
      case 'join':
      case 'leave':
      case 'drop':
        if (!this.signing.held) this.proposals.tick()
        this.changed()
        return
      case 'fork':
        this.freeze(notice)
        return
    }
  }

  // -------------------------------------------------------------- what follows

  /** What a screen shows has changed; so may have what is to be agreed on. */
  private changed(): void {
    this.hooks.changed()
    if (this.lookTimer && this.lookAt > this.parts.now() + LOOK_MS) this.lookIn(LOOK_MS)
  }

  private lookIn(ms: number): void {
    clearTimeout(this.lookTimer)
    if (this.stopped) return
    this.lookAt = this.parts.now() + ms
    this.lookTimer = setTimeout(() => {
      try {
        this.look()
      } finally {
        const over = this.standing === 'removed' || this.copied
        this.lookIn(!over && (this.signing.held || this.proposals.busy) ? LOOK_MS : LOOK_IDLE_MS)
      }
    }, ms)
  }

  /** A look at what only time brings: whether this device may write, and how the agreement goes. */
  private look(): void {
    const before = this.signing.held
    this.signing.look(
      [...this.engine.links.values()].flatMap(({ device, compared, heights }) => {
        const link = this.driver.linkOf(device)
        return link ? [{ compared, heights, openedAt: link.openedAt }] : []
      }),
    )
    if (this.signing.held || this.standing === 'removed' || this.copied) return
    try {
      this.proposals.tick()
    } catch (error) {
      if (!(error instanceof TwofoldError)) throw error
      this.onTrouble(error.code)
    }
    if (before) this.author.release()
  }

  /** Rule N6: nothing of a device that signed two histories is accepted from where they part. */
  private freeze(notice: NoticeOf<'fork'>): void {
    if (notice.nodes[0].device === this.identity.device) this.signing.stop('this device signed two histories')
    this.cutOffAgain()
  }

  /** Timelines end elsewhere than before, or something was stored beyond their ends. */
  private cutOffAgain(): void {
    this.driver.handle({ type: 'list-changed', list: this.cutOffs.judged, have: this.cutOffs.apply() })
    this.readMissigned()
    this.reader.relist()
    this.changed()
  }

  private onEpochs(from: DeviceKey, records: readonly Uint8Array[]): void {
    const refused = this.keeper.accept(records)
    if (refused) this.blamed(from, refused)
  }

  /** Everything that depends on the list follows it. */
  private onListChanged(): void {
    this.knowDevices()
    if (this.standing === 'member' && this.keeper.file.provisional) this.keeper.save({ provisional: false })
    this.driver.handle({ type: 'list-changed', list: this.cutOffs.judged, have: this.cutOffs.apply() })
    this.board.listChanged()
    this.admission.refresh()
    this.connections.dropStrangers()
    this.connections.chooseLinks()
    this.connections.refresh()
    if (this.keeper.lacksSecret())
      for (const link of this.driver.allLinks()) this.driver.tell(link.remote, { type: 'secret-want' })
    if (!this.signing.held) {
      this.proposals.renew()
      this.author.release()
    }
    this.reader.relist()
    this.changed()
    if (this.standing !== 'removed') return
    void this.connections.close()
    this.hooks.removed()
  }
}
