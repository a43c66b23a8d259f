// How an id is found and ordered in the database: its first 48 bits are a whole number that SQLite and JavaScript share.
import type { NodeId } from '../../shared/types'

export const id48Of = (id: NodeId): number => Number.parseInt(id.slice(0, 12), 16)
