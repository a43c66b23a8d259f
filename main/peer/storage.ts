// What a person does with what lies on the disk: sees what takes space, checks, compacts, exports, imports and backs up. Each
// reads the store in small runs while everything else goes on.
import { TwofoldError, spoken } from '../../shared/errors'
import { htmlWords } from '../../shared/archive-words'
import type { ExportForm, JobResult, JobView, MemberUse, StorageUse, StorageView } from '../../shared/storage-types'
import type { HtmlEntry, JsonNode, RecordSource, Step } from '../protocol/archive'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import { decodeContent } from '../protocol/kinds'
import type { MemberList } from '../protocol/membership'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { verifyNode } from '../protocol/verify'
import { Jobs } from './jobs'
import type { ListKeeper } from './list-keeper'
import type { Mirror } from './mirror'
import { pacer } from './pace'
import type { Identity, Parts, StorePort, StoredNode } from './ports'
import type { Reader } from './reader'
import { Scrub } from './scrub'
import { takeIn } from './taking-in'

/** Nodes of one piece of work: some milliseconds. */
const RUN_NODES = 128
const RUN_BYTES = 4_194_304
/** Entries of a page: each takes some tenths of a millisecond to draw. */
const PAGE_ENTRIES = 48
/** Rows of which only the sizes are added up. */
const SIZE_ROWS = 20_000
/** What takes space is counted anew when somebody looks, at most so often. */
const USE_FRESH_MS = 15_000
/** Bad nodes told by id. */
const BAD_MAX = 200

interface Ports {
  parts: Parts
  identity: Identity
  keeper: ListKeeper
  store: StorePort
  reader: Reader
  mirror: Mirror
  judged(): MemberList
  append(items: StoreItem[]): StoreOutcome[]
  /** The 32 bytes behind the 24 words. */
  entropy(): Uint8Array
  changed(): void
}

export class Storage {
  private readonly jobs: Jobs
  private readonly scrub: Scrub
  private use: StorageUse | null = null
  private usedAt = 0
  private counting = false
  private stopped = false

  constructor(private readonly ports: Ports) {
    this.jobs = new Jobs({ parts: ports.parts, changed: () => ports.changed() })
    this.scrub = new Scrub({
      parts: ports.parts,
      store: ports.store,
      checkSome: (after) => this.verifySome(after),
      busy: () => this.jobs.view()?.state === 'running',
    })
  }

  start(): void {
    this.scrub.start()
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.scrub.stop()
    await this.jobs.stop()
  }

  // -------------------------------------------------------------- what takes space

  view(): StorageView {
    const { parts, mirror } = this.ports
    if (!this.counting && parts.now() - this.usedAt > USE_FRESH_MS) void this.count()
    const { free, database, logs, aside } = parts.files.usage()
    return {
      folder: parts.dir,
      free,
      database,
      logs,
      aside,
      use: this.use,
      mirror: mirror.view(),
      scrub: this.scrub.view(),
      job: this.jobs.view(),
    }
  }

  private async count(): Promise<void> {
    const { parts, store, keeper } = this.ports
    this.counting = true
    try {
      const pace = pacer()
      const sums = new Map<number, { nodes: number; bytes: number }>()
      for (let from = 1; from <= store.lastRow(); from += SIZE_ROWS) {
        for (const { member, nodes, bytes } of store.sizes(from, from + SIZE_ROWS - 1)) {
          const sum = sums.get(member) ?? { nodes: 0, bytes: 0 }
          sums.set(member, { nodes: sum.nodes + nodes, bytes: sum.bytes + bytes })
        }
        await pace()
        if (this.stopped) return
      }
      const members = [...keeper.list.members.keys()].flatMap((member): MemberUse[] => {
        const number = store.memberNumber(member)
        const sum = number === null ? undefined : sums.get(number)
        return sum ? [{ member, name: keeper.memberName(member), entries: store.total(member), ...sum }] : []
      })
      this.use = { members: members.sort((a, b) => b.bytes - a.bytes), ...store.derivedSizes() }
      this.usedAt = parts.now()
    } catch (error) {
      // Told where it matters: nothing hangs on these figures.
      if (!(error instanceof TwofoldError)) throw error
      this.usedAt = parts.now()
    } finally {
      this.counting = false
    }
  }

