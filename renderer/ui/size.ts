// Decides how large a picture is drawn: as large as the place that it is given, in CSS px, so that its letters keep their
// size however wide the window is.
import { useEffect, useRef, useState, type RefObject } from 'react'

/** Width of the element in px; 0 before it was laid out. */
export function useWidth<T extends Element>(): [RefObject<T | null>, number] {
  const ref = useRef<T>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return [ref, width]
}
