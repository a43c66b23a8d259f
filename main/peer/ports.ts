// What the peer is made of and does not build itself: the interfaces of the parts that an entry (main/assemble.ts) hands
// in. Shapes are those of main/identity, main/store, main/net and main/render; tests may hand in others.
import type {
  CircleId,
  DeviceKey,
  Difference,
  InviteId,
  MemberKey,
  NodeId,
  Order,
  RenderTree,
  TreeFacets,
} from '../../shared/types'
import type { AsideFile } from '../../shared/storage-types'
import type { AgreementState } from '../protocol/agreement'
import type { Crypto, Sign } from '../protocol/crypto'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import type { DeviceHave, HaveVector } from '../protocol/have'
import type { TimelineNode } from '../protocol/node'
import type { PackedNodes } from '../protocol/packed'
import type { Run, RunResult, RunRules } from '../protocol/runs'
import type { ArchivePort } from './archive-port'

export interface KeyPair {
  publicKey: Uint8Array
  secretKey: Uint8Array
}
export type KeptBy = 'keychain' | 'passphrase' | 'file'
export interface Identity {
  readonly name: string
  readonly member: MemberKey
  readonly device: DeviceKey
  readonly restored: boolean
  readonly confirmed: boolean
  readonly keptBy: KeptBy
  readonly signAsDevice: Sign
  /** Null: the member's root key is on another device. */
  readonly signAsMember: Sign | null
  /** The root key's word that this device is its member's in a circle. Throws ROOT_KEY_ELSEWHERE. */
  certificate(circle: CircleId): Uint8Array
  readonly deviceKeys: KeyPair
  /** Throws ROOT_KEY_ELSEWHERE. */
  words(): string[]
}
/** What another device of a member has certified. */
export interface CertifiedDevice {
  name: string
  member: MemberKey
  /** 32 bytes: this device's own. */
  seed: Uint8Array
  circle: CircleId
  certificate: Uint8Array
}

/** Primitives beyond the protocol's two, and words. */
export interface Secrets {
  crypto: Crypto
  randomBytes(count: number): Uint8Array
  keyPairFromSeed(seed: Uint8Array): KeyPair
  sign(keys: KeyPair, message: Uint8Array): Uint8Array
  seal(key: Uint8Array, plain: Uint8Array): Uint8Array
  open(key: Uint8Array, box: Uint8Array): Uint8Array | null
  sealTo(publicKey: Uint8Array, plain: Uint8Array): Uint8Array
  openSealed(keys: KeyPair, sealed: Uint8Array): Uint8Array | null
  wordsOf(entropy: Uint8Array): string[]
  entropyFromWords(text: string): Uint8Array
  inviteSecretFromWords(text: string): Uint8Array
  splitWords(text: string): string[]
  suggestWords(prefix: string): string[]
}

/** The identity of the folder. */
export interface IdentityPort {
  open(): Identity | null
  create(name: string, entropy?: Uint8Array): Identity
  confirm(): void
  discard(): void
  /** Keeps what another device of the member has certified. Throws IDENTITY_EXISTS. */
  adopt(device: CertifiedDevice): Identity
  /** A new device key for the same member: this folder was one of two with the old one. Throws ROOT_KEY_ELSEWHERE. */
  renew(): Identity
}

