import { describe, expect, test } from 'vitest'
import { hueOf, initialsOf } from '../../renderer/ui/identity-look'
import { byteSize, count, dayLabel, dayOf, elapsed, exactTime, momentIn, relativeTime } from '../../renderer/ui/time'
import { readKey } from '../../renderer/commands/keys'

const at = (text: string) => new Date(text).getTime()
const now = at('2025-03-12T15:00:00')

describe('times in words', () => {
  test('today and yesterday have their names', () => {
    expect(dayLabel(at('2025-03-12T00:01:00'), now, 'en-GB')).toBe('Today')
    expect(dayLabel(at('2025-03-11T23:59:00'), now, 'en-GB')).toBe('Yesterday')
  })
  test('an older day names its weekday, another year its year', () => {
    expect(dayLabel(at('2025-03-03T10:00:00'), now, 'en-GB')).toBe('Monday 3 March')
    expect(dayLabel(at('2023-11-30T10:00:00'), now, 'en-GB')).toContain('2023')
  })
  test('another language brings its own words', () => {
    expect(dayLabel(at('2025-03-11T10:00:00'), now, 'de')).toBe('Gestern')
  })
  test('inside a sentence a day of this week is its weekday', () => {
    expect(momentIn(at('2025-03-10T09:12:00'), now, 'en-GB')).toBe('Monday, 9:12')
    expect(momentIn(at('2025-03-12T09:12:00'), now, 'en-GB')).toBe('today, 9:12')
  })
  test('an exact time names its day only when that is not today', () => {
    expect(exactTime(at('2025-03-12T09:12:05'), now, 'en-GB')).toBe('9:12:05')
    expect(exactTime(at('2025-03-10T09:12:05'), now, 'en-GB')).toBe('10 Mar, 9:12:05')
    expect(exactTime(at('2023-11-30T09:12:05'), now, 'en-GB')).toBe('30 Nov 2023, 9:12:05')
  })
  test('two times of one day share its midnight, also around a change of clocks', () => {
    expect(dayOf(at('2025-03-30T01:00:00'))).toBe(dayOf(at('2025-03-30T23:00:00')))
  })
  test('ages use the largest unit that fits', () => {
    expect(relativeTime(now - 90_000, now, 'en')).toBe('1 minute ago')
    expect(relativeTime(now + 2 * 86_400_000, now, 'en')).toBe('in 2 days')
    expect(relativeTime(now, now, 'en')).toBe('now')
  })
  test('a waiting clock counts on past the hour', () => {
    expect(elapsed(7_000)).toBe('0:07')
    expect(elapsed(3_723_000)).toBe('1:02:03')
  })
})

describe('amounts', () => {
  test('bytes come in the unit that a person would choose', () => {
    expect(byteSize(312, 'en')).toBe('312\u00a0B')
    expect(byteSize(4_100, 'en')).toBe('4.1 kB')
    expect(byteSize(12_400_000, 'en')).toBe('12 MB')
  })
  test('large counts are grouped', () => {
    expect(count(10_000, 'en')).toBe('10,000')
  })
})

describe('how members look', () => {
  test('the colour follows from the key alone', () => {
    expect(hueOf('ab12cd34'.repeat(8))).toBe(hueOf('ab12cd34'.repeat(8)))
    expect(hueOf('not hex')).toBeTypeOf('number')
  })
  test('letters come from the first and the last name, emoji stay whole', () => {
    expect(initialsOf('Ada King Lovelace')).toBe('AL')
    expect(initialsOf('bob')).toBe('B')
    expect(initialsOf('👩‍🚀 Mae')).toBe('👩‍🚀')
    expect(initialsOf('')).toBe('')
  })
})

describe('keys', () => {
  const press = (key: string, more: Partial<{ ctrlKey: boolean; metaKey: boolean; altKey: boolean }> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    ...more,
  })
  test('j and k walk through the entries', () => {
    expect(readKey(press('j'), false, false).action).toBe('next')
    expect(readKey(press('k'), false, false).action).toBe('previous')
  })
  test('g waits for the place to go', () => {
    expect(readKey(press('g'), false, false)).toEqual({ action: null, going: true })
    expect(readKey(press('n'), true, false)).toEqual({ action: 'go-network', going: false })
  })
  test('somebody who types a text types letters', () => {
    expect(readKey(press('n'), false, true).action).toBeNull()
    expect(readKey(press('k', { ctrlKey: true }), false, true).action).toBe('palette')
  })
  test('the keys of the system stay the system’s', () => {
    expect(readKey(press('r', { ctrlKey: true }), false, false).action).toBeNull()
  })
})
