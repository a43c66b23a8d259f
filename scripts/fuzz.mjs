// `npm run fuzz [-- --target NAME --runs N --seed X]`: the fuzzer of test/fuzz on plain Node, without a test runner around it.
import { runBundled } from './run-bundled.mjs'

process.exit(await runBundled('test/fuzz/run.ts', process.argv.slice(2)))
