// `npm run bench [-- ARGS]`: bundles test/bench/index.ts and runs it on plain Node, so that what is measured is the
// product's own code without a test runner around it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'vite'
import { root } from './electron-runtime.mjs'

const entry = join(root, 'test/bench/index.ts')
if (!existsSync(entry)) {
  console.error('There are no benches yet: test/bench/index.ts is missing.')
  process.exit(1)
}
const outDir = join(root, 'node_modules/.cache/bench')
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: entry,
    outDir,
    emptyOutDir: true,
    target: 'node24',
    rollupOptions: { output: { entryFileNames: 'index.mjs' } },
  },
})
const { status } = spawnSync(process.execPath, ['--expose-gc', join(outDir, 'index.mjs'), ...process.argv.slice(2)], {
  stdio: 'inherit',
  cwd: root,
})
process.exit(status ?? 1)
