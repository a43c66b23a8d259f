// Rendezvous of an invite over the DHT (rule M4's second way): the inviter announces a topic, the joiner looks for it.
// Finding is not permission: the firewall is asked for every key found.
import type Hyperswarm from 'hyperswarm'
import type { DiscoverySession } from 'hyperswarm'
import { TOPIC_FIND_EVERY_MS, TOPIC_FIND_FIRST_MS, TOPICS_MAX } from './limits'

export type TopicMode = 'announce' | 'find'

interface Topic {
  session: DiscoverySession
  mode: TopicMode
  askedAt: number
  /** Until a find asks again; doubles. */
  againMs: number
}

export class Topics {
  readonly #swarm: Hyperswarm
  readonly #topics = new Set<Topic>()

  constructor(swarm: Hyperswarm) {
    this.#swarm = swarm
  }

  /** @param id 32 bytes. Returns a function that ends it; more than TOPICS_MAX at a time throws. */
  join(id: Uint8Array, mode: TopicMode, now: number): () => void {
    if (this.#topics.size >= TOPICS_MAX) throw new RangeError('too many topics')
    const session = this.#swarm.join(Buffer.from(id), { server: mode === 'announce', client: mode === 'find' })
    const topic: Topic = { session, mode, askedAt: now, againMs: TOPIC_FIND_FIRST_MS }
    this.#topics.add(topic)
    return () => {
      if (this.#topics.delete(topic)) session.destroy().catch(ignore)
    }
  }

  /** Somebody is being looked for. */
  get looking(): boolean {
    return [...this.#topics].some(({ mode }) => mode === 'find')
  }

  /** Asks again where a find is due. */
  tick(now: number): void {
    for (const topic of this.#topics) {
      if (topic.mode === 'find' && now - topic.askedAt >= topic.againMs) this.#ask(topic, now)
    }
  }

  /** Asks and announces at once: the DHT has just appeared, and by itself Hyperswarm would wait ten minutes. */
  refresh(now: number): void {
    for (const topic of this.#topics) {
      topic.againMs = TOPIC_FIND_FIRST_MS
      this.#ask(topic, now)
    }
  }

  #ask(topic: Topic, now: number): void {
    topic.askedAt = now
    topic.againMs = Math.min(2 * topic.againMs, TOPIC_FIND_EVERY_MS)
    topic.session.refresh({ server: topic.mode === 'announce', client: topic.mode === 'find' }).catch(ignore)
  }
}

/** Without a DHT every query fails; internet() and DHT_UNREACHABLE tell that once for all. */
const ignore = () => {}
