// The founding record of a circle (rule M1): who began it, how newcomers come in, and how its nodes find their way. Its hash is
// the circle's id.
import type { CircleId, DeviceKey, MemberKey } from '../../shared/types'
import { DecodeError, Writer, concat, decodeWhole, fromHex, toHex, type Reader } from './codec'
import { signedMessage, type Crypto, type Sign } from './crypto'
import { JUMP_MAX, type Jump } from './heirs'
import { validName } from './kinds'
import { NAME_BYTES_MAX } from './limits'

const GENESIS_VERSION = 1
const SIGNATURE_BYTES = 64

export type Approval = 'auto' | 'ask'

/** The founding record (rule M1). Its hash is the circle's id. */
export interface Genesis {
  name: string
  founder: MemberKey
  founderName: string
  founderDevice: DeviceKey
  /** Whether an admin must approve each newcomer. */
  approval: Approval
  /** How its nodes find their way (rule F4). */
  jump: Jump
  /** ms since 1970 UTC. */
  timestamp: number
  /** 16 random bytes: two circles with equal words are two circles. */
  nonce: Uint8Array
}
export interface SignedGenesis extends Genesis {
  id: CircleId
  bytes: Uint8Array
}

function unsignedGenesis(g: Genesis): Uint8Array {
  return new Writer()
    .uint(GENESIS_VERSION)
    .text(g.name)
    .hex(g.founder, 32)
    .text(g.founderName)
    .hex(g.founderDevice, 32)
    .flag(g.approval === 'ask')
    .uint(g.jump)
    .uint(g.timestamp)
    .fixed(g.nonce, 16)
    .finish()
}

/** Founds a circle. `sign` is the founder's root key: the one signature also certifies his first device. */
export function makeGenesis(crypto: Crypto, genesis: Genesis, sign: Sign): SignedGenesis {
  const unsigned = unsignedGenesis(genesis)
  const hash = crypto.hash(unsigned)
  const signature = sign(signedMessage('genesis', hash))
  return { ...genesis, id: toHex(hash) as CircleId, bytes: concat(unsigned, signature) }
}

/** Decodes and checks a founding record; null when it is damaged, not canonical or not signed by its founder. */
export function decodeGenesis(crypto: Crypto, bytes: Uint8Array): SignedGenesis | null {
  const decoded = decodeWhole(bytes, (r) => {
    if (r.uint() !== GENESIS_VERSION) throw new DecodeError('version')
    const genesis: Genesis = {
      name: readName(r),
      founder: r.hex(32) as MemberKey,
      founderName: readName(r),
      founderDevice: r.hex(32) as DeviceKey,
      approval: r.flag() ? 'ask' : 'auto',
      jump: r.uint(JUMP_MAX) as Jump,
      timestamp: r.time(),
      nonce: r.fixed(16),
    }
    return { genesis, unsigned: bytes.subarray(0, r.at), signature: r.fixed(SIGNATURE_BYTES) }
  })
  if (!decoded) return null
  const hash = crypto.hash(decoded.unsigned)
  if (!crypto.verify(decoded.signature, signedMessage('genesis', hash), fromHex(decoded.genesis.founder))) return null
  return { ...decoded.genesis, id: toHex(hash) as CircleId, bytes }
}

/** A name as a record holds it. Throws DecodeError on any other text. */
export function readName(r: Reader): string {
  const text = r.text(NAME_BYTES_MAX)
  if (validName(text) !== text) throw new DecodeError('name')
  return text
}
