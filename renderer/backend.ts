// Decides how the window talks to the backend: the only user of `window.twofold`. A refusal arrives as data and leaves
// here as a BackendError with its code and its one sentence.
import type { Bridge, CallName, Input, Reply, Result } from '../shared/ipc-contract'
import type { ErrorCode } from '../shared/errors'

class BackendError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message)
    this.name = 'BackendError'
  }
}

export async function call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>> {
  const reply = JSON.parse(await window.twofold.call(name, input)) as Reply<Result<K>>
  if (!reply.ok) throw new BackendError(reply.code, reply.message)
  return reply.value
}

/** Listens to an event; the answer ends it. */
export const on: Bridge['on'] = (name, listener) => window.twofold.on(name, listener)

export const codeOf = (error: unknown): ErrorCode => (error instanceof BackendError ? error.code : 'INTERNAL')

/** The sentence for a person. What is no refusal of the backend's is a fault of ours. */
export const sentenceOf = (error: unknown): string =>
  error instanceof BackendError ? error.message : error instanceof Error ? error.message : String(error)
