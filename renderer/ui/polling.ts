// Decides when something that moves is asked for: at once, then again and again while somebody can see it, and never
// while an answer is still out.
import { useEffect, useRef } from 'react'

/** Whether anybody sees the window. */
export interface Sight {
  visible(): boolean
  onChange(listener: () => void): () => void
}

const windowSight: Sight = {
  visible: () => document.visibilityState === 'visible',
  onChange(listener) {
    document.addEventListener('visibilitychange', listener)
    return () => document.removeEventListener('visibilitychange', listener)
  },
}

/** `ask` deals with its own refusals: it never rejects. The answer ends the asking. */
export function poll(ask: () => Promise<unknown>, everyMs: number, sight: Sight = windowSight): () => void {
  let ended = false
  let asking = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const turn = async () => {
    timer = undefined
    if (ended || asking || !sight.visible()) return
    asking = true
    await ask()
    asking = false
    if (!ended) timer = setTimeout(() => void turn(), everyMs)
  }
  const off = sight.onChange(() => {
    if (timer === undefined) void turn()
  })
  void turn()
  return () => {
    ended = true
    clearTimeout(timer)
    off()
  }
}

/** Asks while the component is there; with another `subject` it begins anew. */
export function usePolling(ask: () => Promise<unknown>, everyMs: number, subject: string): void {
  const latest = useRef(ask)
  latest.current = ask
  useEffect(() => poll(() => latest.current(), everyMs), [everyMs, subject])
}
