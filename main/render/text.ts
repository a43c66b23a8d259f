// What may stand in a text of the render tree, and the plain text of a tree (docs/protocol.md, "Rendering"). Characters
// that only exist to control a terminal or to reorder what follows are neutralised here, once, for every screen.
import type { Block, Inline, RenderTree } from '../../shared/types'

const REPLACEMENT = '\uFFFD'

// Cc without tab and line feed; line and paragraph separator; interlinear annotation; bidi embeddings, overrides and
// isolates (UAX 9; "Trojan Source", CVE-2021-42574); byte order mark. LRM, RLM and joiners stay: scripts and emoji need them.
const UNSAFE =
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFFF9-\uFFFB\uFEFF]|\p{Cs}/gu

/**
 * Text that cannot reorder or control anything. A bidi override and half a surrogate pair are shown as U+FFFD, since
 * somebody meant something by them; separators become spaces; the rest is dropped, since it is invisible anyway.
 */
export function cleanText(text: string): string {
  return text.replace(UNSAFE, (found) => {
    const code = found.charCodeAt(0)
    if (code === 0x2028 || code === 0x2029) return ' '
    return code === 0x202d || code === 0x202e || (code >= 0xd800 && code <= 0xdfff) ? REPLACEMENT : ''
  })
}

/** True when nothing of the text can be seen, so that it would make an invisible label. */
export function isBlank(text: string): boolean {
  return !/[^\s\p{Cf}\p{M}\u115F\u1160\u2800\u3164\uFFA0]/u.test(text)
}

/** The words of a tree without its markup: blocks and table rows on lines of their own. */
export const plainText = (tree: RenderTree): string => blocksText(tree.blocks)

export function blocksText(blocks: readonly Block[]): string {
  return blocks
    .map(blockText)
    .filter((text) => text !== '')
    .join('\n')
}

// Of letters like these each is a character of its own.
const SIMPLE = /^[ -\u02ff\u0370-\u0482\u048a-\u0590\u3040-\u3096\u30a0-\u30ff\u4e00-\u9fff]*$/
// Made once: making it costs more than what it does.
const characters = new Intl.Segmenter()

/**
 * The first words of a text on one line, at most `charsMax` UTF-16 units ('…' included when it was cut).
 * Cut between characters as a person sees them, at a word's end where one is near.
 */
export function excerpt(text: string, charsMax: number): string {
  // Enough raw text for the cut, even when much of it is white space; the rest is never looked at.
  const line = cleanText(text.slice(0, charsMax * 8))
    .replace(/\s+/g, ' ')
    .trim()
  if (line.length <= charsMax && text.length <= charsMax * 8) return line
  const near = line.slice(0, charsMax + 64)
  let end = 0
  if (SIMPLE.test(near)) end = Math.min(line.length, charsMax - 1)
  else
    for (const { index, segment } of characters.segment(near)) {
      if (index + segment.length > charsMax - 1) break
      end = index + segment.length
    }
  const cut = line.slice(0, end)
  const space = cut.lastIndexOf(' ')
  return `${(space > end * 0.7 ? cut.slice(0, space) : cut).trimEnd()}…`
}

export function inlineText(inlines: readonly Inline[]): string {
  let text = ''
  for (const inline of inlines) {
    switch (inline.t) {
      case 'text':
      case 'code':
      case 'tag':
      case 'mark':
        text += inline.text
        break
      case 'mention':
        text += `@${inline.text}`
        break
      case 'image':
        text += inline.alt
        break
      case 'break':
        text += '\n'
        break
      case 'em':
      case 'strong':
      case 'del':
      case 'link':
        text += inlineText(inline.children)
    }
  }
  return text
}

function blockText(block: Block): string {
  switch (block.t) {
    case 'paragraph':
    case 'heading':
      return inlineText(block.children)
    case 'code':
      return block.text
    case 'quote':
      return block.children.map(blockText).join('\n')
    case 'list':
      return block.items.map((item) => item.children.map(blockText).join('\n')).join('\n')
    case 'table':
      return [block.head, ...block.rows].map((row) => row.map(inlineText).join('\t')).join('\n')
    case 'rule':
      return ''
  }
}
