// What a tree holds that one can look for: links, code, pictures, tables, tasks, tags and people who are mentioned.
import type { Block, Inline, TreeFacets } from '../../shared/types'
import { uncolouredBlocks } from './markdown'
import { EACH_MAX, quickFacets } from './quick-facets'

/** What the tree of a text holds, without the tree where that can be told. */
export const facetsOf = (text: string): TreeFacets => quickFacets(text) ?? facetsOfBlocks(uncolouredBlocks(text))

export function facetsOfBlocks(blocks: readonly Block[]): TreeFacets {
  const has = new Set<TreeFacets['has'][number]>()
  const tags = new Set<string>()
  const members = new Set<TreeFacets['members'][number]>()
  const inline = (part: Inline): void => {
    if (part.t === 'link') has.add('link')
    else if (part.t === 'image') has.add('image')
    else if (part.t === 'code') has.add('code')
    else if (part.t === 'tag' && tags.size < EACH_MAX) tags.add(part.tag)
    else if (part.t === 'mention' && members.size < EACH_MAX) members.add(part.member)
    if ('children' in part) part.children.forEach(inline)
  }
  const block = (part: Block): void => {
    switch (part.t) {
      case 'paragraph':
      case 'heading':
        part.children.forEach(inline)
        break
      case 'code':
        has.add('code')
        break
      case 'quote':
        part.children.forEach(block)
        break
      case 'list':
        for (const item of part.items) {
          if (item.done !== undefined) has.add('task')
          item.children.forEach(block)
        }
        break
      case 'table':
        has.add('table')
        for (const row of [part.head, ...part.rows]) row.forEach((cell) => cell.forEach(inline))
        break
      case 'rule':
    }
  }
  blocks.forEach(block)
  return { has: [...has], tags: [...tags], members: [...members] }
}
