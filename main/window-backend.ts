// What stands behind the window: the parts of one data folder, with the system's keychain where there is one, and the
// language that refusals are told in.
import { speak, TwofoldError, wording } from '../shared/errors'
import type { TextHandlers } from '../shared/ipc-contract'
import type { AppState } from '../shared/types'
import { wordingDe } from '../shared/wording-de'
import { assemble, type Running } from './assemble'
import { fileVault, type Vault } from './identity/vault'
import type { Backend } from './ipc/dispatch'
import { vaultsWith } from './vaults'

const FIRST_VIEW = { scope: { type: 'everyone' }, paint: true } as const

export interface WindowBackendOptions {
  dataDir: string
  keychain: Vault & { available(): boolean }
  /** The system's, 'de-AT'. */
  locale: string
  /** The network is loaded and started then. */
  networkAfter: Promise<void>
}

/** Throws a TwofoldError that says why the folder cannot be opened, in the system's language. */
export async function openForWindow(options: WindowBackendOptions): Promise<Backend> {
  const { dataDir, keychain, locale, networkAfter } = options
  // Until the settings are read, also for what keeps them from being read.
  const speakAs = (tag: 'en' | 'de') => speak(tag, tag === 'de' ? wordingDe : wording)
  const system = locale.startsWith('de') ? 'de' : 'en'
  speakAs(system)
  const { backend, close } = await assemble({
    dir: dataDir,
    vault: keychain.available() ? keychain : fileVault,
    vaultOf: vaultsWith(process.env.TWOFOLD_PASSPHRASE || undefined, keychain),
    workersDir: __dirname,
    online: true,
    networkAfter,
  })
  // Refusals and alerts are told in the window's language.
  const follow = ({ settings }: AppState) => speakAs(settings.language === 'system' ? system : settings.language)
  follow(backend.state())
  backend.subscribe((pushed) => pushed.event === 'state' && follow(pushed.payload))
  const { handlers } = backend
  return { handlers, texts: withFirstView(backend), subscribe: (listener) => backend.subscribe(listener), close }
}

/**
 * The view that a window begins with is worked out while its program is still being read (renderer/timeline/first-view.ts),
 * so that the first rows are in the first answer. Once anything in it has changed it is of no use.
 */
function withFirstView(backend: Running['backend']): TextHandlers {
  const { texts } = backend
  let first: string | null = null
  let asked = false
  const off = backend.subscribe((pushed) => {
    // No other view is open yet.
    if (pushed.event === 'view.changed') first = null
  })
  setImmediate(() => {
    if (asked) return
    try {
      first = texts['view.open'](FIRST_VIEW)
    } catch (error) {
      // No circle yet: nobody will ask.
      if (!(error instanceof TwofoldError)) throw error
    }
  })
  return {
    ...texts,
    'view.open': (input) => {
      const opened = JSON.stringify(input) === JSON.stringify(FIRST_VIEW) ? first : null
      asked = true
      first = null
      off()
      return opened ?? texts['view.open'](input)
    },
  }
}
