// From stored nodes to the rows that are painted: content as it stands now, render tree, names, proof state, reactions.
// Trees are kept in memory for what is looked at again, and beside the node once they were made; never on the way in.
import type { EntryKind, EntryVersion, MemberKey, NodeId, RenderTree, Row } from '../../shared/types'
import { canChange } from '../protocol/folding'
import type { MemberList } from '../protocol/membership'
import { shownName } from '../protocol/names'
import { decodeNode } from '../protocol/node'
import { readEntries, type Entry } from './entries'
import { packTree, unpackTree } from './kept-trees'
import type { Parts, Secrets, StorePort, StoredNode } from './ports'

/** Trees kept in memory: some dozens of screens. */
const TREES_MAX = 4000
/** Made trees that wait to be stored; beyond it they are made again when they are looked at again. */
const WAITING_MAX = 2000
/** A shorter text without code is rendered again in less time than its tree takes to be read, and takes less room. */
const KEPT_CHARS_MIN = 400
export const keepsTree = (text: string): boolean => text.length >= KEPT_CHARS_MIN || text.includes('```')
/** Received this much later than written: the row says so. */
const LATE_MS = 10 * 60_000
const EXCERPT_CHARS = 120
/** Names told with a reaction. */
const NAMES_MAX = 20

interface RowContext {
  parts: { secrets: Pick<Secrets, 'crypto'> } & Pick<
    Parts,
    'render' | 'renderPlain' | 'renderVersion' | 'excerpt' | 'mark' | 'differences'
  >
  store: StorePort
  list(): MemberList
  /** This device. */
  me: string
  /** This device's member. */
  member: MemberKey
  /** Highest own seq that a peer is known to hold. */
  ownHeld(): number
}
interface RowOptions {
  /** What was searched for: marked in the trees. */
  terms?: readonly string[]
  /** Row number up to which a member's entries were seen when the view was opened. */
  seenTo?: (member: MemberKey) => number
}

export class Rows {
  private readonly trees = new Map<NodeId, RenderTree>()
  private readonly waiting = new Map<number, RenderTree>()
  /** Rows whose bytes were found to be those that were signed. */
  private readonly whole = new Set<number>()

  constructor(private readonly context: RowContext) {}

  private nameOf(member: MemberKey): string {
    return shownName(this.context.list(), member)
  }

  private remember(id: NodeId, tree: RenderTree): RenderTree {
    this.trees.delete(id)
    if (this.trees.size >= TREES_MAX) this.trees.delete(this.trees.keys().next().value!)
    this.trees.set(id, tree)
    return tree
  }

  /**
   * What is about to be shown is what was signed (rule N5), or the database has changed it since: its id no longer
   * fits. Throws DATABASE_DAMAGED_NOW; the next start puts right what it can.
   */
  private demandWhole({ row, node, member }: StoredNode): void {
    if (this.whole.has(row)) return
    const { parts, store, list } = this.context
    const again = decodeNode(parts.secrets.crypto, node.bytes)
    const author = list().devices.get(node.device)?.member
    if (!again.ok || again.node.id !== node.id || (author !== undefined && author !== member)) store.damage()
    if (this.whole.size >= TREES_MAX) this.whole.delete(this.whole.values().next().value!)
    this.whole.add(row)
  }

  /** The trees of texts, by the id of the node that holds each. */
  private treesOf(texts: readonly { source: StoredNode; text: string }[]): Map<NodeId, RenderTree> {
    const { parts, store } = this.context
    const found = new Map<NodeId, RenderTree>()
    const missing: { source: StoredNode; text: string }[] = []
    for (const item of texts) {
      const { id } = item.source.node
      const known = this.trees.get(id) ?? (keepsTree(item.text) ? null : parts.render(item.text))
      if (known) found.set(id, this.remember(id, known))
      else missing.push(item)
    }
    if (!missing.length) return found
    const kept = store.trees(
      missing.map(({ source }) => source.row),
      parts.renderVersion,
    )
    for (const { source, text } of missing) {
      const packed = kept.get(source.row)
      const whole = packed === undefined ? null : unpackTree(parts.secrets.crypto, packed)
      const tree = whole ?? parts.render(text)
      if (!whole && this.waiting.size < WAITING_MAX) this.waiting.set(source.row, tree)
      found.set(source.node.id, this.remember(source.node.id, tree))
    }
    return found
  }

  /** Trees that were made while somebody looked, to be stored when there is time. */
  takeMade(): (readonly [number, string])[] {
    const made = [...this.waiting].map(
      ([row, tree]) => [row, packTree(this.context.parts.secrets.crypto, tree)] as const,
    )
    this.waiting.clear()
    return made
  }

