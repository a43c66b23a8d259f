// `npm run look [-- FOLDER]`: pictures of every view of the built app, light and dark, in three sizes, for eyes.
import { runBundled } from './run-bundled.mjs'

process.exit(await runBundled('test/ui/screens.ts', process.argv.slice(2)))
