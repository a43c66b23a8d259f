// What the window has beyond the DOM: the preload's one object, and files that the bundler resolves.
/// <reference types="vite/client" />
import type { Bridge } from '../shared/ipc-contract'

declare global {
  interface Window {
    readonly twofold: Bridge
  }
}
