// Estimated height of a render tree, so that a list of rows can be scrolled before it was painted. It needs to be near, not
// right: the list corrects it when measured. Basis: text 640 px wide, 15 px sans serif, as said in shared/types.
import type { Block, Inline } from '../../shared/types'
import { inlineText } from './text'

const WIDTH_PX = 640
const LINE_PX = 22
const CODE_LINE_PX = 19
const CODE_PADDING_PX = 24
const GAP_PX = 8
const RULE_PX = 17
const CELL_PADDING_PX = 12
const QUOTE_INDENT_PX = 16
const LIST_INDENT_PX = 24
/** Narrower columns than this are scrolled, not squeezed. */
const COLUMN_PX_MIN = 60
/** Mean advance of a Latin letter in a 15 px system font, and of a CJK one. */
const LETTER_PX = 7.4
const WIDE_LETTER_PX = 15
/** Size of a heading against text, level 1 first. */
const HEADING_SCALE = [1.5, 1.3, 1.15, 1, 1, 1]

/** Whole CSS px; 0 for a tree without blocks. Each block has a gap below, except the last. */
export function heightPx(blocks: readonly Block[]): number {
  return Math.ceil(blocksPx(blocks, WIDTH_PX))
}

function blocksPx(blocks: readonly Block[], widthPx: number): number {
  let px = 0
  for (const block of blocks) px += blockPx(block, widthPx) + GAP_PX
  return Math.max(0, px - GAP_PX)
}

function blockPx(block: Block, widthPx: number): number {
  switch (block.t) {
    case 'paragraph':
      return lines(block.children, widthPx) * LINE_PX
    case 'heading': {
      const scale = HEADING_SCALE[block.level - 1] ?? 1
      return lines(block.children, widthPx / scale) * LINE_PX * scale
    }
    case 'code':
      return block.text.split('\n').length * CODE_LINE_PX + CODE_PADDING_PX
    case 'quote':
      return blocksPx(block.children, widthPx - QUOTE_INDENT_PX)
    case 'list': {
      let px = 0
      for (const item of block.items) px += Math.max(LINE_PX, blocksPx(item.children, widthPx - LIST_INDENT_PX))
      return px
    }
    case 'table': {
      const columnPx = Math.max(COLUMN_PX_MIN, widthPx / Math.max(1, block.head.length)) - CELL_PADDING_PX
      let px = 0
      for (const row of [block.head, ...block.rows]) {
        let most = 1
        for (const cell of row) most = Math.max(most, lines(cell, columnPx))
        px += most * LINE_PX + CELL_PADDING_PX
      }
      return px
    }
    case 'rule':
      return RULE_PX
  }
}

function lines(inlines: readonly Inline[], widthPx: number): number {
  let count = 0
  for (const line of inlineText(inlines).split('\n')) {
    let px = 0
    for (let i = 0; i < line.length; i++) {
      const unit = line.charCodeAt(i)
      if (unit < 0x1100) px += LETTER_PX
      // A surrogate pair is one wide letter: count its first half.
      else if (unit < 0xdc00 || unit > 0xdfff) px += WIDE_LETTER_PX
    }
    count += Math.max(1, Math.ceil(px / Math.max(widthPx, COLUMN_PX_MIN)))
  }
  return count
}
