// Checks an archive, a copy or an export from nothing but its bytes, node by node and with little memory: the list from the
// founding record on, every node's author, signature and place in its timeline, every receipt, and that it is whole.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import {
  RECORD,
  Tally,
  endHolds,
  readCheckpoint,
  readEnd,
  type ArchiveEnd,
  type Item,
  type Step,
} from '../protocol/archive'
import { decodeWhole, toHex } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeEntries } from '../protocol/cuts'
import { decodeEpoch } from '../protocol/epoch-record'
import { acceptEpoch } from '../protocol/epochs'
import { decodeGenesis } from '../protocol/genesis'
import { deviceInEpoch, foundedList, type MemberList } from '../protocol/membership'
import { readLate, type HaveEntry } from '../protocol/messages'
import { shownName } from '../protocol/names'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { checkpointHolds } from '../protocol/receipts'
import { verifyNode } from '../protocol/verify'
import { formOf, readItems } from './reading'

export interface CheckedTimeline {
  device: DeviceKey
  memberName: string
  nodes: number
  /** Of the last one in the file. */
  seq: number
  /** It begins with its first node, and each is linked to the one before. */
  linked: boolean
}
export interface CheckedHolder {
  memberName: string
  device: DeviceKey
  /** Up to when it signed that it holds everything; ms since 1970 UTC. */
  at: number
  /** Nodes of this file that its signature covers. */
  nodes: number
}
export interface CheckedArchive {
  circle: string
  circleId: string
  epoch: number
  nodes: number
  timelines: CheckedTimeline[]
  holders: CheckedHolder[]
  /** Who signed that this is all that he had, and when; null: the file does not say (a copy, or an export). */
  signedBy: { memberName: string; device: DeviceKey; at: number } | null
  /** It ended in the middle of a record: what a crash leaves of a copy. */
  torn: boolean
}

const falseBecause = (detail: string) => new TwofoldError('ARCHIVE_FALSE', { detail })

class Checking {
  private list: MemberList | null = null
  private readonly tally: Tally
  private readonly last = new Map<DeviceKey, { node: TimelineNode; timeline: CheckedTimeline }>()
  /** By device and height: the head that somebody signed. */
  private readonly signedHeads = new Map<string, { head: string; by: DeviceKey }>()
  private readonly vectors = new Map<string, HaveEntry[]>()
  private readonly holders: { device: DeviceKey; at: number; entries: HaveEntry[] }[] = []
  /** The first entry of a device whose own signature does not hold, until a later one vouches for it. */
  private readonly unvouched = new Map<DeviceKey, string>()
  private end: ArchiveEnd | null = null

  constructor(
    private readonly crypto: Crypto,
    private readonly now: number,
  ) {
    this.tally = new Tally(crypto)
  }

  get nodes(): number {
    return this.tally.nodes
  }
  private get known(): MemberList {
    if (!this.list) throw falseBecause('it does not begin with the founding record.')
    return this.list
  }

  take(item: Item): void {
    if (item.type === 'unreadable') throw falseBecause('a part of it is not in the form of an archive.')
    if (this.end) throw falseBecause('something follows its end.')
    if (item.type !== 'end') this.tally.add(RECORD[item.type], item.bytes)
    switch (item.type) {
      case 'genesis':
        return this.genesis(item.bytes)
      case 'epoch':
        return this.epoch(item.bytes)
      case 'vector':
        return this.vector(item.bytes)
      case 'checkpoint':
        return this.checkpoint(item.bytes)
      case 'node':
        return this.node(item.bytes)
      case 'end': {
        const end = readEnd(item.bytes)
        if (!end || !this.known.devices.has(end.by) || !endHolds(this.crypto, this.known.circle, end, this.tally))
          throw falseBecause('the signature at its end does not hold: something was left out, added or changed.')
        this.end = end
        return
      }
      case 'secret':
      case 'bookmark':
      case 'name':
        throw falseBecause('it holds what no archive holds.')
    }
  }

