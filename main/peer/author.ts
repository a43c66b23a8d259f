// Writes this device's own entries: what a person asks for becomes a signed node that is stored and handed on (rules N2, N4,
// N8), or is kept until the device is on the list (rule M4). It also knows how much of it somebody else holds.
import { TwofoldError } from '../../shared/errors'
import type { HeldPostView, NodeId } from '../../shared/types'
import type { StoreItem, StoreOutcome } from '../protocol/engine'
import { encodeContent, type Content } from '../protocol/kinds'
import { CLOCK_AHEAD_MS } from '../protocol/limits'
import { makeNode } from '../protocol/node'
import { HeldPosts } from './held-posts'
import type { ListKeeper } from './list-keeper'
import type { Identity, Parts, StorePort } from './ports'
import type { Signing } from './signing'
import { editOf, postOf, reactionOf, retractionOf } from './writing'

const META_OWN_HELD = 'own-held'
/** What a folder knows of how much of its own timeline others hold. */
export const noteOwnHeld = (store: Pick<StorePort, 'setMeta'>, seq: number): void =>
  store.setMeta(META_OWN_HELD, String(seq))

const contentOf = (text: string, replyTo: NodeId | undefined): Content =>
  replyTo === undefined ? { kind: 'post', text } : { kind: 'reply', target: replyTo, text }

interface Ports {
  parts: Pick<Parts, 'secrets' | 'now'>
  identity: Identity
  keeper: ListKeeper
  store: StorePort
  signing: Pick<Signing, 'allowed' | 'demand'>
  /** Stores and hands on. Throws as the disk does. */
  append(items: StoreItem[]): StoreOutcome[]
  changed(): void
}

export class Author {
  private readonly held: HeldPosts
  /** Highest own seq that a peer is known to hold. */
  heldElsewhere: number

  constructor(private readonly ports: Ports) {
    this.held = new HeldPosts(ports.store)
    this.heldElsewhere = Number(ports.store.meta(META_OWN_HELD) ?? 0)
  }

  /** Null: kept until this device is on the list. */
  async post(text: string, replyTo?: NodeId): Promise<NodeId | null> {
    const { store, keeper, parts, signing, changed } = this.ports
    const content = postOf(store, text, replyTo)
    if (keeper.standing === 'provisional') {
      this.held.add(content.text, replyTo, parts.now())
      changed()
      return null
    }
    await signing.allowed()
    return this.write(content)
  }

  /** Sets this member's reaction to an entry; '' takes it back. */
  async react(target: NodeId, text: string): Promise<void> {
    const { store, identity, signing } = this.ports
    await signing.allowed()
    const content = reactionOf(store, target, text, identity.member)
    if (content) this.write(content)
  }
  async edit(target: NodeId, text: string): Promise<void> {
    const { store, identity, signing } = this.ports
    await signing.allowed()
    const content = editOf(store, target, text, identity.member)
    if (content) this.write(content)
  }
  async retract(target: NodeId): Promise<void> {
    const { store, identity, signing } = this.ports
    await signing.allowed()
    this.write(retractionOf(store, target, identity.member))
  }

  private write(content: Content): NodeId {
    const { parts, identity, keeper, store, append } = this.ports
    const { device } = identity
    const seq = store.height(device) + 1
    const head = seq > 1 ? store.at(device, seq - 1)! : null
    const now = parts.now()
    const behindMs = head ? head.timestamp - now : 0
    if (behindMs > CLOCK_AHEAD_MS)
      throw new TwofoldError('CLOCK_BEHIND', { behind: `${Math.round(behindMs / 60_000)} minutes` })
    const node = makeNode(
      parts.secrets.crypto,
      {
        circle: keeper.list.circle,
        device,
        seq,
        ...(head && { backlink: head.id }),
        // Time rises along a timeline even where the clock stands still (rule N4).
        timestamp: Math.max(now, (head?.timestamp ?? 0) + 1),
        epoch: keeper.list.epoch,
        ...encodeContent(content),
      },
      identity.signAsDevice,
    )
    const [outcome] = append([{ node, origin: { from: null, how: 'own', tree: null }, arrival: null }])
    if (outcome?.type !== 'stored') throw new Error(`own node was not stored: ${outcome?.type}`)
    return node.id
  }

  // -------------------------------------------------------------- kept until admitted

  heldPosts(): HeldPostView[] {
    return this.held.list()
  }

  /** Writes what was kept, if this device is on the list now. The caller knows that it is the only one with its key. */
  release(): void {
    const { store, identity, keeper, signing, changed } = this.ports
    if (keeper.standing !== 'member' || !this.held.list().length) return
    try {
      this.held.release(
        () => store.height(identity.device),
        ({ text, replyTo }) => {
          signing.demand()
          this.write(contentOf(text, replyTo))
        },
      )
    } catch (error) {
      // A full disk, or still catching up: tried again when that has changed.
      if (!(error instanceof TwofoldError)) throw error
    }
    changed()
  }

  // -------------------------------------------------------------- held by others

  /** A peer holds our timeline up to `seq`. True: nobody was known to hold as much. */
  heldBy(seq: number): boolean {
    if (seq <= this.heldElsewhere) return false
    this.heldElsewhere = seq
    try {
      noteOwnHeld(this.ports.store, seq)
    } catch (error) {
      // Told again by the next acknowledgement.
      if (!(error instanceof TwofoldError)) throw error
    }
    return true
  }
}
