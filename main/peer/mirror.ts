// The second copy of this member's timelines, in a folder that a person chose (docs/protocol.md, "Archives"). It is kept up to
// date as entries are written, checked once a day and on demand, and read back where it knows more of a timeline than the
// database does: so an old data folder that was put back is made whole before it writes, and cannot fork (rule N7).
import { TwofoldError } from '../../shared/errors'
import type { MirrorView } from '../../shared/storage-types'
import type { DeviceKey } from '../../shared/types'
import type { ListSource, Step } from '../protocol/archive'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { MemberList } from '../protocol/membership'
import type { TimelineNode } from '../protocol/node'
import { syncItem } from '../protocol/store-item'
import { verifyNode } from '../protocol/verify'
import type { CopyFolder, CopyScan } from './archive-port'
import type { ListKeeper } from './list-keeper'
import { pacer } from './pace'
import type { Identity, Parts, StorePort } from './ports'

/** Entries written in a row go to the disk together. */
const SETTLE_MS = 300
/** A folder that is missing or full is looked at again. */
const RETRY_MS = 30_000
const CHECK_EVERY_MS = 24 * 3_600_000
/** The daily check does not begin with the program. */
const CHECK_AFTER_MS = 120_000
/** Nodes written, or read back, at once. */
const BATCH = 256
const BATCH_BYTES = 4_194_304
const META_STATE = 'mirror'

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now' | 'after' | 'log' | 'archive'>
  identity: Identity
  keeper: ListKeeper
  store: StorePort
  judged(): MemberList
  append(items: StoreItem[]): StoreOutcome[]
  changed(): void
}
type State = MirrorView['state']
/** What is known of the copy from one run to the next. */
interface Remembered {
  folder: string
  checkedAt: number | null
  files: Record<string, CopyScan>
}

export class Mirror {
  private state: State = 'off'
  private folder: string | null = null
  private copies: CopyFolder | null = null
  private readonly known = new Map<DeviceKey, CopyScan>()
  private rewritten: MirrorView['rewritten'] = null
  private broughtBack = 0
  private checkedAt: number | null = null
  /** One thing at a time touches the files. */
  private queue: Promise<unknown> = Promise.resolve()
  private compared: Promise<void> = Promise.resolve()
  private cancelFlush: (() => void) | null = null
  private cancelRetry: (() => void) | null = null
  private cancelCheck: (() => void) | null = null
  private stopped = false

  constructor(private readonly ports: Ports) {}

  /** This member's devices, removed ones too: their timelines are his. */
  private get devices(): DeviceKey[] {
    const { keeper, identity } = this.ports
    return [...keeper.list.devices.values()].filter((d) => d.member === identity.member).map((d) => d.key)
  }
  private get list(): ListSource {
    const { keeper } = this.ports
    return { genesis: keeper.list.genesis.bytes, epochs: keeper.epochBytes }
  }

  view(): MirrorView {
    const behind = this.behind()
    const nodes = [...this.known.values()].reduce((sum, { height }) => sum + height, 0)
    const bytes = this.copies ? this.devices.reduce((sum, device) => sum + this.copies!.bytes(device), 0) : 0
    return {
      folder: this.folder,
      state: this.state === 'current' && behind ? 'behind' : this.state,
      behind: this.folder === null ? 0 : behind,
      nodes,
      bytes,
      checkedAt: this.checkedAt,
      rewritten: this.rewritten,
      broughtBack: this.broughtBack,
    }
  }
  private behind(): number {
    const { store } = this.ports
    return this.devices.reduce(
      (sum, device) => sum + Math.max(0, store.height(device) - (this.known.get(device)?.height ?? 0)),
      0,
    )
  }

  /** Fulfilled when the copy has been looked at, or cannot be: nothing is signed before. */
  ready(): Promise<void> {
    return this.compared
  }

