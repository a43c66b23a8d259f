import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sentence } from '../../shared/errors'
import { call, codeOf, sentenceOf } from '../../renderer/backend'
import { ViewSession } from '../../renderer/timeline/view-session'
import { FakeBackend } from './fake-backend'

let fake: FakeBackend
let session: ViewSession

const until = async (true_: () => boolean) => {
  await vi.waitFor(() => expect(true_()).toBe(true))
}
const open = async (scenario: string) => {
  fake = new FakeBackend(scenario)
  vi.stubGlobal('window', { twofold: fake })
  session = new ViewSession({ scope: { type: 'everyone' } })
  await until(() => session.opened)
}
beforeEach(() => open('large'))
afterEach(() => {
  session.close()
  vi.unstubAllGlobals()
})

describe('a view that is open', () => {
  test('its first rows are there with its opening: nothing is asked twice', () => {
    expect(session.total).toBe(10_000)
    expect(session.at(0)).toBeDefined()
    expect(fake.asked.filter(({ name }) => name === 'view.window')).toHaveLength(0)
  })
  test('a reader who jumps far sees that place’s rows, and no others were asked for', async () => {
    session.show(7_000, 7_012)
    await until(() => session.at(7_005) !== undefined)
    const starts = fake.asked.flatMap(({ name, input }) =>
      name === 'view.window' ? [(input as { start: number }).start] : [],
    )
    expect(starts.sort((a, b) => a - b)).toEqual([6_950, 7_000, 7_050])
  })
  test('Bob writes: known rows move down by one, and the new one is asked for', async () => {
    const first = session.at(0)
    fake.arrive(1, 'Hello from Bob')
    expect(session.at(1)).toBe(first)
    session.show(0, 10)
    await until(() => session.at(0)?.text === 'Hello from Bob')
    expect(session.total).toBe(10_001)
  })
  test('the reader is told where rows came in, so that the list can keep its place', () => {
    const heard: unknown[] = []
    session.listen((news) => heard.push(news?.change.inserted))
    fake.arrive(1, 'Hello')
    expect(heard).toEqual([[0]])
  })
  test('an entry that is far away has a position all the same', async () => {
    const far = await call('view.window', { viewId: 1, start: 400, count: 1 })
    const id = far.rows[0]?.id
    expect(id !== undefined && (await session.position(id))).toBe(400)
  })
  test('a backend that forgot the view is asked to open it again', async () => {
    fake.refusals.set('view.window', 'VIEW_UNKNOWN')
    session.show(5_000, 5_010)
    await until(() => fake.asked.filter(({ name }) => name === 'view.open').length === 2)
    fake.refusals.clear()
    await until(() => session.opened)
    expect(session.at(0)).toBeDefined()
  })
  test('an answer whose change never comes is believed after a while, instead of being asked for again and again', async () => {
    fake.bumpSilently()
    session.show(3_000, 3_010)
    await until(() => session.at(3_005) !== undefined)
    expect(fake.asked.filter(({ name }) => name === 'view.window').length).toBeLessThanOrEqual(6)
  })
  test('a closed view is closed in the backend too', () => {
    session.close()
    expect(fake.asked.at(-1)?.name).toBe('view.close')
  })
})

describe('refusals', () => {
  test('a view that cannot be opened says why', async () => {
    fake.refusals.set('view.open', 'DATABASE_LOCKED')
    const refused = new ViewSession({ scope: { type: 'mine' } })
    await until(() => refused.error !== null)
    expect(codeOf(refused.error)).toBe('DATABASE_LOCKED')
    expect(sentenceOf(refused.error)).toBe(sentence('DATABASE_LOCKED'))
    refused.close()
  })
  test('an error of our own is told apart from a refusal', () => {
    expect(codeOf(new TypeError('oops'))).toBe('INTERNAL')
  })
})