  private genesis(bytes: Uint8Array): void {
    const genesis = this.list ? null : decodeGenesis(this.crypto, bytes)
    if (!genesis) throw falseBecause('the founding record is not signed by its founder.')
    this.list = foundedList(genesis)
  }
  private epoch(bytes: Uint8Array): void {
    const record = decodeEpoch(this.crypto, bytes)
    const accepted = record && acceptEpoch(this.crypto, this.known, record)
    if (!accepted?.ok) throw falseBecause(`version ${this.known.epoch + 1} of the member list is not certified.`)
    this.list = accepted.list
  }
  private vector(bytes: Uint8Array): void {
    const vector = decodeEntries(this.crypto, bytes)
    if (!vector) throw falseBecause('a receipt is not in canonical form.')
    this.vectors.set(toHex(vector.digest), vector.entries)
  }
  private checkpoint(bytes: Uint8Array): void {
    const read = readCheckpoint(bytes)
    const late = read && decodeWhole(read.late, readLate)
    const entries = read && this.vectors.get(toHex(read.digest))
    if (!read || !late || !entries || !this.known.devices.has(read.device))
      throw falseBecause('a receipt is not in canonical form, or not by a device of the circle.')
    if (!checkpointHolds(this.crypto, this.known.circle, { ...read, late }))
      throw falseBecause(`${this.nameOf(read.device)} did not sign a receipt that says so.`)
    this.holders.push({ device: read.device, at: read.at, entries })
    for (const { device, height, head } of entries)
      this.signedHeads.set(`${device} ${height}`, { head, by: read.device })
  }

  private node(bytes: Uint8Array): void {
    const decoded = decodeNode(this.crypto, bytes)
    if (!decoded.ok) throw falseBecause('an entry is not in canonical form.')
    const { node } = decoded
    const list = this.known
    const which = `entry ${node.seq} of ${this.nameOf(node.device)}`
    const code = verifyNode(this.crypto, node, list, this.now)
    // Its author may have signed it wrongly; a later one of the chain that is signed well vouches for it (rule N9).
    if (code && code !== 'SIGNATURE_INVALID') throw falseBecause(`${which}: ${new TwofoldError(code).message}`)
    const before = this.last.get(node.device)
    const follows = before ? node.seq === before.node.seq + 1 : node.seq === 1
    if (before && follows && (node.backlink !== before.node.id || node.timestamp <= before.node.timestamp))
      throw falseBecause(`${which} does not continue the one before it.`)
    if (code) this.unvouched.set(node.device, this.unvouched.get(node.device) ?? which)
    else if (follows) this.unvouched.delete(node.device)
    const timeline = before?.timeline ?? {
      device: node.device,
      memberName: this.nameOf(node.device),
      nodes: 0,
      seq: 0,
      linked: true,
    }
    timeline.nodes++
    timeline.linked &&= follows
    timeline.seq = Math.max(timeline.seq, node.seq)
    this.last.set(node.device, { node, timeline })
    const signed = this.signedHeads.get(`${node.device} ${node.seq}`)
    if (signed && signed.head !== node.id)
      throw falseBecause(`${this.nameOf(signed.by)} signed that it holds another entry in the place of ${which}.`)
  }

  private nameOf(device: DeviceKey): string {
    const list = this.known
    const record = list.devices.get(device)
    return record && deviceInEpoch(record, record.addedIn) ? shownName(list, record.member) : device.slice(0, 8)
  }

  finish(torn: boolean): CheckedArchive {
    const list = this.known
    for (const which of this.unvouched.values())
      throw falseBecause(`${which}: ${new TwofoldError('SIGNATURE_INVALID').message}`)
    const timelines = [...this.last.values()].map(({ timeline }) => timeline)
    const heights = new Map(timelines.map(({ device, seq, nodes, linked }) => [device, linked ? nodes : seq]))
    return {
      circle: list.genesis.name,
      circleId: list.circle,
      epoch: list.epoch,
      nodes: this.tally.nodes,
      timelines,
      holders: this.holders.map(({ device, at, entries }) => ({
        memberName: this.nameOf(device),
        device,
        at,
        nodes: entries.reduce((sum, e) => sum + Math.min(e.height, heights.get(e.device) ?? 0), 0),
      })),
      signedBy: this.end && { memberName: this.nameOf(this.end.by), device: this.end.by, at: this.end.at },
      torn,
    }
  }
}

/** Nodes between two looks at the clock of whoever waits. */
const STEP_NODES = 256

/** Throws ARCHIVE_FALSE with what does not hold, ARCHIVE_INVALID, ARCHIVE_DAMAGED, FILE_UNREADABLE. */
export async function checkArchive(crypto: Crypto, path: string, now: number, step: Step): Promise<CheckedArchive> {
  let torn = false
  const checking = new Checking(crypto, now)
  let due = STEP_NODES
  for (const item of readItems(path, () => (torn = true))) {
    checking.take(item)
    if (--due) continue
    due = STEP_NODES
    await step(checking.nodes)
  }
  if (torn && formOf(path) !== 'archive') throw falseBecause('it ends in the middle.')
  return checking.finish(torn)
}
