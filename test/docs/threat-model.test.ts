// docs/threat-model.md names for each promise the test that shows it. A promise whose test was renamed or left out is one
// that nothing shows any more.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync('docs/threat-model.md', 'utf8')
const section = text.slice(text.indexOf('## What is promised'), text.indexOf('## Supply chain'))
const rows = section.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Promise|-)/.test(line))
const named = rows.map((row) => /^\| (.+?) +\| `([^`]+)`: “(.+)” +\|$/.exec(row))

test('every promise in the threat model names a test, and no test twice for one promise', () => {
  expect(rows.filter((_row, i) => !named[i])).toEqual([])
  expect(named.length).toBeGreaterThan(30)
  expect(new Set(named.map((found) => found![1])).size).toBe(named.length)
})

test('each of these tests is there, under its title', () => {
  const missing = named
    .map((found) => ({ file: found![2]!, title: found![3]! }))
    .filter(({ file, title }) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title))
  expect(missing).toEqual([])
})

test('a file that is named elsewhere in the threat model is there too', () => {
  const files = [...text.matchAll(/`(test\/[\w/.-]+)`/g)].map(([, file]) => file!)
  expect(files.filter((file) => !existsSync(file))).toEqual([])
})
