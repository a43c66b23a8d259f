// Makes what was stored findable, and render trees that cost time, behind the timeline: in small bites with pauses between
// them, never on the way in, so that a flood of entries is shown and passed on first.
import { TwofoldError } from '../../shared/errors'
import type { RenderTree } from '../../shared/types'
import { canChange } from '../protocol/folding'
import { decodeContent } from '../protocol/kinds'
import { readEntries } from './entries'
import type { Parts, Secrets, StorePort, StoredNode } from './ports'
import { packTree } from './kept-trees'
import type { Rows } from './rows'
import { facetWords, wordsOf } from './search'
import { keepsTree } from './trees'

/** Nodes of one bite: some 8 ms, half a frame. */
const BITE_NODES = 400
/** Two parts of rest for one of work: another third of a core at most. */
const REST = 2
const REST_MS_MIN = 4
/** After a disk that is full or a file that is locked. */
const RETRY_MS = 30_000

const NO_FACETS = { has: [], tags: [], members: [] }

interface IndexerContext {
  parts: { secrets: Pick<Secrets, 'crypto'> } & Pick<
    Parts,
    'render' | 'renderPlain' | 'renderVersion' | 'facets' | 'log' | 'now'
  >
  store: StorePort
  rows: Pick<Rows, 'takeMade'>
  /** True: what is stored is indexed elsewhere; only trees that were made for a screen are kept here. */
  elsewhere?(): boolean
  /** More than BITE_NODES where nobody waits for the thread: every bite is a piece of the index that is merged later. */
  biteNodes?: number
  /** More can be found than before. */
  indexed(): void
}

export class Indexer {
  private timer: NodeJS.Timeout | null = null
  private stopped = false

  constructor(private readonly context: IndexerContext) {}

  /** There may be something to do: new nodes, or trees that were made for a screen. */
  wake(): void {
    if (!this.stopped) this.timer ??= setTimeout(() => this.work(), REST_MS_MIN)
  }

  stop(): void {
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
  }

  private work(): void {
    this.timer = null
    const { parts } = this.context
    const start = performance.now()
    try {
      const more = this.bite()
      const tookMs = performance.now() - start
      if (more && !this.stopped)
        this.timer = setTimeout(() => this.work(), Math.max(REST_MS_MIN, Math.ceil(tookMs * REST)))
    } catch (error) {
      if (!(error instanceof TwofoldError)) {
        parts.log('error', 'index', { error: error instanceof Error ? error.stack : String(error) })
        return
      }
      parts.log('warn', 'index', { code: error.code })
      if (!this.stopped) this.timer = setTimeout(() => this.work(), RETRY_MS)
    }
  }

  /** One bite; false: nothing is left to do. */
  bite(): boolean {
    const { parts, store, rows } = this.context
    const made = rows.takeMade()
    const nodes = this.context.elsewhere?.()
      ? []
      : store.rowsAfter(store.indexedTo(), this.context.biteNodes ?? BITE_NODES)
    const docs = new Map<number, { stored: StoredNode; words: { body: string; facets: string } | null }[]>()
    if (nodes.length) {
      const trees = new Map<number, RenderTree>()
      const gone: number[] = []
      const concerned = this.concerned(nodes)
      for (const { stored, content, folded, source, superseded } of readEntries(store, [...concerned.values()])) {
        gone.push(...superseded)
        const doc = store.docOf(stored.node)
        const of = docs.get(doc) ?? []
        docs.set(doc, of)
        const member = store.memberNumber(stored.member)
        if (!canChange(content) || folded.retracted || member === null) {
          of.push({ stored, words: null })
          continue
        }
        let facets = NO_FACETS as ReturnType<typeof parts.facets>
        // A text without markup holds nothing to be found but its words, tags and members.
        if (/[#[]/.test(folded.text) || !parts.renderPlain(folded.text)) {
          const tree = parts.render(folded.text)
          if (keepsTree(folded.text)) trees.set(source.row, tree)
          facets = parts.facets(tree)
        }
        of.push({ stored, words: { body: wordsOf(folded.text), facets: facetWords(member, content.kind, facets) } })
      }
      for (const [row, tree] of trees) made.push([row, packTree(parts.secrets.crypto, JSON.stringify(tree))])
      if (gone.length) store.dropTrees(gone)
    }
    if (made.length) store.putTrees(parts.renderVersion, made)
    if (!nodes.length) return false
    const furthest = store.indexedFurthest()
    store.putDocs(
      nodes.at(-1)!.row,
      [...docs].map(([doc, entries]) => {
        const words = entries.flatMap((entry) => entry.words ?? [])
        const joined = (part: 'body' | 'facets') => words.map((w) => w[part]).join('\n')
        const fresh = entries.length === 1 && entries[0]!.stored.row > furthest
        return { doc, content: words.length ? { body: joined('body'), facets: joined('facets') } : null, fresh }
      }),
    )
    this.context.indexed()
    return true
  }

  /** The entries whose words may be new: those stored, those that were edited or withdrawn, and who shares their place. */
  private concerned(nodes: readonly StoredNode[]): ReadonlyMap<number, StoredNode> {
    const { store } = this.context
    const found = new Map<number, StoredNode>()
    for (const stored of nodes) {
      const content = decodeContent(stored.node.kind, stored.node.body)
      if (canChange(content)) found.set(stored.row, stored)
      else if (content?.kind === 'edit' || content?.kind === 'retract') {
        const target = store.byId(content.target)
        if (target) found.set(target.row, target)
      }
    }
    const sharing: number[] = []
    const docs = new Set([...found.values()].map(({ node }) => store.docOf(node)))
    for (const [doc, rows] of store.sharingAt([...found.values()].map(({ node }) => node.timestamp)))
      if (rows.length > 1 && docs.has(doc)) sharing.push(...rows.filter((row) => !found.has(row)))
    for (const stored of store.rows(sharing)) found.set(stored.row, stored)
    return found
  }
}
