// The view that a start shows is asked for before the rest of the window has been read and drawn. Who opens that view first
// gets the answer, unless something has changed since it was given.
import type { ViewChange, ViewWindow } from '../../shared/types'
import { call, on } from '../backend'
import { specKey, type ViewSpec } from './view-spec'

export const FIRST_VIEW = { scope: { type: 'everyone' } } as const satisfies ViewSpec

interface Early {
  key: string
  answer: Promise<ViewWindow | null>
  /** Undefined until it is here; null: refused. */
  arrived?: ViewWindow | null
  heard: ViewChange[]
  /** Ends the listening. */
  off: () => void
}
let early: Early | null = null

/** Called once, when the window begins. Fulfilled when it is answered, or refused: without a circle nobody will want it. */
export async function askForFirstView({ scope, order, filter }: ViewSpec): Promise<void> {
  const spec: ViewSpec = { scope, ...(order && { order }), ...(filter && { filter }) }
  const heard: ViewChange[] = []
  const off = on('view.changed', (change) => heard.push(change))
  const answer = call('view.open', { ...spec, paint: true }).catch(() => null)
  const asked: Early = { key: specKey(spec), answer, heard, off }
  early = asked
  asked.arrived = await answer
}

const isFirst = (spec: ViewSpec): boolean => early?.key === specKey(spec)

/** Whether the answer for this view is here already, and still true. */
export function hasFirstView(spec: ViewSpec): boolean {
  const opened = early?.arrived
  return !!opened && isFirst(spec) && !early?.heard.some(({ viewId }) => viewId === opened.viewId)
}

/** That answer; null: there is none. Whoever takes it listens for the view's changes already. */
export function takeFirstView(spec: ViewSpec): ViewWindow | null {
  if (!early?.arrived || !hasFirstView(spec)) return null
  const { arrived, off } = early
  off()
  early = null
  return arrived
}

/** Opens a view. Whoever calls it listens for its changes already. */
export async function openView(spec: ViewSpec): Promise<ViewWindow> {
  if (early && isFirst(spec)) {
    const { answer, heard, off } = early
    early = null
    off()
    const opened = await answer
    if (opened && heard.every(({ viewId }) => viewId !== opened.viewId)) return opened
    if (opened) call('view.close', { viewId: opened.viewId }).catch(() => undefined)
  }
  return call('view.open', { ...spec, paint: true })
}
