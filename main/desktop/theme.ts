// Which colours the window has: the person's choice if there is one, else the system's. Applied to Electron's nativeTheme, so
// that menus, scroll bars and prefers-color-scheme in the window agree.
import { nativeTheme } from 'electron'
import type { Settings } from '../../shared/types'

/** The window's own background in either theme (renderer/theme), shown until its first paint. */
const BACKGROUND = { light: '#ffffff', dark: '#111113' }

export function applyTheme(theme: Settings['theme']): void {
  if (nativeTheme.themeSource !== theme) nativeTheme.themeSource = theme
}

export function backgroundColour(): string {
  return nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light
}
