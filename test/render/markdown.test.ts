// What comes out of an entry's text: a table of cases, properties over arbitrary text, and inputs made to hurt.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { renderMarkdown, RENDER_VERSION } from '../../main/render/markdown'
import type { Block, Inline } from '../../shared/types'

const fail = (error: unknown) => {
  throw error
}
const blocks = (text: string) => renderMarkdown(text, fail).blocks
const para = (...children: Inline[]): Block => ({ t: 'paragraph', children })
const text = (s: string): Inline => ({ t: 'text', text: s })
const link = (href: string, label = href): Inline => ({ t: 'link', href, children: [text(label)] })

const cases: [name: string, source: string, expected: Block[]][] = [
  ['nothing', '', []],
  ['a line break is a line break', 'a\nb', [para(text('a'), { t: 'break' }, text('b'))]],
  [
    'emphasis',
    '*a* **b** ~~c~~ `d`',
    [
      para(
        { t: 'em', children: [text('a')] },
        text(' '),
        { t: 'strong', children: [text('b')] },
        text(' '),
        { t: 'del', children: [text('c')] },
        text(' '),
        { t: 'code', text: 'd' },
      ),
    ],
  ],
  ['headings', '### a', [{ t: 'heading', level: 3, children: [text('a')] }]],
  ['HTML is text', '<b>x</b> <script>', [para(text('<b>x</b> <script>'))]],
  [
    'a fence keeps its lines and its language',
    '```ts extra\na\n\tb\n```',
    [{ t: 'code', language: 'ts', text: 'a\n\tb' }],
  ],
  ['a fence with a nonsense language', '```<x>\na\n```', [{ t: 'code', language: '', text: 'a' }]],
  ['quote', '> a', [{ t: 'quote', children: [para(text('a'))] }]],
  [
    'ordered list',
    '3. a\n4. b',
    [{ t: 'list', ordered: true, start: 3, items: [{ children: [para(text('a'))] }, { children: [para(text('b'))] }] }],
  ],
  [
    'tasks',
    '- [ ] a\n- [x] b\n- c\n- [ ]',
    [
      {
        t: 'list',
        ordered: false,
        start: 1,
        items: [
          { done: false, children: [para(text('a'))] },
          { done: true, children: [para(text('b'))] },
          { children: [para(text('c'))] },
          { children: [para(text('[ ]'))] },
        ],
      },
    ],
  ],
  [
    'table',
    '|a|b|\n|:-|-:|\n|1|2|',
    [{ t: 'table', align: ['left', 'right'], head: [[text('a')], [text('b')]], rows: [[[text('1')], [text('2')]]] }],
  ],
  ['rule', '---', [{ t: 'rule' }]],
  ['bare address', 'see https://a.example/x.', [para(text('see '), link('https://a.example/x'), text('.'))]],
  ['bare www', 'www.a.example', [para(link('http://www.a.example/', 'www.a.example'))]],
  ['www alone is no address', 'www.a and README.md', [para(text('www.a and README.md'))]],
  ['bare mail address', 'bob@a.example', [para(link('mailto:bob@a.example', 'bob@a.example'))]],
  ['bare invite', 'join twofold://join/Ab_c-1*_!', [para(text('join '), link('twofold://join/Ab_c-1*_'), text('!'))]],
  [
    'title',
    '[a](https://a.example "t")',
    [para({ t: 'link', href: 'https://a.example/', title: 't', children: [text('a')] })],
  ],
  ['a reference', '[a][b]\n\n[b]: https://a.example', [para(link('https://a.example/', 'a'))]],
  ['javascript', '[a](javascript:alert(1))', [para(text('a'))]],
  ['javascript in disguise', '[a](<java\tscript:x>) [b](&#106;avascript:x)', [para(text('a b'))]],
  [
    'data, file, relative, ftp',
    '[a](data:text/html,x)[b](file:///etc/passwd)[c](/d)[e](ftp://a.example)',
    [para(text('abce'))],
  ],
  ['an angle address of another scheme', '<ssh://a.example>', [para(text('ssh://a.example'))]],
  [
    'user info is dropped and the place shown',
    '[bank](https://bank.example@evil.example/)',
    [para(link('https://evil.example/', 'bank (evil.example)'))],
  ],
  ['user info in a bare address', '<https://bank.example@evil.example/>', [para(link('https://evil.example/'))]],
  [
    'an international host is shown in ASCII',
    '[аpple](https://аpple.example)',
    [para(link('https://xn--pple-43d.example/', 'аpple (xn--pple-43d.example)'))],
  ],
  ['a bare international host', 'https://аpple.example', [para(link('https://xn--pple-43d.example/'))]],
  [
    'a label that names another host',
    '[https://bank.example](https://evil.example)',
    [para(link('https://evil.example/', 'https://bank.example (evil.example)'))],
  ],
  [
    'a label that names its host',
    '[www.Bank.example/x](https://bank.example/x)',
    [para(link('https://bank.example/x', 'www.Bank.example/x'))],
  ],
  ['a label that cannot be seen', '[\u200b](https://evil.example)', [para(link('https://evil.example/'))]],
  [
    'mail with fields that attach',
    '[m](mailto:a@b.example?attach=/etc/passwd&subject=x%20y)',
    [para(link('mailto:a@b.example?subject=x%20y', 'm'))],
  ],
  [
    'a picture is a link with its description',
    '![a *b*](https://a.example/p.png)',
    [para({ t: 'image', href: 'https://a.example/p.png', alt: 'a b' })],
  ],
  [
    'a picture without a description',
    '![](https://a.example/p.png)',
    [para({ t: 'image', href: 'https://a.example/p.png', alt: 'https://a.example/p.png' })],
  ],
  [
    'a picture within a link',
    '[![p](https://a.example/p.png)](https://a.example)',
    [para(link('https://a.example/', 'p'))],
  ],
  ['a picture of no vetted scheme', '![p](data:image/png;base64,xx)', [para(text('p'))]],
  ['bidi overrides', 'a\u202eb\u2066c&#x202e;', [para(text('a\ufffdbc\ufffd'))]],
  ['control characters', 'a\u0007\u001b[31m`\u009b`', [para(text('a[31m'), { t: 'code', text: '' })]],
  ['half a surrogate pair', 'a\ud800b', [para(text('a\ufffdb'))]],
  ['emoji stay whole', '👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿', [para(text('👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿'))]],
  ['names of Object are no markup', '[toString][constructor]\n\n[a]: b', [para(text('[toString][constructor]'))]],
]
test.each(cases)('%s', (_name, source, expected) => {
  expect(blocks(source)).toEqual(expected)
})

