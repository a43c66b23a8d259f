// Decides what any part of the window may ask of the window as a whole.
import { createContext, use } from 'react'
import type { NodeId, Row, Scope } from '../../shared/types'

export type View = { name: 'timeline'; scope: Scope } | { name: 'circle' } | { name: 'network' } | { name: 'settings' }

export interface Shell {
  view: View
  go: (view: View) => void
  /** Puts the cursor into the composer; with a row, to answer it. */
  compose: (replyTo: Row | null) => void
  inspect: (row: Row) => void
  showEntry: (id: NodeId) => void
  invite: () => void
  palette: () => void
  shortcuts: () => void
}

export const ShellContext = createContext<Shell | null>(null)

export function useShell(): Shell {
  const shell = use(ShellContext)
  if (!shell) throw new Error('useShell outside of the shell')
  return shell
}
