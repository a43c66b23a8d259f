// Which language the window speaks. It is decided before anything else is loaded (main.tsx) and stands in the document, so
// that it is one answer for the whole window; another choice reloads it.
import type { Language } from './language-choice'
import { byteSize, count } from './ui/time'

export const language: Language =
  typeof document !== 'undefined' && document.documentElement.lang.startsWith('de') ? 'de' : 'en'

/** The person's own variant of the language (clock, date order), if the system speaks that language at all. */
export const locale: string =
  typeof navigator !== 'undefined' && navigator.language.startsWith(language)
    ? navigator.language
    : language === 'de'
      ? 'de-DE'
      : 'en-GB'

export const number = (value: number): string => count(value, locale)
export const bytes = (value: number): string => byteSize(value, locale)
/** 'Ann or Bob': any one of them is meant. */
export const anyOf = (names: readonly string[]): string =>
  new Intl.ListFormat(locale, { type: 'disjunction' }).format(names)
export const plural = (value: number, one: string, many: string): string =>
  `${number(value)} ${value === 1 ? one : many}`
