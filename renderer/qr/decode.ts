// Decides how a QR code is found in a picture: a camera's frame, once and quickly; a file, at several sizes, because a
// photograph of a screen has stripes at one size that are gone at another.
import decodeQr from 'qr/decode.js'

/** Longest sides at which a file is looked at. */
const FILE_SIDES_PX = [1200, 700, 2400, 400]
/** Of a camera's frame: enough for the densest invite held at arm's length. */
const FRAME_SIDE_PX = 1000
const FILE_TIME_MS = 400
/** Pictures beyond it are no photograph of a code, and would take all memory. */
export const FILE_BYTES_MAX = 40_000_000

function pixels(source: CanvasImageSource, width: number, height: number, side: number): ImageData | null {
  const scale = Math.min(1, side / Math.max(width, height))
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  const context = new OffscreenCanvas(w, h).getContext('2d', { willReadFrequently: true })
  if (!context) return null
  // What is transparent is paper.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, w, h)
  context.drawImage(source, 0, 0, w, h)
  return context.getImageData(0, 0, w, h)
}

function decode(image: ImageData | null, timeLimit?: number): string | null {
  if (!image) return null
  try {
    return decodeQr(image, timeLimit === undefined ? {} : { timeLimit })
  } catch {
    // Its way of saying that there is no code.
    return null
  }
}

export function readFrame(video: HTMLVideoElement): string | null {
  const { videoWidth, videoHeight } = video
  return videoWidth ? decode(pixels(video, videoWidth, videoHeight, FRAME_SIDE_PX)) : null
}

/** The text of a code in a picture; null: there is none. Rejects what is no picture. */
export async function readPicture(file: Blob): Promise<string | null> {
  const bitmap = await createImageBitmap(file)
  try {
    for (const side of FILE_SIDES_PX) {
      const found = decode(pixels(bitmap, bitmap.width, bitmap.height, side), FILE_TIME_MS)
      if (found !== null) return found
    }
    return null
  } finally {
    bitmap.close()
  }
}
