// How a command reaches a data folder: through the Twofold that already runs on it, over its local socket, or by opening
// the folder alone. Either way the command speaks the same contract.
import { TwofoldError } from '../../shared/errors'
import type { CallName, EventName, Events, Handlers, Input, PushedEvent, Result } from '../../shared/ipc-contract'
import { connectControl } from '../ipc/control-client'
import { dispatch } from '../ipc/dispatch'

export interface Session {
  /** Another process runs on the folder and does the work. */
  readonly attached: boolean
  call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>>
  on<K extends EventName>(name: K, listener: (payload: Events[K]) => void): () => void
  /** Fulfilled when the process at the other end has gone (never for a folder opened alone). */
  readonly gone: Promise<void>
  close(): Promise<void>
}

/** A folder opened by this process. */
export interface OpenedAlone {
  backend: { handlers: Handlers; subscribe(listener: (pushed: PushedEvent) => void): () => void }
  close(): Promise<void>
}
export type OpenAlone = (dir: string, online: boolean) => Promise<OpenedAlone>

export async function openSession(dir: string, online: boolean, openAlone: OpenAlone): Promise<Session> {
  const client = await connectControl(dir)
  if (client) {
    return {
      attached: true,
      call: (name, input) => client.call(name, input),
      on: (name, listener) => client.on(name, listener),
      gone: client.closed,
      close: async () => client.close(),
    }
  }
  const { backend, close } = await openAlone(dir, online)
  return {
    attached: false,
    async call<K extends CallName>(name: K, input: Input<K>): Promise<Result<K>> {
      const reply = await dispatch(backend.handlers, name, input, (_during, error) => console.error(error))
      if (!reply.ok)
        throw new TwofoldError(
          reply.code,
          reply.code === 'BAD_ARGUMENTS' ? { detail: reply.message } : {},
          reply.message,
        )
      // The handlers answer with the contract's type for this name; dispatch is not generic over it.
      return reply.value as Result<K>
    },
    on<K extends EventName>(name: K, listener: (payload: Events[K]) => void) {
      return backend.subscribe((pushed) => {
        if (pushed.event === name) listener(pushed.payload as Events[K])
      })
    },
    gone: new Promise(() => {}),
    close,
  }
}
