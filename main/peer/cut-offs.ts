// How far each timeline is accepted: that of a removed device up to its cut-off (rule M5), that of a device which signed two
// histories below the place where they part (rule N6). What had arrived beyond it leaves the timeline, so that every peer
// ends up with the same.
import type { DeviceKey } from '../../shared/types'
import type { HaveVector } from '../protocol/have'
import type { MemberList } from '../protocol/membership'
import { frozenList } from '../protocol/notices'
import type { NoticeBoard } from './notice-board'
import type { StorePort } from './ports'

interface Ports {
  list(): MemberList
  board: Pick<NoticeBoard, 'all'>
  store: Pick<StorePort, 'cutOff'>
  have(): HaveVector
}

export class CutOffs {
  constructor(private readonly ports: Ports) {}

  /** The list as nodes are judged by. */
  get judged(): MemberList {
    return frozenList(this.ports.list(), this.ports.board.all('fork'))
  }

  /** Highest seq that is here of a device, gaps or not. */
  topOf(device: DeviceKey): number {
    const known = this.ports.have().get(device)
    return known?.floating.at(-1)?.to ?? known?.height ?? 0
  }

  /** Takes what lies beyond the ends out of the timelines; gives what is left of those that it shortened. */
  apply(): HaveVector {
    const changed: HaveVector = new Map()
    for (const device of this.judged.devices.values()) {
      if (device.cutoffSeq === undefined || this.topOf(device.key) <= device.cutoffSeq) continue
      const left = this.ports.store.cutOff(device.key, device.cutoffSeq)
      if (left) changed.set(device.key, left)
    }
    return changed
  }
}
