// What a provisional device writes (rule M4): kept here in the order of writing, shown as 'goes out when you are admitted',
// and made into entries under the first list that contains the device.
import { TwofoldError } from '../../shared/errors'
import type { HeldPostView, NodeId } from '../../shared/types'
import type { StorePort } from './ports'

const META = 'held-posts'
/** A circle that does not answer must not fill the disk: more than anybody writes while he waits. */
const HELD_MAX = 200

/** `seq`: the place that it was about to take when it was last tried. */
type Held = HeldPostView & { seq?: number }

export class HeldPosts {
  private posts: Held[]

  constructor(private readonly store: Pick<StorePort, 'meta' | 'setMeta'>) {
    this.posts = JSON.parse(store.meta(META) ?? '[]') as Held[]
  }

  list(): HeldPostView[] {
    return this.posts.map(({ seq: _seq, ...post }) => post)
  }

  add(text: string, replyTo: NodeId | undefined, at: number): void {
    if (this.posts.length >= HELD_MAX) throw new TwofoldError('HELD_POSTS_MAX', { max: HELD_MAX })
    this.keep([...this.posts, { text, at, ...(replyTo !== undefined && { replyTo }) }])
  }

  private keep(posts: Held[]): void {
    this.store.setMeta(META, JSON.stringify(posts))
    this.posts = posts
  }

  /**
   * Hands each to `write`, oldest first, and lets it go when it is written. Its place is noted before, so that a crash in
   * between makes no second entry of it. `height`: of our own timeline.
   */
  release(height: () => number, write: (post: HeldPostView) => void): void {
    while (this.posts.length) {
      const [first, ...rest] = this.posts
      const { seq, ...post } = first!
      if (seq === undefined || height() < seq) {
        this.keep([{ ...post, seq: height() + 1 }, ...rest])
        write(post)
      }
      this.keep(rest)
    }
  }
}
