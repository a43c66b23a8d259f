// Who breaks the rules, and what becomes of him (rules H2, H3). Each refusal weighs something; the weights add up and fade, so that a bug
// or a bad hour of an honest peer is forgotten and a flood is not. At the limit the device is kept out: its link is cut, and none is
// taken or dialled for a while that doubles each time. That is this device's own decision about its own links: nobody
// else hears of it, entries of the other still come through everybody else, and only admins take anybody off the list.
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey, Misdeed } from '../../shared/types'
import { BUDGETS, Budgets, type Account } from './budgets'

/** At so many points a device is kept out. */
export const POINTS_MAX = 100
/** They fade at one in six seconds: all of them within ten minutes. */
const FADING_PER_MS = POINTS_MAX / (10 * 60_000)
/** The first time out; each further one lasts twice as long. As with droppers: long enough to matter, short enough for a mistake. */
const OUT_MS = 10 * 60_000
const OUT_MAX_MS = 24 * 3_600_000
/** So long after it was let in again the first time counts as the first again. */
const FORGIVEN_MS = 7 * 86_400_000
/** Devices of which something is known. Members are at most 10,000, and keys of invites come and go. The oldest is dropped. */
const DEVICES_KNOWN_MAX = 16_384
/** Devices whose points and budgets are like new are looked for this often. */
const TIDY_EVERY_MS = 60_000

/**
 * What each refusal weighs. What is not here weighs nothing: an honest peer may hand it on without knowing better (a
 * device removed or frozen meanwhile, another list than ours, a clock that is wrong, a segment by another view of who is on).
 * What is here an honest peer has checked itself before it would hand it on.
 */
const WEIGHTS: Partial<Record<ErrorCode, readonly [Misdeed, number]>> = {
  // It costs the link already; the third within minutes keeps out.
  FRAME_MALFORMED: ['garbage', 34],
  FRAME_OVERSIZED: ['garbage', 34],
  NODE_ENCODING: ['garbage', 4],
  NODE_TOO_LARGE: ['garbage', 4],
  // Perhaps a newer program.
  NODE_VERSION: ['garbage', 1],
  NOTICE_MALFORMED: ['garbage', 4],
  EPOCH_MALFORMED: ['garbage', 5],
  CIRCLE_MISMATCH: ['forgery', 5],
  SIGNATURE_INVALID: ['forgery', 5],
  CHECKPOINT_INVALID: ['forgery', 5],
  EPOCH_FORGED: ['forgery', 5],
  EPOCH_MINORITY: ['forgery', 5],
  EPOCH_SIGNER_REMOVED: ['forgery', 5],
  EPOCH_SIGNER_NO_ADMIN: ['forgery', 5],
  CERTIFICATE_INVALID: ['forgery', 5],
  JOIN_PROOF_INVALID: ['forgery', 5],
  // Of its own timeline: it has signed what cannot be.
  BACKLINK_MISMATCH: ['forgery', 4],
  TIMESTAMP_NOT_LATER: ['forgery', 4],
  DEVICE_FROZEN: ['flood', 1],
  // More questions at once than are ever open between honest peers.
  BUDGET_EXCEEDED: ['asking', 1],
  // A network that stalls may do it once.
  READS_NOTHING: ['stalling', 50],
}
/** Weigh only when the device that sent it is the one that made it. */
const ONLY_ITS_OWN: ReadonlySet<ErrorCode> = new Set(['BACKLINK_MISMATCH', 'TIMESTAMP_NOT_LATER', 'DEVICE_FROZEN'])
/** Each message beyond a budget. */
const EXCESS_POINTS = 1

/** Why and for how long a device is, or was, kept out. Times: ms since 1970 UTC. */
export interface KeptOut {
  device: DeviceKey
  /** What most of the points were for. */
  misdeed: Misdeed
  since: number
  until: number
  /** How often it has come to that. */
  times: number
}

interface Standing {
  points: number
  at: number
  by: Partial<{ [misdeed in Misdeed]: number }>
  budgets: Budgets
}

export class Conduct {
  private readonly records = new Map<DeviceKey, Standing>()
  private readonly out = new Map<DeviceKey, KeptOut>()
  private tidyAt = 0

