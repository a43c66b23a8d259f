// The beginning of a backup: whose it is, of which circle, and what lets this device hear the circle. Its entries are read back
// behind, when the circle is open (recovery.ts). The device that restores is a new one, always (rule N7).
import { TwofoldError } from '../../shared/errors'
import { toHex, utf8Text } from '../protocol/codec'
import type { ArchivePort } from './archive-port'
import type { CircleFile } from './ports'

export interface BackupHead {
  name: string
  file: CircleFile
}

/** Throws BACKUP_WORDS, BACKUP_DAMAGED, FILE_UNREADABLE. */
export function headOf(archive: Pick<ArchivePort, 'readBackup'>, path: string, entropy: Uint8Array): BackupHead {
  let name = ''
  let genesis: string | null = null
  const epochs: string[] = []
  const secrets: string[] = []
  reading: for (const item of archive.readBackup(path, entropy)) {
    switch (item.type) {
      case 'name':
        name = utf8Text(item.bytes) ?? ''
        break
      case 'secret':
        secrets.push(toHex(item.bytes))
        break
      case 'genesis':
        genesis = toHex(item.bytes)
        break
      case 'epoch':
        epochs.push(toHex(item.bytes))
        break
      default:
        break reading
    }
  }
  if (genesis === null || !secrets.length) throw new TwofoldError('BACKUP_DAMAGED', { file: path })
  const none = { invites: [], wants: [] }
  // A device that has never written need not wait for its own timeline.
  return {
    name,
    file: { version: 1, genesis, epochs, secrets, ...none, provisional: true, mustCatchUp: false, rejoin: true },
  }
}
