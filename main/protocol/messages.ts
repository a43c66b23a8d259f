// What members say to each other on a link, and how messages are combined into frames (rules F, R, C1). A frame is a run
// of messages; a frame that does not decode as a whole is refused as a whole and costs its sender the link (rule F8).
import type { DeviceKey, EpochId, NodeId } from '../../shared/types'
import { RUN_MARK_BYTES, type Alive } from './alive'
import { readPacked, type PackedNodes } from './packed'
import { DecodeError, Writer, decodeWhole, type Reader } from './codec'
import type { Tree } from './heirs'
import {
  CHECKPOINTS_MAX,
  DEVICES_MAX,
  EPOCH_BYTES_MAX,
  FRAME_MESSAGES_MAX,
  LATE_MAX,
  NODE_BYTES_MAX,
  NOTICES_MAX,
  NOTICE_BYTES_MAX,
  NOTICE_ID_BYTES,
  PULL_NODES_MAX,
  PULL_RANGES_MAX,
} from './limits'

/** Raised when peers of different versions could misunderstand each other. */
export const PROTOCOL_VERSION = 1

export interface HaveEntry {
  device: DeviceKey
  /** Nodes 1 … height are here without a gap. */
  height: number
  head: NodeId
}

/** One tree of a node never brought it (rule R6). `author`: ring position in the epoch. */
export interface Late {
  epoch: number
  author: number
  seq: number
  tree: Tree
}
export interface CheckpointEntry {
  /** Ring position of the device that signed. */
  signer: number
  lo: number
  len: number
  late: Late[]
  signature: Uint8Array
}

export type Message =
  /** First on every link, and again whenever the sender's list changes. */
  | { type: 'hello'; version: number; epoch: number; epochId: EpochId; app: string }
  /** A node going down a tree, with the segment that the receiver becomes responsible for. `brief`: rule F7. */
  | { type: 'node'; tree: Tree; brief: boolean; lo: number; len: number; bytes: Uint8Array }
  /** The node that this link has just carried comes down this tree too: the segment without the payload. */
  | { type: 'part'; tree: Tree; lo: number; len: number; id: NodeId }
  /** Rule F7, BRIEF: the sender has this node; down tree B in the place of the payload. `author`: ring position. */
  | { type: 'announce'; epoch: number; author: number; seq: number; mark: string; lo: number; len: number }
  /** A hand-over arrived. `mark`: of the node; what was done with it is the receiver's business. */
  | { type: 'ack'; tree: Tree; mark: string }
  /**
   * Digest of the sender's have-vector at a cut (see cuts.ts), with the number of its list: answered by `same` or by `have`,
   * and by whoever has the later list by `hello`.
   */
  | { type: 'digest'; epoch: number; cut: number; digest: Uint8Array }
  | { type: 'same'; digest: Uint8Array }
  /** `question`: the receiver may answer with its own. */
  | { type: 'have'; question: boolean; cut: number; entries: HaveEntry[] }
  | { type: 'pull'; ranges: { device: DeviceKey; from: number; to: number }[] }
  /** Answer to one pulled range: the nodes next below and at `to` that the sender has, ascending; empty if none. */
  | { type: 'run'; device: DeviceKey; from: number; to: number; nodes: PackedNodes }
  | { type: 'epochs-want'; after: number }
  | { type: 'epochs'; records: Uint8Array[] }
  /** Rule C2: checkpoints of one epoch and cut, each with the segment that the receiver passes it on to. */
  | { type: 'checkpoints'; epoch: number; at: number; digest: Uint8Array; entries: CheckpointEntry[] }
  /** Ids of all notices that the sender has (rule M3): answered with those that it lacks. */
  | { type: 'notices-have'; ids: string[] }
  | { type: 'notices'; notices: Uint8Array[] }
  /** A device on the list that missed a rotation asks for the circle's secret; the records tell whether the answer is it. */
  | { type: 'secret-want' }
  | { type: 'secret'; secret: Uint8Array }
  /** What a run with the sender's key signs, to show that it is alive beside this one (rule N7). */
  | { type: 'run-mark'; mark: Uint8Array }
  /** Another run with the receiver's key has this mark: is the receiver alive beside it? */
  | { type: 'alive-want'; mark: Uint8Array }
  /** The answer, and the proof of it to the run that has the mark. */
  | ({ type: 'alive' } & Alive)
  /** The receiver's nodes of a device that end at this seq, where another id is known for it (rule N6). */
  | { type: 'branch-want'; device: DeviceKey; to: number }
  | { type: 'branch'; device: DeviceKey; nodes: Uint8Array[] }

