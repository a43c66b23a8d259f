// Goes to a moment: asks where it stands, one question at a time, so that dragging never piles up.
import { useRef } from 'react'
import type { ViewSession } from './view-session'

/** `show`: goes to the position of the first entry of that moment or before it. */
export function useGoTo(session: ViewSession, show: (position: number) => void): (time: number) => void {
  /** The moment that is wanted last. */
  const wanted = useRef<number | null>(null)
  const asking = useRef(false)
  const latest = useRef(show)
  latest.current = show
  return (time) => {
    wanted.current = time
    if (asking.current) return
    asking.current = true
    const next = async (): Promise<void> => {
      for (let at = wanted.current; at !== null; at = wanted.current) {
        wanted.current = null
        const position = await session.positionAt(at)
        if (position !== undefined) latest.current(position)
      }
    }
    void next()
      .catch(() => undefined)
      .finally(() => {
        asking.current = false
      })
  }
}
