// Colouring of code, decided here and not in the window: highlight.js (by lowlight, as a tree) reads the languages that it
// knows, and what it names is mapped to the closed set of shared/types. An unknown language stays one plain colour.
import { common, createLowlight } from 'lowlight'
import type { CodeSpan, CodeToken } from '../../shared/types'

/** All code of one tree that is coloured, UTF-16 units; beyond it code stays plain, so that time is bounded. */
export const CODE_CHARS_MAX = 16_384
/** Spans of one block: a hostile text makes one per character. */
const SPANS_MAX = 6000

let made: ReturnType<typeof createLowlight> | undefined
/** Three dozen grammars: made when the first code is shown. */
const highlighter = () => (made ??= createLowlight(common))

const tokens: Readonly<Record<string, CodeToken>> = {
  keyword: 'keyword',
  operator: 'operator',
  literal: 'literal',
  symbol: 'literal',
  bullet: 'literal',
  link: 'string',
  string: 'string',
  regexp: 'string',
  quote: 'comment',
  comment: 'comment',
  doctag: 'comment',
  number: 'number',
  title: 'name',
  section: 'name',
  name: 'name',
  'selector-tag': 'keyword',
  'selector-class': 'type',
  'selector-id': 'type',
  type: 'type',
  built_in: 'type',
  class: 'type',
  attr: 'property',
  attribute: 'property',
  property: 'property',
  params: 'plain',
  variable: 'variable',
  'template-variable': 'variable',
  subst: 'plain',
  meta: 'meta',
  tag: 'meta',
  addition: 'added',
  deletion: 'removed',
}

type Part = ReturnType<ReturnType<typeof createLowlight>['highlight']>['children'][number]

/** Lengths and kinds that together cover the whole text; null: the language is not known, or there is nothing to colour. */
export function codeSpans(language: string, text: string): CodeSpan[] | null {
  const name = language.toLowerCase()
  if (name === '' || text === '' || !highlighter().registered(name)) return null
  const spans: CodeSpan[] = []
  const walk = (parts: readonly Part[], kind: CodeToken): void => {
    for (const part of parts) {
      if (part.type === 'text') {
        const last = spans.at(-1)
        if (last?.[0] === kind) last[1] += part.value.length
        else if (part.value.length) spans.push([kind, part.value.length])
      } else if (part.type === 'element') {
        const classes = part.properties['className']
        const first = Array.isArray(classes) ? String(classes[0]).replace(/^hljs-/, '') : ''
        walk(part.children as Part[], tokens[first] ?? kind)
      }
    }
  }
  walk(highlighter().highlight(name, text).children, 'plain')
  const covered = spans.reduce((sum, [, length]) => sum + length, 0)
  return spans.length > SPANS_MAX || covered !== text.length || spans.every(([kind]) => kind === 'plain') ? null : spans
}
