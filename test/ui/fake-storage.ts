// Made-up disks for the fake backend: a database with members, files that were set aside, a second copy, and jobs that go on
// whenever they are looked at.
import type { JobResult, JobView, MirrorView, StorageView } from '../../shared/storage-types'
import type { AppState, MemberKey } from '../../shared/types'

const MIB = 1_048_576
const DAY = 86_400_000

export class FakeStorage {
  mirror: MirrorView = {
    folder: '/media/ada/BACKUP/twofold',
    state: 'current',
    behind: 0,
    nodes: 3429,
    bytes: 1.2 * MIB,
    checkedAt: Date.now() - 5 * 3_600_000,
    rewritten: null,
    broughtBack: 0,
  }
  aside = [{ file: 'timeline.sqlite.damaged-1789000000000', bytes: 48 * MIB, at: Date.now() - 12 * DAY }]
  private running: JobView | null = null

  view({ circle, dataDir }: AppState): StorageView {
    const members = (circle?.members ?? []).map((member, i) => ({
      member: member.key as MemberKey,
      name: member.name,
      entries: member.entries,
      nodes: Math.round(member.entries * 1.14),
      bytes: Math.round((member.entries + 40) * 310 * (1 + (i % 3) / 4)),
    }))
    return {
      folder: dataDir,
      free: 71.4 * 1024 * MIB,
      database: 884 * MIB,
      logs: 0.4 * MIB,
      aside: this.aside,
      use: { members: members.sort((a, b) => b.bytes - a.bytes), index: 127 * MIB, trees: 76 * MIB, unused: 31 * MIB },
      mirror: this.mirror,
      scrub: { last: { at: Date.now() - 9 * DAY, checked: 3429, bad: 0 }, done: null },
      job: this.job(),
    }
  }

  begin(result: JobResult, file: string | null): JobView {
    this.running = {
      id: (this.running?.id ?? 0) + 1,
      kind: result.kind,
      file,
      state: 'running',
      done: 0,
      total: 10_000,
      startedAt: Date.now(),
      result,
      problem: null,
    }
    return this.job()!
  }

  job(): JobView | null {
    const { running } = this
    if (running?.state !== 'running') return running
    running.done = Math.min(10_000, running.done + 1700)
    if (running.done === 10_000) running.state = 'done'
    return running.state === 'done' ? running : { ...running, result: null }
  }

  cancel(): void {
    if (this.running?.state === 'running')
      this.running = {
        ...this.running,
        state: 'cancelled',
        result: null,
        problem: { code: 'JOB_CANCELLED', text: 'Cancelled. Nothing half-done was left.' },
      }
  }

  answer(name: string, input: Readonly<Record<string, unknown>>, state: AppState): unknown {
    switch (name) {
      case 'storage.get':
        return this.view(state)
      case 'storage.job':
        return this.job()
      case 'storage.check':
        return this.begin({ kind: 'check', checked: 10_000, bad: [] }, null)
      case 'storage.compact':
        return this.begin({ kind: 'compact', before: 884 * MIB, after: 851 * MIB }, null)
      case 'storage.export':
        return this.begin({ kind: 'export', form: 'archive', count: 10_000, bytes: 3.2 * MIB }, String(input['path']))
      case 'storage.backup':
        return this.begin({ kind: 'backup', nodes: 10_000, bytes: 3.3 * MIB }, String(input['path']))
      case 'storage.import': {
        const refused = [
          { code: 'SIGNATURE_INVALID', text: "The entry's signature does not match its content.", count: 2 },
        ]
        const report = { nodes: 10_000, stored: 812, duplicates: 9186, refused, unreadable: 0, torn: false }
        return this.begin({ kind: 'import', report }, String(input['path']))
      }
      case 'storage.cancel':
        this.cancel()
        return null
      case 'storage.forget':
        this.aside = this.aside.filter(({ file }) => file !== input['file'])
        return null
      case 'mirror.set':
        this.mirror = {
          ...this.mirror,
          folder: input['folder'] as string | null,
          state: input['folder'] ? 'current' : 'off',
        }
        return null
      case 'mirror.check':
        return this.begin({ kind: 'check-mirror', nodes: 3429, rewritten: false }, this.mirror.folder)
      case 'file.choose':
        return { path: '/home/ada/chosen' }
      default:
        return null
    }
  }
}
