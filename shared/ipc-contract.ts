// The whole surface of the backend, as one value: every call with the schema of its input and the type of its result,
// every event with the type of its payload. The window (Electron IPC) and the command line (local socket) are two
// transports of this same contract; main's handlers, the window's API and the tests are derived from it.
import * as v from 'valibot'
import { call } from './call'
import type { Diagnosis } from './diagnosis'
import type { ErrorCode } from './errors'
import { storageCalls } from './storage-calls'
import {
  HAS,
  type AppState,
  type DeviceKey,
  type EntryVersion,
  type Histogram,
  type HoldersView,
  type Inspection,
  type InviteCode,
  type InviteId,
  type InvitePreview,
  type ListChangeView,
  type MemberKey,
  type MemberView,
  type NetworkLive,
  type NetworkView,
  type NodeId,
  type RenderTree,
  type Row,
  type ViewChange,
  type ViewWindow,
} from './types'

// Bounds of what a caller may send. Content bounds (64 KiB a node) are checked again where nodes are made.
const NAME_MAX = 64
const TEXT_CHARS_MAX = 65_536
const WINDOW_ROWS_MAX = 500
const SEARCH_CHARS_MAX = 1000
/** A search with 64 members and all else, as text. */
const SEARCH_KEY_CHARS_MAX = 16_384
/** Bins of a histogram: more than a tall screen has pixels to tell apart. */
const BINS_MAX = 1000
/** Entries copied at once; each brings its own proof. */
const COPY_MAX = 200
const TIME_MAX = 2 ** 48
/** Where a window stands, with the two rows of which it shows more: an entry's tree may be ten times its text. */
const PLACE_CHARS_MAX = 2 ** 21

