// The network side of a circle (rules L1 to L3, F5, M7): starts and stops it, decides which devices it keeps links with, hands
// what a link brings to whoever speaks with that device, and knows who is there.
import type { Diagnosis } from '../../shared/diagnosis'
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey, MemberKey, NetworkView, Presence } from '../../shared/types'
import type { Engine } from '../protocol/engine'
import { neighboursOf } from '../protocol/heirs'
import { circleBeaconKey } from '../protocol/invite'
import { devicesAt, devicesOf, isCurrentDevice } from '../protocol/membership'
import type { Admission } from './admission'
import { keptOutViews, offenceOf } from './conduct-keeper'
import { diagnose, type DeviceFacts, type HereFacts } from './diagnosis'
import type { Driver } from './driver'
import type { ListKeeper } from './list-keeper'
import { Meter } from './meter'
import type { Identity, Link, NetworkPort, Parts, SettingsFile, StorePort } from './ports'
import { Problems } from './problems'

/** A link that no rule asks for is kept this long: a joining circle settles, an on-demand link is used again. */
const SPARE_LINK_MS = 60_000
/** A spare link from which something is still expected is looked at again after this. */
const SPARE_AGAIN_MS = 15_000
/** A device that is on no ring yet keeps links with as many others: enough to read from, and few for them. */
const PROVISIONAL_LINKS = 6
/** With fewer neighbours than this online, other devices stand in for them: enough to catch up from. */
const LINKS_ENOUGH = 3
/** Word of a peer older than this is 'offline'. */
const SEEN_MS = 120_000
/** Endings of links that are remembered, by device. */
const ENDED_MAX = 1024
/** When a device was last linked to this one, for the runs that follow. */
const seenKey = (device: DeviceKey) => `seen ${device}`

interface Ports {
  parts: Pick<Parts, 'network' | 'secrets' | 'now' | 'log' | 'parseHostPort'>
  identity: Identity
  /** Start of this run, ms since 1970 UTC. */
  run: number
  settings: SettingsFile
  keeper: ListKeeper
  driver: Driver
  engine: Engine
  admission: Admission
  store: Pick<StorePort, 'meta' | 'setMeta'>
  /** This device keeps off the network: it has been removed, or another one has its key. */
  silenced(): boolean
  /** A member's device, or one that was let in to read, is linked. */
  linked(link: Link): void
  unlinked(link: Link): void
  /** This machine refused what a peer set off. */
  trouble(code: ErrorCode): void
  /** What a device sent was refused (rule H2). */
  offence(from: DeviceKey, code: ErrorCode): void
  portChanged(port: number): void
  /** The network has been started, or could not be. */
  tried(): void
  changed(): void
}

export class Connections {
  readonly meter: Meter
  private readonly problems = new Problems()
  private network: NetworkPort | null = null
  /** Why the last link with a device ended. */
  private readonly ended = new Map<DeviceKey, string>()
  /** Raised by every closing: a network that was on its way then is not used any more. */
  private closings = 0
  private settings: SettingsFile
  private spareTimer: NodeJS.Timeout | undefined

  constructor(private readonly ports: Ports) {
    this.meter = new Meter(ports.parts.now)
    this.settings = ports.settings
    this.applyCaps()
  }

  // -------------------------------------------------------------- coming and going

  async start(): Promise<void> {
    await this.open()
  }

  async stop(): Promise<void> {
    clearTimeout(this.spareTimer)
    await this.close()
  }

  private async open(): Promise<void> {
    const { parts, silenced, tried } = this.ports
    if (!parts.network || silenced() || this.network) return
    try {
      await this.begin(parts.network)
    } catch (error) {
      this.problem('LISTEN_FAILED', error instanceof Error ? error.message : String(error))
    } finally {
      tried()
    }
  }

  private async begin(make: NonNullable<Parts['network']>): Promise<void> {
    const { parts, identity, run, keeper, driver, engine, admission, portChanged, changed } = this.ports
    const { closings } = this
    const network = await make({
      run,
      keyPair: identity.deviceKeys,
      mayConnect: (remote) => !engine.isKeptOut(remote) && (this.mayRead(remote) || admission.admits(remote)),
      beaconKeys: () => {
        const keys = keeper.secrets.map((secret) => circleBeaconKey(parts.secrets.crypto, secret))
        return { announce: [keys[0]!, ...admission.beaconKeys()], open: keys }
      },
      lan: this.settings.lan,
      internet: this.settings.internet,
      preferredPort: this.settings.port,
    })
    if (closings !== this.closings) return network.stop()
    this.network = network
    driver.use(network)
    this.listen(network)
    for (const address of this.settings.manualAddresses)
      for (const { host, port } of this.hostPort(address)) network.addAddress(host, port)
    await network.start()
    if (this.network !== network) return
    portChanged(network.status().port)
    this.chooseLinks()
    admission.announce()
    changed()
  }

