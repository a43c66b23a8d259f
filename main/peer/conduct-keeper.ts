// Who is kept out (rule H3), on the disk and for a screen: a restart is no pardon, and a person
// sees whom this device has no link with, for what, and until when. Also what main/net tells of a link's end, as an offence.
import * as v from 'valibot'
import { TwofoldError, type ErrorCode } from '../../shared/errors'
import type { DeviceKey, KeptOutView } from '../../shared/types'
import type { Conduct, KeptOut } from '../protocol/conduct'
import { TIME_MS_MAX } from '../protocol/limits'
import type { StorePort } from './ports'

// Name in the store's table of single values.
const META_KEPT_OUT = 'kept-out'

const moment = v.pipe(v.number(), v.minValue(0), v.maxValue(TIME_MS_MAX))
const rows = v.array(
  v.object({
    device: v.pipe(
      v.string(),
      v.regex(/^[0-9a-f]{64}$/),
      v.transform((key) => key as DeviceKey),
    ),
    misdeed: v.picklist(['garbage', 'forgery', 'flood', 'asking', 'stalling']),
    since: moment,
    until: moment,
    times: v.pipe(v.number(), v.integer(), v.minValue(1)),
  }),
)

/** What was kept; a value that cannot be read is none: whoever deserves it is kept out again soon. */
export function readKeptOut(store: Pick<StorePort, 'meta'>): readonly KeptOut[] {
  try {
    const read = v.safeParse(rows, JSON.parse(store.meta(META_KEPT_OUT) ?? '[]'))
    return read.success ? read.output : []
  } catch {
    return []
  }
}

export function saveKeptOut(store: Pick<StorePort, 'setMeta'>, conduct: Conduct): void {
  try {
    store.setMeta(META_KEPT_OUT, JSON.stringify(conduct.kept))
  } catch (error) {
    // A full disk: it holds for this run, and is written with the next change.
    if (!(error instanceof TwofoldError)) throw error
  }
}

export const keptOutViews = (conduct: Conduct, nameOf: (device: DeviceKey) => string, now: number): KeptOutView[] =>
  conduct.allKeptOut(now).map((one) => ({ ...one, memberName: nameOf(one.device) }))

/** What the end of a link says against its other side; null: nothing. */
export const offenceOf = (reason: string): ErrorCode | null =>
  reason === 'SEND_QUEUE_FULL'
    ? 'READS_NOTHING'
    : reason === 'FRAME_OVERSIZED' || reason === 'READS_NOTHING'
      ? reason
      : null
