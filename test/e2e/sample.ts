// The app on a sample circle, at rest, and the window's own way to the backend.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { seedFolder } from '../../main/seed'
import type { Bridge, CallName, Input, Reply, Result } from '../../shared/ipc-contract'
import { tempFolder } from '../support/folder'
import { conversation, entry } from '../ui/views'
import { launch, type Running } from './launch'

export interface Sample {
  running: Running
  page: Page
  stop(): Promise<void>
}

export async function openSample(size: { entries: number; days: number; random: number }): Promise<Sample> {
  const parent = tempFolder()
  const dataFolder = join(parent, 'sample')
  await seedFolder({})(dataFolder, { members: 6, ...size }, () => undefined)
  const running = await launch({
    dataFolder,
    env: { TWOFOLD_BOOTSTRAP: '', TWOFOLD_BIND: '127.0.0.1', TWOFOLD_TEST: '1' },
  })
  const { page } = running
  page.setDefaultTimeout(15_000)
  await entry(page).waitFor()
  await conversation(page)
  // Whatever axe reads, it reads at rest.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  return {
    running,
    page,
    async stop() {
      await running.stop()
      rmSync(parent, { recursive: true, force: true })
    },
  }
}

/** Calls the backend from the window. */
export async function callFrom<K extends CallName>(page: Page, name: K, input: Input<K>): Promise<Reply<Result<K>>> {
  const json = await page.evaluate(
    ([of, given]) =>
      (window as unknown as { twofold: Bridge }).twofold.call(of as never, given as never) as Promise<string>,
    [name, input] as const,
  )
  return JSON.parse(json) as Reply<Result<K>>
}

/** As `callFrom`; throws what is refused. */
export async function askFrom<K extends CallName>(page: Page, name: K, input: Input<K>): Promise<Result<K>> {
  const reply = await callFrom(page, name, input)
  if (!reply.ok) throw new Error(reply.message)
  return reply.value
}
