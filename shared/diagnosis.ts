// "Why can't I see Bob?" (rule L4): what a look at the ways to a member can find, and how each finding is said. The backend
// finds; whoever shows it says it in his language. `{…}` is filled from the finding's details.
import type { MemberKey } from './types'

/** good: this works. bad: this stands in the way. note: neither. */
export type FindingTone = 'good' | 'bad' | 'note'

export const findings = {
  // -------- this device
  SELF_SILENT: 'This device keeps off the network: it was removed from the circle, or its key is alive elsewhere.',
  ALL_OFF: 'Local network and internet are both switched off in the settings of this device.',
  LAN_OFF: 'The local network is switched off in the settings of this device.',
  INTERNET_OFF: 'Internet is switched off in the settings of this device.',
  NOT_LISTENING: 'This device could not open a UDP port. Does something else hold it, or is it forbidden?',
  NO_INTERFACE: 'This computer is on no network.',
  MULTICAST_BLOCKED:
    'Announcements of this device do not come back to it: the network or a firewall blocks multicast (guest Wi-Fi often does). Let UDP 5353 through, or give the other device’s address by hand.',
  BEACON_PORT_TAKEN: 'Another program holds UDP port 5353 for itself, so nobody is found on the local network.',
  DHT_UNREACHABLE: 'Nothing on the internet answers that Twofold finds others with: no internet, or UDP is blocked.',
  HERE_FINE: 'This device listens on UDP port {port}, and nothing is wrong with its network.',
  // -------- the member
  REMOVED: '{name} is not on the member list any more. Nobody links with a removed member.',
  LINKED: 'There is a link with {name} right now.',
  KEPT_OUT: '{name} broke the rules too often and is kept out by this device for now. Network → Kept out tells more.',
  VERSION: '{name} speaks another version of the protocol. Update the older Twofold of the two.',
  LIST_DIFFERS: '{name} has another member list than this device, and refuses it. Ask somebody else of the circle.',
  NOT_NEIGHBOUR:
    '{name} is not among the devices that this one keeps a link with, and does not have to be: entries come through others, and a link is made when one is needed.',
  SEEN_BY_OTHERS: '{name} was heard of through others {seconds} s ago: Twofold runs there, and reaches somebody.',
  NEVER_SEEN: '{name} has not been seen by this device yet.',
  CLOCK: '{count} entries of {name} are dated ahead of this clock and wait. One of the two clocks is wrong.',
  HEARD: '{name} was heard on this network {seconds} s ago, at {address}.',
  NOT_HEARD:
    '{name} has not been heard on this network: Twofold does not run there, or on another network, or multicast is blocked there.',
  NOT_FOUND: '{name} is not found over the internet: Twofold does not run there, or its internet is switched off.',
  DIALLING: '{name} is being called right now.',
  NO_ANSWER:
    '{name} was called {attempts} times and did not answer (the last time: {error}). A firewall at either end is likely: it has to let UDP through to the port that Network shows there.',
  NEXT_TRY: 'The next call is in {seconds} s.',
  ADDRESSES_TRIED: 'By hand is tried: {addresses}. Nobody of the circle has answered there as {name}.',
  NO_ADDRESS: 'There is no address to call: none heard, none found, none given by hand.',
} as const

export type FindingCode = keyof typeof findings
export interface Finding {
  code: FindingCode
  tone: FindingTone
  details: Readonly<Record<string, string | number>>
}
export interface Diagnosis {
  member: MemberKey
  name: string
  /** At this moment there is a link with a device of his. */
  linked: boolean
  findings: Finding[]
}

export const say = ({ code, details }: Finding, words: Readonly<Record<FindingCode, string>> = findings): string =>
  words[code].replace(/\{(\w+)\}/g, (_all, key: string) => String(details[key] ?? ''))