test('a tree says who made it and how high it is', () => {
  const tree = renderMarkdown('a\n\nb\n\n```\nc\n```')
  expect(tree.version).toBe(RENDER_VERSION)
  expect(tree.heightPx).toBe(22 + 8 + 22 + 8 + 19 + 24)
  expect(renderMarkdown('').heightPx).toBe(0)
  expect(renderMarkdown('w'.repeat(1000)).heightPx).toBe(12 * 22)
})

test('what is quoted too deep is text, and nothing is lost', () => {
  const source = `${'> '.repeat(40)}deep\n\nafter`
  const out = survey(blocks(source))
  expect(out.depth).toBe(13)
  expect(out.text).toContain(`${'> '.repeat(28)}deep`)
  expect(out.text).toContain('after')
  expect(survey(blocks(`${'- '.repeat(40)}deep`)).text).toContain('- - deep')
})

test('a text longer than an entry is shown as it is', () => {
  expect(blocks(`*a*\n${'b'.repeat(65_536)}`)).toEqual([para(text('*a*'), { t: 'break' }, text('b'.repeat(65_536)))])
})

// -------- properties

const word = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '\n',
    '\n\n',
    ' ',
    '  \n',
    '\t',
    '    ',
    '> ',
    '- ',
    '* ',
    '1. ',
    '# ',
    '---',
    '===',
    '```',
    '~~~',
    '`',
    '``',
    '*',
    '**',
    '_',
    '~~',
    '|',
    '|-|-|\n',
    ':-:',
    '[',
    ']',
    '(',
    ')',
    '![',
    '](',
    '](javascript:x)',
    '](https://a.example "t")',
    '[a]: ',
    '<',
    '>',
    '<https://x@y>',
    'https://',
    'www.',
    'a@b.example',
    'twofold://',
    '[ ] ',
    '[x] ',
    '\\',
    '&#x202e;',
    '&amp;',
    '\u202e',
    '\ud800',
    '\u0000',
    'xn--',
    'mailto:',
    '//',
    '__proto__',
    '#tag',
    '@Ann](twofold://member/',
    'ab'.repeat(32),
  ),
)
const source = fc.array(word, { maxLength: 60 }).map((words) => words.join(''))

