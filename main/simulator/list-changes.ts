// `twofold simulate changes`: a circle whose member list changes while entries are written, by the agreement of several admins
// over a network that delays, loses, parts and heals. What runs is what ships: engine, driver, list, notice board and
// agreement. Counts what must never be: two certified records for one number, a lost node, lists that differ in the end.
import type { EpochId, NodeId } from '../../shared/types'
import type { Want } from '../peer/ports'
import { toHex } from '../protocol/codec'
import { decodeEpoch } from '../protocol/epoch-record'
import { currentMember, deviceMessage, isCurrentDevice } from '../protocol/membership'
import type { TimelineNode } from '../protocol/node'
import { nodesOfRun, type Run } from '../protocol/runs'
import { NEW_YEAR, rememberingCrypto, simulatedCircle, type Keys, type Person } from './circle'
import { Member } from './member'
import { latencyBetween, seededRandom } from './random'
import { QuietDisk } from './store'
import { World, type Peer } from './world'

export interface ChangesOptions {
  /** Members to begin with, and how many of them are admins. */
  peers: number
  admins: number
  /** Changes that admins ask for, one every EVERY_MS, some two at once. */
  changes: number
  /** Nodes a second in the whole circle. */
  rate: number
  /** Seconds for which the network is parted in the middle of it, with admins on both sides. 0: never. */
  splitS: number
  /** Mean one-way latency, ms. */
  latencyMs: number
  /** Per cent of frames lost; half as many are doubled, and all may overtake. */
  loss: number
  seed: number
}

/** What the smaller side of a parted network said of a change that one of its admins asked for. */
export interface MinorityView {
  admins: number
  of: number
  /** The change was certified while the network was parted. Must be false. */
  agreed: boolean
  /** Names of those whose votes it waits for. */
  waitsFor: string[]
}
export interface ChangesRun {
  options: ChangesOptions
  /** Changes asked for; those that came to be on every list; those that somebody still waits for in the end, must be 0. The
   * rest became void: their member went, or another change took their place. */
  asked: number
  agreed: number
  open: number
  /** Records certified meanwhile. */
  epochs: number
  /** Numbers for which two records were certified. Must be 0. */
  doubleCertificates: number
  /** Different lists among those who are on it in the end. Must be 1. */
  lists: number
  /** From asking until all who are on the list and online had it; ms. */
  agreedMs: Summary
  nodes: number
  /** Nodes that somebody who is on the list in the end, and should have them, has not. Must be 0. */
  lost: number
  /** Until all who were linked had a node: all nodes, and those written within CLOSE_MS of a new list; ms. */
  reachedMs: Summary
  reachedCloseMs: Summary
  /** Null: the network was not parted. */
  minority: MinorityView | null
  /** What the larger side agreed on while the network was parted. */
  agreedDuringSplit: number
  /** From healing until there was one list; ms. Null: not parted, or never. */
  healedMs: number | null
  refused: Record<string, number>
  seconds: number
}
export interface Summary {
  count: number
  p50: number
  max: number
}

const WARM_UP_MS = 8000
const EVERY_MS = 4000
/** The second of two admins asks so soon after the first that neither knows of the other. */
const AT_ONCE_MS = 30
const AT_ONCE = 0.4
/** A member is gone without a word at a change, and back after this. */
const CRASH = 0.25
const BACK_MS = 6000
/** A newcomer is there so long after the list has him. */
const JOINS_MS = 500
const CLOSE_MS = 1500
/** Everything has been agreed on and is everywhere after this, or never will be. */
const SETTLE_MAX_MS = 240_000
/** Removals leave so many. */
const MEMBERS_MIN_SHARE = 0.6
/** Two admins cannot remove one of themselves, and one cannot be outvoted. */
const ADMINS_MIN = 3

const summary = (values: readonly number[]): Summary => {
  const sorted = values.toSorted((a, b) => a - b)
  return { count: sorted.length, p50: sorted[sorted.length >> 1] ?? 0, max: sorted.at(-1) ?? 0 }
}

interface Asked {
  want: Want
  at: number
  by: Member
  /** When all who are there had a list that shows it; null: not yet. */
  everywhereAt: number | null
}

