// Carries out 'verify' and 'store' (rule N4: verified, then stored, then acknowledged and forwarded). What comes in ones and
// twos is done at once, on the main loop; what comes in bulk goes to the threads, in batches that they never wait for. What
// waits is bounded by link and in all: beyond that a link is not read, so its sender waits.
import type { ErrorCode } from '../../shared/errors'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, MemberKey } from '../../shared/types'
import { CommitSize } from '../protocol/commit-size'
import type { Event, StoreItem, StoreOutcome } from '../protocol/engine'
import type { TimelineNode } from '../protocol/node'
import type { PulledRun } from '../protocol/pulled'
import { doneOf, itemsOfRun, nodesOfRun, storeRun, type RunDone } from '../protocol/runs'
import { signatureHolds } from '../protocol/verify'
import type { BulkWork } from './bulk-work'
import type { DriverParts, StoredRun } from './driver'
import type { Link, StorePort } from './ports'

/** Nodes of one frame that are done at once, and how much of the main loop's time that may take: a tenth. */
const AT_ONCE_NODES = 64
const AT_ONCE_MS = 10
const AT_ONCE_WINDOW_MS = 100
/** The same while the thread that stores is on its way: half of the time, since somebody waits for the first rows. */
const UNTIL_READY_MS = 50
/** Signatures handed over at once: from 64 on the hand-over costs next to nothing (measured). */
const CHECKS_MIN = 64
const CHECKS_MAX = 256
/** Nodes of one transaction beside the main loop. */
const COMMIT_NODES_MIN = 512
const COMMIT_NODES_MAX = 2000
/** Committed nodes of which the engine hears in one turn: some 2 ms. */
const TOLD_NODES = 128
/** Transactions handed over: one under way, one that follows it without a pause. */
const COMMITS_OPEN_MAX = 2
/**
 * Bytes of nodes that wait, of one link and in all, beyond which links are not read; they are read again at half of it. Half
 * a second of work: more would only make the collector of garbage carry it around.
 */
const LINK_BYTES_MAX = 1_048_576
const BYTES_MAX = 4 * 1_048_576

interface Ports {
  parts: Pick<DriverParts, 'secrets' | 'now' | 'log'>
  store: Pick<StorePort, 'append' | 'follow'>
  work: BulkWork | null
  memberOf(device: DeviceKey): MemberKey
  linkOf(device: DeviceKey): Link | null
  handle(event: Event): void
  /** Nodes were stored. `exact`: nothing else was meanwhile, so places that follow from it are true. */
  stored(nodes: readonly TimelineNode[], exact: boolean): void
  storedRun(run: StoredRun): void
  forked(node: TimelineNode): void
  trouble(code: ErrorCode | null): void
}

export class Intake {
  private readonly checks: StoreItem[] = []
  private checking = 0
  private readonly commits: StoreItem[] = []
  private committing = 0
  private readonly telling: { items: StoreItem[]; outcomes: StoreOutcome[] }[] = []
  private tellsLater = false
  private readonly commitSize = new CommitSize(COMMIT_NODES_MIN, COMMIT_NODES_MAX)
  private atOnce = { from: 0, ms: 0 }
  /** Bytes that wait beside the main loop, by link. */
  private readonly waiting = new Map<DeviceKey, number>()
  private waitingBytes = 0
  private readonly paused = new Set<DeviceKey>()
  private stopped = false

  constructor(private readonly ports: Ports) {}

  stop(): void {
    this.stopped = true
  }

  // -------------------------------------------------------------- verify

  verify(items: readonly StoreItem[]): void {
    if (!this.ports.work?.beside || (!this.checks.length && !this.checking && this.mayAtOnce(items.length))) {
      this.timed(() => this.verifyHere(items))
      return
    }
    this.wait(items)
    this.checks.push(...items)
    this.pumpChecks()
  }

  private verifyHere(items: readonly StoreItem[]): void {
    const { crypto } = this.ports.parts.secrets
    const holds = items.map(({ node }) => signatureHolds(crypto, node))
    this.ports.handle({ type: 'verified', items, holds })
  }

