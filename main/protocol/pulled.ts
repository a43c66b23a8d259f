// What comes of an answer to a pull (rules R3, N9). A long one is handed over whole, to be judged and stored in one piece
// (runs.ts); a short one, and whatever is unusual in a long one, is looked at here, node by node.
import type { ErrorCode } from '../../shared/errors'
import type { DeviceKey, NodeId } from '../../shared/types'
import type { Account } from './budgets'
import type { CatchUp } from './catch-up'
import type { Crypto } from './crypto'
import type { Cuts } from './cuts'
import type { Asked, Effect, StoreItem, StoreOutcome } from './engine'
import type { Forwarding } from './forwarding'
import { isHere, noteStored, overlapsHere, type HaveVector } from './have'
import type { Landing } from './landing'
import type { LinkState } from './links'
import type { MemberList } from './membership'
import type { Message } from './messages'
import { decodeNode, type TimelineNode } from './node'
import { unpackNodes } from './packed'
import type { Run, RunDone, RunRules } from './runs'
import { syncItem } from './store-item'
import { linkCode, type Range } from './timeline'
import { membershipCode, signatureHolds, type VerifyCode } from './verify'

/** Answers of so few nodes are checked node by node: 1 ms at most, and nothing is left to be checked later. */
const EACH_CHECKED_MAX = 16

/** A long answer on its way to the store. */
export interface PulledRun extends Run {
  rules: RunRules
  /** What was asked for; and what the answer brings of it. */
  asked: Range
  range: Range
  /** To be called when nothing of it is on its way any more. */
  settle(): void
}

interface Ports {
  me: DeviceKey
  crypto: Crypto
  have: HaveVector
  cuts: Cuts
  landing: Landing
  catchUp: CatchUp
  forwarding: Forwarding
  links: ReadonlyMap<DeviceKey, LinkState>
  list(): MemberList
  /** ms since 1970 UTC. */
  wall(): number
  isYoung(node: TimelineNode): boolean
  isAhead(node: TimelineNode): boolean
  /** One run too many above the gaps of a timeline. */
  addsRun(place: Pick<TimelineNode, 'device' | 'seq'>): boolean
  charge(device: DeviceKey, account: Account, amount: number, now: number): void
  refuse(link: LinkState, code: VerifyCode | ErrorCode, id: NodeId | null, author?: DeviceKey): void
  turnedDown(link: LinkState, item: StoreItem, code: VerifyCode, now: number): boolean
  effect(effect: Effect): void
  /** As if the nodes had been stored one by one. */
  stored(items: readonly StoreItem[], outcomes: readonly StoreOutcome[], now: number): void
  /** Something of a pull was stored. `behind`: beyond an end that its timeline has got meanwhile. */
  repaired(behind: boolean, now: number): void
}

export class Pulled {
  constructor(private readonly ports: Ports) {}

  /** An answer came. What of it is to be stored node by node. */
  arrived(link: LinkState, m: Extract<Message, { type: 'run' }>, now: number): StoreItem[] {
    const { catchUp, charge, landing, effect } = this.ports
    const settle = catchUp.answered(link.device, m)
    if (!settle) return []
    // What was asked for is not on its account.
    charge(link.device, 'frames', -1, now)
    charge(link.device, 'bytes', -m.nodes.bytes.length, now)
    const asked = { from: m.from, to: m.to }
    const run = { from: link.device, device: m.device, to: m.to, nodes: m.nodes, asked, settle }
    const whole = this.whole(run)
    if (!whole) return this.oneByOne(link, run, now)
    landing.addRun(whole.device, whole.range, whole.nodes.bytes.length)
    effect({ type: 'store-run', run: whole })
    return []
  }

  /** Long, and all of it missing: what catching up asks for. */
  private whole(run: Omit<PulledRun, 'rules' | 'range'>): PulledRun | null {
    const { have, landing, list, wall, addsRun } = this.ports
    const { device, to, asked, nodes } = run
    const range = { from: to - nodes.count + 1, to }
    const author = list().devices.get(device)
    if (nodes.count <= EACH_CHECKED_MAX || range.from < asked.from || !author) return null
    if (overlapsHere(have, device, range) || landing.overlaps(device, range) || addsRun({ device, seq: to }))
      return null
    const { circle, epoch } = list()
    return { ...run, range, rules: { circle, epoch, author, wall: wall() } }
  }