const hex = (digits: number) =>
  v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`), `not ${digits} hex digits`))
const nodeId = v.pipe(
  hex(64),
  v.transform((s) => s as NodeId),
)
const memberKey = v.pipe(
  hex(64),
  v.transform((s) => s as MemberKey),
)
const deviceKey = v.pipe(
  hex(64),
  v.transform((s) => s as DeviceKey),
)
const inviteId = v.pipe(
  hex(32),
  v.transform((s) => s as InviteId),
)
// What a name may be is decided by the protocol (NAME_INVALID); here only a bound against nonsense.
const name = v.pipe(v.string(), v.maxLength(NAME_MAX * 4))
const link = v.pipe(v.string(), v.trim(), v.maxLength(8192))
const text = v.pipe(v.string(), v.maxLength(TEXT_CHARS_MAX))
const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max))
const nothing = v.optional(v.strictObject({}), {})
const scope = v.variant('type', [
  v.strictObject({ type: v.literal('everyone') }),
  v.strictObject({ type: v.literal('mine') }),
  v.strictObject({ type: v.literal('member'), member: memberKey }),
  v.strictObject({ type: v.literal('thread'), entry: nodeId }),
  v.strictObject({ type: v.literal('bookmarks') }),
])
const time = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(TIME_MAX))
const filter = v.strictObject({
  text: v.optional(v.pipe(v.string(), v.maxLength(SEARCH_CHARS_MAX))),
  members: v.optional(v.pipe(v.array(memberKey), v.maxLength(64))),
  kinds: v.optional(v.array(v.picklist(['post', 'reply']))),
  has: v.optional(v.array(v.picklist(HAS))),
  mentions: v.optional(memberKey),
  from: v.optional(time),
  to: v.optional(time),
})
const settings = v.strictObject({
  theme: v.optional(v.picklist(['system', 'light', 'dark'])),
  density: v.optional(v.picklist(['comfortable', 'compact'])),
  language: v.optional(v.picklist(['system', 'en', 'de'])),
  lan: v.optional(v.boolean()),
  internet: v.optional(v.boolean()),
  capKiB: v.optional(count(1_048_576)),
  capPeerKiB: v.optional(count(1_048_576)),
})

export const calls = {
  'state.get': call(nothing).returns<AppState>(),
  'settings.set': call(settings).returns<null>(),

  // -------- identity (first run)
  /** Makes a member and a device key. The 24 words are in the answer and nowhere else until they are asked for. */
  'identity.create': call(v.strictObject({ name })).returns<{ words: string[] }>(),
  /** Shows the words again while they are not confirmed (the window was closed in between). */
  'identity.words': call(nothing).returns<{ words: string[] }>(),
  /** The words at the positions that `confirm-words` asked for. */
  'identity.confirm': call(v.strictObject({ words: v.pipe(v.array(v.string()), v.maxLength(24)) })).returns<null>(),
  /** Back from the words to the name: forgets the keys that were just made. Refused once a circle is there. */
  'identity.discard': call(nothing).returns<null>(),
  'identity.restore': call(v.strictObject({ name, words: v.pipe(v.string(), v.maxLength(1000)) })).returns<null>(),
  /** Suggestions for a word being typed: at most 8 words of the BIP39 list. */
  'identity.suggest': call(v.strictObject({ prefix: v.pipe(v.string(), v.maxLength(16)) })).returns<string[]>(),

  // -------- circle
  /** `jump`: rule F4; 0 unless a founder wants the free mode. */
  'circle.create': call(
    v.strictObject({ name, approval: v.picklist(['auto', 'ask']), jump: v.optional(v.picklist([0, 1, 2, 3]), 0) }),
  ).returns<null>(),
  'invite.create': call(
    v.strictObject({
      hours: v.pipe(v.number(), v.minValue(0.01), v.maxValue(24 * 90)),
      uses: v.pipe(count(100), v.minValue(1)),
    }),
  ).returns<InviteCode>(),
  /** For a further device of our own: valid for a quarter of an hour, certified after the person has compared digits. */
  'device.invite': call(nothing).returns<InviteCode>(),
  'invite.show': call(v.strictObject({ id: inviteId })).returns<InviteCode>(),
  'invite.revoke': call(v.strictObject({ id: inviteId })).returns<null>(),
  /** `link`: a twofold:// link, or the 12 words. Nothing is accepted and nothing is sent. */
  'invite.preview': call(v.strictObject({ link })).returns<InvitePreview>(),
  /** Begins to join; progress comes with `state`. Answers when joining has begun, not when it is done. */
  'circle.join': call(v.strictObject({ link })).returns<null>(),
  /** The circle that 12 words lead to (step `confirm`) is the right one: ask to be let in. */
  'circle.joinConfirm': call(nothing).returns<null>(),
  'circle.joinCancel': call(nothing).returns<null>(),
  'request.approve': call(v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) })).returns<null>(),
  'request.refuse': call(v.strictObject({ id: v.pipe(v.string(), v.maxLength(64)) })).returns<null>(),
  /** Changes of the list answer with the names of the admins who still have to agree; none: it is done. */
  'member.remove': call(v.strictObject({ member: memberKey })).returns<{ waitingFor: string[] }>(),
  'member.role': call(v.strictObject({ member: memberKey, role: v.picklist(['admin', 'member']) })).returns<{
    waitingFor: string[]
  }>(),
  'device.remove': call(v.strictObject({ device: deviceKey })).returns<{ waitingFor: string[] }>(),
  /** This folder was one of two with one key: it goes on as a new device, and needs an invite by any member. */
  'device.renew': call(nothing).returns<null>(),
  'device.forkProof': call(v.strictObject({ device: deviceKey })).returns<{ fileName: string; content: string }>(),
  'circle.leave': call(nothing).returns<{ waitingFor: string[] }>(),
  /** The only admin has lost all other devices: his root key puts this one in their place. */
  'circle.recover': call(nothing).returns<null>(),
  /** Asks no longer for a change that waits. */
  'change.withdraw': call(v.strictObject({ key: v.pipe(v.string(), v.maxLength(100)) })).returns<null>(),
  'members.list': call(nothing).returns<{ members: MemberView[]; changes: ListChangeView[] }>(),
  /** The window looked at this member's entries (or at everyone's): unread counts fall to 0. */
  'member.seen': call(v.strictObject({ scope })).returns<null>(),

  // -------- entries
  /** Null: it is kept, and goes out when this device is let in. */
  'entry.post': call(v.strictObject({ text, replyTo: v.optional(nodeId) })).returns<Row | null>(),
  /** Sets this member's reaction to an entry; '' takes it back. Answers the entry's row, as the next two do. */
  'entry.react': call(v.strictObject({ id: nodeId, text: v.pipe(v.string(), v.maxLength(64)) })).returns<Row>(),
  'entry.edit': call(v.strictObject({ id: nodeId, text })).returns<Row>(),
  'entry.retract': call(v.strictObject({ id: nodeId })).returns<Row>(),
  /** What was written first, then each edit; empty for a withdrawn entry. */
  'entry.history': call(v.strictObject({ id: nodeId })).returns<EntryVersion[]>(),
  'entry.bookmark': call(v.strictObject({ id: nodeId, on: v.boolean() })).returns<null>(),
  /** Entries as text, oldest first: markdown, or quotes that carry their proofs (`twofold verify` reads them). */
  'entry.copy': call(
    v.strictObject({
      ids: v.pipe(v.array(nodeId), v.minLength(1), v.maxLength(COPY_MAX)),
      form: v.picklist(['markdown', 'quote']),
    }),
  ).returns<{ text: string }>(),
  /** The text that holds now, as it was written; '' for a withdrawn entry. */
  'entry.text': call(v.strictObject({ id: nodeId })).returns<{ text: string }>(),
  /** How a text will look. */
  'entry.preview': call(v.strictObject({ text })).returns<RenderTree>(),
  /** Tags in use that begin so, the most frequent first. */
  'tags.suggest': call(v.strictObject({ prefix: v.pipe(v.string(), v.maxLength(64)) })).returns<string[]>(),
  'entry.inspect': call(v.strictObject({ id: nodeId })).returns<Inspection>(),
  /** Who holds it, by their own signatures (rule C3). */
  'entry.holders': call(v.strictObject({ id: nodeId })).returns<HoldersView>(),
  /** A proof file's content (JSON text) that `twofold verify FILE` checks anywhere; `holders`: with their signatures. */
  'entry.proof': call(v.strictObject({ id: nodeId, holders: v.optional(v.boolean(), false) })).returns<{
    fileName: string
    content: string
  }>(),
  /** The composer's unsent text, kept across restarts; `about`: of an answer to an entry. */
  'draft.get': call(v.optional(v.strictObject({ about: v.optional(nodeId) }), {})).returns<{ text: string }>(),
  'draft.set': call(v.strictObject({ text, about: v.optional(nodeId) })).returns<null>(),
  /** Checks every stored entry again: encoding, id, signature, membership, chain. */
  'store.verify': call(nothing).returns<{ checked: number; bad: { id: string; code: string }[] }>(),

  // -------- views (docs/protocol.md, "Views"): the window asks for views, never for data
  /** `paint`: rows carry only what a screen paints of them. */
  'view.open': call(
    v.strictObject({
      scope,
      order: v.optional(v.picklist(['written', 'reached'])),
      filter: v.optional(filter),
      paint: v.optional(v.boolean()),
    }),
  ).returns<ViewWindow>(),
  'view.window': call(
    v.strictObject({
      viewId: count(2 ** 31),
      start: count(2 ** 40),
      count: v.pipe(count(WINDOW_ROWS_MAX), v.minValue(1)),
    }),
  ).returns<ViewWindow>(),
  /** Where a node stands in a view (for 'show in timeline'); -1 when the view does not contain it. */
  'view.position': call(v.strictObject({ viewId: count(2 ** 31), id: nodeId })).returns<number>(),
  /**
   * The rows around the first entry that was written (or arrived) at a moment or before it: one question for a jump.
   * `position`: where that entry stands; the total when there is none.
   */
  'view.at': call(
    v.strictObject({
      viewId: count(2 ** 31),
      time,
      count: v.optional(v.pipe(count(WINDOW_ROWS_MAX), v.minValue(1)), 1),
    }),
  ).returns<ViewWindow & { position: number }>(),
  /** How many entries there are when, in equal bins of time, the newest first. */
  'view.histogram': call(
    v.strictObject({ viewId: count(2 ** 31), bins: v.pipe(count(BINS_MAX), v.minValue(1)) }),
  ).returns<Histogram>(),
  /** Keeps a search on this device; `search.forget` takes its key from the state. */
  'search.save': call(
    v.strictObject({ scope, order: v.optional(v.picklist(['written', 'reached'])), filter }),
  ).returns<null>(),
  'search.forget': call(v.strictObject({ key: v.pipe(v.string(), v.maxLength(SEARCH_KEY_CHARS_MAX)) })).returns<null>(),
  'view.close': call(v.strictObject({ viewId: count(2 ** 31) })).returns<null>(),

  // -------- network
  'network.get': call(nothing).returns<NetworkView>(),
  /** Traffic, ring and counters at this moment; a view that shows them asks once a second. */
  'network.live': call(nothing).returns<NetworkLive>(),
  'network.addAddress': call(
    v.strictObject({ address: v.pipe(v.string(), v.trim(), v.maxLength(300)) }),
  ).returns<null>(),
  'network.removeAddress': call(
    v.strictObject({ address: v.pipe(v.string(), v.trim(), v.maxLength(300)) }),
  ).returns<null>(),
  /** Takes links with a device that is kept out again. */
  'network.readmit': call(v.strictObject({ device: deviceKey })).returns<null>(),
  /** Why a member cannot be seen, as findings to be put into words (shared/diagnosis). */
  'network.diagnose': call(v.strictObject({ member: memberKey })).returns<Diagnosis>(),
  'network.refresh': call(nothing).returns<null>(),
  /** Of the window to its own shell: a dialog that looks through the camera is open, or closed. FORBIDDEN elsewhere. */
  'window.camera': call(v.strictObject({ on: v.boolean() })).returns<null>(),
  /** The same, asked by `rest`: the page may be put away; `place` is what it needs to stand where it stands. */
  'window.rest': call(v.strictObject({ place: v.pipe(v.string(), v.maxLength(PLACE_CHARS_MAX)) })).returns<null>(),
  /** Where the page stood when it was put away, once. */
  'window.place': call(nothing).returns<{ place: string | null }>(),
  ...storageCalls,
  'alert.dismiss': call(v.strictObject({ code: v.pipe(v.string(), v.maxLength(64)) })).returns<null>(),
} as const

export interface Events {
  /** The small state, after any change; coalesced to at most 10 a second. */
  state: AppState
  'view.changed': ViewChange
  /** A twofold:// link was opened: the window shows what it is, nothing is accepted. */
  'link.opened': { link: string }
  /** A menu or shortcut of the system asks the window to do something. */
  command: { name: 'compose' | 'find-peers' | 'settings' | 'invite' | 'about' }
  /** Nobody has seen the window for a while: may its page be put away? */
  rest: Record<never, never>
}
const eventNames = { state: 1, 'view.changed': 1, 'link.opened': 1, command: 1, rest: 1 } satisfies Record<
  keyof Events,
  1
>

export type CallName = keyof typeof calls
export type EventName = keyof Events
export type Input<K extends CallName> = v.InferInput<(typeof calls)[K]['input']>
export type Parsed<K extends CallName> = v.InferOutput<(typeof calls)[K]['input']>
export type Result<K extends CallName> =
  NonNullable<(typeof calls)[K]['result']> | (null extends (typeof calls)[K]['result'] ? null : never)
/** Errors cross as data; a stack never does. `message` is the sentence of shared/errors for the code. */
export type Reply<T> = { ok: true; value: T } | { ok: false; code: ErrorCode; message: string }

/** `Reply<T>` as JSON text. */
export type ReplyJson<T> = string & { readonly of?: T }

/** What answers the contract: one function a call, typed by it. Refusals are thrown as TwofoldError. */
export type Handlers = { [K in CallName]: (input: Parsed<K>) => Result<K> | Promise<Result<K>> }
/** Calls whose answers are put together from kept texts: the reply's value as JSON. */
export type TextName = 'view.open' | 'view.window' | 'view.at'
export type TextHandlers = { [K in TextName]: (input: Parsed<K>) => string }
/** An event with its payload, as one value, so that `event` narrows `payload`. */
export type PushedEvent = { [K in EventName]: { event: K; payload: Events[K] } }[EventName]

export const isCall = (text: string): text is CallName => Object.hasOwn(calls, text)
export const isEvent = (text: string): text is EventName => Object.hasOwn(eventNames, text)

/** What the preload script exposes to the window as `window.twofold`. */
export interface Bridge {
  /** The Reply as JSON: one text crosses processes and worlds many times faster than a hundred rows of objects. */
  call<K extends CallName>(name: K, input: Input<K>): Promise<ReplyJson<Result<K>>>
  on<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void
}
