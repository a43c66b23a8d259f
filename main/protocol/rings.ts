// The rings of the latest epochs (rules F1, F9), computed once each and shared by whoever routes by the same lists.
import type { EpochId } from '../../shared/types'
import type { Crypto } from './crypto'
import { makeRing, type Ring } from './heirs'
import { devicesAt, type MemberList } from './membership'

/** Rule F9: lists that are kept for routing. */
const RINGS_MAX = 8

export class Rings {
  private readonly rings = new Map<EpochId, Ring>()

  constructor(private readonly crypto: Crypto) {}

  /** The ring of an epoch of this list, or null when the list does not reach that far. */
  of(list: MemberList, epoch: number): Ring | null {
    const id = list.epochIds[epoch]
    if (id === undefined) return null
    let ring = this.rings.get(id)
    if (!ring) {
      this.rings.set(id, (ring = makeRing(this.crypto, id, devicesAt(list, epoch), list.genesis.jump)))
      if (this.rings.size > RINGS_MAX) this.rings.delete(this.rings.keys().next().value!)
    }
    return ring
  }
}