test('whatever the text, only the vocabulary comes out, and only vetted addresses', () => {
  fc.assert(
    fc.property(source, (any) => {
      const tree = renderMarkdown(any, fail)
      const out = survey(tree.blocks)
      expect(Number.isInteger(tree.heightPx) && tree.heightPx >= 0).toBe(true)
      for (const href of out.hrefs) expect(href).toMatch(/^(https?:\/\/[^@/]+(\/|$)|mailto:|twofold:)[\x21-\x7e]*$/)
      expect(out.text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]|\p{Cs}/u)
      expect(structuredClone(tree)).toEqual(tree)
    }),
    { numRuns: 1500 },
  )
})

test('a tag of a letter with an accent is in the vocabulary, in lower case', () => {
  const { blocks } = renderMarkdown('#À', fail)
  expect(blocks).toEqual([{ t: 'paragraph', children: [{ t: 'tag', tag: 'à', text: '#À' }] }])
  expect(survey(blocks).nodes).toBe(2)
})

test('the same text gives the same tree', () => {
  fc.assert(
    fc.property(source, (any) => {
      expect(renderMarkdown(any)).toEqual(renderMarkdown(any))
    }),
    { numRuns: 100 },
  )
})

// -------- inputs made to hurt: bounded by the size of what comes out

const SIZE = 65_536
const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length))
const hurtful: Record<string, string> = {
  quotes: fill('>'),
  'quoted lines': fill('> > > > > > > > > > > > > > > >\n'),
  'quote with lazy lines': `${'>'.repeat(100)}a\n${'b\n'.repeat(30_000)}`,
  lists: fill('- '),
  '10k items': '- a\n'.repeat(10_000),
  'ever deeper items': Array.from({ length: 350 }, (_, i) => `${' '.repeat(i)}- a`).join('\n'),
  'lists in quotes': fill('> - '),
  emphasis: fill('*a **b '),
  'emphasis, nested': `${'*a '.repeat(10_000)}${'b* '.repeat(10_000)}`,
  'emphasis, mixed': `${'*a _b '.repeat(6000)}${'c_ c* '.repeat(4000)}`,
  stars: '*'.repeat(SIZE),
  tildes: fill('~~a'),
  brackets: '['.repeat(SIZE / 2) + ']'.repeat(SIZE / 2),
  'broken links': fill('[a](b "'),
  'nested pictures': `${'!['.repeat(9000)}${'](b)'.repeat(9000)}`,
  'broken pictures': fill('![['),
  backticks: Array.from({ length: 360 }, (_, i) => '`'.repeat(i)).join(' '),
  'less than': fill('<http:'),
  'mail addresses': fill('a@a.b@'),
  addresses: fill('http://a.'),
  mailto: fill('mailto:'),
  'an address with stars': `http://a/${'*'.repeat(60_000)}b`,
  'dotted label': `[${'a.'.repeat(30_000)}](https://a.example)`,
  'wide table': `|${'a|'.repeat(200)}\n|${'-|'.repeat(200)}\n${'|\n'.repeat(32_000)}`,
  definitions: fill('[a]: b\n'),
  'one long definition, used often': `[a]: https://a.example/${'u'.repeat(8000)} "${'t'.repeat(20_000)}"\n\n${'[a] '.repeat(9000)}`,
  entities: fill('&#x202e;'),
  fences: fill('```\n'),
  headings: fill('#\n'),
  underlines: fill('a\n'),
  'empty lines': '\n'.repeat(SIZE),
  nulls: '\0'.repeat(SIZE),
}
describe('made to hurt', () => {
  test.each(Object.entries(hurtful))('%s', (_name, any) => {
    const tree = renderMarkdown(any.slice(0, SIZE), fail)
    const out = survey(tree.blocks)
    // A break is two nodes of one character; a table cell is padded, which markdown-it bounds by 65 536.
    expect(out.nodes).toBeLessThanOrEqual(4 * SIZE)
    expect(out.depth).toBeLessThanOrEqual(13)
    expect(out.inlineDepth).toBeLessThanOrEqual(10)
    expect(JSON.stringify(tree).length).toBeLessThanOrEqual(48 * SIZE)
    expect(out.text.length).toBeLessThanOrEqual(16 * SIZE)
  })
})

