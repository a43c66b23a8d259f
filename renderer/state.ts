// Decides how the state reaches the components: asked for once, before anything is drawn, and pushed from then on as a whole,
// at most ten times a second.
import { createContext, use, useSyncExternalStore } from 'react'
import type { AppState } from '../shared/types'
import { call, on } from './backend'

/** `state` is undefined until it is here; `error`: why it cannot be had. */
interface Feed {
  state: AppState | undefined
  error: unknown
}
let feed: Feed = { state: undefined, error: undefined }
let pushes = 0
const listeners = new Set<() => void>()

function tell(next: Feed): void {
  feed = next
  for (const listener of listeners) listener()
}

/** Asks for the state: when the window begins, and again when a person wants it to be tried. Fulfilled in any case. */
export async function askForState(): Promise<void> {
  const before = pushes
  try {
    const state = await call('state.get', {})
    // A pushed state is newer than the answer to a question asked before it.
    if (pushes === before) tell({ state, error: undefined })
  } catch (error) {
    tell({ ...feed, error })
  }
}

on('state', (state) => {
  pushes++
  tell({ state, error: undefined })
})

export const useStateFeed = (): Feed =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => feed,
  )

export const AppStateContext = createContext<AppState | null>(null)

/** The state, inside the app: it is only mounted once the state is here. */
export function useApp(): AppState {
  const state = use(AppStateContext)
  if (!state) throw new Error('useApp outside of the opened app')
  return state
}
