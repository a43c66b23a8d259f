// The quick way to a tree, marks in it, colours of code, and what of a tree can be searched for.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeSpans } from '../../main/render/code'
import { renderMarkdown, renderPlain } from '../../main/render/markdown'
import { markTree } from '../../main/render/marks'
import type { Block, Inline } from '../../shared/types'

const key = 'ab'.repeat(32)

describe('a text without markup', () => {
  // An empty link definition turns the quick way off and leaves nothing in the tree.
  const parsed = (text: string) => renderMarkdown(`${text}\n\n[quick]: off`).blocks
  test.each([
    'Tea at five?',
    'Ja, um 5 Uhr.',
    'line\nline',
    'שלום, מה נשמע?',
    '茶を飲む',
    'ok 👍🏽 👩‍👩‍👧',
    'a  b',
    'half (of it) 50%',
    'well-known: this\nand: that:',
    '#tag',
    'see #Garten2, (#tea) and a#b\n#more words',
    '#a#b',
    `hi [@Bob](twofold://member/${key}): see #x[@Ann 2](twofold://member/${key})\n[@Bob](twofold://member/${key})#tea`,
    'お茶を飲む。「はい」、と！',
    'حسنا، متى؟',
  ])('gives the tree that the parser gives: %s', (text) => {
    expect(renderPlain(text)?.blocks).toEqual(parsed(text))
  })
  test.each([
    '',
    ' a',
    'a ',
    'a\n\nb',
    '1. a',
    '12 a',
    '- a',
    '# a',
    'a *b*',
    'a_b',
    'www.example.org',
    'https://a.example',
    'a@b.example',
    '`a`',
    '<b>',
    '&amp;',
    'a\\b',
    'a\n  b',
    '~a~',
    'a | b',
    '# tag',
    '##tag',
    'a #',
    '#1a',
    'a -b',
    'a- b',
    'a\n-',
    'a\n:-',
    'a:b',
    ': a',
    'mailto:a',
    '-a',
    'a--b',
    `![@Bob](twofold://member/${key})`,
    `[@B*b](twofold://member/${key})`,
    `[[@Bob](twofold://member/${key})`,
    `[@Bob](twofold://member/${key}) 1\n 2`,
    'a\u00a0',
    'a\n2) b',
    'A: twofold://x',
    '===',
    'WWW.x.de',
  ])('is not taken for what may be one: %j', (text) => {
    expect(renderPlain(text)).toBeNull()
  })
  test('never differs from the parser', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom(
        ' ',
        '\n',
        '. ',
        ', ',
        '1',
        '2',
        '!',
        "'",
        '"',
        '(',
        ')',
        '%',
        '/',
        'www',
        'é',
        'ß',
        '東',
        'א',
        '…',
        '—',
        '👍',
        'http',
        'mailto',
        ';',
        '#',
        ':',
        '-',
        '。',
        '؟',
        '「',
        `[@Bob](twofold://member/${key})`,
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('')
        const quick = renderPlain(text)
        if (quick) expect(quick.blocks).toEqual(parsed(text))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('tags and people', () => {
  const inlines = (text: string) => (renderMarkdown(text).blocks[0] as { children: Inline[] }).children
  test('a tag begins a word and holds a letter; it is found in lower case', () => {
    expect(inlines('see #Garten_2, (#tea) and #42 or a#b')).toEqual([
      { t: 'text', text: 'see ' },
      { t: 'tag', tag: 'garten_2', text: '#Garten_2' },
      { t: 'text', text: ', (' },
      { t: 'tag', tag: 'tea', text: '#tea' },
      { t: 'text', text: ') and #42 or a#b' },
    ])
  })
  test('no tag in code, in a link, or in an address', () => {
    for (const text of ['`#tag`', '[#tag](https://a.example)', 'https://a.example/#tag'])
      expect(JSON.stringify(renderMarkdown(text))).not.toContain('"tag"')
  })
  test('a link to a member is a mention by key; the label is only what to show without a list', () => {
    expect(inlines(`hello [@Bob *B*](twofold://member/${key})!`)).toEqual([
      { t: 'text', text: 'hello ' },
      { t: 'mention', member: key, text: 'Bob B' },
      { t: 'text', text: '!' },
    ])
    expect(inlines('[@Bob](twofold://member/ab)')[0]).toMatchObject({ t: 'link' })
  })
})

describe('code', () => {
  test('what it is made of has a kind of the closed set, and together it is the text', () => {
    const text = 'const answer = "42" // always\n'
    const spans = codeSpans('ts', text)!
    expect(spans.reduce((sum, [, length]) => sum + length, 0)).toBe(text.length)
    let at = 0
    const kinds = Object.fromEntries(spans.map(([kind, length]) => [text.slice(at, (at += length)).trim(), kind]))
    expect(kinds).toMatchObject({ const: 'keyword', '"42"': 'string', '// always': 'comment' })
  })
  test('an unknown language, no language and no code stay as they are', () => {
    expect(codeSpans('klingon', 'a = 1')).toBeNull()
    expect(codeSpans('', 'a = 1')).toBeNull()
    expect(codeSpans('ts', '')).toBeNull()
    expect(codeSpans('__proto__', 'a')).toBeNull()
  })
  test('random text in any language is covered exactly, or left plain', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('js', 'python', 'xml', 'css', 'diff', 'sql', 'markdown', 'cpp', 'bash'),
        fc.string({ unit: 'binary', maxLength: 200 }),
        (language, text) => {
          const spans = codeSpans(language, text)
          if (spans) expect(spans.reduce((sum, [, length]) => sum + length, 0)).toBe(text.length)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('marks of what was searched for', () => {
  const marked = (text: string, ...terms: string[]) => {
    const out: string[] = []
    const walk = (parts: Inline[]) =>
      parts.forEach((part) => (part.t === 'mark' ? out.push(part.text) : 'children' in part && walk(part.children)))
    const blocks = (parts: Block[]) =>
      parts.forEach((part) =>
        part.t === 'paragraph' || part.t === 'heading'
          ? walk(part.children)
          : part.t === 'quote' && blocks(part.children),
      )
    blocks(markTree(renderMarkdown(text), terms).blocks)
    return out
  }
  test('without case and accents, from the beginning of a word, in every part', () => {
    expect(marked('Café *cafeteria* and decaf\n\n> CAFE', 'cafe')).toEqual(['Café', 'cafe', 'CAFE'])
    expect(marked('東京で茶', '京で')).toEqual(['京で'])
    expect(marked('over the hill', 'the hill')).toEqual(['the hill'])
    expect(marked('nothing', 'else')).toEqual([])
  })
  test('marking changes no word', () => {
    const plain = (parts: Inline[]): string =>
      parts.map((part) => ('text' in part ? part.text : 'children' in part ? plain(part.children) : '')).join('')
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        (text, terms) => {
          const tree = {
            version: 1,
            heightPx: 0,
            blocks: [{ t: 'paragraph' as const, children: [{ t: 'text' as const, text }] }],
          }
          expect(plain((markTree(tree, terms).blocks[0] as { children: Inline[] }).children)).toBe(text)
        },
      ),
    )
  })
})
