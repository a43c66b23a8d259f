import { describe, expect, test } from 'vitest'
import { SavedSearches } from '../../main/peer/saved-searches'
import type { MemberKey, Scope } from '../../shared/types'

const everyone: Scope = { type: 'everyone' }
const memory = () => {
  const kept = new Map<string, string>()
  return {
    meta: (key: string) => kept.get(key) ?? null,
    setMeta: (key: string, value: string) => void kept.set(key, value),
  }
}

describe('saved searches', () => {
  test('are there again after a restart, in the order of saving', () => {
    const store = memory()
    const before = new SavedSearches(store)
    before.save({ scope: everyone, filter: { text: 'tea' } })
    before.save({ scope: { type: 'mine' }, order: 'reached', filter: { has: ['code'] } })
    expect(new SavedSearches(store).list()).toMatchObject([
      { filter: { text: 'tea' }, order: 'written' },
      { scope: { type: 'mine' }, order: 'reached' },
    ])
  })
  test('two that show the same are one, however they were put', () => {
    const searches = new SavedSearches(memory())
    searches.save({ scope: everyone, filter: { text: 'tea', members: [] } })
    searches.save({ scope: everyone, order: 'written', filter: { kinds: undefined, text: 'tea' } })
    searches.save({ scope: { type: 'member', member: 'aa'.repeat(32) as MemberKey }, filter: { text: 'tea' } })
    expect(searches.list()).toHaveLength(2)
  })
  test('one that is forgotten is gone; one that is not there is no error', () => {
    const store = memory()
    const searches = new SavedSearches(store)
    searches.save({ scope: everyone, filter: { text: 'tea' } })
    searches.forget('something else')
    searches.forget(searches.list()[0]!.key)
    expect(new SavedSearches(store).list()).toEqual([])
  })
  test('more than a sidebar can show are refused: SEARCHES_MAX', () => {
    const searches = new SavedSearches(memory())
    for (let i = 0; i < 50; i++) searches.save({ scope: everyone, filter: { text: `${i}` } })
    expect(() => searches.save({ scope: everyone, filter: { text: 'one more' } })).toThrow(
      expect.objectContaining({ code: 'SEARCHES_MAX' }) as Error,
    )
    expect(searches.list()).toHaveLength(50)
  })
})
