// The latest proven checkpoint of each device (rule C3), so that 'held by' is known before anybody is met. Vectors are
// kept once: in a calm circle everybody signs the same.
import type Database from 'better-sqlite3'
import type { DeviceKey } from '../../shared/types'

export interface StoredCheckpoint {
  device: DeviceKey
  /** The cut: ms since 1970 UTC. */
  at: number
  /** The reports that were signed with it, as encoded. */
  late: Uint8Array
  signature: Uint8Array
  /** The vector that the digest stands for, as encoded. */
  vector: Uint8Array
  digest: Uint8Array
}

export function checkpointTable(db: Database.Database) {
  const read = db.prepare<[], Omit<StoredCheckpoint, 'device'> & { device: DeviceKey }>(
    'SELECT c.device, c.at, c.late, c.signature, c.digest, v.vector FROM checkpoints c JOIN vectors v ON v.digest = c.digest',
  )
  const addVector = db.prepare('INSERT OR IGNORE INTO vectors VALUES (?, ?)')
  const addCheckpoint = db.prepare('INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)')
  const dropVectors = db.prepare('DELETE FROM vectors WHERE digest NOT IN (SELECT digest FROM checkpoints)')
  const keep = db.transaction((rows: readonly StoredCheckpoint[]) => {
    for (const row of rows) {
      addVector.run(row.digest, row.vector)
      addCheckpoint.run(row.device, row.at, row.late, row.signature, row.digest)
    }
    dropVectors.run()
  })
  return {
    checkpoints: (): StoredCheckpoint[] => read.all(),
    /** Puts these in the place of what was kept of their devices. */
    keepCheckpoints: (rows: readonly StoredCheckpoint[]): void => keep(rows),
  }
}
