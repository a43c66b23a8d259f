// Decides how the camera is used: asked for while a dialog wants it, looked at several times a second, and let go at once
// when the dialog is closed. The shell allows it for that long and for nothing else.
import { useEffect, useRef, useState, type RefObject } from 'react'
import { call } from '../backend'
import { readFrame } from './decode'

/** A code is held still for longer than this. */
const LOOK_EVERY_MS = 160

/** `none`: there is no camera. `refused`: by the person or the system. `busy`: another program has it. */
export type CameraState = 'asking' | 'on' | 'none' | 'refused' | 'busy'

function stateOf(error: unknown): CameraState {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none'
  return name === 'NotReadableError' || name === 'AbortError' ? 'busy' : 'refused'
}

/** Looks through the camera while `wanted`; each code that it sees is told once, until another one is seen. */
export function useCamera(
  wanted: boolean,
  onCode: (text: string) => void,
): { state: CameraState; video: RefObject<HTMLVideoElement | null> } {
  const [state, setState] = useState<CameraState>('asking')
  const video = useRef<HTMLVideoElement>(null)
  const seen = useRef(onCode)
  seen.current = onCode
  useEffect(() => {
    if (!wanted) return
    let over = false
    let stream: MediaStream | null = null
    let timer: ReturnType<typeof setInterval> | undefined
    let last: string | null = null
    setState('asking')
    const look = () => {
      const found = video.current && readFrame(video.current)
      if (!found || found === last) return
      last = found
      seen.current(found)
    }
    const open = async () => {
      await call('window.camera', { on: true })
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 720 } },
      })
      if (over) return close()
      for (const track of stream.getTracks()) track.addEventListener('ended', () => setState('none'))
      if (video.current) {
        video.current.srcObject = stream
        await video.current.play()
      }
      setState('on')
      timer = setInterval(look, LOOK_EVERY_MS)
    }
    const close = () => {
      for (const track of stream?.getTracks() ?? []) track.stop()
      stream = null
    }
    open().catch((error: unknown) => {
      close()
      if (!over) setState(stateOf(error))
    })
    return () => {
      over = true
      clearInterval(timer)
      close()
      void call('window.camera', { on: false }).catch(() => undefined)
    }
  }, [wanted])
  return { state, video }
}
