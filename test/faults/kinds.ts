// All kinds of faults, by the name that `npm run faults` knows them by.
import { backingUp } from './backing-up'
import { bulkSyncing } from './bulk-syncing'
import { clock } from './clock'
import { compacting } from './compacting'
import { damaging } from './damaging'
import { fullDisk } from './full-disk'
import { importing } from './importing'
import { losing } from './losing'
import { migrating } from './migrating'
import { readOnly } from './read-only'
import type { Kind } from './rounds'
import { salvaging } from './salvaging'
import { suspending } from './suspending'
import { syncing } from './syncing'
import { writing } from './writing'

export const kinds = {
  writing,
  syncing,
  'bulk-syncing': bulkSyncing,
  'backing-up': backingUp,
  importing,
  compacting,
  migrating,
  salvaging,
  'full-disk': fullDisk,
  'read-only': readOnly,
  damaging,
  clock,
  suspending,
  losing,
} as const satisfies Readonly<Record<string, Kind>>
