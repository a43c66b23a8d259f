// The one window: opened before the backend is ready, where it stood last time, in the colour it will have; sandboxed, unable
// to leave its own page. An address elsewhere goes to the system's browser after vetting, an invite link to `onInvite`.
import { app, BrowserWindow, screen, shell, type WebContents } from 'electron'
import { LANGUAGE_PARAMETER, RESUMED_PARAMETER, languageFor } from '../../shared/language'
import { APP_ORIGIN, externalAddress, inviteLink, isOwnPage } from './addresses'
import { addContextMenu } from './context-menu'
import { Resting } from './resting'
import { backgroundColour } from './theme'
import { HEIGHT_PX_MIN, place, readWindowState, WIDTH_PX_MIN, writeWindowState, type Look } from './window-state'

/** Moves and resizes come by the dozen; the last one counts. */
const SAVE_DELAY_MS = 500
/** The first paint is waited for, but not longer: a slow machine shows the background instead of nothing. */
const SHOW_AFTER_MS = 2000

export interface WindowOptions {
  preloadFile: string
  devUrl: string | undefined
  /** Keeps position and look. */
  stateFile: string
  log: (text: string, error?: unknown) => void
  onInvite: (link: string) => void
  /** Asks the page whether it may be put away. */
  onRest: () => void
  /** The window's process ended twice: there is no use in a third start. */
  onHopeless: () => void
}

/** `look`: that of the window now, and what to keep for the next start. */
export function openWindow(options: WindowOptions, look: () => Look): { window: BrowserWindow; resting: Resting } {
  const { stateFile, log } = options
  const saved = readWindowState(stateFile)
  const window = new BrowserWindow({
    ...place(
      saved.bounds,
      screen.getAllDisplays().map((display) => display.workArea),
    ),
    minWidth: WIDTH_PX_MIN,
    minHeight: HEIGHT_PX_MIN,
    show: false,
    title: 'Twofold',
    backgroundColor: backgroundColour(),
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      spellcheck: true,
    },
  })
  const show = () => {
    if (window.isDestroyed() || window.isVisible()) return
    if (saved.maximised) window.maximize()
    window.show()
  }
  window.once('ready-to-show', show)
  const showAnyway = setTimeout(show, SHOW_AFTER_MS)

  let saving: NodeJS.Timeout | undefined
  const save = () => {
    clearTimeout(saving)
    // Never shown: its bounds say nothing about what the person wants.
    if (window.isDestroyed() || !window.isVisible()) return
    try {
      writeWindowState(stateFile, { bounds: window.getNormalBounds(), maximised: window.isMaximized(), ...look() })
    } catch (error) {
      log('the window state could not be kept', error)
    }
  }
  const saveSoon = () => {
    clearTimeout(saving)
    saving = setTimeout(save, SAVE_DELAY_MS)
  }
  window.on('resize', saveSoon)
  window.on('move', saveSoon)
  window.on('close', save)
  window.once('closed', () => {
    clearTimeout(saving)
    clearTimeout(showAnyway)
  })

  const load = (resumed: boolean) => {
    const page = new URL(options.devUrl ?? `${APP_ORIGIN}/`)
    page.searchParams.set(LANGUAGE_PARAMETER, languageFor(look().language, app.getLocale()))
    if (resumed) page.searchParams.set(RESUMED_PARAMETER, '')
    window.loadURL(page.href).catch((error: unknown) => {
      // A window that was closed meanwhile, or a reload, rejects too.
      if (!window.isDestroyed()) log('the window could not load its page', error)
    })
  }
  const resting = new Resting(window, { ask: options.onRest, load: () => load(true) })
  guard(window.webContents, options)
  survive(window, resting, options)
  addContextMenu(window)
  load(false)
  return { window, resting }
}

/** The page never changes: what wants to lead elsewhere is looked at, and opened outside if at all. */
function guard(webContents: WebContents, { devUrl, log, onInvite }: WindowOptions): void {
  const openOutside = (address: string) => {
    const invite = inviteLink([address])
    const outside = externalAddress(address)
    if (invite !== null) onInvite(invite)
    else if (outside !== null)
      shell.openExternal(outside).catch((error: unknown) => log('the system could not open a link', error))
    else log('a link to somewhere else was refused')
  }
  webContents.setWindowOpenHandler(({ url }) => {
    openOutside(url)
    return { action: 'deny' }
  })
  // A reload of the own page is a navigation too: to refuse it would leave Vite's first start blank.
  webContents.on('will-navigate', (event) => {
    if (isOwnPage(event.url, devUrl)) return
    event.preventDefault()
    openOutside(event.url)
  })
  webContents.on('will-redirect', (event) => {
    if (!isOwnPage(event.url, devUrl)) event.preventDefault()
  })
  webContents.on('will-attach-webview', (event) => event.preventDefault())
}

/** A crash of the window's process costs nothing that is kept: the page is loaded again, once. */
function survive(window: BrowserWindow, resting: Resting, { log, onHopeless }: WindowOptions): void {
  let reloaded = false
  window.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    if (reason === 'clean-exit' || resting.isPuttingAway) return
    log(`the window's process ended: ${reason} (${exitCode})`)
    if (reloaded) return onHopeless()
    reloaded = true
    // Not from within the event: Chromium is still taking the old process down.
    setImmediate(() => {
      if (!window.isDestroyed()) window.webContents.reload()
    })
  })
  window.on('unresponsive', () => log('the window does not respond'))
}
