// The command line of an installed app, which is Electron without a window.
import { version } from '../package.json'
import { runCli } from './cli/run'
import { terminalIo } from './cli/terminal'
import { commandParts, openAlone } from './command-line'
import type { Vault } from './identity/vault'

export { isCommandLine } from './cli/run'

/** The exit code. */
export const runInstalled = (argv: string[], keychain: Vault): Promise<number> =>
  runCli({
    argv,
    env: process.env,
    io: terminalIo(commandParts(process.env)),
    version,
    openAlone: openAlone(process.env, keychain),
  })
