// The commands about what lies on the disk: space, exports, imports, backups, the second copy. Long work is begun by a call and
// watched; an interrupt cancels it, and nothing half-done is left.
import { resolve } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import type { JobResult, JobView, MirrorView } from '../../shared/storage-types'
import { UsageError, columns, emit, text, when, type Call, type Command } from './command'

/** How often a job is looked at. */
const LOOK_MS = 100
/** How often its progress is printed. */
const TELL_MS = 2000

const FORMS = ['json', 'html', 'archive'] as const
type Form = (typeof FORMS)[number]
const isForm = (given: string): given is Form => (FORMS as readonly string[]).includes(given)
const formOfName = (path: string): Form =>
  /\.html?$/i.test(path) ? 'html' : /\.(jsonl|ndjson|json)$/i.test(path) ? 'json' : 'archive'

const number = (n: number): string => n.toLocaleString('en')
function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

/** Follows a job to its end. Throws its refusal; JOB_CANCELLED after an interrupt. */
async function follow(call: Call, begun: JobView): Promise<JobResult> {
  const { session, io, json } = call
  let cancelled = false
  void io.interrupted.then(() => {
    cancelled = true
    session.call('storage.cancel', {}).catch(() => undefined)
  })
  let toldAt = io.now()
  for (let job: JobView | null = begun; ;) {
    if (!job || job.id !== begun.id) throw new TwofoldError('INTERNAL')
    if (job.state === 'done') return job.result!
    if (job.state !== 'running') throw new TwofoldError(job.problem!.code, {}, job.problem!.text)
    if (!json && !cancelled && io.now() - toldAt >= TELL_MS) {
      toldAt = io.now()
      io.err(job.total ? `${number(job.done)} of ${number(job.total)}` : number(job.done))
    }
    await new Promise((done) => setTimeout(done, LOOK_MS))
    job = await session.call('storage.job', {})
  }
}

function mirrorSentence({
  folder,
  state,
  behind,
  nodes,
  bytes,
  checkedAt,
  rewritten,
  broughtBack,
}: MirrorView): string {
  if (folder === null) return 'No second copy is kept. Begin one: twofold mirror FOLDER'
  const states: Record<MirrorView['state'], string> = {
    off: 'off',
    comparing: 'being compared',
    current: 'up to date',
    behind: `behind by ${number(behind)}`,
    missing: 'the folder is not there; it is tried again',
    full: 'the disk is full; it is tried again',
    unwritable: 'the folder cannot be written to; it is tried again',
  }
  const lines = [
    `Second copy in ${folder}: ${states[state]}; ${number(nodes)} signed nodes, ${size(bytes)}.`,
    checkedAt === null ? 'It was not checked yet.' : `Checked in full ${when(checkedAt)} UTC.`,
  ]
  if (broughtBack) lines.push(`${number(broughtBack)} nodes came back from it, because they were missing here.`)
  if (rewritten)
    lines.push(`It was found damaged ${when(rewritten.at)} UTC and written anew; kept as ${rewritten.aside}.`)
  return lines.join('\n')
}

const outFlags = { replace: { type: 'boolean', about: 'a file of that name may go' } } as const

