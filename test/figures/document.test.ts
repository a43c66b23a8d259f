// docs/performance.md names every figure that the benches give, with the target that they hold it against; and every
// bench of the table can be run by its name.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { FIGURES, type Declared } from '../bench/figures'

const declared = Object.values(FIGURES).flatMap((figures) => Object.entries<Declared>(figures))
const targetOf = ({ target }: Declared): string =>
  target === null ? '–' : target.bound === null ? 'two trips + 20' : `${target.is} ${target.bound}`

test('[bench] the document has a line for each figure, with its target, in the order of the table', () => {
  const section = readFileSync('docs/performance.md', 'utf8')
    .split('\n## ')
    .find((one) => one.startsWith('Figures\n'))!
  const lines = section.matchAll(/^\| `([\w.]+)` +\| ([^|]*?) +\|/gm)
  expect([...lines].map(([, name, target]) => [name, target])).toEqual(
    declared.map(([name, figure]) => [name, targetOf(figure)]),
  )
})

test.each(Object.keys(FIGURES))('[bench] %s can be run by its name', (bench) => {
  expect(existsSync(`test/bench/${bench}.ts`)).toBe(true)
})
