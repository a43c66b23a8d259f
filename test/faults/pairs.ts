// Two real peers of one circle on loopback, for the faults that need somebody else: started, watched, and equal in the end.
import { TwofoldError } from '../../shared/errors'
import { judge, makeFolders, openHere, texts } from './folders'
import { startPeer, type PeerProcess, type StartOptions } from './processes'
import type { Round } from './rounds'
import { waitFor } from '../support/wait'

export interface Side {
  name: string
  dir: string
  peer: PeerProcess | null
  options: StartOptions
}

/** A claim takes four seconds, a link two, and a machine that is busy its time. */
const SETTLES_MS = 60_000

export const makePair = (round: Round): [Side, Side] => {
  const [ann, bob] = makeFolders(round.dir, ['Ann', 'Bob']) as [string, string]
  return [
    { name: 'Ann', dir: ann, peer: null, options: {} },
    { name: 'Bob', dir: bob, peer: null, options: {} },
  ]
}

export async function start(side: Side): Promise<PeerProcess> {
  side.peer = await startPeer(side.dir, side.options)
  return side.peer
}
export async function stop(side: Side): Promise<void> {
  const { peer } = side
  side.peer = null
  if (!peer) return
  peer.control.close()
  await peer.process.stop()
}
/** Whatever is left of a round that failed. */
export async function end(...sides: Side[]): Promise<void> {
  for (const side of sides) {
    side.peer?.control.close()
    if (side.peer?.process.running) await side.peer.process.signal('SIGKILL')
    side.peer = null
  }
}
export async function kill(side: Side): Promise<void> {
  side.peer!.control.close()
  await side.peer!.process.signal('SIGKILL')
  side.peer = null
}

export const stateOf = (side: Side) => side.peer!.control.call('state.get', {})
export const linked = (side: Side) =>
  waitFor(`${side.name} to be linked`, async () => (await stateOf(side)).network.links.length > 0, SETTLES_MS)

/** Both run, are linked, and have compared: each holds what the other holds. */
export async function untilEqual(a: Side, b: Side): Promise<void> {
  await waitFor(
    'both to hold the same',
    async () => {
      const [one, other] = await Promise.all([stateOf(a), stateOf(b)])
      const settled = [one, other].every(({ sync }) => sync.compared && sync.missing === 0)
      // By member: each may lack the other's last entry, and count as many.
      const held = [one, other].map(({ circle }) =>
        circle!.members
          .map(({ key, entries }) => `${key} ${entries}`)
          .sort()
          .join(),
      )
      return settled && one.sync.have === other.sync.have && held[0] === held[1]
    },
    SETTLES_MS,
  )
}

/**
 * Stops both and looks into their folders: the same entries with the same texts, every node sound, and on both all that was
 * answered as stored on either.
 */
export async function demandEqual(a: Side, b: Side, acknowledged: Iterable<string>): Promise<void> {
  await stop(a)
  await stop(b)
  const all = [...acknowledged]
  for (const side of [a, b]) await judge(side.dir, all, false)
  const [one, other] = await Promise.all(
    [a, b].map(async ({ dir }) => {
      const opened = await openHere(dir)
      try {
        return await texts(opened)
      } finally {
        await opened.close()
      }
    }),
  )
  if (one!.size !== other!.size) throw new Error(`${a.name} holds ${one!.size} entries, ${b.name} ${other!.size}`)
  for (const [id, text] of one!) if (other!.get(id) !== text) throw new Error(`they differ in ${id}`)
}

/** A claim takes four seconds and a busy machine its time; an answer that takes longer never comes. */
const ANSWER_MS = 30_000

/** Posts through a running peer; what was answered goes to `acknowledged`. False: it was refused. Throws when nothing comes. */
export async function post(side: Side, text: string, acknowledged: Set<string>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), ANSWER_MS)))
  try {
    const row = await Promise.race([side.peer!.control.call('entry.post', { text }), late])
    if (row === 'late') throw new Error(`${side.name} did not answer a post within ${ANSWER_MS} ms`)
    if (row) acknowledged.add(row.id)
    return row !== null
  } catch (error) {
    if (error instanceof TwofoldError) return false
    throw error
  } finally {
    clearTimeout(timer)
  }
}
export const lines = (round: Round, count: number, bytesMax: number): string[] =>
  Array.from({ length: count }, (_unused, i) => `entry ${i} ${'s'.repeat(round.between(0, bytesMax))}`.trim())
