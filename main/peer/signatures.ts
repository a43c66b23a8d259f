// Looks at the signatures that bulk sync left for later (rule N9): what is believed by the chain above it is checked itself
// when nothing else is to be done, in bites with pauses between them. How far it is stands in the database.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import type { Crypto } from '../protocol/crypto'
import { PULL_NODES_MAX } from '../protocol/limits'
import { decodeNode, type TimelineNode } from '../protocol/node'
import { signatureHolds } from '../protocol/verify'
import type { DriverParts } from './driver'
import type { StorePort } from './ports'

/** Signatures of one bite: some 4 ms. */
const BITE_NODES = 64
const BITE_BYTES = 1_048_576
/** Rest for one of work: a fifth of a core at most. */
const REST = 4
const REST_MS_MIN = 4
/** While something else is going on, and after a disk that is full or a file that is locked. */
const RETRY_MS = 5000

interface Ports {
  parts: Pick<DriverParts, 'secrets' | 'log' | 'now'>
  store: Pick<StorePort, 'believed' | 'readRun' | 'signaturesChecked'>
  /** Nothing is on its way in. */
  idle(): boolean
  /** True: it is done elsewhere. */
  elsewhere(): boolean
  /** The signatures of these do not hold. */
  found(device: DeviceKey, seqs: readonly number[]): void
}

/** Checks the newest nodes of some stretch. Null: nothing is left to check. */
export function checkSome(
  crypto: Crypto,
  store: Ports['store'],
  now: number,
): { device: DeviceKey; bad: number[] } | null {
  const range = store.believed()
  if (!range) return null
  const { device, to } = range
  const from = Math.max(range.from, to - BITE_NODES + 1)
  const bytes = store.readRun(device, from, to, BITE_NODES, BITE_BYTES)
  const bad: number[] = []
  bytes.forEach((encoded, i) => {
    const decoded = decodeNode(crypto, encoded)
    if (!decoded.ok || !signatureHolds(crypto, decoded.node)) bad.push(to - bytes.length + 1 + i)
  })
  // A place with nothing in it any more is done with too.
  store.signaturesChecked({ device, from: bytes.length ? to - bytes.length + 1 : from, to }, bad, now)
  return { device, bad }
}

export class SignatureChecker {
  private timer: NodeJS.Timeout | null = null
  private stopped = false

  constructor(private readonly ports: Ports) {}

  /** There may be something to look at. */
  wake(): void {
    if (!this.stopped) this.timer ??= setTimeout(() => this.work(), RETRY_MS)
  }
  stop(): void {
    this.stopped = true
    if (this.timer) clearTimeout(this.timer)
  }

  private again(ms: number): void {
    if (!this.stopped) this.timer = setTimeout(() => this.work(), ms)
  }

  private work(): void {
    this.timer = null
    const { parts, store, idle, elsewhere, found } = this.ports
    const start = performance.now()
    try {
      // Nothing is asked of a thread, or of the next seconds, when there is nothing left.
      if (!store.believed()) return
      if (!idle() || elsewhere()) {
        this.again(RETRY_MS)
        return
      }
      const checked = checkSome(parts.secrets.crypto, store, parts.now())
      if (!checked) return
      if (checked.bad.length) found(checked.device, checked.bad)
      this.again(Math.max(REST_MS_MIN, Math.ceil((performance.now() - start) * REST)))
    } catch (error) {
      if (!(error instanceof TwofoldError)) throw error
      parts.log('warn', 'signatures', { code: error.code })
      this.again(RETRY_MS)
    }
  }
}

/**
 * The nodes above one, ascending, up to the first whose own signature holds: its author's word for everything below.
 * Null: there is none within an answer's length, or a node between is not here.
 */
export function chainAbove(
  crypto: Crypto,
  store: Pick<StorePort, 'at'>,
  node: TimelineNode,
): readonly TimelineNode[] | null {
  const chain: TimelineNode[] = []
  for (let last = node; chain.length < PULL_NODES_MAX; last = chain.at(-1)!) {
    const above = store.at(node.device, last.seq + 1)
    if (!above || above.backlink !== last.id) return null
    chain.push(above)
    if (signatureHolds(crypto, above)) return chain
  }
  return null
}
