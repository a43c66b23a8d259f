// Which language the window speaks. It is named in the page's address, so that it is one answer for the whole window from its
// first line on; another choice loads the page anew.
import { LANGUAGE_PARAMETER, languageFor, type Language } from '../shared/language'
import { byteSize, count } from './ui/time'

/** Absent in the development server's first address and in tests; then it is the system's. */
const named = (): string | null =>
  typeof location === 'undefined' ? 'en' : new URLSearchParams(location.search).get(LANGUAGE_PARAMETER)

/** Of the system, as far as there is one here. */
const system = (): string => (typeof navigator === 'undefined' ? 'en' : navigator.language)

export const language: Language = ((tag) => (tag === 'en' || tag === 'de' ? tag : languageFor('system', system())))(
  named(),
)

/** The person's own variant of the language (clock, date order), if the system speaks that language at all. */
export const locale: string =
  typeof navigator !== 'undefined' && navigator.language.startsWith(language)
    ? navigator.language
    : language === 'de'
      ? 'de-DE'
      : 'en-GB'

/** Loads the page in the language of the setting, if it speaks another one. */
export function followLanguage(setting: 'system' | Language): void {
  const wanted = languageFor(setting, system())
  if (wanted === language) return
  const address = new URL(location.href)
  address.searchParams.set(LANGUAGE_PARAMETER, wanted)
  location.replace(address)
}

export const number = (value: number): string => count(value, locale)
export const bytes = (value: number): string => byteSize(value, locale)
/** 'Ann or Bob': any one of them is meant. */
export const anyOf = (names: readonly string[]): string =>
  new Intl.ListFormat(locale, { type: 'disjunction' }).format(names)
export const plural = (value: number, one: string, many: string): string =>
  `${number(value)} ${value === 1 ? one : many}`
