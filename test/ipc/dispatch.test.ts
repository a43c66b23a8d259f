// One call, one reply: parsing, refusals and what nobody expected.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dispatch } from '../../main/ipc/dispatch'
import { TwofoldError } from '../../shared/errors'
import { fakeBackend } from './backend'

const quiet = (during: string, error: unknown) => {
  throw new Error(`${during} was reported: ${String(error)}`)
}

test('a handler gets what the schema made of the input', async () => {
  const seen: unknown[] = []
  const { handlers } = fakeBackend({
    'network.addAddress': (input) => {
      seen.push(input)
      return null
    },
    'identity.suggest': async () => ['abandon'],
  })
  expect(await dispatch(handlers, 'network.addAddress', { address: ' a:1 ' }, quiet)).toEqual({ ok: true, value: null })
  expect(seen).toEqual([{ address: 'a:1' }])
  expect(await dispatch(handlers, 'identity.suggest', { prefix: 'ab' }, quiet)).toEqual({
    ok: true,
    value: ['abandon'],
  })
})

test('a call without an input needs none', async () => {
  const { handlers } = fakeBackend({ 'draft.get': () => ({ text: 'x' }) })
  expect(await dispatch(handlers, 'draft.get', undefined, quiet)).toEqual({ ok: true, value: { text: 'x' } })
})

test('what does not fit the schema never reaches the handler', async () => {
  const { handlers } = fakeBackend()
  const reply = await dispatch(handlers, 'view.window', { viewId: 1, start: -1, count: 10, more: 1 }, quiet)
  expect(reply).toMatchObject({ ok: false, code: 'BAD_ARGUMENTS', message: expect.stringContaining('start') })
})

test('names outside the contract are refused, those of Object too', async () => {
  const { handlers } = fakeBackend()
  for (const name of ['nope', '__proto__', 'toString', 'constructor', 7, null, undefined, {}]) {
    expect(await dispatch(handlers, name, {}, quiet)).toMatchObject({ ok: false, code: 'BAD_ARGUMENTS' })
  }
})

test('a refusal keeps its code and its sentence', async () => {
  const { handlers } = fakeBackend({
    'circle.create': () => {
      throw new TwofoldError('WORDS_COUNT', { count: 3 })
    },
  })
  const reply = await dispatch(handlers, 'circle.create', { name: 'a', approval: 'ask' }, quiet)
  expect(reply).toEqual({ ok: false, code: 'WORDS_COUNT', message: 'Recovery needs 24 words; 3 were given.' })
})

test('anything else is INTERNAL, and its stack goes to the log only', async () => {
  const reported: unknown[] = []
  const { handlers } = fakeBackend({ 'state.get': () => Promise.reject(new Error('secret path /home/a')) })
  const reply = await dispatch(handlers, 'state.get', {}, (during, error) => reported.push(during, error))
  expect(reply).toMatchObject({ ok: false, code: 'INTERNAL' })
  expect(JSON.stringify(reply)).not.toContain('secret')
  expect(reported).toEqual(['state.get', new Error('secret path /home/a')])
})

test('no input makes it reject', async () => {
  const { handlers } = fakeBackend()
  await fc.assert(
    fc.asyncProperty(fc.anything(), fc.anything(), async (name, input) => {
      expect(await dispatch(handlers, name, input, () => undefined)).toMatchObject({ ok: false })
      expect(await dispatch(handlers, 'entry.inspect', input, () => undefined)).toMatchObject({ ok: false })
    }),
  )
})
