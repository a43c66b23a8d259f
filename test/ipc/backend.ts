// A backend whose every call can be replaced by a test; what was not replaced fails loudly.
import { calls, type CallName } from '../../shared/ipc-contract'
import type { Backend } from '../../main/ipc/dispatch'
import type { Handlers, PushedEvent } from '../../shared/ipc-contract'

export interface FakeBackend extends Backend {
  emit(pushed: PushedEvent): void
  listenerCount(): number
}

export function fakeBackend(replaced: Partial<Handlers> = {}): FakeBackend {
  const listeners = new Set<(pushed: PushedEvent) => void>()
  const missing = (name: string) => () => {
    throw new Error(`not expected in this test: ${name}`)
  }
  const all = Object.fromEntries((Object.keys(calls) as CallName[]).map((name) => [name, missing(name)]))
  return {
    handlers: { ...(all as unknown as Handlers), ...replaced },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => Promise.resolve(),
    emit: (pushed) => {
      for (const listener of listeners) listener(pushed)
    },
    listenerCount: () => listeners.size,
  }
}
