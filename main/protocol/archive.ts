// What archives, exports, copies and backups hold (docs/protocol.md, "Archives"): the numbers and encodings of their records,
// the signature at an archive's end, and what is handed in to make one. Reading and writing files is main/archive's.
import type { CircleId, DeviceKey, RenderTree } from '../../shared/types'
import { Writer, concat, decodeWhole, fromHex, utf8 } from './codec'
import { signedMessage, type Crypto, type Sign } from './crypto'
import type { Content } from './kinds'
import type { TimelineNode } from './node'

export const ARCHIVE_MAGIC = utf8('twofold-archive/1\n')
export const BACKUP_MAGIC = utf8('twofold-backup/1\n')

/** Numbers of records in files. Never reuse one. */
export const RECORD = {
  genesis: 1,
  epoch: 2,
  node: 3,
  vector: 4,
  checkpoint: 5,
  end: 6,
  /** In backups alone: a circle secret, a bookmark (at `uint`, node id [32]), the member's name. */
  secret: 16,
  bookmark: 17,
  name: 18,
} as const
export type RecordName = keyof typeof RECORD
/** One thing that a file holds. Nothing of it is believed; whoever reads it judges it by the rules (M2, N4). */
export type Item =
  | { type: RecordName; bytes: Uint8Array }
  /** A line or record that is none of ours: told, and passed over. */
  | { type: 'unreadable' }

const nameOf = new Map<number, RecordName>(Object.entries(RECORD).map(([name, number]) => [number, name as RecordName]))
export function itemOf({ type, bytes }: { type: number; bytes: Uint8Array }): Item {
  const name = nameOf.get(type)
  return name === undefined ? { type: 'unreadable' } : { type: name, bytes }
}

/** Lets others work, and is told how much is done. Throws to end the work. */
export type Step = (done: number) => Promise<void>

/** A device's signature over what it holds, with the have-vector that it stands for (rule C3). */
export interface Receipt {
  device: DeviceKey
  /** ms since 1970 UTC. */
  at: number
  digest: Uint8Array
  late: Uint8Array
  signature: Uint8Array
  vector: Uint8Array
}
/** What the list is judged by. */
export interface ListSource {
  genesis: Uint8Array
  /** Records 1, 2, …, as signed. */
  epochs: readonly Uint8Array[]
}
export interface RecordSource extends ListSource {
  receipts: readonly Receipt[]
  /** Signed bytes in small runs: device by device, ascending. */
  runs(): Iterable<readonly Uint8Array[]>
}
export interface ArchiveSource extends RecordSource {
  circle: CircleId
  by: DeviceKey
  sign: Sign
}
export interface BackupSource extends RecordSource {
  /** The member's name, as it stands on the list. */
  name: string
  /** Circle secrets, newest first. */
  secrets: readonly Uint8Array[]
  bookmarks: readonly { id: string; at: number }[]
}
export interface JsonNode {
  node: TimelineNode
  member: string
  memberName: string
  receivedAt: number
  content: Content | null
}
export interface JsonSource extends ListSource {
  circle: CircleId
  circleName: string
  /** In the order of storing, in small runs. */
  runs(): Iterable<readonly JsonNode[]>
}
export interface HtmlEntry {
  id: string
  memberName: string
  timestamp: number
  tree: RenderTree
  edited: boolean
  retracted: boolean
  /** What it answers, if that is here. */
  about: { id: string; memberName: string; excerpt: string } | null
  /** `names`: perhaps not of all. */
  reactions: readonly { text: string; count: number; names: readonly string[] }[]
}
export interface HtmlWords {
  /** BCP 47 tag of the words. */
  language: string
  madeAt(at: number): string
  entries(count: number): string
  edited: string
  retracted: string
  answers(name: string): string
  checkHint: string
  newer: string
  older: string
  contents: string
}
export interface HtmlSource {
  circleName: string
  circleId: CircleId
  total: number
  /** Oldest first, in small runs. */
  runs(): Iterable<readonly HtmlEntry[]>
  nameOf(member: string): string | null
}

/** Everything before the end, in one hash: each record is hashed onto those before it. */
export class Tally {
  digest: Uint8Array = new Uint8Array(32)
  nodes = 0

  constructor(private readonly crypto: Crypto) {}

  add(type: number, bytes: Uint8Array): void {
    this.digest = this.crypto.hash(concat(this.digest, new Writer().uint(type).finish(), bytes))
    if (type === RECORD.node) this.nodes++
  }
}

export interface ArchiveEnd {
  nodes: number
  by: DeviceKey
  /** When it was made, ms since 1970 UTC by that device's clock. */
  at: number
  signature: Uint8Array
}
const endMessage = (circle: CircleId, { nodes, by, at }: Omit<ArchiveEnd, 'signature'>, digest: Uint8Array) =>
  signedMessage('archive', fromHex(circle), fromHex(by), digest, new Writer().uint(nodes).uint(at).finish())

export function makeEnd({ circle, by, sign }: ArchiveSource, at: number, { nodes, digest }: Tally): Uint8Array {
  const signature = sign(endMessage(circle, { nodes, by, at }, digest))
  return new Writer().uint(nodes).hex(by, 32).uint(at).fixed(signature, 64).finish()
}
export const readEnd = (bytes: Uint8Array): ArchiveEnd | null =>
  decodeWhole(bytes, (reader) => ({
    nodes: reader.uint(),
    by: reader.hex(32) as DeviceKey,
    at: reader.uint(),
    signature: reader.fixed(64),
  }))
export const endHolds = (crypto: Crypto, circle: CircleId, end: ArchiveEnd, tally: Tally): boolean =>
  end.nodes === tally.nodes && crypto.verify(end.signature, endMessage(circle, end, tally.digest), fromHex(end.by))

export const writeCheckpoint = ({ device, at, digest, late, signature }: Receipt): Uint8Array =>
  new Writer().hex(device, 32).uint(at).fixed(digest, 32).bytes(late).fixed(signature, 64).finish()
/** As much of a report as a checkpoint may hold. */
const LATE_BYTES_MAX = 65_536
export const readCheckpoint = (bytes: Uint8Array): Omit<Receipt, 'vector'> | null =>
  decodeWhole(bytes, (reader) => ({
    device: reader.hex(32) as DeviceKey,
    at: reader.uint(),
    digest: reader.fixed(32),
    late: reader.bytes(LATE_BYTES_MAX),
    signature: reader.fixed(64),
  }))

export const writeBookmark = ({ id, at }: { id: string; at: number }): Uint8Array =>
  new Writer().uint(at).hex(id, 32).finish()
export const readBookmark = (bytes: Uint8Array): { id: string; at: number } | null =>
  decodeWhole(bytes, (reader) => {
    const at = reader.uint()
    return { at, id: reader.hex(32) }
  })
