// Loaded into a real Twofold before anything else (NODE_OPTIONS=--require): its wall clock differs from the machine's by what
// the file CLOCK_SHIFT says, in ms, as it says it at the moment. Timers and performance.now go on as they are.
const { readFileSync } = require('node:fs')
const Real = Date
const file = process.env.CLOCK_SHIFT
let shift = 0
let readAt = -Infinity
const now = () => {
  const real = Real.now()
  if (real - readAt > 20) {
    readAt = real
    try {
      shift = Number(readFileSync(file, 'utf8')) || 0
    } catch {
      // As it was.
    }
  }
  return real + shift
}
globalThis.Date = new Proxy(Real, {
  construct: (target, args) => (args.length ? new target(...args) : new target(now())),
  apply: (target) => new target(now()).toString(),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
})
