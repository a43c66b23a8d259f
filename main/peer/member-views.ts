// The member list as a person sees it: who is there, how far their timelines are here, and what has changed (rules M6, M7).
import type { DeviceKey, ListChangeView, MemberKey, MemberView, Presence } from '../../shared/types'
import type { Crypto } from '../protocol/crypto'
import type { HaveVector } from '../protocol/have'
import type { LinkState } from '../protocol/links'
import { decodeEpoch, voters, type Change } from '../protocol/membership'
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

/** The change log, newest first. */
export function changeLog(crypto: Crypto, keeper: ListKeeper): ListChangeView[] {
  const { genesis, devices } = keeper.list
  const founded: ListChangeView = {
    epoch: 0,
    timestamp: genesis.timestamp,
    text: `${genesis.founderName} founded ${genesis.name}.`,
    agreedBy: [genesis.founderName],
  }
  const name = (key: MemberKey) => keeper.memberName(key)
  const text = (change: Change): string => {
    switch (change.type) {
      case 'admit-member':
        return `${name(change.member)} joined.`
      case 'admit-device':
        return `${name(change.member)} added a device.`
      case 'remove-member':
        return `${name(change.member)} was removed.`
      case 'remove-device':
        return `A device of ${keeper.nameOf(change.device)} was removed.`
      case 'set-role':
        return change.role === 'admin'
          ? `${name(change.member)} became an admin.`
          : `${name(change.member)} is no longer an admin.`
    }
  }
  const later = keeper.epochBytes.map((bytes): ListChangeView => {
    const record = decodeEpoch(crypto, bytes)!
    const signers = record.signatures.map(({ signer }) =>
      devices.has(signer as DeviceKey) ? keeper.nameOf(signer as DeviceKey) : name(signer as MemberKey),
    )
    return {
      epoch: record.number,
      timestamp: record.timestamp,
      text: record.changes.map(text).join(' '),
      agreedBy: [...new Set(signers)],
    }
  })
  return [founded, ...later].reverse()
}

/** What somebody has asked for, as a person says it. */
export function wantText(keeper: ListKeeper, want: Want): string {
  switch (want.type) {
    case 'admit':
      return keeper.list.members.has(want.member)
        ? `Let in a device of ${keeper.memberName(want.member)}`
        : `Let ${want.name} in`
    case 'set-role':
      return want.role === 'admin'
        ? `Make ${keeper.memberName(want.member)} an admin`
        : `${keeper.memberName(want.member)} is no longer an admin`
    case 'remove-member':
      return `Remove ${keeper.memberName(want.member)}`
    case 'remove-device':
      return `Remove a device of ${keeper.nameOf(want.device)}`
  }
}
