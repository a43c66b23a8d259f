// What a person reads: views of the timeline and what is remembered about them, and everything about one entry. It knows
// entries as they are stored; what may be accepted and where it came from is decided elsewhere.
import { TwofoldError } from '../../shared/errors'
import type {
  DeviceKey,
  EntryVersion,
  Histogram,
  HoldersView,
  Inspection,
  MemberKey,
  NodeId,
  Row,
  Scope,
  ViewChange,
} from '../../shared/types'
import type { Engine } from '../protocol/engine'
import { standing } from '../protocol/kinds'
import type { TimelineNode } from '../protocol/node'
import { signatureHolds } from '../protocol/verify'
import type { BulkWork } from './bulk-work'
import { copied, type CopyForm } from './copying'
import { Indexer } from './indexer'
import { inspect } from './inspect'
import type { ListKeeper } from './list-keeper'
import type { Identity, Parts, StoredNode, StorePort } from './ports'
import { forkProofFile, proofFile, type ProofFile } from './proof'
import type { ReceiptKeeper } from './receipt-keeper'
import { Rows } from './rows'
import { SavedSearches } from './saved-searches'
import { tagOf, tagPrefix } from './search'
import { chainAbove } from './signatures'
import { Views, type ViewSpec } from './views'

/** Tags offered while one is typed. */
const TAGS_MAX = 8

interface Ports {
  parts: Parts
  identity: Identity
  keeper: ListKeeper
  store: StorePort
  engine: Engine
  receipts: ReceiptKeeper
  work: BulkWork
  /** The two nodes that prove a fork of a device; null: none is known. */
  forkOf(device: DeviceKey): readonly [TimelineNode, TimelineNode] | null
  /** Highest own seq that a peer is known to hold. */
  heldElsewhere(): number
  viewChanged(change: ViewChange): void
  changed(): void
}

export class Reader {
  readonly searches: SavedSearches
  private readonly views: Views
  private readonly rows: Rows
  private readonly indexer: Indexer
  private readonly unreadOf = new Map<MemberKey, number>()

  constructor(private readonly ports: Ports) {
    const { parts, identity, keeper, store } = ports
    this.searches = new SavedSearches(store)
    this.rows = new Rows({
      parts,
      store,
      list: () => keeper.list,
      me: identity.device,
      member: identity.member,
      ownHeld: () => ports.heldElsewhere(),
      forkedAt: (device) => ports.forkOf(device)?.[0].seq ?? null,
    })
    this.views = new Views(
      store,
      this.rows,
      identity.member,
      (node) => keeper.memberOf(node.device),
      (change) => ports.viewChanged(change),
      parts.now,
      () => ports.work.committing,
    )
    this.indexer = new Indexer({
      parts,
      store,
      rows: this.rows,
      elsewhere: () => ports.work.indexes(),
      indexed: () => this.indexed(),
    })
    // Our own entries are never news to us.
    for (const member of keeper.list.members.keys())
      this.unreadOf.set(member, member === identity.member ? 0 : store.unread(member))
  }

  start(): void {
    this.indexer.wake()
  }
  stop(): void {
    this.indexer.stop()
    this.views.stop()
  }

  // -------------------------------------------------------------- what has changed

  /** `exact`: nothing else was stored meanwhile, so that each has the place that it would have alone. */
  stored(nodes: readonly TimelineNode[], exact: boolean): void {
    const { keeper, identity } = this.ports
    for (const node of nodes) {
      const member = keeper.memberOf(node.device)
      if (member !== identity.member && standing(node.kind, node.body).entry)
        this.unreadOf.set(member, this.unread(member) + 1)
    }
    if (exact) this.views.stored(nodes)
    else this.views.changed()
    this.indexer.wake()
    // A closed gap turns floating rows into linked ones.
    if (nodes.length > 1) this.touched()
  }

  /** Many nodes of one device were stored at once, with so many entries. */
  storedRun(device: DeviceKey, entries: number): void {
    const { keeper, identity } = this.ports
    const member = keeper.memberOf(device)
    if (member !== identity.member) this.unreadOf.set(member, this.unread(member) + entries)
    this.views.changed()
    this.indexer.wake()
    this.touched()
  }

  /** Nobody knows what came: totals are read again. */
  changed(): void {
    this.views.changed()
    this.indexer.wake()
  }

  /** More can be found than before. */
  indexed(): void {
    this.views.relist()
  }

