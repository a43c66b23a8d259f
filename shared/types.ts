// Names that cross every wall: branded ids and the view models that the backend hands to a window or a command line.
// Ids are lowercase hex, so that they are map keys, JSON and SQL parameters without conversion.

/** 64 hex digits: a device's Ed25519 public key. One device, one key, one timeline. */
export type DeviceKey = string & { readonly brand: 'DeviceKey' }
/** 64 hex digits: a member's Ed25519 root public key, restorable from 24 words. */
export type MemberKey = string & { readonly brand: 'MemberKey' }
/** 64 hex digits: BLAKE2b-256 of a circle's genesis record. */
export type CircleId = string & { readonly brand: 'CircleId' }
/** 64 hex digits: BLAKE2b-256 of a node's unsigned bytes (rule N2). */
export type NodeId = string & { readonly brand: 'NodeId' }
/** 64 hex digits: BLAKE2b-256 of an epoch record's unsigned bytes (rule M2). */
export type EpochId = string & { readonly brand: 'EpochId' }
/** 32 hex digits: public name of an invite; derived one-way from its secret (rule M4). */
export type InviteId = string & { readonly brand: 'InviteId' }

// ---------------------------------------------------------------- render tree (docs/protocol.md, "Rendering")

/** Inline content. `href` is vetted: absolute http, https, mailto or twofold URL, never anything else. */
export type Inline =
  | { t: 'text'; text: string }
  | { t: 'code'; text: string }
  | { t: 'em' | 'strong' | 'del'; children: Inline[] }
  | { t: 'link'; href: string; title?: string; children: Inline[] }
  /** A picture from elsewhere is never loaded: its description is shown as a link. */
  | { t: 'image'; href: string; alt: string }
  /** A member, by key: the window shows the name on the member list, and `text` when there is none. */
  | { t: 'mention'; member: MemberKey; text: string }
  /** `tag`: lower case, without '#'; `text`: as it was written. */
  | { t: 'tag'; tag: string; text: string }
  /** What was searched for; only in rows of a view with a text in its filter. */
  | { t: 'mark'; text: string }
  | { t: 'break' }

/** What a piece of code is, for its colour. */
export type CodeToken =
  | 'plain'
  | 'keyword'
  | 'operator'
  | 'literal'
  | 'string'
  | 'comment'
  | 'number'
  | 'name'
  | 'type'
  | 'property'
  | 'variable'
  | 'meta'
  | 'added'
  | 'removed'
/** The next `length` UTF-16 units of a code block. All spans of a block together cover its text. */
export type CodeSpan = [token: CodeToken, length: number]

/** Block content: a closed vocabulary without HTML strings. */
export type Block =
  | { t: 'paragraph'; children: Inline[] }
  | { t: 'heading'; level: 1 | 2 | 3 | 4 | 5 | 6; children: Inline[] }
  | { t: 'code'; language: string; text: string; spans?: CodeSpan[] }
  | { t: 'quote'; children: Block[] }
  | { t: 'list'; ordered: boolean; start: number; items: ListItem[] }
  | { t: 'table'; align: ('left' | 'center' | 'right' | null)[]; head: Inline[][]; rows: Inline[][][] }
  | { t: 'rule' }
export interface ListItem {
  /** Absent: an ordinary item. Present: a task, done or not. */
  done?: boolean
  children: Block[]
}

/** What a node looks like; made in the backend when it is first viewed. */
export interface RenderTree {
  /** The renderer's version that made it. */
  version: number
  blocks: Block[]
  /** Estimated height in CSS px at a text width of 640 px and a 15 px font; the list corrects it when measured. */
  heightPx: number
}

/** What an entry holds besides words, to search by. */
export const HAS = ['link', 'code', 'image', 'table', 'task'] as const
export type Has = (typeof HAS)[number]
export interface TreeFacets {
  has: Has[]
  /** Lower case, without '#'. */
  tags: string[]
  members: MemberKey[]
}

// ---------------------------------------------------------------- view models

/** Newest first by when it was written (rule N8), or by when it reached this device. */
export type Order = 'written' | 'reached'

/** Kinds of nodes (rule N3); 'unknown' was made by a newer version: kept, forwarded, named as such. */
export type EntryKind = 'post' | 'reply' | 'reaction' | 'edit' | 'retract' | 'profile' | 'unknown'

