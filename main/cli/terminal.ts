// The command line's hands: standard streams, files, signals.
import { readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { TwofoldError } from '../../shared/errors'
import type { Io } from './command'

export function terminalIo(parts: Pick<Io, 'checkProof' | 'proofsIn' | 'archives' | 'keys' | 'seed'>): Io {
  // A reader that has seen enough (`timeline | head`) closes the pipe: that is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    async readInput() {
      const chunks: Buffer[] = []
      for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array))
      return Buffer.concat(chunks).toString('utf8')
    },
    agrees(question) {
      if (!process.stdin.isTTY || !process.stderr.isTTY) return Promise.resolve(true)
      const asking = createInterface({ input: process.stdin, output: process.stderr })
      return new Promise((resolve) => {
        asking.once('close', () => resolve(false))
        asking.question(`${question} [y/N] `, (answer) => {
          resolve(/^y(es)?$/i.test(answer.trim()))
          asking.close()
        })
      })
    },
    inputLines: () => createInterface({ input: process.stdin, crlfDelay: Infinity }),
    readFile(path) {
      try {
        return readFileSync(path, 'utf8')
      } catch {
        throw new TwofoldError('FILE_UNREADABLE', { file: path })
      }
    },
    writeFile(path, text) {
      try {
        writeFileSync(path, text)
      } catch {
        throw new TwofoldError('FOLDER_UNWRITABLE', { folder: path })
      }
    },
    interrupted: new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve())
    }),
    now: () => Date.now(),
    ...parts,
  }
}

/** Asks on the terminal without showing what is typed. */
export function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true)
  stdin.resume()
  return new Promise((resolve) => {
    let typed = ''
    const onData = (data: Buffer) => {
      for (const key of data.toString('utf8')) {
        if (key === '\r' || key === '\n' || key === '\u0004') {
          stdin.off('data', onData)
          stdin.setRawMode(false)
          stdin.pause()
          stderr.write('\n')
          resolve(typed)
          return
        }
        if (key === '\u0003') process.exit(130)
        typed = key === '\u007f' ? typed.slice(0, -1) : typed + key
      }
    }
    stdin.on('data', onData)
  })
}
