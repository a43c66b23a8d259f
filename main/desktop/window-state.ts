// Where the window stood, its theme and its language, kept over a restart, so that it comes back where it was and without a
// flash of the wrong colour or words before the backend has read the settings. Damaged or missing: the standard ones. No Electron here.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'

export interface Bounds {
  x: number
  y: number
  width: number
  height: number
}

const px = v.pipe(v.number(), v.integer(), v.minValue(-100_000), v.maxValue(100_000))
const schema = v.object({
  bounds: v.nullable(v.object({ x: px, y: px, width: px, height: px })),
  maximised: v.boolean(),
  theme: v.picklist(['system', 'light', 'dark']),
  // Absent in the files of earlier versions.
  language: v.optional(v.picklist(['system', 'en', 'de']), 'system'),
})
export type WindowState = v.InferOutput<typeof schema>
/** What the window looks like before the backend has read the settings. */
export type Look = Pick<WindowState, 'theme' | 'language'>

export const WIDTH_PX_MIN = 800
export const HEIGHT_PX_MIN = 600
const WIDTH_PX = 1200
const HEIGHT_PX = 800
/** So much of the window's top edge must lie on a display, or nobody could take hold of it. */
const GRIP_PX = { width: 120, height: 40 }

const FIRST: WindowState = { bounds: null, maximised: false, theme: 'system', language: 'system' }

export function readWindowState(file: string): WindowState {
  try {
    return v.parse(schema, JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return FIRST
  }
}

/** Losing this file costs a position on the screen: it is replaced in one step, but not forced to the disk. */
export function writeWindowState(file: string, state: WindowState): void {
  const fresh = `${file}.new`
  writeFileSync(fresh, JSON.stringify(state))
  renameSync(fresh, file)
}

/**
 * Where to open: the old place if enough of its top edge is on a display that still exists, shrunk to that display; else
 * the middle (no x and y). `workAreas`: the displays without their panels.
 */
export function place(
  saved: Bounds | null,
  workAreas: readonly Bounds[],
): { x?: number; y?: number; width: number; height: number } {
  const area = saved && workAreas.find((candidate) => gripOn(saved, candidate))
  if (!saved || !area) {
    const first = workAreas[0] ?? { width: WIDTH_PX, height: HEIGHT_PX }
    const wanted = saved ?? { width: WIDTH_PX, height: HEIGHT_PX }
    return {
      width: fit(wanted.width, WIDTH_PX_MIN, first.width),
      height: fit(wanted.height, HEIGHT_PX_MIN, first.height),
    }
  }
  const width = fit(saved.width, WIDTH_PX_MIN, area.width)
  const height = fit(saved.height, HEIGHT_PX_MIN, area.height)
  return { x: saved.x, y: saved.y, width, height }
}

/** Between the two, and on a display smaller than the minimum the minimum: the system scrolls or squeezes it then. */
function fit(size: number, min: number, max: number): number {
  return Math.max(min, Math.min(size, max))
}

function gripOn(window: Bounds, area: Bounds): boolean {
  const wide = Math.min(window.x + window.width, area.x + area.width) - Math.max(window.x, area.x)
  return wide >= GRIP_PX.width && window.y >= area.y && window.y + GRIP_PX.height <= area.y + area.height
}
