// Text as inlines: #tags are inlines of their own, everything else is cleaned text.
import type { Inline } from '../../shared/types'
import { cleanText } from './text'

/** A tag begins where a word could begin, and holds a letter. */
export const TAG =
  /(?<=^|[\s([{"'\u201c\u2018/,;])#(?=[\p{N}_-]*\p{L})([\p{L}\p{N}][\p{L}\p{M}\p{N}_-]{0,49})(?![\p{L}\p{M}\p{N}_-])/gu

/** A tag as it is searched for. */
export function tagOf([, name]: RegExpMatchArray): string {
  // Normalising costs more than finding.
  return (/[^\0-\x7f]/.test(name!) ? name!.normalize('NFC') : name!).toLowerCase()
}

/** Text in which #tags are inlines of their own. */
export function pushTagged(out: Inline[], raw: string): void {
  let end = 0
  for (const found of raw.includes('#') ? raw.matchAll(TAG) : []) {
    if (found.index > end) pushText(out, raw.slice(end, found.index))
    out.push({ t: 'tag', tag: tagOf(found), text: found[0] })
    end = found.index + found[0].length
  }
  pushText(out, raw.slice(end))
}

/** Neighbouring texts are one text. */
export function pushText(out: Inline[], raw: string): void {
  const text = cleanText(raw)
  if (text === '') return
  const last = out.at(-1)
  if (last?.t === 'text') last.text += text
  else out.push({ t: 'text', text })
}
