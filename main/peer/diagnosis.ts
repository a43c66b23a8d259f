// "Why can't I see Bob?" (rule L4): from what is known about this device's network and about a member's devices, what stands
// in the way. A list of findings, the most telling first; nothing here looks anything up.
import type { Finding, FindingCode, FindingTone } from '../../shared/diagnosis'

/** This device's network. */
export interface HereFacts {
  /** It keeps off the network for good. */
  silent: boolean
  lan: boolean
  internet: boolean
  listening: boolean
  port: number
  /** Interfaces besides loopback. */
  interfaces: number
  multicastBlocked: boolean
  beaconPortTaken: boolean
  /** Undefined: not known yet. */
  dht: 'up' | 'unreachable' | undefined
  /** Given by hand, 'host:port'. */
  addresses: readonly string[]
}

/** What is known of one device. */
export interface DeviceFacts {
  linked: boolean
  /** One of those that this device keeps a link with (rule F5). */
  neighbour: boolean
  keptOut: boolean
  /** Its beacon, on this network. */
  heard: { agoMs: number; address: string } | null
  /** Word of it, by anybody; null: never. */
  seenAgoMs: number | null
  /** Calls that have not led to a link. */
  dial: { attempts: number; error: string | null; nextTryInMs: number | null } | null
  /** Why the last link or call ended, as far as that tells something. */
  ended: string | null
  /** Entries that wait for this clock. */
  ahead: number
}

/** Word of a device by others that is younger than this says that it is there. */
const SEEN_MS = 150_000
const VERSION_CODES: ReadonlySet<string> = new Set(['PROTOCOL_VERSION', 'VERSION_UNSUPPORTED'])
const LIST_CODES: ReadonlySet<string> = new Set(['EPOCH_NOT_NEXT', 'EPOCH_UNCERTIFIED'])

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 1000))

/** `name`: as the person calls the member, `devices`: his, on the list; none: he has been removed. */
export function diagnose(here: HereFacts, name: string, devices: readonly DeviceFacts[]): Finding[] {
  const found: Finding[] = []
  const add = (tone: FindingTone, code: FindingCode, details: Finding['details'] = {}) => {
    if (!found.some((one) => one.code === code)) found.push({ code, tone, details: { name, ...details } })
  }
  const way = ways(here, add)
  if (!devices.length) add('bad', 'REMOVED')
  for (const device of devices) about(device, here, way, add)
  return found
}

type Add = (tone: FindingTone, code: FindingCode, details?: Finding['details']) => void

/** How this device can find others. `any`: it can at all. */
interface Ways {
  any: boolean
  lan: boolean
  internet: boolean
}

/** Says what is wrong with them. */
function ways(here: HereFacts, add: Add): Ways {
  const none = { any: false, lan: false, internet: false }
  if (here.silent) add('bad', 'SELF_SILENT')
  else if (!here.lan && !here.internet) add('bad', 'ALL_OFF')
  else if (!here.listening) add('bad', 'NOT_LISTENING')
  else if (here.interfaces === 0) add('bad', 'NO_INTERFACE')
  if (here.silent || (!here.lan && !here.internet) || !here.listening || here.interfaces === 0) return none
  const lan = here.lan && !here.multicastBlocked && !here.beaconPortTaken
  if (!here.lan) add('note', 'LAN_OFF')
  else if (here.beaconPortTaken) add('bad', 'BEACON_PORT_TAKEN')
  else if (here.multicastBlocked) add('bad', 'MULTICAST_BLOCKED')
  if (!here.internet) add('note', 'INTERNET_OFF')
  else if (here.dht === 'unreachable') add('bad', 'DHT_UNREACHABLE')
  if (lan && (!here.internet || here.dht !== 'unreachable')) add('good', 'HERE_FINE', { port: here.port })
  return { any: true, lan, internet: here.internet && here.dht === 'up' }
}

function about(device: DeviceFacts, here: HereFacts, way: Ways, add: Add): void {
  if (device.ahead > 0) add('bad', 'CLOCK', { count: device.ahead })
  if (device.linked) return add('good', 'LINKED')
  if (device.keptOut) return add('bad', 'KEPT_OUT')
  if (device.ended !== null && VERSION_CODES.has(device.ended)) add('bad', 'VERSION')
  if (device.ended !== null && LIST_CODES.has(device.ended)) add('bad', 'LIST_DIFFERS')
  if (!device.neighbour) add('note', 'NOT_NEIGHBOUR')
  if (device.seenAgoMs === null) add('note', 'NEVER_SEEN')
  else if (device.seenAgoMs <= SEEN_MS && !device.heard)
    add('good', 'SEEN_BY_OTHERS', { seconds: seconds(device.seenAgoMs) })
  if (device.heard) add('good', 'HEARD', { seconds: seconds(device.heard.agoMs), address: device.heard.address })
  else if (way.lan) add('bad', 'NOT_HEARD')
  // Nobody calls a device that no rule asks a link with.
  if (!device.neighbour || !way.any) return
  const { dial } = device
  if (way.internet && !device.heard && dial?.error === 'PEER_NOT_FOUND') add('bad', 'NOT_FOUND')
  else if (dial && dial.attempts > 0)
    add('bad', 'NO_ANSWER', { attempts: dial.attempts, error: dial.error ?? 'no answer' })
  if (here.addresses.length) add('note', 'ADDRESSES_TRIED', { addresses: here.addresses.join(', ') })
  const callable = device.heard !== null || way.internet || here.addresses.length > 0
  if (dial && dial.nextTryInMs !== null) add('note', 'NEXT_TRY', { seconds: seconds(dial.nextTryInMs) })
  else if (callable) add('note', 'DIALLING')
  else add('bad', 'NO_ADDRESS')
}
