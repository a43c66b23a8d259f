// Puts a list back to where it was read before its window was put away (renderer/resting.ts).
import { useEffect, useState } from 'react'
import type { Standing } from '../resting'
import type { Place } from './anchored-list'
import type { ViewSession } from './view-session'

interface Given {
  session: ViewSession
  /** Null: there is nothing to go back to. */
  reading: Standing['reading']
  /** The list knows its size. */
  ready: boolean
  jump: (to: (from: Place) => Place) => void
  /** The list stands where it was, or as near as it can. */
  done: () => void
}

/** True while the list is on its way; nothing of it is shown until then. */
export function useResume({ session, reading, ready, jump, done }: Given): boolean {
  const [resuming, setResuming] = useState(reading !== null)
  useEffect(() => {
    if (!resuming || !ready || reading === null) return
    let left = false
    const resume = async () => {
      const position = await session.position(reading.id)
      // It may have gone meanwhile.
      if (position === undefined || left) return
      jump(() => ({ anchor: position, offset: 0 }))
      await session.rowAt(position)
      // How much of it was scrolled away can be said once it is measured.
      await new Promise(requestAnimationFrame)
      if (!left) jump(({ anchor }) => ({ anchor, offset: reading.offset }))
    }
    resume()
      .catch(() => undefined)
      .finally(() => {
        if (left) return
        done()
        setResuming(false)
      })
    return () => {
      left = true
    }
  }, [session, reading, resuming, ready, jump, done])
  return resuming
}
