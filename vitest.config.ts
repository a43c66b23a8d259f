// Which tests there are and how they share two cores: what needs only a processor runs first and in parallel; what
// opens sockets, windows or installs a package runs one file at a time, in the order below, never beside another.
import { defineConfig } from 'vitest/config'

const oneByOne = (groupOrder: number, seconds: number) => ({
  fileParallelism: false,
  testTimeout: seconds * 1000,
  hookTimeout: seconds * 1000,
  sequence: { groupOrder },
})
const apart = ['walls', 'faults', 'net', 'e2e', 'packaging', 'bench']

export default defineConfig({
  test: {
    maxWorkers: 2,
    reporters: ['default', './scripts/closing-line.mjs'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.{ts,tsx}'],
          exclude: apart.map((folder) => `test/${folder}/**`),
          // They say what is right, not how fast: a busy machine must not fail the large properties.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'walls', include: ['test/walls/**/*.test.ts'], ...oneByOne(1, 60) } },
      { extends: true, test: { name: 'net', include: ['test/net/**/*.test.ts'], ...oneByOne(2, 60) } },
      { extends: true, test: { name: 'faults', include: ['test/faults/**/*.test.ts'], ...oneByOne(3, 120) } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: 'test/e2e/display.ts',
          ...oneByOne(4, 120),
        },
      },
      {
        extends: true,
        test: {
          name: 'packaging',
          include: ['test/packaging/**/*.test.ts'],
          globalSetup: 'test/e2e/display.ts',
          ...oneByOne(5, 180),
        },
      },
    ],
  },
})
