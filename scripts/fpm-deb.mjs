#!/usr/bin/env node
// The part of fpm's command line that electron-builder uses for a .deb, carried out by Debian's own dpkg-deb. For
// machines that cannot download electron-builder's fpm: scripts/package.mjs sets CUSTOM_FPM_PATH to this file there.
// TWOFOLD_DEB_COMPRESSION (xz, gzip, none …) overrides the compression; the packaging tests want a quick one.
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const switches = new Set(['--force', '--debug'])
/** @type {Record<string, string>} */
const options = {}
/** @type {{ depends: string[], recommends: string[], files: [from: string, to: string][] }} */
const lists = { depends: [], recommends: [], files: [] }
const args = process.argv.slice(2)
while (args.length > 0) {
  const arg = String(args.shift())
  if (switches.has(arg)) continue
  if (arg === '-d') lists.depends.push(String(args.shift()))
  else if (arg === '--deb-recommends') lists.recommends.push(String(args.shift()))
  else if (arg.startsWith('-')) options[arg] = String(args.shift())
  else lists.files.push([arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)])
}
const target = options['--package']
if (options['-t'] !== 'deb' || !target) throw new Error(`fpm-deb: cannot make ${options['-t']} at ${target}`)

/** Gives everything the modes of a package, whatever the builder's umask; @returns {number} bytes in `path` */
function tidy(path) {
  const info = lstatSync(path)
  if (info.isSymbolicLink()) return 0
  if (!info.isDirectory()) {
    chmodSync(path, info.mode & 0o111 ? 0o755 : 0o644)
    return info.size
  }
  chmodSync(path, 0o755)
  return readdirSync(path).reduce((bytes, name) => bytes + tidy(join(path, name)), 0)
}

const stage = mkdtempSync(join(tmpdir(), 'fpm-deb-'))
try {
  for (const [from, to] of lists.files) {
    mkdirSync(dirname(join(stage, to)), { recursive: true })
    cpSync(from, join(stage, to), { recursive: true, verbatimSymlinks: true })
  }
  const bytes = tidy(stage)
  const [synopsis = '', ...more] = (options['--description'] ?? '').trim().split('\n')
  const control = {
    Package: options['--name'],
    Version: options['--version'] + (options['--iteration'] ? `-${options['--iteration']}` : ''),
    Architecture: options['--architecture'],
    Maintainer: options['--maintainer'],
    'Installed-Size': Math.ceil(bytes / 1024),
    Depends: lists.depends.join(', '),
    Recommends: lists.recommends.join(', '),
    Section: options['--category'] ?? 'default',
    Priority: options['--deb-priority'] ?? 'optional',
    Homepage: options['--url'],
    Description: [synopsis.trim() || options['--name'], ...more.map((line) => ` ${line.trim() || '.'}`)].join('\n'),
  }
  const fields = Object.entries(control).filter(([, value]) => value)
  const debian = join(stage, 'DEBIAN')
  mkdirSync(debian)
  writeFileSync(join(debian, 'control'), fields.map(([name, value]) => `${name}: ${value}\n`).join(''))
  for (const [option, script] of [
    ['--after-install', 'postinst'],
    ['--after-remove', 'postrm'],
  ]) {
    const from = options[String(option)]
    if (from) writeFileSync(join(debian, String(script)), readFileSync(from), { mode: 0o755 })
  }
  const compression = process.env.TWOFOLD_DEB_COMPRESSION ?? options['--deb-compression'] ?? 'xz'
  execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', stage, target], { stdio: 'inherit' })
  if (statSync(target).size === 0) throw new Error('fpm-deb: empty package')
} finally {
  rmSync(stage, { recursive: true, force: true })
}
