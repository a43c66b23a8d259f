// The command line's entry: plain Node, no Electron. Hands the parts to main/cli and ends with its exit code.
import { version } from '../package.json'
import { runCli } from './cli/run'
import { terminalIo } from './cli/terminal'
import { commandParts, openAlone } from './command-line'

/** A pipe is written behind our back: what was printed has to be out before the process ends. */
const flushed = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()))

/** better-sqlite3's prebuilt module needs it; an older Node would crash without a word. */
const NODE_MAJOR_MIN = 22

async function main(): Promise<void> {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    process.stderr.write(`twofold: Node ${NODE_MAJOR_MIN} or later is needed; this is ${process.versions.node}.\n`)
    process.exit(1)
  }
  const io = terminalIo(commandParts(process.env))
  const code = await runCli({
    argv: process.argv.slice(2),
    env: process.env,
    io,
    version,
    openAlone: openAlone(process.env),
  })
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  // Sockets and timers of libraries may linger after everything of ours is closed.
  process.exit(code)
}

void main()
