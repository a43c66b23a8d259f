// The log of a data folder: JSON lines with short ids, never keys and never content, in twofold.log; the one before is
// kept as twofold.log.1. A log that cannot be written is no reason to stop.
import { appendFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'

const FILE = 'twofold.log'
/** A month of an ordinary circle. */
const BYTES_MAX = 1_048_576

export type Log = (level: 'info' | 'warn' | 'error', what: string, details?: Readonly<Record<string, unknown>>) => void

export function openLog(dir: string): Log {
  const path = join(dir, FILE)
  let size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  return (level, what, details = {}) => {
    const line = `${JSON.stringify({ at: new Date().toISOString(), level, what, ...details })}\n`
    try {
      if (size + line.length > BYTES_MAX) {
        renameSync(path, `${path}.1`)
        size = 0
      }
      appendFileSync(path, line, { mode: 0o600 })
      size += line.length
    } catch {
      // A full disk is told by what could not be stored, not by what could not be logged.
    }
  }
}
