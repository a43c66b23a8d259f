// The window's dealings with files outside of the data folder. A page names no path of its own: it may hand on only what a person
// has chosen in a dialog of this run, so that a page gone bad can neither overwrite nor read a file of its choice.
import { dialog, shell, type BrowserWindow } from 'electron'
import { basename, join } from 'node:path'
import type { Handlers } from '../../shared/ipc-contract'
import { TwofoldError } from '../../shared/errors'

export class WindowFiles {
  private readonly chosen = new Set<string>()

  constructor(
    private readonly dataDir: string,
    private readonly window: () => BrowserWindow | undefined,
  ) {}

  private allowed(path: string): void {
    if (!this.chosen.has(path)) throw new TwofoldError('FORBIDDEN')
  }

  /** The backend's handlers, with those of the window in front. */
  guard(handlers: Handlers): Handlers {
    return {
      ...handlers,
      'file.choose': (asked) => this.choose(asked),
      'folder.show': ({ file }) => {
        // A name in the data folder, never a way out of it.
        if (file === undefined) void shell.openPath(this.dataDir)
        else shell.showItemInFolder(join(this.dataDir, basename(file)))
        return null
      },
      'storage.export': (input) => {
        this.allowed(input.path)
        return handlers['storage.export'](input)
      },
      'storage.backup': (input) => {
        this.allowed(input.path)
        return handlers['storage.backup'](input)
      },
      'storage.import': (input) => {
        this.allowed(input.path)
        return handlers['storage.import'](input)
      },
      'mirror.set': (input) => {
        if (input.folder !== null) this.allowed(input.folder)
        return handlers['mirror.set'](input)
      },
      'backup.restore': (input) => {
        this.allowed(input.path)
        return handlers['backup.restore'](input)
      },
    }
  }

  private async choose({
    what,
    suggested,
  }: {
    what: 'save' | 'open' | 'folder'
    suggested?: string | undefined
  }): Promise<{ path: string | null }> {
    const path = await this.ask(what, suggested === undefined ? undefined : basename(suggested))
    if (path !== null) this.chosen.add(path)
    return { path }
  }

  private async ask(what: 'save' | 'open' | 'folder', suggested: string | undefined): Promise<string | null> {
    const window = this.window()
    if (what === 'save') {
      const options = suggested === undefined ? {} : { defaultPath: suggested }
      const answer = window ? await dialog.showSaveDialog(window, options) : await dialog.showSaveDialog(options)
      return answer.canceled ? null : answer.filePath
    }
    const properties = what === 'folder' ? (['openDirectory', 'createDirectory'] as const) : (['openFile'] as const)
    const options = { properties: [...properties] }
    const answer = window ? await dialog.showOpenDialog(window, options) : await dialog.showOpenDialog(options)
    return answer.canceled ? null : (answer.filePaths[0] ?? null)
  }
}
