// Answers the part of the contract about what lies on the disk.
import { isAbsolute, relative, sep } from 'node:path'
import { TwofoldError } from '../../shared/errors'
import type { Handlers } from '../../shared/ipc-contract'
import type { storageCalls } from '../../shared/storage-calls'
import type { Circle } from './circle'
import { pacer } from './pace'
import type { Parts } from './ports'

interface Ports {
  parts(): Pick<Parts, 'dir' | 'files' | 'archive'>
  /** Throws CIRCLE_MISSING. */
  circle(): Circle
  keepMirror(folder: string | null): void
  restore(path: string, words: string, name: string | undefined): Promise<void>
}

/** `inner` is `outer`, or lies in it. */
function liesIn(inner: string, outer: string): boolean {
  const way = relative(outer, inner)
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way))
}
const absolute = (path: string): string => {
  if (!isAbsolute(path)) throw new TwofoldError('BAD_ARGUMENTS', { detail: 'The path must be absolute.' })
  return path
}

export function storageHandlers({
  parts,
  circle,
  keepMirror,
  restore,
}: Ports): Pick<Handlers, keyof typeof storageCalls | 'store.verify'> {
  return {
    'store.verify': () => {
      const pace = pacer()
      return circle().storage.verifyAll(() => pace())
    },
    'storage.get': () => circle().storage.view(),
    'storage.job': () => circle().storage.job(),
    'storage.check': () => circle().storage.check(),
    'storage.compact': () => circle().storage.compact(),
    'storage.export': ({ form, path, replace }) => circle().storage.export(form, absolute(path), replace),
    'storage.backup': ({ path, replace }) => circle().storage.backup(absolute(path), replace),
    'storage.import': ({ path }) => circle().storage.import(absolute(path)),
    'storage.cancel': () => {
      circle().storage.cancel()
      return null
    },
    'storage.forget': ({ file }) => {
      parts().files.forgetAside(file)
      return null
    },
    'mirror.set': ({ folder }) => {
      const { mirror } = circle()
      if (folder !== null) {
        if (liesIn(absolute(folder), parts().dir)) throw new TwofoldError('MIRROR_INSIDE')
        parts().archive.makeCopyFolder(folder)
      }
      keepMirror(folder)
      mirror.use(folder)
      return null
    },
    'mirror.check': () => circle().storage.checkMirror(),
    'backup.restore': async ({ path, words, name }) => {
      await restore(absolute(path), words, name)
      return null
    },
    // The window's own; a command line has its arguments.
    'file.choose': () => {
      throw new TwofoldError('NO_DIALOG')
    },
    'folder.show': () => {
      throw new TwofoldError('NO_DIALOG')
    },
  }
}
