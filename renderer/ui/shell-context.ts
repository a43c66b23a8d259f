// Decides what any part of the window may ask of the window as a whole.
import { createContext, use } from 'react'
import type { Filter, NodeId, Order, Row, Scope } from '../../shared/types'

export type View =
  | { name: 'timeline'; scope: Scope; order?: Order; filter?: Filter }
  | { name: 'circle' }
  | { name: 'network' }
  | { name: 'storage' }
  | { name: 'settings' }

export interface Shell {
  view: View
  go: (view: View) => void
  /** Puts the cursor into the composer; with a row, to answer it. */
  compose: (replyTo: Row | null) => void
  /** Puts an entry of one's own into the composer, to change it. */
  edit: (row: Row) => void
  inspect: (row: Row) => void
  /** Scrolls to an entry, in this view if it is there, else among everything. */
  showEntry: (id: NodeId) => void
  /** Scrolls to an entry among everything, whatever view is open. */
  showInTimeline: (id: NodeId) => void
  /** Opens the search of what is looked at. */
  search: () => void
  goToDate: () => void
  invite: () => void
  /** Adds a further device of one's own. */
  addDevice: () => void
  palette: () => void
  shortcuts: () => void
}

export const ShellContext = createContext<Shell | null>(null)

export function useShell(): Shell {
  const shell = use(ShellContext)
  if (!shell) throw new Error('useShell outside of the shell')
  return shell
}
