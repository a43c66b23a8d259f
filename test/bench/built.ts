// Where the built parts of the product are: threads and the command line run as they ship.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from '../../scripts/electron-runtime.mjs'

/** The folder of the built main process; built now if a source is newer. */
export function builtMain(): string {
  execFileSync(process.execPath, [join(root, 'scripts/build.mjs'), '--if-stale'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return join(root, 'out/main')
}