/** Walks a tree by the vocabulary of shared/types and throws on anything else. */
function survey(all: readonly Block[]) {
  const out = { nodes: 0, depth: 0, inlineDepth: 0, text: '', hrefs: [] as string[] }
  const only = (node: object, ...keys: string[]) =>
    expect(Object.keys(node).every((key) => keys.includes(key))).toBe(true)
  const texts: string[] = []
  const inlines = (list: readonly Inline[], depth: number, inLink: boolean) => {
    out.inlineDepth = Math.max(out.inlineDepth, depth)
    for (const node of list) {
      out.nodes++
      switch (node.t) {
        case 'text':
        case 'code':
          only(node, 't', 'text')
          texts.push(node.text)
          break
        case 'em':
        case 'strong':
        case 'del':
          only(node, 't', 'children')
          inlines(node.children, depth + 1, inLink)
          break
        case 'link':
          only(node, 't', 'href', 'title', 'children')
          if (inLink) throw new Error('a link within a link')
          out.hrefs.push(node.href)
          texts.push(node.title ?? '')
          inlines(node.children, depth + 1, true)
          break
        case 'image':
          only(node, 't', 'href', 'alt')
          if (inLink) throw new Error('a link within a link')
          out.hrefs.push(node.href)
          texts.push(node.alt)
          break
        case 'mention':
          only(node, 't', 'member', 'text')
          if (inLink) throw new Error('a mention within a link')
          expect(node.member).toMatch(/^[0-9a-f]{64}$/)
          texts.push(node.text)
          break
        case 'tag':
          only(node, 't', 'tag', 'text')
          expect(node.tag).toBe(node.tag.toLowerCase())
          texts.push(node.tag, node.text)
          break
        case 'break':
          only(node, 't')
          break
        default:
          throw new Error(`not in the vocabulary: ${JSON.stringify(node)}`)
      }
    }
  }
  const walk = (list: readonly Block[], depth: number) => {
    out.depth = Math.max(out.depth, depth)
    for (const node of list) {
      out.nodes++
      switch (node.t) {
        case 'paragraph':
        case 'heading':
          inlines(node.children, 1, false)
          break
        case 'code':
          texts.push(node.text, node.language)
          break
        case 'quote':
          walk(node.children, depth + 1)
          break
        case 'list':
          if (!Number.isSafeInteger(node.start)) throw new Error('start')
          for (const item of node.items) walk(item.children, depth + 1)
          break
        case 'table':
          for (const row of [node.head, ...node.rows]) {
            if (row.length !== node.align.length) throw new Error('a row of another width')
            for (const cell of row) {
              out.nodes++
              inlines(cell, 1, false)
            }
          }
          break
        case 'rule':
          break
        default:
          throw new Error(`not in the vocabulary: ${JSON.stringify(node)}`)
      }
    }
  }
  walk(all, 1)
  out.text = texts.join('\n')
  return out
}
