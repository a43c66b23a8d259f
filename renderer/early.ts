// What the window asks the backend for before anything of it is drawn: the state, and the rows that it begins with; first of
// all where it stood, if it was put away.
import './opened-links'
import { askForStanding, followRest } from './resting'
import { askForState } from './state'
import { askForFirstView, FIRST_VIEW } from './timeline/first-view'

async function askForRows(): Promise<void> {
  const stood = await askForStanding()
  if (stood === null) await askForFirstView(FIRST_VIEW)
  else if (stood.view.name === 'timeline') await askForFirstView(stood.view)
}

followRest()
/** Fulfilled when both are answered, or refused. */
export const firstAnswers: Promise<unknown> = Promise.all([askForState(), askForRows()])
