// A folder that cannot be written to, from the start or from some moment on: refused in words, nothing changed, and everything
// goes on when it can be written to again.
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import { judge, makeFolders, openHere } from './folders'
import { mustBeHonest } from './full-disk'
import { ran, startPeer } from './processes'
import { pause, type Kind } from './rounds'
import { smallDisk, whyNoMount } from './small-disk'

const REFUSED = /\b(FOLDER_UNWRITABLE|DISK_FULL)\b/

export const readOnly: Kind = {
  about: 'a folder that becomes read-only',
  impossible: whyNoMount,
  async round(round) {
    const disk = smallDisk(join(round.dir, 'disk'), 8192)
    try {
      const [made] = makeFolders(join(round.dir, 'made'), ['Ann']) as [string]
      const dir = join(disk.path, 'data')
      const acknowledged = new Set<string>()
      const opened = await openHere(made)
      for (let i = 0; i < 10; i++) acknowledged.add((await opened.call('entry.post', { text: `before ${i}` }))!.id)
      await opened.close()
      cpSync(made, dir, { recursive: true })
      if (round.chance() < 0.5) {
        round.note('read-only from the start')
        disk.readOnly(true)
        for (const args of [['post', 'no'], ['timeline', '--json'], ['state'], ['peer']])
          if (mustBeHonest(args[0]!, await ran(dir, args), REFUSED)) throw new Error(`${args[0]} said that it was done`)
        const fresh = join(disk.path, 'new')
        if (mustBeHonest('init', await ran(fresh, ['init', '--name', 'Bob']), REFUSED)) throw new Error('init was done')
      } else {
        const peer = await startPeer(dir)
        const before = round.between(0, 10)
        for (let i = 0; i < before; i++)
          acknowledged.add((await peer.control.call('entry.post', { text: `while it could ${i}` }))!.id)
        // Files that are open for writing keep a mount from changing at once: killed, as by a disk that goes away.
        await peer.process.signal('SIGKILL')
        peer.control.close()
        round.note(`read-only after ${before} entries and a kill`)
        disk.readOnly(true)
        if (mustBeHonest('post', await ran(dir, ['post', 'no']), REFUSED)) throw new Error('post was done')
      }
      disk.readOnly(false)
      await judge(dir, acknowledged)
      await pause(0)
    } catch (error) {
      if (error instanceof TwofoldError) throw new Error(`${error.code}: ${error.message}`, { cause: error })
      throw error
    } finally {
      disk.remove()
    }
  },
}
