// From stored nodes to what they say now: each entry with its content, what was written about it, and the node whose text
// holds. Read in bulk, so that a window of rows costs a handful of questions to the database.
import { fold, type About, type Folded } from '../protocol/folding'
import { decodeContent, isEntry, type Content } from '../protocol/kinds'
import type { StorePort, StoredNode } from './ports'

export interface Entry {
  stored: StoredNode
  content: Content | null
  folded: Folded
  /** The node whose text is shown: the last edit that counts, else the entry itself. */
  source: StoredNode
  /** Row numbers of the texts that no longer hold: those before the last edit, all of a withdrawn entry. */
  superseded: number[]
  /** Answers to it. */
  replies: number
}

function aboutOf(stored: StoredNode): About[] {
  const { id, timestamp, kind, body } = stored.node
  const content = decodeContent(kind, body)
  if (content?.kind !== 'reaction' && content?.kind !== 'edit' && content?.kind !== 'retract') return []
  return [{ id, member: stored.member, timestamp, content }]
}

export const contentOf = ({ node }: StoredNode): Content | null => decodeContent(node.kind, node.body)

/** `contents`: of the nodes, where they were decoded already. */
export function readEntries(
  store: Pick<StorePort, 'aboutOf'>,
  nodes: readonly StoredNode[],
  contents: readonly (Content | null)[] = nodes.map(contentOf),
): Entry[] {
  const said = store.aboutOf(nodes.filter((_node, i) => isEntry(contents[i]!)).map(({ node }) => node.id))
  return nodes.map((stored, i) => {
    const content = contents[i]!
    const { changes: about = [], replies = 0 } = said.get(stored.node.id) ?? {}
    if (!about.length) {
      // Most entries: nobody has said anything about them.
      const folded = fold({ id: stored.node.id, member: stored.member, content }, [])
      return { stored, content, folded, source: stored, superseded: [], replies }
    }
    const folded = fold({ id: stored.node.id, member: stored.member, content }, about.flatMap(aboutOf))
    const last = folded.edits.at(-1)
    const source = (last && about.find(({ node }) => node.id === last.id)) ?? stored
    const counted = new Set(folded.edits.map((edit) => edit.id))
    const texts = [stored, ...about.filter(({ node }) => counted.has(node.id))]
    const superseded = texts.filter((one) => folded.retracted || one !== source).map((one) => one.row)
    return { stored, content, folded, source, superseded, replies }
  })
}
