// `npm run bench [-- NAME] [-- ARGS]`: runs test/bench/NAME.ts, so that what is measured is the product's own code without a
// test runner around it. Without a name all of them run (index.ts), and a table of every figure ends it.
import { runBundled } from './run-bundled.mjs'

const [first, ...rest] = process.argv.slice(2)
const named = first !== undefined && !first.startsWith('-')
process.exit(await runBundled(`test/bench/${named ? first : 'index'}.ts`, named ? rest : process.argv.slice(2)))
