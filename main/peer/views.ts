// Views by window (docs/protocol.md, "Views"): a window on screen asks for positions of a scope and gets ready rows, then
// only differences. The cost of either does not depend on the size of the timeline.
import { TwofoldError } from '../../shared/errors'
import type { Filter, Histogram, MemberKey, NodeId, Order, Scope, ViewChange, ViewWindow } from '../../shared/types'
import { decodeContent, isEntry } from '../protocol/kinds'
import type { TimelineNode } from '../protocol/node'
import { difference, isListed, list, type Listed } from './listed'
import type { StorePort, StoreScope } from './ports'
import type { Rows } from './rows'
import { narrows } from './search'

/** Rows sent with a newly opened view: what a screen holds. The first screen is what a start waits for; who shows it asks on. */
const FIRST_ROWS = 32
/** Views that may be open at once; the oldest is closed beyond it. A window keeps one or two. */
const VIEWS_MAX = 16
/** Changes are told at once after a quiet time, then at most this often: ten times a second is as live as an eye needs. */
const TELL_EVERY_MS = 100
/** A list is worked out again at most this often: it may take some 30 ms. */
const LIST_EVERY_MS = 1000
/** With more arrivals than this at once the total alone is told, and who looks asks where they are. */
const INSERTED_MAX = 1000

export interface ViewSpec {
  scope: Scope
  order?: Order | undefined
  filter?: Filter | undefined
  paint?: boolean | undefined
}
interface View {
  id: number
  scope: Scope
  order: Order
  filter: Filter
  paint: boolean
  version: number
  /** Null: the view is counted, not listed. */
  listed: Listed | null
  listedAt: number
  seenTo: Map<MemberKey, number>
}

export class Views {
  private readonly views = new Map<number, View>()
  private lastId = 0
  private pending: TimelineNode[] = []
  private changedInPlace = false
  private listsChanged = false
  private uncertain = false
  /** Calls the next telling off; null: there is nothing to tell. */
  private callOff: (() => void) | null = null
  private lastToldAt = 0

  constructor(
    private readonly store: StorePort,
    private readonly rows: Rows,
    private readonly me: MemberKey,
    private readonly memberOf: (node: TimelineNode) => MemberKey,
    private readonly tell: (change: ViewChange) => void,
    private readonly now: () => number,
    /** Something is being committed beside the main loop. */
    private readonly committing: () => boolean = () => false,
  ) {}

  private scopeOf({ scope }: View): StoreScope {
    return scope.type === 'mine' ? this.me : scope.type === 'member' ? scope.member : null
  }

  private view(id: number): View {
    const view = this.views.get(id)
    if (!view) throw new TwofoldError('VIEW_UNKNOWN')
    return view
  }

  open(scope: Scope, order: Order = 'written', filter: Filter = {}): ViewWindow {
    return JSON.parse(this.openText({ scope, order, filter })) as ViewWindow
  }
  window(id: number, start: number, count: number): ViewWindow {
    return JSON.parse(this.windowText(id, start, count)) as ViewWindow
  }

  /** Opens a view; its first window, as JSON. */
  openText({ scope, order = 'written', filter = {}, paint = false }: ViewSpec): string {
    if (scope.type === 'thread' && !this.store.byId(scope.entry)) throw new TwofoldError('ENTRY_UNKNOWN')
    const view: View = {
      id: ++this.lastId,
      scope,
      order,
      filter,
      paint,
      version: 1,
      listed: isListed({ scope, order, filter }) ? list(this.store, { scope, order, filter }, this.me) : null,
      listedAt: this.now(),
      seenTo: new Map(),
    }
    this.views.set(view.id, view)
    if (this.views.size > VIEWS_MAX) this.views.delete(this.views.keys().next().value!)
    return this.read(view, 0, FIRST_ROWS)
  }

  close(id: number): void {
    this.views.delete(id)
  }

  windowText(id: number, start: number, count: number): string {
    return this.read(this.view(id), start, count)
  }

  private total(view: View): number {
    return view.listed?.rows.length ?? this.store.total(this.scopeOf(view))
  }

