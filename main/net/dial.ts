// Decides when to dial whom (rules L1, L2). Pure: facts and time in, a decision out; network.ts carries it out.
// The bigger key dials at once and the other side waits: simultaneous dials make duplicate links that flap (measured).

/** What is remembered about a device that is wanted and has no link. Times: ms since 1970. */
export interface DialRecord {
  /** Without a link since then. */
  sinceMs: number
  /** The way to it opened then (address heard, internet up, link lost): the polite side counts from here. */
  routeSinceMs: number
  /** Failed ones since the last success or news. */
  attempts: number
  /** End of the last attempt; 0 for none. */
  endedAtMs: number
  /** The last known error code. */
  lastError: string | null
  /** Asked for by a person: no politeness, no back-off, once. */
  urgent: boolean
  /** 0 to 1, drawn anew for each record: spreads waits so that two sides do not keep in step. */
  jitter: number
}

/** The best known way. manual: an address that a person typed in, perhaps of somebody else. */
export type Route = 'lan' | 'manual' | 'internet' | null

export interface DialFacts {
  nowMs: number
  /** A stream to this device exists in any state, also one that is closing. */
  busy: boolean
  route: Route
  /** Last beacon of the device; 0 for none. */
  heardAtMs: number
  /** Our key is the bigger one. */
  eager: boolean
}

export type DialDecision =
  { act: 'dial' } | { act: 'wait'; untilMs: number } | { act: 'none'; why: 'BUSY' | 'NO_ROUTE' }

/** Wait of the polite side. LAN: 1.5 to 3 s; internet: 8 s, since punching takes that long (both measured). */
const POLITE_LAN_MS = 1_500
const POLITE_INTERNET_MS = 8_000
/**
 * Back-off after n failures, half to one and a half times as long; the last repeats. A LAN dial that fails takes 4 s itself,
 * and costs ~16 packets. Spread widely, because a network that was parted loses all links at one moment: when it heals,
 * somebody of the many is just about to dial.
 */
const BACKOFF_LAN_MS = [500, 1_000, 2_000, 5_000, 10_000, 15_000] as const
const BACKOFF_MANUAL_MS = [500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000] as const
const BACKOFF_INTERNET_MS = [2_000, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000] as const
/** A beacon heard after a failure proves that the device is there: the back-off shrinks to this. */
const HEARD_AGAIN_MS = 1_000

/** A link that lived so long counts as a success; a shorter one as a failure, else two sides that disagree would spin. */
export const SETTLED_MS = 10_000

export function newDialRecord(nowMs: number, random: () => number): DialRecord {
  return {
    sinceMs: nowMs,
    routeSinceMs: nowMs,
    attempts: 0,
    endedAtMs: 0,
    lastError: null,
    urgent: false,
    jitter: random(),
  }
}

/** The record of a device that is wanted, allowed, and without a greeted link. */
export function decideDial(record: DialRecord, facts: DialFacts): DialDecision {
  if (facts.busy) return { act: 'none', why: 'BUSY' }
  if (facts.route === null) return { act: 'none', why: 'NO_ROUTE' }
  const untilMs = record.urgent ? 0 : Math.max(politeUntil(record, facts), backedOffUntil(record, facts))
  return untilMs <= facts.nowMs ? { act: 'dial' } : { act: 'wait', untilMs }
}

function politeUntil(record: DialRecord, { eager, route }: DialFacts): number {
  if (eager) return 0
  return record.routeSinceMs + (route === 'internet' ? POLITE_INTERNET_MS : POLITE_LAN_MS * (1 + record.jitter))
}

function backedOffUntil(record: DialRecord, { route, heardAtMs }: DialFacts): number {
  if (record.attempts === 0) return 0
  if (heardAtMs > record.endedAtMs) return record.endedAtMs + HEARD_AGAIN_MS
  const table = route === 'lan' ? BACKOFF_LAN_MS : route === 'manual' ? BACKOFF_MANUAL_MS : BACKOFF_INTERNET_MS
  const delayMs = table[Math.min(record.attempts, table.length) - 1] ?? 0
  return record.endedAtMs + delayMs * (0.5 + record.jitter)
}
