// What the peer needs of files outside of its folder: archives, exports, backups and the second copy, as main/archive has them.
import type { DeviceKey, NodeId } from '../../shared/types'
import type {
  ArchiveSource,
  BackupSource,
  HtmlSource,
  HtmlWords,
  Item,
  JsonSource,
  ListSource,
  Step,
} from '../protocol/archive'
import type { TimelineNode } from '../protocol/node'

export interface CopyScan {
  height: number
  head: NodeId | null
  headTime: number
  epochs: number
  end: number
  damaged: boolean
}
export interface CopyFolder {
  scan(device: DeviceKey, list: ListSource, step: Step, each?: (node: TimelineNode) => void): Promise<CopyScan | null>
  begin(device: DeviceKey, list: ListSource): CopyScan
  append(device: DeviceKey, from: CopyScan, epochs: readonly Uint8Array[], nodes: readonly TimelineNode[]): CopyScan
  setAside(device: DeviceKey, now: number): string
  bytes(device: DeviceKey): number
}
interface Written {
  bytes: number
}
export interface ArchivePort {
  writeArchive(path: string, source: ArchiveSource, at: number, step: Step): Promise<Written & { nodes: number }>
  writeJsonLines(path: string, source: JsonSource, at: number, step: Step): Promise<Written & { nodes: number }>
  writeHtml(
    path: string,
    source: HtmlSource,
    words: HtmlWords,
    at: number,
    step: Step,
  ): Promise<Written & { entries: number }>
  /** `entropy`: the 32 bytes behind the 24 words. */
  writeBackup(path: string, entropy: Uint8Array, source: BackupSource, step: Step): Promise<Written & { nodes: number }>
  readBackup(path: string, entropy: Uint8Array): Iterable<Item>
  readItems(path: string, torn: () => void): Iterable<Item>
  formOf(path: string): 'archive' | 'json-lines' | 'backup' | 'other'
  exists(path: string): boolean
  makeCopyFolder(folder: string): void
  /** Null: the folder is not there. */
  openCopies(folder: string, circle: string): CopyFolder | null
}
