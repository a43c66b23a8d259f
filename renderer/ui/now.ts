// Decides when relative times on the screen are worded anew.
import { useEffect, useState } from 'react'

/** The current time, renewed every `everyMs` while the component is there. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
