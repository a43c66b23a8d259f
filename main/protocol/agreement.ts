// How the admins agree on the next version of the member list (rule M3): single-decree Paxos, one instance for each epoch
// number, as a state machine. It decides what this device may say, and what must be on the disk before it is said; it
// knows neither clock, chance, disk nor network. Who signed is checked by notices.ts before a statement comes here.
//
// The acceptor of an admin is one named device of his, his voting device (`voters` in membership.ts), so that an admin
// with several devices has one memory and one vote. A device that lost its disk is another device: it is no voter before
// the others have agreed to it, so it never votes with forgotten promises.
import type { DeviceKey, EpochId } from '../../shared/types'

/** An attempt to get a value decided. Ordered by round, then by who made it. */
export interface Ballot {
  /** 0 for the first voter of the list alone: below it there is none, so it needs no promises. Others begin with 1. */
  round: number
  by: DeviceKey
}
/** A proposed epoch record: its id and its unsigned bytes. */
export interface Value {
  id: EpochId
  bytes: Uint8Array
}
export interface Vote {
  ballot: Ballot
  value: Value
}

export const compareBallots = (a: Ballot, b: Ballot): number =>
  a.round - b.round || (a.by < b.by ? -1 : a.by > b.by ? 1 : 0)

/** What one device says to all others about the next epoch. */
export type Statement =
  /** Asks the voters to promise that they accept nothing below this ballot. */
  | { type: 'prepare'; from: DeviceKey; ballot: Ballot }
  /** A voter's promise, with what it has accepted below the ballot. */
  | { type: 'promise'; from: DeviceKey; ballot: Ballot; accepted: Vote | null }
  | { type: 'propose'; from: DeviceKey; ballot: Ballot; value: Value }
  /** A voter's vote. `signature`: over the record and the ballot; a majority of them is the record's certificate. */
  | { type: 'accept'; from: DeviceKey; ballot: Ballot; id: EpochId; signature: Uint8Array }

/** What must survive a crash: written before anything that follows from it is said. */
export interface AgreementState {
  /** The epoch number that is being agreed on. */
  number: number
  /** The latest ballot that this device has begun, and what it proposed with it. */
  mine: { ballot: Ballot; value: Value | null } | null
  /** As a voter: the highest ballot promised, and the latest vote given. */
  promised: Ballot | null
  accepted: Vote | null
}

export interface Certificate {
  value: Value
  ballot: Ballot
  signatures: { signer: DeviceKey; signature: Uint8Array }[]
}

export type AgreementEvent =
  /** What this device would have decided; null: nothing any more. */
  | { type: 'want'; value: Value | null }
  | { type: 'heard'; statement: Statement }
  /** Some time has passed without a decision. Comes at random intervals, so that two who outbid each other stop. */
  | { type: 'retry' }
  /** Somebody new listens, or what was said may be lost: say again what still holds. */
  | { type: 'recall' }

/** To be carried out in order. A `write` that fails forbids all that follow it; the machine is then made anew. */
export type AgreementEffect =
  | { type: 'write'; state: AgreementState }
  | { type: 'say'; statement: Statement }
  | { type: 'decided'; certificate: Certificate }

export interface AgreementOptions {
  number: number
  me: DeviceKey
  /** One device for each admin of the epoch before, in an order that all share. */
  voters: readonly DeviceKey[]
  /** How many votes decide: more than half of the admins, whether or not each of them has a device. */
  majority: number
  /** What an earlier run has written for this number. */
  state: AgreementState | null
  sign(id: EpochId, ballot: Ballot): Uint8Array
  /** Whether a proposed record follows the list. A voter votes for no other. */
  valid(value: Value): boolean
}

export class Agreement {
  private state: AgreementState
  private wanted: Value | null = null
  private highest: Ballot | null = null
  private decision: Certificate | null = null
  private effects: AgreementEffect[] = []
  private readonly promises = new Map<DeviceKey, Vote | null>()
  private readonly tallies = new Map<string, Map<DeviceKey, { id: EpochId; signature: Uint8Array }>>()
  private readonly values = new Map<EpochId, Value>()
  private readonly votes: boolean