class ListChanges {
  private readonly world: World
  private readonly random: () => number
  private readonly members: Member[] = []
  private readonly people: readonly Person[]
  private nextNewcomer: number
  private readonly awaited = new Set<Person>()
  private readonly asked: Asked[] = []
  private readonly certified = new Map<number, Set<EpochId>>()
  private readonly certifiedAt: number[] = []
  private readonly written = new Map<NodeId, { node: TimelineNode; at: number; missing: Set<Peer> }>()
  private readonly reached: { at: number; tookMs: number }[] = []
  private readonly refused: Record<string, number> = {}
  private readonly firstNumber: number
  private writing = false
  /** While the network is parted. */
  private sideOf: ((peer: Peer) => number) | null = null

  constructor(
    keys: Keys,
    private readonly options: ChangesOptions,
  ) {
    const { peers, admins, changes, seed, latencyMs, loss } = options
    const crypto = rememberingCrypto(keys.crypto)
    const circle = simulatedCircle({ ...keys, crypto }, peers, seed, 0, { admins, outside: changes })
    this.people = circle.people
    this.nextNewcomer = peers
    this.firstNumber = circle.list.epoch + 1
    this.random = seededRandom(seed ^ 0x51ab)
    const shared = new Map<NodeId, TimelineNode>()
    this.world = new World({
      crypto,
      circle,
      startAt: NEW_YEAR + 86_400_000,
      seed,
      network: {
        latencyMs: (a, b) => latencyBetween(seed, a, b, latencyMs),
        loss: loss / 100,
        duplication: loss / 200,
        reordering: loss > 0,
      },
      redial: true,
      disk: () => new QuietDisk(shared),
    })
    for (let i = 0; i < peers; i++) this.member(i, circle.records).start()
  }

  private member(index: number, records: ConstructorParameters<typeof Member>[3]): Member {
    const { world } = this
    const hooks = {
      refused: (code: string) => void (this.refused[code] = (this.refused[code] ?? 0) + 1),
      stored: (nodes: readonly TimelineNode[]) => this.stored(member.peer, nodes),
      storedRun: (run: Run) => this.stored(member.peer, nodesOfRun(world.crypto, run)),
    }
    const member: Member = new Member(
      world,
      index,
      this.people[index]!,
      records,
      world.options.disk(index),
      { mode: 'auto', receipts: false, hooks },
      {
        refused: hooks.refused,
        adopted: (self, { number, id }) => this.adopted(self, number, id),
      },
    )
    this.members.push(member)
    return member
  }

  // -------------------------------------------------------------- what is seen

  private adopted(member: Member, number: number, id: EpochId): void {
    const known = this.certified.get(number)
    if (known) known.add(id)
    else {
      this.certified.set(number, new Set([id]))
      this.certifiedAt.push(this.world.clock.at)
    }
    // Somebody who was let in comes with the list of whoever tells him.
    for (const person of this.awaited) {
      if (!isCurrentDevice(member.keeper.list, person.device.key)) continue
      this.awaited.delete(person)
      const records = member.keeper.epochBytes.map((bytes) => decodeEpoch(this.world.crypto, bytes)!)
      const index = this.people.indexOf(person)
      this.world.clock.after(JOINS_MS, () => this.member(index, records).start())
    }
    for (const one of this.asked)
      if (one.everywhereAt === null && this.shows(one.want)) one.everywhereAt = this.world.clock.at
  }

  private shownBy({ keeper }: Member, want: Want): boolean {
    switch (want.type) {
      case 'admit':
        return keeper.list.devices.has(want.device)
      case 'set-role':
        return currentMember(keeper.list, want.member)?.role === want.role
      case 'remove-member':
        return currentMember(keeper.list, want.member) === null
      case 'remove-device':
        return !isCurrentDevice(keeper.list, want.device)
    }
  }
  private shows(want: Want): boolean {
    return this.present().every((member) => this.shownBy(member, want))
  }

  /** On the newest list that is known, and running. */
  private present(): Member[] {
    const newest = this.newest()
    return this.members.filter((m) => m.running && isCurrentDevice(newest.keeper.list, m.person.device.key))
  }
  private newest(): Member {
    return this.members.reduce((a, b) => (b.keeper.list.epoch > a.keeper.list.epoch ? b : a))
  }

  private stored(peer: Peer, nodes: readonly TimelineNode[]): void {
    for (const node of nodes) {
      const entry = this.written.get(node.id)
      if (!entry?.missing.delete(peer) || entry.missing.size) continue
      this.reached.push({ at: entry.at, tookMs: this.world.clock.at - entry.at })
    }
  }

  // -------------------------------------------------------------- what is done

  private pick<T>(from: readonly T[]): T | undefined {
    return from[Math.floor(this.random() * from.length)]
  }

