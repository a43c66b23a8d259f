// From what a person looks for to the question that the index answers (docs/protocol.md, "Search"), and what is put into
// the index so that it can answer. Both sides of one vocabulary stand here together.
import { toHex, utf8 } from '../protocol/codec'
import type { Filter, MemberKey, TreeFacets } from '../../shared/types'

/** Words of one question; more narrows nothing. */
const TERMS_MAX = 32
/** Chinese and Japanese put no spaces between words: every character is a word, and a word is a phrase. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu

/** None of them stands below. */
const MAY_BE_UNSPACED = /[\u2e80-\uffff]/

/** A text as it is put into the index, and as it is asked for. */
export const wordsOf = (text: string): string => (MAY_BE_UNSPACED.test(text) ? text.replace(UNSPACED, ' $& ') : text)

// Facets are words of letters and digits, so that the index takes each as one.
const hexOf = (text: string): string => toHex(utf8(text))
const textOf = (hex: string): string =>
  new TextDecoder().decode(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))
const facet = {
  member: (member: number) => `m${member}`,
  kind: (kind: string) => `k${kind}`,
  has: (has: string) => `h${has}`,
  tag: (tag: string) => `t${hexOf(tag)}`,
  mention: (member: MemberKey) => `a${member}`,
}
/** One of them stands in every document. */
const EVERY_KIND = ['post', 'reply'].map(facet.kind)
export const tagPrefix = (prefix: string): string => facet.tag(prefix.replace(/^#/, '').normalize('NFC').toLowerCase())
export const tagOf = (facetWord: string): string => textOf(facetWord.slice(1))

export function facetWords(member: number, kind: string, { has, tags, members }: TreeFacets): string {
  let words = `${facet.member(member)} ${facet.kind(kind)}`
  for (const one of has) words += ` ${facet.has(one)}`
  for (const one of tags) words += ` ${facet.tag(one)}`
  for (const one of members) words += ` ${facet.mention(one)}`
  return words
}

export interface Question {
  /** FTS5; null: nothing can match (an unknown member). */
  match: string | null
  /** Words and phrases to mark in the results. */
  terms: string[]
}

const quoted = (text: string): string => `"${wordsOf(text).replace(/["\0]/g, ' ')}"`
const hasWord = (text: string): boolean => /[\p{L}\p{N}]/u.test(text)

/** `numberOf`: a member's number in the store; null: nothing of theirs is here. */
export function questionOf(
  filter: Filter,
  members: readonly MemberKey[] | null,
  numberOf: (member: MemberKey) => number | null,
): Question {
  const all: string[] = []
  const none: string[] = []
  const terms: string[] = []
  const text = filter.text ?? ''
  const parts = [...text.matchAll(/(-?)(?:"([^"]*)("?)|(\S+))/gu)].slice(0, TERMS_MAX)
  for (const part of parts) {
    const [whole, minus, phrase, , bare] = part
    const given = phrase ?? bare ?? ''
    if (!hasWord(given)) continue
    const isTag = bare !== undefined && /^#[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u.test(bare)
    // The word that is still being typed is found by its beginning.
    const open = !minus && bare !== undefined && part.index + whole.length === text.length
    const expression = isTag
      ? `facets : "${tagPrefix(given)}"${open ? ' *' : ''}`
      : `body : ${quoted(given)}${open ? ' *' : ''}`
    if (minus) none.push(expression)
    else {
      all.push(expression)
      terms.push(given)
    }
  }
  const oneOf = (facets: readonly string[]) => all.push(`facets : (${facets.map((f) => `"${f}"`).join(' OR ')})`)
  const wanted = filter.members?.length ? filter.members : null
  const authors = wanted && members ? wanted.filter((key) => members.includes(key)) : (wanted ?? members)
  if (authors) {
    const numbers = authors.flatMap((key) => numberOf(key) ?? [])
    if (!numbers.length) return { match: null, terms }
    oneOf(numbers.map(facet.member))
  }
  if (filter.kinds?.length) oneOf(filter.kinds.map(facet.kind))
  for (const has of filter.has ?? []) oneOf([facet.has(has)])
  if (filter.mentions) oneOf([facet.mention(filter.mentions)])
  if (!all.length) oneOf(EVERY_KIND)
  const positive = all.join(' AND ')
  return { match: none.length ? `(${positive}) NOT (${none.join(' OR ')})` : positive, terms }
}

/** Whether a filter narrows anything. */
export const narrows = (filter: Filter): boolean =>
  Boolean(filter.text?.trim()) ||
  Boolean(filter.members?.length) ||
  Boolean(filter.kinds?.length) ||
  Boolean(filter.has?.length) ||
  filter.mentions !== undefined ||
  filter.from !== undefined ||
  filter.to !== undefined