/** An invite that this device made: only here is its secret. */
export interface StoredInvite {
  secret: string
  capability: string
  createdAt: number
  /** For a further device of this member, which this device certifies. */
  forDevice?: boolean | undefined
}
/** A change of the list that this device has asked for and that is not agreed yet. Times: ms since 1970 UTC. */
export type Want = { askedAt: number } & (
  | {
      type: 'admit'
      member: MemberKey
      name: string
      device: DeviceKey
      /** Hex. */
      certificate: string
      invite: InviteId | null
    }
  | { type: 'set-role'; member: MemberKey; role: 'admin' | 'member' }
  | { type: 'remove-member'; member: MemberKey }
  /** `seq`: its last accepted entry where that was decided (rule N6); else what is here when the change is proposed. */
  | { type: 'remove-device'; device: DeviceKey; seq?: number | undefined }
)
export interface CircleFile {
  version: 1
  genesis: string
  epochs: string[]
  secrets: string[]
  invites: StoredInvite[]
  wants: Want[]
  /** This device asked to be let in and may read; the admins have not agreed yet (rule M4). */
  provisional: boolean
  mustCatchUp: boolean
  /** Restored from a backup: what is here can be read, and the device has to be let in again. */
  rejoin?: boolean | undefined
}
export interface SettingsFile {
  theme: 'system' | 'light' | 'dark'
  density: 'comfortable' | 'compact'
  language: 'system' | 'en' | 'de'
  lan: boolean
  internet: boolean
  manualAddresses: string[]
  port: number
  /** KiB a second; 0: no cap. */
  capKiB: number
  capPeerKiB: number
  /** Where a second copy of own timelines is kept; null: nowhere. */
  mirror: string | null
}
/** The folder's small files. */
export interface FilesPort {
  readCircle(): CircleFile | null
  /** Puts circle and timeline aside, so that the folder can join anew. Nothing is deleted. */
  setCircleAside(now: number): void
  writeCircle(circle: CircleFile): void
  /** What this device has promised and voted in the agreement that is open; null: nothing. */
  readAgreement(): AgreementState | null
  /** On the disk when it returns: nothing that depends on it was said before. */
  writeAgreement(state: AgreementState): void
  readNotices(): Uint8Array[]
  writeNotices(notices: readonly Uint8Array[]): void
  readJoining(): string | null
  writeJoining(link: string): void
  clearJoining(): void
  readSettings(now: number): { settings: SettingsFile; setAside: string | null }
  writeSettings(settings: SettingsFile): void
  /** Files that were found damaged in this run, with the names that they are kept under. */
  damagedFiles(): { file: string; aside: string }[]
  usage(): { free: number | null; database: number; logs: number; aside: AsideFile[] }
  /** Deletes a file that was set aside. */
  forgetAside(file: string): void
}