  private write(): void {
    if (!this.writing) return
    const author = this.pick(this.members.filter((m) => m.running && m.current))
    if (author) {
      const node = author.peer.compose()
      const { at } = this.world.clock
      // Those who are there, are on the author's list, and have a link on his side: the others get it by catching up.
      const missing = new Set(
        this.present()
          .map((m) => m.peer)
          .filter((p) => p !== author.peer && p.engine.links.size > 0 && isCurrentDevice(author.keeper.list, p.key))
          .filter((p) => this.sideOf?.(p) === this.sideOf?.(author.peer)),
      )
      this.written.set(node.id, { node, at, missing })
      author.peer.append(node)
    }
    this.world.clock.after((-Math.log(1 - this.random()) * 1000) / this.options.rate, () => this.write())
  }

  private admins(among = this.present()): Member[] {
    return among.filter((m) => m.isAdmin() && m.votes)
  }

  /** A change that fits the list of whoever asks. */
  private wantOf(by: Member): Want {
    const { list } = by.keeper
    const askedAt = this.world.clock.at
    const others = [...list.members.values()].filter((m) => m.removedIn === undefined && m.key !== by.person.member)
    const plain = others.filter((m) => m.role === 'member')
    const admins = others.filter((m) => m.role === 'admin' && !m.founder)
    const chance = this.random()
    const gone =
      chance < 0.3 && others.length + 1 > this.options.peers * MEMBERS_MIN_SHARE ? this.pick(plain) : undefined
    if (gone) return { type: 'remove-member', member: gone.key, askedAt }
    const risen = chance < 0.5 ? this.pick(plain) : undefined
    if (risen) return { type: 'set-role', member: risen.key, role: 'admin', askedAt }
    const fallen = chance < 0.65 && admins.length + 1 > ADMINS_MIN ? this.pick(admins) : undefined
    if (fallen) return { type: 'set-role', member: fallen.key, role: 'member', askedAt }
    const person = this.people[this.nextNewcomer++]!
    this.awaited.add(person)
    const { member, name, device, sign } = person
    const certificate = toHex(sign(deviceMessage(list.circle, member, device.key)))
    return { type: 'admit', member, name, device: device.key, certificate, invite: null, askedAt }
  }

  private ask(by: Member): void {
    if (!by.running || !by.votes || !by.isAdmin() || this.nextNewcomer >= this.people.length) return
    const want = this.wantOf(by)
    by.ask(want)
    this.asked.push({ want, at: this.world.clock.at, by, everywhereAt: null })
  }

  /** One change, or two by two admins who do not know of each other; and now and then somebody is gone for a while. */
  private change(among?: Member[]): void {
    const first = this.pick(this.admins(among))
    if (!first) return
    this.world.turn(() => this.ask(first))
    if (this.random() < AT_ONCE) {
      const second = this.pick(this.admins(among).filter((m) => m !== first))
      if (second) this.world.clock.after(AT_ONCE_MS, () => this.ask(second))
    }
    if (this.random() < CRASH) {
      const unlucky = this.pick(this.present().filter((m) => m !== first))
      if (!unlucky) return
      // Before anything that it said has arrived, or after some of it has.
      this.world.clock.after(this.random() * 1000, () => {
        if (!unlucky.running) return
        for (const { missing } of this.written.values()) missing.delete(unlucky.peer)
        unlucky.crash()
        this.world.clock.after(BACK_MS, () => unlucky.start())
      })
    }
  }

  private split(): { minority: MinorityView; agreed: number; healedMs: number | null } {
    const { world, options } = this
    // Every second admin and every second member: both sides have admins, and one has most of them.
    const admins = this.present().filter((m) => m.isAdmin())
    const few = Math.min(Math.max(1, Math.ceil(admins.length / 2) - 1), admins.length - 1)
    const smaller = new Set(admins.slice(0, few).map((m) => m.peer))
    const side = (peer: Peer) => (admins.some((m) => m.peer === peer) ? Number(smaller.has(peer)) : peer.index % 2)
    const across = (peer: Peer) => this.members.filter((m) => side(m.peer) !== side(peer)).map((m) => m.peer)
    for (const { missing, node } of this.written.values()) {
      const author = this.members.find((m) => m.person.device.key === node.device)
      if (author) for (const peer of across(author.peer)) missing.delete(peer)
    }
    this.sideOf = side
    world.split(side)
    // The links across die, and both sides know how they stand.
    world.run(12_000)
    const before = this.certified.size
    const askers = this.admins().filter((m) => smaller.has(m.peer))
    const asker = askers[0]
    if (asker) world.turn(() => this.ask(asker))
    const request = this.asked.at(-1)!
    const larger = this.present().filter((m) => side(m.peer) === 0)
    for (let ms = 0; ms < options.splitS * 1000; ms += EVERY_MS) {
      this.change(larger)
      world.run(EVERY_MS)
    }
    const minority: MinorityView = {
      admins: askers.length,
      of: admins.length,
      agreed: askers.some((m) => this.shownBy(m, request.want)),
      waitsFor: asker ? asker.waitingFor().map((key) => asker.keeper.memberName(key)) : [],
    }
    const agreed = this.certified.size - before
    this.sideOf = null
    world.split(null)
    const healed = world.runUntil(() => this.lists() === 1, SETTLE_MAX_MS)
    return { minority, agreed, healedMs: healed }
  }

