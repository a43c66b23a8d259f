// Names for places in timelines, as keys of maps: a text of 64 digits and a seq would have to be put together and hashed
// each time.
import type { DeviceKey } from '../../shared/types'

/** Below it a seq and the number of a device fit into one exact number; nobody writes so much. */
const SEQ_END = 2 ** 32

export type PlaceKey = number | string

export class Places {
  /** Of devices that are or were on the list: at most DEVICES_MAX. */
  private readonly numbers = new Map<DeviceKey, number>()

  /** `device`: on the list, now or before. Equal for equal places only. */
  key(device: DeviceKey, seq: number): PlaceKey {
    if (seq >= SEQ_END) return `${device}${seq}`
    let number = this.numbers.get(device)
    if (number === undefined) this.numbers.set(device, (number = this.numbers.size))
    return number * SEQ_END + seq
  }
}
