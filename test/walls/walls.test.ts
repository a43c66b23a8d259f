// The walls between rooms stand: in a copy that has the real configuration but one small file per room, every
// forbidden import and every forbidden name is planted once, and the compiler or the linter must point at that very
// line. The control proves that the plants are otherwise sound: without the walls, the same lines pass.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onlyIn, rooms } from '../../oxlint.config'

const root = join(import.meta.dirname, '../..')

interface Finding {
  /** Path and line of the plant, such as 'main/store/plant.ts:3'. */
  readonly at: string
  /** The compiler's number or the linter's rule, such as 'TS6307' or 'eslint(no-restricted-imports)'. */
  readonly what: string
}

/** Runs a tool of this checkout in `folder`, whatever it answers. */
function run(tool: string, args: string[], folder: string): Promise<string> {
  return new Promise((done) => {
    const options = { cwd: folder, maxBuffer: 64e6 }
    execFile(process.execPath, [join(root, 'node_modules', tool), ...args], options, (_error, stdout, stderr) => {
      done(stdout + stderr)
    })
  })
}

async function compile(folder: string): Promise<Finding[]> {
  const text = await run('typescript/bin/tsc', ['-b', '--pretty', 'false'], folder)
  return [...text.matchAll(/^(\S+?)\((\d+),\d+\): error (TS\d+)/gm)].map(([, file, line, code]) => ({
    at: `${file}:${line}`,
    what: code!,
  }))
}

async function lint(folder: string): Promise<Finding[]> {
  const text = await run('oxlint/bin/oxlint', ['--type-aware', '-f', 'unix'], folder)
  if (!/\d+ problems?\s*$/.test(text) && text.trim() !== '') throw new Error(text)
  return [...text.matchAll(/^(\S+?):(\d+):\d+: .*\[\w+\/(.*)\]$/gm)].map(([, file, line, rule]) => ({
    at: `${file}:${line}`,
    what: rule!,
  }))
}

// ---------------------------------------------------------------------------------------------------- the plants

const places = [...Object.keys(rooms), 'main', 'test', 'scripts']
/** The one file of a place that others may try to import. */
const doorOf = (place: string) => `${place}/${place === 'main' ? 'assemble' : 'door'}`

interface Plant {
  readonly file: string
  readonly line: string
  /** At least one of these must be found at that line. */
  readonly expected: readonly string[]
}

const wall = 'eslint(no-restricted-imports)'

function forbiddenImports(place: string, file: string): Plant[] {
  const allowed: readonly string[] = rooms[place]?.mayImport ?? Object.keys(rooms).filter((room) => room !== 'renderer')
  const forbiddenPlaces = places.filter((other) => other !== place && !allowed.includes(other))
  const forbiddenPackages = Object.keys(onlyIn).filter(
    (name) => !onlyIn[name]!.some((owner) => owner === place || owner === file),
  )
  return [
    ...forbiddenPlaces.map((other) => ({ file, line: `import '${climb(file, doorOf(other))}'`, expected: [wall] })),
    ...forbiddenPackages.map((name) => ({ file, line: `import '${name}'`, expected: [wall] })),
  ]
}

function climb(from: string, to: string): string {
  const path = relative(dirname(from), to)
  return path.startsWith('.') ? path : `./${path}`
}

/** What a line means where the world that it names does not exist. */
const unknownName = ['TS2304', 'TS2584', 'TS2591', 'TS2580', 'TS2307', 'TS2552', 'TS2503']
const globalRule = 'eslint(no-restricted-globals)'

const planted: Plant[] = [
  ...Object.keys(rooms).flatMap((room) => forbiddenImports(room, `${room}/plant.ts`)),
  ...forbiddenImports('main', 'main/cli.ts'),
  { file: 'main/protocol/clock.ts', line: 'export const now = Date.now()', expected: [globalRule] },
  { file: 'main/protocol/clock.ts', line: 'export const today = new Date()', expected: [globalRule] },
  { file: 'main/protocol/clock.ts', line: 'export const around = globalThis', expected: [globalRule] },
  {
    file: 'main/protocol/chance.ts',
    line: 'export const value = Math.random()',
    expected: ['eslint(no-restricted-properties)'],
  },
  ...['setTimeout', 'setInterval', 'console', 'process', 'performance', 'fetch', 'Buffer'].map((name) => ({
    file: 'main/protocol/world.ts',
    line: `export const ${name}Here = typeof ${name} === 'undefined' ? 0 : ${name}`,
    expected: [globalRule],
  })),
  ...['shared', 'main/protocol', 'renderer'].map((room) => ({
    file: `${room}/builtin.ts`,
    line: "import 'node:fs'",
    expected: [wall],
  })),
  { file: 'shared/ring-one.ts', line: "export { two as one } from './ring-two'", expected: ['import(no-cycle)'] },
  { file: 'shared/ring-two.ts', line: "export { one as two } from './ring-one'", expected: ['import(no-cycle)'] },
]

/** Apart from the others, because a forbidden import can bring Node's types along. */
const plantedNames: Plant[] = [
  ...['main/protocol', 'shared'].flatMap((room) =>
    ['document', 'window', 'process', 'Buffer'].map((name) => ({
      file: `${room}/types.ts`,
      line: `export const ${name}Here = (): unknown => ${name}`,
      expected: unknownName,
    })),
  ),
  { file: 'renderer/node.ts', line: 'export const here = (): unknown => process', expected: unknownName },
  { file: 'main/store/page.ts', line: 'export const here = (): unknown => document', expected: unknownName },
]

