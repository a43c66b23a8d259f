// A circle on this device, running: list, store, engine, network and admission put together, and what a person can ask of
// them. It holds no rule of the protocol; those are in main/protocol.
import { TwofoldError, sentence, type ErrorCode } from '../../shared/errors'
import type {
  Alert,
  CircleView,
  DeviceKey,
  Inspection,
  ListChangeView,
  MemberKey,
  MemberView,
  NetworkView,
  NodeId,
  Presence,
  RouteTree,
  Row,
  Scope,
  SyncView,
  ViewChange,
} from '../../shared/types'
import { fromHex, toHex, utf8 } from '../protocol/codec'
import { commitAlone } from '../protocol/agreement'
import { Engine, type StoreItem } from '../protocol/engine'
import type { HaveVector } from '../protocol/have'
import { TREES, chain, fingersOf, nodeSeed, relative, treeEdges } from '../protocol/heirs'
import { circleBeaconKey } from '../protocol/invite'
import { encodeContent, type Content } from '../protocol/kinds'
import { TEXT_BYTES_MAX, CLOCK_AHEAD_MS } from '../protocol/limits'
import {
  acceptEpoch,
  currentMember,
  decodeEpoch,
  decodeGenesis,
  devicesAt,
  foundedList,
  isCurrentDevice,
  secretHash,
  type Change,
  type MemberList,
  type SecretRotation,
} from '../protocol/membership'
import { makeNode, type TimelineNode } from '../protocol/node'
import { verifyNode } from '../protocol/verify'
import { Admission } from './admission'
import { Driver } from './driver'
import type { CircleFile, Identity, Link, NetworkPort, Parts, SettingsFile, StorePort } from './ports'
import { proofFile, proofSteps } from './proof'
import { Rows } from './rows'
import { Views } from './views'

/** Up to this many devices everybody is linked with everybody: fewer than the fingers of a larger circle. */
const FULL_LINKS_UP_TO = 17
/** Word of a peer older than this is 'offline'. */
const SEEN_MS = 120_000
/** Epoch records in one answer, in bytes: well below the largest frame. */
const RECORDS_BYTES_MAX = 600_000
/** And in number: half of what a message may hold. */
const RECORDS_MAX = 512
/** Old secrets kept to hear the beacons of members who missed a removal. */
const SECRETS_MAX = 8
const PROBLEMS_MAX = 20
// Names in the store's table of single values.
const META_OWN_HELD = 'own-held'
const META_COPIED = 'copied'