  private listen(network: NetworkPort): void {
    const { driver, changed } = this.ports
    network.on('link', (link) => this.guarded(link, () => this.linkUp(link)))
    network.on('frame', (link, bytes) => this.guarded(link, () => this.frame(link, bytes)))
    network.on('drain', (link) => this.guarded(link, () => driver.drained(link)))
    network.on('linkClosed', (link, reason) => this.guarded(link, () => this.linkDown(link, reason)))
    network.on('lanPeer', ({ device, up }) => {
      if (up) this.problems.over('MULTICAST_BLOCKED')
      driver.handle({ type: 'reachable', device, reachable: up })
      // Somebody to stand in for neighbours that are off.
      if (up && driver.allLinks().length < LINKS_ENOUGH) this.chooseLinks()
    })
    network.on('internet', (up) => {
      driver.handle({ type: 'reachable', device: null, reachable: up })
      if (up) this.problems.over('DHT_UNREACHABLE')
      changed()
    })
    network.on('interfaces', (addresses) => {
      if (addresses.length) this.problems.over('NO_INTERFACE')
      // Another network: what the old one blocked is no longer true.
      this.problems.over('MULTICAST_BLOCKED', 'PORT_IN_USE')
      changed()
    })
    network.on('problem', ({ code, detail }) => this.problem(code, detail))
    network.on('refused', () => changed())
  }

  /** Closes the network, and with it all links. */
  async close(): Promise<void> {
    const { network } = this
    this.closings++
    this.network = null
    this.ports.driver.use(null)
    this.ports.admission.forgetAnnouncements()
    await network?.stop()
  }

  async applySettings(settings: SettingsFile): Promise<void> {
    const before = this.settings
    this.settings = settings
    this.applyCaps()
    if (before.lan !== settings.lan || before.internet !== settings.internet) {
      await this.close()
      this.problems.clear()
      await this.open()
    }
  }

  private applyCaps(): void {
    const bytes = (kib: number) => (kib ? kib * 1024 : null)
    this.ports.driver.setCaps({ total: bytes(this.settings.capKiB), perPeer: bytes(this.settings.capPeerKiB) })
  }

  // -------------------------------------------------------------- who is spoken with

  private mayRead(device: DeviceKey): boolean {
    return isCurrentDevice(this.ports.keeper.list, device) || this.ports.admission.mayRead(device)
  }

  /** Members speak the circle's protocol; holders of an invite the join protocol alone (rule L3). */
  private linkUp(link: Link): void {
    const { driver, admission, linked } = this.ports
    if (!this.mayRead(link.remote)) return admission.linkUp(link)
    driver.linkUp(link)
    linked(link)
    this.dropSpareLinks()
  }

  private frame(link: Link, bytes: Uint8Array): void {
    const { parts, driver, engine, admission, offence } = this.ports
    if (this.mayRead(link.remote)) driver.frame(link, bytes)
    else if (engine.conduct.affords(link.remote, 'joining', 1, parts.now())) admission.frame(link, bytes)
    else offence(link.remote, 'BUDGET_EXCEEDED')
  }

  private linkDown(link: Link, reason: string): void {
    const { parts, keeper, driver, admission, store, unlinked, offence, changed } = this.ports
    driver.linkDown(link)
    this.ended.delete(link.remote)
    this.ended.set(link.remote, reason)
    if (this.ended.size > ENDED_MAX) this.ended.delete(this.ended.keys().next().value!)
    const code = offenceOf(reason)
    if (code) offence(link.remote, code)
    this.meter.forget(link.remote)
    admission.linkDown(link)
    unlinked(link)
    if (keeper.list.devices.has(link.remote)) store.setMeta(seenKey(link.remote), String(parts.now()))
    this.chooseLinks()
    changed()
  }

  /** Somebody is kept out from now on, or no longer (rule H3). */
  keepOut(): void {
    const { parts, engine } = this.ports
    for (const { device } of engine.conduct.allKeptOut(parts.now())) this.network?.drop(device, 'PEER_KEPT_OUT')
    this.chooseLinks()
  }
  /** A person lets a device in again. */
  readmit(device: DeviceKey): void {
    const { driver, engine } = this.ports
    if (!engine.isKeptOut(device)) throw new TwofoldError('PEER_NOT_KEPT_OUT')
    driver.handle({ type: 'readmit', device })
    this.refresh()
  }

  /** Whoever was let in to read, and whose invite or request no longer holds. */
  dropStrangers(): void {
    for (const link of this.ports.driver.allLinks()) if (!this.mayRead(link.remote)) link.close('JOIN_REFUSED')
  }