/** Not a wall, but proof that the linter's rules which need types are really running. */
const plantedPromise: Plant = {
  file: 'main/peer/promise.ts',
  line: 'export const forget = () => { Promise.resolve(1) }',
  expected: ['typescript(no-floating-promises)'],
}

// ------------------------------------------------------------------------------------------------------- the copy

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

/** The real configuration around rooms that hold one file each. */
function makeCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'twofold-walls-'))
  folders.push(folder)
  for (const file of ['package.json', 'tsconfig.json', 'oxlint.config.ts', 'shared/utf8.d.ts']) {
    cpSync(join(root, file), join(folder, file))
  }
  const base = readFileSync(join(root, 'tsconfig.base.json'), 'utf8')
  // Not into node_modules, which is this checkout's own.
  writeFileSync(join(folder, 'tsconfig.base.json'), base.replace(/"outDir": "[^"]*"/, '"outDir": "out"'))
  for (const place of places) {
    cpSync(join(root, place, 'tsconfig.json'), join(folder, place, 'tsconfig.json'))
    writeFileSync(join(folder, `${doorOf(place)}.${place === 'scripts' ? 'mjs' : 'ts'}`), 'export const door = true\n')
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return folder
}

/** Writes the plants, one a line, and says where each came to stand. */
function sow(folder: string, plants: readonly Plant[]): Map<Plant, string> {
  const lines = new Map<string, string[]>()
  const at = new Map<Plant, string>()
  for (const plant of plants) {
    const file = lines.get(plant.file) ?? ['export {}']
    lines.set(plant.file, [...file, plant.line])
    at.set(plant, `${plant.file}:${file.length + 1}`)
  }
  for (const [file, text] of lines) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${text.join('\n')}\n`)
  }
  return at
}

/** Takes the walls down: one program with every world in it, and the linter without the rules of single folders. */
function tearDown(folder: string): void {
  const include = ['main', 'renderer', 'shared', 'test', 'scripts']
  const compilerOptions = { lib: ['es2023', 'dom'], types: ['node'], allowJs: true, jsx: 'react-jsx' }
  for (const place of places) rmSync(join(folder, place, 'tsconfig.json'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: './tsconfig.base.json', compilerOptions, include }),
  )
  cpSync(join(folder, 'oxlint.config.ts'), join(folder, 'walls.ts'))
  writeFileSync(
    join(folder, 'oxlint.config.ts'),
    "import walls from './walls.ts'\nexport default { ...walls, rules: {}, overrides: [] }\n",
  )
}

describe('the walls between rooms', () => {
  let bare: Finding[]
  let control: Finding[]
  const positions = new Map<Plant, string>()
  /** What was found at a plant's line. */
  const found = new Map<Plant, string[]>()

  beforeAll(async () => {
    const clean = makeCopy()
    bare = [...(await compile(clean)), ...(await lint(clean))]

    for (const plants of [[...planted, plantedPromise], plantedNames]) {
      const copy = makeCopy()
      const sown = sow(copy, plants)
      const findings = [...(await compile(copy)), ...(await lint(copy))]
      for (const [plant, position] of sown) {
        positions.set(plant, position)
        found.set(
          plant,
          findings.filter(({ at }) => at === position).map(({ what }) => what),
        )
      }
    }

    const open = makeCopy()
    sow(open, [...planted, ...plantedNames])
    tearDown(open)
    control = [...(await compile(open)), ...(await lint(open))]
  })

  test('are silent where nothing is forbidden', () => {
    expect(bare).toEqual([])
  })

  test('name every planted violation', () => {
    const unnoticed = [...positions]
      .filter(([plant]) => !plant.expected.some((what) => found.get(plant)?.includes(what)))
      .map(([plant, at]) => `${at} ${plant.line} → ${found.get(plant)?.join(', ')}`)
    expect(unnoticed).toEqual([])
    expect(positions.size).toBeGreaterThan(250)
  })

  test('are also seen by the compiler, where no permitted room leads there', () => {
    const reach = (room: string): Set<string> =>
      new Set((rooms[room]?.mayImport ?? []).flatMap((next) => [next, ...reach(next)]))
    const unnoticed = [...positions]
      .filter(([plant]) => plant.line.startsWith("import '.") && plant.file.endsWith('/plant.ts'))
      .filter(([plant]) => !plant.line.includes('scripts/')) // JavaScript: only the linter looks at it from a room
      .filter(([plant]) => {
        const target = dirname(resolve('/', dirname(plant.file), plant.line.slice("import '".length, -1))).slice(1)
        return !reach(dirname(plant.file)).has(target)
      })
      .filter(([plant]) => !found.get(plant)?.includes('TS6307'))
      .map(([plant, at]) => `${at} ${plant.line}`)
    expect(unnoticed).toEqual([])
  })

  test('are what names them: without the walls the same lines pass', () => {
    const guards = new Set([...[...planted, ...plantedNames].flatMap((plant) => plant.expected), 'TS6307'])
    expect(control.filter(({ what }) => guards.has(what))).toEqual([])
  })

  test('are the same for the compiler and the linter', () => {
    const references = (place: string) => {
      const config = JSON.parse(readFileSync(join(root, place, 'tsconfig.json'), 'utf8')) as {
        references?: { path: string }[]
      }
      return (config.references ?? []).map(({ path }) => relative(root, resolve(root, place, path))).sort()
    }
    for (const [room, { mayImport }] of Object.entries(rooms)) {
      expect([room, ...references(room)]).toEqual([room, ...mayImport.toSorted()])
    }
    const all = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { references: { path: string }[] }
    expect(all.references.map(({ path }) => path).sort()).toEqual(places.toSorted())
  })

  test('stand in the real tree', async () => {
    expect([...(await compile(root)), ...(await lint(root))]).toEqual([])
  })
})