/**
 * How a stored node was verified. There is no 'unverified': such a node is never stored (rule N5).
 * linked: its own signature, and the hash chain down to the first node of its timeline.
 * floating: its own signature; older nodes of its timeline are still on their way.
 */
export type ProofState = 'linked' | 'floating'

/** One row of a timeline, ready to paint. A row only exists for a verified node. */
export interface Row {
  id: NodeId
  member: MemberKey
  memberName: string
  /** Its place in a timeline; absent in a window for painting. */
  device?: DeviceKey
  seq?: number
  /** Written time, ms since 1970 UTC, by the author's clock. */
  timestamp: number
  /** When this device stored it, ms since 1970 UTC. */
  receivedAt: number
  kind: EntryKind
  /**
   * The text that holds now, as markdown: that of the last edit; '' for kinds without text and for withdrawn entries.
   * Absent in a window for painting, where its tree says it; `entry.text` has it.
   */
  text?: string
  tree: RenderTree
  proof: ProofState
  mine: boolean
  /** Kind reply, reaction, edit, retract: the node that it is about, if that node is here. */
  target?: { id: NodeId; memberName: string; excerpt: string }
  /** Its author changed it: when last, ms by the author's clock, and how often. */
  edited?: { at: number; times: number }
  /** Its author withdrew it: when, ms by the author's clock. The row stays, so that nothing moves. */
  retracted?: { at: number }
  reactions: ReactionView[]
  /** Answers to it. */
  replies: number
  /** Kept on this device only. */
  bookmarked: boolean
  /** Came after this member was last looked at, as things stood when the view was opened. */
  unread: boolean
  /** A post or reply by this device's member that stands: it can be edited and withdrawn. */
  own: boolean
  /** Written well before it reached this device (more than 10 min): shown as 'reached you …'. */
  late: boolean
  /** Nobody else has acknowledged it yet (own nodes only). */
  waiting: boolean
  /** Its device signed two different entries for this place, later than this one, and is stopped there (rule N6). */
  forkedAt?: number
}

/** What a window for painting does not say of a row where it is so: most rows need nothing of it. */
export const ROW_UNSAID = {
  mine: false,
  reactions: [],
  replies: 0,
  bookmarked: false,
  unread: false,
  own: false,
  late: false,
  waiting: false,
} satisfies Partial<Row>

export interface ReactionView {
  text: string
  count: number
  mine: boolean
  /** Who reacted so, at most 20. */
  names: string[]
}

export interface Difference {
  change: 'same' | 'added' | 'removed'
  text: string
}
/** One state of an entry's text: what was written first, then each edit. */
export interface EntryVersion {
  id: NodeId
  timestamp: number
  text: string
  /** Against the version before; empty for the first. */
  differences: Difference[]
}

/** What a view shows. A thread is an entry with everything above and below it, oldest first. */
export type Scope =
  | { type: 'everyone' }
  | { type: 'mine' }
  | { type: 'member'; member: MemberKey }
  | { type: 'thread'; entry: NodeId }
  | { type: 'bookmarks' }

/** Narrows a view; every part that is given has to hold. */
export interface Filter {
  /** Words, "phrases", -words that must not occur, #tags. The last word may be unfinished. */
  text?: string | undefined
  /** By one of these. */
  members?: MemberKey[] | undefined
  kinds?: ('post' | 'reply')[] | undefined
  /** Holds all of these. */
  has?: Has[] | undefined
  /** Mentions this member. */
  mentions?: MemberKey | undefined
  /** Written in this span, ms since 1970 UTC, both ends included. */
  from?: number | undefined
  to?: number | undefined
}

/** A search to look at again. */
export interface SavedSearch {
  /** Two that show the same have the same. */
  key: string
  scope: Scope
  order: Order
  filter: Filter
}

/** How many entries were written (or arrived) when, for the scrubber. Bins are equal in time; the first is the newest. */
export interface Histogram {
  /** End of the newest and start of the oldest bin, ms since 1970 UTC. Equal when there is nothing. */
  newest: number
  oldest: number
  bins: number[]
  total: number
}

/** A window of a view: rows [start, start + rows.length) of `total`, newest first. */
export interface ViewWindow {
  viewId: number
  /** Rises with every change; a window answered for an older version is stale. */
  version: number
  total: number
  start: number
  rows: Row[]
  /** There is more than such a view lists (10,000): `total` is what it lists. */
  more: boolean
  /** Entries whose words are not looked up yet: a view with a filter may still grow. 0 for other views. */
  notIndexed: number
}

