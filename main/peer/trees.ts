// Render trees as the JSON texts that a window sends on: made on first view, kept in memory for what is looked at again, and
// beside the node once they were made; never on the way in. Also the first words of entries that others answer.
import type { NodeId, RenderTree } from '../../shared/types'
import { Bounded } from '../protocol/bounded'
import { packTree, unpackTree } from './kept-trees'
import type { Parts, Secrets, StorePort, StoredNode } from './ports'

/** Trees kept in memory: some dozens of screens. */
const TREES_MAX = 4000
const EXCERPTS_MAX = 4000
/** Made trees that wait to be stored; beyond it they are made again when they are looked at again. */
const WAITING_MAX = 2000
/** A shorter text without code is rendered again in less time than its tree takes to be read, and takes less room. */
const KEPT_CHARS_MIN = 400
export const keepsTree = (text: string): boolean => text.length >= KEPT_CHARS_MIN || text.includes('```')
const EXCERPT_CHARS = 120

interface TreesContext {
  parts: { secrets: Pick<Secrets, 'crypto'> } & Pick<Parts, 'render' | 'renderVersion' | 'excerpt'>
  store: Pick<StorePort, 'trees'>
}
/** A text that holds, and the node that says it. */
export interface Source {
  source: StoredNode
  text: string
}

export class Trees {
  /** What stands where there is nothing to paint: of kinds without a text, and of withdrawn entries. */
  readonly none: string
  private readonly kept = new Bounded<NodeId, string>(TREES_MAX)
  private readonly excerpts = new Bounded<NodeId, string>(EXCERPTS_MAX)
  private readonly waiting = new Map<number, string>()

  constructor(private readonly context: TreesContext) {
    this.none = JSON.stringify({
      version: context.parts.renderVersion,
      blocks: [],
      heightPx: 0,
    } satisfies RenderTree)
  }

  /** By the id of the node that holds each text. */
  of(texts: readonly Source[]): Map<NodeId, string> {
    const { parts, store } = this.context
    const found = new Map<NodeId, string>()
    const missing: Source[] = []
    for (const item of texts) {
      const { id } = item.source.node
      const known = this.kept.get(id)
      if (known !== undefined) found.set(id, known)
      else if (keepsTree(item.text)) missing.push(item)
      else found.set(id, this.keep(id, JSON.stringify(parts.render(item.text))))
    }
    if (!missing.length) return found
    const stored = store.trees(
      missing.map(({ source }) => source.row),
      parts.renderVersion,
    )
    for (const { source, text } of missing) {
      const packed = stored.get(source.row)
      const before = packed === undefined ? null : unpackTree(parts.secrets.crypto, packed)
      const tree = before ?? JSON.stringify(parts.render(text))
      if (before === null && this.waiting.size < WAITING_MAX) this.waiting.set(source.row, tree)
      found.set(source.node.id, this.keep(source.node.id, tree))
    }
    return found
  }

  private keep(id: NodeId, tree: string): string {
    this.kept.add(id, tree)
    return tree
  }

  /** The first words of a text that holds, on one line. */
  excerptOf({ source, text }: Source): string {
    // A withdrawn entry says nothing, whatever its words were.
    if (text === '') return ''
    const { id } = source.node
    const known = this.excerpts.get(id)
    if (known !== undefined) return known
    const made = this.context.parts.excerpt(text, EXCERPT_CHARS)
    this.excerpts.add(id, made)
    return made
  }

  /** Trees that were made while somebody looked, to be stored when there is time. */
  takeMade(): (readonly [number, string])[] {
    const { crypto } = this.context.parts.secrets
    const made = [...this.waiting].map(([row, tree]) => [row, packTree(crypto, tree)] as const)
    this.waiting.clear()
    return made
  }
}
