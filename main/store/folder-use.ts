// What lies in a data folder beside what is in use, and how much space there is.
import { readdirSync, rmSync, statSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import { fileError } from '../../shared/file-errors'
import type { AsideFile } from '../../shared/storage-types'
import { TIMELINE_FILE } from './timeline-store'

/** Files that were set aside, by what their names end in; logs of a database (-wal, -shm) belong to it. */
const ASIDE = /^(.+\.(?:damaged|copied)-(\d+))(-wal|-shm)?$/

export interface FolderUse {
  free: number | null
  database: number
  logs: number
  aside: AsideFile[]
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

export function folderUse(dir: string): FolderUse {
  const aside = new Map<string, AsideFile>()
  for (const name of readdirSync(dir)) {
    const [, file, at] = ASIDE.exec(name) ?? []
    if (file === undefined) continue
    const known = aside.get(file) ?? { file, bytes: 0, at: Number(at) }
    aside.set(file, { ...known, bytes: known.bytes + sizeOf(join(dir, name)) })
  }
  let free: number | null = null
  try {
    const { bavail, bsize } = statfsSync(dir)
    free = bavail * bsize
  } catch {
    // Not every file system says so.
  }
  return {
    free,
    database: ['', '-wal', '-shm'].reduce((sum, suffix) => sum + sizeOf(join(dir, TIMELINE_FILE + suffix)), 0),
    logs: ['twofold.log', 'twofold.log.1'].reduce((sum, name) => sum + sizeOf(join(dir, name)), 0),
    aside: [...aside.values()].sort((a, b) => b.at - a.at),
  }
}

/** Deletes one that was set aside, and nothing else. Throws ASIDE_UNKNOWN, FOLDER_UNWRITABLE. */
export function forgetAside(dir: string, file: string): void {
  const names = readdirSync(dir).filter((name) => ASIDE.exec(name)?.[1] === file)
  if (!names.length) throw new TwofoldError('ASIDE_UNKNOWN')
  try {
    for (const name of names) rmSync(join(dir, name))
  } catch (error) {
    throw fileError(error, dir)
  }
}
