// A LAN without internet on one machine: hosts in network namespaces on a bridge, no default route. Needs root and
// iproute2; elsewhere the tests that need it are skipped with a message, never under CI.
import { execFileSync } from 'node:child_process'

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })

export interface Lan {
  /** Put in front of a command to run it on host n, from 0. */
  on(host: number): string[]
  /** A host on no network at all, not even loopback. */
  readonly island: string[]
  remove(): void
}

export function canMakeNamespaces(): boolean {
  const name = `tf${process.pid}probe`
  try {
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return true
  } catch {
    return false
  }
}

export function makeLan(hosts: number): Lan {
  const id = `tf${process.pid}e`
  const hub = `${id}hub`
  const island = `${id}island`
  const spaces = Array.from({ length: hosts }, (_unused, n) => `${id}h${n}`)
  const made: string[] = []
  const add = (space: string) => {
    ip('netns', 'add', space)
    made.push(space)
  }
  add(hub)
  add(island)
  ip('-n', hub, 'link', 'add', 'br0', 'type', 'bridge')
  ip('-n', hub, 'link', 'set', 'br0', 'up')
  spaces.forEach((space, n) => {
    add(space)
    ip('-n', hub, 'link', 'add', `p${n}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', space)
    ip('-n', hub, 'link', 'set', `p${n}`, 'master', 'br0', 'up')
    ip('-n', space, 'addr', 'add', `10.78.0.${n + 1}/24`, 'dev', 'eth0')
    ip('-n', space, 'link', 'set', 'lo', 'up')
    ip('-n', space, 'link', 'set', 'eth0', 'up')
  })
  const within = (space: string) => ['ip', 'netns', 'exec', space]
  return {
    on: (host) => within(spaces[host]!),
    island: within(island),
    remove: () => {
      for (const space of made) ip('netns', 'del', space)
    },
  }
}
