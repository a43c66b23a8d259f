// What one peer may make us do (rule H1). Each account is a token bucket: so much at once, then
// so much a second. The bursts are what an honest peer needs at most (a newcomer's first sync, a healed split, a start
// with everything to compare), the rates cost at most about one hundredth of a core each. What is beyond is not done.
// Budgets belong to the device, not to its link: a new link gives no new ones.
import type { Message } from './messages'

interface Limit {
  burst: number
  perSecond: number
  /** What a person is told who exceeds it: sends too much, or asks for too much. */
  is: 'flood' | 'asking'
}

export const BUDGETS = {
  /** Frames that bring no answer. The outbox sends 20 a second, and one more for each node at its leading edge. */
  frames: { burst: 4000, perSecond: 400, is: 'flood' },
  /** Bytes in such frames: a burst of 1,000 of the largest nodes, then 30 a second (rule F7 goes over to BRIEF there). */
  bytes: { burst: 64 * 1_048_576, perSecond: 2 * 1_048_576, is: 'flood' },
  /** Messages in any frames: four a node where a thousand are written a second. A microsecond or two each. */
  messages: { burst: 100_000, perSecond: 10_000, is: 'flood' },
  /** Announcements, one a node (rule F7). An acknowledgement and a place to be waited for each. */
  announcements: { burst: 20_000, perSecond: 2000, is: 'flood' },
  /** Nodes that were stored a moment ago: at most two copies, more after a split. Decoded and hashed: 3 µs each. */
  repeats: { burst: 20_000, perSecond: 2000, is: 'flood' },
  /** Nodes that were stored long ago, or name a list that their sender has not told: a signature each (40 µs). */
  stale: { burst: 4096, perSecond: 64, is: 'flood' },
  /** Digests and vectors: four a second from either side while something is repaired (rule R4). */
  comparing: { burst: 256, perSecond: 16, is: 'flood' },
  /** Notices: all that a board holds, twice, then a lively agreement. A signature and a write of the board each. */
  notices: { burst: 8192, perSecond: 16, is: 'flood' },
  /** Statements (40 µs each) under checkpoints: a round of the largest circle, then its own pace (rule C2). */
  checkpoints: { burst: 20_000, perSecond: 400, is: 'flood' },
  /** List records that came: a whole history of them, then a change each second. Up to 256 signatures each. */
  records: { burst: 10_000, perSecond: 1, is: 'flood' },
  /** Questions whose answers are large or signed: records, branches, boards, the secret, that a run is alive. Some at each link and change of the list. */
  questions: { burst: 128, perSecond: 2, is: 'asking' },
  /** Messages of a newcomer to whoever lets him in: five signatures, and the whole list for an answer. */
  joining: { burst: 32, perSecond: 0.5, is: 'asking' },
  /**
   * Nodes read from the disk for it, beyond REREAD_TIMES everything here: a newcomer needs all of it once, and again what
   * a broken link has lost.
   */
  reads: { burst: 100_000, perSecond: 256, is: 'asking' },
} as const satisfies Record<string, Limit>
export type Account = keyof typeof BUDGETS

/** A read costs at least as much as so many nodes, however few it finds. */
export const READ_NODES_MIN = 16
/** How often everything here may be read by one peer before its reads are rationed. */
export const REREAD_TIMES = 3

/** The account on which a message is put, and how much of it; null: free, beyond its frame. */
export function costOf(m: Message): readonly [Account, number] | null {
  switch (m.type) {
    case 'announce':
      return ['announcements', 1]
    case 'digest':
    case 'have':
      return ['comparing', 1]
    case 'notices':
      return ['notices', m.notices.length]
    case 'checkpoints':
      return ['checkpoints', m.entries.length]
    case 'epochs':
      return ['records', m.records.length]
    case 'epochs-want':
    case 'branch-want':
    case 'notices-have':
    case 'secret-want':
    case 'alive-want':
    case 'alive':
      return ['questions', 1]
    default:
      return null
  }
}

/** The accounts of one device. Those that are full are not kept. */
export class Budgets {
  private readonly spent = new Map<Account, { amount: number; at: number }>()

  /** False: there is no room for it, and nothing is spent. `now` never goes back. `more`: added to the burst. */
  spend(account: Account, amount: number, now: number, more = 0): boolean {
    const left = this.left(account, now)
    if (left + amount > BUDGETS[account].burst + more) return false
    this.spent.set(account, { amount: left + amount, at: now })
    return true
  }

  /** Puts on the account what is known only afterwards, and may overdraw it; a negative amount is given back. */
  charge(account: Account, amount: number, now: number): void {
    this.spent.set(account, { amount: Math.max(0, this.left(account, now) + amount), at: now })
  }

  /** What is spent and has not come back. */
  private left(account: Account, now: number): number {
    const before = this.spent.get(account)
    return before ? Math.max(0, before.amount - ((now - before.at) * BUDGETS[account].perSecond) / 1000) : 0
  }

  /** Nothing is spent any more. */
  restored(now: number): boolean {
    for (const [account, { amount, at }] of this.spent)
      if (amount * 1000 <= (now - at) * BUDGETS[account].perSecond) this.spent.delete(account)
    return this.spent.size === 0
  }
}