  // -------------------------------------------------------------- jobs

  job(): JobView | null {
    return this.jobs.view()
  }
  cancel(): void {
    this.jobs.cancel()
  }

  check(): JobView {
    return this.jobs.start('check', null, this.ports.store.lastRow(), async (step) => {
      const { checked, bad } = await this.verifyAll(step)
      this.scrub.done(checked, bad.length)
      return { kind: 'check', checked, bad }
    })
  }
  checkMirror(): JobView {
    const { mirror } = this.ports
    return this.jobs.start('check-mirror', mirror.view().folder, mirror.view().nodes, async (step) => ({
      kind: 'check-mirror',
      ...(await mirror.check(step)),
    }))
  }
  compact(): JobView {
    const { store, parts } = this.ports
    return this.jobs.start('compact', null, null, async (step) => {
      const before = parts.files.usage().database
      for (let done = 0; store.compactIndex(); done++) await step(done)
      await step(0)
      store.compact()
      this.usedAt = 0
      return { kind: 'compact', before, after: parts.files.usage().database }
    })
  }

  /** Throws FILE_EXISTS, JOB_RUNNING. `replace`: a file of that name may go. */
  export(form: ExportForm, path: string, replace: boolean): JobView {
    const { parts, store } = this.ports
    this.demandFree(path, replace)
    const total = form === 'html' ? store.total(null) : store.lastRow()
    return this.jobs.start('export', path, total, async (step): Promise<JobResult> => {
      const written = await this.write(form, path, step)
      const count = 'nodes' in written ? written.nodes : written.entries
      parts.log('info', 'exported', { form, count })
      return { kind: 'export', form, count, bytes: written.bytes }
    })
  }
  backup(path: string, replace: boolean): JobView {
    const { parts, keeper, store, identity, entropy } = this.ports
    this.demandFree(path, replace)
    return this.jobs.start('backup', path, store.lastRow(), async (step) => {
      const source = {
        ...this.records(),
        name: identity.name,
        secrets: keeper.secrets,
        bookmarks: store.allBookmarks(),
      }
      const { nodes, bytes } = await parts.archive.writeBackup(path, entropy(), source, step)
      return { kind: 'backup', nodes, bytes }
    })
  }
  /** Throws FILE_UNREADABLE, ARCHIVE_INVALID, JOB_RUNNING. */
  import(path: string): JobView {
    if (this.ports.parts.archive.formOf(path) === 'other') throw new TwofoldError('ARCHIVE_INVALID', { file: path })
    return this.jobs.start('import', path, null, async (step) => ({
      kind: 'import',
      report: await takeIn(this.ports, path, step),
    }))
  }

  private demandFree(path: string, replace: boolean): void {
    if (!replace && this.ports.parts.archive.exists(path)) throw new TwofoldError('FILE_EXISTS', { file: path })
  }

  /** Every stored node once more, against everything that rule N4 says of it. */
  async verifyAll(step: Step): Promise<{ checked: number; bad: { id: string; code: string }[] }> {
    let checked = 0
    const bad: { id: string; code: string }[] = []
    for (let after = 0; ;) {
      const some = this.verifySome(after)
      if (!some) return { checked, bad }
      ;({ after } = some)
      checked += some.checked
      bad.push(...some.bad.slice(0, BAD_MAX - bad.length))
      await step(checked)
    }
  }

  /** The next of them behind a row; null: there are no more. */
  private verifySome(row: number): { after: number; checked: number; bad: { id: string; code: string }[] } | null {
    const { parts, store, judged } = this.ports
    const rows = store.rowsAfter(row, RUN_NODES)
    if (!rows.length) return null
    const bad: { id: string; code: string }[] = []
    for (const stored of rows) {
      const { node } = stored
      const again = decodeNode(parts.secrets.crypto, node.bytes)
      const below = node.seq > 1 ? store.at(node.device, node.seq - 1) : null
      const changed = !again.ok || again.node.id !== node.id
      let code: string | null = changed
        ? 'NODE_CHANGED'
        : (verifyNode(parts.secrets.crypto, again.node, judged(), parts.now()) ??
          (below && below.id !== again.node.backlink ? 'BACKLINK_MISMATCH' : null))
      // It was checked before it was stored: the disk has changed it.
      if (code === 'SIGNATURE_INVALID' && stored.signature === 'checked') code = 'NODE_CHANGED'
      if (code === 'NODE_CHANGED') store.noteDamage()
      if (code) bad.push({ id: node.id, code })
    }
    return { after: rows.at(-1)!.row, checked: rows.length, bad }
  }