/** Where a view changed. First the rows at `removed` go, then those at `inserted` are there. */
export interface ViewChange {
  viewId: number
  version: number
  total: number
  /** Positions after the change, ascending. */
  inserted: number[]
  /** Positions before the change, ascending. */
  removed: number[]
  /** Rows that are still there may look different (names, proof states, reactions, edits). */
  touched: boolean
}

export type Presence =
  | { state: 'self' }
  | { state: 'online'; path: 'lan' | 'internet' | 'loopback'; sinceMs: number }
  /** Not linked to us, but linked to somebody who is, or heard on the LAN. `agoMs`: how old that word is. */
  | { state: 'seen'; agoMs: number }
  | { state: 'offline'; lastSeenAt: number | null }

export interface DeviceView {
  key: DeviceKey
  presence: Presence
  /** Height of its timeline here, and the highest that anybody told us of. */
  height: number
  announcedHeight: number
  addedInEpoch: number
  removed: boolean
  /** Number of the first of two different entries that it signed for one place (rule N6); null: none. */
  forkedAt: number | null
  /** With this device its member votes on changes of the list (rule M3). */
  votes: boolean
  /** The latest list that it told; null: not linked since the start. */
  epoch: number | null
}
export interface MemberView {
  key: MemberKey
  name: string
  role: 'founder' | 'admin' | 'member'
  me: boolean
  removed: boolean
  /** The best of its devices' presences. */
  presence: Presence
  devices: DeviceView[]
  entries: number
  /** Entries that arrived since this member was last looked at. */
  unread: number
}

/** A change of the member list: to whom. A reader words it in his language. */
export interface ListChange {
  what: 'joined' | 'device-added' | 'removed' | 'device-removed' | 'promoted' | 'demoted'
  name: string
}
/** One version of the list, in its change log (rule M6). No change: the founding. */
export interface ListChangeView {
  epoch: number
  timestamp: number
  changes: ListChange[]
  agreedBy: string[]
}

/** A change of the list that is not agreed yet. */
export interface WantView extends ListChange {
  key: string
  askedAt: number
}
/** What waits on this device until it is on the list (rule M4). */
export interface HeldPostView {
  text: string
  /** ms since 1970 UTC. */
  at: number
  replyTo?: NodeId
}

export interface CircleView {
  id: CircleId
  name: string
  epoch: number
  approval: 'auto' | 'ask'
  /** member: on the list. provisional: let in to read until the admins have agreed. removed: no longer on it. */
  standing: 'member' | 'provisional' | 'removed'
  /** This device holds the vote of the only admin, whose other devices may all be lost (rule N7). */
  mayRecover: boolean
  /** Restored from a backup: what is here can be read, and an invite lets it in again. */
  rejoin: boolean
  /** This device's key is alive elsewhere: it writes no more, and may become a new device. */
  copied: boolean
  /** Changes that this device asked for, and the admins whose votes they wait for. */
  wants: WantView[]
  waitingFor: string[]
  heldPosts: HeldPostView[]
  /** Kept on this device, in the order of saving. */
  searches: SavedSearch[]
  /** Names of members on links that have not told of the latest list yet. */
  notHeard: string[]
  /** Names of members of whom no device was seen since the latest list was agreed: they may not have heard of it. */
  notSeen: string[]
  /** This device's member may invite, approve and remove. */
  admin: boolean
  members: MemberView[]
  changes: ListChangeView[]
  requests: JoinRequestView[]
  invites: InviteView[]
}

export interface JoinRequestView {
  id: string
  name: string
  member: MemberKey
  device: DeviceKey
  askedAt: number
  /** Six digits that the asking device shows: it is to be one of our own. Null: a newcomer, who needs an admin. */
  code: string | null
}
export interface InviteView {
  id: InviteId
  /** Null: made on another device. */
  createdAt: number | null
  /** Name of the member who made it. */
  by: string
  mine: boolean
  /** For a further device of our own. */
  forDevice: boolean
  expiresAt: number
  usesMax: number
  used: number
  state: 'open' | 'expired' | 'used-up' | 'revoked'
}

/** An invite in its three forms. `qr`: rows of dark (true) and light modules, quiet zone included. */
export interface InviteCode {
  id: InviteId
  link: string
  words: string
  qr: boolean[][]
  expiresAt: number
  usesMax: number
}

