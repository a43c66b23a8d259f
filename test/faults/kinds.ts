// All kinds of faults, by the name that `npm run faults` knows them by.
import { damaging } from './damaging'
import { fullDisk } from './full-disk'
import { readOnly } from './read-only'
import type { Kind } from './rounds'
import { writing } from './writing'

export const kinds: Readonly<Record<string, Kind>> = { writing, damaging, 'full-disk': fullDisk, 'read-only': readOnly }
