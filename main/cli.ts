// The command line's entry: plain Node, no Electron. Hands the parts to main/cli and ends with its exit code.
import { version } from '../package.json'
import { runCli } from './cli/run'
import { terminalIo } from './cli/terminal'
import { openAlone, proofChecker } from './command-line'

void runCli({ argv: process.argv.slice(2), env: process.env, io: terminalIo(proofChecker), version, openAlone: openAlone(process.env) }).then(
  (code) => {
    // Sockets and timers of libraries may linger after everything of ours is closed.
    process.exit(code)
  },
)
