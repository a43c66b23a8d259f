// The only door between the window and the backend: `window.twofold`, the Bridge of the contract. Names outside the contract
// do not pass, so that a script in the window can reach nothing else of Electron's IPC. Channels are the contract's names.
import { contextBridge, ipcRenderer } from 'electron'
import { isCall, isEvent, type Bridge } from '../../shared/ipc-contract'

const bridge: Bridge = {
  call: (name, input) => {
    if (!isCall(name))
      return Promise.resolve(JSON.stringify({ ok: false, code: 'BAD_ARGUMENTS', message: 'There is no such call.' }))
    return ipcRenderer.invoke(name, input) as Promise<string>
  },
  on: (name, listener) => {
    if (!isEvent(name)) throw new TypeError('There is no such event.')
    const wrapped = (_event: unknown, payload: Parameters<typeof listener>[0]) => listener(payload)
    ipcRenderer.on(name, wrapped)
    return () => void ipcRenderer.off(name, wrapped)
  },
}
contextBridge.exposeInMainWorld('twofold', bridge)
