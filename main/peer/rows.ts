// From a stored node to the row that is painted: content, render tree, names, proof state. Trees are made on first view
// and kept for as long as the row is likely to be looked at again; never on the way in.
import type { EntryKind, NodeId, RenderTree, Row } from '../../shared/types'
import { shownName } from '../protocol/names'
import { decodeContent } from '../protocol/kinds'
import type { MemberList } from '../protocol/membership'
import type { Parts, StorePort, StoredNode } from './ports'

/** Trees kept: some dozens of screens. */
const TREES_MAX = 4000
/** Received this much later than written: the row says so. */
const LATE_MS = 10 * 60_000
const EXCERPT_CHARS = 120

interface RowContext {
  parts: Pick<Parts, 'render' | 'excerpt'>
  store: StorePort
  list(): MemberList
  me: string
  /** Highest own seq that a peer is known to hold. */
  ownHeld(): number
}

export class Rows {
  private readonly trees = new Map<NodeId, RenderTree>()

  constructor(private readonly context: RowContext) {}

  private treeOf(id: NodeId, text: string): RenderTree {
    let tree = this.trees.get(id)
    if (!tree) {
      tree = this.context.parts.render(text)
      if (this.trees.size >= TREES_MAX) this.trees.delete(this.trees.keys().next().value!)
    } else this.trees.delete(id)
    this.trees.set(id, tree)
    return tree
  }

  row(stored: StoredNode): Row {
    const { parts, store, me } = this.context
    const list = this.context.list()
    const { node, member } = stored
    const content = decodeContent(node.kind, node.body)
    const kind: EntryKind = content?.kind ?? 'unknown'
    const text = content && 'text' in content ? content.text : content?.kind === 'profile' ? content.name : ''
    const target = content && 'target' in content ? store.byId(content.target) : null
    const targetContent = target && decodeContent(target.node.kind, target.node.body)
    const mine = node.device === me
    return {
      id: node.id,
      member,
      memberName: shownName(list, member),
      device: node.device,
      seq: node.seq,
      timestamp: node.timestamp,
      receivedAt: stored.receivedAt,
      kind,
      text,
      tree: this.treeOf(node.id, kind === 'post' || kind === 'reply' || kind === 'edit' ? text : ''),
      proof: stored.linked ? 'linked' : 'floating',
      mine,
      ...(target && {
        target: {
          id: target.node.id,
          memberName: shownName(list, target.member),
          excerpt: parts.excerpt(targetContent && 'text' in targetContent ? targetContent.text : '', EXCERPT_CHARS),
        },
      }),
      late: !mine && stored.receivedAt - node.timestamp > LATE_MS,
      waiting: mine && node.seq > this.context.ownHeld() && list.devices.size > 1,
    }
  }
}
