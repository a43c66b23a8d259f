// Decides how bytes by second become a picture and its figures. The last second of a series is still running and is left
// out: it would always look like a fall.

/** The scale never ends below this, so that a few bytes do not look like a flood: bytes a second. */
const MOST_MIN = 1_000

export const whole = (series: readonly number[]): number[] => series.slice(0, -1)

/** The end of the scale: the next 1, 2 or 5 times a power of ten, in bytes a second. */
export function scaleFor(...series: readonly (readonly number[])[]): number {
  const most = Math.max(MOST_MIN, ...series.flat())
  const power = 10 ** Math.floor(Math.log10(most))
  return ([1, 2, 5, 10].find((step) => step * power >= most) ?? 10) * power
}

export const sumOfLast = (series: readonly number[], seconds: number): number =>
  whole(series)
    .slice(-seconds)
    .reduce((sum, bytes) => sum + bytes, 0)

/** The area between `axis` and the series: one step a second, upwards (1) or downwards (-1) over `height` px. */
export function areaPath(
  series: readonly number[],
  most: number,
  width: number,
  axis: number,
  height: number,
  way: 1 | -1,
): string {
  const step = width / Math.max(1, series.length)
  const at = (value: number) => value.toFixed(1)
  let path = `M0 ${at(axis)}`
  for (const [second, bytes] of series.entries()) {
    const y = at(axis - way * Math.min(1, bytes / most) * height)
    path += `L${at(second * step)} ${y}L${at((second + 1) * step)} ${y}`
  }
  return `${path}L${at(width)} ${at(axis)}Z`
}

/** Which second of `seconds` a pointer at `x` of `width` px means. */
export const secondAt = (x: number, width: number, seconds: number): number =>
  Math.min(seconds - 1, Math.max(0, Math.floor((x / Math.max(1, width)) * seconds)))
