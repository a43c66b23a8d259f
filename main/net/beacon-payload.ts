// What a beacon says about us, and how it is written into mDNS records so that a stranger on the LAN learns nothing but
// that somebody runs Twofold: the instance name is random per start, everything else is sealed with a key of the circle.
import type { DeviceKey } from '../../shared/types'
import { isPort } from './address'
import { BEACON_KEYS_MAX } from './limits'

/** DNS-SD type. */
export const SERVICE = '_twofold._udp.local'
/** Its first label as it stands in every packet that names the service, whatever else is compressed (RFC 1035, 4.1.4). */
export const SERVICE_LABEL = Buffer.from('\x08_twofold', 'latin1')
/** Records of one packet that are looked at, and services among them: an ordinary answer brings one service in four records. */
const RECORDS_MAX = 128
const SERVICES_MAX = 8
const TXT_PREFIX = 'e='
/** RFC 6763: a TXT string has a length byte. */
const TXT_BYTES_MAX = 255

/** version 1, key 32, listening port u16, outgoing port u16 (little-endian), run u48 little-endian. */
const PAYLOAD_VERSION = 1
const PAYLOAD_BYTES = 1 + 32 + 2 + 2 + 6

export interface BeaconPayload {
  device: DeviceKey
  /** Where we listen: stable over restarts, open in a host firewall if anything is. */
  serverPort: number
  /** Where we send from: dialled first, since a host firewall lets answers in there (measured with both sides closed). */
  clientPort: number
  /** Start of this run, ms since 1970 by the device's own clock. Later runs replace earlier ones, so a replay gains nothing. */
  run: number
}

export function encodePayload(payload: BeaconPayload): Uint8Array {
  const bytes = Buffer.alloc(PAYLOAD_BYTES)
  bytes.writeUInt8(PAYLOAD_VERSION, 0)
  bytes.write(payload.device, 1, 'hex')
  bytes.writeUInt16LE(payload.serverPort, 33)
  bytes.writeUInt16LE(payload.clientPort, 35)
  bytes.writeUIntLE(payload.run, 37, 6)
  return bytes
}

/** null: not a payload that we understand. Longer ones are read as far as we know them. */
export function decodePayload(plain: Uint8Array): BeaconPayload | null {
  const bytes = Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength)
  if (bytes.length < PAYLOAD_BYTES || bytes[0] !== PAYLOAD_VERSION) return null
  const payload = {
    device: bytes.toString('hex', 1, 33) as DeviceKey,
    serverPort: bytes.readUInt16LE(33),
    clientPort: bytes.readUInt16LE(35),
    run: bytes.readUIntLE(37, 6),
  }
  return isPort(payload.serverPort) && isPort(payload.clientPort) ? payload : null
}

/** Throws on a box that does not fit: the sealing function is not what NetworkOptions asks for. */
export function encodeTxt(box: Uint8Array): string {
  const text = TXT_PREFIX + Buffer.from(box).toString('base64url')
  if (text.length > TXT_BYTES_MAX) throw new RangeError(`sealed beacon of ${box.length} bytes`)
  return text
}

/** null: not one of our strings. */
export function decodeTxt(text: unknown): Uint8Array | null {
  const string =
    typeof text === 'string' ? text : text instanceof Uint8Array ? Buffer.from(text).toString('latin1') : ''
  return string.startsWith(TXT_PREFIX) ? Buffer.from(string.slice(TXT_PREFIX.length), 'base64url') : null
}

/** The announcement for one interface; `ttl` in seconds, 0 is the goodbye. */
export function announcement(instance: string, address: string, port: number, txt: string[], ttl: number) {
  const name = `${instance}.${SERVICE}`
  const host = `${instance}.local`
  return {
    answers: [
      { name: SERVICE, type: 'PTR' as const, ttl, data: name },
      { name, type: 'SRV' as const, ttl, flush: true, data: { port, target: host, priority: 0, weight: 0 } },
      { name, type: 'TXT' as const, ttl, flush: true, data: txt },
      { name: host, type: 'A' as const, ttl, flush: true, data: address },
    ],
  }
}

export interface HeardService {
  instance: string
  /** Seconds; 0 is a goodbye. */
  ttl: number
  boxes: Uint8Array[]
  /** The address that the announcement itself claims: tells our own sockets apart, believed for nothing else. */
  address: string | null
}

/** Reads announcements of our service out of a decoded mDNS response. Whatever else is in it is passed over. */
export function readServices(
  records: readonly { name?: unknown; type?: unknown; ttl?: unknown; data?: unknown }[],
): HeardService[] {
  const services: HeardService[] = []
  // Each is looked for among all: a packet full of pointers would cost their square.
  const looked = records.slice(0, RECORDS_MAX)
  for (const pointer of looked) {
    if (services.length === SERVICES_MAX) break
    if (
      pointer.type !== 'PTR' ||
      pointer.name !== SERVICE ||
      typeof pointer.data !== 'string' ||
      !pointer.data.endsWith(`.${SERVICE}`)
    )
      continue
    const name = pointer.data
    const instance = name.slice(0, -SERVICE.length - 1)
    const txt = looked.find((record) => record.type === 'TXT' && record.name === name)
    const address = looked.find((record) => record.type === 'A' && record.name === `${instance}.local`)?.data
    const strings: unknown[] = Array.isArray(txt?.data) ? txt.data : [txt?.data]
    services.push({
      instance,
      ttl: typeof pointer.ttl === 'number' ? pointer.ttl : 0,
      boxes: strings
        .slice(0, BEACON_KEYS_MAX)
        .map(decodeTxt)
        .filter((box) => box !== null),
      address: typeof address === 'string' ? address : null,
    })
  }
  return services
}
