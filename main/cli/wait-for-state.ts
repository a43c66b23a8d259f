// Waits for what a running Twofold comes to, as the command line sees it.
import { TwofoldError } from '../../shared/errors'
import type { AppState } from '../../shared/types'
import type { Io } from './command'
import type { Session } from './session'

/** Waits until `done` says so of a state; the current state counts. */
export async function waitForState(
  session: Session,
  io: Io,
  done: (state: AppState) => boolean,
  timeoutMs: number | null,
): Promise<AppState | null> {
  let off = () => {}
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<AppState | null>((resolve, reject) => {
      const look = (state: AppState) => {
        try {
          if (done(state)) resolve(state)
        } catch (error) {
          reject(error)
        }
      }
      off = session.on('state', look)
      session.call('state.get', {}).then(look, reject)
      if (timeoutMs !== null) timer = setTimeout(() => resolve(null), timeoutMs)
      void io.interrupted.then(() => resolve(null))
      void session.gone.then(() => reject(new TwofoldError('NOT_RUNNING')))
    })
  } finally {
    off()
    clearTimeout(timer)
  }
}
