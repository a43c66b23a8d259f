// The application menu: where the accelerators come from, and on macOS the only menu there is. What is ours it pushes to the
// window as a 'command'; the rest are the system's own roles.
import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { Events } from '../../shared/ipc-contract'

type Command = Events['command']['name']

/** `developer`: with reload and developer tools. */
export function setMenu(command: (name: Command) => void, developer: boolean): void {
  const mac = process.platform === 'darwin'
  const item = (label: string, name: Command, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    click: () => command(name),
    ...(accelerator && { accelerator }),
  })
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const settings = item('Settings…', 'settings', 'CmdOrCtrl+,')
  const about = item(`About ${app.name}`, 'about')

  const appMenu: MenuItemConstructorOptions = {
    label: app.name,
    submenu: [
      about,
      separator,
      settings,
      separator,
      { role: 'services' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit' },
    ],
  }
  const fileMenu: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      item('New Entry', 'compose', 'CmdOrCtrl+N'),
      item('Invite Someone…', 'invite', 'CmdOrCtrl+Shift+N'),
      item('Find Peers', 'find-peers', 'CmdOrCtrl+Shift+F'),
      separator,
      ...(mac ? [{ role: 'close' } as const] : [settings, separator, { role: 'quit' } as const]),
    ],
  }
  const viewMenu: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
      ...(developer ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const] : []),
    ],
  }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      ...(mac ? [appMenu] : []),
      fileMenu,
      { role: 'editMenu' },
      viewMenu,
      { role: 'windowMenu' },
      { label: '&Help', role: 'help', submenu: mac ? [] : [about] },
    ]),
  )
}