  /** What a peer set off may fail on a full disk or a locked file; that is told, and the peer goes on. */
  private guarded(link: Link, work: () => void): void {
    const { parts, trouble } = this.ports
    try {
      work()
    } catch (error) {
      if (!(error instanceof TwofoldError)) {
        // A bug of ours that this peer's bytes have found: it costs the link, not the process.
        parts.log('error', 'bug', {
          from: link.remote.slice(0, 8),
          error: error instanceof Error ? error.stack : String(error),
        })
        link.close('INTERNAL')
        return
      }
      parts.log('error', 'refused by this machine', { code: error.code })
      trouble(error.code)
    }
  }

  // -------------------------------------------------------------- which links are kept

  /** The devices that we keep links with (rule F5). Both ends of a link come to the same answer: fingers are mutual. */
  private wanted(): DeviceKey[] {
    const { keeper, engine, identity } = this.ports
    const ring = engine.ring(keeper.list.epoch)
    if (!ring) return []
    if (keeper.standing === 'provisional') {
      const online = new Set(this.network?.status().lanPeers.map((p) => p.device))
      const heardFirst = [...ring.order].sort((a, b) => Number(online.has(b)) - Number(online.has(a)))
      return heardFirst.slice(0, PROVISIONAL_LINKS)
    }
    const neighbours = neighboursOf(ring, identity.device)
    return [...neighbours, ...this.besides(neighbours)]
  }

  /**
   * Where most of a circle is off, the devices that are on may be nobody's neighbours: then each keeps links with a few of
   * those that were heard of last, or they would never come in step (rule R4).
   */
  private besides(neighbours: readonly DeviceKey[]): DeviceKey[] {
    const { driver, engine, identity, keeper, store } = this.ports
    const near = new Set(neighbours)
    if (neighbours.filter((device) => driver.linkOf(device)).length >= LINKS_ENOUGH) return []
    const heard = new Map(this.network?.status().lanPeers.map((p) => [p.device, p.lastSeenAt]))
    const lastHeard = (device: DeviceKey) =>
      driver.linkOf(device)
        ? Infinity
        : Math.max(heard.get(device) ?? 0, engine.lastSeen(device) ?? 0, Number(store.meta(seenKey(device)) ?? 0))
    return devicesAt(keeper.list)
      .filter((device) => device !== identity.device && !near.has(device))
      .map((device) => ({ device, at: lastHeard(device) }))
      .filter(({ at }) => at > 0)
      .sort((a, b) => b.at - a.at || (a.device < b.device ? -1 : 1))
      .slice(0, PROVISIONAL_LINKS)
      .map(({ device }) => device)
  }

  chooseLinks(): void {
    this.network?.want(this.wanted())
    this.dropSpareLinks()
  }

  /** Links from a time when the circle was smaller, or dialled for one hand-over, end when they have served. */
  private dropSpareLinks(): void {
    const { parts, driver, engine } = this.ports
    clearTimeout(this.spareTimer)
    const wanted = new Set(this.wanted())
    const now = parts.now()
    let nextAt = Infinity
    for (const link of driver.allLinks()) {
      if (wanted.has(link.remote)) continue
      const due = link.openedAt + SPARE_LINK_MS
      if (due > now) nextAt = Math.min(nextAt, due)
      else if (engine.awaits(link.remote)) nextAt = Math.min(nextAt, now + SPARE_AGAIN_MS)
      else link.close('NOT_NEEDED')
    }
    if (nextAt < Infinity && this.network) this.spareTimer = setTimeout(() => this.dropSpareLinks(), nextAt - now)
  }

  // -------------------------------------------------------------- being found

  private hostPort(text: string): { host: string; port: number }[] {
    const parsed = this.ports.parts.parseHostPort(text)
    return parsed.ok ? [parsed] : []
  }
  /** Where this device can be reached directly. */
  addresses(): { host: string; port: number }[] {
    return (this.network?.status().localAddresses ?? []).flatMap((text) => this.hostPort(text))
  }
  addAddress(host: string, port: number): void {
    this.network?.addAddress(host, port)
  }
  removeAddress(host: string, port: number): void {
    this.network?.removeAddress(host, port)
  }
  announce(topic: Uint8Array): () => void {
    return this.network?.lookup(topic, 'announce') ?? (() => {})
  }
  /** Looks around again: the beacon has other keys, or the person asks. */
  refresh(): void {
    this.network?.refresh()
  }

  private problem(code: string, detail: string): void {
    const { parts, changed } = this.ports
    parts.log('warn', 'network', { code, detail })
    this.problems.note(code, detail, parts.now())
    changed()
  }

  // -------------------------------------------------------------- who is there

