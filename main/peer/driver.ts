// Carries out what the engine decides: events in, one switch over effects out. How nodes are verified and stored is in
// intake.ts; what follows from it is told to the engine, which says what is acknowledged and handed on.
import type { ErrorCode } from '../../shared/errors'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import type { AsideMessage, Effect, Event, StoreItem, StoreOutcome } from '../protocol/engine'
import type { Crypto } from '../protocol/crypto'
import type { MemberList } from '../protocol/membership'
import { FRAME_BYTES_TARGET, PULL_NODES_MAX } from '../protocol/limits'
import type { TimelineNode } from '../protocol/node'
import type { Run } from '../protocol/runs'
import type { BulkWork } from './bulk-work'
import { Intake } from './intake'
import { Outbox, type Caps } from './outbox'
import type { Link, NetworkPort, StorePort, Time } from './ports'

/** Bytes of one answer to a pull: a quarter of the largest frame, so that live nodes are never behind a long one. */
const RUN_BYTES_MAX = 262_144
/** Answers that wait for one link: far above the four questions that a peer keeps open. */
const READS_MAX = 64
/** Longest sleep of a peer that nothing is asked of: what it waits for may be a clock that was set. */
const SLEEP_MS = 5000

/** Whether a screen looks different after an effect. The small talk of idle links must not wake a window. */
function shows(effect: Effect): boolean {
  switch (effect.type) {
    case 'send':
      return effect.message.type === 'pull'
    case 'read-run':
    case 'much-missing':
    case 'read-epochs':
    case 'dial':
    case 'in-step':
    case 'own-held':
    case 'receipts':
    case 'aside':
      return false
    default:
      return true
  }
}

export interface DriverParts extends Time {
  secrets: { crypto: Crypto }
  log(level: 'info' | 'warn' | 'error', what: string, details?: Readonly<Record<string, unknown>>): void
}
export interface DriverHooks {
  /** Nodes were stored: views and counts follow. `exact`: nothing else was stored meanwhile. */
  stored(nodes: readonly TimelineNode[], exact: boolean): void
  /** A long answer to a pull was stored, whose nodes were not looked at here. */
  storedRun(run: StoredRun): void
  epochsArrived(from: DeviceKey, records: Uint8Array[]): void
  epochsWanted(after: number): Uint8Array[]
  inStep(by: DeviceKey): void
  ownTimelineAhead(height: number): void
  ownHeld(seq: number): void
  /** Who holds what, who was heard of, or who is demoted may be another than before. */
  receipts(): void
  /** Bytes passed over a link. */
  traffic(way: 'sent' | 'received', device: DeviceKey, bytes: number): void
  refused(code: string): void
  /** The store could not take a batch, or could again (null). */
  storeTrouble(code: ErrorCode | null): void
  changed(): void
  aside(from: DeviceKey, message: AsideMessage): void
  /** A second node for a place that is taken (rule N6). */
  forked(node: TimelineNode): void
  /** Who is kept out is another than before. */
  keptOut(): void
  /** Something was stored beyond an end that its timeline has got meanwhile (rules M5, N6). */
  behindCutOff(): void
}

export interface StoredRun extends Run {
  /** How many of its nodes are entries. */
  entries: number
}

/** What the driver needs of an engine; a benchmark puts a naive one in its place. */
export interface Machine {
  readonly list: MemberList
  handle(event: Event, now: number): Effect[]
  /** When the next tick is due; ms since 1970 UTC. */
  wakeAt(): number
}

export class Driver {
  private readonly intake: Intake
  private readonly outbox: Outbox
  private readonly links = new Map<DeviceKey, Link>()
  /** Answers that wait for a link to drain (rule C1: bulk sync with back-pressure). */
  private readonly reads = new Map<DeviceKey, Extract<Effect, { type: 'read-run' }>[]>()
  private readonly congested = new Set<DeviceKey>()
  /** Have asked for something in what is being carried out. */
  private readonly asking = new Set<DeviceKey>()
  private timer: { at: number; cancel: () => void } | null = null
  private stopped = false
  private network: NetworkPort | null = null

  constructor(
    private readonly parts: DriverParts,
    private readonly engine: Machine,
    private readonly store: StorePort,
    private readonly hooks: DriverHooks,
    work: BulkWork | null = null,
  ) {
    this.intake = new Intake({
      parts,
      store,
      work,
      memberOf: (device) => this.engine.list.devices.get(device)!.member,
      linkOf: (device) => this.linkOf(device),
      handle: (event) => this.handle(event),
      stored: (nodes, exact) => hooks.stored(nodes, exact),
      storedRun: (run) => hooks.storedRun(run),
      forked: (node) => hooks.forked(node),
      trouble: (code) => hooks.storeTrouble(code),
    })
    this.outbox = new Outbox(
      parts,
      (device, bytes) => hooks.traffic('sent', device, bytes),
      (device) => this.drainedOf(device),
    )
  }

  /** The network may come and go (settings); links of an old one are closed by it first. */
  use(network: NetworkPort | null): void {
    this.network = network
  }

  start(): void {
    this.tick()
  }

  stop(): void {
    this.stopped = true
    this.intake.stop()
    this.timer?.cancel()
    this.outbox.flushAll()
  }

  setCaps(caps: Caps): void {
    this.outbox.setCaps(caps)
  }

  private tick(): void {
    this.timer = null
    this.handle({ type: 'tick' })
  }

