// Where the local socket of a data folder lies, and that only this user can reach it. The socket is in the data folder when
// its path is short enough for the kernel, else under a hashed name in a folder of this user. Who may open the folder may
// give orders to a running Twofold, so the folder is 0700, ours, and no symbolic link.
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { TwofoldError } from '../../shared/errors'

/** sun_path holds 104 bytes on macOS and 108 on Linux, the final zero included; a margin for either. */
const PATH_BYTES_MAX = 100
const SOCKET_NAME = 'control.sock'
/** 96 bits of the folder's hash: long enough that two folders never meet, short enough for macOS' temporary folder. */
const HASH_HEX_DIGITS = 24

/** The address to listen on and to connect to; the same for every name of the same folder. Creates nothing. */
export function controlPath(dir: string): string {
  const folder = canonical(dir)
  const hash = createHash('sha256').update(folder).digest('hex').slice(0, HASH_HEX_DIGITS)
  if (process.platform === 'win32') return `\\\\.\\pipe\\twofold-${userInfo().username}-${hash}`
  const inside = join(folder, SOCKET_NAME)
  if (Buffer.byteLength(inside) <= PATH_BYTES_MAX) return inside
  const bases = [runtimeFolder(), tmpdir(), '/tmp']
  const candidates = bases.flatMap((base) => (base === null ? [] : [join(base, `twofold-${uid()}`, `${hash}.sock`)]))
  return candidates.find((path) => Buffer.byteLength(path) <= PATH_BYTES_MAX) ?? inside
}

/** Makes sure that the socket's folder exists and is only ours. Throws FOLDER_UNWRITABLE when that cannot be had. */
export function makePrivateFolder(socketPath: string): void {
  if (process.platform === 'win32') return
  const folder = dirname(socketPath)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (!isOurs(folder)) throw new TwofoldError('FOLDER_UNWRITABLE', { folder })
    if ((lstatSync(folder).mode & 0o777) !== 0o700) chmodSync(folder, 0o700)
  } catch (error) {
    throw error instanceof TwofoldError ? error : new TwofoldError('FOLDER_UNWRITABLE', { folder })
  }
}

/** A real folder that belongs to this user. False also when it is not there. */
export function isOurs(folder: string): boolean {
  const stat = lstatSync(folder, { throwIfNoEntry: false })
  return stat !== undefined && stat.isDirectory() && stat.uid === uid()
}

function canonical(dir: string): string {
  const absolute = resolve(dir)
  return existsSync(absolute) ? realpathSync(absolute) : absolute
}

/** XDG_RUNTIME_DIR, also when a shell without a session (ssh, sudo) does not name it; null where there is none. */
function runtimeFolder(): string | null {
  const named = process.env['XDG_RUNTIME_DIR']
  if (named && isAbsolute(named)) return named
  const usual = `/run/user/${uid()}`
  return process.platform === 'linux' && existsSync(usual) ? usual : null
}

function uid(): number {
  return process.getuid?.() ?? -1
}