  /** `kept`: what was known at the end of the last run. */
  constructor(kept: readonly KeptOut[] = []) {
    for (const one of kept.slice(0, DEVICES_KNOWN_MAX)) this.out.set(one.device, one)
  }

  /** Everything that is to outlive a restart, so that a restart is no pardon: also who is in again, for how often it was. */
  get kept(): readonly KeptOut[] {
    return [...this.out.values()]
  }

  /** The entry of a device that is out at the moment, or null. */
  keptOut(device: DeviceKey, wall: number): KeptOut | null {
    const one = this.out.get(device)
    // A clock that was set back would make it last longer than it ever may.
    return one && wall < one.until && one.until - wall <= OUT_MAX_MS ? one : null
  }
  allKeptOut(wall: number): KeptOut[] {
    return this.kept.filter(({ device }) => this.keptOut(device, wall))
  }

  private record(device: DeviceKey, wall: number): Standing {
    let record = this.records.get(device)
    if (record) return record
    record = { points: 0, at: wall, by: {}, budgets: new Budgets() }
    this.records.set(device, record)
    if (this.records.size > DEVICES_KNOWN_MAX) this.records.delete(this.records.keys().next().value!)
    return record
  }

  /** Something of a device was refused. True: it is kept out from now on. `own`: it was of its own making. */
  refused(device: DeviceKey, code: ErrorCode, own: boolean, wall: number): boolean {
    const weight = WEIGHTS[code]
    if (!weight || (ONLY_ITS_OWN.has(code) && !own)) return false
    const [misdeed, points] = weight
    return this.points(device, misdeed, points, wall)
  }

  /** Whether a device may have so much done. `now` never goes back; `more`: added to the burst. */
  affords(device: DeviceKey, account: Account, amount: number, now: number, more = 0): boolean {
    return this.record(device, now).budgets.spend(account, amount, now, more)
  }
  charge(device: DeviceKey, account: Account, amount: number, now: number): void {
    this.record(device, now).budgets.charge(account, amount, now)
  }
  /** A device wanted more than its budget. True: it is kept out from now on. */
  exceeded(device: DeviceKey, account: Account, wall: number): boolean {
    return this.points(device, BUDGETS[account].is, EXCESS_POINTS, wall)
  }

  private points(device: DeviceKey, misdeed: Misdeed, points: number, wall: number): boolean {
    const record = this.record(device, wall)
    const faded = Math.max(0, wall - record.at) * FADING_PER_MS
    const left = Math.max(0, record.points - faded)
    if (left === 0) record.by = {}
    record.by[misdeed] = (record.by[misdeed] ?? 0) + points
    record.points = left + points
    record.at = wall
    if (record.points < POINTS_MAX) return false
    const most = (Object.entries(record.by) as [Misdeed, number][]).reduce((a, b) => (b[1] > a[1] ? b : a))[0]
    const before = this.out.get(device)
    const times = before && wall - before.until < FORGIVEN_MS ? before.times + 1 : 1
    this.out.delete(device)
    this.out.set(device, {
      device,
      misdeed: most,
      since: wall,
      until: wall + Math.min(OUT_MAX_MS, OUT_MS * 2 ** (times - 1)),
      times,
    })
    if (this.out.size > DEVICES_KNOWN_MAX) this.out.delete(this.out.keys().next().value!)
    record.points = 0
    record.by = {}
    return true
  }

  /** A person lets it in again: as if nothing had been. False: it was not out. */
  lift(device: DeviceKey): boolean {
    this.records.delete(device)
    return this.out.delete(device)
  }

  /** Forgets what has faded. `now` never goes back. */
  tick(wall: number, now: number): void {
    if (now < this.tidyAt) return
    this.tidyAt = now + TIDY_EVERY_MS
    for (const [device, { points, at, budgets }] of this.records)
      if (points <= Math.max(0, wall - at) * FADING_PER_MS && budgets.restored(now)) this.records.delete(device)
    for (const [device, { until }] of this.out) if (wall - until >= FORGIVEN_MS) this.out.delete(device)
  }

  /** Devices of which something is remembered. */
  get size(): number {
    return this.records.size
  }
}