  /** A long answer was judged and, if there is nothing unusual in it, stored. What of it is to be stored node by node. */
  done(run: PulledRun, result: RunDone, now: number): StoreItem[] {
    const { me, have, cuts, forwarding, links, list, wall, effect, stored, repaired } = this.ports
    const { device, range } = run
    this.landed(run)
    if (result.type === 'unusual') {
      const link = links.get(run.from)
      if (link && !link.cut) return this.oneByOne(link, run, now)
      run.settle()
      return []
    }
    run.settle()
    if (result.type === 'mixed') {
      stored(result.items, result.outcomes, now)
      return []
    }
    cuts.noteRun(device, result.places, result.head, wall())
    noteStored(have, device, range, result.head)
    forwarding.passed(device, range)
    if (device === me) effect({ type: 'own-timeline-ahead', height: range.to })
    const author = list().devices.get(device)
    repaired(!author || (author.cutoffSeq !== undefined && range.to > author.cutoffSeq), now)
    return []
  }

  /** The store could not take it: nothing of it happened. */
  failed(run: PulledRun): void {
    this.landed(run)
    run.settle()
  }

  private landed({ device, range, nodes }: PulledRun): void {
    this.ports.landing.removeRun(device, range, nodes.bytes.length)
  }

  /**
   * Rule N9. The answer to a pull is a chain: each node's id is the backlink of the one above. So the signature of its
   * highest node is the author's word for every byte below it; the others' own signatures are looked at when there is time
   * (signatures.ts). A node that is young enough to be handed on alone, and every node of a short answer, is checked itself.
   */
  private oneByOne(
    link: LinkState,
    { device, to, nodes, asked, settle }: Pick<PulledRun, 'device' | 'to' | 'nodes' | 'asked' | 'settle'>,
    now: number,
  ): StoreItem[] {
    const { crypto, have, landing, catchUp, list, isYoung, isAhead, addsRun, refuse, turnedDown } = this.ports
    const run: Asked = { left: 0, settle }
    const taken: StoreItem[] = []
    const item = (node: TimelineNode) => syncItem(node, link.device)
    /** The node above in this answer, if it is believed or stands by what is stored above it. */
    let above: TimelineNode | null = null
    /** The signature of the highest node holds. If not, everything stands by what is stored above it, or falls. */
    let signed = false
    let good = true
    const parts = unpackNodes(nodes, true)
    for (let i = parts.length - 1, expected = to; good && i >= 0; i--, expected--) {
      const decoded = decodeNode(crypto, parts[i]!)
      if (!decoded.ok) {
        refuse(link, decoded.code, null)
        good = false
        break
      }
      const { node } = decoded
      if (node.device !== device || node.seq !== expected || node.seq < asked.from) {
        refuse(link, 'FRAME_MALFORMED', node.id)
        good = false
        break
      }
      const broken = above && linkCode(above, node, null)
      if (broken) {
        refuse(link, broken, node.id, node.device)
        good = false
        break
      }
      const code = membershipCode(node, list()) ?? (isAhead(node) ? 'TIMESTAMP_AHEAD' : null)
      if (code) {
        // Dated ahead is held only once its signature holds: the checks are those of rule N4, in their order.
        if (code === 'TIMESTAMP_AHEAD' && !signatureHolds(crypto, node)) {
          refuse(link, 'SIGNATURE_INVALID', node.id)
          good = false
        } else good = turnedDown(link, item(node), code, now)
        // The chain begins anew below it.
        above = null
        continue
      }
      const first = above === null
      above = node
      const here = isHere(have, node.device, node.seq) || landing.holds(node.device, node.seq)
      if (here && !first) continue
      const checked = (first || nodes.count <= EACH_CHECKED_MAX || isYoung(node)) && signatureHolds(crypto, node)
      if (first) signed = checked
      if (here) continue
      if (!taken.length && addsRun(node)) {
        good = false
        break
      }
      taken.push({ ...item(node), run, ...(!checked && { chain: signed ? 'run' : 'above' }) })
    }
    // An answer that stops at a bad node tells that this peer cannot serve the rest.
    if (!good) catchUp.unserved(link.device, device)
    run.left = taken.length
    if (!taken.length) {
      settle()
      return []
    }
    // Ascending, as the store reads; where each stands by the one above, downward.
    if (taken.every(({ chain }) => chain !== 'above')) taken.reverse()
    landing.add(taken)
    return taken
  }
}
