// View models of what lies on the disk: what takes space, the second copy, and the work that a person set going.
import type { ErrorCode } from './errors'
import type { MemberKey } from './types'

export interface MemberUse {
  member: MemberKey
  name: string
  /** Posts and replies; `nodes` counts reactions, edits and retractions too. */
  entries: number
  nodes: number
  /** As signed. */
  bytes: number
}
export interface StorageUse {
  /** The largest first. */
  members: MemberUse[]
  /** Of the search, in bytes. */
  index: number
  /** Render trees that were kept, in bytes. */
  trees: number
  /** In the database, to be given back by compacting. */
  unused: number
}
/** A file that was set aside because it was damaged, or belonged to a device that stopped. */
export interface AsideFile {
  file: string
  bytes: number
  /** ms since 1970 UTC. */
  at: number
}

/** A second copy of this member's timelines in another folder. */
export interface MirrorView {
  /** Null: none is kept. */
  folder: string | null
  /**
   * current: all of it is there; behind: some is still to be written; comparing: it is being looked at; missing: the folder
   * is not there; full, unwritable: what the disk said last. It is tried again by itself.
   */
  state: 'off' | 'comparing' | 'current' | 'behind' | 'missing' | 'full' | 'unwritable'
  /** Nodes that are here and not in the copy yet. */
  behind: number
  nodes: number
  bytes: number
  /** When all of it was checked last, signatures included, and nothing was found; null: not yet. */
  checkedAt: number | null
  /** What was found damaged last, was put aside under this name and written anew; null: nothing was. */
  rewritten: { at: number; aside: string } | null
  /** Nodes that came back from the copy because they were missing here. */
  broughtBack: number
}

export type ExportForm = 'json' | 'html' | 'archive'
export interface ImportReport {
  /** Nodes in the file. */
  nodes: number
  stored: number
  duplicates: number
  /** By code, with its sentence. */
  refused: { code: string; text: string; count: number }[]
  /** Lines or records that are none. */
  unreadable: number
  /** The file ends in the middle. */
  torn: boolean
}
export type JobResult =
  | { kind: 'check'; checked: number; bad: { id: string; code: string }[] }
  | { kind: 'check-mirror'; nodes: number; rewritten: boolean }
  | { kind: 'compact'; before: number; after: number }
  | { kind: 'export'; form: ExportForm; count: number; bytes: number }
  | { kind: 'backup'; nodes: number; bytes: number }
  | { kind: 'import'; report: ImportReport }
export type JobKind = JobResult['kind']
export interface JobView {
  id: number
  kind: JobKind
  /** The file that it reads or writes; null: none. */
  file: string | null
  state: 'running' | 'done' | 'failed' | 'cancelled'
  done: number
  /** Null: not known before the end. */
  total: number | null
  startedAt: number
  result: JobResult | null
  problem: { code: ErrorCode; text: string } | null
}

/** The check of everything that runs by itself once a month, or was asked for. */
export interface ScrubView {
  /** The last one that came to its end; `at`: ms since 1970 UTC. Null: none has yet. */
  last: { at: number; checked: number; bad: number } | null
  /** How many nodes the one under way has looked at; null: none is. */
  done: number | null
}

export interface StorageView {
  folder: string
  /** Bytes that the disk still takes; null: it does not say. */
  free: number | null
  /** Of the database with its log, and of the program's log. */
  database: number
  logs: number
  aside: AsideFile[]
  /** Null: it is still being counted. */
  use: StorageUse | null
  mirror: MirrorView
  scrub: ScrubView
  /** What was set going last. */
  job: JobView | null
}
