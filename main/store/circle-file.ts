// What makes this folder part of a circle: founding record, epoch records, circle secrets, and (for an admin) invites
// and the changes that he has asked for. Kept apart from the timeline database, so that a damaged database costs nothing that the circle cannot
// give back. Records are kept as the signed bytes they came in and judged again whenever they are loaded.
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, InviteId, MemberKey } from '../../shared/types'
import { fileError } from '../../shared/file-errors'
import type { TextFiles } from './files'
import { TIMELINE_FILE } from './timeline-store'

const FILE = 'circle.json'
/** The same once more: what it holds nobody else can give back (circle secrets, invites, wants). */
const COPY = 'circle-copy.json'
const VERSION = 1

const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/))
const time = v.pipe(v.number(), v.integer(), v.minValue(0))

const inviteSchema = v.strictObject({
  secret: hex,
  /** Encoded capability. */
  capability: hex,
  createdAt: time,
  /** For a further device of this member. */
  forDevice: v.optional(v.boolean()),
})
const key = <T extends string>() =>
  v.pipe(
    v.string(),
    v.regex(/^[0-9a-f]{64}$/),
    v.transform((text) => text as T),
  )
const inviteId = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{32}$/),
  v.transform((text) => text as InviteId),
)
const wantSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('admit'),
    askedAt: time,
    member: key<MemberKey>(),
    name: v.string(),
    device: key<DeviceKey>(),
    certificate: hex,
    invite: v.nullable(inviteId),
  }),
  v.strictObject({
    type: v.literal('set-role'),
    askedAt: time,
    member: key<MemberKey>(),
    role: v.picklist(['admin', 'member']),
  }),
  v.strictObject({ type: v.literal('remove-member'), askedAt: time, member: key<MemberKey>() }),
  v.strictObject({
    type: v.literal('remove-device'),
    askedAt: time,
    device: key<DeviceKey>(),
    seq: v.optional(time),
  }),
])
const schema = v.strictObject({
  version: v.literal(VERSION),
  genesis: hex,
  /** Epoch records 1, 2, …, each with its certificate. */
  epochs: v.array(hex),
  /** Circle secrets, newest first. Old ones open the beacons of members who missed a removal. */
  secrets: v.pipe(v.array(hex), v.minLength(1)),
  invites: v.array(inviteSchema),
  /** Changes of the list that this device asked for and that are not agreed yet. */
  wants: v.array(wantSchema),
  /** Let in to read, and not on the list yet. */
  provisional: v.boolean(),
  /**
   * This device may not write before it has been in step with a peer: it was restored from words, or its database was
   * damaged, and its circle may know more than it does (rule N7).
   */
  mustCatchUp: v.boolean(),
  /** Restored from a backup, and not let in again yet. */
  rejoin: v.optional(v.boolean()),
})
export type CircleFile = v.InferOutput<typeof schema>

const parse = (text: string | null): CircleFile | null => {
  const parsed = v.safeParse(schema, text === null ? null : jsonOrNull(text))
  return parsed.success ? parsed.output : null
}

/**
 * Null: no circle here. A file that is damaged is set aside and its second copy used: it may be a step behind, so others are
 * asked before anything is written. Throws CIRCLE_DAMAGED when neither can be read; both are left as they are.
 */
export function readCircle(files: TextFiles, now: number): CircleFile | null {
  const text = files.read(FILE)
  const copy = files.read(COPY)
  if (text === null && copy === null) return null
  const circle = parse(text)
  if (circle) return circle
  const second = parse(copy)
  if (!second) throw new TwofoldError('CIRCLE_DAMAGED')
  if (text !== null) files.setAside(FILE, now)
  const standing = { ...second, mustCatchUp: second.mustCatchUp || second.epochs.length > 0 }
  writeCircle(files, standing)
  return standing
}

export function writeCircle(files: TextFiles, circle: CircleFile): void {
  const text = `${JSON.stringify(circle, null, 1)}\n`
  files.write(FILE, text)
  // The first is what counts: a disk that takes no second one refuses nothing that was done.
  try {
    files.write(COPY, text)
  } catch (error) {
    if (!(error instanceof TwofoldError)) throw error
    files.remove(COPY)
  }
}

/**
 * Puts circle and timeline beside, as they are, so that the folder can join anew (rule N7). The circle's file goes last:
 * until then the folder is what it was.
 */
export function setCircleAside(dir: string, now: number): void {
  const names = [
    'agreement.json',
    'notices.json',
    COPY,
    `${TIMELINE_FILE}-wal`,
    `${TIMELINE_FILE}-shm`,
    TIMELINE_FILE,
    FILE,
  ]
  try {
    for (const name of names)
      if (existsSync(join(dir, name))) renameSync(join(dir, name), join(dir, `${name}.copied-${now}`))
  } catch (error) {
    throw fileError(error, dir)
  }
}

/** A joining that has begun, so that it goes on after a restart. */
const joiningSchema = v.strictObject({ version: v.literal(VERSION), link: v.string() })
const JOINING_FILE = 'joining.json'

/** One that is damaged is set aside. */
export function readJoining(files: TextFiles, now: number): string | null {
  const text = files.read(JOINING_FILE)
  if (text === null) return null
  const parsed = v.safeParse(joiningSchema, jsonOrNull(text))
  if (parsed.success) return parsed.output.link
  files.setAside(JOINING_FILE, now)
  return null
}
export const writeJoining = (files: TextFiles, link: string): void =>
  files.write(JOINING_FILE, JSON.stringify({ version: VERSION, link } satisfies v.InferInput<typeof joiningSchema>))
export const clearJoining = (files: TextFiles): void => files.remove(JOINING_FILE)

export function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