  /** A window as JSON, put together from the texts of its rows. `more`: what else is told. */
  private read(view: View, start: number, count: number, more: object = {}): string {
    // What was stored but not yet told belongs to the next version: tell it first, so that positions agree.
    this.flush()
    const { listed } = view
    const nodes = listed
      ? this.store.rows(listed.rows.slice(start, start + count))
      : this.store.window(this.scopeOf(view), start, count, view.order)
    const window: Omit<ViewWindow, 'rows'> = {
      viewId: view.id,
      version: view.version,
      total: this.total(view),
      start,
      more: listed?.more ?? false,
      notIndexed: narrows(view.filter) ? this.store.notIndexed() : 0,
      ...more,
    }
    const rows = this.rows.texts(nodes, {
      ...(listed?.terms.length && { terms: listed.terms }),
      seenTo: (member) => this.seenTo(view, member),
      paint: view.paint,
    })
    return `${JSON.stringify(window).slice(0, -1)},"rows":[${rows.join()}]}`
  }

  /** As things stood when the view first showed something of this member. */
  private seenTo(view: View, member: MemberKey): number {
    let seen = view.seenTo.get(member)
    if (seen === undefined) view.seenTo.set(member, (seen = this.store.seenTo(member)))
    return seen
  }

  position(id: number, node: NodeId): number {
    const view = this.view(id)
    const stored = this.store.byId(node)
    if (!stored) return -1
    if (view.listed) return view.listed.rows.indexOf(stored.row)
    const scope = this.scopeOf(view)
    if (scope !== null && scope !== stored.member) return -1
    if (!isEntry(decodeContent(stored.node.kind, stored.node.body))) return -1
    return this.store.position(scope, stored.node, view.order)
  }

  /** `count` rows around the first entry that was written (or arrived) at a moment or before it, as JSON. */
  atText(id: number, time: number, count: number): string {
    const view = this.view(id)
    this.flush()
    const position = this.at(view, time)
    // A few rows above it as well: the list keeps some beyond its edges.
    const start = Math.max(0, position - Math.floor(count / 4))
    return this.read(view, start, count, { position })
  }

  private at(view: View, time: number): number {
    if (!view.listed) return this.store.countAfter(this.scopeOf(view), view.order, time)
    const times = this.timesOf(view)
    const first = times.findIndex((at) => (view.scope.type === 'thread' ? at >= time : at <= time))
    return first < 0 ? times.length : first
  }

  private timesOf(view: View): number[] {
    const { rows } = view.listed!
    const times = this.store.timesOf(rows)
    return rows.map((row) => (view.order === 'written' ? times.get(row)?.timestamp : times.get(row)?.receivedAt) ?? 0)
  }

  /** The view's entries by time in `count` equal bins, exact where a bin is at least as long as what the store counts by. */
  histogram(id: number, count: number): Histogram {
    const view = this.view(id)
    const counted = view.listed
      ? {
          spanMs: 1,
          spans: this.timesOf(view)
            .map((start) => ({ start, n: 1 }))
            .sort((a, b) => a.start - b.start),
        }
      : this.store.histogram(this.scopeOf(view), view.order)
    const { spanMs, spans } = counted
    const bins = Array.from({ length: count }, () => 0)
    const first = spans[0]
    if (!first) return { newest: 0, oldest: 0, bins, total: 0 }
    const oldest = first.start
    const newest = spans.at(-1)!.start + spanMs
    let total = 0
    for (const { start, n } of spans) {
      const middle = start + spanMs / 2
      bins[Math.min(count - 1, Math.floor(((newest - middle) / (newest - oldest)) * count))]! += n
      total += n
    }
    return { newest, oldest, bins, total }
  }

  stored(nodes: readonly TimelineNode[]): void {
    if (!this.views.size) return
    for (const node of nodes)
      if (isEntry(decodeContent(node.kind, node.body))) this.pending.push(node)
      // A reaction, an edit or a retraction: another row looks different.
      else this.changedInPlace = true
    this.listsChanged = true
    this.soon()
  }

  /** Entries came or went, and their places are not known one by one: the totals are told, and who looks asks anew. */
  changed(): void {
    if (!this.views.size) return
    this.uncertain = true
    this.listsChanged = true
    this.soon()
  }

  /** Rows look different, but none came or went: names, proof states, 'waiting'. */
  touched(): void {
    if (!this.views.size) return
    this.changedInPlace = true
    this.soon()
  }

