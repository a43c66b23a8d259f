// What a page may ask Chromium for: to put text on the clipboard, and to look through the camera while a dialog of our own
// window says that it does. No sound, no notifications, no location, and nothing for any other page.
import { session, systemPreferences } from 'electron'
import { isOwnPage } from './addresses'

export interface Permissions {
  /** A dialog that looks through the camera is open, or closed. */
  camera(on: boolean): void
}

/** `devUrl`: page of the development server, if there is one. */
export function restrictPermissions(devUrl: string | undefined): Permissions {
  let camera = false
  const ours = (permission: string, url: string, media: readonly string[]) => {
    if (!isOwnPage(url, devUrl)) return false
    if (permission === 'media') return camera && media.length > 0 && media.every((kind) => kind === 'video')
    return permission === 'clipboard-sanitized-write'
  }
  const { defaultSession } = session
  defaultSession.setPermissionRequestHandler((_contents, permission, done, details) => {
    const media = 'mediaTypes' in details ? (details.mediaTypes ?? []) : []
    const allowed = details.isMainFrame && ours(permission, details.requestingUrl, media)
    // macOS asks the person itself, once.
    if (allowed && permission === 'media' && process.platform === 'darwin')
      systemPreferences.askForMediaAccess('camera').then(done, () => done(false))
    else done(allowed)
  })
  defaultSession.setPermissionCheckHandler((_contents, permission, origin, details) =>
    ours(permission, origin, details.mediaType === undefined ? [] : [details.mediaType]),
  )
  return { camera: (on) => (camera = on) }
}
