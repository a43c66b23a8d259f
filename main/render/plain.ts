// The quick way for what most people write: a text in which nothing can mean markup is its own paragraph. It gives exactly
// the tree that the parser would give (test/render/plain.test.ts), some twenty times faster, so such trees are not stored.
import type { Block, Inline, MemberKey } from '../../shared/types'
import { pushTagged } from './tags'

const PLAIN_CHARS_MAX = 4000
// Letters, marks, digits, pictures and punctuation that neither markdown nor the search for addresses ever looks at; a '#'
// before a letter, which begins a tag and never a heading; a hyphen and a colon within or behind a word, where they begin
// neither a list, a line, a table nor an address.
const PLAIN =
  /^(?:[\p{L}\p{M}\p{N}\p{Extended_Pictographic}\p{Emoji_Modifier} ,;'"!?./%()\u2018-\u201e\u2013\u2014\u2026\u060c\u061b\u061f\u3001\u3002\u300c-\u300f\uff01\uff0c\uff1a\uff1b\uff1f\n]|\u200d|\ufe0f|#(?=\p{L})|(?<=\p{L})-(?=\p{L})|(?<=\p{L}):(?=[ \n]|$))+$/u
// A digit at a line's start may be a list, white space at its ends or an empty line is layout, 'www.' is an address.
const LAYOUT = /^[\s\p{N}]|\n[\s\p{N}]|[ \n]$| \n|www\./iu

/** A member as the composer writes one. Behind an exclamation mark it would be a picture. */
const MENTION = /(?<!!)\[@((?:[\p{L}\p{N}]| (?=[\p{L}\p{N}]))+)\]\(twofold:\/\/member\/([0-9a-f]{64})\)/gu

/** The blocks of a text without markup, but for tags and members; null: it has to be parsed. */
export function plainBlocks(text: string): Block[] | null {
  if (text.length > PLAIN_CHARS_MAX) return null
  // For everything around it a member is as good as a word.
  const words = text.includes('[@') ? text.replace(MENTION, 'x') : text
  if (!PLAIN.test(words) || LAYOUT.test(words)) return null
  const children: Inline[] = []
  for (const line of text.split('\n')) {
    if (children.length > 0) children.push({ t: 'break' })
    if (line.includes('[@')) pushWithMembers(children, line)
    else if (line.includes('#')) pushTagged(children, line)
    // Nothing in it would have to be cleaned.
    else children.push({ t: 'text', text: line })
  }
  return [{ t: 'paragraph', children }]
}

function pushWithMembers(out: Inline[], line: string): void {
  let end = 0
  for (const { 0: link, 1: name, 2: member, index } of line.matchAll(MENTION)) {
    pushTagged(out, line.slice(end, index))
    out.push({ t: 'mention', member: member as MemberKey, text: name! })
    end = index + link.length
  }
  pushTagged(out, line.slice(end))
}
