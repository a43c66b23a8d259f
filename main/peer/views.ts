// Views by window (docs/protocol.md, "Views"): a window on screen asks for positions of a scope and gets ready rows, then
// only differences. The cost of either does not depend on the size of the timeline.
import { TwofoldError } from '../../shared/errors'
import type { MemberKey, NodeId, Scope, ViewChange, ViewWindow } from '../../shared/types'
import type { TimelineNode } from '../protocol/node'
import type { StorePort, StoreScope } from './ports'
import type { Rows } from './rows'

/** Rows sent with a newly opened view: more than a tall screen holds. */
const FIRST_ROWS = 100
/** Views that may be open at once; the oldest is closed beyond it. A window keeps one or two. */
const VIEWS_MAX = 16
/** Changes are told at once after a quiet time, then at most this often: ten times a second is as live as an eye needs. */
const TELL_EVERY_MS = 100

interface View {
  id: number
  scope: StoreScope
  version: number
}

export class Views {
  private readonly views = new Map<number, View>()
  private lastId = 0
  private pending: TimelineNode[] = []
  private changedInPlace = false
  private timer: NodeJS.Timeout | null = null
  private lastToldAt = 0

  constructor(
    private readonly store: StorePort,
    private readonly rows: Rows,
    private readonly me: MemberKey,
    private readonly memberOf: (node: TimelineNode) => MemberKey,
    private readonly tell: (change: ViewChange) => void,
    private readonly now: () => number,
  ) {}

  private scopeOf(scope: Scope): StoreScope {
    return scope.type === 'everyone' ? null : scope.type === 'mine' ? this.me : scope.member
  }

  private view(id: number): View {
    const view = this.views.get(id)
    if (!view) throw new TwofoldError('VIEW_UNKNOWN')
    return view
  }

  open(scope: Scope): ViewWindow {
    const view: View = { id: ++this.lastId, scope: this.scopeOf(scope), version: 1 }
    this.views.set(view.id, view)
    if (this.views.size > VIEWS_MAX) this.views.delete(this.views.keys().next().value!)
    return this.read(view, 0, FIRST_ROWS)
  }

  close(id: number): void {
    this.views.delete(id)
  }

  window(id: number, start: number, count: number): ViewWindow {
    return this.read(this.view(id), start, count)
  }

  private read(view: View, start: number, count: number): ViewWindow {
    // What was stored but not yet told belongs to the next version: tell it first, so that positions agree.
    this.flush()
    const rows = this.store.window(view.scope, start, count).map((stored) => this.rows.row(stored))
    return { viewId: view.id, version: view.version, total: this.store.total(view.scope), start, rows }
  }

  position(id: number, node: NodeId): number {
    const view = this.view(id)
    const stored = this.store.byId(node)
    if (!stored || (view.scope !== null && view.scope !== stored.member)) return -1
    return this.store.position(view.scope, stored.node)
  }

  stored(nodes: readonly TimelineNode[]): void {
    if (!this.views.size) return
    this.pending.push(...nodes)
    this.soon()
  }

  /** Rows look different, but none came or went: names, proof states, 'waiting'. */
  touched(): void {
    if (!this.views.size) return
    this.changedInPlace = true
    this.soon()
  }

  private soon(): void {
    const quiet = this.now() - this.lastToldAt >= TELL_EVERY_MS
    this.timer ??= setTimeout(() => this.flush(), quiet ? 0 : TELL_EVERY_MS)
  }

  private flush(): void {
    // No timer: nothing is waiting to be told.
    if (!this.timer) return
    clearTimeout(this.timer)
    this.timer = null
    this.lastToldAt = this.now()
    // What a removal has cut off meanwhile is nowhere any more.
    const here = this.pending.filter((node) => this.store.at(node.device, node.seq)?.id === node.id)
    const nodes = here.sort((a, b) => b.timestamp - a.timestamp || (a.id < b.id ? 1 : -1))
    const touched = this.changedInPlace
    this.pending = []
    this.changedInPlace = false
    for (const view of this.views.values()) {
      const inScope = view.scope === null ? nodes : nodes.filter((node) => this.memberOf(node) === view.scope)
      if (!inScope.length && !touched) continue
      view.version++
      this.tell({
        viewId: view.id,
        version: view.version,
        total: this.store.total(view.scope),
        inserted: this.positions(view.scope, inScope),
      })
    }
  }

  /** Positions of nodes given newest first: one look-up, then only the steps between neighbours. */
  private positions(scope: StoreScope, nodes: readonly TimelineNode[]): number[] {
    const out: number[] = []
    nodes.forEach((node, i) => {
      out.push(
        i === 0 ? this.store.position(scope, node) : out[i - 1]! + 1 + this.store.between(scope, nodes[i - 1]!, node),
      )
    })
    return out
  }

  stop(): void {
    if (this.timer) clearTimeout(this.timer)
    this.timer = null
    this.views.clear()
  }
}
