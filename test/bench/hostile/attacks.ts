// What one hostile member does to those that he can reach: each way as a stream of bytes over links that he opened with his own
// key, without a program of ours in between. What floods is made once and sent again, so that his work is small beside theirs.
import { crypto } from '../../../main/identity/sodium'
import { encodeFrame } from '../../../main/net/framing'
import { FRAME_BYTES_MAX } from '../../../main/net/limits'
import { concat } from '../../../main/protocol/codec'
import { encodeContent } from '../../../main/protocol/kinds'
import { encodeMessage, type Message } from '../../../main/protocol/messages'
import { makeNode } from '../../../main/protocol/node'
import { mixed } from '../../../main/simulator/random'
import type { CircleId, DeviceKey, NodeId } from '../../../shared/types'

export interface Knows {
  circle: CircleId
  epoch: number
  /** Whose entries there are most of. */
  author: DeviceKey
  mallory: DeviceKey
}
export interface Attack {
  name: string
  /** What he is kept out for; null: harmless, he may stay. 'lost': the link ends by itself. */
  ends: 'kept out' | 'lost' | 'harmless'
  /** He reads what is sent to him. */
  reads: boolean
  /** His process stops as soon as he has asked; with a number it runs for so many ms in each second. */
  frozen?: true | number
  /** Bytes to send, in turn and again and again, as fast as they are taken. */
  flood?(knows: Knows): Uint8Array[]
  /** Bytes to send once a link is open. */
  first?(knows: Knows): Uint8Array[]
  /** One byte each so many ms, of something that never ends. */
  trickleMs?: number
}

const noise = (seed: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_unused, i) => mixed(seed, i, length) & 255)
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_unused, i) => make(i))
const framed = (messages: readonly Message[]): Uint8Array => encodeFrame(concat(...messages.map(encodeMessage)))
const everything = ({ author }: Knows): Message => ({
  type: 'pull',
  ranges: times(256, () => ({ device: author, from: 1, to: 2 ** 52 })),
})
/** Well formed in everything but its signature. */
const forged = ({ circle, mallory, epoch }: Knows, i: number): Uint8Array =>
  makeNode(
    crypto,
    {
      circle,
      device: mallory,
      seq: 1000 + i,
      backlink: 'ab'.repeat(32) as NodeId,
      timestamp: Date.now() + i,
      epoch,
      ...encodeContent({ kind: 'post', text: `forged ${i}` }),
    },
    () => noise(i, 64),
  ).bytes

export const ATTACKS: readonly Attack[] = [
  {
    name: 'entries with false signatures',
    ends: 'kept out',
    reads: true,
    flood: (knows) =>
      times(20, (i) =>
        framed(
          times(200, (k) => ({
            type: 'node',
            tree: 0,
            brief: false,
            lo: 1,
            len: 2,
            bytes: forged(knows, i * 200 + k),
          })),
        ),
      ),
  },
  { name: 'random bytes', ends: 'kept out', reads: true, flood: () => times(50, (i) => encodeFrame(noise(i, 2000))) },
  {
    name: 'huge ranges, without end',
    ends: 'kept out',
    reads: true,
    flood: (knows) => [framed([everything(knows)])],
  },
  {
    name: 'everything asked for and nothing read',
    ends: 'kept out',
    reads: false,
    flood: (knows) => [framed([everything(knows)])],
  },
  {
    name: 'everything asked for, then frozen',
    ends: 'lost',
    reads: false,
    frozen: true,
    first: (knows) => [framed([everything(knows)])],
  },
  {
    name: 'everything asked for and read slowly',
    ends: 'harmless',
    reads: true,
    frozen: 50,
    first: (knows) => times(2, () => framed([everything(knows)])),
  },
  { name: 'nothing acknowledged, nothing handed on', ends: 'harmless', reads: true },
  {
    name: 'a frame of the largest size, a byte at a time',
    ends: 'harmless',
    reads: true,
    first: () => {
      const head = new Uint8Array(4)
      new DataView(head.buffer).setUint32(0, FRAME_BYTES_MAX, true)
      return [head]
    },
    trickleMs: 20,
  },
  {
    name: 'tiny frames without end',
    ends: 'kept out',
    reads: true,
    flood: () => [concat(...times(300, () => framed([{ type: 'ack', tree: 0, mark: 'ab'.repeat(8) }])))],
  },
]
