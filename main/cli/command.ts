// What a command is, what it is given, and how values are read from flags and printed for people and programs.
import { TwofoldError } from '../../shared/errors'
import type { MemberView, Presence, ProofStep, Row } from '../../shared/types'
import type { Keys } from '../simulator/circle'
import type { Session } from './session'

/** What `twofold seed` makes. */
export interface SeedOptions {
  entries: number
  members: number
  /** Days that the entries are spread over, up to now. */
  days: number
  /** Makes the same texts and times again. */
  random: number
}
export interface Seeded {
  circle: string
  members: number
  entries: number
  /** Entries, reactions, edits and retractions. */
  nodes: number
}

/** What an archive shows; times: ms since 1970 UTC. */
export interface CheckedArchive {
  circle: string
  circleId: string
  nodes: number
  timelines: { device: string; memberName: string; nodes: number; seq: number; linked: boolean }[]
  holders: { memberName: string; device: string; at: number; nodes: number }[]
  /** Null: it is not signed as a whole. */
  signedBy: { memberName: string; device: string; at: number } | null
  torn: boolean
}

export interface Io {
  out(text: string): void
  err(text: string): void
  readInput(): Promise<string>
  /** Asks whoever sits at the terminal; true where nobody does, since a program has decided already. */
  agrees(question: string): Promise<boolean>
  inputLines(): AsyncIterable<string>
  readFile(path: string): string
  writeFile(path: string, text: string): void
  /** Makes a signed sample circle in an empty folder. Throws FOLDER_TAKEN, FOLDER_UNWRITABLE, DISK_FULL. */
  seed(dir: string, options: SeedOptions, progress: (entries: number) => void): Promise<Seeded>
  /** Fulfilled on the first interrupt or end signal. */
  interrupted: Promise<void>
  now(): number
  /** Keys and primitives for a simulated circle. */
  keys: Keys
  /** Archives and exports, checked from nothing but their bytes. */
  archives: {
    /** Throws FILE_UNREADABLE. */
    formOf(path: string): 'archive' | 'json-lines' | 'backup' | 'other'
    /** Throws ARCHIVE_FALSE, ARCHIVE_INVALID, ARCHIVE_DAMAGED. */
    check(path: string, step: (done: number) => Promise<void>): Promise<CheckedArchive>
  }
  /** The proofs that a file holds: those of quotes, else the file itself. */
  proofsIn(text: string): string[]
  checkProof(text: string): {
    circle: string
    circleId: string
    memberName: string
    node: { id: string; timestamp: number; device: string; seq: number }
    /** The second entry of a proof of two histories; null: the proof of one entry. */
    other: { id: string; timestamp: number } | null
    /** What the entry says; null: it is no text. */
    text: string | null
    steps: ProofStep[]
  }
}
export interface Call {
  io: Io
  json: boolean
  /** Positional arguments after the command. */
  args: string[]
  flags: Readonly<Record<string, string | boolean | undefined>>
  session: Session
}
export type AloneCall = Omit<Call, 'session'>
export interface Command {
  /** Arguments as shown in the usage line. */
  usage: string
  about: string
  details?: string
  examples: string[]
  flags?: Readonly<Record<string, { type: 'string' | 'boolean'; about: string }>>
  /** Positional arguments: least and most. */
  args: [number, number]
  /** Works on the network even when nothing else runs on the folder. */
  online?: boolean
  /** What it can do without a data folder; true: that was all. */
  alone?(call: AloneCall): boolean | Promise<boolean>
  run?(call: Call): Promise<void>
  /** Instead of `run`, with no folder opened: the folder given with --data, or null. */
  make?(call: AloneCall, dir: string | null): Promise<void>
}

/** A wrong way to call; told with the usage line, exit code 2. */
export class UsageError extends Error {}

export const emit = ({ io, json }: AloneCall, value: unknown, text: string) =>
  io.out(json ? JSON.stringify(value) : text)
export const text = (call: AloneCall, key: string): string | undefined => {
  const value = call.flags[key]
  return typeof value === 'string' ? value : undefined
}
export const number = (call: AloneCall, key: string): number | undefined => {
  const given = text(call, key)
  if (given === undefined) return undefined
  const value = Number(given)
  if (!Number.isFinite(value) || given.trim() === '') throw new UsageError(`--${key} takes a number`)
  return value
}
export const whole = (call: AloneCall, key: string): number | undefined => {
  const value = number(call, key)
  if (value !== undefined && (!Number.isInteger(value) || value < 0))
    throw new UsageError(`--${key} takes a whole number`)
  return value
}
export const when = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')
/** What somebody wrote must not move the reader's cursor or recolour his terminal: controls and bidi overrides are shown. */
export const printable = (body: string) => body.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '\ufffd')
export const columns = (rows: string[][]): string => {
  const widths = rows[0]?.map((_cell, i) => Math.max(...rows.map((row) => row[i]!.length))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
export const presence = (p: Presence, now: number): string => {
  switch (p.state) {
    case 'self':
      return 'this device'
    case 'online':
      return `online (${p.path === 'internet' ? 'internet' : 'LAN'})`
    case 'seen':
      return `seen ${Math.round(p.agoMs / 1000)} s ago`
    case 'offline':
      return p.lastSeenAt === null
        ? 'not seen yet'
        : `offline since ${when(p.lastSeenAt)}${now < p.lastSeenAt ? ' (clock?)' : ''}`
  }
}

export function memberNamed(members: readonly MemberView[], given: string): MemberView {
  // A name that two have is shown with a part of the key: without it, it means both.
  const plain = (name: string) => name.replace(/ \([0-9a-f]{4}\)$/, '')
  const found = members.filter(
    (m) =>
      !m.removed &&
      (m.name === given ||
        plain(m.name) === given ||
        m.key === given ||
        (given.length >= 8 && m.key.startsWith(given))),
  )
  if (found.length === 0) throw new TwofoldError('MEMBER_UNKNOWN')
  if (found.length > 1)
    throw new UsageError(
      `several members are called ${given}; give the key: ${found.map((m) => m.key.slice(0, 12)).join(', ')}`,
    )
  return found[0]!
}

/** The row as `timeline --json` prints it: ids and content, without how it is painted. */
export function rowJson(row: Row) {
  const {
    id,
    member,
    memberName,
    device,
    seq,
    timestamp,
    receivedAt,
    kind,
    text: body,
    proof,
    mine,
    late,
    waiting,
    forkedAt,
    target,
    edited,
    retracted,
    reactions,
    replies,
    bookmarked,
    unread,
  } = row
  return {
    id,
    member,
    memberName,
    device,
    seq,
    timestamp,
    receivedAt,
    kind,
    text: body,
    verified: true,
    proof,
    mine,
    late,
    waiting,
    forkedAt,
    replies,
    reactions,
    bookmarked,
    unread,
    ...(edited && { edited }),
    ...(retracted && { retracted }),
    ...(target && { target: target.id }),
  }
}
