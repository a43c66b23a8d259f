// Two histories of one device (rule N6), noticed and proven. They show in two ways: a second node arrives for a place that
// is taken, or a peer tells another head at a height that is here too; then the peer's branch is asked for. The proof goes
// on the notice board, where every member judges it alone.
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import type { AsideMessage } from '../protocol/engine'
import type { HaveVector } from '../protocol/have'
import type { MemberList } from '../protocol/membership'
import type { HaveEntry } from '../protocol/messages'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { forkHolds } from '../protocol/notices'
import type { NoticeBoard, NoticeOf } from './notice-board'
import type { Parts, StorePort } from './ports'

/** Nodes, and bytes of them, that are looked at at once for where two histories part. */
const BRANCH_NODES = 128
const BRANCH_BYTES = 262_144

interface Ports {
  parts: Pick<Parts, 'secrets'>
  list(): MemberList
  /** This device is on the list no longer: what it finds concerns nobody. */
  removed(): boolean
  board: Pick<NoticeBoard, 'post' | 'at'>
  store: Pick<StorePort, 'at' | 'readRun'>
  have(): HaveVector
  tell(to: DeviceKey, message: AsideMessage): void
  /** A proof that was found here is on the board. */
  proven(notice: NoticeOf<'fork'>): void
  trouble(code: ErrorCode): void
}

export class Forks {
  constructor(private readonly ports: Ports) {}

  /** The two nodes that prove a fork of a device, the lower id first; null: none is known. */
  proofOf(device: DeviceKey): NoticeOf<'fork'>['nodes'] | null {
    const notice = this.ports.board.at(`fork ${device}`)
    return notice?.type === 'fork' ? notice.nodes : null
  }

  heard(from: DeviceKey, message: Extract<AsideMessage, { type: 'have' | 'branch-want' | 'branch' }>): void {
    switch (message.type) {
      case 'have':
        this.compareHeads(from, message.entries)
        return
      case 'branch-want': {
        const { device, to } = message
        if (to < 1 || !this.ports.list().devices.has(device)) return
        const first = Math.max(1, to - BRANCH_NODES + 1)
        const nodes = this.ports.store.readRun(device, first, to, BRANCH_NODES, BRANCH_BYTES)
        this.ports.tell(from, { type: 'branch', device, nodes })
        return
      }
      case 'branch':
        this.branchArrived(message.device, message.nodes)
        return
    }
  }

  /** Another id at a height that we have too: two histories. The other one is asked for, to prove it. */
  private compareHeads(from: DeviceKey, entries: readonly HaveEntry[]): void {
    const { have, list, store, tell } = this.ports
    for (const { device, height, head } of entries) {
      const mine = have().get(device)
      if (!mine || height > mine.height || !list().devices.has(device)) continue
      const id = height === mine.height ? mine.head : store.at(device, height)?.id
      if (id !== undefined && id !== head) tell(from, { type: 'branch-want', device, to: height })
    }
  }

  /** The lowest place of the branch at which we have another node is the proof; the more so the lower it is. */
  private branchArrived(device: DeviceKey, nodes: readonly Uint8Array[]): void {
    for (const bytes of nodes) {
      const decoded = decodeNode(this.ports.parts.secrets.crypto, bytes)
      if (!decoded.ok || decoded.node.device !== device) return
      const mine = this.ports.store.at(device, decoded.node.seq)
      if (!mine || mine.id === decoded.node.id) continue
      this.found(decoded.node)
      return
    }
  }

  /** A node for a place that holds another one: proof, which everybody gets. */
  found(node: TimelineNode): void {
    const { parts, board, store, list, removed, proven, trouble } = this.ports
    const other = store.at(node.device, node.seq)
    if (!other || other.id === node.id || removed()) return
    const nodes = (other.id < node.id ? [other, node] : [node, other]) as [TimelineNode, TimelineNode]
    if (!forkHolds(parts.secrets.crypto, list(), nodes)) return
    try {
      board.post({ type: 'fork', nodes })
    } catch (error) {
      // Noticed again at the next comparison; the batch that brought the node is stored all the same.
      if (!(error instanceof TwofoldError)) throw error
      trouble(error.code)
      return
    }
    // After the store's answer has been dealt with: what follows changes what the engine judges by.
    queueMicrotask(() => {
      const notice = board.at(`fork ${node.device}`)
      if (notice?.type === 'fork') proven(notice)
    })
  }
}