  private pumpChecks(): void {
    const beside = this.ports.work?.beside
    while (this.checks.length && (!beside || this.checking < beside.verifyRoom)) {
      // A few wait for more, as long as there is something that will ask again.
      if (this.checks.length < CHECKS_MIN && this.checking > 0) return
      const items = this.checks.splice(0, CHECKS_MAX)
      if (!beside) {
        this.arrived(items)
        this.verifyHere(items)
        continue
      }
      this.checking++
      void beside
        .verify(items)
        .then(
          (holds) => () => this.ports.handle({ type: 'verified', items, holds }),
          (error: unknown) => {
            this.ports.work?.lost(error)
            return () => this.verifyHere(items)
          },
        )
        .then((done) => {
          this.checking--
          this.arrived(items)
          if (this.stopped) return
          done()
          this.pumpChecks()
        })
    }
  }

  // -------------------------------------------------------------- store

  store(items: readonly StoreItem[]): void {
    if (!this.ports.work?.beside || (!this.commits.length && !this.committing && this.mayAtOnce(items.length))) {
      this.timed(() => this.storeHere(items))
      return
    }
    this.wait(items)
    this.commits.push(...items)
    this.pumpCommits()
  }

  /** Commits on the main loop. Throws as the store does. */
  commit(items: readonly StoreItem[]): StoreOutcome[] {
    const { store, memberOf, parts } = this.ports
    const outcomes = store.append(items, memberOf, parts.now())
    this.committed(items, outcomes, !this.ports.work?.committing)
    return outcomes
  }

  private storeHere(items: readonly StoreItem[]): void {
    let outcomes: StoreOutcome[]
    try {
      outcomes = this.commit(items)
    } catch (error) {
      this.failed(items, error)
      return
    }
    this.ports.handle({ type: 'stored', items, outcomes })
  }

  /** Nothing of it happened and nothing of it is acknowledged: others hold it, and it comes again. */
  private failed(items: readonly StoreItem[], error: unknown): void {
    this.refused(error)
    this.ports.handle({ type: 'store-failed', items })
  }
  private refused(error: unknown): void {
    if (!(error instanceof TwofoldError)) throw error
    this.ports.parts.log('error', 'store', { code: error.code })
    this.ports.trouble(error.code)
  }

  private committed(items: readonly StoreItem[], outcomes: readonly StoreOutcome[], exact: boolean): void {
    const { trouble, stored, forked } = this.ports
    trouble(null)
    const nodes = items.filter((_item, i) => outcomes[i]!.type === 'stored').map((item) => item.node)
    if (nodes.length) stored(nodes, exact)
    items.forEach((item, i) => outcomes[i]!.type === 'equivocation' && forked(item.node))
  }

  // -------------------------------------------------------------- long answers to pulls

  /** Much is about to come. */
  expect(): void {
    this.ports.work?.prepare()
  }

  /** How many there are is bounded by what is asked for (main/protocol/landing.ts), so no link has to wait for them. */
  storeRun(run: PulledRun): void {
    const { work, parts, store } = this.ports
    if (!work?.beside || (!work.beside.ready && this.mayAtOnce(run.nodes.count))) {
      this.timed(() => this.runHere(run))
      return
    }
    void work
      .storeRun(run, parts.now())
      .then(
        ({ result, committed }) =>
          () => {
            if (committed) store.follow(committed.commit, committed.changes)
            this.ranTo(
              run,
              doneOf(result, () => itemsOfRun(run, nodesOfRun(parts.secrets.crypto, run))),
              false,
            )
          },
        (error: unknown) => {
          if (error instanceof TwofoldError) return () => this.runFailed(run, error)
          work.lost(error)
          return () => this.runHere(run)
        },
      )
      .then((done) => {
        if (!this.stopped) done()
      })
  }

  private runHere(run: PulledRun): void {
    const { store, memberOf, parts } = this.ports
    let done: RunDone
    try {
      done = storeRun(parts.secrets.crypto, run, run.rules, (items) => store.append(items, memberOf, parts.now()))
    } catch (error) {
      this.runFailed(run, error)
      return
    }
    this.ranTo(run, done, !this.ports.work?.committing)
  }

  private ranTo(run: PulledRun, done: RunDone, exact: boolean): void {
    if (done.type === 'mixed') this.committed(done.items, done.outcomes, exact)
    else if (done.type === 'stored') {
      this.ports.trouble(null)
      this.ports.storedRun({ ...run, entries: done.entries })
    }
    this.ports.handle({ type: 'run-stored', run, result: done })
  }

