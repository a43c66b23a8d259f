// Decides how times, amounts and durations are worded. Pure: now and the locale are arguments, the words are Intl's.

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

const cache = new Map<string, Intl.DateTimeFormat>()
const format = (locale: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat => {
  const key = `${locale} ${name}`
  const known = cache.get(key) ?? new Intl.DateTimeFormat(locale, options)
  cache.set(key, known)
  return known
}
const relatives = new Map<string, Intl.RelativeTimeFormat>()
const relative = (locale: string): Intl.RelativeTimeFormat => {
  const known = relatives.get(locale) ?? new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  relatives.set(locale, known)
  return known
}
const capital = (words: string, locale: string) => words.slice(0, 1).toLocaleUpperCase(locale) + words.slice(1)

/** Local midnight of a time: two times are on one day exactly when these are equal. */
export function dayOf(ms: number): number {
  const date = new Date(ms)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}
// Days of 23 and 25 hours exist, hence the rounding.
const daysBetween = (ms: number, now: number) => Math.round((dayOf(now) - dayOf(ms)) / DAY_MS)

/** 'Today', 'Yesterday', 'Monday 3 March', with the year when it is not this one. */
export function dayLabel(ms: number, now: number, locale: string): string {
  const days = daysBetween(ms, now)
  if (days === 0 || days === 1) return capital(relative(locale).format(-days, 'day'), locale)
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear()
  return thisYear
    ? format(locale, 'day', { weekday: 'long', day: 'numeric', month: 'long' }).format(ms)
    : format(locale, 'day-year', { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric' }).format(ms)
}

/** The name of a year, month or day on a narrow scale: '2025', 'Mar', '12 Mar'. */
export const tickLabel = (ms: number, unit: 'year' | 'month' | 'day', locale: string): string =>
  unit === 'year'
    ? format(locale, 'tick-year', { year: 'numeric' }).format(ms)
    : unit === 'month'
      ? format(locale, 'tick-month', { month: 'short' }).format(ms)
      : format(locale, 'tick-day', { day: 'numeric', month: 'short' }).format(ms)

export const clockTime = (ms: number, locale: string): string =>
  format(locale, 'clock', { hour: 'numeric', minute: '2-digit' }).format(ms)

function shortDate(ms: number, now: number, locale: string): string {
  const thisYear = new Date(ms).getFullYear() === new Date(now).getFullYear()
  return thisYear
    ? format(locale, 'date', { day: 'numeric', month: 'short' }).format(ms)
    : format(locale, 'date-year', { day: 'numeric', month: 'short', year: 'numeric' }).format(ms)
}

export const clockSeconds = (ms: number, locale: string): string =>
  format(locale, 'clock-seconds', { hour: 'numeric', minute: '2-digit', second: '2-digit' }).format(ms)

/** To the second, with the day unless it is today: '14:05:12', '3 Mar, 14:05:12'. */
export function exactTime(ms: number, now: number, locale: string): string {
  const clock = clockSeconds(ms, locale)
  if (daysBetween(ms, now) === 0) return clock
  return `${shortDate(ms, now, locale)}, ${clock}`
}

/** A day in few letters: '3 Mar 2025'. */
export const shortDay = (ms: number, locale: string): string =>
  format(locale, 'date-year', { day: 'numeric', month: 'short', year: 'numeric' }).format(ms)

export const fullTime = (ms: number, locale: string): string =>
  format(locale, 'full', { dateStyle: 'full', timeStyle: 'medium' }).format(ms)

export const shortTime = (ms: number, locale: string): string =>
  format(locale, 'short', { dateStyle: 'medium', timeStyle: 'short' }).format(ms)

/** Short enough to stand inside a sentence: 'today, 14:05', 'Tuesday, 14:05', '3 Mar, 14:05'. */
export function momentIn(ms: number, now: number, locale: string): string {
  const days = daysBetween(ms, now)
  const clock = clockTime(ms, locale)
  if (days === 0 || days === 1) return `${relative(locale).format(-days, 'day')}, ${clock}`
  if (days > 1 && days < 7) return `${format(locale, 'weekday', { weekday: 'long' }).format(ms)}, ${clock}`
  return `${shortDate(ms, now, locale)}, ${clock}`
}

/** '5 minutes ago', 'in 3 days': the largest unit that is at least one. */
export function relativeTime(ms: number, now: number, locale: string): string {
  const delta = ms - now
  const size = Math.abs(delta)
  const words = relative(locale)
  if (size < MINUTE_MS) return words.format(Math.trunc(delta / 1000), 'second')
  if (size < HOUR_MS) return words.format(Math.trunc(delta / MINUTE_MS), 'minute')
  if (size < DAY_MS) return words.format(Math.trunc(delta / HOUR_MS), 'hour')
  if (size < 60 * DAY_MS) return words.format(Math.trunc(delta / DAY_MS), 'day')
  return words.format(Math.trunc(delta / (30 * DAY_MS)), 'month')
}

const amounts = new Map<string, Intl.NumberFormat>()
/** Made once: a view of hundreds of devices words thousands of amounts. */
const amount = (locale: string, name = '', options?: Intl.NumberFormatOptions): Intl.NumberFormat => {
  const key = `${locale} ${name}`
  const known = amounts.get(key) ?? new Intl.NumberFormat(locale, options)
  amounts.set(key, known)
  return known
}
export const count = (value: number, locale: string): string => amount(locale).format(value)

/** Bytes in the unit a person would choose: '312 B', '4.1 kB', '12 MB'. */
export function byteSize(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  let at = 0
  let value = bytes
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000
    at += 1
  }
  const unit = units[at] ?? 'byte'
  const digits = at === 0 || value >= 10 ? 0 : 1
  // Intl spells out the smallest unit ('312 byte'); its sign is the same everywhere.
  if (at === 0) return `${count(value, locale)}\u00a0B`
  return amount(locale, `${unit} ${digits}`, { style: 'unit', unit, maximumFractionDigits: digits }).format(value)
}

/** Elapsed time as a clock shows it: 0:07, 12:40, 1:02:03. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}