const TYPE = {
  hello: 1,
  node: 2,
  ack: 3,
  digest: 4,
  same: 5,
  have: 6,
  pull: 7,
  run: 8,
  'epochs-want': 9,
  epochs: 10,
  part: 12,
  announce: 13,
  checkpoints: 14,
  'notices-have': 32,
  notices: 33,
  'secret-want': 34,
  secret: 35,
  'branch-want': 37,
  branch: 38,
  'run-mark': 39,
  'alive-want': 40,
  alive: 41,
} as const satisfies Record<Message['type'], number>

const APP_BYTES_MAX = 64
const EPOCHS_PER_MESSAGE_MAX = 1024

const SIGNATURE_BYTES = 64
/** What stands before the nodes of a run: type, device, from, to, count. */
const RUN_HEAD_BYTES_MAX = 1 + 32 + 9 + 9 + 3
const MARK_BYTES = 8
/** What names a node among those of one link: the first 8 bytes of its id, as hex. */
export const markOf = (id: NodeId): string => id.slice(0, 2 * MARK_BYTES)

/** What a device reports in a checkpoint, as it is signed and sent. */
export function writeLate(w: Writer, late: readonly Late[]): void {
  w.uint(late.length)
  for (const l of late) w.uint(l.epoch).uint(l.author).uint(l.seq).uint(l.tree)
}

function writeMessage(w: Writer, m: Message): void {
  w.uint(TYPE[m.type])
  switch (m.type) {
    case 'hello':
      w.uint(m.version).uint(m.epoch).hex(m.epochId, 32).text(m.app)
      return
    case 'node':
      w.uint(m.tree + (m.brief ? 2 : 0))
        .uint(m.lo)
        .uint(m.len)
        .bytes(m.bytes)
      return
    case 'part':
      w.uint(m.tree).uint(m.lo).uint(m.len).hex(m.id, 32)
      return
    case 'announce':
      w.uint(m.epoch).uint(m.author).uint(m.seq).hex(m.mark, MARK_BYTES).uint(m.lo).uint(m.len)
      return
    case 'ack':
      w.uint(m.tree).hex(m.mark, MARK_BYTES)
      return
    case 'digest':
      w.uint(m.epoch).uint(m.cut).fixed(m.digest, 32)
      return
    case 'same':
      w.fixed(m.digest, 32)
      return
    case 'have':
      w.flag(m.question).uint(m.cut).uint(m.entries.length)
      for (const e of m.entries) w.key(e.device).uint(e.height).hex(e.head, 32)
      return
    case 'pull':
      w.uint(m.ranges.length)
      for (const r of m.ranges) w.key(r.device).uint(r.from).uint(r.to)
      return
    case 'run':
      w.key(m.device).uint(m.from).uint(m.to).uint(m.nodes.count).raw(m.nodes.bytes)
      return
    case 'epochs-want':
      w.uint(m.after)
      return
    case 'epochs':
      w.uint(m.records.length)
      for (const bytes of m.records) w.bytes(bytes)
      return
    case 'checkpoints':
      w.uint(m.epoch).uint(m.at).fixed(m.digest, 32).uint(m.entries.length)
      for (const e of m.entries) {
        w.uint(e.signer).uint(e.lo).uint(e.len)
        writeLate(w, e.late)
        w.fixed(e.signature, SIGNATURE_BYTES)
      }
      return
    case 'notices-have':
      w.uint(m.ids.length)
      for (const id of m.ids) w.hex(id, NOTICE_ID_BYTES)
      return
    case 'notices':
      w.uint(m.notices.length)
      for (const bytes of m.notices) w.bytes(bytes)
      return
    case 'secret-want':
      return
    case 'secret':
      w.fixed(m.secret, 32)
      return
    case 'run-mark':
    case 'alive-want':
      w.fixed(m.mark, RUN_MARK_BYTES)
      return
    case 'alive':
      w.fixed(m.asked, RUN_MARK_BYTES).uint(m.run).fixed(m.mark, RUN_MARK_BYTES).fixed(m.signature, SIGNATURE_BYTES)
      return
    case 'branch-want':
      w.key(m.device).uint(m.to)
      return
    case 'branch':
      w.key(m.device).uint(m.nodes.length)
      for (const bytes of m.nodes) w.bytes(bytes)
      return
  }
}

const times = <T>(count: number, read: () => T): T[] => Array.from({ length: count }, read)
const device = (r: Reader) => r.key() as DeviceKey

const readTree = (r: Reader) => r.uint(1) as Tree
const readSegment = (r: Reader) => ({ lo: r.uint(DEVICES_MAX), len: r.uint(DEVICES_MAX) })
const readPlace = (r: Reader) => ({ epoch: r.uint(), author: r.uint(DEVICES_MAX), seq: r.uint() })
export const readLate = (r: Reader): Late[] => times(r.uint(LATE_MAX), () => ({ ...readPlace(r), tree: readTree(r) }))
function readRange(r: Reader) {
  const from = r.uint()
  const to = r.uint()
  if (from < 1 || to < from) throw new DecodeError('range')
  return { from, to }
}

