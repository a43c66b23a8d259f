// Lint rules, and the walls between rooms as far as a linter can guard them: which room may import which, which
// package only one room may import, and what the pure rooms may not even name. The other guard is the compiler
// (each room's tsconfig.json lists its permitted rooms as `references`); test/walls plants violations against both.
import { defineConfig, type OxlintOverride } from 'oxlint'

/** A room is a folder. `main` is the entry room: index.ts, cli.ts and assemble.ts, which put the parts together. */
export interface Room {
  /** The rooms whose files it may import, besides its own. */
  readonly mayImport: readonly string[]
  /** `pure` rooms have neither Node's nor the browser's world; `browser` has no Node; `node` no restriction. */
  readonly world: 'pure' | 'browser' | 'node'
}

export const rooms: Readonly<Record<string, Room>> = {
  shared: { mayImport: [], world: 'pure' },
  'main/protocol': { mayImport: ['shared'], world: 'pure' },
  'main/identity': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/store': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/net': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/archive': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/render': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/peer': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/workers': { mayImport: ['shared', 'main/protocol'], world: 'node' },
  'main/ipc': { mayImport: ['shared', 'main/protocol', 'main/peer', 'main/render'], world: 'node' },
  'main/preload': { mayImport: ['shared'], world: 'node' },
  'main/desktop': { mayImport: ['shared', 'main/ipc', 'main/peer'], world: 'node' },
  'main/simulator': { mayImport: ['shared', 'main/protocol', 'main/peer', 'main/net'], world: 'node' },
  'main/cli': { mayImport: ['shared', 'main/ipc', 'main/peer', 'main/simulator'], world: 'node' },
  renderer: { mayImport: ['shared'], world: 'browser' },
}

/** Packages that only the named places may import, so that one room alone knows each. Tests may import anything. */
export const onlyIn: Readonly<Record<string, readonly string[]>> = {
  electron: ['main/index.ts', 'main/desktop', 'main/preload'],
  'sodium-native': ['main/identity'],
  '@scure/bip39': ['main/identity'],
  'better-sqlite3': ['main/store'],
  hyperswarm: ['main/net'],
  hyperdht: ['main/net'],
  'multicast-dns': ['main/net'],
  'markdown-it': ['main/render'],
  lowlight: ['main/render'],
  diff: ['main/render'],
  react: ['renderer'],
  'react-dom': ['renderer'],
  '@base-ui/react': ['renderer'],
  'lucide-react': ['renderer'],
  vitest: [],
  'fast-check': [],
  'playwright-core': [],
  'axe-core': [],
}

const places = [...Object.keys(rooms), 'main', 'test', 'scripts']
/** Matches a relative path that climbs out of its folder and ends in `place`; from main/x one climb leaves main/. */
const climbsTo = (place: string) => {
  if (place === 'main') return String.raw`^(\.\./)+(main/)?(index|cli|assemble)(\.[cm]?[jt]sx?)?$`
  return String.raw`^(\.\./)+(main/)?${place.replace(/^main\//, '')}(/.*)?$`
}

function walls(place: string, files: string[], may: readonly string[], world: Room['world']): OxlintOverride {
  const forbiddenPlaces =
    place === 'main' ? ['renderer', 'test', 'scripts'] : places.filter((p) => p !== place && !may.includes(p))
  const forbiddenPackages = Object.keys(onlyIn).filter(
    (name) => !files.some((f) => onlyIn[name]?.some((owner) => f.startsWith(owner))),
  )
  const patterns = [
    ...forbiddenPlaces.map((p) => ({ regex: climbsTo(p), message: `Wall: ${place} may not import ${p}.` })),
    ...forbiddenPackages.map((name) => ({
      group: [name, `${name}/*`],
      message: `Wall: ${place} may not import ${name}.`,
    })),
    ...(world === 'node' ? [] : [{ regex: '^node:', message: `Wall: ${place} has no Node.` }]),
  ]
  return { files, rules: { 'no-restricted-imports': ['error', { patterns }] } }
}

const roomWalls = Object.entries(rooms).map(([room, { mayImport, world }]) =>
  walls(room, [`${room}/**`], mayImport, world),
)
const entryWalls = [
  walls('main', ['main/*.ts'], [], 'node'),
  walls('main', ['main/index.ts'], [], 'node'), // the one entry that may import electron
]

const world =
  'what decides is a function of its arguments; the driver in main/peer hands in time, chance and the world.'

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'react', 'import', 'vitest', 'jsx-a11y'],
  categories: { correctness: 'error' },
  options: { typeAware: true, denyWarnings: true },
  ignorePatterns: ['node_modules', 'out', 'dist', 'dist-e2e', '.scratch', 'test-results'],
  rules: {
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-var': 'error',
    'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
    'jsx-a11y/prefer-tag-over-role': 'off', // role="status" says what <output> does not
    'import/no-cycle': 'error',
    'typescript/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    'typescript/only-throw-error': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'react/rules-of-hooks': 'error',
    'vitest/no-focused-tests': 'error',
    // A property is asserted by fast-check; in a window or a network, waiting for something to appear is the assertion.
    'vitest/expect-expect': [
      'error',
      { assertFunctionNames: ['expect', 'expect*', 'assert*', 'fc.assert', '**.waitFor', 'waitFor*', 'until*'] },
    ],
    // Off: correct code here looks like what they warn of.
    'eslint/no-control-regex': 'off', // text from peers is cleaned of control characters
    'jsx-a11y/no-noninteractive-tabindex': 'off', // what scrolls must be reachable by keyboard
    'react/refs': 'off', // for React's compiler, which is not used; the virtual list measures
    'react/set-state-in-effect': 'off', // the same
    'typescript/unbound-method': 'off', // parts are objects of closures, whose functions may be handed on
    'unicorn/no-useless-spread': 'off', // a copy, because the set changes while it is walked
    'typescript/no-misused-spread': ['error', { allow: ['string'] }], // code points are what is counted
    'vitest/no-conditional-expect': 'off', // results are unions; the compiler wants the case distinction
    'vitest/valid-expect': 'off', // expect takes a message; a forgotten await is found by no-floating-promises
  },
  overrides: [
    ...roomWalls,
    ...entryWalls,
    {
      files: ['main/protocol/**'],
      rules: {
        'no-restricted-globals': [
          'error',
          ...[
            'Date',
            'setTimeout',
            'setInterval',
            'setImmediate',
            'queueMicrotask',
            'console',
            'process',
            'globalThis',
            'performance',
            'crypto',
            'fetch',
            'Buffer',
          ].map((name) => ({ name, message: `Wall: main/protocol has no ${name}; ${world}` })),
        ],
        'no-restricted-properties': [
          'error',
          { object: 'Math', property: 'random', message: `Wall: main/protocol has no chance; ${world}` },
        ],
      },
    },
    { files: ['**/*.d.ts'], rules: { 'typescript/consistent-type-imports': 'off' } },
    {
      // A test that needs what this machine lacks must say so itself; it never hides behind a bare skip.
      files: ['test/**'],
      rules: { 'vitest/no-disabled-tests': 'error' },
    },
  ],
})