  /** Rows look different, but none came or went. */
  touched(): void {
    this.views.touched()
  }

  /** Names may be others, and rows may have gone: the list has changed, or a timeline was cut off. */
  relist(): void {
    this.views.touched()
    this.views.relist()
    this.indexer.wake()
  }

  // -------------------------------------------------------------- views

  openView(spec: ViewSpec): string {
    return this.ports.store.reading(() => this.views.openText(spec))
  }
  window(id: number, start: number, count: number): string {
    return this.ports.store.reading(() => this.views.windowText(id, start, count))
  }
  position(id: number, node: NodeId): number {
    return this.ports.store.reading(() => this.views.position(id, node))
  }
  closeView(id: number): void {
    this.views.close(id)
  }
  viewAt(id: number, time: number, count: number): string {
    return this.ports.store.reading(() => this.views.atText(id, time, count))
  }
  histogram(id: number, bins: number): Histogram {
    return this.ports.store.reading(() => this.views.histogram(id, bins))
  }

  /** Tags in use that begin so, the most frequent first. */
  tags(prefix: string): string[] {
    return this.ports.store.facets(tagPrefix(prefix), TAGS_MAX).map(({ facet }) => tagOf(facet))
  }

  unread(member: MemberKey): number {
    return this.unreadOf.get(member) ?? 0
  }
  markSeen(scope: Scope): void {
    const { keeper, store, changed } = this.ports
    const members =
      scope.type === 'everyone' ? [...keeper.list.members.keys()] : scope.type === 'member' ? [scope.member] : []
    const unseen = members.filter((member) => this.unread(member))
    if (!unseen.length) return
    store.markSeen(unseen)
    for (const member of unseen) this.unreadOf.set(member, 0)
    changed()
  }

  // -------------------------------------------------------------- one entry

  private byId(id: NodeId): StoredNode {
    const stored = this.ports.store.byId(id)
    if (!stored) throw new TwofoldError('ENTRY_UNKNOWN')
    return stored
  }

  /** Stored entries as rows, in the order given. */
  rowsOf(stored: readonly StoredNode[]): Row[] {
    return this.rows.rows(stored)
  }
  row(id: NodeId): Row {
    return this.rows.row(this.byId(id))
  }
  text(id: NodeId): string {
    return this.rows.text(this.byId(id))
  }
  versions(id: NodeId): EntryVersion[] {
    return this.rows.versions(this.byId(id))
  }

  /** Kept on this device alone. */
  bookmark(id: NodeId, on: boolean): void {
    const { store, parts } = this.ports
    store.bookmark(this.byId(id).row, on ? parts.now() : null)
    this.views.touched()
    this.views.relist()
  }

  /** Entries as text, oldest first. */
  copy(ids: readonly NodeId[], form: CopyForm): string {
    const nodes = [...new Set(ids)].map((id) => this.byId(id))
    const rows = this.rows.rows(nodes.sort((a, b) => a.node.timestamp - b.node.timestamp))
    // What is quoted is what the last edit says, so that is what is proved.
    return copied(rows, form, (row) => this.proof(this.versions(row.id).at(-1)?.id ?? row.id, false).content)
  }

  inspect(id: NodeId): Inspection {
    const { parts, identity, keeper, engine, store, receipts } = this.ports
    const { crypto } = parts.secrets
    return inspect({ crypto, me: identity.device, keeper, engine, store, rows: this.rows, receipts }, this.byId(id))
  }

  holders(id: NodeId): HoldersView {
    return this.ports.receipts.holders(this.byId(id).node)
  }

  proof(id: NodeId, holders: boolean): ProofFile {
    const { keeper, receipts, parts, store } = this.ports
    const { node } = this.byId(id)
    const held = holders ? receipts.evidence(node) : []
    const { crypto } = parts.secrets
    // Nothing leaves alone before its own signature was looked at (rule N9).
    const chain = signatureHolds(crypto, node) ? null : chainAbove(crypto, store, node)
    return proofFile(node, keeper.list, keeper.epochBytes, keeper.nameOf(node.device), held, chain)
  }

  /** Rule N6: what shows to anybody that a device signed two histories. */
  forkProof(device: DeviceKey): ProofFile {
    const { keeper, forkOf } = this.ports
    const nodes = forkOf(device)
    if (!nodes) throw new TwofoldError('FORK_UNKNOWN')
    return forkProofFile(nodes, keeper.list, keeper.epochBytes, keeper.nameOf(device))
  }
}
