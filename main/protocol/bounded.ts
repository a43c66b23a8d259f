// A map that holds so many entries at most: the one that was added first goes. Its order is kept beside it, because asking
// a Map for its first key walks over everything that was deleted from its front.
export class Bounded<K, V> extends Map<K, V> {
  private readonly order: K[] = []
  private next = 0

  constructor(private readonly most: number) {
    super()
  }

  /** Adds a key that is not in it; gives what had to go for it. One that was deleted and added again may go sooner. */
  add(key: K, value: V): [K, V] | null {
    this.set(key, value)
    if (this.order.length < this.most) {
      this.order.push(key)
      return null
    }
    const oldest = this.order[this.next]!
    this.order[this.next] = key
    this.next = (this.next + 1) % this.most
    const gone = this.get(oldest)
    this.delete(oldest)
    return gone === undefined ? null : [oldest, gone]
  }
}