  // -------------------------------------------------------------- the end

  private lists(): number {
    return new Set(this.present().map((m) => m.keeper.list.epochIds[m.keeper.list.epoch])).size
  }

  /** Nodes that a list as it is now accepts; what a removed device alone had is gone with it (rule M5). */
  private accepted(): TimelineNode[] {
    const { list } = this.newest().keeper
    const present = this.present()
    return [...this.written.values()].flatMap(({ node }) => {
      const cutoff = list.devices.get(node.device)?.cutoffSeq
      if (cutoff === undefined) return node
      const whole = Array.from({ length: node.seq }, (_unused, i) => i + 1).every((seq) =>
        present.some((m) => m.peer.disk.at(node.device, seq)),
      )
      return node.seq <= cutoff && whole ? node : []
    })
  }
  private missing(nodes: readonly TimelineNode[]): number {
    return nodes.filter((node) => this.present().some((m) => !m.peer.holds(node))).length
  }
  /** Asked for, not shown, and its asker still wants it. */
  private open(): Asked[] {
    return this.asked.filter(
      ({ want, by, everywhereAt }) =>
        everywhereAt === null && by.running && by.current && by.wants.some((wanted) => sameWant(wanted, want)),
    )
  }

  run(progress: (text: string) => void): ChangesRun {
    const { world, options } = this
    const began = world.clock.at
    world.run(WARM_UP_MS)
    this.writing = true
    this.write()
    const half = options.changes >> 1
    let split: ReturnType<ListChanges['split']> | null = null
    for (let i = 0; i < options.changes; i++) {
      if (i === half && options.splitS) {
        progress('the network is parted')
        split = this.split()
      }
      this.change()
      world.run(EVERY_MS)
    }
    progress(`${this.written.size} nodes written, ${this.certified.size} lists`)
    this.writing = false
    world.runUntil(
      () => this.members.every((m) => m.running) && this.open().length === 0 && this.lists() === 1,
      SETTLE_MAX_MS,
    )
    world.runUntil(() => this.missing(this.accepted()) === 0, SETTLE_MAX_MS)
    const close = ({ at }: { at: number }) => this.certifiedAt.some((changed) => Math.abs(at - changed) <= CLOSE_MS)
    const agreed = this.asked.filter(({ everywhereAt }) => everywhereAt !== null)
    return {
      options,
      asked: this.asked.length,
      agreed: agreed.length,
      open: this.open().length,
      epochs: this.certified.size,
      doubleCertificates: [...this.certified.values()].filter((ids) => ids.size > 1).length,
      lists: this.lists(),
      agreedMs: summary(agreed.map(({ at, everywhereAt }) => everywhereAt! - at)),
      nodes: this.written.size,
      lost: this.missing(this.accepted()),
      reachedMs: summary(this.reached.map((r) => r.tookMs)),
      reachedCloseMs: summary(this.reached.filter(close).map((r) => r.tookMs)),
      minority: split?.minority ?? null,
      agreedDuringSplit: split?.agreed ?? 0,
      healedMs: split?.healedMs ?? null,
      refused: this.refused,
      seconds: (world.clock.at - began) / 1000,
    }
  }
}

const sameWant = (a: Want, b: Want): boolean =>
  a.type === b.type &&
  ('member' in a && 'member' in b ? a.member === b.member : 'device' in a && 'device' in b && a.device === b.device)

/** Runs one; the same options give the same result. */
export const simulateChanges = (
  keys: Keys,
  options: ChangesOptions,
  progress: (text: string) => void = () => {},
): ChangesRun => new ListChanges(keys, options).run(progress)
