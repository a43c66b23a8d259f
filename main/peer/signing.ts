// Whether this device may sign (rule N7): not before it is known to be the only one with its key, not while its own timeline
// is incomplete here, not once it has left; and never again once a twin of it, or a second history, has shown.
import { TwofoldError } from '../../shared/errors'
import type { DeviceKey } from '../../shared/types'
import { devicesAt } from '../protocol/membership'
import { Claim, type AskedLink } from './claim'
import type { ListKeeper } from './list-keeper'
import type { Parts, StorePort } from './ports'

const META_COPIED = 'copied'

interface Ports {
  parts: Pick<Parts, 'now' | 'log' | 'network'>
  /** Start of this run, ms since 1970 UTC. */
  run: number
  me: DeviceKey
  keeper: ListKeeper
  store: Pick<StorePort, 'meta' | 'setMeta' | 'height'>
  /** Entries of our own timeline are missing below one that is here. */
  gap(): boolean
  /** This device's member has asked to be off the list. */
  leaving(): boolean
  /** Entries are still being read back, from a damaged database or a backup. */
  recovering(): boolean
  /** Fulfilled when that is done, and the second copy was asked. */
  recovered(): Promise<void>
  /** It signs nothing any more, for good. */
  stopped(): void
}

export class Signing {
  private readonly claim: Claim

  constructor(private readonly ports: Ports) {
    this.claim = new Claim(ports.parts.network ? Infinity : null)
  }

  /** Nobody could tell yet whether this key is alive elsewhere. */
  get held(): boolean {
    return this.claim.held
  }
  /** This folder was one of two with one key, and stopped. */
  get copied(): boolean {
    return this.ports.store.meta(META_COPIED) !== null
  }

  /** The network has been started, or could not be. */
  networkTried(): void {
    this.claim.begin(this.ports.parts.now())
  }

  look(links: Iterable<AskedLink>): void {
    const { parts, me, keeper, store } = this.ports
    const alone = devicesAt(keeper.list).every((device) => device === me)
    this.claim.look(parts.now(), me, store.height(me), alone, links)
  }

  /** Fulfilled when no twin can show any more. */
  ready(): Promise<void> {
    return this.claim.ready()
  }

  /** Throws why this device may write no entry now. */
  demand(): void {
    const { keeper, gap, leaving, recovering } = this.ports
    if (keeper.standing === 'removed' || leaving()) throw new TwofoldError('REMOVED_FROM_CIRCLE')
    if (this.copied) throw new TwofoldError('DEVICE_COPIED')
    if (recovering()) throw new TwofoldError('RECOVERING', { file: 'the old database' })
    // A gap in our own timeline (a damaged database): what belongs into it may be elsewhere, and must not be written twice.
    if (keeper.file.mustCatchUp || gap()) throw new TwofoldError('RESTORING')
  }

  /** Fulfilled when this device may sign an entry now: it is on the list, and the only one with its key. */
  async allowed(): Promise<void> {
    if (this.ports.keeper.standing === 'provisional') throw new TwofoldError('NOT_ADMITTED')
    await this.ports.recovered()
    this.demand()
    await this.ready()
    this.demand()
  }

  /** A peer has told that it holds what we hold: nothing of our own is missing. True: that was waited for. */
  caughtUp(): boolean {
    const { keeper } = this.ports
    if (!keeper.file.mustCatchUp) return false
    keeper.save({ mustCatchUp: false })
    return true
  }

  /** A peer holds more of our own timeline than is here. */
  ownTimelineAhead(): void {
    if (!this.ports.keeper.file.mustCatchUp) this.stop('own timeline is ahead elsewhere')
  }

  stop(why: string): void {
    if (this.copied) return
    this.ports.store.setMeta(META_COPIED, '1')
    this.ports.parts.log('error', why)
    this.ports.stopped()
  }
}
