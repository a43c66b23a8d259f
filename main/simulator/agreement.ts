// Random schedules for the agreement of the admins (rule M3): messages are lost, doubled and overtaken, devices stop
// between any two effects and come back with what was on their disk; then a majority is connected for good. Counts what
// must never be (two records for one number) and what must be (a change commits within a few rounds). The state machine
// is the shipped one; keys and signatures are names here, since they are judged elsewhere.
import type { DeviceKey, EpochId } from '../../shared/types'
import {
  Agreement,
  type AgreementEffect,
  type AgreementOptions,
  type AgreementState,
  type Statement,
  type Value,
} from '../protocol/agreement'

export interface AgreementRun {
  schedules: number
  /** Records that were certified, over all schedules. */
  committed: number
  /** Numbers for which two different records were certified. Must be 0. */
  doubleCertificates: number
  /** Schedules in which a connected majority did not commit a wanted change within ROUNDS_MAX rounds. Must be 0. */
  stalled: number
  /** The most rounds that a connected majority took. */
  maxRounds: number
}
export interface AgreementSchedules {
  /** Admins that a circle begins with; 0: each number from 1 to 7 in turn. */
  admins: number
  schedules: number
  seed: number
  /** The machine to run, and whether what it writes is kept: for showing that faults in either are found. */
  make?: (options: AgreementOptions) => Agreement
  keepsWrites?: boolean
  /** The device that is about to carry out this effect of the schedule, counted from 0, stops there; none stops elsewhere. */
  crashAt?: number
}

const ADMINS_MAX = 7
/** Steps of disorder in one schedule. */
const STEPS_MIN = 40
const STEPS_MAX = 400
const ROUNDS_MAX = 40
const IN_FLIGHT_MAX = 200
const NO_BYTES = new Uint8Array(0)
const NO_SIGNATURE = new Uint8Array(0)
const NAMES = Array.from({ length: ADMINS_MAX }, (_unused, i) => `d${i}` as DeviceKey)

