// Which addresses mean what to the shell, as plain functions of text: files of the window, pages for the system's browser,
// invite links handed over by the system, and the data folder asked for at the start. No Electron here: plain Node tests it.
import { isAbsolute, join, resolve, sep } from 'node:path'
import { TwofoldError } from '../../shared/errors'

export const APP_ORIGIN = 'app://twofold'
/** Of the contract's bound for links (shared/ipc-contract). */
const LINK_CHARS_MAX = 8192

/** The file behind an address of the app scheme, or null for another host, a broken escape or a path out of `root`. */
export function assetFile(root: string, address: string): string | null {
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (url.protocol !== 'app:' || url.host !== 'twofold') return null
  let path: string
  try {
    path = decodeURIComponent(url.pathname)
  } catch {
    return null
  }
  // A backslash separates on Windows, a colon names a drive or a stream there, and no file of ours has either.
  if (/[\0\\:]/.test(path)) return null
  const base = resolve(root)
  const file = join(base, path === '/' ? 'index.html' : path)
  return file.startsWith(base + sep) ? file : null
}

/** True for a page of our own: the app scheme, or the development server when there is one. */
export function isOwnPage(address: string, devUrl: string | undefined): boolean {
  if (!URL.canParse(address)) return false
  const url = new URL(address)
  if (url.protocol === 'app:') return url.host === 'twofold'
  return devUrl !== undefined && url.origin === new URL(devUrl).origin
}

/** An address that may be handed to the system's browser or mail program, in canonical form; null for any other. */
export function externalAddress(address: string): string | null {
  if (address.length > LINK_CHARS_MAX || !URL.canParse(address)) return null
  const url = new URL(address)
  // Escapes make it longer, up to ninefold.
  return ['http:', 'https:', 'mailto:'].includes(url.protocol) && url.href.length <= LINK_CHARS_MAX ? url.href : null
}

/** The first twofold:// link among the arguments of a start. Their order is not kept by Chromium, so it does not matter. */
export function inviteLink(args: readonly string[]): string | null {
  return args.find((arg) => /^twofold:\/\/./i.test(arg) && arg.length <= LINK_CHARS_MAX) ?? null
}

/**
 * The data folder asked for: `--data DIR` or `--data=DIR` (from the current folder), then TWOFOLD_USER_DATA (absolute);
 * null when none is. Throws FOLDER_UNWRITABLE for an empty or a relative one that cannot be meant.
 */
export function chosenDataDir(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): string | null {
  const at = args.findIndex((arg) => arg === '--data' || arg.startsWith('--data='))
  const flag = args[at]
  if (flag !== undefined) {
    const dir = flag === '--data' ? (args[at + 1] ?? '') : flag.slice('--data='.length)
    if (dir === '' || dir.startsWith('--')) throw new TwofoldError('FOLDER_UNWRITABLE', { folder: dir })
    return resolve(dir)
  }
  const named = env['TWOFOLD_USER_DATA']
  if (named === undefined || named === '') return null
  if (!isAbsolute(named)) throw new TwofoldError('FOLDER_UNWRITABLE', { folder: named })
  return resolve(named)
}
