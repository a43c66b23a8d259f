// Who may not have heard of the latest list (rule M6).
import { expect, test } from 'vitest'
import { notSeenSince } from '../../main/peer/member-views'
import type { DeviceView, MemberKey, MemberView, Presence } from '../../shared/types'

const NOW = 1_000_000
const AGREED = NOW - 60_000
const ONLINE: Presence = { state: 'online', path: 'lan', sinceMs: AGREED }
const off = (lastSeenAt: number | null): Presence => ({ state: 'offline', lastSeenAt })

function member(name: string, presences: readonly Presence[], over: Partial<MemberView> = {}): MemberView {
  const devices = presences.map((presence) => ({ presence, removed: false }) as DeviceView)
  const [presence = off(null)] = presences
  const key = name as MemberKey
  return { key, name, role: 'member', me: false, removed: false, presence, devices, entries: 0, unread: 0, ...over }
}

test('[M6] whoever was not seen since the list was agreed may not have heard of it', () => {
  const members = [
    member('Online', [ONLINE]),
    member('Left after it', [off(AGREED)]),
    member('Left before it', [off(AGREED - 1)]),
    member('Heard of lately', [{ state: 'seen', agoMs: 59_000 }]),
    member('Heard of too early', [{ state: 'seen', agoMs: 61_000 }]),
    member('Never seen', [off(null)]),
  ]
  expect(notSeenSince(members, AGREED, NOW)).toEqual(['Heard of too early', 'Left before it', 'Never seen'])
})

test('[M6] one device that was seen is enough; me and who was removed are not asked after', () => {
  const members = [
    member('Two devices', [off(null), ONLINE]),
    member('Me', [{ state: 'self' }], { me: true }),
    member('Removed', [off(null)], { removed: true }),
  ]
  expect(notSeenSince(members, AGREED, NOW)).toEqual([])
  const gone = member('A removed device', [off(null)])
  gone.devices.push({ presence: ONLINE, removed: true } as DeviceView)
  expect(notSeenSince([gone], AGREED, NOW)).toEqual(['A removed device'])
})
