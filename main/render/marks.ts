// Marks what was searched for in a tree, so that a result shows why it is one. Words are compared as the search compares
// them: without case and accents, from the beginning of a word.
import type { Block, Inline, RenderTree } from '../../shared/types'

/** Marks of one tree; a text of one repeated word needs no more to be recognised. */
const MARKS_MAX = 200

/** As the search sees a text, with the place in the original of each character of the result. */
function folded(text: string): { text: string; at: number[] } {
  let out = ''
  const at: number[] = []
  let place = 0
  for (const char of text) {
    const plain = char.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
    for (let i = 0; i < plain.length; i++) at.push(place)
    out += plain
    place += char.length
  }
  at.push(place)
  return { text: out, at }
}
export const foldWord = (word: string): string => folded(word).text

/** The tree with {t: 'mark'} around every place where one of the words or phrases begins a word. */
export function markTree(tree: RenderTree, terms: readonly string[]): RenderTree {
  const wanted = terms.map(foldWord).filter((term) => term !== '')
  if (!wanted.length) return tree
  let left = MARKS_MAX

  const markText = (text: string): Inline[] => {
    const plain = folded(text)
    const hits: { from: number; to: number }[] = []
    for (const term of wanted)
      for (
        let i = plain.text.indexOf(term);
        i >= 0 && hits.length < left;
        i = plain.text.indexOf(term, i + term.length)
      ) {
        // CJK has no spaces between words; elsewhere a hit begins where a word begins.
        const inWord =
          /[\p{L}\p{N}]$/u.test(plain.text.slice(Math.max(0, i - 2), i)) && !/^[\u2e80-\u9fff\uac00-\ud7af]/u.test(term)
        if (!inWord) hits.push({ from: plain.at[i]!, to: plain.at[i + term.length]! })
      }
    if (!hits.length) return [{ t: 'text', text }]
    hits.sort((a, b) => a.from - b.from || b.to - a.to)
    const out: Inline[] = []
    let end = 0
    for (const { from, to } of hits) {
      if (from < end) continue
      if (from > end) out.push({ t: 'text', text: text.slice(end, from) })
      out.push({ t: 'mark', text: text.slice(from, to) })
      left--
      end = to
    }
    if (end < text.length) out.push({ t: 'text', text: text.slice(end) })
    return out
  }
  const inlines = (parts: readonly Inline[]): Inline[] =>
    parts.flatMap((part): Inline[] => {
      if (left <= 0) return [part]
      if (part.t === 'text') return markText(part.text)
      return 'children' in part ? [{ ...part, children: inlines(part.children) }] : [part]
    })
  const block = (part: Block): Block => {
    switch (part.t) {
      case 'paragraph':
      case 'heading':
        return { ...part, children: inlines(part.children) }
      case 'quote':
        return { ...part, children: part.children.map(block) }
      case 'list':
        return { ...part, items: part.items.map((item) => ({ ...item, children: item.children.map(block) })) }
      case 'table':
        return { ...part, head: part.head.map(inlines), rows: part.rows.map((row) => row.map(inlines)) }
      case 'code':
      case 'rule':
        return part
    }
  }
  return { ...tree, blocks: tree.blocks.map(block) }
}
