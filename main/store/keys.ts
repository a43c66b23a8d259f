// Keys of members and devices, and the numbers by which the other tables name them.
import type Database from 'better-sqlite3'
import type { DeviceKey, MemberKey } from '../../shared/types'

export type Keys = ReturnType<typeof openKeys>

export function openKeys(db: Database.Database) {
  const devices = new Map<DeviceKey, number>()
  const members = new Map<MemberKey, number>()
  const findMember = db.prepare<[string], { id: number }>('SELECT id FROM members WHERE key = ?')
  const addMember = db.prepare<[string], { id: number }>('INSERT INTO members (key) VALUES (?) RETURNING id')
  const findDevice = db.prepare<[string], { id: number }>('SELECT id FROM devices WHERE key = ?')
  const addDevice = db.prepare<[string, number], { id: number }>(
    'INSERT INTO devices (key, member) VALUES (?, ?) RETURNING id',
  )

  const deviceOf = db.prepare<[number], { key: DeviceKey }>('SELECT key FROM devices WHERE id = ?')
  const memberOf = db.prepare<[number], { key: MemberKey }>('SELECT key FROM members WHERE id = ?')
  /** Numbers are never given twice, so what they stand for can be kept. */
  const deviceKeys = new Map<number, DeviceKey>()
  const memberKeys = new Map<number, MemberKey>()

  function member(key: MemberKey): number {
    let id = members.get(key)
    if (id === undefined) members.set(key, (id = (findMember.get(key) ?? addMember.get(key)!).id))
    return id
  }

  return {
    /** A member's number; given one now if there is none. */
    member,
    /** Null: nothing of that member is here. */
    knownMember: (key: MemberKey): number | null => members.get(key) ?? findMember.get(key)?.id ?? null,
    /** A device's number. `owner`: who it belongs to, if it is to be given one now; else null where it has none. */
    device(key: DeviceKey, owner: MemberKey | null): number | null {
      let id = devices.get(key)
      if (id === undefined) {
        const found = findDevice.get(key) ?? (owner === null ? undefined : addDevice.get(key, member(owner)))
        if (!found) return null
        devices.set(key, (id = found.id))
      }
      return id
    },
    /** The key behind a number; null: damage. */
    deviceKey(id: number): DeviceKey | null {
      const key = deviceKeys.get(id) ?? deviceOf.get(id)?.key
      if (key !== undefined) deviceKeys.set(id, key)
      return key ?? null
    },
    memberKey(id: number): MemberKey | null {
      const key = memberKeys.get(id) ?? memberOf.get(id)?.key
      if (key !== undefined) memberKeys.set(id, key)
      return key ?? null
    },
    /** Runs a transaction; what it remembered is forgotten if it is rolled back. */
    forgetting<T>(transaction: () => T): T {
      const known = devices.size + members.size
      try {
        return transaction()
      } catch (error) {
        if (devices.size + members.size !== known) {
          devices.clear()
          members.clear()
          deviceKeys.clear()
          memberKeys.clear()
        }
        throw error
      }
    },
  }
}