export interface StoredNode {
  /** Its row number in the store. */
  row: number
  node: TimelineNode
  member: MemberKey
  receivedAt: number
  linked: boolean
  /** Rule N9: its own signature, or the chain above it while that was not looked at. */
  signature: 'checked' | 'by-chain' | 'bad'
  via: DeviceKey | null
  tree: 0 | 1 | null
}
/** What the index needs of a node. */
export interface ToIndex {
  row: number
  /** The number of the document of an entry. */
  doc: number
  /** The member's number. */
  member: number
  kind: number
  body: Uint8Array
  /** Nothing that is here changes it or is changed by it, and nobody else is in its document. */
  alone: boolean
  /** It was never put in before. */
  fresh: boolean
}
export interface StoredCheckpoint {
  device: DeviceKey
  at: number
  late: Uint8Array
  signature: Uint8Array
  vector: Uint8Array
  digest: Uint8Array
}
export type StoreScope = MemberKey | null
/** What one commit changed of one span of a scope's sums. */
export interface SpanChange {
  order: Order
  member: number
  span: number
  by: number
  least: { at: number; tie: number }
}
/** A stretch of a timeline that is believed by the chain above it (rule N9). */
export interface BelievedRange {
  device: DeviceKey
  from: number
  to: number
}
export interface StorePort {
  append(items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): StoreOutcome[]
  have(): HaveVector
  cutOff(device: DeviceKey, seq: number): DeviceHave | null
  readRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): Uint8Array[]
  packedRun(device: DeviceKey, from: number, to: number, max: number, bytesMax: number): PackedNodes
  at(device: DeviceKey, seq: number): TimelineNode | null
  height(device: DeviceKey): number
  byId(id: NodeId): StoredNode | null
  total(scope: StoreScope): number
  window(scope: StoreScope, start: number, count: number, order?: Order): StoredNode[]
  position(scope: StoreScope, node: Pick<TimelineNode, 'id' | 'timestamp'>, order?: Order): number
  countAfter(scope: StoreScope, order: Order, at: number): number
  histogram(scope: StoreScope, order: Order): { spanMs: number; spans: { start: number; n: number }[] }
  between(
    scope: StoreScope,
    newer: Pick<TimelineNode, 'id' | 'timestamp'>,
    older: Pick<TimelineNode, 'id' | 'timestamp'>,
    order?: Order,
  ): number
  byIds(ids: readonly NodeId[]): StoredNode[]
  rows(rows: readonly number[]): StoredNode[]
  rowsAfter(row: number, limit: number): StoredNode[]
  timesOf(rows: readonly number[]): Map<number, { timestamp: number; receivedAt: number }>
  aboutOf(ids: readonly NodeId[]): Map<NodeId, { changes: StoredNode[]; replies: number }>
  thread(root: NodeId): number[]
  memberNumber(member: MemberKey): number | null
  toIndex(limit: number): ToIndex[]
  indexedFurthest(): number
  sharingAt(timestamps: readonly number[]): Map<number, number[]>
  notIndexed(): number
  putDocs(
    upTo: number | null,
    docs: readonly { doc: number; content: { body: string; facets: string } | null; fresh: boolean }[],
  ): void
  find(what: { match: string; from: number; to: number; limit: number }): number[]
  facets(prefix: string, limit: number): { facet: string; n: number }[]
  docOf(node: Pick<TimelineNode, 'id' | 'timestamp'>): number
  trees(rows: readonly number[], version: number): Map<number, string>
  putTrees(version: number, made: readonly (readonly [number, string])[]): void
  dropTrees(rows: readonly number[]): void
  bookmark(row: number, at: number | null): void
  bookmarked(rows: readonly number[]): Set<number>
  bookmarks(limit: number): number[]
  seenTo(member: MemberKey): number
  reading<T>(work: () => T): T
  follow(commit: number, changes: readonly SpanChange[]): void
  bulk(on: boolean): void
  damagedElsewhere(): void
  believed(): BelievedRange | null
  believedCount(): number
  signaturesChecked(range: BelievedRange, bad: readonly number[], now: number): void
  missigned(): { device: DeviceKey; seq: number; found: number }[]
  all(): Generator<StoredNode>
  acknowledge(id: NodeId, by: DeviceKey): void
  acknowledgedBy(id: NodeId): DeviceKey[]
  knowDevice(device: DeviceKey, member: MemberKey): void
  unread(member: MemberKey): number
  markSeen(members: readonly MemberKey[]): void
  checkpoints(): StoredCheckpoint[]
  keepCheckpoints(rows: readonly StoredCheckpoint[]): void
  equivocations(): { device: DeviceKey; seq: number }[]
  lastRow(): number
  sizes(from: number, to: number): { member: number; nodes: number; bytes: number }[]
  derivedSizes(): { index: number; trees: number; unused: number }
  compactIndex(): boolean
  compact(): void
  allBookmarks(): { id: string; at: number }[]
  /** A stored node is not what was signed. Throws DATABASE_DAMAGED_NOW. */
  damage(): never
  /** The same, for whoever goes on with what is sound. */
  noteDamage(): void
  /** The run before did not end in order, and `checkStore` is to be asked. */
  unchecked(): boolean
  checked(): void
  meta(key: string): string | null
  setMeta(key: string, value: string): void
  close(): void
}
/** Keys from the circle's own file, by which nodes of a damaged database are read. */
export interface KnownKeys {
  circle: CircleId
  devices: readonly DeviceKey[]
}
/** A database that was set aside, read in small pieces. */
export interface DamagedStore {
  file: string
  rows: number
  read(
    after: number,
    limit: number,
  ): { nodes: TimelineNode[]; bookmarks: { id: string; at: number }[]; after: number } | null
  finished(): void
  close(): void
}
/** Opens the timeline database; a damaged one is set aside and what can be read of it is given back. */
export interface OpenedStore {
  store: StorePort
  /** Null: the database was sound. */
  damaged: DamagedStore | null
}

/** What a committed batch did, told by the connection that committed it. */
export interface Committed {
  outcomes: StoreOutcome[]
  commit: number
  changes: readonly SpanChange[]
  tookMs: number
}
/** What became of a run. `committed`: of the transaction that it was in, told once for all runs in it. */
export interface CommittedRun {
  result: RunResult
  committed: { commit: number; changes: readonly SpanChange[] } | null
}
/** Work beside the main loop (main/workers). Rejects with TwofoldError as the store refuses, or because a thread is lost. */
export interface WorkersPort {
  /** Batches of signatures that may be under way at once. */
  readonly verifyRoom: number
  verify(items: readonly StoreItem[]): Promise<boolean[]>
  append(items: readonly StoreItem[], memberOf: (device: DeviceKey) => MemberKey, now: number): Promise<Committed>
  /** Judges a long answer to a pull and commits it, alone or with others (main/protocol/runs.ts). */
  storeRun(run: Run, rules: RunRules, now: number): Promise<CommittedRun>
  /** The thread that stores is there, or on its way. */
  readonly storing: boolean
  /** It has opened the database. */
  readonly ready: boolean
  /** Starts it: much is about to come. */
  prepare(): void
  /** Lets it index what is stored, and check signatures that were left for later when nothing else is to be done. */
  look(what: { index: boolean; signatures: boolean }): void
  /** Fulfilled when everything handed over is committed. */
  close(): Promise<void>
}
export interface WorkersHooks {
  /** The thread that stores has started, or ended. */
  bulk(on: boolean): void
  indexed(): void
  missigned(device: DeviceKey, seqs: readonly number[]): void
  lost(error: Error): void
}