/** What a link tells before anything is accepted. From 12 words alone nothing is known until somebody answers. */
export interface InvitePreview {
  circleName: string | null
  inviterName: string | null
  expiresAt: number | null
  approval: 'auto' | 'ask' | null
  /** The link adds a device to a member (`inviterName`) who is in the circle. */
  forDevice: boolean
}

/** Why nobody was found yet: on no network at all, heard but not answering, or not heard. */
export type SearchTrouble = 'no-network' | 'silent' | 'not-heard'

/** Where joining stands; each step is a plain sentence in the window. */
export type JoinState =
  | { step: 'searching'; sinceMs: number; lanPeersSeen: number; internet: boolean; detail: SearchTrouble | null }
  /** From 12 words alone: who invites is known only now; nothing is told about us before `circle.joinConfirm`. */
  | { step: 'confirm'; circleName: string; inviterName: string }
  | { step: 'asking'; with: string }
  /** A further device of a member: the device that showed the code shows these digits too, and has to be told yes. */
  | { step: 'linking'; code: string | null; name: string; circleName: string }
  | { step: 'waiting-for-approval'; by: string; circleName: string }
  | { step: 'syncing-list' }

/** Which screen the window shows; the backend decides. */
export type AppPhase =
  /** Nothing here yet. */
  | { phase: 'welcome' }
  /** Words were made and must be confirmed (`ask`: which positions, from 1), or were given on restore. */
  | { phase: 'confirm-words'; name: string; ask: number[] }
  /** Identity is there, circle is not. `restored`: made from words, so it asks a circle for its timelines. */
  | { phase: 'no-circle'; name: string; restored: boolean }
  /** `name` is '' while a device is being added: its member is known when that is done. */
  | { phase: 'joining'; name: string; preview: InvitePreview; state: JoinState }
  | { phase: 'circle'; name: string }
  /** This device was removed from the circle's list. What was received stays readable. */
  | { phase: 'removed'; name: string }

export interface NetworkView {
  listening: boolean
  port: number
  interfaces: string[]
  internet: 'off' | 'searching' | 'up'
  lan: 'off' | 'on' | 'no-interface' | 'blocked'
  links: LinkView[]
  /** Problems that last, newest first, each one sentence. */
  problems: { code: string; text: string; at: number }[]
  strangersRefused: number
  /** Nodes refused by verification, by code (rule N4). */
  refused: Record<string, number>
  /** Devices that this one has no link with for a while, for what they did. */
  keptOut: KeptOutView[]
  /** Payload copies sent and received, and entries that went through this device live (written here, or over a tree). */
  copiesSent: number
  copiesReceived: number
  entriesRouted: number
  manualAddresses: string[]
}
/**
 * What a peer did that no honest one does: sent what is no message; what is falsely signed; far more than its share; asked for
 * far more than its share; asked and did not take the answers.
 */
export type Misdeed = 'garbage' | 'forgery' | 'flood' | 'asking' | 'stalling'
/** Times: ms since 1970 UTC. */
export interface KeptOutView {
  device: DeviceKey
  memberName: string
  misdeed: Misdeed
  since: number
  until: number
  /** How often it has come to that. */
  times: number
}
export interface LinkView {
  device: DeviceKey
  memberName: string
  path: 'lan' | 'internet' | 'loopback'
  address: string
  sinceMs: number
  /** Smoothed round trip; null until measured. */
  srttMs: number | null
  bytesIn: number
  bytesOut: number
}

/** A device on the ring of the present list (rule F1). */
export interface RingPeer {
  device: DeviceKey
  memberName: string
  me: boolean
  presence: Presence
  /** We keep a link with it (rule F5), whether or not it is up now. */
  neighbour: boolean
}
/** A device that is a leaf for now (rule R6), with the reason in one sentence. */
export interface DemotionView {
  device: DeviceKey
  memberName: string
  reason: 'drops' | 'accuses'
  text: string
  since: number
  until: number
}
/** Bytes by second, oldest first; the last is the running second. */
export interface TrafficView {
  sent: number[]
  received: number[]
}
/** What the trees and their repair did since this start (rules F, R). */
export interface ForwardingView {
  /** Payloads sent and received, and of those received what was here already. */
  copiesSent: number
  copiesReceived: number
  duplicates: number
  announcementsSent: number
  /** Entries that went through this device live. */
  entries: number
  retried: number
  takenOver: number
  pulled: number
  /** Trees that never brought an entry. */
  late: number
}
/** The network as it moves; asked for while somebody looks. */
export interface NetworkLive {
  /** ms since 1970 UTC of the answer. */
  at: number
  traffic: TrafficView
  peers: (TrafficView & { device: DeviceKey })[]
  /** In ring order, this device first. */
  ring: RingPeer[]
  forwarding: ForwardingView
  demoted: DemotionView[]
  /** Devices that are proven to hold something of this circle by their own signature, of all others (rule C3). */
  receipts: { proven: number; of: number; everyMs: number }
}