/** mulberry32: 32 bits of state, good enough to choose among a few things. */
function generator(seed: number): () => number {
  let a = seed | 0
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

interface Device {
  key: DeviceKey
  /** On its disk: the records it knows, and what its machine wrote last. */
  records: Value[]
  written: AgreementState | null
  /** In memory; null: switched off. */
  machine: Agreement | null
  wants: boolean
}
type Packet = { to: number; from: number; number: number } & ({ statement: Statement } | { record: Value })

class World {
  readonly devices: Device[]
  readonly decided = new Map<number, Set<EpochId>>()
  private packets: Packet[] = []
  private values = 0
  private chaos = true
  /** Effects that were carried out, or were about to be, in disorder. */
  effects = 0
  /** How hard this schedule is: chances that a message is lost, and that a device stops before an effect. */
  private readonly loss: number
  private readonly crash: number
  /** Admins after each record, by its id. */
  private readonly votersAfter = new Map<EpochId, readonly DeviceKey[]>()

  constructor(
    n: number,
    private readonly random: () => number,
    private readonly options: AgreementSchedules,
  ) {
    this.loss = random() * 0.3
    this.crash = random() * (options.crashAt === undefined ? 0.04 : 0)
    this.devices = NAMES.slice(0, n).map((key) => ({ key, records: [], written: null, machine: null, wants: false }))
    for (const device of this.devices) this.start(device)
  }

  private below(n: number): number {
    return Math.floor(this.random() * n)
  }

  private voters(device: Device): readonly DeviceKey[] {
    const last = device.records.at(-1)
    return last ? this.votersAfter.get(last.id)! : NAMES.slice(0, this.devices.length)
  }

  private start(device: Device): void {
    const voters = this.voters(device)
    const make = this.options.make ?? ((o: AgreementOptions) => new Agreement(o))
    device.machine = make({
      number: device.records.length + 1,
      me: device.key,
      voters,
      majority: Math.floor(voters.length / 2) + 1,
      state: device.written,
      sign: () => NO_SIGNATURE,
      valid: () => true,
    })
    if (device.wants && voters.includes(device.key)) this.want(device)
    this.act(device, { type: 'recall' })
  }

  /** A new change by this device; some of them make or unmake an admin. */
  private want(device: Device): void {
    const voters = this.voters(device)
    const id = `v${++this.values}` as EpochId
    const other = NAMES[this.below(this.devices.length)]!
    const chance = this.random()
    const after =
      chance < 0.2 && voters.length > 1
        ? voters.filter((v) => v !== other)
        : chance < 0.4 && !voters.includes(other)
          ? [...voters, other]
          : voters
    this.votersAfter.set(id, after.length ? after : voters)
    device.wants = true
    this.act(device, { type: 'want', value: { id, bytes: NO_BYTES } })
  }

  private act(device: Device, event: Parameters<Agreement['handle']>[0], breakable = true): void {
    const { machine } = device
    if (machine) this.carryOut(device, machine.handle(event), breakable)
  }

  /** In order; the device may stop before any of them. */
  private carryOut(device: Device, effects: readonly AgreementEffect[], breakable: boolean): void {
    for (const effect of effects) {
      const step = this.chaos ? this.effects++ : null
      if (step !== null && (step === this.options.crashAt || (breakable && this.random() < this.crash))) {
        device.machine = null
        return
      }
      switch (effect.type) {
        case 'write':
          if (this.options.keepsWrites !== false) device.written = effect.state
          break
        case 'say':
          this.broadcast(device, effect.statement)
          break
        case 'decided':
          this.adopt(device, effect.certificate.value)
          return
      }
    }
  }

  private broadcast(device: Device, statement: Statement): void {
    const from = this.devices.indexOf(device)
    const number = device.records.length + 1
    for (let to = 0; to < this.devices.length; to++)
      if (to !== from && !(this.chaos && this.random() < this.loss)) this.packets.push({ to, from, number, statement })
  }

  private adopt(device: Device, value: Value): void {
    device.records = [...device.records, value]
    const number = device.records.length
    const known = this.decided.get(number)
    if (known) known.add(value.id)
    else this.decided.set(number, new Set([value.id]))
    device.wants = false
    const from = this.devices.indexOf(device)
    for (let to = 0; to < this.devices.length; to++)
      if (to !== from && !(this.chaos && this.random() < 2 * this.loss))
        this.packets.push({ to, from, number, record: value })
    this.start(device)
  }

  private deliver(packet: Packet): void {
    const device = this.devices[packet.to]!
    if (!device.machine) return
    const mine = device.records.length + 1
    if (packet.number < mine) {
      // Told to whoever lags behind, as a greeting does.
      if ('statement' in packet)
        this.packets.push({
          to: packet.from,
          from: packet.to,
          number: packet.number,
          record: device.records[packet.number - 1]!,
        })
    } else if ('record' in packet) {
      if (packet.number === mine) this.adopt(device, packet.record)
    } else if (packet.number === mine && this.voters(device).includes(packet.statement.from))
      this.act(device, { type: 'heard', statement: packet.statement })
  }

  /** Disorder: any packet, any device, any order. */
  disorder(steps: number): void {
    for (let step = 0; step < steps; step++) {
      const chance = this.random()
      const device = this.devices[this.below(this.devices.length)]!
      if (chance < 0.85) {
        if (!this.packets.length) continue
        const at = this.below(this.packets.length)
        const packet = this.packets[at]!
        const fate = this.random()
        // Taken out and delivered, delivered and kept, or lost.
        if (fate < 0.8) {
          this.packets[at] = this.packets.at(-1)!
          this.packets.pop()
        }
        if (fate < 0.7 || fate >= 0.8) this.deliver(packet)
      } else if (chance < 0.85 + this.crash) device.machine = null
      else if (chance < 0.93) {
        if (!device.machine) this.start(device)
      } else if (chance < 0.97) {
        if (device.machine && this.voters(device).includes(device.key)) this.want(device)
      } else this.act(device, { type: this.random() < 0.5 ? 'retry' : 'recall' })
      if (this.packets.length > IN_FLIGHT_MAX) this.packets.splice(0, this.packets.length - IN_FLIGHT_MAX)
    }
  }

  /** A bare majority of those who vote next is connected for good; rounds until a change of theirs commits, or null. */
  heal(): number | null {
    this.chaos = false
    for (const device of this.devices) if (!device.machine) this.start(device)
    const ahead = this.devices.reduce((a, b) => (b.records.length > a.records.length ? b : a))
    const voters = [...this.voters(ahead)]
    while (voters.length > Math.floor(this.voters(ahead).length / 2) + 1) voters.splice(this.below(voters.length), 1)
    const on = this.devices.filter((d) => voters.includes(d.key) || d === ahead)
    for (const device of this.devices) if (!on.includes(device)) device.machine = null
    const goal = ahead.records.length + 1
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      for (const device of on) this.act(device, { type: 'recall' })
      // Those who lag behind are told the records first, as a greeting does.
      for (const device of on)
        for (const record of ahead.records.slice(device.records.length)) this.adopt(device, record)
      const wanting = on.filter((d) => voters.includes(d.key))
      const chosen = wanting[this.below(wanting.length)]!
      if (!chosen.wants) this.want(chosen)
      else this.act(chosen, { type: 'retry' })
      for (let packet = this.packets.shift(); packet; packet = this.packets.shift()) {
        this.deliver(packet)
        if (on.some((d) => d.records.length >= goal)) return round
      }
      if (on.some((d) => d.records.length >= goal)) return round
    }
    return null
  }
}

/** Runs schedules one after the other; the same arguments give the same result. */
export function simulateAgreement(options: AgreementSchedules): AgreementRun {
  const run = nothingYet()
  for (let i = 0; i < options.schedules; i++) schedule(options, i, run)
  return run
}

/**
 * Runs each schedule once for every effect that it has: there a device stops, and comes back from its disk. `schedules`:
 * how many are taken apart so.
 */
export function simulateEveryCrash(options: Omit<AgreementSchedules, 'crashAt'>): AgreementRun {
  const run = nothingYet()
  for (let i = 0; i < options.schedules; i++) {
    const effects = schedule({ ...options, crashAt: -1 }, i, run)
    for (let crashAt = 0; crashAt < effects; crashAt++) schedule({ ...options, crashAt }, i, run)
  }
  return run
}

const nothingYet = (): AgreementRun => ({
  schedules: 0,
  committed: 0,
  doubleCertificates: 0,
  stalled: 0,
  maxRounds: 0,
})

/** Runs one, adds what came of it, and gives the number of its effects in disorder. */
function schedule(options: AgreementSchedules, i: number, run: AgreementRun): number {
  const random = generator(Math.imul(options.seed ^ 0x9e3779b9, 31) + i)
  const admins = options.admins || 1 + (i % ADMINS_MAX)
  const world = new World(admins, random, options)
  world.disorder(STEPS_MIN + Math.floor(random() * (STEPS_MAX - STEPS_MIN)))
  const rounds = world.heal()
  run.schedules++
  run.committed += world.decided.size
  for (const ids of world.decided.values()) if (ids.size > 1) run.doubleCertificates++
  if (rounds === null) run.stalled++
  else run.maxRounds = Math.max(run.maxRounds, rounds)
  return world.effects
}
