// Decides how wheel, touch and keys turn into movement: what comes in steps glides, what glides by itself is followed, and a
// finger's speed carries on.
import { useCallback, useEffect, useRef, type PointerEvent, type RefObject } from 'react'

/** Time constant of a wheel step's glide; a notch feels done after three of them. */
const GLIDE_MS = 45
/**
 * The farthest a glide has before it, in viewports: steps beyond it add nothing. So a list moves at most some 25 screens a
 * second, two to three times what phones allow a fling; nothing faster can be seen, and the scrubber is for going far.
 */
const GLIDE_VIEWPORTS_MAX = 1.5
/** Wheel deltas below this come from a touchpad, which glides by itself. */
const NOTCH_PX = 60
export const LINE_PX = 40
/** A finger's speed decays over a third of a second; the glide covers that distance. */
const FLING_MS = 320
/** px/ms; slower than this a finger rests when it is lifted. */
const FLING_MIN = 0.2

export const calm = () => globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches

interface Given {
  viewport: RefObject<HTMLDivElement | null>
  heightPx: () => number
  /** Moves the list at once; false: it is at its end. */
  move: (px: number) => boolean
  /** Somebody took hold of the list, or its own glide ended. */
  taken: () => void
}

export interface Motion {
  /** Moves with a glide, or at once where motion is not wanted. */
  glide: (px: number) => void
  halt: () => void
  touch: { down: (event: PointerEvent) => void; move: (event: PointerEvent) => void; up: () => void }
}

export function useMotion({ viewport, heightPx, move, taken }: Given): Motion {
  const gliding = useRef({ frame: 0, leftPx: 0, at: 0 })
  const halt = useCallback(() => {
    cancelAnimationFrame(gliding.current.frame)
    gliding.current = { frame: 0, leftPx: 0, at: 0 }
    taken()
  }, [taken])
  const glide = useCallback(
    (px: number) => {
      const motion = gliding.current
      const farthestPx = heightPx() * GLIDE_VIEWPORTS_MAX
      const wantedPx = Math.sign(px) === Math.sign(motion.leftPx) ? motion.leftPx + px : px
      motion.leftPx = Math.min(farthestPx, Math.max(-farthestPx, wantedPx))
      if (motion.frame !== 0) return
      motion.at = performance.now()
      const step = (time: number) => {
        const share = calm() ? 1 : 1 - Math.exp(-Math.max(4, time - motion.at) / GLIDE_MS)
        motion.at = time
        const part = Math.abs(motion.leftPx) < 1 ? motion.leftPx : motion.leftPx * share
        motion.leftPx -= part
        const moved = move(part)
        motion.frame = moved && motion.leftPx !== 0 ? requestAnimationFrame(step) : 0
        if (motion.frame === 0) {
          motion.leftPx = 0
          taken()
        }
      }
      motion.frame = requestAnimationFrame(step)
    },
    [heightPx, move, taken],
  )
  useEffect(() => halt, [halt])

  useEffect(() => {
    const port = viewport.current
    if (!port) return
    const wheel = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) return
      event.preventDefault()
      taken()
      const unit = event.deltaMode === 1 ? LINE_PX : event.deltaMode === 2 ? heightPx() : 1
      const px = event.deltaY * unit
      if (Math.abs(px) < NOTCH_PX) {
        halt()
        move(px)
      } else glide(px)
    }
    // Focus moving into a row outside of the viewport and find-in-page scroll natively: the list's own place takes that over.
    const stray = () => {
      const px = port.scrollTop
      if (px === 0) return
      port.scrollTop = 0
      move(px)
    }
    port.addEventListener('wheel', wheel, { passive: false })
    port.addEventListener('scroll', stray)
    return () => {
      port.removeEventListener('wheel', wheel)
      port.removeEventListener('scroll', stray)
    }
  }, [viewport, heightPx, halt, move, glide, taken])

  const finger = useRef<{ y: number; at: number; speed: number } | null>(null)
  return {
    glide,
    halt,
    touch: {
      down: (event) => {
        if (event.pointerType !== 'touch') return
        halt()
        finger.current = { y: event.clientY, at: event.timeStamp, speed: 0 }
      },
      move: (event) => {
        const before = finger.current
        if (!before) return
        const px = before.y - event.clientY
        const ms = Math.max(1, event.timeStamp - before.at)
        finger.current = { y: event.clientY, at: event.timeStamp, speed: px / ms }
        move(px)
      },
      up: () => {
        const last = finger.current
        finger.current = null
        if (last && Math.abs(last.speed) > FLING_MIN) glide(last.speed * FLING_MS)
      },
    },
  }
}
