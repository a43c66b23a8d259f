// Decides how a member looks without a picture: a hue that follows from the key, so that it is the same everywhere and
// survives a change of name, and one or two letters of the name.

/** Hues that keep apart for most eyes and hold white letters at 4.5:1 at the avatar's lightness. */
const HUES = [258, 292, 325, 8, 30, 58, 110, 150, 182, 208, 232, 275] as const

export function hueOf(key: string): number {
  const value = Number.parseInt(key.slice(0, 8), 16)
  return HUES[(Number.isNaN(value) ? 0 : value) % HUES.length] ?? 258
}

// Made once: it costs more than everything that it is used for.
const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const first = (word: string): string => {
  // Most names need no segmenter, which takes 8 ms before its first answer: a letter before a letter stands for itself.
  if (/^[a-z](?:[a-z]|$)/i.test(word)) return word.charAt(0).toUpperCase()
  return segments.segment(word).containing(0)?.segment.toUpperCase() ?? ''
}

/** 'Ada Lovelace' → AL, 'bob' → B, '👩‍🚀 Mae' → 👩‍🚀: whole characters as people see them. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/u)
  const one = first(words[0] ?? '')
  if (words.length < 2 || !/\p{L}/u.test(one)) return one
  const two = first(words.at(-1) ?? '')
  return /\p{L}/u.test(two) ? one + two : one
}
