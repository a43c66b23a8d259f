// Loaded before a command that is to be killed: kills it, from a thread that nothing of it holds up, so many milliseconds after
// it first touched its data folder. So moments are exact whatever else the machine does, and none is spent on the loading of
// programs, in which nothing can go wrong. A command that ends before says on descriptor 3 how long it worked, ms.
const fs = require('node:fs')
const { isMainThread, Worker, workerData } = require('node:worker_threads')

if (!isMainThread) {
  if (workerData?.killing) {
    const { flag, afterMs } = workerData.killing
    Atomics.wait(flag, 0, 0)
    Atomics.wait(flag, 0, 1, afterMs)
    process.kill(process.pid, 'SIGKILL')
  }
} else if (process.env.KILL_AFTER_MS) {
  const flag = new Int32Array(new SharedArrayBuffer(4))
  const { mkdirSync } = fs
  new Worker(__filename, {
    workerData: { killing: { flag, afterMs: Number(process.env.KILL_AFTER_MS) } },
    execArgv: [],
    env: {},
  }).unref()
  let begun = 0
  fs.mkdirSync = function (...args) {
    fs.mkdirSync = mkdirSync
    begun = performance.now()
    Atomics.store(flag, 0, 1)
    Atomics.notify(flag, 0)
    return mkdirSync.apply(this, args)
  }
  process.on('exit', () => {
    if (begun) fs.writeSync(3, String(performance.now() - begun))
  })
}
