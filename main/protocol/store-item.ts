// What the store is to take, of a node that came otherwise than down a tree.
import type { DeviceKey } from '../../shared/types'
import type { StoreItem } from './engine'
import type { TimelineNode } from './node'

/** By catching up (rule R3): `from` whoever answered, or null from a file. */
export const syncItem = (node: TimelineNode, from: DeviceKey | null = null): StoreItem => ({
  node,
  origin: { from, how: 'sync', tree: null },
  arrival: null,
})
