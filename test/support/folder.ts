// Temporary folders that are gone when the test file is.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const made: string[] = []

afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

export function tempFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'twofold-test-'))
  made.push(dir)
  return dir
}