export const storageCommands: Readonly<Record<string, Command>> = {
  storage: {
    usage: 'storage',
    about: 'Show what takes space, the second copy, and what was set aside',
    examples: ['twofold storage', 'twofold storage --json'],
    args: [0, 0],
    async run(call) {
      let view = await call.session.call('storage.get', {})
      while (!view.use) {
        await new Promise((done) => setTimeout(done, LOOK_MS))
        view = await call.session.call('storage.get', {})
      }
      if (call.json) {
        call.io.out(JSON.stringify(view))
        return
      }
      const { use, aside } = view
      call.io.out(
        columns([
          ['MEMBER', 'ENTRIES', 'NODES', 'BYTES'],
          ...use.members.map((m) => [m.name, number(m.entries), number(m.nodes), size(m.bytes)]),
        ]),
      )
      call.io.out(
        `\nDatabase ${size(view.database)}: search ${size(use.index)}, drawn texts ${size(use.trees)}, unused ${size(use.unused)}. Logs ${size(view.logs)}.${view.free === null ? '' : ` The disk has ${size(view.free)} left.`}`,
      )
      call.io.out(mirrorSentence(view.mirror))
      if (view.scrub.last) {
        const { at, checked, bad } = view.scrub.last
        call.io.out(
          `Checked in full ${when(at)} UTC: ${bad ? `${number(bad)} of ${number(checked)} entries do not hold` : `all ${number(checked)} entries hold`}.`,
        )
      }
      for (const { file, bytes, at } of aside) call.io.out(`set aside ${when(at)} UTC: ${file}, ${size(bytes)}`)
    },
  },
  compact: {
    usage: 'compact',
    about: 'Give space in the database back to the disk',
    details:
      'While the last step runs, nothing else can be read or written; with a million entries that is some seconds.',
    examples: ['twofold compact'],
    args: [0, 0],
    async run(call) {
      const result = await follow(call, await call.session.call('storage.compact', {}))
      if (result.kind !== 'compact') throw new TwofoldError('INTERNAL')
      emit(call, result, `${size(result.before)} became ${size(result.after)}.`)
    },
  },
  export: {
    usage: 'export FILE',
    about: 'Write everything that is here to a file',
    details:
      'archive (default): every node as it was signed, with the member list and receipts, and your device’s signature over all of it; twofold verify FILE checks it anywhere.\njson (.jsonl): one entry a line with its signature and bytes, for programs.\nhtml (.html): a page to read and search in any browser; with more than 4,000 entries, several pages in a folder beside it.\nNone of them holds a key. They can be imported again, the page excepted.',
    examples: ['twofold export lab.twofold-archive', 'twofold export lab.html', 'twofold export lab.jsonl'],
    flags: { form: { type: 'string', about: `${FORMS.join(', ')} (default: by the file’s ending)` }, ...outFlags },
    args: [1, 1],
    async run(call) {
      const path = resolve(call.args[0]!)
      const form = text(call, 'form') ?? formOfName(path)
      if (!isForm(form)) throw new UsageError(`--form takes ${FORMS.join(', ')}`)
      const replace = call.flags.replace === true
      const result = await follow(call, await call.session.call('storage.export', { form, path, replace }))
      if (result.kind !== 'export') throw new TwofoldError('INTERNAL')
      emit(
        call,
        { ...result, file: path },
        `${number(result.count)} ${form === 'html' ? 'entries' : 'signed nodes'}, ${size(result.bytes)}, in ${path}`,
      )
    },
  },
  import: {
    usage: 'import FILE',
    about: 'Take entries from an archive, an export as JSON lines, a second copy or a backup',
    details:
      'Every node is verified as if a stranger had sent it; what is here already is passed over, what does not hold is refused and told. Nothing is written in anybody’s name. Only files of this circle are taken.',
    examples: ['twofold import lab.twofold-archive', 'twofold import /media/disk/twofold-3fa9….twofold-copy'],
    args: [1, 1],
    async run(call) {
      const path = resolve(call.args[0]!)
      const result = await follow(call, await call.session.call('storage.import', { path }))
      if (result.kind !== 'import') throw new TwofoldError('INTERNAL')
      const { nodes, stored, duplicates, refused, unreadable, torn } = result.report
      if (call.json) {
        call.io.out(JSON.stringify(result.report))
        return
      }
      call.io.out(
        `${number(nodes)} signed nodes: ${number(stored)} are new here, ${number(duplicates)} were here already.`,
      )
      for (const { code, text: why, count } of refused) call.io.out(`${number(count)} refused, ${code}: ${why}`)
      if (unreadable) call.io.out(`${number(unreadable)} lines or records are none of Twofold’s.`)
      if (torn) call.io.out('The file ends in the middle of a record; what stands before was taken.')
    },
  },
  backup: {
    usage: 'backup FILE',
    about: 'Write everything to one file that your 24 words open',
    details:
      'It holds the circle, its secrets, every node and your bookmarks, sealed under a key that follows from your 24 words. It holds no device key: whoever restores it is a new device of yours, so it can never fork your timeline. Works while Twofold runs.',
    examples: ['twofold backup /media/disk/lab.twofold-backup'],
    flags: outFlags,
    args: [1, 1],
    async run(call) {
      const path = resolve(call.args[0]!)
      const replace = call.flags.replace === true
      const result = await follow(call, await call.session.call('storage.backup', { path, replace }))
      if (result.kind !== 'backup') throw new TwofoldError('INTERNAL')
      emit(
        call,
        { ...result, file: path },
        `${number(result.nodes)} signed nodes, ${size(result.bytes)}, in ${path}. Your 24 words open it; without them nobody can.`,
      )
    },
  },
  restore: {
    usage: 'restore FILE --data DIR',
    about: 'Come back from a backup, into an empty folder',
    details:
      'The 24 words are read from standard input. All entries are here at once and can be read. This device is a new one: to write, join again with an invite by any member (twofold join LINK); the only admin of a circle can use twofold recover instead.\nKeys are kept by a passphrase if TWOFOLD_PASSPHRASE is set, else in keys.json.',
    examples: ['twofold restore lab.twofold-backup --data /srv/twofold < words.txt'],
    flags: { name: { type: 'string', about: 'another name for you than the one in the backup' } },
    args: [1, 1],
    async run(call) {
      const { session, io } = call
      const name = text(call, 'name')
      const path = resolve(call.args[0]!)
      await session.call('backup.restore', { path, words: await io.readInput(), ...(name !== undefined && { name }) })
      let state = await session.call('state.get', {})
      while (state.alerts.some(({ code }) => code === 'RECOVERING')) {
        await new Promise((done) => setTimeout(done, LOOK_MS))
        state = await session.call('state.get', {})
      }
      const { me, circle, sync } = state
      emit(
        call,
        { name: me?.name, member: me?.member, device: me?.device, circle: circle?.id, entries: sync.have },
        `${me?.name} is back in ${circle?.name}: ${number(sync.have)} signed nodes are here.\n${circle?.mayRecover ? 'You are its only admin: twofold recover puts this device in the place of your lost ones. Or join again with an invite.' : 'To write, join again with an invite by any member: twofold join LINK'}`,
      )
    },
  },
  mirror: {
    usage: 'mirror [FOLDER]',
    about: 'Keep a second copy of your own timelines in another folder, best on another disk',
    details:
      'It is kept up to date as you write, checked in full once a day, and read back where entries of yours are missing here. It holds no key. Without FOLDER: says how it stands.',
    examples: ['twofold mirror /media/disk/twofold', 'twofold mirror --check', 'twofold mirror --off'],
    flags: {
      check: { type: 'boolean', about: 'check all of it now' },
      off: { type: 'boolean', about: 'keep none any more; the files stay' },
    },
    args: [0, 1],
    async run(call) {
      const { session } = call
      const [folder] = call.args
      if ([folder !== undefined, call.flags.check === true, call.flags.off === true].filter(Boolean).length > 1)
        throw new UsageError('give a folder, --check or --off')
      if (folder !== undefined) await session.call('mirror.set', { folder: resolve(folder) })
      if (call.flags.off) await session.call('mirror.set', { folder: null })
      if (call.flags.check) await follow(call, await session.call('mirror.check', {}))
      let { mirror } = await session.call('storage.get', {})
      while (mirror.state === 'comparing') {
        await new Promise((done) => setTimeout(done, LOOK_MS))
        ;({ mirror } = await session.call('storage.get', {}))
      }
      emit(call, mirror, mirrorSentence(mirror))
    },
  },
}