  /** `heard`: when a device's beacon was last heard on the LAN. */
  private presence(device: DeviceKey, heard: ReadonlyMap<DeviceKey, number>): Presence {
    const { parts, identity, driver, engine, store } = this.ports
    if (device === identity.device) return { state: 'self' }
    const link = driver.linkOf(device)
    if (link) return { state: 'online', path: link.path, sinceMs: link.openedAt }
    const before = Number(store.meta(seenKey(device)) ?? 0)
    const last = Math.max(heard.get(device) ?? 0, engine.lastSeen(device) ?? 0, before)
    if (last === 0) return { state: 'offline', lastSeenAt: null }
    const agoMs = Math.max(0, parts.now() - last)
    return agoMs <= SEEN_MS ? { state: 'seen', agoMs } : { state: 'offline', lastSeenAt: last }
  }

  presences(): (device: DeviceKey) => Presence {
    const heard = new Map(this.network?.status().lanPeers.map((p) => [p.device, p.lastSeenAt]))
    return (device) => this.presence(device, heard)
  }

  /** What stands between this device and a member (rule L4). Throws MEMBER_UNKNOWN. */
  diagnose(member: MemberKey): Diagnosis {
    const { parts, keeper, driver, engine, store, silenced } = this.ports
    if (!keeper.list.members.has(member)) throw new TwofoldError('MEMBER_UNKNOWN')
    const status = this.network?.status()
    const now = parts.now()
    const neighbours = new Set(this.wanted())
    const here: HereFacts = {
      silent: silenced(),
      lan: this.settings.lan,
      internet: this.settings.internet,
      listening: status?.listening ?? false,
      port: status?.port ?? 0,
      interfaces: status?.interfaces.length ?? 0,
      multicastBlocked: this.problems.has('MULTICAST_BLOCKED'),
      beaconPortTaken: this.problems.has('PORT_IN_USE') && this.problems.beaconBlocked,
      dht: status?.internet ? 'up' : this.problems.has('DHT_UNREACHABLE') ? 'unreachable' : undefined,
      addresses: this.settings.manualAddresses,
    }
    const devices = devicesOf(keeper.list, member).map(({ key }): DeviceFacts => {
      const heard = status?.lanPeers.find(({ device }) => device === key)
      const dial = status?.pendingDials.find(({ device }) => device === key)
      const seenAt = Math.max(engine.lastSeen(key) ?? 0, heard?.lastSeenAt ?? 0, Number(store.meta(seenKey(key)) ?? 0))
      return {
        linked: driver.linkOf(key) !== null,
        neighbour: neighbours.has(key),
        keptOut: engine.isKeptOut(key),
        heard: heard ? { agoMs: now - heard.lastSeenAt, address: `${heard.host}:${heard.port}` } : null,
        seenAgoMs: seenAt === 0 ? null : now - seenAt,
        dial: dial
          ? {
              attempts: dial.attempts,
              error: dial.lastError ?? null,
              nextTryInMs: dial.nextTryAt === undefined ? null : dial.nextTryAt - now,
            }
          : null,
        ended: this.ended.get(key) ?? dial?.lastError ?? null,
        ahead: engine.aheadOf(key),
      }
    })
    const name = keeper.memberName(member)
    return { member, name, linked: devices.some((device) => device.linked), findings: diagnose(here, name, devices) }
  }

  /** `refused`: how often something was refused, by code. */
  view(refused: Readonly<Record<string, number>>): NetworkView {
    const { parts, keeper, driver, engine } = this.ports
    const status = this.network?.status()
    const strangers = status?.strangersRefused ?? 0
    const { counters } = engine.forwarding
    const beacon = this.problems.beaconBlocked ? 'blocked' : 'on'
    return {
      listening: status?.listening ?? false,
      port: status?.port ?? 0,
      interfaces: status?.localAddresses ?? [],
      internet: !this.settings.internet ? 'off' : status?.internet ? 'up' : 'searching',
      lan: !this.settings.lan ? 'off' : status && !status.interfaces.length ? 'no-interface' : beacon,
      links: driver.allLinks().map((link) => ({
        device: link.remote,
        memberName: keeper.nameOf(link.remote),
        path: link.path,
        address: `${link.address.host}:${link.address.port}`,
        sinceMs: link.openedAt,
        srttMs: engine.links.get(link.remote)?.srttMs ?? null,
        bytesIn: link.stats.bytesIn,
        bytesOut: link.stats.bytesOut,
      })),
      problems: this.problems.list(),
      strangersRefused: strangers,
      refused: { ...refused, ...(strangers > 0 && { STRANGER_REFUSED: strangers }) },
      keptOut: keptOutViews(engine.conduct, (device) => keeper.nameOf(device), parts.now()),
      copiesSent: counters.sent,
      copiesReceived: counters.received,
      entriesRouted: counters.nodes,
      manualAddresses: this.settings.manualAddresses,
    }
  }
}
