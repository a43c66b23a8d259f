// Two runs with one device key (rule N7): how a member tells them from a device that was started again, how each proves to
// the other that it is alive, and that nobody without the key can stop a device.
import { beforeEach, expect, test } from 'vitest'
import { secrets } from '../../main/identity/secrets'
import { Twins } from '../../main/peer/twins'
import { signAlive, type Alive } from '../../main/protocol/alive'
import type { AsideMessage } from '../../main/protocol/engine'
import type { CircleId, DeviceKey } from '../../shared/types'
import { found, makePerson, type Person } from '../support/people'
import { identityOf } from './parts'

const ann = makePerson('Ann')
const bob = makePerson('Bob')
const list = found(ann)

/** One process with the key of a person's device, and whom it is linked with. */
class Process {
  readonly links = new Map<DeviceKey, Process>()
  readonly twins: Twins
  readonly said: AsideMessage[] = []
  stopped = false

  constructor(
    readonly person: Person,
    readonly run: number,
  ) {
    this.twins = new Twins({
      parts: { secrets },
      identity: identityOf(person),
      run,
      list: () => list,
      runOf: (device) => this.links.get(device)?.run ?? null,
      tell: (to, message) => {
        this.said.push(message)
        packets.push(() => this.links.get(to)?.twins.heard(this.person.device.key, message as never))
      },
      twin: () => (this.stopped = true),
    })
  }
}
const markOf = ({ said }: Process): Uint8Array => {
  const first = said[0]
  if (first?.type !== 'run-mark') throw new Error('it has not been linked yet')
  return first.mark
}
const packets: (() => void)[] = []
beforeEach(() => void packets.splice(0))

/** Opens a link; one that either had with the same key gives way, as in main/net. */
function link(a: Process, b: Process): void {
  for (const [one, other] of [
    [a, b],
    [b, a],
  ] as const) {
    one.links.get(other.person.device.key)?.links.delete(one.person.device.key)
    one.links.set(other.person.device.key, other)
  }
  a.twins.linked({ remote: b.person.device.key })
  b.twins.linked({ remote: a.person.device.key })
  for (let next = packets.shift(); next; next = packets.shift()) next()
}

test('[N7] two runs of one key that take turns at a member: the later one is shown that the earlier one is alive, and stops', () => {
  const member = new Process(ann, 1)
  const [first, copy] = [new Process(bob, 100), new Process(bob, 200)]
  link(first, member)
  link(copy, member)
  expect([first.stopped, copy.stopped], 'started again, as far as can be told').toEqual([false, false])
  link(first, member)
  link(copy, member)
  expect([first.stopped, copy.stopped]).toEqual([false, true])
  link(first, member)
  expect(first.stopped, 'told of the later one, the earlier one goes on').toBe(false)
})

test('[N7] two runs that began in the same millisecond: their marks tell them apart, and one of them stops', () => {
  const member = new Process(ann, 1)
  const [one, two] = [new Process(bob, 100), new Process(bob, 100)]
  for (const run of [one, two, one, two, one]) link(run, member)
  expect([one.stopped, two.stopped].filter(Boolean)).toHaveLength(1)
  const goesOn = one.stopped ? two : one
  link(goesOn, member)
  expect(goesOn.stopped).toBe(false)
})

test('[N7] a device whose clock was put back, or that is started again and again, is nobody’s twin', () => {
  const member = new Process(ann, 1)
  const runs = [500, 100, 150, 600, 700].map((run) => new Process(bob, run))
  for (const run of runs) link(run, member)
  // The runs before are gone, and nobody can sign for them.
  expect(runs.map((run) => run.stopped)).toEqual([false, false, false, false, false])
})

test('[N7] a member who says that there is a twin, and cannot sign with the key, stops nobody', () => {
  const liar = new Process(ann, 1)
  const before = new Process(bob, 100)
  const victim = new Process(bob, 200)
  const tell = (lie: Alive) => victim.twins.heard(ann.device.key, { type: 'alive', ...lie })
  // In an earlier run the device signed what the liar asked for: it names a mark of the liar's.
  link(before, liar)
  before.twins.heard(ann.device.key, { type: 'alive-want', mark: new Uint8Array(16) })
  const old = before.said.find((m) => m.type === 'alive')!
  link(victim, liar)
  const asked = markOf(victim)
  tell(old)
  tell(signAlive(list.circle, bob.device.key, { asked, run: 1, mark: asked }, ann.device.sign))
  tell(signAlive('00'.repeat(32) as CircleId, bob.device.key, { asked, run: 1, mark: asked }, bob.device.sign))
  // Nothing about its own mark is signed by the device itself, whoever asks.
  victim.twins.heard(ann.device.key, { type: 'alive-want', mark: asked })
  expect(victim.said.filter((m) => m.type === 'alive')).toEqual([])
  expect(victim.stopped).toBe(false)
  tell(signAlive(list.circle, bob.device.key, { asked, run: 1, mark: asked }, bob.device.sign))
  expect(victim.stopped, 'the key itself is believed').toBe(true)
})

test('[N7] an answer that was not asked for, or that its device did not sign, is not handed on', () => {
  const member = new Process(ann, 1)
  const [first, copy] = [new Process(bob, 100), new Process(bob, 200)]
  for (const run of [first, copy, first]) link(run, member)
  const marks = [first, copy].map(markOf)
  const forged = { asked: marks[1]!, run: 1, mark: marks[0]!, signature: new Uint8Array(64) }
  member.twins.heard(bob.device.key, { type: 'alive', ...forged })
  const before = member.said.length
  link(copy, member)
  const told = member.said.slice(before).filter((m) => m.type === 'alive')
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ run: 100, asked: marks[1] })
  expect(copy.stopped).toBe(true)
})
