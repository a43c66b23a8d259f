// The benchmarks' report: what a figure is held against comes from one table, and nothing that was not measured is 'reached'.
import { describe, expect, test } from 'vitest'
import { FIGURES, type Declared } from '../bench/figures'
import { judge, reportOf, table } from '../bench/report'

const most: Declared = { unit: 'ms', target: { is: '≤', bound: 2.5 } }

describe('a figure', () => {
  test.each([
    ['≤', 2.5, 2.5, true],
    ['≤', 2.5, 2.5001, false],
    ['≥', 0.98, 0.98, true],
    ['≥', 0.98, 0.9799, false],
    ['<', 1000, 1000, false],
    ['<', 1000, 999.9, true],
    ['=', 0, 0, true],
    ['=', 0, 1, false],
  ] as const)(
    '[bench] target %s %d: %d is reached: %s, as measured and not as rounded',
    (is, bound, value, reached) => {
      expect(judge('x', { unit: 'ms', target: { is, bound } }, { value, against: '' }).reached).toBe(reached)
    },
  )

  test('[bench] what could not be measured is not reached', () => {
    expect(judge('x', most, { value: Number.NaN, against: '' }).reached).toBe(false)
  })

  test('[bench] a bound that the run measures itself is shown and held', () => {
    const declared: Declared = { unit: 'ms', target: { is: '≤', bound: null } }
    expect(judge('x', declared, { value: 21, against: '', bound: 20.5 })).toMatchObject({
      target: '≤ 20.5',
      reached: false,
    })
    expect(() => judge('x', declared, { value: 21, against: '' })).toThrow('no bound')
  })
})

describe('a report', () => {
  const measured = {
    'coldStart.ratio': { value: 1.23456, against: 'a minimal window' },
    'memory.ratio': null,
    'stop.ms': { value: 30, against: '' },
  }

  test('[bench] names the bench, the machine and each figure with its target', () => {
    const made = reportOf('start', measured)
    expect(JSON.parse(JSON.stringify(made))).toEqual({
      bench: 'start',
      machine: {
        cores: expect.any(Number),
        cpu: expect.any(String),
        memoryGiB: expect.any(Number),
        platform: expect.any(String),
        node: expect.any(String),
      },
      figures: [
        {
          name: 'coldStart.ratio',
          value: 1.235,
          unit: '× minimal',
          against: 'a minimal window',
          target: '≤ 1.25',
          reached: true,
        },
        { name: 'stop.ms', value: 30, unit: 'ms', against: '', target: '–', reached: true },
      ],
    })
    expect(table(made.figures).split('\n')).toHaveLength(2)
  })

  test('[bench] a figure that is forgotten is a fault, one that was left out is not', () => {
    const { 'stop.ms': _forgotten, ...rest } = measured
    expect(() => reportOf('start', rest as typeof measured)).toThrow('start gave no stop.ms')
  })

  test('[bench] a name stands in one bench only', () => {
    const names = Object.values(FIGURES).flatMap((figures) => Object.keys(figures))
    expect(new Set(names).size).toBe(names.length)
  })
})
