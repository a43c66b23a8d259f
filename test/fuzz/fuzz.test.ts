// A budgeted run of the fuzzer over every decoder that reads bytes from outside, always the same inputs: the seeds, the
// corpus, and so many made of them. Millions, guided by coverage, are made by `npm run fuzz`.
import { afterAll, expect, test } from 'vitest'
import { readCorpus } from './corpus'
import { fuzz } from './fuzz'
import { TARGETS } from './targets'

const RUNS = 4000
/** Slow by themselves: a file each time, markdown, words compared with all others. */
const FEWER: Readonly<Record<string, number>> = {
  words: 1000,
  markdown: 1500,
  'file-window': 1000,
  archive: 500,
  'json-lines': 500,
  backup: 500,
}
const SEED = 20_260_101
/** Of one target, on a machine that does other things too. A decoder that hangs never gets there. */
const TIMEOUT_MS = 60_000

const lines: string[] = []
afterAll(() => console.log(lines.join('\n')))

test('[N1] every target begins with inputs that its decoder understands', async () => {
  for (const target of TARGETS) {
    const { outcomes, failures } = await fuzz({ ...target }, { runs: 0, seed: SEED })
    expect(failures, target.name).toEqual([])
    expect(outcomes.accepted + outcomes.same, `${target.name} understands its own seeds`).toBe(target.seeds.length)
  }
})

test.each(TARGETS)(
  '[F8] fuzzing $name: nothing but the documented refusal, and one encoding of one value',
  async (target) => {
    const runs = FEWER[target.name] ?? RUNS
    const result = await fuzz(target, { runs, seed: SEED, corpus: readCorpus(target.name) })
    const { refused, accepted, same } = result.outcomes
    lines.push(
      `${target.name.padEnd(16)} ${result.runs} inputs, ${refused} refused, ${accepted + same} understood, ${result.failures.length} findings`,
    )
    const shown = result.failures.map(
      ({ input, error }) => `${String(error)} on ${Buffer.from(input).toString('base64')}`,
    )
    expect(shown).toEqual([])
    expect(accepted + same).toBeGreaterThan(0)
  },
  TIMEOUT_MS,
)

test('[F8] the fuzzer finds a decoder that takes two encodings, and one that throws, and makes the input small', async () => {
  const seed = Uint8Array.from({ length: 40 }, (_unused, i) => i + 1)
  const careless = await fuzz(
    {
      name: 'careless',
      seeds: [seed],
      bytesMax: 100,
      run(input) {
        if (input.includes(0xfd)) throw new RangeError('offset out of bounds')
        return 'accepted'
      },
    },
    { runs: 20_000, seed: 1 },
  )
  expect(careless.failures.map(({ input }) => [...input])).toEqual([[0xfd]])
})
