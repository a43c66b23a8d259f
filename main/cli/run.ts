// The command line: finds the command, reads its flags, opens a session, and turns every refusal into one line and an exit
// code. 0: done; 1: refused (the code and sentence on stderr); 2: called wrongly; 130: interrupted.
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { TwofoldError } from '../../shared/errors'
import { UsageError, type Command, type Io } from './command'
import { commands } from './commands'
import { openSession, type OpenAlone } from './session'

export interface CliOptions {
  argv: string[]
  env: NodeJS.ProcessEnv
  io: Io
  version: string
  openAlone: OpenAlone
}

const GENERAL = {
  data: { type: 'string', about: 'data folder (default: that of the app)' },
  json: { type: 'boolean', about: 'one JSON value a line, for programs' },
  help: { type: 'boolean', about: 'this text' },
} as const

/** Where the app keeps its folder: Electron's userData, so that window and command line share it. */
function standardFolder(env: NodeJS.ProcessEnv): string {
  if (process.platform === 'win32') return join(env.APPDATA ?? join(homedir(), 'AppData', 'Roaming'), 'Twofold')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'Twofold')
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'Twofold')
}

/** The command among the arguments; `--data DIR` may stand before it. */
const nameOf = (argv: readonly string[]): string | null => {
  const words = argv.filter((a, i) => !a.startsWith('-') && argv[i - 1] !== '--data')
  const two = words.slice(0, 2).join(' ')
  return Object.hasOwn(commands, two)
    ? two
    : words[0] !== undefined && Object.hasOwn(commands, words[0])
      ? words[0]
      : null
}

/** Whether these arguments are a command rather than a start of the window. */
export const isCommandLine = (argv: readonly string[]): boolean => {
  const first = argv.find((a) => !a.startsWith('-'))
  return first !== undefined && (Object.hasOwn(commands, first) || ['circle', 'simulate', 'help'].includes(first))
}

const flagLines = (flags: Readonly<Record<string, { type: string; about: string }>>): string =>
  Object.entries(flags)
    .map(([name, { type, about }]) => `  --${`${name}${type === 'string' ? ' …' : ''}`.padEnd(14)} ${about}`)
    .join('\n')

function overview(version: string): string {
  const width = Math.max(...Object.values(commands).map((c) => c.usage.length))
  const lines = Object.values(commands).map((c) => `  ${c.usage.padEnd(width)}  ${c.about}`)
  return `Twofold ${version}: one shared, signed timeline for a circle, without a server.\n\nUsage: twofold COMMAND [--data DIR] [--json]\n\n${lines.join('\n')}\n\n${flagLines(GENERAL)}\n\ntwofold COMMAND --help tells more. Exit codes: 0 done, 1 refused, 2 called wrongly, 130 interrupted.`
}

function helpOf(command: Command): string {
  const parts = [`Usage: twofold ${command.usage}`, command.about + '.']
  if (command.details) parts.push(command.details)
  parts.push(flagLines({ ...command.flags, ...GENERAL }))
  parts.push(`Examples:\n${command.examples.map((e) => `  ${e}`).join('\n')}`)
  return parts.join('\n\n')
}

/** Runs one command line; never throws, answers with the exit code. */
export async function runCli(options: CliOptions): Promise<number> {
  const { argv, env, io, version } = options
  const json = argv.includes('--json')
  const complain = (code: string, message: string) =>
    io.err(json ? JSON.stringify({ error: { code, message } }) : `twofold: ${code}: ${message}`)
  const name = nameOf(argv)
  if (name === null) {
    const wanted = argv.find((a) => !a.startsWith('-'))
    if (argv.includes('--version')) io.out(version)
    else if (wanted === undefined || wanted === 'help') io.out(overview(version))
    else {
      complain('USAGE', `there is no command “${wanted}”. twofold --help lists them.`)
      return 2
    }
    return 0
  }
  const command = commands[name]!
  try {
    const parsed = parse(argv, command)
    if (parsed.values.help) {
      io.out(helpOf(command))
      return 0
    }
    const args = parsed.positionals.slice(name.split(' ').length)
    if (args.length < command.args[0] || args.length > command.args[1])
      throw new UsageError(`usage: twofold ${command.usage}`)
    if (await command.alone?.({ io, json, args, flags: parsed.values })) return 0
    if (command.make) {
      const given = typeof parsed.values.data === 'string' ? resolve(parsed.values.data) : null
      await command.make({ io, json, args, flags: parsed.values }, given)
      return 0
    }
    const dir = resolve(
      typeof parsed.values.data === 'string' ? parsed.values.data : (env.TWOFOLD_USER_DATA ?? standardFolder(env)),
    )
    const session = await openSession(dir, command.online ?? false, options.openAlone)
    let interrupted = false
    void io.interrupted.then(() => (interrupted = true))
    try {
      await command.run?.({ io, json, args, flags: parsed.values, session })
      return interrupted && name !== 'peer' ? 130 : 0
    } finally {
      await session.close()
    }
  } catch (error) {
    if (error instanceof UsageError) {
      complain('USAGE', error.message)
      return 2
    }
    if (error instanceof TwofoldError) {
      complain(error.code, error.message)
      return 1
    }
    complain('INTERNAL', error instanceof Error ? (error.stack ?? error.message) : String(error))
    return 1
  }
}

function parse(argv: string[], command: Command) {
  const options: Record<string, { type: 'string' | 'boolean' }> = {}
  for (const [flag, { type }] of Object.entries({ ...command.flags, ...GENERAL })) options[flag] = { type }
  try {
    return parseArgs({ args: argv, options, allowPositionals: true, strict: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