/** What net reports, as the person's code. Codes that are nobody's problem are only counted. */
const PROBLEM_CODES: Readonly<Record<string, ErrorCode>> = {
  NO_INTERFACE: 'NO_INTERFACE',
  MULTICAST_BLOCKED: 'MULTICAST_BLOCKED',
  BEACON_PORT_IN_USE: 'PORT_IN_USE',
  LISTEN_FAILED: 'NETWORK_PROBLEM',
  DHT_UNREACHABLE: 'DHT_UNREACHABLE',
  FRAME_OVERSIZED: 'FRAME_OVERSIZED',
  GREETING_INVALID: 'FRAME_MALFORMED',
  VERSION_UNSUPPORTED: 'PROTOCOL_VERSION',
  ADDRESS_UNRESOLVED: 'ADDRESS_INVALID',
}

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
  private list: MemberList
  private readonly engine: Engine
  private readonly driver: Driver
  private readonly views: Views
  private readonly rows: Rows
  private network: NetworkPort | null = null
  private epochBytes: Uint8Array[]
  private settings: SettingsFile
  private ownHeld: number
  private readonly unread = new Map<MemberKey, number>()
  private readonly refusedByCode = new Map<string, number>()
  private readonly problems = new Map<string, { code: string; text: string; at: number }>()
  private storeCode: ErrorCode | null = null
  private readonly damage: Damage | null
  private changeLog: ListChangeView[] | null = null

  constructor(
    private readonly parts: Parts,
    private readonly identity: Identity,
    private file: CircleFile,
    settings: SettingsFile,
    private readonly hooks: CircleHooks,
  ) {
    this.settings = settings
    const { crypto } = parts.secrets
    const genesis = decodeGenesis(crypto, fromHex(file.genesis))
    if (!genesis) throw new TwofoldError('GENESIS_INVALID')
    this.list = foundedList(genesis)
    this.epochBytes = file.epochs.map(fromHex)
    for (const bytes of this.epochBytes) {
      const record = decodeEpoch(crypto, bytes)
      const next = record && acceptEpoch(crypto, this.list, record)
      if (!next?.ok) throw new TwofoldError('EPOCH_UNCERTIFIED')
      this.list = next.list
    }
    const opened = parts.openStore()
    this.store = opened.store
    this.knowDevices()
    // A damaged database may have lost own nodes that others have: nothing is written before they were asked (rule N7).
    if (opened.damaged) this.save({ mustCatchUp: this.list.devices.size > 1 })
    const have = this.store.have()
    this.engine = new Engine({
      crypto,
      me: identity.device,
      list: this.list,
      have,
      app: parts.version,
      random: () => new DataView(parts.secrets.randomBytes(4).buffer).getUint32(0),
    })
    this.ownHeld = Number(this.store.meta(META_OWN_HELD) ?? 0)
    this.driver = new Driver(parts, this.engine, this.store, {
      stored: (nodes) => this.onStored(nodes),
      epochsArrived: (_from, records) => this.onEpochs(records),
      epochsWanted: (after) => this.recordsAfter(after),
      inStep: () => this.onInStep(),
      ownTimelineAhead: () => this.onOwnTimelineAhead(),
      ownHeld: (seq) => this.onOwnHeld(seq),
      refused: (code) => this.count(code),
      presence: () => {},
      storeTrouble: (code) => this.onStoreTrouble(code),
      changed: () => this.hooks.changed(),
    })
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
      (node) => this.memberOf(node.device),
      (change) => this.hooks.viewChanged(change),
      parts.now,
    )
    for (const member of this.list.members.keys()) this.unread.set(member, this.store.unread(member))
    this.admission = new Admission({
      parts,
      identity,
      list: () => this.list,
      file: () => this.file,
      save: (change) => this.save(change),
      secret: () => this.secrets()[0]!,
      epochBytes: () => this.epochBytes,
      commit: (changes) => this.commit(changes),
      addresses: () => (this.network?.status().localAddresses ?? []).flatMap((text) => this.hostPort(text)),
      announce: (topic) => this.network?.lookup(topic, 'announce') ?? (() => {}),
      beaconChanged: () => this.network?.refresh(),
      changed: () => this.hooks.changed(),
    })
  }

  /** This device is on the list. */
  get current(): boolean {
    return isCurrentDevice(this.list, this.identity.device)
  }

  private memberOf(device: DeviceKey): MemberKey {
    return this.list.devices.get(device)!.member
  }
  private nameOf(device: DeviceKey): string {
    const record = this.list.devices.get(device)
    return (record && this.list.members.get(record.member)?.name) ?? device.slice(0, 8)
  }
  private save(change: Partial<CircleFile>): void {
    const next = { ...this.file, ...change }
    this.parts.files.writeCircle(next)
    this.file = next
  }
  private secrets(): Uint8Array[] {
    return this.file.secrets.map(fromHex)
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
    await this.startNetwork()
  }

  private async startNetwork(): Promise<void> {
    if (!this.parts.network || !this.current || this.network) return
    const network = this.parts.network({
      keyPair: this.identity.deviceKeys,
      mayConnect: (remote) => isCurrentDevice(this.list, remote) || this.admission.admits(remote),
      beaconKeys: () => {
        const keys = this.secrets().map((secret) => circleBeaconKey(this.parts.secrets.crypto, secret))
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
        this.admission.linkDown(link)
        this.hooks.changed()
      }),
    )
    network.on('lanPeer', ({ device, up }) => {
      if (up) this.problems.delete('MULTICAST_BLOCKED')
      this.driver.handle({ type: 'reachable', device, reachable: up || network.status().internet })
    })
    network.on('internet', (up) => {
      for (const device of devicesAt(this.list)) this.driver.handle({ type: 'reachable', device, reachable: up })
      if (up) this.problems.delete('DHT_UNREACHABLE')
      this.hooks.changed()
    })
    network.on('interfaces', (addresses) => {
      if (addresses.length) this.problems.delete('NO_INTERFACE')
      // Another network: what the old one blocked is no longer true.
      for (const code of ['MULTICAST_BLOCKED', 'PORT_IN_USE']) this.problems.delete(code)
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
    const known = PROBLEM_CODES[code]
    if (!known) return
    this.problems.delete(known)
    this.problems.set(known, { code: known, text: sentence(known, { detail }), at: this.parts.now() })
    if (this.problems.size > PROBLEMS_MAX) this.problems.delete(this.problems.keys().next().value!)
    this.hooks.changed()
  }

  private async stopNetwork(): Promise<void> {
    const { network } = this
    this.network = null
    this.driver.use(null)
    this.admission.forgetAnnouncements()
    await network?.stop()
  }

  /** The members that we keep links with (rule F5). */
  private chooseLinks(): void {
    const ring = this.engine.ring(this.list.epoch)
    if (!ring || !this.network) return
    const others = devicesAt(this.list).filter((device) => device !== this.identity.device)
    this.network.want(ring.n <= FULL_LINKS_UP_TO ? others : fingersOf(ring, this.identity.device))
  }

  async applySettings(settings: SettingsFile): Promise<void> {
    const before = this.settings
    this.settings = settings
    if (before.lan !== settings.lan || before.internet !== settings.internet) {
      await this.stopNetwork()
      this.problems.clear()
      await this.startNetwork()
    }
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
    this.driver.stop()
    this.views.stop()
    await this.stopNetwork()
    this.store.close()
  }

  // -------------------------------------------------------------- hooks of the driver

  private onStored(nodes: readonly TimelineNode[]): void {
    for (const node of nodes) {
      const member = this.memberOf(node.device)
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

  private onInStep(): void {
    if (this.file.mustCatchUp) this.save({ mustCatchUp: false })
  }

  private onOwnTimelineAhead(): void {
    if (this.file.mustCatchUp || this.store.meta(META_COPIED)) return
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

  private onStoreTrouble(code: ErrorCode | null): void {
    if (this.storeCode === code) return
    this.storeCode = code
    this.hooks.changed()
  }

  // -------------------------------------------------------------- list

  private recordsAfter(after: number): Uint8Array[] {
    const out: Uint8Array[] = []
    let size = 0
    for (const record of this.epochBytes.slice(after, after + RECORDS_MAX)) {
      if (out.length && size + record.length > RECORDS_BYTES_MAX) break
      size += record.length
      out.push(record)
    }
    return out
  }

  private onEpochs(records: readonly Uint8Array[]): void {
    const { crypto } = this.parts.secrets
    let { list } = this
    let secrets = this.file.secrets
    const accepted: Uint8Array[] = []
    for (const bytes of records) {
      const record = decodeEpoch(crypto, bytes)
      if (!record) {
        this.count('EPOCH_MALFORMED')
        break
      }
      if (record.number <= list.epoch) continue
      const next = acceptEpoch(crypto, list, record)
      if (!next.ok) {
        this.count(next.code)
        break
      }
      list = next.list
      accepted.push(bytes)
      secrets = this.rotated(record.rotation, secrets)
    }
    if (accepted.length) this.adopt(list, accepted, secrets)
  }

  /** The new circle secret, if one of the boxes is ours (rule M5). */
  private rotated(rotation: SecretRotation | undefined, secrets: string[]): string[] {
    const box = rotation?.boxes.find((b) => b.device === this.identity.device)?.box
    const secret = box && this.parts.secrets.openSealed(this.identity.deviceKeys, box)
    if (!rotation || !secret || toHex(secretHash(this.parts.secrets.crypto, secret)) !== toHex(rotation.hash))
      return secrets
    return [toHex(secret), ...secrets].slice(0, SECRETS_MAX)
  }

  private adopt(list: MemberList, records: readonly Uint8Array[], secrets: string[]): void {
    this.save({ epochs: [...this.file.epochs, ...records.map(toHex)], secrets })
    this.epochBytes = [...this.epochBytes, ...records]
    this.list = list
    this.knowDevices()
    for (const member of list.members.keys()) if (!this.unread.has(member)) this.unread.set(member, 0)
    this.driver.handle({ type: 'list-changed', list, have: this.cutOff() })
    this.chooseLinks()
    this.network?.refresh()
    this.views?.touched()
    this.hooks.changed()
    if (this.current) return
    void this.stopNetwork()
    this.hooks.removed()
  }

  /** Rule M5, also where more had arrived than the admin knew of: every peer ends up with the same timeline. */
  private cutOff(): HaveVector {
    const changed: HaveVector = new Map()
    for (const device of this.list.devices.values()) {
      const known = this.engine.have.get(device.key)
      const top = known?.floating.at(-1)?.to ?? known?.height ?? 0
      if (device.cutoffSeq === undefined || top <= device.cutoffSeq) continue
      const left = this.store.cutOff(device.key, device.cutoffSeq)
      if (left) changed.set(device.key, left)
    }
    return changed
  }

  private commit(changes: Change[], rotation?: SecretRotation): void {
    const signer = { key: this.identity.device, sign: this.identity.signAsDevice }
    const result = commitAlone(this.parts.secrets.crypto, this.list, signer, changes, this.parts.now(), rotation)
    switch (result.state) {
      case 'committed':
        this.adopt(result.list, [result.record.bytes], this.rotated(rotation, this.file.secrets))
        return
      case 'waiting':
        throw new TwofoldError('ADMINS_NEEDED', { waitingFor: result.waitingFor.join(' or ') })
      case 'refused':
        throw new TwofoldError(result.code)
    }
  }

  /** Rule M5: cuts sessions, fixes what was accepted last, and gives the circle a new secret. */
  removeMember(key: MemberKey): void {
    const member = currentMember(this.list, key)
    if (!member) throw new TwofoldError('MEMBER_UNKNOWN')
    if (member.founder) throw new TwofoldError('MEMBER_IS_FOUNDER')
    if (currentMember(this.list, this.identity.member)?.role !== 'admin') throw new TwofoldError('NOT_ADMIN')
    const { secrets } = this.parts
    const theirs = [...this.list.devices.values()].filter((d) => d.member === key && d.removedIn === undefined)
    const secret = secrets.randomBytes(32)
    const staying = devicesAt(this.list).filter((device) => this.memberOf(device) !== key)
    const rotation: SecretRotation = {
      hash: secretHash(secrets.crypto, secret),
      boxes: staying.map((device) => ({ device, box: secrets.sealTo(fromHex(device), secret) })),
    }
    const cutoffs = theirs.map((d) => {
      const have = this.engine.have.get(d.key)
      return { device: d.key, seq: have?.floating.at(-1)?.to ?? have?.height ?? 0 }
    })
    this.commit([{ type: 'remove-member', member: key, cutoffs }], rotation)
    // Whoever is removed may hold an invite that still lets somebody in.
    this.admission.revokeAll()
  }

  // -------------------------------------------------------------- writing

  private mayWrite(): void {
    if (!this.current) throw new TwofoldError('REMOVED_FROM_CIRCLE')
    if (this.store.meta(META_COPIED)) throw new TwofoldError('DEVICE_COPIED')
    // A gap in our own timeline (a damaged database): what belongs into it may be elsewhere, and must not be written twice.
    const gap = this.engine.have.get(this.identity.device)?.floating.length
    if (this.file.mustCatchUp || gap) throw new TwofoldError('RESTORING')
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

  inspect(id: NodeId): Inspection {
    const { crypto } = this.parts.secrets
    const stored = this.store.byId(id)
    if (!stored) throw new TwofoldError('ENTRY_UNKNOWN')
    const { node } = stored
    const below = node.seq > 1 ? this.store.at(node.device, node.seq - 1) : null
    const ring = this.engine.ring(node.epoch)
    const seed = ring && nodeSeed(crypto, ring, node.device, node.seq)
    const hop = (device: DeviceKey) => ({ device, member: this.memberOf(device), memberName: this.nameOf(device) })
    const trees: RouteTree[] = []
    const order: Inspection['route']['ring'] = []
    if (ring && seed) {
      for (let rel = 0; rel < ring.n; rel++) {
        const device = ring.order[(seed.author + rel) % ring.n]!
        const me = device === this.identity.device
        order.push({ ...hop(device), me, online: me || this.engine.links.has(device) })
      }
      const onRing = relative(ring, seed, this.identity.device) !== null
      for (const tree of TREES) {
        const path = onRing ? chain(ring, seed, this.identity.device, tree)!.path : []
        trees.push({ tree, path: path.map(hop), edges: treeEdges(ring, seed, tree) })
      }
    }
    return {
      row: this.rows.row(stored),
      proof: proofSteps(crypto, node, {
        list: this.list,
        epochBytes: this.epochBytes,
        below,
        linked: stored.linked,
        receivedAt: stored.receivedAt,
      }),
      route: {
        ring: order,
        trees,
        cameFrom:
          stored.via === null
            ? null
            : { ...hop(stored.via), how: stored.tree === null ? 'sync' : 'tree', tree: stored.tree },
        acknowledgedBy: this.store.acknowledgedBy(id).map((device) => this.nameOf(device)),
      },
      bytes: toHex(node.bytes),
    }
  }

  proof(id: NodeId): { fileName: string; content: string } {
    const stored = this.store.byId(id)
    if (!stored) throw new TwofoldError('ENTRY_UNKNOWN')
    return proofFile(stored.node, this.list, this.epochBytes, this.nameOf(stored.node.device))
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
    const last = Math.max(heard.get(device) ?? 0, this.engine.lastSeen(device) ?? 0)
    if (last === 0) return { state: 'offline', lastSeenAt: null }
    const agoMs = Math.max(0, this.parts.now() - last)
    return agoMs <= SEEN_MS ? { state: 'seen', agoMs } : { state: 'offline', lastSeenAt: last }
  }

  members(): MemberView[] {
    const announced = new Map<DeviceKey, number>()
    for (const link of this.engine.links.values())
      for (const e of link.have.values()) announced.set(e.device, Math.max(announced.get(e.device) ?? 0, e.height))
    const devices = [...this.list.devices.values()]
    const heard = new Map(this.network?.status().lanPeers.map((p) => [p.device, p.lastSeenAt]))
    const rank: Record<Presence['state'], number> = { self: 0, online: 1, seen: 2, offline: 3 }
    return [...this.list.members.values()].map((member): MemberView => {
      const theirs = devices
        .filter((d) => d.member === member.key)
        .map((d) => {
          const height = this.engine.have.get(d.key)?.height ?? 0
          return {
            key: d.key,
            presence: this.presence(d.key, heard),
            height,
            announcedHeight: Math.max(height, announced.get(d.key) ?? 0),
            addedInEpoch: d.addedIn,
            removed: d.removedIn !== undefined,
          }
        })
      const best = theirs
        .filter((d) => !d.removed)
        .map((d) => d.presence)
        .sort((a, b) => rank[a.state] - rank[b.state])[0]
      return {
        key: member.key,
        name: member.name,
        role: member.founder ? 'founder' : member.role,
        me: member.key === this.identity.member,
        removed: member.removedIn !== undefined,
        presence: best ?? { state: 'offline', lastSeenAt: null },
        devices: theirs,
        entries: this.store.total(member.key),
        unread: this.unread.get(member.key) ?? 0,
      }
    })
  }

  /** The change log, newest first; made anew only when the list has changed. */
  changes(): ListChangeView[] {
    if (this.changeLog?.length !== this.epochBytes.length + 1) this.changeLog = this.makeChangeLog()
    return this.changeLog
  }

  private makeChangeLog(): ListChangeView[] {
    const { crypto } = this.parts.secrets
    const { genesis } = this.list
    const founded: ListChangeView = {
      epoch: 0,
      timestamp: genesis.timestamp,
      text: `${genesis.founderName} founded ${genesis.name}.`,
      agreedBy: [genesis.founderName],
    }
    const name = (key: MemberKey) => this.list.members.get(key)?.name ?? key.slice(0, 8)
    const text = (change: Change): string => {
      switch (change.type) {
        case 'admit-member':
          return `${change.name} joined.`
        case 'admit-device':
          return `${name(change.member)} added a device.`
        case 'remove-member':
          return `${name(change.member)} was removed.`
        case 'remove-device':
          return `A device of ${this.nameOf(change.device)} was removed.`
        case 'set-role':
          return change.role === 'admin'
            ? `${name(change.member)} became an admin.`
            : `${name(change.member)} is no longer an admin.`
      }
    }
    const later = this.epochBytes.map((bytes): ListChangeView => {
      const record = decodeEpoch(crypto, bytes)!
      const agreedBy = record.signatures.map((s) =>
        this.list.devices.has(s.signer as DeviceKey) ? this.nameOf(s.signer as DeviceKey) : name(s.signer as MemberKey),
      )
      return {
        epoch: record.number,
        timestamp: record.timestamp,
        text: record.changes.map(text).join(' '),
        agreedBy: [...new Set(agreedBy)],
      }
    })
    return [founded, ...later].reverse()
  }

  view(): CircleView {
    return {
      id: this.list.circle,
      name: this.list.genesis.name,
      epoch: this.list.epoch,
      approval: this.list.genesis.approval,
      admin: currentMember(this.list, this.identity.member)?.role === 'admin',
      members: this.members(),
      changes: this.changes(),
      requests: this.admission.requests(),
      invites: this.admission.views(),
    }
  }

  networkView(): NetworkView {
    const status = this.network?.status()
    const { counters } = this.engine.forwarding
    const beacon = this.problems.has('MULTICAST_BLOCKED') || this.problems.has('PORT_IN_USE') ? 'blocked' : 'on'
    return {
      listening: status?.listening ?? false,
      port: status?.port ?? 0,
      interfaces: status?.localAddresses ?? [],
      internet: !this.settings.internet ? 'off' : status?.internet ? 'up' : 'searching',
      lan: !this.settings.lan ? 'off' : status && !status.interfaces.length ? 'no-interface' : beacon,
      links: this.driver.allLinks().map((link) => ({
        device: link.remote,
        memberName: this.nameOf(link.remote),
        path: link.path,
        address: `${link.address.host}:${link.address.port}`,
        sinceMs: link.openedAt,
        srttMs: this.engine.links.get(link.remote)?.srttMs ?? null,
        bytesIn: link.stats.bytesIn,
        bytesOut: link.stats.bytesOut,
      })),
      problems: [...this.problems.values()].reverse(),
      strangersRefused: status?.strangersRefused ?? 0,
      refused: Object.fromEntries(this.refusedByCode),
      copiesSent: counters.sent,
      copiesReceived: counters.received,
      entriesRouted: counters.nodes,
      manualAddresses: this.settings.manualAddresses,
    }
  }

  sync(): SyncView {
    const { catchUp } = this.engine
    const missing = catchUp.missing()
    return {
      missing,
      have: this.store.total(null),
      from: missing && catchUp.lastFrom !== null ? this.nameOf(catchUp.lastFrom) : null,
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
    else if (this.file.mustCatchUp) add('RESTORING', 'info')
    if (this.store.equivocations().length) add('EQUIVOCATION', 'warning')
    return alerts
  }
}
