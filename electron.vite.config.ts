// Builds out/: the Electron entry, the command line and the threads of both (one pass, CommonJS), the preload script, and the renderer.
// Targets are the older runtime that scripts/electron-runtime.mjs may fall back to; Electron 45 runs the same output.
// CommonJS because an ESM import of better-sqlite3 would get past that runtime's pairing with its own copy.
import { builtinModules } from 'node:module'
import { resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'
import manifest from './package.json' with { type: 'json' }

// Native packages, and those that load them by path, stay in node_modules; every other library is bundled.
const external = [
  'electron',
  ...builtinModules.flatMap((name) => [name, `node:${name}`]),
  ...Object.keys(manifest.dependencies).map((name) => new RegExp(`^${name}(/|$)`)),
]

const node = (input: Record<string, string>, outDir: string) => ({
  build: {
    outDir,
    target: 'node20.18',
    sourcemap: true,
    externalizeDeps: false,
    rollupOptions: {
      input,
      external,
      output: {
        format: 'cjs' as const,
        entryFileNames: '[name].cjs',
        chunkFileNames: '[name]-[hash].cjs',
        banner: (chunk: { name: string; isEntry: boolean }) =>
          chunk.isEntry && chunk.name === 'cli' ? '#!/usr/bin/env node' : '',
      },
    },
  },
})

export default defineConfig({
  main: node(
    {
      index: 'main/index.ts',
      cli: 'main/cli.ts',
      'store-worker': 'main/store-worker.ts',
      'verify-worker': 'main/verify-worker.ts',
      'check-worker': 'main/check-worker.ts',
    },
    'out/main',
  ),
  // A sandboxed preload script can require nothing but electron, so it is one file with all it needs inside.
  preload: node({ index: 'main/preload/index.ts' }, 'out/preload'),
  renderer: {
    root: 'renderer',
    plugins: [react()],
    build: {
      outDir: 'out/renderer',
      target: 'chrome130',
      minify: true,
      sourcemap: false,
      rollupOptions: { input: resolve(import.meta.dirname, 'renderer/index.html') },
    },
  },
})
