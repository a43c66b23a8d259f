// What `peers` says of devices that are kept out, and which one `readmit` means.
import type { DeviceKey, KeptOutView, Misdeed } from '../../shared/types'
import { UsageError } from './command'
import { second } from './forwarding-words'

const DID: Readonly<Record<Misdeed, string>> = {
  garbage: 'it sent what is no Twofold message',
  forgery: 'it sent what is not properly signed',
  flood: 'it sent far more than its share',
  asking: 'it asked for far more than its share',
  stalling: 'it did not take what was sent to it',
}

export const keptOutLine = ({ memberName, device, misdeed, since, until, times }: KeptOutView): string =>
  `Kept out: ${memberName} (${device.slice(0, 12)}) from ${second(since)} to ${second(until)}, because ${DID[misdeed]}${times > 1 ? ` (time ${times})` : ''}.`

/** By member's name, or by the first digits of the device's key. */
export function keptOutNamed(keptOut: readonly KeptOutView[], given: string): DeviceKey {
  const found = keptOut.filter(
    ({ device, memberName }) => memberName === given || device.startsWith(given.toLowerCase()),
  )
  if (found.length === 1) return found[0]!.device
  throw new UsageError(
    found.length
      ? `several devices of ${given} are kept out: give the first digits of the key`
      : `${given} is not kept out`,
  )
}
