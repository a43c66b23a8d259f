import { expect, test } from 'vitest'
import { calls } from '../../shared/ipc-contract'
import * as v from 'valibot'
import { CAP_MAX_KIB, capOf } from '../../renderer/settings/cap'

test.each<[string, number | null]>([
  ['200', 200],
  [' 200 ', 200],
  ['0', 0],
  ['', 0],
  ['007', 7],
  [String(CAP_MAX_KIB), CAP_MAX_KIB],
  [String(CAP_MAX_KIB + 1), null],
  ['1.5', null],
  ['-1', null],
  ['1e3', null],
  ['0x10', null],
  ['much', null],
])('a cap typed as “%s” is %s', (typed, cap) => {
  expect(capOf(typed)).toBe(cap)
})
test('what counts as a cap here is what the backend takes', () => {
  const takes = (capKiB: number) => v.safeParse(calls['settings.set'].input, { capKiB }).success
  expect([takes(0), takes(CAP_MAX_KIB), takes(CAP_MAX_KIB + 1)]).toEqual([true, true, false])
})
