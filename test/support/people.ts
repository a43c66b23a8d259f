// Alice, Bob and the others: keys from fixed seeds, and the records that a circle of them goes through. Everything here
// is made by the product's own code; what is expected of it is written in the tests.
import { crypto, keyPairFromSeed, signer, type KeyPair } from '../../main/identity/sodium'
import { toHex, utf8 } from '../../main/protocol/codec'
import type { Ballot } from '../../main/protocol/agreement'
import type { Sign } from '../../main/protocol/crypto'
import { encodeContent } from '../../main/protocol/kinds'
import { certifyEpoch, epochMessage, type EpochRecord, type SecretRotation } from '../../main/protocol/epoch-record'
import { acceptEpoch, proposeEpoch } from '../../main/protocol/epochs'
import { makeGenesis, type Approval } from '../../main/protocol/genesis'
import {
  applyChanges,
  deviceMessage,
  devicesAt,
  foundedList,
  voters,
  type Change,
  type MemberList,
} from '../../main/protocol/membership'
import { makeNode, type NodeFields, type TimelineNode } from '../../main/protocol/node'
import type { CircleId, DeviceKey, MemberKey, NodeId } from '../../shared/types'

export { crypto }

/** 2026-01-01, 00:00 UTC. */
export const NEW_YEAR = 1_767_225_600_000

/** What a simulated circle makes its keys with. */
export const simulationKeys = {
  crypto,
  pairOf(seed: Uint8Array) {
    const pair = keyPairFromSeed(seed)
    return { publicKey: pair.publicKey, sign: signer(pair) }
  },
}

/** 32 bytes that only this label gives. */
export const seedOf = (label: string): Uint8Array => crypto.hash(utf8(label))

export interface Device {
  key: DeviceKey
  keys: KeyPair
  sign: Sign
}
export interface Person {
  name: string
  member: MemberKey
  /** Signs with the root key. */
  sign: Sign
  device: Device
}

export function makeDevice(label: string): Device {
  const keys = keyPairFromSeed(seedOf(`device ${label}`))
  return { key: toHex(keys.publicKey) as DeviceKey, keys, sign: signer(keys) }
}
export function makePerson(name: string): Person {
  const root = keyPairFromSeed(seedOf(`root ${name}`))
  return { name, member: toHex(root.publicKey) as MemberKey, sign: signer(root), device: makeDevice(name) }
}

export const foundingRecord = (founder: Person, name = 'Lab', approval: Approval = 'auto') =>
  makeGenesis(
    crypto,
    {
      name,
      founder: founder.member,
      founderName: founder.name,
      founderDevice: founder.device.key,
      approval,
      jump: 0,
      timestamp: NEW_YEAR,
      nonce: seedOf(`nonce ${name}`).slice(0, 16),
    },
    founder.sign,
  )
export const found = (founder: Person, name?: string): MemberList => foundedList(foundingRecord(founder, name))

const certificate = (list: MemberList, person: Person, device: Device) =>
  person.sign(deviceMessage(list.circle, person.member, device.key))
export const admitMember = (list: MemberList, person: Person, device = person.device): Change => ({
  type: 'admit-member',
  member: person.member,
  name: person.name,
  device: device.key,
  certificate: certificate(list, person, device),
  invite: null,
})
export const admitDevice = (list: MemberList, person: Person, device: Device): Change => ({
  type: 'admit-device',
  member: person.member,
  device: device.key,
  certificate: certificate(list, person, device),
})

/** A new secret for everybody who is on the list after these changes (rule M5); its boxes hold nothing. */
export function rotationFor(list: MemberList, changes: Change[]): SecretRotation | undefined {
  if (!changes.some((c) => c.type === 'remove-member' || c.type === 'remove-device')) return undefined
  const applied = applyChanges(crypto, list, changes, list.epochIds[0]!, list.timestamp + 1)
  if (!applied.ok) return undefined
  return {
    hash: seedOf('rotation'),
    boxes: devicesAt(applied.list).map((device) => ({ device, box: new Uint8Array(80) })),
  }
}

