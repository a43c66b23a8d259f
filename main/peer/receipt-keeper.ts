// Who holds what, kept across restarts (rule C3), and told: for a screen by name, and as evidence that anybody can check
// without this circle: each holder's signature under a digest, and the vector that the digest stands for.
import { TwofoldError } from '../../shared/errors'
import type { CircleId, DeviceKey, HoldersView } from '../../shared/types'
import { Writer, decodeWhole, equalBytes, fromHex, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeEntries, encodeEntries } from '../protocol/cuts'
import { devicesAt } from '../protocol/membership'
import { readLate, writeLate } from '../protocol/messages'
import type { TimelineNode } from '../protocol/node'
import { checkpointHolds, entryOf, type Proven, type Receipts } from '../protocol/receipts'
import type { ListKeeper } from './list-keeper'
import type { StorePort, StoredCheckpoint, Time } from './ports'

/** A crash loses at most this much of what comes again by itself. */
const SAVE_EVERY_MS = 60_000

const rowOf = ({ checkpoint: c, entries }: Proven): StoredCheckpoint => {
  const late = new Writer()
  writeLate(late, c.late)
  const { device, at, digest, signature } = c
  return { device, at, digest, signature, late: late.finish(), vector: encodeEntries(entries) }
}

/** What was kept and still holds; a row that does not is left out, it comes again. */
export function readProven(store: Pick<StorePort, 'checkpoints'>, crypto: Crypto, keeper: ListKeeper): Proven[] {
  const vectors = new Map<string, ReturnType<typeof decodeEntries>>()
  return store.checkpoints().flatMap((row) => {
    const key = toHex(row.digest)
    if (!vectors.has(key)) vectors.set(key, decodeEntries(crypto, row.vector))
    const vector = vectors.get(key)
    const late = decodeWhole(row.late, readLate)
    if (!late || !vector || !equalBytes(vector.digest, row.digest)) return []
    const { device, at, digest, signature } = row
    const checkpoint = { device, at, digest, signature, late }
    return checkpointHolds(crypto, keeper.list.circle, checkpoint) ? [{ checkpoint, entries: vector.entries }] : []
  })
}

export class ReceiptKeeper {
  private saved = new Map<DeviceKey, Proven>()
  private cancel: (() => void) | null = null

  constructor(
    private readonly time: Time,
    private readonly store: Pick<StorePort, 'keepCheckpoints'>,
    private readonly receipts: Receipts,
    private readonly keeper: ListKeeper,
    private readonly me: DeviceKey,
  ) {
    this.saved = new Map(receipts.proven)
  }

  /** Something may have been proven: it is on the disk within a minute. */
  touched(): void {
    this.cancel ??= this.time.after(SAVE_EVERY_MS, () => this.save())
  }

  save(): void {
    this.cancel?.()
    this.cancel = null
    const changed = [...this.receipts.proven].filter(([device, proven]) => this.saved.get(device) !== proven)
    if (!changed.length) return
    try {
      this.store.keepCheckpoints(changed.map(([, proven]) => rowOf(proven)))
      this.saved = new Map(this.receipts.proven)
    } catch (error) {
      // A full disk: tried again with the next, and nothing depends on it.
      if (!(error instanceof TwofoldError)) throw error
    }
  }

  /** Who of the present list holds a node. */
  holders(node: Pick<TimelineNode, 'device' | 'seq'>): HoldersView {
    const devices = devicesAt(this.keeper.list)
    const held: HoldersView['held'] = []
    const unknown: HoldersView['unknown'] = []
    for (const device of devices) {
      const memberName = this.keeper.nameOf(device)
      const proven = this.receipts.proven.get(device)
      const height = proven && entryOf(proven.entries, node.device)?.height
      if (device === this.me) held.push({ device, memberName, me: true, at: null })
      else if (proven && height !== undefined && height >= node.seq)
        held.push({ device, memberName, me: false, at: proven.checkpoint.at })
      else unknown.push({ device, memberName })
    }
    return { of: devices.length, held, unknown }
  }

  /** The evidence for `holders`: checkpoints with their vectors, each vector once. */
  evidence(node: Pick<TimelineNode, 'device' | 'seq'>): Proven[] {
    return this.receipts.holders(node.device, node.seq).map((device) => this.receipts.proven.get(device)!)
  }
}

/** One holder's evidence in a proof file; bytes as hex. */
export interface FileRow {
  device: string
  at: number
  late: string
  signature: string
  vector: string
}
export function fileRow(proven: Proven): FileRow {
  const { device, at, late, signature, vector } = rowOf(proven)
  return { device, at, late: toHex(late), signature: toHex(signature), vector: toHex(vector) }
}
/** The checkpoint that a row stands for, or null when its signature does not hold. */
export function checkFileRow(crypto: Crypto, circle: CircleId, row: FileRow): Proven | null {
  const late = decodeWhole(fromHex(row.late), readLate)
  const vector = decodeEntries(crypto, fromHex(row.vector))
  if (!late || !vector) return null
  const signature = fromHex(row.signature)
  const checkpoint = { device: row.device as DeviceKey, at: row.at, digest: vector.digest, late, signature }
  return checkpointHolds(crypto, circle, checkpoint) ? { checkpoint, entries: vector.entries } : null
}
