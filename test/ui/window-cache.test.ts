import { describe, expect, test } from 'vitest'
import type { NodeId, Row, ViewWindow } from '../../shared/types'
import { WindowCache } from '../../renderer/timeline/window-cache'

const row = (name: string) => ({ id: name as NodeId }) as Row
const window = (start: number, names: string[], version = 1, total = 1000): ViewWindow => ({
  viewId: 1,
  version,
  total,
  start,
  rows: names.map(row),
  more: false,
  notIndexed: 0,
})
const change = (version: number, total: number, inserted: number[], removed: number[] = [], touched = false) => ({
  viewId: 1,
  version,
  total,
  inserted,
  removed,
  touched,
})
const names = (from: number, count: number) => Array.from({ length: count }, (_, index) => `n${from + index}`)

describe('a bounded cache of windows', () => {
  test('the first window is there at once', () => {
    const cache = new WindowCache(window(0, ['a', 'b']))
    expect(cache.at(1)?.id).toBe('b')
    expect(cache.positionOf('a' as NodeId)).toBe(0)
  })
  test('the pages around the screen are asked for, the screen’s own page first, and once only', () => {
    const cache = new WindowCache(window(0, names(0, 50)))
    expect(cache.ask(210, 225)).toEqual([
      { start: 200, count: 50 },
      { start: 150, count: 50 },
      { start: 250, count: 50 },
    ])
    expect(cache.ask(210, 225)).toEqual([])
  })
  test('a page whose question failed may be asked for again', () => {
    const cache = new WindowCache(window(0, []))
    const [page] = cache.ask(0, 5)
    cache.release(page?.start ?? -1)
    expect(cache.ask(0, 5)).toContainEqual(page)
  })
  test('the last page is cut at the end of the list', () => {
    const cache = new WindowCache(window(0, [], 1, 120))
    expect(cache.ask(100, 119)).toContainEqual({ start: 100, count: 20 })
  })
  test('rows move with what is inserted above them', () => {
    const cache = new WindowCache(window(0, ['a', 'b', 'c']))
    expect(cache.change(change(2, 1002, [0, 2]))).toBe('moved')
    expect([0, 1, 2, 3, 4].map((at) => cache.at(at)?.id)).toEqual([undefined, 'a', undefined, 'b', 'c'])
  })
  test('rows that are gone leave no gap behind', () => {
    const cache = new WindowCache(window(0, ['a', 'b', 'c', 'd'], 1, 4))
    expect(cache.change(change(2, 4, [3], [1]))).toBe('moved')
    expect([0, 1, 2, 3].map((at) => cache.at(at)?.id)).toEqual(['a', 'c', 'd', undefined])
  })
  test('rows that came and rows that look different are one change: both are asked for', () => {
    const cache = new WindowCache(window(0, names(0, 50), 1, 50))
    cache.change(change(2, 51, [0], [], true))
    expect(cache.at(1)?.id).toBe('n0')
    expect(cache.ask(0, 10)).toEqual([
      { start: 0, count: 50 },
      { start: 50, count: 1 },
    ])
  })
  test('an answer for an older version is thrown away', () => {
    const cache = new WindowCache(window(0, ['a']))
    cache.change(change(2, 1001, [0]))
    expect(cache.take(window(0, ['a'], 1))).toBe('stale')
    expect(cache.at(0)).toBeUndefined()
  })
  test('an answer that overtakes its change waits for it', () => {
    const cache = new WindowCache(window(0, ['a']))
    expect(cache.take(window(0, ['new', 'a'], 2, 1001))).toBe('early')
    expect(cache.at(0)?.id).toBe('a')
    cache.change(change(2, 1001, [0]))
    expect(cache.at(0)?.id).toBe('new')
  })
  test('a change that is already in the window is not applied twice', () => {
    const cache = new WindowCache(window(0, ['new', 'a'], 2, 1001))
    expect(cache.change(change(2, 1001, [0]))).toBe('old')
    expect(cache.at(0)?.id).toBe('new')
  })
  test('a renamed member: the old row stays on screen until the new one is here', () => {
    const cache = new WindowCache(window(0, names(0, 50), 1, 50))
    expect(cache.ask(0, 10)).toEqual([])
    cache.change(change(2, 50, [], [], true))
    expect(cache.at(0)?.id).toBe('n0')
    expect(cache.ask(0, 10)).toEqual([{ start: 0, count: 50 }])
  })
  test('a count that does not fit means that nothing known can be trusted', () => {
    const cache = new WindowCache(window(0, ['a']))
    expect(cache.change(change(5, 900, [0]))).toBe('lost')
    expect(cache.size).toBe(0)
    expect(cache.total).toBe(900)
  })
  test('scrolling through everything keeps a bounded number of rows, those near the reader', () => {
    const cache = new WindowCache(window(0, [], 1, 100_000))
    for (let start = 0; start < 10_000; start += 50) {
      cache.take(window(start, names(start, 50), 1, 100_000))
      cache.trim(start, start + 20)
    }
    expect(cache.size).toBe(1200)
    expect(cache.at(9_999)?.id).toBe('n9999')
    expect(cache.at(0)).toBeUndefined()
  })
})
