// A network of its own for a bench: beacons of other programs on this machine wake every peer that hears them, and would be
// counted as the app's own doing.
import { execFileSync, spawnSync } from 'node:child_process'
import { canMakeNamespaces } from '../../e2e/lan'

const MARK = 'TWOFOLD_BENCH_NETWORK'
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

/**
 * Runs this program once more inside a network namespace with nothing but loopback, and gives its exit code; null: this is
 * that one, or there can be none (which takes root and iproute2).
 */
export function inOwnNetwork(): number | null {
  if (process.env[MARK] || !canMakeNamespaces()) return null
  const space = `tfb${process.pid}`
  ip('netns', 'add', space)
  try {
    ip('-n', space, 'link', 'set', 'lo', 'up')
    const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
    const env = { ...process.env, [MARK]: '1' }
    return spawnSync('ip', ['netns', 'exec', space, ...again], { stdio: 'inherit', env }).status ?? 1
  } finally {
    ip('netns', 'del', space)
  }
}

export const hasOwnNetwork = (): boolean => process.env[MARK] !== undefined