function readMessage(r: Reader): Message {
  const type = r.uint()
  switch (type) {
    case TYPE.hello:
      return {
        type: 'hello',
        version: r.uint(),
        epoch: r.uint(),
        epochId: r.hex(32) as EpochId,
        app: r.text(APP_BYTES_MAX),
      }
    case TYPE.node: {
      const way = r.uint(3)
      const tree = (way % 2) as Tree
      return { type: 'node', tree, brief: way > 1, ...readSegment(r), bytes: r.bytes(NODE_BYTES_MAX) }
    }
    case TYPE.part:
      return { type: 'part', tree: readTree(r), ...readSegment(r), id: r.hex(32) as NodeId }
    case TYPE.announce:
      return { type: 'announce', ...readPlace(r), mark: r.hex(MARK_BYTES), ...readSegment(r) }
    case TYPE.ack:
      return { type: 'ack', tree: readTree(r), mark: r.hex(MARK_BYTES) }
    case TYPE.digest:
      return { type: 'digest', epoch: r.uint(), cut: r.uint(), digest: r.fixed(32) }
    case TYPE.same:
      return { type: 'same', digest: r.fixed(32) }
    case TYPE.have: {
      const question = r.flag()
      const cut = r.uint()
      const entries = times(r.uint(DEVICES_MAX), () => {
        const entry = { device: device(r), height: r.uint(), head: r.hex(32) as NodeId }
        if (entry.height < 1) throw new DecodeError('height')
        return entry
      })
      return { type: 'have', question, cut, entries }
    }
    case TYPE.pull:
      return { type: 'pull', ranges: times(r.uint(PULL_RANGES_MAX), () => ({ device: device(r), ...readRange(r) })) }
    case TYPE.run:
      return { type: 'run', device: device(r), ...readRange(r), nodes: readPacked(r) }
    case TYPE['epochs-want']:
      return { type: 'epochs-want', after: r.uint() }
    case TYPE.epochs:
      return { type: 'epochs', records: times(r.uint(EPOCHS_PER_MESSAGE_MAX), () => r.bytes(EPOCH_BYTES_MAX)) }
    case TYPE.checkpoints:
      return {
        type: 'checkpoints',
        epoch: r.uint(),
        at: r.time(),
        digest: r.fixed(32),
        entries: times(r.uint(CHECKPOINTS_MAX), () => ({
          signer: r.uint(DEVICES_MAX),
          ...readSegment(r),
          late: readLate(r),
          signature: r.fixed(SIGNATURE_BYTES),
        })),
      }
    case TYPE['notices-have']:
      return { type: 'notices-have', ids: times(r.uint(NOTICES_MAX), () => r.hex(NOTICE_ID_BYTES)) }
    case TYPE.notices:
      return { type: 'notices', notices: times(r.uint(NOTICES_MAX), () => r.bytes(NOTICE_BYTES_MAX)) }
    case TYPE['secret-want']:
      return { type: 'secret-want' }
    case TYPE.secret:
      return { type: 'secret', secret: r.fixed(32) }
    case TYPE['run-mark']:
      return { type: 'run-mark', mark: r.fixed(RUN_MARK_BYTES) }
    case TYPE['alive-want']:
      return { type: 'alive-want', mark: r.fixed(RUN_MARK_BYTES) }
    case TYPE.alive:
      return {
        type: 'alive',
        asked: r.fixed(RUN_MARK_BYTES),
        run: r.uint(),
        mark: r.fixed(RUN_MARK_BYTES),
        signature: r.fixed(SIGNATURE_BYTES),
      }
    case TYPE['branch-want']:
      return { type: 'branch-want', device: device(r), to: r.uint() }
    case TYPE.branch:
      return {
        type: 'branch',
        device: device(r),
        nodes: times(r.uint(PULL_NODES_MAX), () => r.bytes(NODE_BYTES_MAX)),
      }
    default:
      throw new DecodeError('message type')
  }
}

export const encodeMessage = (message: Message): Uint8Array => {
  const w = new Writer(message.type === 'run' ? RUN_HEAD_BYTES_MAX + message.nodes.bytes.length : undefined)
  writeMessage(w, message)
  return w.finish()
}

/** All messages of a frame, or null if any byte of it is not as it must be. An empty frame says nothing and is refused. */
export const decodeFrame = (bytes: Uint8Array): Message[] | null =>
  decodeWhole(bytes, (r) => {
    const messages: Message[] = []
    do {
      if (messages.length === FRAME_MESSAGES_MAX) throw new DecodeError('too many messages')
      messages.push(readMessage(r))
    } while (r.left)
    return messages
  })
