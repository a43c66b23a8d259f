// The invite link that the app was started with, or was asked to open. The backend tells it as soon as the window has asked
// for the first time; the app may not be painted by then, so the link waits here for it.
import { on } from './backend'

let waiting: string | null = null
let listener: ((link: string) => void) | null = null

on('link.opened', ({ link }) => {
  if (listener) listener(link)
  else waiting = link
})

/** Follows links from now on, the one that waits first; the answer ends it. */
export function followLinks(follow: (link: string) => void): () => void {
  listener = follow
  if (waiting !== null) follow(waiting)
  waiting = null
  return () => {
    listener = null
  }
}
