// The Electron entry: builds the parts and nothing else. With a command among its arguments (`twofold post …`) the installed
// app is the command line instead, and opens no window.
import { app } from 'electron'
import { join } from 'node:path'
import { version } from '../package.json'
import { speak, wording } from '../shared/errors'
import type { AppState } from '../shared/types'
import { wordingDe } from '../shared/wording-de'
import { assemble } from './assemble'
import { isCommandLine, runCli } from './cli/run'
import { terminalIo } from './cli/terminal'
import { commandParts, openAlone, vaultsWith } from './command-line'
import { keychain } from './desktop/keychain'
import { startDesktop } from './desktop/start'
import { fileVault } from './identity/vault'

// Unpackaged, Electron's own arguments end with the app's folder.
const argv = process.argv.slice(app.isPackaged ? 1 : 2)

if (isCommandLine(argv)) {
  const run = () =>
    runCli({
      argv,
      env: process.env,
      io: terminalIo(commandParts(process.env)),
      version,
      openAlone: openAlone(process.env, keychain),
    })
  void app
    .whenReady()
    .then(run)
    .then((code) => app.exit(code))
} else {
  startDesktop({
    rendererDir: join(__dirname, '../renderer'),
    preloadFile: join(__dirname, '../preload/index.cjs'),
    ...(process.env.ELECTRON_RENDERER_URL !== undefined && { devUrl: process.env.ELECTRON_RENDERER_URL }),
    log: (text, error) => console.error(text, error ?? ''),
    async openBackend({ dataDir }) {
      // Until the settings are read, also for what keeps them from being read.
      const speakAs = (tag: 'en' | 'de') => speak(tag, tag === 'de' ? wordingDe : wording)
      const system = app.getLocale().startsWith('de') ? 'de' : 'en'
      speakAs(system)
      const { backend, close } = await assemble({
        dir: dataDir,
        vault: keychain.available() ? keychain : fileVault,
        vaultOf: vaultsWith(process.env.TWOFOLD_PASSPHRASE || undefined, keychain),
        online: true,
      })
      // Refusals and alerts are told in the window's language.
      const follow = ({ settings }: AppState) => speakAs(settings.language === 'system' ? system : settings.language)
      follow(backend.state())
      backend.subscribe((pushed) => pushed.event === 'state' && follow(pushed.payload))
      return { handlers: backend.handlers, subscribe: (listener) => backend.subscribe(listener), close }
    },
  })
}