  private runFailed(run: PulledRun, error: unknown): void {
    this.refused(error)
    this.ports.handle({ type: 'run-failed', run })
  }

  private pumpCommits(): void {
    const { work, memberOf, parts, store } = this.ports
    while (this.commits.length && this.committing < COMMITS_OPEN_MAX) {
      const items = this.commits.splice(0, this.commitSize.nodes)
      if (!work?.beside) {
        this.arrived(items)
        this.storeHere(items)
        continue
      }
      this.committing++
      void work
        .append(items, memberOf, parts.now())
        .then(
          ({ outcomes, commit, changes, tookMs }) =>
            () => {
              this.commitSize.took(items.length, tookMs)
              store.follow(commit, changes)
              this.committed(items, outcomes, false)
              this.tell(items, outcomes)
            },
          (error: unknown) => {
            if (error instanceof TwofoldError) return () => this.failed([...items, ...this.givenUp()], error)
            work.lost(error)
            return () => this.storeHere(items)
          },
        )
        .then((done) => {
          this.committing--
          this.arrived(items)
          if (this.stopped) return
          done()
          this.pumpCommits()
        })
    }
  }

  /** Acknowledging and handing on many at once would hold up frames and screens: a part each turn, in their order. */
  private tell(items: readonly StoreItem[], outcomes: readonly StoreOutcome[]): void {
    for (let at = 0; at < items.length; at += TOLD_NODES)
      this.telling.push({ items: items.slice(at, at + TOLD_NODES), outcomes: outcomes.slice(at, at + TOLD_NODES) })
    if (!this.tellsLater) this.tellNext()
  }
  private tellNext(): void {
    const next = this.telling.shift()
    this.tellsLater = this.telling.length > 0
    if (this.tellsLater) setImmediate(() => !this.stopped && this.tellNext())
    if (next) this.ports.handle({ type: 'stored', ...next })
  }

  /** What waits behind a batch that the disk refused would be refused too. */
  private givenUp(): StoreItem[] {
    const items = this.commits.splice(0)
    this.arrived(items)
    return items
  }

  // -------------------------------------------------------------- how much

  private mayAtOnce(nodes: number): boolean {
    if (nodes > AT_ONCE_NODES) return false
    const now = performance.now()
    if (now - this.atOnce.from > AT_ONCE_WINDOW_MS) this.atOnce = { from: now, ms: 0 }
    const beside = this.ports.work?.beside
    return this.atOnce.ms < (beside?.storing && !beside.ready ? UNTIL_READY_MS : AT_ONCE_MS)
  }
  private timed(work: () => void): void {
    const start = performance.now()
    work()
    this.atOnce.ms += performance.now() - start
  }

  private wait(items: readonly StoreItem[]): void {
    for (const { node, origin } of items) {
      this.waitingBytes += node.bytes.length
      if (origin.from === null) continue
      const bytes = (this.waiting.get(origin.from) ?? 0) + node.bytes.length
      this.waiting.set(origin.from, bytes)
      if (bytes > LINK_BYTES_MAX || this.waitingBytes > BYTES_MAX) this.pause(origin.from)
    }
  }
  private arrived(items: readonly StoreItem[]): void {
    for (const { node, origin } of items) {
      this.waitingBytes -= node.bytes.length
      if (origin.from === null) continue
      const bytes = this.waiting.get(origin.from)! - node.bytes.length
      if (bytes > 0) this.waiting.set(origin.from, bytes)
      else this.waiting.delete(origin.from)
    }
    if (this.waitingBytes > BYTES_MAX / 2) return
    for (const device of this.paused)
      if ((this.waiting.get(device) ?? 0) <= LINK_BYTES_MAX / 2) {
        this.paused.delete(device)
        this.ports.linkOf(device)?.resume()
      }
  }
  private pause(device: DeviceKey): void {
    if (this.paused.has(device)) return
    this.paused.add(device)
    this.ports.linkOf(device)?.pause()
  }
  /** A link that is new is read, whatever an earlier one brought. */
  linkUp(device: DeviceKey): void {
    this.paused.delete(device)
  }
}