/** How far this device is from what it has been told exists. */
export interface SyncView {
  /** Nodes known to exist and not here yet. 0: up to date with everybody met so far. */
  missing: number
  /** Nodes here. */
  have: number
  /** The peer (name) that we are fetching from, or null. */
  from: string | null
  peersOnline: number
  /** A peer that is online has told what it has: `missing` means something. */
  compared: boolean
  /** Nodes a second that came by catching up, over the last seconds; 0: none. */
  perSecond?: number
  /** Whose answer is overdue (a name), and in how many ms somebody else is asked for it. Absent: nobody's. */
  stalled?: { from: string; againInMs: number }
  /** Nodes that are believed by the chain above them until their own signatures were checked (rule N9). */
  unchecked?: number
}

/** The whole state that is pushed on every change; small, whatever the size of the timeline. */
export interface AppState {
  phase: AppPhase
  /** `rootKey`: this device has its member's root key, and with it the recovery words. */
  me: { member: MemberKey; name: string; device: DeviceKey; rootKey: boolean } | null
  circle: CircleView | null
  network: NetworkView
  sync: SyncView
  /** Sentences that a person should see now: full disk, damaged database, frozen device … */
  alerts: Alert[]
  settings: Settings
  dataDir: string
  version: string
  /** How the keys are kept, said plainly. */
  keysKeptBy: 'keychain' | 'passphrase' | 'file' | null
}
export interface Alert {
  code: string
  text: string
  severity: 'info' | 'warning' | 'error'
}
export interface Settings {
  theme: 'system' | 'light' | 'dark'
  lan: boolean
  internet: boolean
  density: 'comfortable' | 'compact'
  /** Of the window and of its refusals; the command line speaks English. */
  language: 'system' | 'en' | 'de'
  /** KiB a second that may be sent in all, and to one peer; 0: no cap. */
  capKiB: number
  capPeerKiB: number
}

// ---------------------------------------------------------------- inspector

/** One checked statement about a node, as a plain sentence, with the bytes behind it. */
export interface ProofStep {
  id: 'encoding' | 'id' | 'signature' | 'device' | 'member' | 'epoch' | 'log' | 'time' | 'holders'
  ok: boolean
  sentence: string
  /** label → hex or text, for 'show the raw bytes'. */
  raw: [label: string, value: string][]
}
/** One of the two heir trees of a node, as edges from a peer to its heirs (rules F1–F4, F10). */
export interface RouteTree {
  tree: 0 | 1
  /** Hops from the author to this device: who was responsible. Author first, this device last. */
  path: RouteHop[]
  edges: { from: number; to: number }[]
}
export interface RouteHop {
  device: DeviceKey
  member: MemberKey
  memberName: string
}
export interface Inspection {
  row: Row
  proof: ProofStep[]
  route: {
    /** Ring of the node's epoch, author first: index 0 is the author; edges refer to these indices. */
    ring: (RouteHop & { me: boolean; online: boolean })[]
    trees: RouteTree[]
    /** Who really handed the first copy to this device, and on which tree; null for own nodes. */
    cameFrom: {
      device: DeviceKey
      memberName: string
      how: 'tree' | 'sync'
      tree: 0 | 1 | null
      /** When the first copy was stored here; ms since 1970 UTC. */
      at: number
      /** Its place on the path that was planned for us: 0 is the author; null: it stands in for somebody (rule F6). */
      hop: number | null
    } | null
    /** Devices that acknowledged our own hand-over. */
    acknowledgedBy: string[]
  }
  heldBy: HoldersView
  /** The node's bytes, hex. */
  bytes: string
}
/** Who is known to hold and to have verified a node: this device, and whoever signed so (rule C3). */
export interface HoldersView {
  /** Devices on the present list. */
  of: number
  /** `at`: the time up to which the device signed that it holds everything; null: this device. */
  held: { device: DeviceKey; memberName: string; me: boolean; at: number | null }[]
  /** Nothing is known of these yet. */
  unknown: { device: DeviceKey; memberName: string }[]
}
