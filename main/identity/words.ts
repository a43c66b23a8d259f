// Words that a person can write down (BIP39, English list): 24 for a member's root key, 12 for an invite's secret. The
// list and the checksum are @scure/bip39's; here is decided what is forgiven (case, space, numbering) and how a mistake
// is named.
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { TwofoldError } from '../../shared/errors'

const KNOWN: ReadonlySet<string> = new Set(wordlist)
const SUGGESTIONS_MAX = 8
/** The longest words of the list. */
const WORD_LETTERS_MAX = 8

/** 16 bytes give 12 words, 32 bytes give 24. */
export const wordsOf = (entropy: Uint8Array): string[] => entropyToMnemonic(entropy, wordlist).split(' ')

/** Words as typed or pasted: any case and spacing; numbering such as "1." or "(2)" is ignored. */
export const splitWords = (text: string): string[] =>
  text
    .normalize('NFKD')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(Boolean)

/** Words of the list that begin with `prefix`, at most 8. */
export const suggestWords = (prefix: string): string[] => {
  const start = prefix.trim().toLowerCase()
  return start ? wordlist.filter((word) => word.startsWith(start)).slice(0, SUGGESTIONS_MAX) : []
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_unused, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length]!
}

function didYouMean(word: string): string {
  // No word of the list is longer; comparing a pasted page with all of them would take minutes.
  if (word.length > WORD_LETTERS_MAX + 2) return ''
  const near = wordlist.map((known) => ({ known, d: distance(word, known) })).sort((a, b) => a.d - b.d)[0]!
  return near.d <= 2 ? `Did you mean “${near.known}”?` : ''
}

function entropyOf(words: string[]): Uint8Array {
  words.forEach((word, i) => {
    if (!KNOWN.has(word))
      throw new TwofoldError('WORD_UNKNOWN', { position: i + 1, word, suggestion: didYouMean(word) })
  })
  try {
    return mnemonicToEntropy(words.join(' '), wordlist)
  } catch {
    throw new TwofoldError('WORDS_CHECKSUM')
  }
}

/** 32 bytes. Throws WORDS_COUNT, WORD_UNKNOWN (naming the position) or WORDS_CHECKSUM. */
export function entropyFromWords(text: string): Uint8Array {
  const words = splitWords(text)
  if (words.length !== 24) throw new TwofoldError('WORDS_COUNT', { count: words.length })
  return entropyOf(words)
}

/** 16 bytes from the 12 words of an invite. Throws INVITE_WORDS_INVALID with what is wrong. */
export function inviteSecretFromWords(text: string): Uint8Array {
  const words = splitWords(text)
  if (words.length !== 12) throw new TwofoldError('INVITE_WORDS_INVALID', { detail: `${words.length} were given.` })
  try {
    return entropyOf(words)
  } catch (error) {
    throw new TwofoldError('INVITE_WORDS_INVALID', { detail: error instanceof TwofoldError ? error.message : '' })
  }
}
