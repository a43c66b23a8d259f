// The member list as a person sees it: who is there, how far their timelines are here, and what has changed (rules M6, M7).
import type { DeviceKey, ListChange, ListChangeView, MemberKey, MemberView, Presence } from '../../shared/types'
import type { Crypto } from '../protocol/crypto'
import type { HaveVector } from '../protocol/have'
import type { LinkState } from '../protocol/links'
import { decodeEpoch } from '../protocol/epoch-record'
import { voters, type Change } from '../protocol/membership'
import type { ListKeeper } from './list-keeper'
import type { Want } from './ports'

interface Sources {
  keeper: ListKeeper
  me: MemberKey
  links: ReadonlyMap<DeviceKey, LinkState>
  have: HaveVector
  presence(device: DeviceKey): Presence
  entries(member: MemberKey): number
  unread(member: MemberKey): number
  /** Rule N6; null: no fork is known. */
  forkedAt(device: DeviceKey): number | null
}

/** The best first: a member is as present as his most present device. */
const RANK: Readonly<Record<Presence['state'], number>> = { self: 0, online: 1, seen: 2, offline: 3 }

export function memberViews({ keeper, me, links, have, presence, entries, unread, forkedAt }: Sources): MemberView[] {
  const announced = new Map<DeviceKey, number>()
  for (const link of links.values())
    for (const [device, height] of link.heights) announced.set(device, Math.max(announced.get(device) ?? 0, height))
  const devices = [...keeper.list.devices.values()]
  const voting = new Set(voters(keeper.list))
  return [...keeper.list.members.values()].map((member): MemberView => {
    const theirs = devices
      .filter((d) => d.member === member.key)
      .map((d) => {
        const height = have.get(d.key)?.height ?? 0
        return {
          key: d.key,
          presence: presence(d.key),
          height,
          announcedHeight: Math.max(height, announced.get(d.key) ?? 0),
          addedInEpoch: d.addedIn,
          removed: d.removedIn !== undefined,
          forkedAt: forkedAt(d.key),
          votes: voting.has(d.key),
          epoch: links.get(d.key)?.epoch ?? null,
        }
      })
    const best = theirs
      .filter((d) => !d.removed)
      .map((d) => d.presence)
      .sort((a, b) => RANK[a.state] - RANK[b.state])[0]
    return {
      key: member.key,
      name: keeper.memberName(member.key),
      role: member.founder ? 'founder' : member.role,
      me: member.key === me,
      removed: member.removedIn !== undefined,
      presence: best ?? { state: 'offline', lastSeenAt: null },
      devices: theirs,
      entries: entries(member.key),
      unread: unread(member.key),
    }
  })
}

/** Names of the others on the list of whom no device was seen at or after `since`. Both times: ms since 1970 UTC. */
export const notSeenSince = (members: readonly MemberView[], since: number, now: number): string[] =>
  members
    .filter(({ me, removed }) => !me && !removed)
    .filter(({ devices }) => devices.every((d) => d.removed || lastSeenAt(d.presence, now) < since))
    .map(({ name }) => name)
    .sort()

function lastSeenAt(presence: Presence, now: number): number {
  switch (presence.state) {
    case 'self':
    case 'online':
      return now
    case 'seen':
      return now - presence.agoMs
    case 'offline':
      return presence.lastSeenAt ?? 0
  }
}

/** The change log, newest first. */
export function changeLog(crypto: Crypto, keeper: ListKeeper): ListChangeView[] {
  const { genesis, devices } = keeper.list
  const founded: ListChangeView = {
    epoch: 0,
    timestamp: genesis.timestamp,
    changes: [],
    agreedBy: [genesis.founderName],
  }
  const later = keeper.epochBytes.map((bytes): ListChangeView => {
    const record = decodeEpoch(crypto, bytes)!
    const signers = record.signatures.map(({ signer }) =>
      devices.has(signer as DeviceKey) ? keeper.nameOf(signer as DeviceKey) : keeper.memberName(signer as MemberKey),
    )
    return {
      epoch: record.number,
      timestamp: record.timestamp,
      changes: record.changes.map((change) => listChange(keeper, change)),
      agreedBy: [...new Set(signers)],
    }
  })
  return [founded, ...later].reverse()
}

function listChange(keeper: ListKeeper, change: Change): ListChange {
  switch (change.type) {
    case 'admit-member':
      return { what: 'joined', name: keeper.memberName(change.member) }
    case 'admit-device':
      return { what: 'device-added', name: keeper.memberName(change.member) }
    case 'remove-member':
      return { what: 'removed', name: keeper.memberName(change.member) }
    case 'remove-device':
      return { what: 'device-removed', name: keeper.nameOf(change.device) }
    case 'set-role':
      return { what: change.role === 'admin' ? 'promoted' : 'demoted', name: keeper.memberName(change.member) }
  }
}

/** What somebody has asked for, as the change that it would be. */
export function wantedChange(keeper: ListKeeper, want: Want): ListChange {
  switch (want.type) {
    case 'admit':
      return keeper.list.members.has(want.member)
        ? { what: 'device-added', name: keeper.memberName(want.member) }
        : { what: 'joined', name: want.name }
    case 'set-role':
      return { what: want.role === 'admin' ? 'promoted' : 'demoted', name: keeper.memberName(want.member) }
    case 'remove-member':
      return { what: 'removed', name: keeper.memberName(want.member) }
    case 'remove-device':
      return { what: 'device-removed', name: keeper.nameOf(want.device) }
  }
}
