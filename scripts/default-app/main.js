// Stands in for Electron's own default_app.asar in the registry runtime: `electron [flags] <app folder> [args]`.
// It also makes better-sqlite3 mean the copy that was built for this runtime.
const { app } = require('electron')
const Module = require('node:module')
const path = require('node:path')
const { pathToFileURL } = require('node:url')

const resolve = Module._resolveFilename
Module._resolveFilename = function (request, ...rest) {
  const paired = /^better-sqlite3($|\/)/.test(request)
  return resolve.call(this, paired ? path.join(process.resourcesPath, 'node_modules', request) : request, ...rest)
}

// Threads have a module system of their own.
const threads = require('node:worker_threads')
const { Worker } = threads
const pairing = `
const Module = require('node:module')
const resolve = Module._resolveFilename
const modules = ${JSON.stringify(path.join(process.resourcesPath, 'node_modules'))}
Module._resolveFilename = function (request, ...rest) {
  const paired = /^better-sqlite3($|\\/)/.test(request)
  return resolve.call(this, paired ? require('node:path').join(modules, request) : request, ...rest)
}`
threads.Worker = class extends Worker {
  constructor(file, options) {
    super(`${pairing}\nrequire(${JSON.stringify(String(file))})`, { ...options, eval: true })
  }
}

const args = process.argv.slice(1)
let file
for (let i = 0; i < args.length && file === undefined; i++) {
  if (args[i] === '-r' || args[i] === '--require') require(path.resolve(args[++i]))
  else if (!args[i].startsWith('-')) file = args[i]
}
if (file === undefined) {
  console.error('usage: electron [flags] <app folder>')
  process.exit(1)
}
const dir = path.resolve(file)
const manifest = require(path.join(dir, 'package.json'))
app.setAppPath(dir)
app.setName(manifest.productName || manifest.name)
app.setVersion(manifest.version)
app.setPath('userData', path.join(app.getPath('appData'), app.getName()))
const main = require.resolve(path.join(dir, manifest.main || 'index.js'))
if (main.endsWith('.mjs') || (manifest.type === 'module' && !main.endsWith('.cjs')))
  void import(pathToFileURL(main).href)
else Module._load(main, null, true)
