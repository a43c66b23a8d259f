// What of a text can be searched for, and the quick way to it: the same as what the tree of the text holds, for any text.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { facetsOf, facetsOfBlocks } from '../../main/render/facets'
import { renderMarkdown } from '../../main/render/markdown'
import { quickFacets } from '../../main/render/quick-facets'
import { chanceOf, textOf, voiceOf } from '../../main/seed-texts'
import type { TreeFacets } from '../../shared/types'

const key = 'ab'.repeat(32)
const mention = `[@Bob Jr](twofold://member/${key})`
/** Facets as sets: in which order a text holds them does not matter. */
const sorted = ({ has, tags, members }: TreeFacets) => ({ has: has.toSorted(), tags: tags.toSorted(), members })
const ofTree = (text: string) => sorted(facetsOfBlocks(renderMarkdown(text).blocks))

test('an entry holds links, code, pictures, tables, tasks, tags and people', () => {
  const text = `#Tea for [@Bob](twofold://member/${key})\n\n- [x] done\n\n> | a |\n> | - |\n> | \`c\` https://a.example ![p](https://a.example/p.png) |`
  expect(sorted(facetsOf(text))).toEqual({
    has: ['code', 'image', 'link', 'table', 'task'],
    tags: ['tea'],
    members: [key],
  })
})

describe('without parsing', () => {
  test.each<[string, Partial<TreeFacets>]>([
    ['Tea at five: who brings milk? *I* do, 100 % – 2 > 1 <3', {}],
    ['# Title\n\n- one\n- two\n\n> quoted\n\n1. a_b_c', {}],
    ['The #Kettle is on, (#tea) at five', { tags: ['kettle', 'tea'] }],
    ['see https://example.org/a/b.html, or http://a-b.example.', { has: ['link'] }],
    ['use `x | y` and `#no` here', { has: ['code'] }],
    ['So:\n```ts\nconst a = [1] // #no\n\n\tb\n```\n#yes', { has: ['code'], tags: ['yes'] }],
    ['```\n```', { has: ['code'] }],
    ['see https://a.example/map?at=52.5,13.4&b=1#north', { has: ['link'] }],
    ['a\n```js\n#no', { has: ['code'] }],
    [`${mention}: #tea?`, { members: [key as never], tags: ['tea'] }],
    ['a\n\n| a | b |\n| :-- | - |\n| 1 | 2 |\n| 3\n\n#tea', { has: ['table'], tags: ['tea'] }],
    ['- [x] milk\n- [ ] `tea`', { has: ['code', 'task'] }],
  ])('%j', (text, expected) => {
    expect(quickFacets(text)).not.toBeNull()
    expect(sorted(quickFacets(text)!)).toEqual(sorted({ has: [], tags: [], members: [], ...expected }))
    expect(ofTree(text)).toEqual(sorted(quickFacets(text)!))
  })

  test.each([
    '\\#tea',
    '_x #tea_',
    '*#tea*',
    '>#tea',
    '&num;tea',
    '[#tea](https://a.example)',
    '[ref]\n\n[ref]: https://a.example',
    `!${mention}`,
    `\`${mention}`,
    '- [x] a\n  ===',
    '`a\nb`',
    '`a\n\nb`',
    '``a`b``',

    'x```\na\n```',
    '    `a`',
    'https://a.example/`x`',
    'https://xn--a.example/',
    'https://1.2.3/',
    `https://${'a'.repeat(64)}.example/`,
    'www.example.org',
    'a@b.example',
    '<https://a.example>',
    'a\u2028```\nb\n```',
    'a\r```\nb\n```',
    '| a |\n| - | - |',
    'x\n| a |\n| - |',
    '| a |\n| - |\n| b | `c` |',
    '| a |\n| - |\n| b | #c |',
    '```\n\n| a |\n| - |\n```',
    '- a\n\n  | a |\n  | - |',
    '~~~\na\n~~~',
  ])('is what the tree holds, or not told: %j', (text) => {
    const quick = quickFacets(text)
    if (quick) expect(sorted(quick)).toEqual(ofTree(text))
    expect(sorted(facetsOf(text))).toEqual(ofTree(text))
  })

  test('never differs from the tree', () => {
    const piece = fc.oneof(
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
      {
        weight: 8,
        arbitrary: fc.constantFrom(
          ...[
            ' ',
            '  ',
            '\n',
            '\n\n',
            'a',
            'Tea',
            ' b',
            '_',
            '*',
            '**',
            '~~',
            '~~~',
            '\\',
            '!',
            '(',
            ')',
            '<',
            '>',
            '>>',
          ],
          ...[
            '`',
            '``',
            '```',
            '\n```\n',
            '```ts\n',
            '`x`',
            '#',
            '#a',
            ' #tea',
            '#a_b',
            ' #1',
            '# ',
            '##',
            '\n#b',
            '\n# ',
          ],
          ...[
            '\n- ',
            '\n1. ',
            '- [x] ',
            '\n- [ ] ',
            '\n* [X] ',
            '[',
            ']',
            '[x]',
            ']: ',
            '](',
            '|',
            '\n|-|\n',
            '\n| a |',
            '| a |\n|-|',
            '\n\n| a | b |\n| - | :-: |',
            '\n| 1 |',
          ],
          ...[
            '\n===',
            '\n---',
            '\n ---',
            '\t',
            '    ',
            '\n  ',
            '\r',
            '\u2028',
            '\0',
            '&',
            '&num;',
            '&#35;',
            '&lbrack;',
          ],
          ...[
            'https://',
            'https://a.example',
            ' http://a.example/b-c/d.html',
            ' https://a.b/',
            '.',
            ',',
            ':',
            ';',
            '/',
            '//',
          ],
          ...[' https://a.b.example/m?a=1,', '?', '&a=', '#north', '---', '..', '=1'],
          ...[
            'www.',
            'a@b.example',
            '<a',
            '</a>',
            '<!--',
            mention,
            ` ${mention}`,
            '![@',
            '@',
            `twofold://member/${key}`,
          ],
          ...['東', 'é', 'ß', '👍', "'", '"', '“', '-', '--', '+ ', '{', '}', '^', '=', '1', '2)', 'x'.repeat(60)],
        ),
      },
    )
    let told = 0
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
        const text = pieces.join('')
        const quick = quickFacets(text)
        if (!quick) return
        if (quick.has.length || quick.tags.length || quick.members.length) told++
        expect(sorted(quick)).toEqual(ofTree(text))
      }),
      { numRuns: 6000 },
    )
    // Else this would show nothing.
    expect(told).toBeGreaterThan(100)
  })

  test('is enough for nearly all that people write, and right for all of it', () => {
    const chance = chanceOf(7)
    const texts = Array.from({ length: 1000 }, () => textOf(chance, voiceOf(chance), () => mention))
    for (const text of texts) expect(sorted(facetsOf(text))).toEqual(ofTree(text))
    expect(texts.filter((text) => quickFacets(text)).length).toBeGreaterThan(900)
  })
})
