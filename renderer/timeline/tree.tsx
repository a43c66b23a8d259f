// Decides how a render tree looks: one closed switch over its blocks and inlines. Nothing here interprets markup, and
// nothing is loaded from anywhere.
import { ImageOff } from 'lucide-react'
import { Fragment, type ReactNode } from 'react'
import type { Block, Inline, ListItem } from '../../shared/types'
import { Tooltip } from '../ui/button'
import { text } from '../text'
import { Code } from './tree-code'
import { Mention, Tag } from './tree-names'

// Trees never change once made, so a part's place in its parent is its identity.
const each = <T,>(parts: readonly T[], paint: (part: T) => ReactNode): ReactNode =>
  parts.map((part, index) => <Fragment key={index}>{paint(part)}</Fragment>)

const inlines = (parts: readonly Inline[]): ReactNode => each(parts, inline)

function inline(part: Inline): ReactNode {
  switch (part.t) {
    case 'text':
      return part.text
    case 'code':
      return <code>{part.text}</code>
    case 'em':
      return <em>{inlines(part.children)}</em>
    case 'strong':
      return <strong>{inlines(part.children)}</strong>
    case 'del':
      return <del>{inlines(part.children)}</del>
    case 'link':
      return (
        <a href={part.href} target="_blank" rel="noreferrer" title={part.title ?? part.href}>
          {inlines(part.children)}
        </a>
      )
    case 'image':
      return (
        <Tooltip content={text.timeline.imageHint}>
          <a className="tree-image" href={part.href} target="_blank" rel="noreferrer">
            <ImageOff size={14} aria-hidden />
            {part.alt === '' ? text.timeline.imageBare : text.timeline.image(part.alt)}
          </a>
        </Tooltip>
      )
    case 'mention':
      return <Mention member={part.member} label={part.text} />
    case 'tag':
      return <Tag tag={part.tag} label={part.text} />
    case 'mark':
      return <mark>{part.text}</mark>
    case 'break':
      return <br />
  }
}

const listItem = (item: ListItem): ReactNode =>
  item.done === undefined ? (
    <li>{blocks(item.children)}</li>
  ) : (
    <li className="tree-task">
      <input type="checkbox" checked={item.done} disabled aria-label={text.timeline.task(item.done)} />
      <div>{blocks(item.children)}</div>
    </li>
  )

const blocks = (parts: readonly Block[]): ReactNode => each(parts, block)

function block(part: Block): ReactNode {
  switch (part.t) {
    case 'paragraph':
      return <p>{inlines(part.children)}</p>
    case 'heading':
      // A row stands under the page's and the day's headings, so a text's own begin at the third level.
      return (
        <div role="heading" aria-level={Math.min(6, part.level + 2)} className="tree-heading" data-level={part.level}>
          {inlines(part.children)}
        </div>
      )
    case 'code':
      return (
        <pre className="scrolls" tabIndex={0} aria-label={part.language === '' ? text.timeline.code : part.language}>
          {part.language !== '' && <span className="tree-language">{part.language}</span>}
          <Code code={part.text} spans={part.spans} />
        </pre>
      )
    case 'quote':
      return <blockquote>{blocks(part.children)}</blockquote>
    case 'list':
      return part.ordered ? (
        <ol start={part.start}>{each(part.items, listItem)}</ol>
      ) : (
        <ul>{each(part.items, listItem)}</ul>
      )
    case 'table':
      return (
        <div className="tree-table scrolls" tabIndex={0} role="region" aria-label={text.timeline.table}>
          <table>
            <thead>
              <tr>{cells(part.head, part.align, 'th')}</tr>
            </thead>
            <tbody>
              {each(part.rows, (row) => (
                <tr>{cells(row, part.align, 'td')}</tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'rule':
      return <hr />
  }
}

function cells(
  row: readonly Inline[][],
  align: readonly ('left' | 'center' | 'right' | null)[],
  Cell: 'th' | 'td',
): ReactNode {
  return row.map((cell, index) => (
    // trees never change once made
    <Cell key={index} style={{ textAlign: align[index] ?? 'left' }}>
      {inlines(cell)}
    </Cell>
  ))
}

export const Tree = ({ blocks: parts }: { blocks: readonly Block[] }) => <div className="tree">{blocks(parts)}</div>