  constructor(protected readonly options: AgreementOptions) {
    const { number, state, me, voters } = options
    this.state = state?.number === number ? state : { number, mine: null, promised: null, accepted: null }
    this.votes = voters.includes(me)
    const { mine, promised, accepted } = this.state
    this.seen(mine?.ballot)
    this.seen(promised)
    if (mine?.value) this.values.set(mine.value.id, mine.value)
    if (accepted) this.values.set(accepted.value.id, accepted.value)
  }

  get number(): number {
    return this.options.number
  }
  get decided(): boolean {
    return this.decision !== null
  }
  /** This device has bid, and knows what it wants. Whether it was outbid is for `retry` to mend. */
  get proposing(): boolean {
    return this.state.mine !== null && (this.state.mine.value !== null || this.wanted !== null)
  }
  /** Something is proposed or promised, and not yet decided. */
  get open(): boolean {
    return !this.decided && this.highest !== null
  }

  /** The voters who have neither voted nor promised in the highest ballot heard of: those who are waited for. */
  missing(): DeviceKey[] {
    const tally = this.highest && this.tallies.get(keyOf(this.highest))
    const promised =
      this.state.mine && this.highest && same(this.state.mine.ballot, this.highest) ? this.promises : null
    return this.options.voters.filter((voter) => !tally?.has(voter) && !(promised?.has(voter) && !tally?.size))
  }

  handle(event: AgreementEvent): AgreementEffect[] {
    this.effects = []
    if (this.decided) return this.effects
    switch (event.type) {
      case 'want':
        this.wanted = event.value
        if (!this.wanted) break
        if (this.state.mine) this.propose()
        else this.begin()
        break
      case 'heard':
        this.hear(event.statement)
        break
      case 'retry':
        if ((this.wanted || this.state.mine?.value) && (!this.state.mine || this.outbid())) this.begin()
        break
      case 'recall':
        this.recall()
        break
    }
    return this.effects
  }

  // -------------------------------------------------------------- asking

  private write(change: Partial<AgreementState>): void {
    this.state = { ...this.state, ...change }
    this.effects.push({ type: 'write', state: this.state })
  }

  /** Says a statement to all, this device included. */
  private say(statement: Statement): void {
    this.effects.push({ type: 'say', statement })
    this.hear(statement)
  }

  private seen(ballot: Ballot | null | undefined): void {
    if (ballot && (!this.highest || compareBallots(ballot, this.highest) > 0)) this.highest = ballot
  }
  /** Somebody went on with a higher ballot than ours. */
  private outbid(): boolean {
    const { mine } = this.state
    return mine !== null && this.highest !== null && compareBallots(this.highest, mine.ballot) > 0
  }

  private begin(): void {
    const { me, voters } = this.options
    const value = this.wanted ?? this.state.mine?.value ?? null
    this.promises.clear()
    if (!this.highest && voters[0] === me && value) {
      const ballot = { round: 0, by: me }
      this.values.set(value.id, value)
      this.write({ mine: { ballot, value } })
      this.say({ type: 'propose', from: me, ballot, value })
      return
    }
    const ballot = { round: (this.highest?.round ?? 0) + 1, by: me }
    this.wanted = value
    this.write({ mine: { ballot, value: null } })
    this.say({ type: 'prepare', from: me, ballot })
  }

  /** With the promises of a majority: the value of the highest vote among them, else our own. */
  private propose(): void {
    const { mine } = this.state
    if (!mine || mine.value || this.outbid() || this.promises.size < this.options.majority) return
    let bound: Vote | null = null
    for (const vote of this.promises.values())
      if (vote && (!bound || compareBallots(vote.ballot, bound.ballot) > 0)) bound = vote
    const value = bound?.value ?? this.wanted
    if (!value) return
    const { ballot } = mine
    this.values.set(value.id, value)
    this.write({ mine: { ballot, value } })
    this.say({ type: 'propose', from: this.options.me, ballot, value })
  }

