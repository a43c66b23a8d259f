// The order in which the desktop app starts, fails and ends. The window comes first, the backend second: calls made before
// the database is open wait for it. A backend that cannot start is said in one sentence, and the app ends with exit code 1.
import { app, dialog, session, type BrowserWindow } from 'electron'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { EventName, Events, PushedEvent } from '../../shared/ipc-contract'
import type { Settings } from '../../shared/types'
import { sentence, TwofoldError, type ErrorCode } from '../../shared/errors'
import { dispatch, refusal, type Backend } from '../ipc/dispatch'
import { chosenDataDir, isOwnPage } from './addresses'
import { registerAppScheme, serveApp } from './app-scheme'
import { receiveLinks } from './deep-links'
import { push, serveWindow } from './ipc'
import { keychain, type Vault } from './keychain'
import { setMenu } from './menu'
import { restrictPermissions, type Permissions } from './permissions'
import { applyTheme } from './theme'
import { openWindow } from './window'
import { readWindowState } from './window-state'

/** How long the backend may take to close, when somebody waits for the app to end. Everything durable is on disk before. */
const CLOSE_MS = 4000
/** Links and commands kept for a window that does not listen yet. */
const KEPT_EVENTS_MAX = 16

export interface DesktopOptions {
  /** Folder of the built window, with index.html. */
  rendererDir: string
  /** The built preload script (CommonJS). */
  preloadFile: string
  /** Page of the development server; ignored in a packaged app. */
  devUrl?: string
  /** Absolute; wins over `--data` and TWOFOLD_USER_DATA. */
  userDataDir?: string
  log: (text: string, error?: unknown) => void
  /** Opens the data folder; called once, when the window is already on its way. Throws TwofoldError for what a person can mend. */
  openBackend: (context: { dataDir: string; keychain: Vault }) => Promise<Backend>
}

/** Call it first thing in the main process: schemes and paths must be set before Electron is ready. */
export function startDesktop(options: DesktopOptions): void {
  const { log } = options
  let dataDir: string
  try {
    dataDir = prepareFolders(options.userDataDir)
  } catch (error) {
    // Before 'ready' a native box is possible everywhere; on Linux it goes to stderr.
    const { code, text } = told(error, log)
    if (!isTest()) dialog.showErrorBox('Twofold cannot start', text)
    process.stderr.write(`twofold: ${code}: ${text}\n`)
    app.exit(1)
    return
  }
  // Of this data folder: Electron keys the lock by its own folder, which lies within.
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  new Desktop(options, dataDir).start()
}

/** Returns the data folder. Electron's own files go to a folder within, so that the data folder stays readable. */
function prepareFolders(wanted: string | undefined): string {
  const dataDir = wanted ?? chosenDataDir(process.argv.slice(1), process.env) ?? app.getPath('userData')
  const own = join(dataDir, 'electron')
  try {
    mkdirSync(own, { recursive: true, mode: 0o700 })
  } catch {
    throw new TwofoldError('FOLDER_UNWRITABLE', { folder: dataDir })
  }
  app.setPath('userData', own)
  return dataDir
}

class Desktop {
  private window: BrowserWindow | undefined
  /** True from the window's first `state.get`: it subscribes to events before it asks for the state. */
  private listening = false
  private readonly kept: (() => void)[] = []
  private theme: Settings['theme']
  private readonly stateFile: string
  private readonly devUrl: string | undefined
  private backend: Promise<Backend>
  private openNow: () => void = () => undefined
  private permissions: Permissions | null = null
  private ending: 'no' | 'closing' | 'closed' = 'no'
  private exitCode = 0

  constructor(
    private readonly options: DesktopOptions,
    private readonly dataDir: string,
  ) {
    this.stateFile = join(dataDir, 'electron', 'window.json')
    this.theme = readWindowState(this.stateFile).theme
    this.devUrl = app.isPackaged ? undefined : options.devUrl
    // Begins when openNow is called; calls may wait for it before.
    this.backend = new Promise<void>((resolve) => {
      this.openNow = resolve
    }).then(() => options.openBackend({ dataDir, keychain }))
  }

  start(): void {
    registerAppScheme()
    applyTheme(this.theme)
    receiveLinks(
      process.argv.slice(1),
      (link) => this.tell('link.opened', { link }),
      () => this.focus(),
    )
    app.on('window-all-closed', () => {
      if (process.platform !== 'darwin') app.quit()
    })
    app.on('activate', () => this.focus())
    app.on('will-quit', (event) => {
      if (this.ending === 'closed') return
      event.preventDefault()
      void this.end()
    })
    this.backend.then(
      (backend) => backend.subscribe((pushed) => this.onPushed(pushed)),
      (error: unknown) => this.fail(error),
    )
    app.whenReady().then(
      () => this.onReady(),
      (error: unknown) => this.fail(error),
    )
  }

  private onReady(): void {
    if (this.ending !== 'no') return
    serveApp(this.options.rendererDir)
    this.permissions = restrictPermissions(this.devUrl)
    // Until the settings are known nothing may be fetched.
    allowDictionaries(false)
    serveWindow(
      (url) => isOwnPage(url, this.devUrl),
      (name, input) => this.answer(name, input),
    )
    setMenu((name) => {
      this.focus()
      this.tell('command', { name })
    }, !app.isPackaged)
    this.open()
    // After the window was asked for: opening a database blocks this process for a moment.
    setImmediate(this.openNow)
  }

