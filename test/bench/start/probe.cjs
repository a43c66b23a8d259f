// Loaded into an Electron before its app (-r): tells on standard error when rows stand painted in a window that can be seen,
// in ms since 1970 UTC, and hides the windows when it is asked to (SIGUSR2). The same for every app that is measured.
const { app, BrowserWindow } = require('electron')

/** Resolves after the frame that shows the first entry. */
const PAINTED = `new Promise((resolve) => {
  const done = () => requestAnimationFrame(() => requestAnimationFrame(() => resolve(Date.now())))
  const here = () => document.querySelector('${process.env.BENCH_SIGN}') !== null
  if (here()) return done()
  const watch = new MutationObserver(() => {
    if (!here()) return
    watch.disconnect()
    done()
  })
  watch.observe(document, { childList: true, subtree: true })
})`
const shown = new Promise((resolve) => {
  app.on('browser-window-created', (_event, window) => {
    if (window.isVisible()) resolve(Date.now())
    else window.once('show', () => resolve(Date.now()))
  })
})
app.on('web-contents-created', (_event, contents) => {
  contents.once('dom-ready', () => {
    void Promise.all([contents.executeJavaScript(PAINTED), shown]).then((times) =>
      process.stderr.write(`painted ${Math.max(...times)}\n`),
    )
  })
})
process.on('SIGUSR2', () => {
  for (const window of BrowserWindow.getAllWindows()) window.hide()
})
