// `npm run package -- [dir|deb|AppImage|nsis|dmg]`: electron-builder, on the Electron that this machine has.
// With `--e2e`: into dist-e2e, with the inspector fuse on, which Playwright's own launch needs; every other fuse stays
// as in production. With `--out DIR`: into another folder. Ends by printing what was made, with sizes.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build, Platform } from 'electron-builder'
import { electronRuntime, root } from './electron-runtime.mjs'

const { values, positionals: targets } = parseArgs({
  allowPositionals: true,
  options: { e2e: { type: 'boolean', default: false }, out: { type: 'string' } },
})
const output = resolve(root, values.out ?? (values.e2e ? 'dist-e2e' : 'dist'))
/** Installers are made on the system that they are for: native modules, signing and disk images need it. */
const madeOn = { deb: 'linux', AppImage: 'linux', nsis: 'win32', dmg: 'darwin' }
for (const target of targets) {
  const system = madeOn[target] ?? process.platform
  if (target !== 'dir' && (!madeOn[target] || system !== process.platform)) {
    const why = madeOn[target] ? `is made on ${system}` : `is not known (${Object.keys(madeOn).join(', ')}, dir)`
    console.error(`The target ${target} ${why}; this is ${process.platform}.`)
    process.exit(1)
  }
}
const runtime = await electronRuntime()
const fromRegistry = runtime.source === 'registry'
if (fromRegistry) {
  console.error(`Electron ${runtime.version} is an old one, for development only: do not publish this package.`)
  process.env.CUSTOM_FPM_PATH ??= join(import.meta.dirname, 'fpm-deb.mjs') // electron-builder's own must be downloaded
}

/** @type {import('electron-builder').Configuration} */
const config = {
  extends: join(root, 'electron-builder.yml'),
  electronVersion: runtime.version,
  directories: { output, buildResources: 'build' },
  ...(values.e2e && { electronFuses: { enableNodeCliInspectArguments: true } }),
  // A given dist is copied as it is; without one electron-builder takes its zip from the download cache and tidies it.
  ...(runtime.source !== 'package' && {
    electronDist: runtime.dist,
    afterPack: async ({ appOutDir }) => {
      for (const file of ['resources/default_app.asar', 'version']) rmSync(join(appOutDir, file), { force: true })
    },
  }),
  // The registry runtime carries its own better-sqlite3 in resources/node_modules, where resolution then ends up.
  ...(fromRegistry && { files: ['!node_modules/better-sqlite3/**'] }),
}
const platforms = { linux: Platform.LINUX, darwin: Platform.MAC, win32: Platform.WINDOWS }
const platform = platforms[process.platform]
if (!platform) throw new Error(`No installers are made on ${process.platform}`)
await build({
  projectDir: root,
  targets: platform.createTarget(targets.length > 0 ? targets : undefined),
  config,
  publish: 'never',
})

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`
function size(path) {
  const info = statSync(path)
  if (!info.isDirectory()) return info.size
  return readdirSync(path).reduce((sum, name) => sum + size(join(path, name)), 0)
}
for (const name of readdirSync(output)) {
  if (!/\.(deb|AppImage|exe|dmg)$|-unpacked$/.test(name)) continue
  const path = join(output, name)
  console.log(`${relative(process.cwd(), path)}  ${megabytes(size(path))}`)
}
