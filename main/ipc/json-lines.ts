// Cuts a byte stream into lines of JSON, with a bound. Used by both ends of the control socket.

/** One line. Far above any request; a window of 500 ordinary entries is about 2 MB. */
export const LINE_BYTES_MAX = 8 * 1024 * 1024

const NEWLINE = 0x0a

/**
 * Feed it chunks; it calls `onValue` for each line, in order, and stops for good after the first problem, which it hands to
 * `onGarbage` once. Empty lines are skipped.
 */
export function jsonLines(
  onValue: (value: unknown) => void,
  onGarbage: (why: string) => void,
): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let bytes = 0
  let broken = false
  const fail = (why: string) => {
    broken = true
    parts = []
    onGarbage(why)
  }
  return (chunk) => {
    let rest = chunk
    while (!broken) {
      const end = rest.indexOf(NEWLINE)
      const part = end < 0 ? rest : rest.subarray(0, end)
      bytes += part.length
      if (bytes > LINE_BYTES_MAX) return fail(`A line is longer than ${LINE_BYTES_MAX} bytes.`)
      parts.push(part)
      if (end < 0) return
      const line = Buffer.concat(parts)
      parts = []
      bytes = 0
      rest = rest.subarray(end + 1)
      if (line.length === 0) continue
      let value: unknown
      try {
        value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
      } catch {
        return fail('A line is not JSON.')
      }
      onValue(value)
    }
  }
}
