// What comes over sockets before it is a message: frames out of a stream, greetings, beacons, and DNS records around them.
import {
  decodePayload,
  decodeTxt,
  encodePayload,
  encodeTxt,
  announcement,
  readServices,
} from '../../main/net/beacon-payload'
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader } from '../../main/net/framing'
import { FRAME_BYTES_MAX } from '../../main/net/limits'
import { makeDevice, NEW_YEAR } from '../support/people'
import { Finding, sameBytes, tokens, textOf, utf8, type Target } from './target'

const must = (holds: boolean, what: string) => {
  if (!holds) throw new Finding(what)
}
const ann = makeDevice('fuzz')
const payload = encodePayload({ device: ann.key, serverPort: 4000, clientPort: 4001, run: NEW_YEAR })
const records = announcement('abc', '192.168.1.2', 4000, [encodeTxt(new Uint8Array(100).fill(3))], 180).answers

/** What a frame reader should give, said in another way: as much as is whole, until a length out of bounds. */
function framesOf(stream: Buffer): { frames: string[]; ok: boolean } {
  const frames: string[] = []
  for (let at = 0; at + 4 <= stream.length;) {
    const length = stream.readUInt32LE(at)
    if (length === 0 || length > FRAME_BYTES_MAX) return { frames, ok: false }
    if (at + 4 + length > stream.length) break
    frames.push(stream.subarray(at + 4, at + 4 + length).toString('hex'))
    at += 4 + length
  }
  return { frames, ok: true }
}

export const streamTargets: Target[] = [
  {
    // The first byte says how the stream is cut.
    name: 'framing',
    seeds: [1, 3, 200].map((length) => {
      const frame = encodeFrame(new Uint8Array(length).fill(length))
      return Uint8Array.of(length & 7, ...frame, ...frame, ...frame)
    }),
    tokens: [
      Uint8Array.of(0, 0, 16, 0),
      Uint8Array.of(1, 0, 16, 0),
      Uint8Array.of(1, 0, 0, 0),
      Uint8Array.of(0, 0, 0, 0),
    ],
    bytesMax: 4096,
    run(input) {
      const stream = Buffer.from(input.subarray(1))
      const step = 1 + (input[0] ?? 0)
      const reader = new FrameReader()
      const frames: string[] = []
      let ok = true
      for (let at = 0; at < stream.length; at += step)
        ok =
          reader.push(stream.subarray(at, at + step), (frame) => frames.push(Buffer.from(frame).toString('hex'))) ===
            'OK' && ok
      const wanted = framesOf(stream)
      must(wanted.ok === ok && wanted.frames.join() === frames.join(), 'frames that depend on how they came')
      return ok ? 'accepted' : 'refused'
    },
  },
  {
    name: 'greeting',
    seeds: [encodeGreeting(NEW_YEAR), encodeGreeting(0)],
    tokens: tokens('twofold'),
    bytesMax: 64,
    run(input) {
      const greeting = decodeGreeting(input)
      return greeting.ok ? sameBytes(input, encodeGreeting(greeting.run)) : 'refused'
    },
  },
  {
    name: 'beacon',
    seeds: [payload],
    bytesMax: 256,
    run(input) {
      const decoded = decodePayload(input)
      // Longer ones are read as far as they are known.
      return decoded ? sameBytes(input.subarray(0, payload.length), encodePayload(decoded)) : 'refused'
    },
  },
  {
    // Records as a DNS library hands them over: any fields, of any type.
    name: 'mdns',
    seeds: [utf8(JSON.stringify(records)), utf8(JSON.stringify([...records, ...records]))],
    tokens: tokens('"PTR"', '"TXT"', '"A"', '"_twofold._udp.local"', '"e="', 'null', '[]', '{}', '1', '"data":'),
    bytesMax: 8192,
    run(input) {
      let given: unknown
      try {
        given = JSON.parse(textOf(input))
      } catch {
        return 'refused'
      }
      if (!Array.isArray(given)) return 'refused'
      const services = readServices(given.filter((record) => typeof record === 'object' && record !== null))
      for (const { boxes } of services) for (const box of boxes) must(box instanceof Uint8Array, 'a box that is none')
      decodeTxt(input)
      return services.length ? 'accepted' : 'refused'
    },
  },
]
