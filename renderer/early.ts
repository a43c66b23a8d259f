// What the window asks the backend for before anything of it is drawn: the state, and the rows that it begins with.
import './opened-links'
import { askForState } from './state'
import { askForFirstView } from './timeline/first-view'

/** Fulfilled when both are answered, or refused. */
export const firstAnswers: Promise<unknown> = Promise.all([askForState(), askForFirstView()])
