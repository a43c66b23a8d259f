// `npm run faults -- --kind KIND --rounds N --seed S`: faults by seed on the built product, without a test runner around it.
import { build } from './build.mjs'
import { runBundled } from './run-bundled.mjs'

build({ ifStale: true })
process.exit(await runBundled('test/faults/index.ts', process.argv.slice(2)))
