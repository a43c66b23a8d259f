// Decides how a QR code gets in: held in front of the camera, or as a picture that is chosen, pasted or dropped. What it says is
// looked at by whoever asked; a code that is none of ours is said, and the camera goes on looking.
import { Camera, CameraOff, ImageUp, ScanQrCode } from 'lucide-react'
import { useEffect, useRef, useState, type ClipboardEvent, type DragEvent } from 'react'
import { text } from '../text'
import { Button } from '../ui/button'
import { Dialog } from '../ui/dialog'
import { Problem } from '../ui/field'
import { useCamera, type CameraState } from './camera'
import { FILE_BYTES_MAX, readPicture } from './decode'
import './scan.css'

/** Takes what a code says; the answer is what is wrong with it, null: taken. */
type Take = (code: string) => Promise<string | null>

/** What is wrong with a picture, or null when its code was taken. */
async function takePicture(file: Blob, take: Take): Promise<string | null> {
  if (file.size > FILE_BYTES_MAX) return text.scan.tooLarge
  let found: string | null
  try {
    found = await readPicture(file)
  } catch {
    return text.scan.noPicture
  }
  return found === null ? text.scan.noCode : takeCode(found, take)
}

/** A code of something else is not worth asking the backend about, and ‘copy the whole link’ would be no help. */
const takeCode = (code: string, take: Take): Promise<string | null> =>
  /^twofold:\/\//i.test(code.trim()) ? take(code) : Promise.resolve(text.scan.foreign)

/** The first picture among what was pasted or dropped. */
const pictureIn = (data: DataTransfer | null): File | null =>
  [...(data?.files ?? [])].find((file) => file.type.startsWith('image/')) ?? null

interface PictureTarget {
  onPaste: (event: ClipboardEvent) => void
  onDrop: (event: DragEvent) => void
  onDragOver: (event: DragEvent) => void
}
/** Lets a place take pictures that are pasted or dropped on it. */
export function pictureTarget(onPicture: (file: File) => void): PictureTarget {
  const from = (data: DataTransfer | null, event: ClipboardEvent | DragEvent) => {
    const picture = pictureIn(data)
    if (!picture) return
    event.preventDefault()
    event.stopPropagation()
    onPicture(picture)
  }
  return {
    onPaste: (event) => from(event.clipboardData, event),
    onDrop: (event) => from(event.dataTransfer, event),
    onDragOver: (event) => {
      if ([...event.dataTransfer.items].some((item) => item.kind === 'file')) event.preventDefault()
    },
  }
}

/** Button and dialog. `take` also gets what is pasted or dropped on the form around it, through `usePictures`. */
export function Scan({ take, label = text.scan.open }: { take: Take; label?: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Button type="button" onClick={() => setOpen(true)}>
        <ScanQrCode size={16} aria-hidden />
        {label}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title={text.scan.title} lead={text.scan.lead} widthPx={480}>
        <Scanner
          take={async (code) => {
            const problem = await take(code)
            if (problem === null) setOpen(false)
            return problem
          }}
        />
      </Dialog>
    </>
  )
}

const cameraWords: Readonly<Record<Exclude<CameraState, 'on'>, string>> = {
  asking: text.scan.asking,
  none: text.scan.none,
  refused: text.scan.refused,
  busy: text.scan.busy,
}

function Scanner({ take }: { take: Take }) {
  const [problem, setProblem] = useState<string | null>(null)
  const input = useRef<HTMLInputElement>(null)
  const told = (work: Promise<string | null>) => {
    setProblem(null)
    void work.then(setProblem)
  }
  const picture = (file: File) => told(takePicture(file, take))
  const { state, video } = useCamera(true, (code) => told(takeCode(code, take)))
  const target = pictureTarget(picture)
  // A picture is pasted wherever the focus is in the dialog.
  const onPaste = useRef(target.onPaste)
  onPaste.current = target.onPaste
  useEffect(() => {
    const paste = (event: globalThis.ClipboardEvent) => onPaste.current(event as unknown as ClipboardEvent)
    document.addEventListener('paste', paste)
    return () => document.removeEventListener('paste', paste)
  }, [])
  return (
    <div className="scan" onDrop={target.onDrop} onDragOver={target.onDragOver}>
      <div className="scan-view" data-state={state}>
        <video ref={video} muted playsInline aria-label={text.scan.view} hidden={state !== 'on'} />
        {state === 'on' ? (
          <span className="scan-frame" aria-hidden />
        ) : (
          <p role="status">
            {state === 'asking' ? <Camera size={22} aria-hidden /> : <CameraOff size={22} aria-hidden />}
            {cameraWords[state]}
          </p>
        )}
      </div>
      <div className="scan-picture">
        <ImageUp size={18} aria-hidden />
        <span>{text.scan.picture}</span>
        <Button type="button" size="small" onClick={() => input.current?.click()}>
          {text.scan.choose}
        </Button>
        <input
          ref={input}
          type="file"
          accept="image/*"
          hidden
          aria-label={text.scan.choose}
          onChange={(event) => {
            const file = event.target.files?.[0]
            // The same file may be chosen again.
            event.target.value = ''
            if (file) picture(file)
          }}
        />
      </div>
      {problem && <Problem>{problem}</Problem>}
    </div>
  )
}

/** A form that takes pictures anywhere on it; `onProblem` is told what is wrong with one, or null. */
export const usePictures = (take: Take, onProblem: (problem: string | null) => void): PictureTarget =>
  pictureTarget((file) => {
    onProblem(null)
    void takePicture(file, take).then(onProblem)
  })
