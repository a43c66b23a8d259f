import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { poll, type Sight } from '../../renderer/ui/polling'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

function sightOf(visible: boolean): Sight & { show(now: boolean): void; listeners: number } {
  const listeners = new Set<() => void>()
  return {
    visible: () => visible,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    show(now) {
      visible = now
      for (const listener of listeners) listener()
    },
    get listeners() {
      return listeners.size
    },
  }
}

describe('what moves is asked for', () => {
  test('at once and then every second', async () => {
    const ask = vi.fn<() => Promise<void>>(() => Promise.resolve())
    const stop = poll(ask, 1_000, sightOf(true))
    expect(ask).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(ask).toHaveBeenCalledTimes(4)
    stop()
  })
  test('not while nobody can see it, and at once when somebody can again', async () => {
    const ask = vi.fn<() => Promise<void>>(() => Promise.resolve())
    const sight = sightOf(false)
    const stop = poll(ask, 1_000, sight)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ask).not.toHaveBeenCalled()
    sight.show(true)
    expect(ask).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(500)
    sight.show(false)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ask).toHaveBeenCalledTimes(1)
    sight.show(true)
    expect(ask).toHaveBeenCalledTimes(2)
    stop()
  })
  test('never twice at once: a slow answer is waited for', async () => {
    let answer = () => {}
    const ask = vi.fn<() => Promise<void>>(() => new Promise<void>((resolve) => (answer = resolve)))
    const sight = sightOf(true)
    const stop = poll(ask, 1_000, sight)
    await vi.advanceTimersByTimeAsync(10_000)
    sight.show(false)
    sight.show(true)
    expect(ask).toHaveBeenCalledTimes(1)
    answer()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ask).toHaveBeenCalledTimes(2)
    stop()
  })
  test('no more once it was stopped, not even after an answer that was out', async () => {
    let answer = () => {}
    const ask = vi.fn<() => Promise<void>>(() => new Promise<void>((resolve) => (answer = resolve)))
    const sight = sightOf(true)
    poll(ask, 1_000, sight)()
    answer()
    await vi.advanceTimersByTimeAsync(10_000)
    sight.show(true)
    expect(ask).toHaveBeenCalledTimes(1)
    expect([sight.listeners, vi.getTimerCount()]).toEqual([0, 0])
  })
})