export interface Link {
  readonly remote: DeviceKey
  readonly path: 'lan' | 'internet' | 'loopback'
  readonly address: { host: string; port: number }
  readonly openedAt: number
  /** Start of the other side's run, by its clock. */
  readonly remoteRun: number
  readonly stats: { readonly bytesIn: number; readonly bytesOut: number; readonly lastReceivedAt: number }
  send(frame: Uint8Array): boolean
  /** Nothing more is read of it until `resume`: its sender waits. */
  pause(): void
  resume(): void
  close(code: string): void
}
export interface NetworkEvents {
  link(link: Link): void
  frame(link: Link, frame: Uint8Array): void
  drain(link: Link): void
  linkClosed(link: Link, reason: string): void
  lanPeer(peer: { device: DeviceKey; up: boolean }): void
  internet(up: boolean): void
  interfaces(addresses: string[]): void
  problem(problem: { code: string; detail: string }): void
  refused(remote: DeviceKey): void
}
export interface NetworkPort {
  on<K extends keyof NetworkEvents>(name: K, listener: NetworkEvents[K]): unknown
  start(): Promise<void>
  want(devices: DeviceKey[]): void
  dial(device: DeviceKey): void
  drop(device: DeviceKey, code: string): void
  addAddress(host: string, port: number): void
  removeAddress(host: string, port: number): void
  lookup(topic: Uint8Array, mode: 'announce' | 'find'): () => void
  status(): {
    listening: boolean
    port: number
    localAddresses: string[]
    internet: boolean
    interfaces: string[]
    lanPeers: readonly { device: DeviceKey; host: string; port: number; lastSeenAt: number }[]
    /** Devices that are wanted and have no link. `nextTryAt` absent: a call is under way, or nothing is known to call. */
    pendingDials: readonly { device: DeviceKey; attempts: number; nextTryAt?: number; lastError?: string }[]
    strangersRefused: number
  }
  refresh(): void
  stop(): Promise<void>
}
export interface NetworkConfig {
  keyPair: KeyPair
  /** Start of this run, ms since 1970 UTC: told in greetings and beacons. */
  run: number
  mayConnect(remote: DeviceKey): boolean
  beaconKeys(): { announce: Uint8Array[]; open: Uint8Array[] }
  lan: boolean
  internet: boolean
  preferredPort: number
}

/** The clock and its timers; a simulation hands in virtual ones. */
export interface Time {
  /** ms since 1970 UTC. */
  now(): number
  /** Runs once after so many ms; the answer calls it off. */
  after(ms: number, run: () => void): () => void
}

export interface Parts extends Time {
  /** The data folder, absolute. */
  dir: string
  version: string
  secrets: Secrets
  identity: IdentityPort
  files: FilesPort
  openStore(known: KnownKeys): OpenedStore
  archive: ArchivePort
  /** Null where there are no threads: everything is done on this one. */
  workers: ((hooks: WorkersHooks) => WorkersPort) | null
  /** SQLite's own check in a thread beside: null, or what is wrong. Absent: it is done when the store is opened. */
  checkStore: (() => Promise<string | null>) | null
  /** Null on a command line that runs without network: what is written goes out when something next runs. */
  network: ((config: NetworkConfig) => NetworkPort | Promise<NetworkPort>) | null
  parseHostPort(text: string): { ok: true; host: string; port: number } | { ok: false }
  render(text: string): RenderTree
  /** Raised with every change of what `render` gives. */
  renderVersion: number
  /** What the tree of a text holds. */
  facets(text: string): TreeFacets
  differences(before: string, after: string): Difference[]
  /** The tree with what was searched for marked. */
  mark(tree: RenderTree, terms: readonly string[]): RenderTree
  excerpt(text: string, max: number): string
  /** Rows of dark and light modules. */
  qr(text: string): boolean[][]
  log(level: 'info' | 'warn' | 'error', what: string, details?: Readonly<Record<string, unknown>>): void
}
