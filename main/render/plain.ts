// The quick way for what most people write: a text in which nothing can mean markup is its own paragraph. It gives exactly
// the tree that the parser would give (test/render/plain.test.ts), some twenty times faster, so such trees are not stored.
import type { Block, Inline } from '../../shared/types'
import { cleanText } from './text'

const PLAIN_CHARS_MAX = 4000
// Letters, marks, digits, pictures and punctuation that neither markdown nor the search for addresses ever looks at.
const PLAIN =
  /^(?:[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\p{Emoji_Modifier} ,;'"!?./%()\u2018-\u201e\u2013\u2014\u2026\n]|\u200d|\ufe0f)+$/u
// A digit at a line's start may be a list, white space at its ends or an empty line is layout, 'www.' is an address.
const LAYOUT = /^[\s\p{N}]|\n[\s\p{N}]|[ \n]$| \n|www\./iu

/** The blocks of a text without markup; null: it has to be parsed. */
export function plainBlocks(text: string): Block[] | null {
  if (text.length > PLAIN_CHARS_MAX || !PLAIN.test(text) || LAYOUT.test(text)) return null
  const children: Inline[] = []
  for (const line of text.split('\n')) {
    if (children.length > 0) children.push({ t: 'break' })
    children.push({ t: 'text', text: cleanText(line) })
  }
  return [{ t: 'paragraph', children }]
}
