// The order in which the desktop app starts, fails and ends. The window comes first, the backend second: calls made before
// the database is open wait for it. A backend that cannot start is said in one sentence, and the app ends with exit code 1.
import { app, dialog, session, type BrowserWindow } from 'electron'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { EventName, Events, PushedEvent } from '../../shared/ipc-contract'
import type { Settings } from '../../shared/types'
import { sentence, TwofoldError, type ErrorCode } from '../../shared/errors'
import { dispatchText, refusal, type Backend } from '../ipc/dispatch'
import { chosenDataDir, isOwnPage } from './addresses'
import { registerAppScheme, serveApp } from './app-scheme'
import { receiveLinks } from './deep-links'
import { WindowFiles } from './files'
import { push, serveWindow } from './ipc'
import { keychain, type Vault } from './keychain'
import { setMenu } from './menu'
import { restrictPermissions, type Permissions } from './permissions'
import type { Resting } from './resting'
import { applyTheme } from './theme'
import { openWindow } from './window'
import { readWindowState, type Look } from './window-state'

/** How long the backend may take to close, when somebody waits for the app to end. Everything durable is on disk before. */
const CLOSE_MS = 4000
/** A window that asks for nothing must not keep a backend from running. */
const OPEN_MS_MAX = 1000
const HAND_OVER_MS_MAX = 300
/** From the answer that brings the first rows to the frame that shows them; a guess for a slow machine. */
const PAINT_MS = 250
/** Nobody asked for rows: first run, a hidden window. */
const PAINT_MS_MAX = 2000
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
  /** Reads the programs that opening a folder needs, while the window is on its way: after each `turn` some of it. */
  loadBackend: (turn: () => Promise<void>) => Promise<void>
  /**
   * Opens the data folder; called once, when the window is already on its way. `painted`: its first rows are on the screen,
   * or have been waited for long enough. Throws TwofoldError for what a person can mend.
   */
  openBackend: (context: { dataDir: string; keychain: Vault; painted: Promise<void> }) => Promise<Backend>
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
  private resting: Resting | undefined
  private readonly files: WindowFiles
  /** True from the window's first `state.get`: it subscribes to events before it asks for the state. */
  private listening = false
  private readonly kept: (() => void)[] = []
  private look: Look
  private readonly stateFile: string
  private readonly devUrl: string | undefined
  private backend: Promise<Backend>
  private openNow: () => void = () => undefined
  private permissions: Permissions | null = null
  private loading: Promise<void> | undefined
  /** The window has got its page, and has not asked for its program yet. */
  private handingOver = false
  private hasPainted: () => void = () => undefined
  private ending: 'no' | 'closing' | 'closed' = 'no'
  private exitCode = 0

  constructor(
    private readonly options: DesktopOptions,
    private readonly dataDir: string,
  ) {
    this.stateFile = join(dataDir, 'electron', 'window.json')
    this.look = readWindowState(this.stateFile)
    this.devUrl = app.isPackaged ? undefined : options.devUrl
    this.files = new WindowFiles(dataDir, () => this.window)
    const painted = new Promise<void>((resolve) => {
      this.hasPainted = resolve
    })
    // Begins when openNow is called; calls may wait for it before.
    this.backend = new Promise<void>((resolve) => {
      this.openNow = resolve
    }).then(async () => {
      await this.loading
      return options.openBackend({ dataDir, keychain, painted })
    })
  }

  start(): void {
    registerAppScheme()
    applyTheme(this.look.theme)
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
    // The backend begins when the window has its program: to open a database blocks this process, and with it whatever the
    // window asks of it. A development server serves the window itself.
    serveApp(this.options.rendererDir, (file) => this.served(file))
    this.permissions = restrictPermissions(this.devUrl)
    // Until the settings are known nothing may be fetched.
    allowDictionaries(false)
    serveWindow(
      (url) => isOwnPage(url, this.devUrl),
      (name, input) => this.answer(name, input),
    )
    this.open()
    setMenu((name) => {
      this.focus()
      this.tell('command', { name })
    }, !app.isPackaged)
    this.loading = this.options.loadBackend(() => this.turn())
    setTimeout(this.openNow, this.devUrl === undefined ? OPEN_MS_MAX : 0)
  }

  private served(file: string): void {
    if (file.endsWith('.html')) this.handingOver = true
    if (!file.endsWith('.js')) return
    this.handingOver = false
    setImmediate(this.openNow)
  }

  /** What would block this thread waits while the page goes to the window, some 60 ms: each step of that passes here. */
  private async turn(): Promise<void> {
    const until = performance.now() + HAND_OVER_MS_MAX
    do await pause(1)
    while (this.handingOver && performance.now() < until)
  }

  private open(): void {
    this.listening = false
    const { preloadFile, log } = this.options
    const { window, resting } = openWindow(
      {
        preloadFile,
        devUrl: this.devUrl,
        stateFile: this.stateFile,
        log,
        onInvite: (link) => this.tell('link.opened', { link }),
        onRest: () => push(window.webContents, 'rest', {}),
        onHopeless: () => this.fail(new Error("the window's process ended twice")),
      },
      () => ({ theme: this.look.theme, language: this.look.language }),
    )
    this.window = window
    this.resting = resting
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
      if (this.window === window) this.window = this.resting = undefined
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

  /** The reply as JSON. */
  private async answer(name: string, input: unknown): Promise<string> {
    const report = (during: string, error: unknown) => this.options.log(`call ${during} failed`, error)
    let backend: Backend
    try {
      backend = await this.backend
    } catch (error) {
      // Reported where it happened (fail); the window gets the code.
      return JSON.stringify(refusal(error, name, () => undefined))
    }
    // The window's word to its own shell is no business of the backend's.
    const handlers = {
      ...this.files.guard(backend.handlers),
      'window.camera': ({ on }: { on: boolean }) => this.camera(on),
      'window.rest': ({ place }: { place: string }) => this.rest(place),
      'window.place': () => ({ place: this.resting?.takePlace() ?? null }),
    }
    const reply = await dispatchText({ handlers, texts: backend.texts }, name, input, report)
    if (name === 'view.open') setTimeout(this.hasPainted, PAINT_MS)
    else if (name === 'state.get') setTimeout(this.hasPainted, PAINT_MS_MAX)
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

  private rest(place: string): null {
    this.resting?.leave(place)
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
    this.look = settings
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
