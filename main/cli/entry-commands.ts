// Commands about entries: reading them in both orders, searching, threads, reactions, edits, retractions, bookmarks, copies.
import { TwofoldError } from '../../shared/errors'
import { HAS, type Filter, type Has, type NodeId, type Order, type Row, type Scope } from '../../shared/types'
import {
  UsageError,
  emit,
  memberNamed,
  printable,
  rowJson,
  text,
  when,
  whole,
  type Call,
  type Command,
} from './command'

const PAGE_ROWS = 500
/** While the index is behind, its progress is looked at this often. */
const INDEX_LOOK_MS = 50

const idOf = (given: string | undefined): NodeId => {
  if (given === undefined || !/^[0-9a-f]{64}$/.test(given)) throw new UsageError('ID is the 64 digits of an entry')
  return given as NodeId
}

/** A day in this machine's time zone, or a moment: '2026-03-01', '2026-03-01T12:00'. `end`: the last moment of a day. */
function moment(call: Call, key: string, end: boolean): number | undefined {
  const given = text(call, key)
  if (given === undefined) return undefined
  const day = /^\d{4}-\d{2}-\d{2}$/.test(given)
  const ms = new Date(day ? `${given}T${end ? '23:59:59.999' : '00:00'}` : given).getTime()
  if (!/^\d{4}-\d{2}-\d{2}/.test(given) || Number.isNaN(ms) || ms < 0)
    throw new UsageError(`--${key} takes a date such as 2026-03-01, or 2026-03-01T12:00`)
  return ms
}

async function memberKey(call: Call, key: string) {
  const given = text(call, key)
  if (given === undefined) return undefined
  return memberNamed((await call.session.call('members.list', {})).members, given).key
}

function printRow(call: Call, row: Row): void {
  const { io } = call
  if (call.json) {
    io.out(JSON.stringify(rowJson(row)))
    return
  }
  const notes = [
    row.waiting && 'not handed over yet',
    row.late && `reached you ${when(row.receivedAt)}`,
    row.edited && 'edited',
    row.bookmarked && 'bookmarked',
  ].filter((note) => typeof note === 'string')
  const body = row.retracted ? '[withdrawn by its author]' : printable(row.text ?? '') || `[${row.kind}]`
  const below = [
    ...row.reactions.map(({ text: what, count }) => `${printable(what)} ${count}`),
    ...(row.replies ? [`${row.replies} ${row.replies === 1 ? 'reply' : 'replies'}`] : []),
  ]
  io.out(
    `${when(row.timestamp)}  ${row.memberName}${notes.map((note) => ` (${note})`).join('')}\n${body.replace(/^/gm, '    ')}\n${below.length ? `    ${below.join('  ')}\n` : ''}`,
  )
}

/** Prints a view from its beginning; the number of its rows. */
async function printView(
  call: Call,
  view: { scope: Scope; order?: Order; filter?: Filter },
  limit: number,
): Promise<number> {
  const { session, io } = call
  let { viewId, total, more, notIndexed } = await session.call('view.open', view)
  try {
    // What was only just written, or a folder that was never searched: wait until every word is known.
    while (notIndexed > 0) {
      await Promise.race([new Promise((resolve) => setTimeout(resolve, INDEX_LOOK_MS)), io.interrupted])
      await session.call('view.close', { viewId })
      ;({ viewId, total, more, notIndexed } = await session.call('view.open', view))
    }
    for (let start = 0; start < Math.min(total, limit);) {
      const { rows } = await session.call('view.window', { viewId, start, count: Math.min(PAGE_ROWS, limit - start) })
      if (!rows.length) break
      for (const row of rows) printRow(call, row)
      start += rows.length
    }
    if (more && limit >= total && !call.json)
      io.err(`Only the newest ${total} are listed. Narrow it with --after or --before.`)
    return total
  } finally {
    await session.call('view.close', { viewId })
  }
}

