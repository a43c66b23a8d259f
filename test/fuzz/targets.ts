// Every decoder of the product that reads bytes from outside, as the fuzzer knows them.
import { archiveTargets } from './archive-targets'
import { binaryTargets } from './binary-targets'
import { fileTargets } from './file-targets'
import { streamTargets } from './stream-targets'
import type { Target } from './target'
import { textTargets } from './text-targets'

export const TARGETS: readonly Target[] = [
  ...binaryTargets,
  ...streamTargets,
  ...textTargets,
  ...fileTargets,
  ...archiveTargets,
]
