// From stored nodes to the rows that are painted: content as it stands now, render tree, names, proof state, reactions. A
// row is made as JSON text, since that is what a window gets and its tree is kept as such.
import type { DeviceKey, EntryKind, EntryVersion, MemberKey, NodeId, RenderTree, Row } from '../../shared/types'
import { Bounded } from '../protocol/bounded'
import { canChange } from '../protocol/folding'
import type { MemberList } from '../protocol/membership'
import { shownName } from '../protocol/names'
import { hasItsId } from '../protocol/node'
import { contentOf, readEntries, type Entry } from './entries'
import type { Parts, Secrets, StorePort, StoredNode } from './ports'
import { Trees } from './trees'

/** Received this much later than written: the row says so. */
const LATE_MS = 10 * 60_000
/** Rows that were found to be whole lately, by number: some hundred screens. */
const WHOLE_MAX = 20_000
/** Names told with a reaction. */
const NAMES_MAX = 20

interface RowContext {
  parts: { secrets: Pick<Secrets, 'crypto'> } & Pick<
    Parts,
    'render' | 'renderVersion' | 'excerpt' | 'mark' | 'differences'
  >
  store: StorePort
  list(): MemberList
  /** This device. */
  me: string
  /** This device's member. */
  member: MemberKey
  /** Highest own seq that a peer is known to hold. */
  ownHeld(): number
  /** The place at which a device's two histories part (rule N6); null, or absent: none is known. */
  forkedAt?(device: DeviceKey): number | null
}
export interface RowOptions {
  /** What was searched for: marked in the trees. */
  terms?: readonly string[]
  /** Row number up to which a member's entries were seen when the view was opened. */
  seenTo?: (member: MemberKey) => number
  /** Only what a screen paints. */
  paint?: boolean
}
type Head = { [K in keyof Omit<Row, 'tree'>]?: Row[K] | undefined }

export class Rows {
  private readonly trees: Trees
  /** Rows whose bytes were found to be those that were signed. */
  private readonly whole = new Bounded<number, true>(WHOLE_MAX)

  constructor(private readonly context: RowContext) {
    this.trees = new Trees(context)
  }

  private nameOf(member: MemberKey): string {
    return shownName(this.context.list(), member)
  }

  /** Trees that were made while somebody looked, to be stored when there is time. */
  takeMade(): (readonly [number, string])[] {
    return this.trees.takeMade()
  }

  /**
   * What is about to be shown is what was signed (rule N5), or the database has changed it since: its id no longer
   * fits. Throws DATABASE_DAMAGED_NOW; the next start puts right what it can.
   */
  private demandWhole({ row, node, member }: StoredNode): void {
    if (this.whole.has(row)) return
    const { parts, store, list } = this.context
    const author = list().devices.get(node.device)?.member
    if (!hasItsId(parts.secrets.crypto, node) || (author !== undefined && author !== member)) store.damage()
    this.whole.add(row, true)
  }

  /** Entries with those that they are about, by id: one reading for all. */
  private read(nodes: readonly StoredNode[]): { entries: Entry[]; targets: Map<NodeId, Entry> } {
    const { store } = this.context
    const contents = nodes.map(contentOf)
    const here = new Set(nodes.map(({ node }) => node.id))
    const away = contents.flatMap((content) =>
      content && 'target' in content && !here.has(content.target) ? [content.target] : [],
    )
    const others = away.length ? store.byIds(away) : []
    const all = readEntries(store, [...nodes, ...others], [...contents, ...others.map(contentOf)])
    return { entries: all.slice(0, nodes.length), targets: new Map(all.map((entry) => [entry.stored.node.id, entry])) }
  }

  /** Rows as JSON text, in the order of their nodes. */
  texts(nodes: readonly StoredNode[], options: RowOptions = {}): string[] {
    const { parts, store } = this.context
    const { entries, targets } = this.read(nodes)
    for (const { stored, source } of entries) {
      this.demandWhole(stored)
      if (source !== stored) this.demandWhole(source)
    }
    const bookmarked = store.bookmarked(nodes.map((node) => node.row))
    const trees = this.trees.of(
      entries
        .filter(({ content, folded }) => canChange(content) && !folded.retracted)
        .map(({ source, folded }) => ({ source, text: folded.text })),
    )
    const marked = (tree: string): string =>
      options.terms ? JSON.stringify(parts.mark(JSON.parse(tree) as RenderTree, options.terms)) : tree
    return entries.map((entry): string => {
      const { content, source, stored } = entry
      const target = content && 'target' in content ? targets.get(content.target) : undefined
      const head = this.head(entry, target, options)
      if (bookmarked.has(stored.row)) head.bookmarked = true
      const tree = trees.get(source.node.id)
      return `${JSON.stringify(head).slice(0, -1)},"tree":${tree === undefined ? this.trees.none : marked(tree)}}`
    })
  }

  /** All of a row but its tree and its bookmark. */
  private head(entry: Entry, target: Entry | undefined, { seenTo, paint }: RowOptions): Head {
    const { me, member: ours } = this.context
    const { stored, content, folded } = entry
    const { node, member } = stored
    const kind: EntryKind = content?.kind ?? 'unknown'
    const mine = node.device === me
    const { retracted } = folded
    const edit = folded.edits.at(-1)
    const changes = canChange(content)
    // See ROW_UNSAID.
    const no = paint ? undefined : false
    const reactions = folded.reactions.map(({ text: what, members }) => ({
      text: what,
      count: members.length,
      mine: members.includes(ours),
      names: members.slice(0, NAMES_MAX).map((key) => this.nameOf(key)),
    }))
    const replies = changes ? entry.replies : 0
    const forkedAt = this.context.forkedAt?.(node.device) ?? null
    const text = changes || content?.kind === 'profile' ? folded.text : content && 'text' in content ? content.text : ''
    return {
      id: node.id,
      member,
      memberName: this.nameOf(member),
      timestamp: node.timestamp,
      receivedAt: stored.receivedAt,
      kind,
      ...(!paint && { device: node.device, seq: node.seq }),
      // What a screen paints of a text is its tree.
      ...((!paint || !changes) && { text }),
      proof: stored.linked ? 'linked' : 'floating',
      mine: mine || no,
      ...(target && {
        target: {
          id: target.stored.node.id,
          memberName: this.nameOf(target.stored.member),
          excerpt: this.trees.excerptOf({ source: target.source, text: target.folded.text }),
        },
      }),
      ...(edit && !retracted && { edited: { at: edit.timestamp, times: folded.edits.length } }),
      ...(retracted && { retracted: { at: retracted.timestamp } }),
      reactions: paint && !reactions.length ? undefined : reactions,
      replies: paint && !replies ? undefined : replies,
      bookmarked: no,
      unread: (member !== ours && seenTo !== undefined && stored.row > seenTo(member)) || no,
      own: (member === ours && changes && !retracted) || no,
      late: (!mine && stored.receivedAt - node.timestamp > LATE_MS) || no,
      ...(forkedAt !== null && { forkedAt }),
      waiting: (mine && node.seq > this.context.ownHeld() && this.context.list().devices.size > 1) || no,
    }
  }

  rows(nodes: readonly StoredNode[], options: RowOptions = {}): Row[] {
    return this.texts(nodes, options).map((text) => JSON.parse(text) as Row)
  }
  row = (stored: StoredNode): Row => this.rows([stored])[0]!

  /** The text of an entry that holds now, as it was written; '' for withdrawn entries. */
  text(stored: StoredNode): string {
    return readEntries(this.context.store, [stored])[0]!.folded.text
  }

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
