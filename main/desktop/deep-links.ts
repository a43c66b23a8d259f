// twofold:// links that the system hands over: as an argument of this start (Linux, Windows), of a second start, or as an
// event (macOS, possibly before the app is ready). Nothing is accepted here; the window shows what the link is.
import { app } from 'electron'
import { inviteLink } from './addresses'

/** Calls `onLink` for each. Must run before the app is ready. A second start without a link calls `onSecondStart` only. */
export function receiveLinks(args: readonly string[], onLink: (link: string) => void, onSecondStart: () => void): void {
  const take = (candidates: readonly string[]) => {
    const link = inviteLink(candidates)
    if (link !== null) onLink(link)
  }
  take(args)
  app.on('open-url', (event, url) => {
    event.preventDefault()
    take([url])
  })
  app.on('second-instance', (_event, argv) => {
    onSecondStart()
    take(argv)
  })
  // A development run would register a bare Electron for every twofold:// link of this user.
  if (app.isPackaged) app.setAsDefaultProtocolClient('twofold')
}
