// Bundles a TypeScript file of the tests and runs it on plain Node, without a test runner around it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'vite'
import { root } from './electron-runtime.mjs'

/** The exit code. `entry`: relative to the project. */
export async function runBundled(entry, args) {
  const file = join(root, entry)
  if (!existsSync(file)) {
    console.error(`There is no ${entry}.`)
    return 2
  }
  const outDir = join(root, 'node_modules/.cache/bundled', entry.replaceAll('/', '-'))
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    // It finds the project by its own place, so it stays where it is.
    plugins: [
      {
        name: 'runtime stays',
        enforce: 'pre',
        resolveId: (id) =>
          id.endsWith('/electron-runtime.mjs')
            ? { id: pathToFileURL(join(root, 'scripts/electron-runtime.mjs')).href, external: true }
            : null,
      },
    ],
    build: {
      ssr: file,
      outDir,
      emptyOutDir: true,
      target: 'node24',
      rollupOptions: { output: { entryFileNames: 'index.mjs' } },
    },
  })
  const { status } = spawnSync(process.execPath, ['--expose-gc', join(outDir, 'index.mjs'), ...args], {
    stdio: 'inherit',
    cwd: root,
  })
  return status ?? 1
}
