// The Electron entry: the window, or with a command among its arguments (`twofold post …`, the installed app) the command
// line. It loads nothing that the window's first moment does not need: what opens a data folder comes when the window is on
// its way, and the command line only for words that may be a command.
import { app } from 'electron'
import { join } from 'node:path'
import { keychain } from './desktop/keychain'
import { startDesktop } from './desktop/start'

// Unpackaged, Electron's own arguments end with the app's folder.
const argv = process.argv.slice(app.isPackaged ? 1 : 2)

/** Read one by one, so that what the window asks for meanwhile is answered in between. */
const BACKEND: readonly (() => Promise<unknown>)[] = [
  () => import('./identity/sodium'),
  () => import('./store/salvage'),
  () => import('./peer/backend'),
  () => import('./render/markdown'),
  () => import('./window-backend'),
]

function startWindow(): void {
  startDesktop({
    rendererDir: join(__dirname, '../renderer'),
    preloadFile: join(__dirname, '../preload/index.cjs'),
    ...(process.env.ELECTRON_RENDERER_URL !== undefined && { devUrl: process.env.ELECTRON_RENDERER_URL }),
    log: (text, error) => console.error(text, error ?? ''),
    async loadBackend(turn) {
      for (const part of BACKEND) {
        await turn()
        await part()
      }
    },
    async openBackend({ dataDir, painted }) {
      const { openForWindow } = await import('./window-backend')
      return openForWindow({ dataDir, keychain, locale: app.getLocale(), networkAfter: painted })
    },
  })
}

async function startCommandLine(): Promise<void> {
  const { isCommandLine, runInstalled } = await import('./installed-command')
  if (!isCommandLine(argv)) return startWindow()
  await app.whenReady()
  app.exit(await runInstalled(argv, keychain))
}

// Commands are plain words. A start from a menu has no words, an invite link and most folders are none.
if (argv.some((arg) => /^[a-z][a-z-]*$/.test(arg))) void startCommandLine()
else startWindow()