  private open(): void {
    this.listening = false
    const { preloadFile, log } = this.options
    const window = openWindow(
      {
        preloadFile,
        devUrl: this.devUrl,
        stateFile: this.stateFile,
        log,
        onInvite: (link) => this.tell('link.opened', { link }),
        onHopeless: () => this.fail(new Error("the window's process ended twice")),
      },
      () => this.theme,
    )
    this.window = window
    // A page that was loaded again has to listen again; a navigation that was refused never gets here.
    window.webContents.on('did-navigate', () => {
      this.listening = false
      // Its dialogs are gone with it.
      this.permissions?.camera(false)
    })
    window.webContents.on('render-process-gone', () => {
      this.listening = false
    })
    window.once('closed', () => {
      if (this.window === window) this.window = undefined
      this.listening = false
    })
  }

  /** Brings the window to the front; opens one where there is none (macOS). */
  private focus(): void {
    if (this.ending !== 'no' || !app.isReady()) return
    if (!this.window) return this.open()
    if (this.window.isMinimized()) this.window.restore()
    this.window.show()
    this.window.focus()
  }

  private async answer(name: string, input: unknown) {
    const report = (during: string, error: unknown) => this.options.log(`call ${during} failed`, error)
    let backend: Backend
    try {
      backend = await this.backend
    } catch (error) {
      // Reported where it happened (fail); the window gets the code.
      return refusal(error, name, () => undefined)
    }
    // The window's word to its own shell is no business of the backend's.
    const handlers = { ...backend.handlers, 'window.camera': ({ on }: { on: boolean }) => this.camera(on) }
    const reply = await dispatch(handlers, name, input, report)
    if (name === 'state.get' && this.window && !this.listening) {
      this.listening = true
      for (const deliver of this.kept.splice(0)) deliver()
    }
    return reply
  }

  private camera(on: boolean): null {
    this.permissions?.camera(on)
    return null
  }

  /** Events of the shell itself, kept until the window listens. */
  private tell<K extends EventName>(name: K, payload: Events[K]): void {
    const deliver = () => {
      if (this.window) push(this.window.webContents, name, payload)
    }
    if (this.listening) return deliver()
    this.kept.push(deliver)
    if (this.kept.length > KEPT_EVENTS_MAX) this.kept.shift()
  }

  private onPushed({ event, payload }: PushedEvent): void {
    if (event === 'state') this.useSettings(payload.settings)
    if (this.window) push(this.window.webContents, event, payload)
  }

  private useSettings(settings: Settings): void {
    this.theme = settings.theme
    applyTheme(settings.theme)
    allowDictionaries(settings.internet)
  }

  /** Says why, and ends with exit code 1. */
  private fail(error: unknown): void {
    if (this.ending !== 'no') return
    const { code, text } = told(error, this.options.log)
    process.stderr.write(`twofold: ${code}: ${text}\n`)
    this.exitCode = 1
    const end = () => void this.end()
    if (isTest()) return end()
    const box = {
      type: 'error' as const,
      title: 'Twofold',
      message: 'Twofold cannot go on',
      detail: text,
      buttons: ['Quit'],
    }
    // A box before its window would be covered by it where no window manager keeps them in order.
    if (this.window && !this.window.isVisible()) this.window.show()
    const shown = this.window ? dialog.showMessageBox(this.window, box) : dialog.showMessageBox(box)
    shown.then(end, end)
  }

  /** Closes the backend, but not for longer than a person waits, and ends the process. */
  private async end(): Promise<void> {
    if (this.ending !== 'no') return
    this.ending = 'closing'
    const { log } = this.options
    // Never opened: nothing to close. Opening right now: its end is waited for, too.
    const closing = app.isReady() ? this.backend.then((backend) => backend.close()) : Promise.resolve()
    const done = closing.then(
      () => 'closed',
      (error: unknown) => {
        if (this.exitCode === 0) log('the backend did not close cleanly', error)
        return 'closed'
      },
    )
    const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), CLOSE_MS))
    if ((await Promise.race([done, late])) === 'late') log(`the backend did not close within ${CLOSE_MS} ms`)
    this.ending = 'closed'
    app.exit(this.exitCode)
  }
}

/**
 * On Linux and Windows Chromium fetches spelling dictionaries from its makers when spell-checking begins. Somebody who
 * switched the internet off must not be talking to it. macOS brings its own.
 */
function allowDictionaries(internet: boolean): void {
  const { defaultSession } = session
  const enabled = process.platform === 'darwin' || internet
  if (defaultSession.isSpellCheckerEnabled() !== enabled) defaultSession.setSpellCheckerEnabled(enabled)
}

function told(error: unknown, log: DesktopOptions['log']): { code: ErrorCode; text: string } {
  if (error instanceof TwofoldError) return { code: error.code, text: error.message }
  log('Twofold cannot go on', error)
  return { code: 'INTERNAL', text: sentence('INTERNAL') }
}

/** A dialog would wait for a person who is not there. */
function isTest(): boolean {
  return process.env['TWOFOLD_TEST'] === '1'
}
