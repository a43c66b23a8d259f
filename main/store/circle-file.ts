// What makes this folder part of a circle: founding record, epoch records, circle secrets, and (for an admin) invites
// and requests. Kept apart from the timeline database, so that a damaged database costs nothing that the circle cannot
// give back. Records are kept as the signed bytes they came in and judged again whenever they are loaded.
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import type { TextFiles } from './files'

const FILE = 'circle.json'
const VERSION = 1

const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/))
const time = v.pipe(v.number(), v.integer(), v.minValue(0))

const inviteSchema = v.strictObject({
  secret: hex,
  /** Encoded capability. */
  capability: hex,
  createdAt: time,
  /** Devices that were admitted with it. */
  usedBy: v.array(hex),
  revoked: v.boolean(),
})
const requestSchema = v.strictObject({
  invite: hex,
  member: hex,
  name: v.string(),
  device: hex,
  certificate: hex,
  proof: hex,
  askedAt: time,
})
const schema = v.strictObject({
  version: v.literal(VERSION),
  genesis: hex,
  /** Epoch records 1, 2, …, each with its certificate. */
  epochs: v.array(hex),
  /** Circle secrets, newest first. Old ones open the beacons of members who missed a removal. */
  secrets: v.pipe(v.array(hex), v.minLength(1)),
  invites: v.array(inviteSchema),
  requests: v.array(requestSchema),
  refusedRequests: v.array(hex),
  /**
   * This device may not write before it has been in step with a peer: it was restored from words, or its database was
   * damaged, and its circle may know more than it does (rule N7).
   */
  mustCatchUp: v.boolean(),
})
export type CircleFile = v.InferOutput<typeof schema>

/** Null: no circle here. Throws CIRCLE_DAMAGED when the file is there and is not one of ours; it is left as it is. */
export function readCircle(files: TextFiles): CircleFile | null {
  const text = files.read(FILE)
  if (text === null) return null
  const parsed = v.safeParse(schema, jsonOrNull(text))
  if (!parsed.success) throw new TwofoldError('CIRCLE_DAMAGED')
  return parsed.output
}

export const writeCircle = (files: TextFiles, circle: CircleFile): void =>
  files.write(FILE, `${JSON.stringify(circle, null, 1)}\n`)

/** A joining that has begun, so that it goes on after a restart. */
const joiningSchema = v.strictObject({ version: v.literal(VERSION), link: v.string() })
const JOINING_FILE = 'joining.json'

export function readJoining(files: TextFiles): string | null {
  const text = files.read(JOINING_FILE)
  if (text === null) return null
  const parsed = v.safeParse(joiningSchema, jsonOrNull(text))
  return parsed.success ? parsed.output.link : null
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
