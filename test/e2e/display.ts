// Gives the windows of the tests a virtual display of their own. A developer with a real display sees them there.
import { spawn } from 'node:child_process'

export default async function setup(): Promise<(() => void) | undefined> {
  const given = process.env.DISPLAY && (!process.env.CI || process.env.TWOFOLD_TEST_DISPLAY)
  if (process.platform !== 'linux' || given) return undefined
  // -ac: the packaging tests show windows of another user here. Nothing but local sockets can reach it.
  const args = ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp', '-ac']
  const server = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const number = await new Promise<string>((resolve, reject) => {
    server.stdio[3]!.once('data', (data) => {
      resolve(String(data).trim())
    })
    server.once('error', reject)
    server.once('exit', (code) => {
      reject(new Error(`Xvfb ended with ${code}`))
    })
  })
  process.env.DISPLAY = `:${number}`
  process.env.TWOFOLD_TEST_DISPLAY = '1' // so that the next project's setup shares it
  return () => {
    server.kill()
  }
}
