// What the fuzzer, and the look at every decoder that it asked for, have found: each once, by name, so that it stays found.
import { expect, test } from 'vitest'
import { TwofoldError } from '../../shared/errors'
import { externalAddress } from '../../main/desktop/addresses'
import { entropyFromWords } from '../../main/identity/words'
import { readServices, SERVICE } from '../../main/net/beacon-payload'
import { checkProofFile, forkProofFile } from '../../main/peer/proof'
import {
  decodeCapability,
  decodeLink,
  encodeCapability,
  encodeLink,
  inviteIdOf,
  signCapability,
} from '../../main/protocol/invite'
import { TIME_MS_MAX } from '../../main/protocol/limits'
import { decodeNode } from '../../main/protocol/node'
import { NEW_YEAR, crypto, makeCircle, makePerson, seedOf, write } from '../support/people'

const circle = makeCircle(3, 'Findings')
const bob = circle.people[1]!
const written = (timestamp: number, text: string) =>
  write({ circle: circle.list.circle, device: bob.device, seq: 1, timestamp, epoch: 1, text })

test('[N1] a node dated beyond what any date can tell is refused, so that no screen or proof fails on it', () => {
  // Found by: proof-fork. A fork whose second node was dated so made `twofold verify` fail with INTERNAL.
  expect(decodeNode(crypto, written(TIME_MS_MAX, 'x').bytes)).toMatchObject({ ok: true })
  const beyond = written(TIME_MS_MAX + 1, 'x')
  expect(decodeNode(crypto, beyond.bytes)).toEqual({ ok: false, code: 'NODE_ENCODING' })
  const nodes = [written(NEW_YEAR, 'a'), beyond].sort((a, b) => (a.id < b.id ? -1 : 1)) as [
    typeof beyond,
    typeof beyond,
  ]
  const { content } = forkProofFile(
    nodes,
    circle.list,
    circle.records.map((r) => r.bytes),
    'Bob',
  )
  expect(() => checkProofFile(crypto, content, NEW_YEAR)).toThrow(TwofoldError)
})

test('[M4] an invite that ends beyond what any date can tell is damaged, though it is signed', () => {
  const secret = seedOf('late invite').slice(0, 16)
  const mallory = makePerson('Mallory')
  const terms = {
    invite: inviteIdOf(crypto, secret),
    circle: circle.list.circle,
    circleName: 'Lab',
    inviterName: 'Mallory',
    inviter: mallory.device.key,
    epoch: 1,
    expiresAt: TIME_MS_MAX + 1,
    usesMax: 1,
    approval: 'auto' as const,
  }
  const capability = signCapability(crypto, terms, mallory.device.sign)
  expect(decodeCapability(crypto, encodeCapability(capability))).toBeNull()
  const link = encodeLink(crypto, { ...capability, secret, addresses: [] })
  expect(decodeLink(crypto, link)).toEqual({ ok: false, code: 'LINK_DAMAGED' })
})

test('[L4] an address that grows beyond the bound when it is escaped is not handed to the system', () => {
  // Found by: deep-link. Each of these letters becomes nine characters.
  const long = `mailto:${'世'.repeat(2000)}`
  expect(long.length).toBeLessThan(8192)
  expect(externalAddress(long)).toBeNull()
  expect(externalAddress(`mailto:${'世'.repeat(100)}`)).toMatch(/^mailto:(%[0-9A-F]{2})+$/)
})

test('[N7] a page pasted in the place of the words is refused without comparing it with every word', () => {
  // Found by: words (0.8 s for 600 letters, growing with them).
  const page = [`${'x'.repeat(1_000_000)}`, ...Array.from({ length: 23 }, () => 'zoo')].join(' ')
  expect(() => entropyFromWords(page)).toThrow(TwofoldError)
})

test('[L1] of a packet full of pointers only so many are looked at', () => {
  // Found by: mdns. Each pointer was looked for among all records.
  const looks = { n: 0 }
  const records = Array.from({ length: 5000 }, (_unused, i) => ({
    get type() {
      looks.n++
      return 'PTR'
    },
    name: SERVICE,
    ttl: 1,
    data: `${i}.${SERVICE}`,
  }))
  expect(readServices(records)).toHaveLength(8)
  expect(looks.n).toBeLessThan(8 * 3 * 128)
})
