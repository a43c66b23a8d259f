// A disk of its own, small, that can be filled to any byte and made read-only: a tmpfs. Needs root.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from './folders'

const BLOCK = 4096
const run = (program: string, ...args: string[]) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })

let known: string | null | undefined
/** Null: file systems can be mounted here. */
export function whyNoMount(): string | null {
  if (known !== undefined) return known
  const { path: at, remove } = scratch()
  try {
    run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', at)
    run('umount', at)
    known = null
  } catch {
    known = 'it needs root and mount'
  }
  remove()
  return known
}

export interface SmallDisk {
  readonly path: string
  /** Takes all the space but this many blocks of 4 KiB. */
  leave(blocks: number): void
  free(): void
  readOnly(on: boolean): void
  remove(): void
}

export function smallDisk(path: string, kib: number): SmallDisk {
  mkdirSync(path, { recursive: true })
  run('mount', '-t', 'tmpfs', '-o', `size=${kib}k,mode=0700`, 'tmpfs', path)
  const ballast = join(path, 'ballast')
  const free = () => rmSync(ballast, { force: true })
  return {
    path,
    free,
    leave(blocks) {
      free()
      const handle = openSync(ballast, 'w')
      try {
        const block = new Uint8Array(BLOCK).fill(0xa5)
        for (let left = Number(statfsSync(path).bavail) - blocks; left > 0; left--) writeSync(handle, block)
      } finally {
        closeSync(handle)
      }
    },
    readOnly: (on) => void run('mount', '-o', `remount,${on ? 'ro' : 'rw'}`, path),
    remove: () => void run('umount', '-l', path),
  }
}