/** The record that follows `list`, signed by the given devices (or root keys), whether or not they may. */
export function recordOf(
  list: MemberList,
  changes: Change[],
  signers: readonly { key: DeviceKey | MemberKey; sign: Sign }[],
  rotation: SecretRotation | undefined = rotationFor(list, changes),
  ballot: Ballot = { round: 0, by: voters(list)[0]! },
): EpochRecord {
  const proposed = proposeEpoch(crypto, list, changes, list.timestamp + 1000, rotation)
  if (!proposed.ok) throw new Error(proposed.code)
  const { unsigned: _unsigned, ...proposal } = proposed.proposal
  const message = epochMessage(list.circle, proposal.id, ballot)
  return certifyEpoch(
    proposal,
    ballot,
    signers.map(({ key, sign }) => ({ signer: key, signature: sign(message) })),
  )
}

/** The list after a record that must be accepted. */
export function follow(list: MemberList, record: EpochRecord): MemberList {
  const accepted = acceptEpoch(crypto, list, record)
  if (!accepted.ok) throw new Error(accepted.code)
  return accepted.list
}
export const change = (list: MemberList, changes: Change[], ...signers: Person[]): MemberList =>
  follow(
    list,
    recordOf(
      list,
      changes,
      signers.map((s) => s.device),
    ),
  )

export interface Circle {
  list: MemberList
  /** The first is the founder. */
  people: Person[]
  records: EpochRecord[]
}

/** A circle of `n` people with one device each: the founder and, in epoch 1, everybody else. */
export function makeCircle(n: number, name = 'Lab'): Circle {
  const people = Array.from({ length: n }, (_unused, i) => makePerson(`${name} ${i}`))
  const founder = people[0]!
  let list = found(founder, name)
  const records: EpochRecord[] = []
  for (let i = 1; i < n; i += 200) {
    const record = recordOf(
      list,
      people.slice(i, i + 200).map((p) => admitMember(list, p)),
      [founder.device],
    )
    records.push(record)
    list = follow(list, record)
  }
  return { list, people, records }
}

export interface Written {
  circle: CircleId
  device: Device
  seq: number
  backlink?: NodeId
  timestamp: number
  epoch?: number
  text?: string
}
export const fieldsOf = (w: Written): NodeFields => ({
  circle: w.circle,
  device: w.device.key,
  seq: w.seq,
  ...(w.backlink !== undefined && { backlink: w.backlink }),
  timestamp: w.timestamp,
  epoch: w.epoch ?? 0,
  ...encodeContent({ kind: 'post', text: w.text ?? `entry ${w.seq}` }),
})
/** Every field of a node, however it was made: id and backlink as text. */
export const everyField = (node: TimelineNode): TimelineNode => {
  const { circle, device, seq, backlink, timestamp, epoch, kind, body, id, signature, bytes } = node
  return { circle, device, seq, backlink, timestamp, epoch, kind, body, id, signature, bytes }
}
export const write = (w: Written): TimelineNode => makeNode(crypto, fieldsOf(w), w.device.sign)

/** Nodes 1 … count of one device, `stepMs` apart. */
export function writeTimeline(
  circle: CircleId,
  device: Device,
  count: number,
  options: { epoch?: number; startMs?: number; stepMs?: number; label?: string; after?: TimelineNode } = {},
): TimelineNode[] {
  const { epoch = 0, startMs = NEW_YEAR + 10_000, stepMs = 1000, label = 'entry', after } = options
  const nodes: TimelineNode[] = []
  for (let i = 0; i < count; i++) {
    const before = nodes.at(-1) ?? after
    nodes.push(
      write({
        circle,
        device,
        seq: (before?.seq ?? 0) + 1,
        ...(before && { backlink: before.id }),
        timestamp: startMs + i * stepMs,
        epoch,
        text: `${label} ${(before?.seq ?? 0) + 1}`,
      }),
    )
  }
  return nodes
}
