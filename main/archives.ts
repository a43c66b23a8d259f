// The archive room with keys and chance handed in: what the peer and the command line use it as.
import { existsSync } from 'node:fs'
import { writeArchive } from './archive/archive'
import { readBackup, writeBackup } from './archive/backup'
import { writeHtml } from './archive/html'
import { writeJsonLines } from './archive/json-lines'
import { makeCopyFolder, openCopyFolder } from './archive/own-copy'
import { formOf, readItems } from './archive/reading'
import { crypto, open, randomBytes, seal } from './identity/sodium'
import type { ArchivePort } from './peer/archive-port'

const sealing = { crypto, randomBytes, seal, open }

export const archivePort: ArchivePort = {
  writeArchive: (path, source, at, step) => writeArchive(crypto, path, source, at, step),
  writeJsonLines,
  writeHtml,
  writeBackup: (path, entropy, source, step) => writeBackup(sealing, path, entropy, source, step),
  readBackup: (path, entropy) => readBackup(sealing, path, entropy),
  readItems,
  formOf,
  exists: (path) => existsSync(path),
  makeCopyFolder,
  openCopies: (folder, circle) => openCopyFolder(crypto, folder, circle),
}
