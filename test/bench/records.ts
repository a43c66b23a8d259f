// Signed nodes to measure with: a circle of some size whose devices wrote a little each, some 290 bytes a node, with texts
// of several languages. One number gives the same records again.
import { crypto, keyPairFromSeed, signer } from '../../main/identity/sodium'
import { toHex } from '../../main/protocol/codec'
import { encodeContent } from '../../main/protocol/kinds'
import { proposeEpoch } from '../../main/protocol/epochs'
import { makeGenesis } from '../../main/protocol/genesis'
import { deviceMessage, foundedList, type Change, type MemberList } from '../../main/protocol/membership'
import { makeNode, type TimelineNode } from '../../main/protocol/node'
import { chanceOf, textOf, voiceOf } from '../../main/seed-texts'
import type { DeviceKey, MemberKey } from '../../shared/types'

/** Of one text: with what is around it a node has some 290 bytes. */
const TEXT_BYTES = 112
/** Devices admitted by one record. */
const ADMIT = 200
/** Texts of one device. */
const TEXTS = 64
const START = 1_600_000_000_000

export interface Records {
  list: MemberList
  /** The founder's, who wrote nothing. */
  me: { device: DeviceKey; member: MemberKey; sign: (message: Uint8Array) => Uint8Array }
  memberOf(device: DeviceKey): MemberKey
  /** In the order in which they are written; made while they are taken, so that a million need no memory. */
  nodes(): Generator<TimelineNode>
}

const keysOf = (index: number) => {
  const seed = new Uint8Array(32)
  new DataView(seed.buffer).setUint32(0, index + 1)
  return keyPairFromSeed(seed)
}

export function makeRecords(count: number, devices: number): Records {
  const people = Array.from({ length: devices + 1 }, (_unused, i) => {
    const root = keysOf(2 * i)
    const keys = keysOf(2 * i + 1)
    return {
      root,
      keys,
      member: toHex(root.publicKey) as MemberKey,
      device: toHex(keys.publicKey) as DeviceKey,
      sign: signer(keys),
    }
  })
  const founder = people[0]!
  const genesis = makeGenesis(
    crypto,
    {
      name: 'Bench',
      founder: founder.member,
      founderName: 'Ann',
      founderDevice: founder.device,
      approval: 'auto',
      jump: 0,
      timestamp: 1,
      nonce: new Uint8Array(16),
    },
    signer(founder.root),
  )
  let list = foundedList(genesis)
  for (let i = 1; i < people.length; i += ADMIT) {
    const changes = people.slice(i, i + ADMIT).map(({ root, member, device }, at): Change => ({
      type: 'admit-member',
      member,
      name: `Member ${i + at}`,
      device,
      certificate: signer(root)(deviceMessage(list.circle, member, device)),
      invite: null,
    }))
    const proposed = proposeEpoch(crypto, list, changes, 2 + i)
    if (!proposed.ok) throw new Error(proposed.code)
    list = proposed.list
  }
  const chance = chanceOf(1)
  const voices = people.map(() => voiceOf(chance))
  const utf8 = new TextEncoder()
  const textFor = (who: number): string => {
    let text = ''
    while (utf8.encode(text).length < TEXT_BYTES) text += `${textOf(chance, voices[who]!, () => 'somebody')} `
    while (utf8.encode(text).length > TEXT_BYTES) text = [...text].slice(0, -1).join('')
    return text
  }
  // Making a text costs more than signing it: each is used by several.
  const texts = voices.map((_voice, who) => Array.from({ length: TEXTS }, () => textFor(who)))
  function* nodes(): Generator<TimelineNode> {
    const which = chanceOf(2)
    const heads: (TimelineNode | undefined)[] = Array.from({ length: devices })
    for (let i = 0; i < count; i++) {
      const at = Math.floor(which() * devices)
      const who = people[at + 1]!
      const head = heads[at]
      const node = makeNode(
        crypto,
        {
          circle: list.circle,
          device: who.device,
          seq: (head?.seq ?? 0) + 1,
          ...(head && { backlink: head.id }),
          timestamp: START + i * 60_000,
          epoch: list.epoch,
          ...encodeContent({ kind: 'post', text: texts[at + 1]![Math.floor(which() * TEXTS)]! }),
        },
        who.sign,
      )
      heads[at] = node
      yield node
    }
  }
  const memberByDevice = new Map(people.map((one) => [one.device, one.member]))
  return { list, me: founder, memberOf: (device) => memberByDevice.get(device)!, nodes }
}