  /** Sleeps until the engine has something to do. */
  private schedule(): void {
    if (this.stopped) return
    const now = this.parts.now()
    const at = Math.min(this.engine.wakeAt(), now + SLEEP_MS)
    if (this.timer && this.timer.at <= at) return
    this.timer?.cancel()
    this.timer = { at, cancel: this.parts.after(Math.max(0, at - now), () => this.tick()) }
  }

  linkUp(link: Link): void {
    this.links.set(link.remote, link)
    this.intake.linkUp(link.remote)
    this.outbox.up(link)
    this.handle({ type: 'link-up', device: link.remote })
    this.hooks.changed()
  }

  linkDown(link: Link): void {
    if (this.links.get(link.remote) !== link) return
    this.links.delete(link.remote)
    this.outbox.down(link.remote)
    this.reads.delete(link.remote)
    this.congested.delete(link.remote)
    this.handle({ type: 'link-down', device: link.remote })
  }

  frame(link: Link, bytes: Uint8Array): void {
    if (this.links.get(link.remote) !== link) return
    this.hooks.traffic('received', link.remote, bytes.length)
    this.handle({ type: 'frame', from: link.remote, bytes })
  }

  drained(link: Link): void {
    this.drainedOf(link.remote)
  }
  private drainedOf(device: DeviceKey): void {
    if (this.congested.delete(device)) this.serveReads(device)
  }

  linkOf(device: DeviceKey): Link | null {
    return this.links.get(device) ?? null
  }
  allLinks(): Link[] {
    return [...this.links.values()]
  }

  /** Says something that is no business of the engine's. */
  tell(to: DeviceKey, message: AsideMessage): void {
    this.outbox.send(to, message)
  }

  handle(event: Event): void {
    this.carryOut(this.engine.handle(event, this.parts.now()))
    this.schedule()
  }

  /** Stores own nodes (or ones salvaged from a damaged database) and lets the engine do the rest. Throws as the store does. */
  append(items: StoreItem[]): StoreOutcome[] {
    const outcomes = this.intake.commit(items)
    this.handle({ type: 'stored', items, outcomes })
    return outcomes
  }

  private carryOut(effects: Effect[]): void {
    let changed = false
    for (const effect of effects) {
      this.one(effect)
      changed ||= shows(effect)
    }
    // Everything that one frame asks for, so that short answers travel together.
    for (const device of this.asking) {
      this.asking.delete(device)
      this.serveReads(device)
    }
    if (changed) this.hooks.changed()
  }

  private one(effect: Effect): void {
    switch (effect.type) {
      case 'send':
        this.outbox.send(effect.to, effect.message)
        return
      case 'verify':
        this.intake.verify(effect.items)
        return
      case 'store':
        this.intake.store(effect.items)
        return
      case 'store-run':
        this.intake.storeRun(effect.run)
        return
      case 'much-missing':
        this.intake.expect()
        return
      case 'cut-off':
        this.hooks.behindCutOff()
        return
      case 'read-run': {
        const waiting = this.reads.get(effect.to) ?? []
        // Who asks for more than is open at once by the rules gets no answer, and asks somebody else.
        if (waiting.length >= READS_MAX) {
          this.hooks.refused('BUDGET_EXCEEDED')
          this.handle({ type: 'offence', from: effect.to, code: 'BUDGET_EXCEEDED' })
          return
        }
        waiting.push(effect)
        this.reads.set(effect.to, waiting)
        this.asking.add(effect.to)
        return
      }
      case 'read-epochs': {
        const records = this.hooks.epochsWanted(effect.after)
        if (records.length) this.outbox.send(effect.to, { type: 'epochs', records })
        return
      }
      case 'epochs':
        this.hooks.epochsArrived(effect.from, effect.records)
        return
      case 'dial':
        this.network?.dial(effect.device)
        return
      case 'refused':
        this.parts.log('warn', 'refused', {
          code: effect.code,
          from: effect.from.slice(0, 8),
          node: effect.id?.slice(0, 8),
        })
        this.hooks.refused(effect.code)
        return
      case 'cut':
        this.outbox.flushAll()
        // Closing lets the last frame out: whoever was removed gets the record that says so.
        this.links.get(effect.device)?.close(effect.code)
        return
      case 'in-step':
        this.hooks.inStep(effect.with)
        return
      case 'own-timeline-ahead':
        this.hooks.ownTimelineAhead(effect.height)
        return
      case 'own-held':
        if (effect.id !== null) this.noteAck(effect.id, effect.by)
        this.hooks.ownHeld(effect.seq)
        return
      case 'receipts':
        this.hooks.receipts()
        return
      case 'aside':
        this.hooks.aside(effect.from, effect.message)
        return
      case 'kept-out':
        this.hooks.keptOut()
        return
    }
  }

  private noteAck(id: NodeId, by: DeviceKey): void {
    try {
      this.store.acknowledge(id, by)
    } catch (error) {
      if (!(error instanceof TwofoldError)) throw error
    }
  }

  private serveReads(to: DeviceKey): void {
    const waiting = this.reads.get(to)
    const link = this.links.get(to)
    let bytes = 0
    while (waiting?.length && link && !this.congested.has(to)) {
      const { device, from, toSeq } = waiting.shift()!
      const nodes = this.store.packedRun(device, from, toSeq, PULL_NODES_MAX, RUN_BYTES_MAX)
      this.outbox.send(to, { type: 'run', device, from, to: toSeq, nodes })
      this.carryOut(this.engine.handle({ type: 'served', to, nodes: nodes.count }, this.parts.now()))
      bytes += nodes.bytes.length
      if (waiting.length && bytes < FRAME_BYTES_TARGET) continue
      if (!this.outbox.flushed(to)) this.congested.add(to)
      bytes = 0
    }
  }
}
