// When the window's page is put away, and when it comes back. A page that nobody can see holds more memory than everything
// else of the app together; the backend needs none of it. So after a while out of sight its process is ended, as a browser
// does with tabs. The window itself stays where it is, and with its next appearance the page is made anew at the same place
// (renderer/resting.ts). What cannot be brought back, such as an open dialog, keeps the page: only the page knows.
import type { BrowserWindow } from 'electron'

/**
 * Long enough that somebody who only looks at something else for a moment comes back to what never left; short against the
 * hours that a window spends in the background. To make the page anew takes half a second.
 */
const PUT_AWAY_AFTER_MS = 60_000

interface Given {
  /** Asks the page where it stands. One that may be put away answers with `leave`; any other does not. */
  ask: () => void
  /** Loads the page; it will ask for its place (`takePlace`). */
  load: () => void
}

export class Resting {
  private state: 'here' | 'leaving' | 'away' = 'here'
  private place: string | null = null
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly window: BrowserWindow,
    private readonly given: Given,
  ) {
    const hidden = () => this.hidden()
    const seen = () => this.seen()
    window.on('hide', hidden).on('minimize', hidden)
    window.on('show', seen).on('restore', seen).on('focus', seen)
    window.webContents.on('render-process-gone', () => {
      if (this.state !== 'leaving') return
      this.state = 'away'
      // Somebody came back in this very moment.
      if (this.inSight()) this.seen()
    })
    window.once('closed', () => clearTimeout(this.timer))
  }

  /** The end of the page's process is our own doing. */
  get isPuttingAway(): boolean {
    return this.state !== 'here'
  }

  /** The page says that it may go, and what it needs to stand here again. It holds nothing any more: it goes in any case. */
  leave(place: string): void {
    this.place = place
    this.state = 'leaving'
    // After the call that we are in has been answered.
    setImmediate(() => {
      if (!this.window.isDestroyed()) this.window.webContents.forcefullyCrashRenderer()
    })
  }

  /** Where the page stood when it was put away, once; null: it begins as ever. */
  takePlace(): string | null {
    const { place } = this
    this.place = null
    return place
  }

  private inSight(): boolean {
    return !this.window.isDestroyed() && this.window.isVisible() && !this.window.isMinimized()
  }

  private hidden(): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => {
      if (this.state !== 'here' || this.window.isDestroyed() || this.inSight()) return
      // Who has the tools open looks at the page from there.
      if (!this.window.webContents.isDevToolsOpened()) this.given.ask()
      // A page that stays is asked again.
      this.hidden()
    }, PUT_AWAY_AFTER_MS)
  }

  private seen(): void {
    if (!this.inSight()) return
    clearTimeout(this.timer)
    if (this.state !== 'away') return
    this.state = 'here'
    this.given.load()
  }
}
