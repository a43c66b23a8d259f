// A device's proof that its key is in use right now (rule N7). Each run draws a mark that nobody could know before; another
// run with the same key signs it. So only a holder of the key can tell a device that it has a twin, and no earlier word of
// its own can be used against it.
import type { CircleId, DeviceKey } from '../../shared/types'
import { concat, fromHex, uint64 } from './codec'
import { signedMessage, type Crypto, type Sign } from './crypto'

export const RUN_MARK_BYTES = 16

/** `run`: start of the signing run, ms since 1970 UTC by its clock. */
export interface Alive {
  /** The mark of the run that asked. */
  asked: Uint8Array
  run: number
  /** The mark of the run that signs. */
  mark: Uint8Array
  signature: Uint8Array
}

const aliveMessage = (circle: CircleId, device: DeviceKey, { asked, run, mark }: Omit<Alive, 'signature'>) =>
  signedMessage('alive', fromHex(circle), fromHex(device), concat(asked, uint64(run), mark))

export const signAlive = (circle: CircleId, device: DeviceKey, said: Omit<Alive, 'signature'>, sign: Sign): Alive => ({
  ...said,
  signature: sign(aliveMessage(circle, device, said)),
})

export const aliveHolds = (crypto: Crypto, circle: CircleId, device: DeviceKey, alive: Alive): boolean =>
  crypto.verify(alive.signature, aliveMessage(circle, device, alive), fromHex(device))