const limitOf = (call: Call): number => whole(call, 'limit') ?? (call.json ? Infinity : 50)
const limitFlag = { type: 'string', about: 'at most this many (default 50; all with --json)' } as const
const dateFlags = {
  after: { type: 'string', about: 'written on or after this day or moment' },
  before: { type: 'string', about: 'written on or before it' },
} as const
const span = (call: Call): Filter => {
  const from = moment(call, 'after', false)
  const to = moment(call, 'before', true)
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) }
}

/** A text given as an argument, or `-` for standard input. */
async function body(call: Call, given: string | undefined): Promise<string> {
  if (given === undefined) throw new UsageError('TEXT is needed (or - for standard input)')
  return given === '-' ? call.io.readInput() : given
}
const told = (call: Call, row: Row, sentence: string) => emit(call, rowJson(row), sentence)

export const entryCommands: Readonly<Record<string, Command>> = {
  timeline: {
    usage: 'timeline',
    about: 'Print entries, newest first',
    examples: ['twofold timeline', 'twofold timeline --json | head', 'twofold timeline --member Bob --order reached'],
    flags: {
      member: { type: 'string', about: 'only this member (name or key)' },
      order: { type: 'string', about: 'written (default), or reached: what reached this device last comes first' },
      ...dateFlags,
      limit: limitFlag,
    },
    args: [0, 0],
    async run(call) {
      const order = text(call, 'order') ?? 'written'
      if (order !== 'written' && order !== 'reached') throw new UsageError('--order takes written or reached')
      const member = await memberKey(call, 'member')
      const scope: Scope = member === undefined ? { type: 'everyone' } : { type: 'member', member }
      const total = await printView(call, { scope, order, filter: span(call) }, limitOf(call))
      if (total === 0 && !call.json) call.io.err('Nothing has been written yet. Begin: twofold post TEXT')
    },
  },
  search: {
    usage: 'search [TEXT]',
    about: 'Find entries by words, author, date and what they hold',
    details:
      'TEXT: words in any order, "a phrase", -word for what must not occur, #tag. The last word may be unfinished.\nCase and accents do not matter. Withdrawn entries are not found; edited ones by what they say now.',
    examples: ['twofold search "kettle spoon"', 'twofold search --member Bob --has link --after 2026-01-01'],
    flags: {
      member: { type: 'string', about: 'by this member (name or key)' },
      mentions: { type: 'string', about: 'mentions this member' },
      has: { type: 'string', about: `holds these, with commas: ${HAS.join(', ')}` },
      kind: { type: 'string', about: 'post or reply' },
      ...dateFlags,
      limit: limitFlag,
    },
    args: [0, 1],
    async run(call) {
      const has = (text(call, 'has') ?? '').split(',').filter((word) => word !== '')
      if (!has.every((word): word is Has => (HAS as readonly string[]).includes(word)))
        throw new UsageError(`--has takes ${HAS.join(', ')}`)
      const kind = text(call, 'kind')
      if (kind !== undefined && kind !== 'post' && kind !== 'reply') throw new UsageError('--kind takes post or reply')
      const member = await memberKey(call, 'member')
      const mentions = await memberKey(call, 'mentions')
      const filter: Filter = {
        ...span(call),
        ...(call.args[0] !== undefined && { text: call.args[0] }),
        ...(member !== undefined && { members: [member] }),
        ...(mentions !== undefined && { mentions }),
        ...(has.length && { has }),
        ...(kind !== undefined && { kinds: [kind] }),
      }
      if (!Object.keys(filter).length) throw new UsageError('give words or a flag to search by')
      const total = await printView(call, { scope: { type: 'everyone' }, filter }, limitOf(call))
      if (total === 0 && !call.json) call.io.err('Nothing was found.')
    },
  },
  thread: {
    usage: 'thread ID',
    about: 'Print an entry with everything it answers and all answers, oldest first',
    examples: ['twofold thread 3fa9…'],
    args: [1, 1],
    async run(call) {
      await printView(call, { scope: { type: 'thread', entry: idOf(call.args[0]) } }, Infinity)
    },
  },
  react: {
    usage: 'react ID [REACTION]',
    about: 'React to an entry with an emoji or a short word; without one, take the reaction back',
    examples: ['twofold react 3fa9… 👍', 'twofold react 3fa9…'],
    args: [1, 2],
    async run(call) {
      const row = await call.session.call('entry.react', { id: idOf(call.args[0]), text: call.args[1] ?? '' })
      told(call, row, call.args[1] === undefined ? 'Taken back.' : 'Done.')
    },
  },
  edit: {
    usage: 'edit ID TEXT',
    about: 'Change an entry of yours',
    details: 'What it said before stays in its history, which everybody can see: twofold history ID.',
    examples: ['twofold edit 3fa9… "Tea is at five"', 'twofold edit 3fa9… - < notes.md'],
    args: [2, 2],
    async run(call) {
      const [id, given] = call.args
      told(call, await call.session.call('entry.edit', { id: idOf(id), text: await body(call, given) }), 'Changed.')
    },
  },
  retract: {
    usage: 'retract ID',
    about: 'Withdraw an entry of yours',
    details:
      'Every Twofold of the circle that hears of it stops showing and finding the entry.\nIt is not erased: the signed bytes stay on the disks that have them, because later entries build on them, and whoever read or copied it knows it.',
    examples: ['twofold retract 3fa9…'],
    args: [1, 1],
    async run(call) {
      const row = await call.session.call('entry.retract', { id: idOf(call.args[0]) })
      told(call, row, 'Withdrawn: it is no longer shown. Its signed bytes stay where they have arrived.')
    },
  },
  history: {
    usage: 'history ID',
    about: 'Print what an entry said first, and each edit',
    examples: ['twofold history 3fa9…'],
    args: [1, 1],
    async run(call) {
      const versions = await call.session.call('entry.history', { id: idOf(call.args[0]) })
      for (const { id, timestamp, text: said } of versions)
        emit(call, { id, timestamp, text: said }, `${when(timestamp)}\n${printable(said).replace(/^/gm, '    ')}\n`)
      if (!versions.length && !call.json) call.io.err('There is no history: it was withdrawn, or is no post or reply.')
    },
  },
  bookmark: {
    usage: 'bookmark ID',
    about: 'Remember an entry on this device; nobody else sees it',
    examples: ['twofold bookmark 3fa9…', 'twofold bookmark 3fa9… --remove'],
    flags: { remove: { type: 'boolean', about: 'forget it again' } },
    args: [1, 1],
    async run(call) {
      const id = idOf(call.args[0])
      const on = !call.flags.remove
      await call.session.call('entry.bookmark', { id, on })
      emit(call, { id, bookmarked: on }, on ? 'Bookmarked.' : 'Removed.')
    },
  },
  bookmarks: {
    usage: 'bookmarks',
    about: 'Print the entries that this device remembers',
    examples: ['twofold bookmarks'],
    flags: { limit: limitFlag },
    args: [0, 0],
    async run(call) {
      const total = await printView(call, { scope: { type: 'bookmarks' } }, limitOf(call))
      if (total === 0 && !call.json) call.io.err('There are no bookmarks. Set one: twofold bookmark ID')
    },
  },
  copy: {
    usage: 'copy ID…',
    about: 'Print entries as markdown, or as quotes that carry their proofs',
    details: 'A quote with its proof can be checked by anybody: save it to a file, then twofold verify FILE.',
    examples: ['twofold copy 3fa9… 41c0… > notes.md', 'twofold copy 3fa9… --form quote > quote.md'],
    flags: { form: { type: 'string', about: 'markdown (default) or quote' } },
    args: [1, 200],
    async run(call) {
      const form = text(call, 'form') ?? 'markdown'
      if (form !== 'markdown' && form !== 'quote') throw new UsageError('--form takes markdown or quote')
      const copied = await call.session.call('entry.copy', { ids: call.args.map((id) => idOf(id)), form })
      if (copied.text === '') throw new TwofoldError('ENTRY_RETRACTED')
      emit(call, copied, copied.text.trimEnd())
    },
  },
}
