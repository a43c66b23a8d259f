// Follows the size of the list's viewport, and says when rows have to be measured anew.
import { useLayoutEffect, useState, type RefObject } from 'react'

interface Size {
  widthPx: number
  /** 0: not known yet. */
  heightPx: number
}

/** `changed`: rows may have another height; it stays the same function. */
export function useViewportSize(
  viewport: RefObject<HTMLElement | null>,
  widthPx: number,
  changed: () => void,
): Readonly<Size> {
  const [size, setSize] = useState<Size>({ widthPx, heightPx: 0 })
  useLayoutEffect(() => {
    const port = viewport.current
    if (!port) return
    const measure = () =>
      setSize((was) =>
        was.widthPx === port.clientWidth && was.heightPx === port.clientHeight
          ? was
          : { widthPx: port.clientWidth, heightPx: port.clientHeight },
      )
    // At once, so that the first drawing is the whole one.
    measure()
    const observer = new ResizeObserver(() => {
      measure()
      changed()
    })
    observer.observe(port)
    // Letters that arrive late have another height.
    document.fonts.addEventListener('loadingdone', changed)
    return () => {
      observer.disconnect()
      document.fonts.removeEventListener('loadingdone', changed)
    }
  }, [viewport, changed])
  return size
}
