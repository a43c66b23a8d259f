// A QR code on a terminal: two rows of modules a line, dark on light whatever the terminal's colours are.
const HALVES = [' ', '▄', '▀', '█'] as const
const DARK_ON_LIGHT = '\u001b[30;107m'
const NORMAL = '\u001b[0m'

/** `rows`: dark (true) and light modules, quiet zone included. */
export function qrText(rows: readonly (readonly boolean[])[]): string {
  const lines: string[] = []
  for (let y = 0; y < rows.length; y += 2) {
    const upper = rows[y]!
    const lower = rows[y + 1] ?? []
    const line = upper.map((dark, x) => HALVES[(dark ? 2 : 0) + (lower[x] ? 1 : 0)]).join('')
    lines.push(`${DARK_ON_LIGHT}${line}${NORMAL}`)
  }
  return lines.join('\n')
}