  /** Null: none is kept any more; the files stay. */
  use(folder: string | null): void {
    this.folder = folder
    const before = this.remembered()
    this.checkedAt = before?.checkedAt ?? null
    this.known.clear()
    this.copies = null
    this.rewritten = null
    this.state = folder === null ? 'off' : 'comparing'
    this.cancelRetry?.()
    this.cancelCheck?.()
    if (folder === null) return
    this.compared = this.inTurn(() => this.compare(before?.files ?? {}))
    const since = this.ports.parts.now() - (this.checkedAt ?? 0)
    const wait = Math.max(CHECK_AFTER_MS, CHECK_EVERY_MS - since)
    this.cancelCheck = this.ports.parts.after(wait, () => this.checkDaily())
  }

  stop(): void {
    this.stopped = true
    this.cancelFlush?.()
    this.cancelRetry?.()
    this.cancelCheck?.()
    // What was written last is in the copy when the program has ended.
    if (this.copies && this.state !== 'comparing') this.attempt(() => this.flush())
  }

  /** Entries were stored; own ones go to the copy. */
  stored(devices: readonly DeviceKey[]): void {
    if (this.folder === null || this.state === 'comparing' || this.stopped) return
    const own = new Set(this.devices)
    if (!devices.some((device) => own.has(device))) return
    this.cancelFlush ??= this.ports.parts.after(SETTLE_MS, () => {
      this.cancelFlush = null
      void this.inTurn(async () => this.attempt(() => this.flush()))
    })
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.queue.then(work)
    this.queue = turn.catch(() => undefined)
    return turn
  }

