// The view that a start shows is asked for before anything is drawn: whoever opens it gets that answer, if it is still true.
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { askForFirstView, FIRST_VIEW, hasFirstView } from '../../renderer/timeline/first-view'
import { ViewSession } from '../../renderer/timeline/view-session'
import { FakeBackend } from './fake-backend'

let fake: FakeBackend
let session: ViewSession | undefined

beforeEach(() => {
  fake = new FakeBackend('small')
  vi.stubGlobal('window', { twofold: fake })
})
afterEach(async () => {
  session?.close()
  session = undefined
  // What a test did not take.
  const rest = new ViewSession(FIRST_VIEW)
  await vi.waitUntil(() => rest.opened || rest.error !== null)
  rest.close()
  vi.unstubAllGlobals()
})
const opened = () => fake.asked.filter(({ name }) => name === 'view.open').length

test('its rows are there in the very first drawing, and it is asked for once', async () => {
  await askForFirstView(FIRST_VIEW)
  expect(hasFirstView(FIRST_VIEW)).toBe(true)
  session = new ViewSession(FIRST_VIEW)
  expect(session.opened && session.at(0) !== undefined).toBe(true)
  expect(opened()).toBe(1)
  fake.arrive(1, 'Hello')
  await vi.waitFor(() => expect(session?.positionHere(session.at(1)!.id)).toBe(1))
})

test('an answer that is still on its way is waited for', async () => {
  const asking = askForFirstView(FIRST_VIEW)
  expect(hasFirstView(FIRST_VIEW)).toBe(false)
  session = new ViewSession(FIRST_VIEW)
  await asking
  await vi.waitFor(() => expect(session?.opened).toBe(true))
  expect(opened()).toBe(1)
})

test('another view is asked for anew', async () => {
  await askForFirstView(FIRST_VIEW)
  expect(hasFirstView({ scope: { type: 'mine' } })).toBe(false)
  session = new ViewSession({ scope: { type: 'mine' } })
  await vi.waitFor(() => expect(session?.opened).toBe(true))
  expect(opened()).toBe(2)
})

test('once something has changed in it, it is opened anew', async () => {
  await askForFirstView(FIRST_VIEW)
  fake.arrive(1, 'Hello')
  await vi.waitFor(() => expect(hasFirstView(FIRST_VIEW)).toBe(false))
  session = new ViewSession(FIRST_VIEW)
  await vi.waitFor(() => expect(session?.at(0)?.text).toBe('Hello'))
  expect(opened()).toBe(2)
})

test('without a circle it is refused, and whoever opens it hears why', async () => {
  fake.refusals.set('view.open', 'CIRCLE_MISSING')
  await askForFirstView(FIRST_VIEW)
  session = new ViewSession(FIRST_VIEW)
  await vi.waitFor(() => expect(session?.error).toMatchObject({ code: 'CIRCLE_MISSING' }))
})
