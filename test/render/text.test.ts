// The words of a tree, and the short form of a text that a reply shows of its target.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { renderMarkdown } from '../../main/render/markdown'
import { excerpt, plainText } from '../../main/render/text'

test('plain text has the words of every block and none of the markup', () => {
  const source =
    '# a\n\n*b* [c](https://c.example) ![d](https://d.example/p.png)\ne\n\n> f\n\n- g\n- [x] h\n\n|i|j|\n|-|-|\n|k|l|\n\n```\nm\n```\n---'
  expect(plainText(renderMarkdown(source))).toBe('a\nb c d\ne\nf\ng\nh\ni\tj\nk\tl\nm')
})

test('an excerpt is one line, cut at a word', () => {
  expect(excerpt('a\n b', 10)).toBe('a b')
  expect(excerpt('one two three four', 14)).toBe('one two three…')
  expect(excerpt('x'.repeat(50), 10)).toBe(`${'x'.repeat(9)}…`)
  expect(excerpt('', 10)).toBe('')
})

test('an excerpt never cuts a person in two', () => {
  expect(excerpt('👩‍👩‍👧'.repeat(5), 10)).toBe('👩‍👩‍👧…')
})

test('an excerpt keeps its bound, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 1, max: 80 }), (text, max) => {
      const short = excerpt(text, max)
      expect(short.length).toBeLessThanOrEqual(max)
      expect(short).not.toMatch(/[\n\u202e]|\p{Cs}/u)
    }),
  )
})
