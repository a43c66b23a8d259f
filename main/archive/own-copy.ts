// A second copy of own timelines in another folder: one file a device, an archive without an end, that grows as entries are
// written. It holds no key, so it can never sign; it is read back like a stranger's. What a crash tears off its end is cut
// away; what is damaged is put aside and written anew.
import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileError } from '../../shared/file-errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import { ARCHIVE_MAGIC, RECORD, type ListSource, type Step } from '../protocol/archive'
import { Writer, concat, equalBytes } from '../protocol/codec'
import type { Crypto } from '../protocol/crypto'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { DamagedStream, fileSource, readRecords, writeRecord } from './records'
import { beginFile, flushFolder } from './whole-file'

export interface CopyScan {
  /** Nodes 1 … height are in the file, each linked to the one before. */
  height: number
  head: NodeId | null
  headTime: number
  /** Records of the list in it. */
  epochs: number
  /** Up to here it is whole; what a crash left behind that is cut away by the next appending. */
  end: number
  /** Something in it is not what was written. */
  damaged: boolean
}

export interface CopyFolder {
  /** Null: there is no such file. Throws FILE_UNREADABLE, and what `step` or `each` throws. */
  scan(device: DeviceKey, list: ListSource, step: Step, each?: (node: TimelineNode) => void): Promise<CopyScan | null>
  /** A file with the list and no node. Throws DISK_FULL, FOLDER_UNWRITABLE. */
  begin(device: DeviceKey, list: ListSource): CopyScan
  /** Flushed when it returns. Throws as `begin`; then nothing of it counts. */
  append(device: DeviceKey, from: CopyScan, epochs: readonly Uint8Array[], nodes: readonly TimelineNode[]): CopyScan
  /** The name under which it is kept. */
  setAside(device: DeviceKey, now: number): string
  bytes(device: DeviceKey): number
}

/** Nodes between two looks at the clock of whoever waits. */
const STEP_NODES = 512

/** Null: the folder is not there (a disk that is not plugged in). `circle`: in the files' names. */
export function openCopyFolder(crypto: Crypto, folder: string, circle: string): CopyFolder | null {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return null
  const pathOf = (device: DeviceKey) =>
    join(folder, `twofold-${circle.slice(0, 8)}-${device.slice(0, 12)}.twofold-copy`)
  const start = (list: ListSource): CopyScan => ({
    height: 0,
    head: null,
    headTime: 0,
    epochs: list.epochs.length,
    end: 0,
    damaged: false,
  })
  return {
    async scan(device, list, step, each) {
      const path = pathOf(device)
      if (!existsSync(path)) return null
      const scan: CopyScan = { ...start(list), epochs: 0 }
      const { read, close } = fileSource(path)
      let first = true
      try {
        for (const { type, bytes, end } of readRecords(read, ARCHIVE_MAGIC)) {
          let fits: boolean
          if (first) fits = type === RECORD.genesis && equalBytes(bytes, list.genesis)
          else if (type === RECORD.epoch) {
            const known = list.epochs[scan.epochs++]
            // A list that is newer than ours comes to us by itself; an other one is not ours.
            fits = known === undefined || equalBytes(known, bytes)
          } else if (type === RECORD.node) {
            const decoded = decodeNode(crypto, bytes)
            const node = decoded.ok ? decoded.node : null
            fits = node?.device === device && node.seq === scan.height + 1 && (node.backlink ?? null) === scan.head
            if (node && fits) {
              each?.(node)
              scan.height = node.seq
              scan.head = node.id
              scan.headTime = node.timestamp
              if (scan.height % STEP_NODES === 0) await step(scan.height)
            }
          } else fits = false
          if (!fits) return { ...scan, damaged: true }
          first = false
          scan.end = end
        }
      } catch (error) {
        if (!(error instanceof DamagedStream)) throw error
        if (!error.torn || first) return { ...scan, damaged: true }
      } finally {
        close()
      }
      return first ? { ...scan, damaged: true } : scan
    },
    begin(device, list) {
      const file = beginFile(pathOf(device))
      file.write(ARCHIVE_MAGIC)
      writeRecord(file, RECORD.genesis, list.genesis)
      for (const epoch of list.epochs) writeRecord(file, RECORD.epoch, epoch)
      file.finish()
      return { ...start(list), end: file.bytes }
    },
    append(device, from, epochs, nodes) {
      const path = pathOf(device)
      const parts: Uint8Array[] = []
      const put = (type: number, bytes: Uint8Array) => parts.push(new Writer().uint(type).bytes(bytes).finish())
      for (const epoch of epochs) put(RECORD.epoch, epoch)
      for (const node of nodes) put(RECORD.node, node.bytes)
      const all = concat(...parts)
      try {
        const handle = openSync(path, 'r+')
        try {
          ftruncateSync(handle, from.end)
          for (let at = 0; at < all.length;) at += writeSync(handle, all, at, all.length - at, from.end + at)
          fsyncSync(handle)
        } finally {
          closeSync(handle)
        }
      } catch (error) {
        throw fileError(error, folder)
      }
      const last = nodes.at(-1)
      return {
        ...from,
        ...(last && { height: last.seq, head: last.id, headTime: last.timestamp }),
        epochs: from.epochs + epochs.length,
        end: from.end + all.length,
      }
    },
    setAside(device, now) {
      const path = pathOf(device)
      const aside = `${path}.damaged-${now}`
      try {
        renameSync(path, aside)
        flushFolder(folder)
      } catch (error) {
        throw fileError(error, folder)
      }
      return aside
    },
    bytes: (device) => statSync(pathOf(device), { throwIfNoEntry: false })?.size ?? 0,
  }
}

/** Makes the folder that was chosen. Throws DISK_FULL, FOLDER_UNWRITABLE. */
export function makeCopyFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw fileError(error, folder)
  }
}
