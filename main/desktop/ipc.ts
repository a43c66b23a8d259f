// Electron's transport of the contract: calls of our own top frame go to the backend, events go to the window. The channels
// are the contract's names; what a call means is decided in main/ipc.
import { ipcMain, type WebContents } from 'electron'
import { calls, type EventName, type Events, type Reply } from '../../shared/ipc-contract'
import { sentence } from '../../shared/errors'

/** `isTrusted`: whether a page may call at all. `answer`: the reply as JSON; it never rejects. */
export function serveWindow(
  isTrusted: (url: string) => boolean,
  answer: (name: string, input: unknown) => Promise<string>,
): void {
  for (const name of Object.keys(calls)) {
    ipcMain.handle(name, async (event, input: unknown): Promise<string> => {
      const frame = event.senderFrame
      if (!frame || frame.parent || !isTrusted(frame.url)) {
        return JSON.stringify({ ok: false, code: 'FORBIDDEN', message: sentence('FORBIDDEN') } satisfies Reply<never>)
      }
      return answer(name, input)
    })
  }
}

export function push<K extends EventName>(to: WebContents, name: K, payload: Events[K]): void {
  if (!to.isDestroyed() && !to.isCrashed()) to.send(name, payload)
}
