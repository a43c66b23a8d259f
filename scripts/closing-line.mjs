// Vitest reporter: ends every run with one plain line that people and CI can read, and makes a run that executed no
// test a failed one.
/** @typedef {import('vitest/node').Reporter} Reporter */

/** @implements {Reporter} */
export default class ClosingLine {
  /**
   * @param {ReadonlyArray<import('vitest/node').TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 }
    for (const module of modules) {
      // A file that did not load, or whose hooks failed, has errors of its own and may have no failed test.
      let failedHere = 0
      for (const test of module.children.allTests()) {
        count[test.result().state] += 1
        if (test.result().state === 'failed') failedHere += 1
      }
      if (module.state() === 'failed' && failedHere === 0) count.failed += 1
    }
    if (count.passed === 0 || count.failed > 0 || count.pending > 0) process.exitCode = 1
    this.line = `${count.passed} passed, ${count.failed + count.pending} failed, ${count.skipped} skipped`
    process.once('exit', () => console.log(`\n${this.line}`)) // after every other reporter's last word
  }
}
