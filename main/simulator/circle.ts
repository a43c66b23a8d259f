// A circle for a simulation: keys, certificates and member list made by the code that ships, from a seed.
import type { CircleId, DeviceKey, MemberKey } from '../../shared/types'
import { toHex, utf8 } from '../protocol/codec'
import type { Crypto, Sign } from '../protocol/crypto'
import type { Jump } from '../protocol/heirs'
import { certifyEpoch, epochMessage, type EpochRecord } from '../protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from '../protocol/epochs'
import { makeGenesis } from '../protocol/genesis'
import { deviceMessage, foundedList, type Change, type MemberList } from '../protocol/membership'
import type { SimulatedCircle, SimulatedDevice } from './world'

/** Keys from 32 bytes; main/identity's, handed in. */
export interface Keys {
  crypto: Crypto
  pairOf(seed: Uint8Array): { publicKey: Uint8Array; sign: Sign }
}
/** 2026-01-01, 00:00 UTC. */
export const NEW_YEAR = 1_767_225_600_000
/** Members that one record admits. */
const ADMITTED_AT_ONCE = 200

/** Somebody of a simulated circle, or who may come into it. */
export interface Person {
  name: string
  member: MemberKey
  sign: Sign
  device: SimulatedDevice
}

export interface CircleOfPeople extends SimulatedCircle {
  people: readonly Person[]
}

/**
 * `n` members with one device each: the founder, and the others in as many epochs as it takes. `admins`: how many of the
 * first are admins; `outside`: people who are made, and are not on the list.
 */
export function simulatedCircle(
  keys: Keys,
  n: number,
  seed: number,
  jump: Jump,
  { admins = 1, outside = 0 } = {},
): CircleOfPeople {
  const { crypto } = keys
  const hash = (label: string) => crypto.hash(utf8(`simulation ${seed} ${label}`))
  const all = Array.from({ length: n + outside }, (_unused, i): Person => {
    const root = keys.pairOf(hash(`root ${i}`))
    const device = keys.pairOf(hash(`device ${i}`))
    const key = toHex(device.publicKey) as DeviceKey
    const member = toHex(root.publicKey) as MemberKey
    return { name: `Peer ${i}`, member, sign: root.sign, device: { key, sign: device.sign } }
  })
  const people = all.slice(0, n)
  const founder = people[0]!
  const genesis = makeGenesis(
    crypto,
    {
      name: 'Simulation',
      founder: founder.member,
      founderName: founder.name,
      founderDevice: founder.device.key,
      approval: 'auto',
      jump,
      timestamp: NEW_YEAR,
      nonce: hash('nonce').slice(0, 16),
    },
    founder.sign,
  )
  let list = foundedList(genesis)
  const records: EpochRecord[] = []
  const admitted = [...people.slice(1, -1).keys()]
    .filter((i) => i % ADMITTED_AT_ONCE === 0)
    .map((i) => people.slice(1, -1).slice(i, i + ADMITTED_AT_ONCE))
  // The last comes alone, so that who does not know the latest list lacks one device.
  const changes = [...admitted, people.slice(-1)].map((some) => some.map((person) => admission(list.circle, person)))
  const roles = people.slice(1, admins).map(({ member }): Change => ({ type: 'set-role', member, role: 'admin' }))
  for (const some of roles.length ? [...changes, roles] : changes) {
    const record = certified(crypto, list, some, founder.device)
    const accepted = acceptEpoch(crypto, list, record)
    if (!accepted.ok) throw new Error(accepted.code)
    records.push(record)
    list = accepted.list
  }
  return { list, records, people: all }
}

/** What makes a person a member. */
function admission(circle: CircleId, { member, name, device, sign }: Person): Change {
  const certificate = sign(deviceMessage(circle, member, device.key))
  return { type: 'admit-member', member, name, device: device.key, certificate, invite: null }
}

/** The next record, by the only admin. */
function certified(crypto: Crypto, list: MemberList, changes: Change[], by: SimulatedDevice): EpochRecord {
  const proposed = proposeEpoch(crypto, list, changes, list.timestamp + 1000)
  if (!proposed.ok) throw new Error(proposed.code)
  const ballot = { round: 0, by: by.key }
  const message = epochMessage(list.circle, proposed.proposal.id, ballot)
  const { unsigned: _unsigned, ...proposal } = proposed.proposal
  return certifyEpoch(proposal, ballot, [{ signer: by.key, signature: by.sign(message) }])
}

/** Signatures that were found to hold need no second look: 10,000 simulated peers check the same ones. Results are the same. */
export function rememberingCrypto(crypto: Crypto): Crypto {
  const known = new Map<string, boolean>()
  const KNOWN_MAX = 100_000
  const latin1 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
  return {
    hash: crypto.hash,
    verify(signature, message, publicKey) {
      const key = latin1(signature) + latin1(publicKey) + latin1(message)
      let holds = known.get(key)
      if (holds === undefined) {
        if (known.size >= KNOWN_MAX) known.clear()
        known.set(key, (holds = crypto.verify(signature, message, publicKey)))
      }
      return holds
    },
  }
}
