// Makes what was stored findable, and render trees that cost time, behind the timeline: in small bites with pauses between
// them, never on the way in, so that a flood of entries is shown and passed on first.
import { TwofoldError } from '../../shared/errors'
import { canChange } from '../protocol/folding'
import { decodeContent } from '../protocol/kinds'
import { contentOf, readEntries } from './entries'
import type { Parts, Secrets, StorePort, StoredNode, ToIndex } from './ports'
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
/** Trees of one bite: code takes a millisecond. */
const BITE_TREES = 16
/** Trees remembered for later, by row. */
const TREES_LATER_MAX = 100_000

type Doc = Parameters<StorePort['putDocs']>[1][number]
type Words = NonNullable<Doc['content']>

interface IndexerContext {
  parts: { secrets: Pick<Secrets, 'crypto'> } & Pick<Parts, 'render' | 'renderVersion' | 'facets' | 'log' | 'now'>
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
  /** Rows whose trees are made when everything can be found. */
  private readonly treesLater = new Set<number>()

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
    const { store, rows, elsewhere, biteNodes = BITE_NODES } = this.context
    const made = rows.takeMade()
    if (made.length) store.putTrees(this.context.parts.renderVersion, made)
    const nodes = elsewhere?.() ? [] : store.toIndex(biteNodes)
    if (!nodes.length) return this.treesBite()
    store.putDocs(nodes.at(-1)!.row, [...this.untouched(nodes), ...this.touched(nodes)])
    this.context.indexed()
    return true
  }

  /** Most entries: nobody has changed them, and nobody shares their document. */
  private *untouched(nodes: readonly ToIndex[]): Generator<Doc> {
    for (const { row, doc, member, kind, body, alone, fresh } of nodes) {
      if (!alone) continue
      const content = decodeContent(kind, body)
      if (canChange(content)) yield { doc, content: this.words(row, member, content.kind, content.text), fresh }
    }
  }

  /** Entries that were changed or share their document, and whatever changes others. */
  private touched(nodes: readonly ToIndex[]): Doc[] {
    const { store } = this.context
    const rows = nodes.flatMap(({ row, alone }) => (alone ? [] : [row]))
    if (!rows.length) return []
    const docs = new Map<number, { stored: StoredNode; words: Words | null }[]>()
    const gone: number[] = []
    for (const { stored, content, folded, source, superseded } of readEntries(
      store,
      this.concerned(store.rows(rows)),
    )) {
      gone.push(...superseded)
      const doc = store.docOf(stored.node)
      const of = docs.get(doc) ?? []
      docs.set(doc, of)
      const member = store.memberNumber(stored.member)
      const stands = canChange(content) && !folded.retracted && member !== null
      of.push({ stored, words: stands ? this.words(source.row, member, content.kind, folded.text) : null })
    }
    if (gone.length) store.dropTrees(gone)
    for (const row of gone) this.treesLater.delete(row)
    const furthest = store.indexedFurthest()
    return [...docs].map(([doc, entries]) => {
      const words = entries.flatMap((entry) => entry.words ?? [])
      const joined = (part: keyof Words) => words.map((w) => w[part]).join('\n')
      const fresh = entries.length === 1 && entries[0]!.stored.row > furthest
      return { doc, content: words.length ? { body: joined('body'), facets: joined('facets') } : null, fresh }
    })
  }

  /** `row`: of the node whose text holds. */
  private words(row: number, member: number, kind: 'post' | 'reply', text: string): Words {
    if (this.treesLater.size < TREES_LATER_MAX && keepsTree(text)) this.treesLater.add(row)
    return { body: wordsOf(text), facets: facetWords(member, kind, this.context.parts.facets(text)) }
  }

  /** Trees that cost time, once everything can be found. What is not made here is made when somebody looks. */
  private treesBite(): boolean {
    const { parts, store } = this.context
    const rows = [...this.treesLater].slice(0, BITE_TREES)
    if (!rows.length) return false
    for (const row of rows) this.treesLater.delete(row)
    const kept = store.trees(rows, parts.renderVersion)
    store.putTrees(
      parts.renderVersion,
      store.rows(rows.filter((row) => !kept.has(row))).flatMap((stored) => {
        const content = contentOf(stored)
        if (!content || !('text' in content)) return []
        return [[stored.row, packTree(parts.secrets.crypto, JSON.stringify(parts.render(content.text)))]]
      }),
    )
    return true
  }

  /** The entries whose words may be new: those stored, those that were edited or withdrawn, and who shares their place. */
  private concerned(nodes: readonly StoredNode[]): StoredNode[] {
    const { store } = this.context
    const found = new Map<number, StoredNode>()
    for (const stored of nodes) {
      const content = contentOf(stored)
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
    return [...found.values()]
  }
}
