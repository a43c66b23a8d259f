// What an archive, an export or a backup brings is taken in node by node, each judged like a stranger's (rule N4). A node whose
// own signature does not hold is taken where the node above it names it (rule N9), in whatever order the file has them. What was
// stored before a failure stays: each stands for itself.
import { TwofoldError, sentence } from '../../shared/errors'
import type { ImportReport } from '../../shared/storage-types'
import type { NodeId } from '../../shared/types'
import { readBookmark, type Step } from '../protocol/archive'
import { equalBytes } from '../protocol/codec'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import { CLOCK_AHEAD_MS } from '../protocol/limits'
import { decodeGenesis } from '../protocol/genesis'
import type { MemberList } from '../protocol/membership'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { syncItem } from '../protocol/store-item'
import { verifyNode } from '../protocol/verify'
import type { ListKeeper } from './list-keeper'
import type { Parts, StorePort } from './ports'

/** Nodes of one piece of work: some milliseconds. */
const RUN_NODES = 128
/** Nodes that wait for the one above; an honest file has few, and what a forged one has beyond is refused. */
const UNVOUCHED_MAX = 10_000

export interface TakingInPorts {
  parts: Pick<Parts, 'secrets' | 'now' | 'archive'>
  keeper: ListKeeper
  store: Pick<StorePort, 'byId' | 'bookmark'>
  judged(): MemberList
  append(items: StoreItem[]): StoreOutcome[]
  /** The 32 bytes behind the 24 words. */
  entropy(): Uint8Array
}

/** By the node above it alone (rule N9). */
const below = (node: TimelineNode): StoreItem => ({ ...syncItem(node), chain: 'above' })
const placeOf = (device: string, seq: number): string => `${device} ${seq}`

class TakingIn {
  private readonly refused = new Map<string, number>()
  private readonly counts = { nodes: 0, stored: 0, duplicates: 0 }
  private batch: TimelineNode[] = []
  /** By place. */
  private readonly unvouched = new Map<string, TimelineNode>()

  constructor(private readonly ports: TakingInPorts) {}

  refuse(code: string, count = 1): void {
    this.refused.set(code, (this.refused.get(code) ?? 0) + count)
  }
  get nodes(): number {
    return this.counts.nodes
  }

  /** True: enough is together. */
  add(bytes: Uint8Array): boolean {
    this.counts.nodes++
    const decoded = decodeNode(this.ports.parts.secrets.crypto, bytes)
    if (decoded.ok) this.batch.push(decoded.node)
    else this.refuse(decoded.code)
    return this.batch.length >= RUN_NODES
  }

  flush(): void {
    const { parts, judged } = this.ports
    const now = parts.now()
    const good: TimelineNode[] = []
    const unsigned: TimelineNode[] = []
    for (const node of this.batch) {
      const code = verifyNode(parts.secrets.crypto, node, judged(), now)
      if (code === null) good.push(node)
      else if (code === 'SIGNATURE_INVALID' && node.timestamp <= now + CLOCK_AHEAD_MS) unsigned.push(node)
      else this.refuse(code)
    }
    this.batch = []
    const here = this.append(good.map((node) => syncItem(node)))
    // From the top down: each is named by the one above it.
    unsigned.sort((a, b) => b.seq - a.seq)
    here.push(...this.append(unsigned.map(below)))
    this.vouched(here)
  }

  /** Those that are here now. */
  private append(items: StoreItem[]): TimelineNode[] {
    if (!items.length) return []
    return this.ports.append(items).flatMap((outcome, i) => {
      const { node, chain } = items[i]!
      switch (outcome.type) {
        case 'stored':
          this.counts.stored++
          return [node]
        case 'duplicate':
          this.counts.duplicates++
          return [node]
        case 'refused':
          if (chain && outcome.code === 'SIGNATURE_INVALID' && this.unvouched.size < UNVOUCHED_MAX)
            this.unvouched.set(placeOf(node.device, node.seq), node)
          // The one above it names another: what is wrong with this one is its signature.
          else this.refuse(chain ? 'SIGNATURE_INVALID' : outcome.code)
          return []
        case 'equivocation':
          this.refuse('EQUIVOCATION')
          return []
      }
    })
  }

  /** What waited below nodes that are here. */
  private vouched(here: readonly TimelineNode[]): void {
    if (!this.unvouched.size) return
    for (const above of here) {
      const run: TimelineNode[] = []
      for (let seq = above.seq - 1; ; seq--) {
        const place = placeOf(above.device, seq)
        const node = this.unvouched.get(place)
        if (!node) break
        this.unvouched.delete(place)
        run.push(node)
      }
      this.append(run.map(below))
    }
  }

  end(): Omit<ImportReport, 'unreadable' | 'torn'> {
    this.flush()
    if (this.unvouched.size) this.refuse('SIGNATURE_INVALID', this.unvouched.size)
    return {
      ...this.counts,
      refused: [...this.refused].map(([code, count]) => ({ code, text: sentence(code as never), count })),
    }
  }
}

/** Throws ARCHIVE_INVALID, ARCHIVE_OTHER_CIRCLE, FILE_UNREADABLE, as the disk does, and what `step` throws. */
export async function takeIn(ports: TakingInPorts, path: string, step: Step): Promise<ImportReport> {
  const { parts, keeper, store, entropy } = ports
  const taking = new TakingIn(ports)
  let unreadable = 0
  let torn = false
  const items =
    parts.archive.formOf(path) === 'backup'
      ? parts.archive.readBackup(path, entropy())
      : parts.archive.readItems(path, () => (torn = true))
  let begun = false
  for (const one of items) {
    switch (one.type) {
      case 'genesis': {
        if (!equalBytes(one.bytes, keeper.list.genesis.bytes)) {
          const name = decodeGenesis(parts.secrets.crypto, one.bytes)?.name ?? '?'
          throw new TwofoldError('ARCHIVE_OTHER_CIRCLE', { name })
        }
        begun = true
        break
      }
      case 'epoch': {
        const code = keeper.accept([one.bytes])
        if (code) taking.refuse(code)
        break
      }
      case 'node': {
        if (!begun) throw new TwofoldError('ARCHIVE_INVALID', { file: path })
        if (!taking.add(one.bytes)) break
        taking.flush()
        await step(taking.nodes)
        break
      }
      case 'bookmark': {
        taking.flush()
        const bookmark = readBookmark(one.bytes)
        const stored = bookmark && store.byId(bookmark.id as NodeId)
        if (stored) store.bookmark(stored.row, bookmark.at)
        break
      }
      case 'secret':
        keeper.learnSecret(one.bytes)
        break
      case 'unreadable':
        unreadable++
        break
      case 'vector':
      case 'checkpoint':
      case 'end':
      case 'name':
        break
    }
  }
  if (!begun) throw new TwofoldError('ARCHIVE_INVALID', { file: path })
  return { ...taking.end(), unreadable, torn }
}
