// Reads entries back into the store in slices: out of a database that was damaged and set aside, or out of a backup that is
// being restored. Every node is verified like a stranger's. Nothing is written by this device before the end of it (rule N7),
// and a run that is interrupted begins again at the next start.
import { TwofoldError } from '../../shared/errors'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { MemberList } from '../protocol/membership'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { readBookmark } from '../protocol/archive'
import { syncItem } from '../protocol/store-item'
import { verifyNode } from '../protocol/verify'
import { pacer } from './pace'
import type { DamagedStore, Parts, StorePort } from './ports'

/** What is under way, so that it goes on after a restart. */
const META_RECOVERING = 'recovering'
/** Nodes of one transaction: some 10 ms of verifying. */
const BATCH = 256
/** After a disk that was full. */
const RETRY_MS = 10_000
/** A small database is read back before anything is shown. */
const FIRST_MS = 1_500

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now' | 'after' | 'log' | 'archive'>
  store: StorePort
  damaged: DamagedStore | null
  /** The 32 bytes behind the 24 words, for a backup. */
  entropy(): Uint8Array
  judged(): MemberList
  /** This device is the only one that ever was on the list. */
  alone(): boolean
  append(items: StoreItem[]): StoreOutcome[]
  changed(): void
}
interface Chunk {
  nodes: readonly TimelineNode[]
  bookmarks?: readonly { id: string; at: number }[]
}

export class Recovery {
  recovered = 0
  private total: number | null = null
  private running = false
  private stopped = false
  private readonly waiting: (() => void)[] = []
  private next = 1

  constructor(private readonly ports: Ports) {
    const { damaged, store } = ports
    if (damaged) {
      this.running = true
      this.total = damaged.rows
    } else if (store.meta(META_RECOVERING)?.startsWith('backup ')) this.running = true
  }

  /** What is read back now; null: nothing. */
  view(): { file: string; done: number; total: number | null } | null {
    return this.running ? { file: this.file, done: this.recovered, total: this.total } : null
  }
  get file(): string {
    const { damaged, store } = this.ports
    return damaged?.file ?? store.meta(META_RECOVERING)?.slice('backup '.length) ?? ''
  }

  /** Fulfilled when nothing is left to read back. */
  ready(): Promise<void> {
    return this.running ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve()
  }

  /** Begins; answers when it is done, or goes on behind after a moment. */
  async start(): Promise<void> {
    if (!this.running) return
    const done = this.run()
    await Promise.race([done, new Promise<void>((resolve) => this.ports.parts.after(FIRST_MS, resolve))])
  }

  stop(): void {
    this.stopped = true
    this.ports.damaged?.close()
  }

  private async run(): Promise<void> {
    const { parts, store } = this.ports
    try {
      await this.readAll()
      if (this.stopped) return
      store.setMeta(META_RECOVERING, '')
      this.ports.damaged?.finished()
    } catch (error) {
      if (this.stopped) return
      if (!(error instanceof TwofoldError)) throw error
      parts.log('error', 'recovering', { code: error.code })
      if (error.code === 'DISK_FULL' || error.code === 'DATABASE_LOCKED') {
        parts.after(RETRY_MS, () => void this.run())
        return
      }
      // A backup that is gone or damaged: what was read of it is here, and the rest comes from the circle.
      store.setMeta(META_RECOVERING, '')
    }
    this.running = false
    for (const go of this.waiting.splice(0)) go()
    this.ports.changed()
  }

  private async readAll(): Promise<void> {
    const pace = pacer()
    this.recovered = 0
    this.next = 1
    for (const chunk of this.chunks()) {
      this.take(chunk)
      await pace()
      if (this.stopped) return
    }
  }

  private take({ nodes, bookmarks = [] }: Chunk): void {
    const { parts, store, judged, alone, append, changed } = this.ports
    const list = judged()
    // Alone, nobody can fill a gap in our own timeline: it goes on behind the last entry before it. The rest stays in the file.
    const linked = (node: TimelineNode) => node.seq === this.next && this.next++ > 0
    const only = alone()
    const items = nodes
      .filter((node) => !only || linked(node))
      .filter((node) => verifyNode(parts.secrets.crypto, node, list, parts.now()) === null)
      .map((node) => syncItem(node))
    if (items.length)
      this.recovered += append(items).filter(({ type }) => type === 'stored' || type === 'duplicate').length
    for (const { id, at } of bookmarks) {
      const stored = store.byId(id as TimelineNode['id'])
      if (stored) store.bookmark(stored.row, at)
    }
    changed()
  }

  private *chunks(): Generator<Chunk> {
    const { damaged } = this.ports
    if (!damaged) {
      yield* this.backup()
      return
    }
    for (let after = 0; ;) {
      const read = damaged.read(after, BATCH)
      if (!read) return
      after = read.after
      yield read
    }
  }

  private *backup(): Generator<Chunk> {
    const { parts, entropy } = this.ports
    let nodes: TimelineNode[] = []
    for (const item of parts.archive.readBackup(this.file, entropy())) {
      if (item.type === 'node') {
        const decoded = decodeNode(parts.secrets.crypto, item.bytes)
        if (decoded.ok) nodes.push(decoded.node)
      } else if (item.type === 'bookmark') {
        const bookmark = readBookmark(item.bytes)
        if (bookmark) yield { nodes: nodes.splice(0), bookmarks: [bookmark] }
      }
      if (nodes.length < BATCH) continue
      yield { nodes }
      nodes = []
    }
    yield { nodes }
  }
}

/** Before the circle is opened for the first time: its entries are in this backup. */
export const noteBackup = (store: Pick<StorePort, 'setMeta'>, path: string): void =>
  store.setMeta(META_RECOVERING, `backup ${path}`)
