// The words that a person writes down: what is forgiven, and how a mistake is named.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { entropyFromWords, inviteSecretFromWords, splitWords, suggestWords, wordsOf } from '../../main/identity/words'
import { toHex } from '../../main/protocol/codec'
import { TwofoldError } from '../../shared/errors'
import { seedOf } from '../support/people'

const entropy = seedOf('words')
const words = wordsOf(entropy)
const text = words.join(' ')
/** Code and details of what is thrown. */
function refusal(work: () => unknown): { code: string; details: Readonly<Record<string, string | number>> } {
  try {
    work()
  } catch (error) {
    if (error instanceof TwofoldError) return { code: error.code, details: error.details }
    throw error
  }
  throw new Error('was not refused')
}
const replaced = (at: number, word: string) => words.map((w, i) => (i === at ? word : w)).join(' ')

test('[N7] the standard’s own vectors: BIP39 by Trezor', () => {
  expect(wordsOf(new Uint8Array(32)).join(' ')).toBe(`${'abandon '.repeat(23)}art`)
  expect(wordsOf(new Uint8Array(32).fill(0xff)).join(' ')).toBe(`${'zoo '.repeat(23)}vote`)
  expect(wordsOf(new Uint8Array(16).fill(0x7f)).join(' ')).toBe(
    'legal winner thank year wave sausage worth useful legal winner thank yellow',
  )
})

test('[N7] any 32 bytes are 24 words and back, any 16 bytes 12', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      expect(wordsOf(bytes)).toHaveLength(24)
      expect(toHex(entropyFromWords(wordsOf(bytes).join(' ')))).toBe(toHex(bytes))
      const secret = bytes.slice(0, 16)
      expect(wordsOf(secret)).toHaveLength(12)
      expect(toHex(inviteSecretFromWords(wordsOf(secret).join(' ')))).toBe(toHex(secret))
    }),
  )
})

test.each([
  ['capitals', text.toUpperCase()],
  ['line breaks and tabs', words.join('\n\t ')],
  ['numbering', words.map((w, i) => `${i + 1}. ${w}`).join('\n')],
  ['numbering in brackets', words.map((w, i) => `(${i + 1}) ${w}`).join(', ')],
  ['full-width letters of another keyboard', text.replaceAll('a', '\uff41')],
  ['a hard space', words.join('\u00a0')],
])('[N7] forgiven: %s', (_what, typed) => {
  expect(splitWords(typed)).toEqual(words)
  expect(toHex(entropyFromWords(typed))).toBe(toHex(entropy))
})

test.each([0, 1, 12, 23, 25, 48])('[N7] %i words are not 24', (count) => {
  const some = Array.from({ length: count }, (_unused, i) => words[i % 24]!)
  expect(refusal(() => entropyFromWords(some.join(' ')))).toEqual({ code: 'WORDS_COUNT', details: { count } })
})

describe('a mistake', () => {
  test('[N7] a word that is not on the list is named with its place and what was meant', () => {
    expect(refusal(() => entropyFromWords(replaced(6, 'abandn')))).toEqual({
      code: 'WORD_UNKNOWN',
      details: { position: 7, word: 'abandn', suggestion: 'Did you mean “abandon”?' },
    })
    expect(refusal(() => entropyFromWords(replaced(0, 'xylophonist')))).toEqual({
      code: 'WORD_UNKNOWN',
      details: { position: 1, word: 'xylophonist', suggestion: '' },
    })
  })

  test('[N7] of several unknown words the first is named', () => {
    const two = words.map((w, i) => (i === 4 || i === 9 ? 'qqqqqqq' : w)).join(' ')
    expect(refusal(() => entropyFromWords(two)).details.position).toBe(5)
  })

  test('[N7] any one word exchanged for another is noticed by the checksum in all but one of 256 cases', () => {
    const others = suggestWords('c').concat(suggestWords('m'), suggestWords('s'), suggestWords('w'))
    let noticed = 0
    let tried = 0
    for (let at = 0; at < 24; at++) {
      for (const other of others) {
        if (other === words[at]) continue
        tried++
        try {
          expect(toHex(entropyFromWords(replaced(at, other)))).not.toBe(toHex(entropy))
        } catch (error) {
          expect(error).toMatchObject({ code: 'WORDS_CHECKSUM' })
          noticed++
        }
      }
    }
    expect(tried).toBeGreaterThan(700)
    expect(noticed / tried).toBeGreaterThan(0.98)
  })

  test('[N7] two words swapped are noticed', () => {
    const swapped = [words[1]!, words[0]!, ...words.slice(2)].join(' ')
    expect(refusal(() => entropyFromWords(swapped)).code).toBe('WORDS_CHECKSUM')
  })

  test('[M4] the 12 words of an invite say what is wrong in one code', () => {
    expect(refusal(() => inviteSecretFromWords(text))).toMatchObject({
      code: 'INVITE_WORDS_INVALID',
      details: { detail: '24 were given.' },
    })
    const twelve = wordsOf(seedOf('x').slice(0, 16))
    const bad = refusal(() => inviteSecretFromWords(twelve.map((w, i) => (i === 3 ? 'abandn' : w)).join(' ')))
    expect(bad.code).toBe('INVITE_WORDS_INVALID')
    expect(bad.details.detail).toContain('Word 4 (“abandn”)')
    expect(refusal(() => inviteSecretFromWords('abandon '.repeat(12))).details.detail).toContain('do not fit')
  })
})

test('[N7] what is typed is never an error of ours', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...words, 'abandn', '7'), { maxLength: 30 }),
      (a, b) => {
        for (const typed of [a, b.join(' ')]) {
          for (const read of [entropyFromWords, inviteSecretFromWords]) {
            try {
              read(typed)
            } catch (error) {
              expect(error).toBeInstanceOf(TwofoldError)
            }
          }
          expect(suggestWords(typed).length).toBeLessThanOrEqual(8)
        }
      },
    ),
  )
})

test('[N7] suggestions begin with what was typed', () => {
  expect(suggestWords('abs')).toEqual(['absent', 'absorb', 'abstract', 'absurd'])
  expect(suggestWords(' ABS ')).toEqual(suggestWords('abs'))
  expect(suggestWords('a')).toHaveLength(8)
  expect([suggestWords(''), suggestWords('xx')]).toEqual([[], []])
})