  private targetsOf(entries: readonly Entry[]): Map<NodeId, Entry> {
    const targets = new Map<NodeId, Entry>()
    const away: NodeId[] = []
    const here = new Map(entries.map((entry) => [entry.stored.node.id, entry]))
    for (const { content } of entries) {
      if (!content || !('target' in content)) continue
      const known = here.get(content.target)
      if (known) targets.set(content.target, known)
      else away.push(content.target)
    }
    if (!away.length) return targets
    for (const entry of readEntries(this.context.store, this.context.store.byIds(away)))
      targets.set(entry.stored.node.id, entry)
    return targets
  }

  rows(nodes: readonly StoredNode[], options: RowOptions = {}): Row[] {
    const { parts, store, me } = this.context
    const list = this.context.list()
    const entries = readEntries(store, nodes)
    for (const { stored, source } of entries) {
      this.demandWhole(stored)
      if (source !== stored) this.demandWhole(source)
    }
    const targets = this.targetsOf(entries)
    const ids = entries.filter(({ content }) => canChange(content)).map(({ stored }) => stored.node.id)
    const replies = store.repliesTo(ids)
    const bookmarked = store.bookmarked(nodes.map((node) => node.row))
    const trees = this.treesOf(
      entries
        .filter(({ content, folded }) => canChange(content) && !folded.retracted)
        .map(({ source, folded }) => ({ source, text: folded.text })),
    )
    return entries.map(({ stored, content, folded, source }): Row => {
      const { node, member } = stored
      const kind: EntryKind = content?.kind ?? 'unknown'
      const target = content && 'target' in content ? targets.get(content.target) : undefined
      const mine = node.device === me
      const { retracted } = folded
      const edit = folded.edits.at(-1)
      const text =
        canChange(content) || content?.kind === 'profile'
          ? folded.text
          : content && 'text' in content
            ? content.text
            : ''
      const tree = trees.get(source.node.id)
      return {
        id: node.id,
        member,
        memberName: this.nameOf(member),
        device: node.device,
        seq: node.seq,
        timestamp: node.timestamp,
        receivedAt: stored.receivedAt,
        kind,
        text,
        tree: !tree
          ? { version: parts.renderVersion, blocks: [], heightPx: 0 }
          : options.terms
            ? parts.mark(tree, options.terms)
            : tree,
        proof: stored.linked ? 'linked' : 'floating',
        mine,
        ...(target && {
          target: {
            id: target.stored.node.id,
            memberName: this.nameOf(target.stored.member),
            excerpt: parts.excerpt(target.folded.text, EXCERPT_CHARS),
          },
        }),
        ...(edit && !retracted && { edited: { at: edit.timestamp, times: folded.edits.length } }),
        ...(retracted && { retracted: { at: retracted.timestamp } }),
        reactions: folded.reactions.map(({ text: what, members }) => ({
          text: what,
          count: members.length,
          mine: members.includes(this.context.member),
          names: members.slice(0, NAMES_MAX).map((key) => this.nameOf(key)),
        })),
        replies: replies.get(node.id) ?? 0,
        bookmarked: bookmarked.has(stored.row),
        unread: member !== this.context.member && options.seenTo !== undefined && stored.row > options.seenTo(member),
        own: member === this.context.member && canChange(content) && !retracted,
        late: !mine && stored.receivedAt - node.timestamp > LATE_MS,
        waiting: mine && node.seq > this.context.ownHeld() && list.devices.size > 1,
      }
    })
  }

  row = (stored: StoredNode): Row => this.rows([stored])[0]!

  /** Everything that an entry has said, oldest first; nothing once it was withdrawn. */
  versions(stored: StoredNode): EntryVersion[] {
    const [entry] = readEntries(this.context.store, [stored])
    const { content, folded } = entry!
    if (!canChange(content) || folded.retracted) return []
    const versions: EntryVersion[] = []
    for (const { id, timestamp, text } of [
      { id: stored.node.id, timestamp: stored.node.timestamp, text: content.text },
      ...folded.edits.map((edit) => ({
        id: edit.id,
        timestamp: edit.timestamp,
        text: edit.content.kind === 'edit' ? edit.content.text : '',
      })),
    ]) {
      const before = versions.at(-1)
      versions.push({
        id,
        timestamp,
        text,
        differences: before ? this.context.parts.differences(before.text, text) : [],
      })
    }
    return versions
  }
}