  private recall(): void {
    const { me } = this.options
    const { mine, promised, accepted } = this.state
    if (mine && !this.outbid())
      this.say(
        mine.value
          ? { type: 'propose', from: me, ballot: mine.ballot, value: mine.value }
          : { type: 'prepare', from: me, ballot: mine.ballot },
      )
    if (promised && promised.round > 0) this.say({ type: 'promise', from: me, ballot: promised, accepted })
    if (accepted) this.sayVote(accepted)
  }

  // -------------------------------------------------------------- hearing

  private hear(statement: Statement): void {
    if (this.decided) return
    this.seen(statement.ballot)
    switch (statement.type) {
      case 'prepare':
        if (this.votes && statement.from === statement.ballot.by) this.prepared(statement.ballot)
        return
      case 'promise':
        this.promised(statement)
        return
      case 'propose':
        this.proposed(statement)
        return
      case 'accept':
        this.accepted(statement)
        return
    }
  }

  private prepared(ballot: Ballot): void {
    const { promised } = this.state
    // Round 0 is never asked for: it would let its holder choose after others have voted.
    if (ballot.round < 1) return
    if (!promised || compareBallots(ballot, promised) > 0) this.write({ promised: ballot })
    // Whoever asks with a lower ballot is told of the higher one.
    this.say({ type: 'promise', from: this.options.me, ballot: this.state.promised!, accepted: this.state.accepted })
  }

  private promised({ from, ballot, accepted }: Extract<Statement, { type: 'promise' }>): void {
    const { mine } = this.state
    if (accepted) this.values.set(accepted.value.id, accepted.value)
    if (!mine || mine.value || !same(ballot, mine.ballot) || !this.options.voters.includes(from)) return
    this.promises.set(from, accepted)
    this.propose()
  }

  /** Rule M3: nothing below a promise is accepted. */
  protected mayAccept(ballot: Ballot): boolean {
    const { promised } = this.state
    return !promised || compareBallots(ballot, promised) >= 0
  }

  private proposed({ from, ballot, value }: Extract<Statement, { type: 'propose' }>): void {
    const { voters } = this.options
    if (from !== ballot.by || (ballot.round === 0 && from !== voters[0])) return
    this.values.set(value.id, value)
    if (this.votes && this.options.valid(value)) this.vote(ballot, value)
    this.decide(ballot, value.id)
  }

  private vote(ballot: Ballot, value: Value): void {
    const { accepted } = this.state
    if (accepted && same(accepted.ballot, ballot)) {
      if (accepted.value.id === value.id) this.sayVote(accepted)
      return
    }
    if (!this.mayAccept(ballot)) {
      const { promised } = this.state
      if (promised && promised.round > 0)
        this.say({ type: 'promise', from: this.options.me, ballot: promised, accepted })
      return
    }
    const vote = { ballot, value }
    this.write({ promised: ballot, accepted: vote })
    this.sayVote(vote)
  }

  private sayVote({ ballot, value }: Vote): void {
    const { me, sign } = this.options
    this.say({ type: 'accept', from: me, ballot, id: value.id, signature: sign(value.id, ballot) })
  }

  protected accepted({ from, ballot, id, signature }: Extract<Statement, { type: 'accept' }>): void {
    if (!this.options.voters.includes(from)) return
    const key = keyOf(ballot)
    const tally = this.tallies.get(key)
    if (tally) tally.set(from, { id, signature })
    else this.tallies.set(key, new Map([[from, { id, signature }]]))
    this.decide(ballot, id)
  }

  /** Votes for one record in one ballot, one for each voter. */
  protected votesFor(ballot: Ballot, id: EpochId): Certificate['signatures'] {
    return [...(this.tallies.get(keyOf(ballot)) ?? [])]
      .filter(([, vote]) => vote.id === id)
      .map(([signer, { signature }]) => ({ signer, signature }))
  }

  private decide(ballot: Ballot, id: EpochId): void {
    const value = this.values.get(id)
    if (!value || this.decision) return
    const signatures = this.votesFor(ballot, id)
    if (signatures.length < this.options.majority) return
    this.decision = { value, ballot, signatures }
    this.effects.push({ type: 'decided', certificate: this.decision })
  }
}

const keyOf = (ballot: Ballot): string => `${ballot.round} ${ballot.by}`
const same = (a: Ballot, b: Ballot): boolean => a.round === b.round && a.by === b.by
