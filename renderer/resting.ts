// Decides whether a window that nobody has seen for a while may be put away, and what it takes to stand at the same place
// again. The shell asks (main/desktop/resting.ts); what is unsaved is saved first, and what cannot be brought back keeps the
// page: an open dialog, a selection, a text that has no draft. Then nothing is answered.
import { useEffect } from 'react'
import type { NodeId, Row } from '../shared/types'
import { RESUMED_PARAMETER } from '../shared/language'
import { call, on } from './backend'
import type { View } from './ui/shell-context'

/** Where a window stands. */
export interface Standing {
  view: View
  selected: Row | null
  inspecting: boolean
  replyTo: Row | null
  searching: boolean
  /** The entry at the list's upper edge and its distance from there, px; null: at the newest, and there it stays. */
  reading: { id: NodeId; offset: number } | null
}

const keeping = new Set<object>()
const saving = new Set<() => Promise<unknown>>()
const ending = new Set<() => void>()
let standing: (() => Standing | null) | null = null
let begun: Standing | null = null

const member =
  <T>(of: Set<T>) =>
  (one: T): (() => void) => {
    of.add(one)
    return () => void of.delete(one)
  }
/** Keeps the page while `on`: something of it could not be brought back. */
export function useKeepPage(on: boolean): void {
  useEffect(() => (on ? member<object>(keeping)({}) : undefined), [on])
}
/** Saves what is unsaved before the page goes; a failure keeps the page. */
export const beforeRest = member(saving)
/** Gives back what the backend holds for the page. */
export const whenPutAway = member(ending)

/** `of`: where the window stands; null: it cannot be put away now. The answer ends it. */
export function tellStanding(of: () => Standing | null): () => void {
  standing = of
  return () => {
    if (standing === of) standing = null
  }
}

/** Where the window stood when it was put away; null: it begins as ever. */
export const resumed = (): Standing | null => begun

/** Asks where the window stood, if it was put away. */
export async function askForStanding(): Promise<Standing | null> {
  if (!new URLSearchParams(location.search).has(RESUMED_PARAMETER)) return null
  const { place } = await call('window.place', {}).catch(() => ({ place: null }))
  begun = place === null ? null : (JSON.parse(place) as Standing)
  return begun
}

async function rest(): Promise<void> {
  if (keeping.size > 0 || !standing?.()) return
  await Promise.all([...saving].map((save) => save()))
  const stands = standing?.()
  if (keeping.size > 0 || !stands) return
  for (const end of ending) end()
  await call('window.rest', { place: JSON.stringify(stands) })
}

/** Called once, when the window begins. */
export function followRest(): void {
  on('rest', () => void rest().catch(() => undefined))
}