  // -------------------------------------------------------------- out

  private write(form: ExportForm, path: string, step: Step) {
    const { parts, keeper, identity } = this.ports
    const { list, epochBytes } = keeper
    const at = parts.now()
    switch (form) {
      case 'archive':
        return parts.archive.writeArchive(
          path,
          { ...this.records(), circle: list.circle, by: identity.device, sign: identity.signAsDevice },
          at,
          step,
        )
      case 'json':
        return parts.archive.writeJsonLines(
          path,
          {
            circle: list.circle,
            circleName: list.genesis.name,
            genesis: list.genesis.bytes,
            epochs: epochBytes,
            runs: () => this.jsonRuns(),
          },
          at,
          step,
        )
      case 'html':
        return parts.archive.writeHtml(
          path,
          {
            circleName: list.genesis.name,
            circleId: list.circle,
            total: this.ports.store.total(null),
            runs: () => this.htmlRuns(),
            nameOf: (member) => {
              const record = keeper.list.members.get(member as never)
              return record ? keeper.memberName(record.key) : null
            },
          },
          htmlWords(spoken()),
          at,
          step,
        )
    }
  }

  private records(): RecordSource {
    const { keeper, store } = this.ports
    return {
      genesis: keeper.list.genesis.bytes,
      epochs: keeper.epochBytes,
      receipts: store.checkpoints(),
      runs: () => this.byteRuns(),
    }
  }

  /** Device by device, ascending, also what stands above a gap. */
  private *byteRuns(): Generator<Uint8Array[]> {
    const { store } = this.ports
    for (const [device, { height, floating }] of store.have())
      for (const { from, to } of [...(height ? [{ from: 1, to: height }] : []), ...floating])
        for (let seq = from; seq <= to;) {
          const run: Uint8Array[] = []
          let bytes = 0
          for (; seq <= to && run.length < RUN_NODES && bytes < RUN_BYTES; seq++) {
            const node = store.at(device, seq)
            // Cut off meanwhile: what is left of it is the timeline.
            if (!node) {
              seq = to + 1
              break
            }
            run.push(node.bytes)
            bytes += node.bytes.length
          }
          yield run
        }
  }

  /** In the order of storing, up to what is here now. */
  private *rowRuns(): Generator<StoredNode[]> {
    const { store } = this.ports
    const last = store.lastRow()
    for (let after = 0; ;) {
      const rows = store.rowsAfter(after, RUN_NODES).filter(({ row }) => row <= last)
      if (!rows.length) return
      after = rows.at(-1)!.row
      yield rows
    }
  }
  private *jsonRuns(): Generator<JsonNode[]> {
    const { keeper } = this.ports
    for (const rows of this.rowRuns())
      yield rows.map(({ node, member, receivedAt }) => ({
        node,
        member,
        memberName: keeper.memberName(member),
        receivedAt,
        content: decodeContent(node.kind, node.body),
      }))
  }

  /** Entries as they stand, the oldest first. Each page begins where the last one ended, whatever has come in between. */
  private *htmlRuns(): Generator<HtmlEntry[]> {
    const { store, reader } = this.ports
    let newest: TimelineNode | null = null
    for (;;) {
      const before: number = newest ? store.position(null, newest) : store.total(null)
      const count = Math.min(PAGE_ENTRIES, before)
      if (count <= 0) return
      const page = store.window(null, before - count, count).reverse()
      const last = page.at(-1)
      if (!last || last.node.id === newest?.id) return
      newest = last.node
      yield reader.rowsOf(page).map((row): HtmlEntry => ({
        id: row.id,
        memberName: row.memberName,
        timestamp: row.timestamp,
        tree: row.tree,
        edited: row.edited !== undefined,
        retracted: row.retracted !== undefined,
        about: row.target ?? null,
        reactions: row.reactions,
      }))
    }
  }
}