  /** What the disk refuses is shown, and tried again later. */
  private attempt(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.failed(error)
    }
  }
  private failed(error: unknown): void {
    if (!(error instanceof TwofoldError)) throw error
    this.ports.parts.log('warn', 'second copy', { code: error.code })
    this.later(error.code === 'DISK_FULL' ? 'full' : 'unwritable')
  }
  private later(state: State): void {
    this.state = state
    this.ports.changed()
    if (this.stopped) return
    this.cancelRetry?.()
    this.cancelRetry = this.ports.parts.after(RETRY_MS, () => {
      this.cancelRetry = null
      void this.inTurn(() => this.compare(this.remembered()?.files ?? {}))
    })
  }

  /** Looks at what the folder holds, reads back what is missing here, and writes what is missing there. */
  private async compare(remembered: Remembered['files']): Promise<void> {
    const { parts, keeper } = this.ports
    if (this.folder === null || this.stopped) return
    try {
      this.copies = parts.archive.openCopies(this.folder, keeper.list.circle)
      if (!this.copies) {
        this.later('missing')
        return
      }
      const pace = pacer()
      for (const device of this.devices) await this.compareOne(this.copies, device, remembered[device], pace)
      if (this.stopped) return
      this.flush()
    } catch (error) {
      this.failed(error)
    }
  }

  private async compareOne(
    copies: CopyFolder,
    device: DeviceKey,
    remembered: CopyScan | undefined,
    pace: () => Promise<void>,
  ): Promise<void> {
    const { store } = this.ports
    // As it was left: nobody else writes it, and the daily check looks into it.
    if (remembered && remembered.end === copies.bytes(device) && remembered.height <= store.height(device)) {
      this.known.set(device, remembered)
      return
    }
    const missing: TimelineNode[] = []
    const here = store.height(device)
    const found = await copies.scan(device, this.list, pace, (node) => {
      if (node.seq > here) missing.push(node)
      if (missing.length >= BATCH) this.bringBack(missing.splice(0))
    })
    if (this.stopped) return
    this.bringBack(missing)
    if (!found) return
    this.known.set(device, found.damaged ? this.rewrite(copies, device) : found)
  }

  /** Null: this folder is new. */
  private remembered(): Remembered | null {
    const text = this.ports.store.meta(META_STATE)
    const known = text ? (JSON.parse(text) as Remembered) : null
    return known?.folder === this.folder ? known : null
  }
  private remember(): void {
    const { folder, checkedAt } = this
    if (folder === null) return
    const known: Remembered = { folder, checkedAt, files: Object.fromEntries(this.known) }
    this.ports.store.setMeta(META_STATE, JSON.stringify(known))
  }

  /** Own entries that the database has lost, each verified like a stranger's. */
  private bringBack(nodes: readonly TimelineNode[]): void {
    const { parts, judged, append } = this.ports
    const items = nodes
      .filter((node) => verifyNode(parts.secrets.crypto, node, judged(), parts.now()) === null)
      .map((node) => syncItem(node))
    if (items.length) this.broughtBack += append(items).filter(({ type }) => type === 'stored').length
  }

  /** What was damaged is put aside, and the file begins anew. */
  private rewrite(copies: CopyFolder, device: DeviceKey): CopyScan {
    const at = this.ports.parts.now()
    this.rewritten = { at, aside: copies.setAside(device, at) }
    this.ports.parts.log('warn', 'second copy was damaged and is written anew', { device: device.slice(0, 8) })
    return copies.begin(device, this.list)
  }

  /** Writes what the copy lacks. Throws as the disk does. */
  private flush(): void {
    const { store, changed } = this.ports
    const { copies } = this
    if (!copies) return
    const { list } = this
    for (const device of this.devices) {
      const height = store.height(device)
      let scan = this.known.get(device)
      if (!scan && height > 0) this.known.set(device, (scan = copies.begin(device, list)))
      while (scan && scan.height < height) {
        const from = scan.height + 1
        const run = this.run(device, from, Math.min(height, from + BATCH - 1))
        if (!run.length) break
        scan = copies.append(device, scan, list.epochs.slice(scan.epochs), run)
        this.known.set(device, scan)
      }
    }
    this.remember()
    this.state = 'current'
    changed()
  }

  /** Nodes from a place on, ascending; fewer where they are large. */
  private run(device: DeviceKey, from: number, to: number): TimelineNode[] {
    const nodes: TimelineNode[] = []
    let bytes = 0
    for (let seq = from; seq <= to && bytes < BATCH_BYTES; seq++) {
      const node = this.ports.store.at(device, seq)
      if (!node) break
      nodes.push(node)
      bytes += node.bytes.length
    }
    return nodes
  }

  private checkDaily(): void {
    void this.check(pacerStep()).catch((error: unknown) => {
      if (!(error instanceof TwofoldError)) throw error
    })
    this.cancelCheck = this.ports.parts.after(CHECK_EVERY_MS, () => this.checkDaily())
  }

  /**
   * Every node of the copy: its signature, its place, and that the database holds the same. What is wrong is put aside and
   * written anew. Throws MIRROR_OFF, DISK_FULL, FOLDER_UNWRITABLE (also where the folder is missing).
   */
  check(step: Step): Promise<{ nodes: number; rewritten: boolean }> {
    return this.inTurn(async () => {
      const { parts, store, keeper, judged, changed } = this.ports
      if (this.folder === null) throw new TwofoldError('MIRROR_OFF')
      const copies = (this.copies = parts.archive.openCopies(this.folder, keeper.list.circle))
      if (!copies) {
        this.later('missing')
        throw new TwofoldError('FOLDER_UNWRITABLE', { folder: this.folder })
      }
      let nodes = 0
      let rewritten = false
      try {
        for (const device of this.devices) {
          let bad = false
          const before = nodes
          const scan = await copies.scan(
            device,
            this.list,
            (done) => step(before + done),
            (node) => {
              nodes++
              const here = store.at(device, node.seq)
              bad ||= verifyNode(parts.secrets.crypto, node, judged(), parts.now()) !== null
              bad ||= here !== null && here.id !== node.id
            },
          )
          if (!scan) continue
          if (scan.damaged || bad) {
            this.known.set(device, this.rewrite(copies, device))
            rewritten = true
          } else this.known.set(device, scan)
        }
        this.flush()
      } catch (error) {
        if (error instanceof TwofoldError && error.code !== 'JOB_CANCELLED') this.failed(error)
        throw error
      }
      this.checkedAt = parts.now()
      this.remember()
      changed()
      return { nodes, rewritten }
    })
  }
}

/** Slices without anybody who could cancel. */
function pacerStep(): Step {
  const pace = pacer()
  return () => pace()
}
