// Decides how the pushed state reaches the components: one context, replaced as a whole at most ten times a second.
import { createContext, use, useEffect, useState } from 'react'
import type { AppState } from '../shared/types'
import { call, on } from './backend'

export const AppStateContext = createContext<AppState | null>(null)

/** The state, inside the app: it is only mounted once the state is here. */
export function useApp(): AppState {
  const state = use(AppStateContext)
  if (!state) throw new Error('useApp outside of the opened app')
  return state
}

/** The state while the app opens: undefined until it is here, an error if it cannot be had. */
export function useStateFeed(attempt: number): { state: AppState | undefined; error: unknown } {
  const [state, setState] = useState<AppState>()
  const [error, setError] = useState<unknown>()
  useEffect(() => {
    let pushed = false
    const off = on('state', (next) => {
      pushed = true
      setState(next)
    })
    call('state.get', {}).then(
      // A pushed state is newer than the answer to a question asked before it.
      (first) => {
        if (!pushed) setState(first)
        setError(undefined)
      },
      (reason: unknown) => setError(reason),
    )
    return off
  }, [attempt])
  return { state, error }
}
