// How members are called on a screen (rule M6). Two may have one name: whoever has been on the list longest has it alone, to
// the others the beginning of their key is added, so that nobody is taken for another. Everybody comes to the same names.
import type { MemberKey } from '../../shared/types'
import type { MemberList, MemberRecord } from './membership'

/** Digits of the key behind a name that is taken. */
const KEY_DIGITS = 4
/** What tells names apart for a reader: neither case nor compatibility forms do. */
const likeness = (name: string): string => name.normalize('NFKC').toLowerCase()

const known = new WeakMap<MemberList, ReadonlyMap<MemberKey, string>>()

function namesOf(list: MemberList): ReadonlyMap<MemberKey, string> {
  const first = new Map<string, MemberRecord>()
  const earliest = [...list.members.values()].sort((a, b) => a.addedIn - b.addedIn || (a.key < b.key ? -1 : 1))
  for (const member of earliest) if (!first.has(likeness(member.name))) first.set(likeness(member.name), member)
  const nameOf = (m: MemberRecord) =>
    first.get(likeness(m.name)) === m ? m.name : `${m.name} (${m.key.slice(0, KEY_DIGITS)})`
  return new Map(earliest.map((m) => [m.key, nameOf(m)]))
}

/** A member's name as it is shown; the beginning of the key for somebody who was never on the list. */
export function shownName(list: MemberList, member: MemberKey): string {
  let names = known.get(list)
  if (!names) known.set(list, (names = namesOf(list)))
  return names.get(member) ?? member.slice(0, 8)
}
