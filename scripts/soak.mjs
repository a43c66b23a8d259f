// `npm run soak [-- --hours H | --minutes M]`: the soak of test/soak on plain Node, without a test runner around it.
import { runBundled } from './run-bundled.mjs'

process.exit(await runBundled('test/soak/run.ts', process.argv.slice(2)))
