// What a device must never forget while the admins agree (rule M3), and the notices that it keeps for others. The first is
// flushed to the disk before it is answered for; one that cannot be read stops the device from voting, rather than let it
// vote twice.
import * as v from 'valibot'
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey, EpochId } from '../../shared/types'
import type { AgreementState } from '../protocol/agreement'
import { fromHex, toHex } from '../protocol/codec'
import { jsonOrNull } from './circle-file'
import type { TextFiles } from './files'

const AGREEMENT_FILE = 'agreement.json'
const NOTICES_FILE = 'notices.json'
const VERSION = 1

const key = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))
const hex = v.pipe(v.string(), v.regex(/^([0-9a-f]{2})*$/))
const ballot = v.strictObject({ round: v.pipe(v.number(), v.safeInteger(), v.minValue(0)), by: key })
const value = v.strictObject({ id: key, bytes: hex })
const schema = v.strictObject({
  version: v.literal(VERSION),
  number: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  mine: v.nullable(v.strictObject({ ballot, value: v.nullable(value) })),
  promised: v.nullable(ballot),
  accepted: v.nullable(v.strictObject({ ballot, value })),
})
type Stored = v.InferOutput<typeof schema>

const ballotOf = (b: Stored['promised'] & object) => ({ round: b.round, by: b.by as DeviceKey })
const valueOf = (x: { id: string; bytes: string }) => ({ id: x.id as EpochId, bytes: fromHex(x.bytes) })
const storedValue = (x: { id: EpochId; bytes: Uint8Array }) => ({ id: x.id, bytes: toHex(x.bytes) })

/** Null: this device has said nothing yet. Throws AGREEMENT_DAMAGED; the file is left as it is. */
export function readAgreement(files: TextFiles): AgreementState | null {
  const text = files.read(AGREEMENT_FILE)
  if (text === null) return null
  const parsed = v.safeParse(schema, jsonOrNull(text))
  if (!parsed.success) throw new TwofoldError('AGREEMENT_DAMAGED')
  const { number, mine, promised, accepted } = parsed.output
  return {
    number,
    mine: mine && { ballot: ballotOf(mine.ballot), value: mine.value && valueOf(mine.value) },
    promised: promised && ballotOf(promised),
    accepted: accepted && { ballot: ballotOf(accepted.ballot), value: valueOf(accepted.value) },
  }
}

export function writeAgreement(files: TextFiles, { number, mine, promised, accepted }: AgreementState): void {
  const stored: Stored = {
    version: VERSION,
    number,
    mine: mine && { ballot: mine.ballot, value: mine.value && storedValue(mine.value) },
    promised,
    accepted: accepted && { ballot: accepted.ballot, value: storedValue(accepted.value) },
  }
  files.write(AGREEMENT_FILE, JSON.stringify(stored))
}

const noticesSchema = v.strictObject({ version: v.literal(VERSION), notices: v.array(hex) })

/** Notices are signed and come again from others: a file that cannot be read is set aside, and counts as empty. */
export function readNotices(files: TextFiles, now: number): Uint8Array[] {
  const text = files.read(NOTICES_FILE)
  if (text === null) return []
  const parsed = v.safeParse(noticesSchema, jsonOrNull(text))
  if (parsed.success) return parsed.output.notices.map(fromHex)
  files.setAside(NOTICES_FILE, now)
  return []
}
export const writeNotices = (files: TextFiles, notices: readonly Uint8Array[]): void =>
  files.write(NOTICES_FILE, JSON.stringify({ version: VERSION, notices: notices.map(toHex) }))
