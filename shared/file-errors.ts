// What the file system's refusals mean for a person: a full disk, or a place that cannot be written to.
import { TwofoldError } from './errors'

const NO_SPACE: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT'])

/** A refusal that a person can act on, from what the file system said about `folder` (or a file). */
export function fileError(error: unknown, folder: string): TwofoldError {
  if (error instanceof TwofoldError) return error
  const { code } = error as { code?: unknown }
  return NO_SPACE.has(code) ? new TwofoldError('DISK_FULL') : new TwofoldError('FOLDER_UNWRITABLE', { folder })
}