  /** Lists may hold others than before: more was indexed, a bookmark was set, something was cut off. */
  relist(): void {
    if (![...this.views.values()].some((view) => view.listed)) return
    this.listsChanged = true
    this.soon()
  }

  private soon(): void {
    const quiet = this.now() - this.lastToldAt >= TELL_EVERY_MS
    this.flushIn(quiet ? 0 : TELL_EVERY_MS)
  }

  /** 0: when this turn is over, before any timer that is due. */
  private flushIn(ms: number): void {
    if (this.callOff) return
    if (ms > 0) {
      const timer = setTimeout(() => this.flush(), ms)
      this.callOff = () => clearTimeout(timer)
    } else {
      const turn = setImmediate(() => this.flush())
      this.callOff = () => clearImmediate(turn)
    }
  }

  private flush(): void {
    if (!this.callOff) return
    this.callOff()
    this.callOff = null
    this.lastToldAt = this.now()
    // What a removal has cut off meanwhile is nowhere any more.
    const nodes = this.pending.filter((node) => this.store.at(node.device, node.seq)?.id === node.id)
    const touched = this.changedInPlace
    const relist = this.listsChanged
    // What is committed beside the main loop at this moment is in the totals, and not told yet.
    const uncertain = this.uncertain || this.committing()
    this.pending = []
    this.changedInPlace = false
    this.listsChanged = false
    this.uncertain = false
    this.store.reading(() => {
      for (const view of this.views.values()) {
        if (view.listed) this.tellList(view, touched, relist)
        else this.tellCounted(view, nodes, touched, uncertain && (nodes.length > 0 || relist))
      }
    })
  }

  private tellCounted(view: View, nodes: readonly TimelineNode[], touched: boolean, uncertain: boolean): void {
    const scope = this.scopeOf(view)
    if (uncertain) {
      view.version++
      const total = this.store.total(scope)
      this.tell({ viewId: view.id, version: view.version, total, inserted: [], removed: [], touched: true })
      return
    }
    const inScope = scope === null ? nodes : nodes.filter((node) => this.memberOf(node) === scope)
    if (!inScope.length && !touched) return
    view.version++
    this.tell({
      viewId: view.id,
      version: view.version,
      total: this.store.total(scope),
      inserted: inScope.length > INSERTED_MAX ? [] : this.positions(scope, view.order, inScope),
      removed: [],
      touched,
    })
  }

  private tellList(view: View, touched: boolean, relist: boolean): void {
    const { scope, order, filter } = view
    const wait = view.listedAt + LIST_EVERY_MS - this.now()
    let changed = { removed: [] as number[], inserted: [] as number[] } as ReturnType<typeof difference>
    if ((relist || touched) && wait > 0) {
      // Not told as lost: it is worked out when its time has come.
      this.listsChanged = true
      this.flushIn(wait)
    } else if (relist || touched) {
      const listed = list(this.store, { scope, order, filter }, this.me)
      changed = difference(view.listed!.rows, listed.rows)
      view.listed = listed
      view.listedAt = this.now()
    }
    if (changed && !changed.removed.length && !changed.inserted.length && !touched) return
    view.version++
    const few = changed && changed.inserted.length <= INSERTED_MAX && changed.removed.length <= INSERTED_MAX
    this.tell({
      viewId: view.id,
      version: view.version,
      total: this.total(view),
      inserted: few ? changed!.inserted : [],
      removed: few ? changed!.removed : [],
      // What is told no more precisely has to be asked for again.
      touched: touched || !few,
    })
  }

  /** Positions of nodes, ascending: one look-up, then only the steps between neighbours. */
  private positions(scope: StoreScope, order: Order, nodes: readonly TimelineNode[]): number[] {
    if (order === 'reached') return nodes.map((node) => this.store.position(scope, node, order)).sort((a, b) => a - b)
    const newestFirst = [...nodes].sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1))
    const out: number[] = []
    newestFirst.forEach((node, i) => {
      out.push(
        i === 0
          ? this.store.position(scope, node, order)
          : out[i - 1]! + 1 + this.store.between(scope, newestFirst[i - 1]!, node, order),
      )
    })
    return out
  }

  stop(): void {
    this.callOff?.()
    this.callOff = null
    this.views.clear()
  }
}
